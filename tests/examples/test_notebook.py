"""The notebook runs from top to bottom, where Jupyter is installed, and shows the face that its sliders mean."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.examples.example import EXAMPLES
from tests.program import PATIENCE, ROOT
from tlgan_runtime import CheerMeUp

NOTEBOOK = EXAMPLES / "sliders.ipynb"


def test_it_is_kept_without_what_it_showed() -> None:
    cells = [one for one in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if one["cell_type"] == "code"]
    assert len(cells) > 2 and all(one["outputs"] == [] and one["execution_count"] is None for one in cells)
    for one in cells:
        compile("".join(one["source"]), str(NOTEBOOK), "exec")


@pytest.mark.slow
def test_it_runs_and_shows_the_face() -> None:
    reason = "Jupyter is not installed: pip install nbclient ipykernel ipywidgets"
    nbclient, nbformat = (pytest.importorskip(name, reason=reason) for name in ("nbclient", "nbformat"))
    for name in ("ipykernel", "ipywidgets"):
        pytest.importorskip(name, reason=reason)
    notebook: Any = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("import base64; print(base64.b64encode(face.value).decode())"))
    nbclient.NotebookClient(
        notebook, timeout=PATIENCE, kernel_name="python3", resources={"metadata": {"path": ROOT}}
    ).execute()
    app = CheerMeUp(threads=1)
    moved = app.render(app.move(app.sample(1, seed=0), {"joy": 0.8}))[0]
    wanted = np.asarray(Image.fromarray(moved).resize((256, 256), Image.Resampling.BICUBIC))
    content = base64.b64decode(notebook.cells[-1].outputs[0].text)
    assert np.abs(np.asarray(Image.open(io.BytesIO(content))).astype(int) - wanted).max() <= 1

"""The pictures of docs/editing.md."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.mark.slow
def test_the_pictures_of_the_page_are_made_by_the_script(tmp_path: Path) -> None:
    runpy.run_path(str(DOCS / "pictures.py"))["main"](tmp_path)
    shown = re.findall(r"\]\(pictures/(.+?)\)", (DOCS / "editing.md").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(path.name for path in tmp_path.iterdir())
    for name in shown:
        kept, drawn = (np.asarray(Image.open(folder / name), float) for folder in (DOCS / "pictures", tmp_path))
        assert kept.shape == drawn.shape and np.abs(kept - drawn).mean() < 1
        assert (tmp_path / name).stat().st_size < 40_000

"""The pictures that `docs/pictures.py` draws."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

DOCS = Path(__file__).resolve().parents[1] / "docs"
ELSEWHERE = {"backgrounds.jpg": "docs/how-well-it-works.md", "walk.webp": "README.md"}
"""Pictures that docs/editing.md does not show, and the pages that do."""


@pytest.mark.slow
def test_the_pictures_of_the_page_are_made_by_the_script(tmp_path: Path) -> None:
    runpy.run_path(str(DOCS / "pictures.py"))["main"](tmp_path)
    shown = re.findall(r"\]\(pictures/(.+?)\)", (DOCS / "editing.md").read_text(encoding="utf-8"))
    assert sorted([*shown, *ELSEWHERE]) == sorted(path.name for path in tmp_path.iterdir())
    for name, page in ELSEWHERE.items():
        assert f"pictures/{name})" in (DOCS.parent / page).read_text(encoding="utf-8")
    for name in (*shown, *ELSEWHERE):
        kept, drawn = (np.asarray(Image.open(folder / name), float) for folder in (DOCS / "pictures", tmp_path))
        assert kept.shape == drawn.shape and np.abs(kept - drawn).mean() < 1
        assert (tmp_path / name).stat().st_size < (40_000 if name in shown else 1_200_000)

"""The bar that shows how many pictures are read."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from pictures import FERG, load, write_layout

from tlgan_train.data.bar import PictureBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("terminal", [True, False])
def test_pictures_are_counted_on_a_terminal_while_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    spec = f"folder:{write_layout(tmp_path / 'own', ['a'], FERG, 12)}"
    for cached in (False, True):
        shown = Terminal() if terminal else io.StringIO()
        monkeypatch.setattr(sys, "stderr", shown)
        load(spec, tmp_path / "cache", progress=PictureBar())
        assert ("/84 [" in shown.getvalue()) == (terminal and not cached)
        assert shown.getvalue().rpartition("\r")[2].strip() == ""  # nothing stays on the line

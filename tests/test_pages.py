"""Parts of pages that are made from code, results and bundles."""

from __future__ import annotations

import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tlgan_runtime

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "docs" / "fill.py"
PAGE = "# Page\n\n<!-- begin: rows -->\nold\n\nlines\n<!-- end: rows -->\n\nEnd.\n"


@pytest.fixture(scope="module")
def script() -> Iterator[dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path])  # the script adds to it
        yield runpy.run_path(str(SCRIPT))


@pytest.mark.slow
def test_all_pages_are_up_to_date() -> None:
    """Otherwise run `python docs/fill.py`."""
    run = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_every_part_has_its_place(script: dict[str, Any]) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in script["pages"]())
    assert sorted(script["BEGIN"].findall(text)) == sorted(script["PARTS"])


def test_every_public_name_has_a_part(script: dict[str, Any]) -> None:
    parts = set(script["PARTS"])
    made = "".join(script["PARTS"][name]() for name in ("properties", "errors"))
    methods = [name for name in vars(tlgan_runtime.CheerMeUp) if not name.startswith("_")]
    for name in [*tlgan_runtime.__all__, *methods]:
        described = {f"signature of {name}", f"fields of {name}", f"members of {name}"} & parts
        assert described or f"`{name}`" in made or f"`app.{name}`" in made or name == "__version__", name


def test_a_part_is_made_again_and_the_rest_of_the_page_stays(script: dict[str, Any]) -> None:
    assert script["fill"](PAGE, {"rows": lambda: r"new \1 | row"}) == PAGE.replace("old\n\nlines", r"new \1 | row")


def test_markers_without_end_and_unknown_parts_are_refused(script: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no <!-- end: NAME --> for rows"):
        script["fill"](PAGE.replace("end: rows", "end: row"), {"rows": str})
    with pytest.raises(ValueError, match="nothing makes rows"):
        script["fill"](PAGE, {})


def test_check_names_the_page_and_leaves_it(
    script: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs").mkdir()
    path = tmp_path / "docs" / "one.md"
    path.write_text(PAGE, encoding="utf-8")
    main = script["main"]
    monkeypatch.setitem(main.__globals__, "ROOT", tmp_path)
    monkeypatch.setitem(main.__globals__, "PARTS", {"rows": lambda: "new"})
    monkeypatch.setitem(main.__globals__, "pages", lambda: [path])
    assert main(["--check"]) == 1 and path.read_text(encoding="utf-8") == PAGE
    assert "docs/one.md" in capsys.readouterr().err
    assert main([]) == 0 and "\nnew\n" in path.read_text(encoding="utf-8")
    assert main(["--check"]) == 0

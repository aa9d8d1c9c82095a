"""The README says what the benchmarks measured."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_table_is_that_of_the_results() -> None:
    """Otherwise put what `python benchmarks/readme_table.py` prints into the README."""
    table = runpy.run_path(str(ROOT / "benchmarks" / "readme_table.py"))["table"]()
    assert table.count("\n") > 3 and table in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_result_that_is_not_there_has_no_row(tmp_path: Path) -> None:
    shutil.copy(ROOT / "benchmarks" / "results" / "gif.json", tmp_path)
    table = runpy.run_path(str(ROOT / "benchmarks" / "readme_table.py"))["table"](tmp_path)
    assert "`gif`" in table and "`cold_start`" not in table and table.count("\n") == 2

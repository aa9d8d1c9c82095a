"""The README says what the benchmarks measured."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.benchmark_scripts import BENCHMARKS, made_by, page


def test_the_table_is_that_of_the_results() -> None:
    """Otherwise put what `python benchmarks/readme_table.py` prints into the README."""
    table = made_by("readme_table.py")["table"]()
    assert table.count("\n") > 3 and table in page("README.md")


def test_a_result_that_is_not_there_has_no_row(tmp_path: Path) -> None:
    shutil.copy(BENCHMARKS / "results" / "gif.json", tmp_path)
    table = made_by("readme_table.py")["table"](tmp_path)
    assert "`gif`" in table and "`cold_start`" not in table and table.count("\n") == 2

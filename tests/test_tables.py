"""README and docs/speed.md say what was measured."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.benchmark_scripts import BENCHMARKS, made_by, page


def test_the_table_is_that_of_the_results() -> None:
    """Otherwise put what `python benchmarks/tables.py` prints into the page."""
    table = made_by("tables.py")["commands_table"]()
    assert table.count("\n") > 3 and table in page("docs/speed.md")


def test_the_readme_says_how_well_the_bundles_work() -> None:
    """Otherwise put what `python benchmarks/tables.py` prints into the README."""
    assert made_by("tables.py")["quality_table"]() in page("README.md")


def test_a_result_that_is_not_there_has_no_row(tmp_path: Path) -> None:
    shutil.copy(BENCHMARKS / "results" / "gif.json", tmp_path)
    table = made_by("tables.py")["commands_table"](tmp_path)
    assert "`gif`" in table and "`cold_start`" not in table and table.count("\n") == 2

"""The page on speed says what the benchmark measured."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_the_table_is_that_of_the_results() -> None:
    """Otherwise put what `table` of benchmarks/test_generator_speed.py makes of the results into docs/speed.md."""
    facts = json.loads((ROOT / "benchmarks" / "results" / "generator_speed.json").read_text(encoding="utf-8"))
    table = runpy.run_path(str(ROOT / "benchmarks" / "test_generator_speed.py"))["table"](facts)
    assert table.count("\n") > 3 and table in (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")


def test_the_table_of_students_is_that_of_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise put what `python benchmarks/students.py --table` prints into docs/speed.md."""
    rows = json.loads((ROOT / "benchmarks" / "results" / "students.json").read_text(encoding="utf-8"))
    monkeypatch.syspath_prepend(ROOT / "benchmarks")  # as when it is run by itself
    table = runpy.run_path(str(ROOT / "benchmarks" / "students.py"))["table"](rows)
    assert table.count("\n") > 3 and table in (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")

"""The page on training says what the benchmark measured."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_table_is_that_of_the_results() -> None:
    """Otherwise put what `python benchmarks/recipes.py --table` prints into docs/training.md."""
    results = json.loads((ROOT / "benchmarks" / "results" / "recipes.json").read_text(encoding="utf-8"))
    table = runpy.run_path(str(ROOT / "benchmarks" / "recipes.py"))["table"]
    assert results and table(results) in (ROOT / "docs" / "training.md").read_text(encoding="utf-8")

"""docs/reliability.md says what the recorded runs found."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.benchmark_scripts import BENCHMARKS, made_by


def test_the_table_is_that_of_the_results() -> None:
    """Otherwise run `python benchmarks/reliability/table.py`."""
    command = [sys.executable, str(BENCHMARKS / "reliability" / "table.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_each_run_has_a_row_and_the_rest_of_the_page_stays(tmp_path: Path) -> None:
    names = made_by("reliability/table.py")
    run = {"what": "doors | windows", "cases": 12345, "outcomes": {"open": 12000, "shut": 345}, "lost": 0}
    (tmp_path / "doors.json").write_text(json.dumps(run), encoding="utf-8")
    rows = names["table"](tmp_path)
    assert rows.splitlines()[2:] == [r"| doors \| windows | 12,345 | open: 12,000<br>shut: 345 | 0 | `doors.py` |"]
    page = f"# Page\n\n{names['BEGIN']}\nold\n{names['END']}\n\nEnd.\n"
    assert names["put"](page, rows) == page.replace("old", rows)
    with pytest.raises(ValueError, match="has no"):
        names["put"]("# Page\n", rows)


def test_no_recorded_run_failed() -> None:
    for path in (BENCHMARKS / "results" / "reliability").glob("*.json"):
        run = json.loads(path.read_text(encoding="utf-8"))
        assert run["lost"] == 0 and run["cases"] > 0, path.name


def test_the_lower_bounds_are_those_that_were_tried() -> None:
    """Otherwise run `benchmarks/reliability/versions.py` again."""
    project = tomllib.loads((BENCHMARKS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = dict(one.split(">=") for one in (*project["dependencies"], *project["optional-dependencies"]["cpu"]))
    runs = json.loads((BENCHMARKS / "results" / "reliability" / "versions.json").read_text(encoding="utf-8"))["runs"]
    oldest = [run for run in runs if run["choice"] == "oldest" and run["half"] == "runtime"]
    first = next(run for run in oldest if f">={run['python']}".startswith(project["requires-python"]))
    assert {name: first["distributions"][name][: len(bound)] for name, bound in bounds.items()} == bounds
    listed = {name.rpartition(" ")[2] for name in project["classifiers"] if "Python :: 3." in name}
    assert {".".join(run["python"].split(".")[:2]) for run in oldest} == listed

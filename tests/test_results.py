"""What the benchmarks recorded, and the tables that are made of it."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from tests.benchmark_scripts import BENCHMARKS, made_by, results


def test_a_result_that_is_not_there_has_no_row(tmp_path: Path) -> None:
    shutil.copy(BENCHMARKS / "results" / "gif.json", tmp_path)
    table = made_by("tables.py")["commands"](tmp_path)
    assert "`gif`" in table and "`cold_start`" not in table and table.count("\n") == 2


def test_each_recorded_run_of_reliability_has_a_row(tmp_path: Path) -> None:
    run = {"what": "doors | windows", "cases": 12345, "outcomes": {"open": 12000, "shut": 345}, "lost": 0}
    (tmp_path / "doors.json").write_text(json.dumps(run), encoding="utf-8")
    rows = made_by("tables.py")["reliability"](tmp_path)
    assert rows.splitlines()[2:] == [r"| doors \| windows | 12,345 | open: 12,000<br>shut: 345 | 0 | `doors.py` |"]


def test_time_to_kid_is_reported_where_ours_is_no_worse_than_the_example_at_its_end() -> None:
    script = made_by("time_to_kid.py")
    example = [course(4_000, 60, 0.9), course(8_000, 120, 0.2)]
    facts = {"example": example, "ours": [course(8_000, 15, 0.5), course(16_000, 30, 0.2), course(24_000, 45, 0.1)]}
    assert script["crossing"](facts) == (example[1], facts["ours"][1])
    text = script["summary"](facts)
    assert "| example | 8,000 | 2.0 | 0.200 |" in text and "after 0.5 minutes, 4.0 times sooner" in text
    assert "ours never" in script["summary"]({**facts, "ours": facts["ours"][:1]})


def course(images: int, seconds: float, kid: float) -> dict[str, float]:
    return {"images": images, "seconds": seconds, "kid": kid}


def test_shares_of_the_time_of_training_are_complete() -> None:
    for step in results("training_profile")["steps"].values():
        assert sum(step["share"].values()) == pytest.approx(1)


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

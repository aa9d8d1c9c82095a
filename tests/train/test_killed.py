"""Commands that are killed at random moments: a few of the cases that `benchmarks/reliability/killed.py` records."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmark_scripts import made_by


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found in /proc")
def test_killed_commands_leave_the_old_file_or_the_new_one_and_nothing_else(run: Path, tmp_path: Path) -> None:
    result = made_by("reliability/killed.py")["run"](cases=12, seed=1, work=tmp_path, kills=3, trained=run)
    assert result["failures"] == [] and result["lost"] == 0
    assert sum(result["outcomes"].values()) == result["cases"] == 12

"""The example for Ray draws what `cheermeup batch` does, where Ray is installed."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from tlgan_runtime import CheerMeUp


def test_the_example_draws_every_job(bundle: Path, editor: CheerMeUp, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    draw_all = runpy.run_path(str(Path(__file__).parents[3] / "examples" / "ray_batch.py"), run_name="ray_batch")
    jobs = [{"output": f"{seed}.gif", "seed": seed, "faces": 1, "steps": 2, "size": 16} for seed in range(4)]
    lines = [*map(json.dumps, jobs), "", json.dumps({"output": "a.gif", "emotion": "glee"})]
    rows = draw_all["draw_all"](lines, tmp_path / "out", 1, str(bundle))
    assert [row["line"] for row in rows] == [1, 2, 3, 4, 6]
    assert [row["error"] for row in rows[:4]] == [""] * 4 and "unknown emotion 'glee'" in rows[4]["error"]
    editor.gif(tmp_path / "alone.gif", steps=2, faces=1, seed=3, size=16)
    assert (tmp_path / "out" / "3.gif").read_bytes() == (tmp_path / "alone.gif").read_bytes()

"""Frames a second of `cheermeup batch` with two processes, beside one. Writes `results/batch.json`.

The whole command counts, the start of its processes too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
JOBS, FACES, STEPS, ROUNDS = 24, 8, 30, 2


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two CPUs")
def test_frames_a_second(tmp_path: Path) -> None:
    jobs = [{"output": f"{seed}.gif", "seed": seed, "faces": FACES, "steps": STEPS} for seed in range(JOBS)]
    (tmp_path / "jobs.jsonl").write_text("\n".join(map(json.dumps, jobs)), encoding="utf-8")
    times: dict[int, list[float]] = {1: [], 2: []}
    for number in range(ROUNDS):
        for processes, seconds in times.items():
            command = [sys.executable, "-m", "tlgan_runtime.cli", "batch", str(tmp_path / "jobs.jsonl"), "--quiet"]
            command += ["--out", str(tmp_path / f"{processes}-{number}"), "-j", str(processes)]
            start = time.perf_counter()
            environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
            seconds.append(time.perf_counter() - start)
    speed = {str(processes): JOBS * STEPS / float(np.median(of)) for processes, of in times.items()}
    facts = {
        "jobs": JOBS,
        "faces": FACES,
        "steps": STEPS,
        "cpus": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "frames_per_second": speed,
        "ratio": speed["2"] / speed["1"],
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "batch.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))

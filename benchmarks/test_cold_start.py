"""The whole command `cheermeup gif --emotion joy --steps 30` from a cold start, beside what a user would do without it.

The same animation by `plain_gif.py` (onnxruntime and imageio), and the bare import of numpy and onnxruntime that no
such program can do without, as processes that alternate in one run. Writes `results/cold_start.json`: median seconds of
wall and CPU time, ratios of the latter, which other work on the machine changes less, and peak memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tlgan_runtime.bundle import find_bundle

ROUNDS = 3
HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="CPU time of one child is not known here")
def test_cold_start(tmp_path: Path) -> None:
    ours, plain = tmp_path / "ours.gif", tmp_path / "plain.gif"
    programs = {
        "bare_import": ["-c", "import numpy, onnxruntime"],
        "help": ["-m", "tlgan_runtime.cli", "gif", "--help"],
        "ours": ["-m", "tlgan_runtime.cli", "gif", "--emotion", "joy", "--steps", "30", "--quiet", "-o", str(ours)],
        "plain": [str(HERE / "plain_gif.py"), str(find_bundle()), str(plain)],
    }
    times: dict[str, list[tuple[float, float, float]]] = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, arguments in programs.items():
            times[name].append(run(arguments))
    assert same_picture(ours, plain)
    wall, cpu, memory = (
        {name: float(np.median([one[kind] for one in of])) for name, of in times.items()} for kind in range(3)
    )
    facts = {
        "rounds": ROUNDS,
        "cpus": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "versions": {name: version(name) for name in ("numpy", "onnxruntime", "pillow", "typer")},
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        # A small child counts the memory of its parent before it became itself, so bare imports would say nothing.
        "peak_mib": {name: memory[name] for name in ("ours", "plain")},
        "cpu_ratio_to_bare_import": {name: cpu[name] / cpu["bare_import"] for name in programs},
        "wall_ratio_to_bare_import": {name: wall[name] / wall["bare_import"] for name in programs},
        "cpu_ratio_plain_to_ours": cpu["plain"] / cpu["ours"],
        "wall_ratio_plain_to_ours": wall["plain"] / wall["ours"],
        "bytes": {"ours": ours.stat().st_size, "plain": plain.stat().st_size},
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "cold_start.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))


def run(arguments: list[str]) -> tuple[float, float, float]:
    """Wall and CPU seconds of a Python process, and its peak memory in MiB."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, arguments
    unit = 1 if sys.platform == "darwin" else 1024  # bytes in what the system counts in
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 2**20


def same_picture(one: Path, other: Path) -> bool:
    """Whether the first frames of two animations show the same, but for their palettes."""
    with Image.open(one) as first, Image.open(other) as second:
        pair = [np.asarray(image.convert("RGB"), np.float64) for image in (first, second)]
    return pair[0].shape == pair[1].shape and float(np.abs(pair[0] - pair[1]).mean()) < 5

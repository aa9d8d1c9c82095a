"""Memory and open files of one process that draws for a long time, and that opens bundles again and again.

    python benchmarks/reliability/soak.py [RENDERS] [OPENINGS]    # writes results/reliability/soak.json

Both are sampled in even steps after a warm-up. What counts is their trend: the slope of a straight line through the
samples, for each thousand of renders or openings.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from outcomes import record  # noqa: E402

from tests.tiny_bundle import make_bundle  # noqa: E402
from tlgan_runtime import CheerMeUp  # noqa: E402

WHAT = "renders by one instance, and bundles opened, used and dropped: memory and open files do not grow"
SAMPLES = 50
WARM_UP = 0.1
"""Share of the calls that comes before the first sample."""
MAX_GROWTH_MIB = 4.0
"""Over all calls after the warm-up, by the line through the samples; what an allocator keeps back is less."""


def run(cases: int, seed: int, openings: int | None = None, folder: Path | None = None) -> dict[str, Any]:
    """Draws `cases` faces and opens a bundle `openings` times (None: a fiftieth of the cases)."""
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            return run(cases, seed, openings, Path(temporary))
    openings = max(1, cases // 50) if openings is None else openings
    path = make_bundle(folder / "tiny", learned=True)
    app = CheerMeUp(path, provider="cpu", threads=2)
    z = app.sample(4, seed)
    random = np.random.default_rng(seed)

    def draw(_: int) -> None:
        name = app.emotions[random.integers(len(app.emotions))]
        method = app.methods[random.integers(len(app.methods))]
        app.render(app.move(z[: random.integers(1, 5)], {name: random.uniform(-1, 1)}, method))

    def open_and_draw(_: int) -> None:
        opened = CheerMeUp(path, provider="cpu", threads=2)
        opened.classify(opened.render(opened.sample(1, seed)))

    start = time.perf_counter()
    trends = {"renders": trend(draw, cases), "openings": trend(open_and_draw, openings)}
    failures, outcomes = [], {}
    for name, found in trends.items():
        flat = found["growth_mib"] <= MAX_GROWTH_MIB and found["open_files"][1] <= found["open_files"][0]
        outcomes[f"{name}: flat" if flat else f"{name}: grew"] = found["calls"]
        if not flat:
            failures.append(f"{name} grew: {found}")
    return {
        "cases": cases + openings,
        "outcomes": outcomes,
        "failures": failures,
        "lost": 0,
        "seconds": round(time.perf_counter() - start, 1),
        "trends": trends,
    }


def trend(call: Callable[[int], None], calls: int) -> dict[str, Any]:
    """Calls so many times after a warm-up; memory and open files at the start, at the end, and their trend."""
    warm_up, step = max(1, int(calls * WARM_UP)), max(1, calls // SAMPLES)
    for index in range(warm_up):
        call(index)
    at, memory, files = [0], [_resident_mib()], [_open_files()]
    for index in range(1, calls + 1):
        call(index)
        if index % step == 0:
            at.append(index)
            memory.append(_resident_mib())
            files.append(_open_files())
    slope = float(np.polyfit(at, memory, 1)[0])
    return {
        "calls": calls,
        "warm_up": warm_up,
        "resident_mib": [round(memory[0], 2), round(memory[-1], 2)],
        "slope_kib_per_thousand_calls": round(slope * 1024 * 1000, 2),
        "growth_mib": round(slope * calls, 2),
        "open_files": [files[0], files[-1]],
    }


def _resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  the entry of this very listing is gone with it


if __name__ == "__main__":
    renders, openings = (int(text) for text in (sys.argv[1:] or ["100000", "2000"]))
    sys.exit(record("soak", WHAT, run(renders, seed=0, openings=openings)))

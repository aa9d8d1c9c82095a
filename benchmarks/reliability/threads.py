"""Threads that share one instance and draw, move, walk and read at once: each result must be that of a single thread.

python benchmarks/reliability/threads.py [RENDERS] [THREADS]    # writes results/reliability/threads.json
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from outcomes import record  # noqa: E402

from tests.tiny_bundle import make_bundle  # noqa: E402
from tlgan_runtime import CheerMeUp  # noqa: E402

WHAT = "calls of threads that share one instance: each result is byte for byte that of a single thread"
KINDS = ("render", "move", "walk", "timeline", "classify")
FACES = 6
"""Different seeds that calls take at random, so that threads ask for the same and for other faces."""


def run(cases: int, seed: int, threads: int = 8, folder: Path | None = None) -> dict[str, Any]:
    """Makes `cases` calls, shared by so many threads, and counts those whose bytes differ, by kind of call."""
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            return run(cases, seed, threads, Path(temporary))
    path = make_bundle(folder / "tiny", drawn=2, learned=True, attribute="hat")
    alone, shared = (CheerMeUp(path, provider="cpu", threads=2) for _ in range(2))

    @cache
    def expected(call: tuple[Any, ...]) -> str:
        return _made(alone, *call)

    calls = _calls(shared, seed)
    for call in calls:
        expected(call)
    together = Barrier(threads)

    def work(number: int) -> list[str]:
        random, found = np.random.default_rng([seed, number]), []
        together.wait()
        for _ in range(cases // threads + (number < cases % threads)):
            call = calls[random.integers(len(calls))]
            try:
                same = _made(shared, *call) == expected(call)
                found.append(f"{call[0]}: {'equal' if same else 'DIFFERS'}")
            except Exception as error:  # the calls are right, so that none may fail
                found.append(f"{call[0]}: BUG {type(error).__name__}: {error}")
        return found

    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        outcomes = Counter(outcome for found in pool.map(work, range(threads)) for outcome in found)
    wrong = {outcome: count for outcome, count in outcomes.items() if not outcome.endswith(": equal")}
    return {
        "cases": sum(outcomes.values()),
        "outcomes": dict(sorted(outcomes.items())),
        "failures": [f"{outcome}, {count} times" for outcome, count in wrong.items()],
        "lost": sum(wrong.values()),
        "seconds": round(time.perf_counter() - start, 1),
        "threads": threads,
    }


def _calls(app: CheerMeUp, seed: int) -> list[tuple[Any, ...]]:
    """Kind, method, seed of the faces, name and strength of every call that may be made."""
    random = np.random.default_rng(seed)
    names = [*app.emotions, *app.attributes]
    return [
        (kind, method, face, names[random.integers(len(names))], round(float(random.uniform(0.1, 1)), 3))
        for kind in KINDS
        for method in app.methods
        for face in range(FACES)
        for _ in range(2)
    ]


def _made(app: CheerMeUp, kind: str, method: str, face: int, name: str, strength: float) -> str:
    """Digest of all that one call makes; each of them draws at least one face."""
    z, mix = app.sample(1 + face % 3, seed=face), {name: strength}
    keep = [other for other in app.emotions[:1] if other != name]
    if kind == "move":
        z = app.move(z, mix, method, keep=keep)
    parts: list[np.ndarray[Any, Any]] = [z]
    if kind == "walk":
        parts += app.walk(z, mix, steps=3, method=method)
    elif kind == "timeline":
        parts += app.timeline(z, [(0.0, {}), (0.2, mix)], fps=10, method=method)
    else:
        parts.append(app.render(z))
    if kind == "classify":
        parts += app.classify(parts[-1])
    digest = sha256()
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


if __name__ == "__main__":
    renders, threads = (int(text) for text in (sys.argv[1:] or ["100000", "8"]))
    sys.exit(record("threads", WHAT, run(renders, seed=0, threads=threads)))

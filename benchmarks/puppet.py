"""Time of a puppet whose strengths change in every frame, next to drawing alone. Writes `results/puppet.json`.

    python benchmarks/puppet.py

Both take turns, with one face and one thread. Times are CPU times.
"""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from page import processor

from tlgan_runtime import CheerMeUp

RESULTS = Path(__file__).with_name("results")
FRAMES, ROUNDS = 60, 15


def main() -> None:
    facts: dict[str, Any] = {"processor": processor(), "load": os.getloadavg()[0], "ms": {}}
    for name in ("solo", "cast"):
        facts["ms"][name] = measured(CheerMeUp(name, provider="cpu", threads=1))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "puppet.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))


def measured(app: CheerMeUp) -> dict[str, float]:
    """CPU milliseconds of a frame, by what changes."""
    z = app.sample(1)

    def following(name: str) -> Callable[[], object]:
        puppet, strengths = app.puppet(z), itertools.cycle((0.0, 1.0))

        def frame() -> None:
            puppet.set({name: next(strengths)})
            puppet.frame(1 / 60)

        return frame

    ways: dict[str, Callable[[], object]] = {
        "emotion": following("joy"),
        "still": partial(app.puppet(z).frame, 1 / 60),
        "render": partial(app.render, z),
    }
    if app.vocabulary.characters:
        ways["character"] = following(app.vocabulary.characters[1])
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, frame in ways.items():
            frame()
            start = time.process_time()
            for _ in range(FRAMES):
                frame()
            times[name].append((time.process_time() - start) / FRAMES * 1000)
    return {name: round(median(one), 3) for name, one in times.items()}


def table(facts: dict[str, Any]) -> str:
    """A row for each bundle, and what it was measured on."""
    lines = [
        "| bundle | drawing alone | a frame, an emotion changes | a character changes | all arrived |",
        "|---|---|---|---|---|",
    ]
    for name, ms in facts["ms"].items():
        cells = [f"{ms[way]:.2f} ms" if way in ms else "–" for way in ("render", "emotion", "character", "still")]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    busy = f"; the machine was busy with other work (load {facts['load']:.1f})" if facts["load"] > 1 else ""
    return "\n".join([*lines, "", f"CPU time of one core of an {facts['processor']}{busy}."])


if __name__ == "__main__":
    main()

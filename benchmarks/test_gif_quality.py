"""Bytes, colours and flicker of the GIFs beside those that Pillow writes from the same frames by default.

PSNR is over all frames. Flicker is the mean absolute error of the change from one frame to the next, in levels. Writes
`results/gif.json`.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence

from tlgan_runtime import CheerMeUp, write_animation
from tlgan_runtime.animation.layout import Pixels, tile

RESULTS = Path(__file__).with_name("results")
DELAY = 70  # milliseconds


def test_gif_quality(tmp_path: Path) -> None:
    app = CheerMeUp(provider="cpu")
    through_all = ", ".join(f"{emotion}@{0.5 * index}s" for index, emotion in enumerate(app.emotions))
    cases: dict[str, tuple[list[Pixels], int]] = {
        "joy, 1 face of 256 px": (list(app.walk(app.sample(1), "joy")), 256),
        "joy, 8 faces of 128 px": (list(app.walk(app.sample(8), "joy")), 128),
        "timeline of all emotions, 1 face of 256 px": (list(app.timeline(app.sample(1), through_all, fps=10)), 256),
    }
    facts = {}
    for name, (frames, size) in cases.items():
        true = np.stack([tile(frame, size) for frame in frames])
        write_animation(tmp_path / "ours.gif", frames, size=size, loop="forth", hold=0, fps=1000 / DELAY)
        first, *rest = (Image.fromarray(picture) for picture in true)
        first.save(tmp_path / "pillow.gif", save_all=True, append_images=rest, duration=DELAY, loop=0)
        facts[name] = {kind: measured(tmp_path / f"{kind}.gif", true) for kind in ("ours", "pillow")}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "gif.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(facts, indent=1))


def measured(path: Path, true: Pixels) -> dict[str, float]:
    with Image.open(path) as image:
        shown = np.stack([np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)])
    assert shown.shape == true.shape
    error = shown.astype(np.float32) - true
    return {
        "bytes": path.stat().st_size,
        "psnr": 10 * math.log10(255**2 / float(np.mean(error**2))),
        "flicker": float(np.abs(np.diff(error, axis=0)).mean()),
    }

"""Writes what Python says about bundles, for the tests of the JavaScript package to compare with.

    python web/tests/golden.py               # writes web/tests/golden.json, for the shipped bundles

A latent of D numbers is stored as `PROJECTIONS` sums, in which each of its numbers counts. A picture is stored as every
`STRIDE`-th of its levels, RGBA.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tlgan_runtime import CheerMeUp  # noqa: E402

FACES, SEED = 2, 3
PROJECTIONS, STRIDE = 4, 997


def golden(bundle: Path) -> dict[str, Any]:
    """What Python says about a bundle: names, latents of moves by every method, pictures and readings."""
    app = CheerMeUp(bundle, provider="cpu", threads=1)
    z = app.sample(FACES, SEED)
    document: dict[str, Any] = {
        "emotions": app.emotions,
        "characters": app.characters,
        "drawnCharacters": app.drawn_characters,
        "attributes": app.attributes,
        "methods": app.methods,
        "latentDim": app.latent_dim,
        "imageSize": app.image_size,
        "faces": FACES,
        "seed": SEED,
        "sample": projected(z),
        "far": {"seed": str(2**64 - 1), "sample": projected(app.sample(FACES, 2**64 - 1))},
        "moves": [],
    }
    for mix, options in moves(app):
        document["moves"].append({"mix": mix, "options": options, "moved": projected(app.move(z, mix, **options))})
    images = app.render(app.move(z, {app.emotions[0]: 0.8}))
    scores = app.classify(images)
    document["pictures"] = {
        "mix": {app.emotions[0]: 0.8},
        "levels": levels(images),
        "emotion": rounded(scores.emotion),
        "character": rounded(scores.character),
    }
    frames = list(app.walk(z, app.emotions[1], steps=3, easing="smooth"))
    document["walk"] = {"emotion": app.emotions[1], "steps": 3, "levels": [levels(frame) for frame in frames]}
    text = f"start, {app.emotions[0]}:0.8@0.3s, {app.emotions[1]}+{app.emotions[2]}:-0.5@0.5s"
    frames = list(app.timeline(z, text, fps=10))
    document["timeline"] = {"text": text, "fps": 10, "levels": [levels(frame) for frame in frames]}
    if app.manifest.channels == 4:
        document["clear"] = levels(app.render(z, background=None))
        document["red"] = levels(app.render(z, background="#ff0000"))
    if "generator_int8" in {entry.role for entry in app.manifest.files.values()}:
        quick = CheerMeUp(bundle, provider="cpu", threads=1, precision="int8")
        document["int8"] = levels(quick.render(z))
    return document


def moves(app: CheerMeUp) -> Iterator[tuple[dict[str, float], dict[str, Any]]]:
    """Mixes and options that use every rule of moves."""
    first, second, third, *_ = app.emotions
    last = app.emotions[-1]
    several = len(app.drawn_characters) > 1
    others = dict.fromkeys([*(app.drawn_characters[1:2] if several else []), *app.attributes], 0.6)
    for method in app.methods:
        for mix in (
            {first: 0.5},
            {last: 1.0, second: -0.6},
            {first: 0.9, third: 0.7},
            {second: 1.6, third: 0.2},
            dict.fromkeys(app.emotions, -1.0),
            {first: 0.0},
        ):
            yield mix, {"method": method}
        yield {first: 0.8, second: -0.5}, {"method": method, "keep": [last, *app.attributes[:1], "character"]}
        yield {third: 1.0}, {"method": method, "until": 0.6}
        yield {third: 1.0}, {"method": method, "keep": [second], "until": 1.0}
        if others:
            yield others, {"method": method}
            yield {**others, first: 0.7}, {"method": method}
            yield {**dict.fromkeys(others, -0.5), first: -0.7}, {"method": method, "keep": [second]}
        if several:
            yield others, {"method": method, "until": 0.9}


def projected(z: NDArray[np.float32]) -> list[list[float]]:
    """(N, D) latents as N lists of `PROJECTIONS` numbers."""
    place = np.arange(z.shape[1])
    weights = np.stack([np.cos((index + 1) * place + index) for index in range(PROJECTIONS)])
    return [[round(float(value), 6) for value in row] for row in z.astype(np.float64) @ weights.T]


def levels(images: NDArray[np.uint8]) -> list[list[int]]:
    """(N, H, W, 3 or 4) pictures as N lists of levels."""
    alpha = np.full((*images.shape[:3], 4 - images.shape[3]), 255, np.uint8)
    return [row.reshape(-1)[::STRIDE].tolist() for row in np.concatenate([images, alpha], axis=3)]


def rounded(table: NDArray[np.float32]) -> list[list[float]]:
    return [[round(float(value), 6) for value in row] for row in table]


def write(path: Path, bundles: list[Path]) -> None:
    """Write the golden file of several bundles, with their folders relative to the root where they are below it."""
    named = {(str(one.relative_to(ROOT)) if one.is_relative_to(ROOT) else str(one)): golden(one) for one in bundles}
    lines = (f"{json.dumps(name)}: {json.dumps(document)}" for name, document in named.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).with_name("golden.json"), [ROOT / "exported" / name for name in ("solo", "cast")])

"""Writes what Python says about pictures of one's own, for the tests of the JavaScript package to compare with.

    python web/tests/golden_pictures.py      # writes web/tests/golden_pictures.json, for the bundle solo

A picture is a drawn face on a ground, by whole numbers that both languages compute alike (`drawn`). Latents and levels
are stored as in `golden.py`.
"""

from __future__ import annotations

import json
import sys
import zlib
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from golden import SEED, projected  # noqa: E402

from tlgan_runtime import CheerMeUp  # noqa: E402

STRIDE = 97
"""Levels of residuals that are stored: one of so many."""


def pictures(side: int, behind: list[int]) -> dict[str, dict[str, Any]]:
    """Pictures of a face of `side` pixels whose edges have the colour `behind`, each with the options of `invert`."""
    plain, other, clear = [*behind, 255], [30, 140, 60, 255], [0, 0, 0, 0]
    near = [side // 2 - side // 12, side // 2 + side // 16, 2 * side + side // 10, 2 * side]
    return {
        "as it is": _of(side, side, plain, 1, 0, 0),
        "larger": _of(3 * side, 3 * side, plain, 3, 0, 0),
        "in a corner": _of(5 * side, 4 * side, plain, 2, 0, 7 * side // 4),
        "on another colour": _of(4 * side, 3 * side, other, 2, side, side // 4, disc=True),
        "with a box": _of(4 * side, 3 * side, [*behind[::-1], 255], 2, side // 2, side // 2, box=near),
        "cut off": _of(2 * side, 2 * side, plain, 2, side // 3, 0),
        "a sprite": _of(2 * side, 3 * side, clear, 2, 0, side // 2, disc=True),
        "far from square": _of(18 * side, 17 * side, clear, 17, side // 2, -side, disc=True),
        "noise": _of(side, side + 9, None, 0, 0, 0),
    }


def _of(
    width: int, height: int, ground: list[int] | None, scale: int, left: int, top: int,
    *, disc: bool = False, **options: Any,
) -> dict[str, Any]:  # fmt: skip
    drawing = {"width": width, "height": height, "ground": ground, "scale": scale, "left": left, "top": top}
    return {"drawing": {**drawing, "disc": disc}, "options": options}


def drawn(
    face: NDArray[np.uint8], width: int, height: int, ground: list[int] | None, scale: int, left: int, top: int,
    disc: bool,
) -> NDArray[np.uint8]:  # fmt: skip
    """A picture (H, W, 4) of a face (S, S, 4): enlarged by whole pixels, cut to a disc, on one colour or on noise."""
    if ground is None:
        place = np.arange(width * height * 4).reshape(height, width, 4)
        picture = ((place * place * 31 + place * 17) // 7 % 256).astype(np.uint8)
        picture[..., 3] = 255
        return picture
    picture = np.full((height, width, 4), ground, np.uint8)
    y, x = np.mgrid[:height, :width]
    column, row = (x - left) // max(scale, 1), (y - top) // max(scale, 1)
    side = len(face)
    inside = (column >= 0) & (column < side) & (row >= 0) & (row < side)
    if disc:
        inside &= (2 * column - side) ** 2 + (2 * row - side) ** 2 < side * side
    picture[inside] = face[row[inside], column[inside]]
    return picture


def resampled() -> dict[str, Any]:
    """Noise with alpha, and what Pillow makes of parts of it: the squares of some boxes, and means over squares."""
    levels = drawn(np.zeros((1, 1, 4), np.uint8), 61, 43, None, 0, 0, 0, disc=False)
    levels[..., 3] = levels[..., 0] * (levels[..., 1] > 60) | (levels[..., 2] > 200) * np.uint8(255)
    noise = Image.fromarray(levels)
    boxes = [[0, 0, 61, 43], [10.3, 5.7, 40.9, 36.3], [20, 20, 30, 30], [3.25, 1.5, 43.75, 42.0]]
    squares = [noise.resize((16, 16), Image.Resampling.LANCZOS, box=tuple(box)) for box in boxes]
    means = {str(factor): packed(noise.reduce(factor)) for factor in (2, 7)}
    return {"noise": packed(noise), "boxes": boxes, "squares": list(map(packed, squares)), "means": means}


def packed(picture: Image.Image | NDArray[np.uint8]) -> str:
    """All levels of a picture, compressed, as text."""
    return b64encode(zlib.compress(np.asarray(picture).tobytes(), 9)).decode()


def golden(bundle: Path) -> dict[str, Any]:
    """What Python finds in the pictures of a bundle, and their edits."""
    app = CheerMeUp(bundle, provider="cpu", threads=1)
    clear = {"background": None} if app.manifest.channels == 4 else {}
    face = app.render(app.sample(1, SEED), **clear)[0]
    face = np.concatenate([face, np.full((*face.shape[:2], 4 - face.shape[2]), 255, np.uint8)], axis=2)
    behind = [int(level) for level in np.median(face[0, :, :3], axis=0)]
    document: dict[str, Any] = {"face": packed(face), "side": len(face), "resampled": resampled(), "pictures": []}
    for name, one in pictures(len(face), behind).items():
        picture, mix = drawn(face, **one["drawing"]), {app.emotions[0]: 0.9, app.emotions[2]: -0.3}
        found = app.invert(picture, **one["options"])
        edited = app.edit_picture(picture, mix, found=found, force=True)
        residual = found.residual.ravel()[::STRIDE].tolist()
        document["pictures"].append(
            {"name": name, **one, "mix": mix, "z": projected(found.z), "box": found.box, "fit": found.fit}
            | {"residual": residual, "edited": sampled(edited), "changed": int((edited != picture).any(axis=2).sum())}
        )
    return document


def sampled(picture: NDArray[np.uint8]) -> list[int]:
    """About 500 of the levels of a picture, of all channels."""
    return picture.ravel()[:: max(1, picture.size // 500) | 1].tolist()


def write(path: Path, bundles: list[Path]) -> None:
    """Write the golden file of several bundles, with their folders relative to the root where they are below it."""
    named = {(str(one.relative_to(ROOT)) if one.is_relative_to(ROOT) else str(one)): golden(one) for one in bundles}
    lines = (f"{json.dumps(name)}: {json.dumps(document)}" for name, document in named.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).with_name("golden_pictures.json"), [ROOT / "exported" / "solo"])

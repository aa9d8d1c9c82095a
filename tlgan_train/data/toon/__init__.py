"""Built-in characters: cartoon faces drawn from continuous, known parameters.

Every face is a pure function of (seed, stream, character, emotion, n).
"""

from __future__ import annotations

import io

import numpy as np
import resvg_py
from PIL import Image

from tlgan_train.data.toon.characters import CHARACTERS
from tlgan_train.data.toon.drawing import BACKGROUND, to_svg
from tlgan_train.data.toon.expression import EMOTIONS, Expression
from tlgan_train.data.toon.face import FACTOR_RANGES, FACTORS, STREAMS, Face, sample_face

__all__ = [
    "BACKGROUND",
    "CHARACTERS",
    "EMOTIONS",
    "FACTORS",
    "FACTOR_RANGES",
    "STREAMS",
    "Expression",
    "Face",
    "draw",
    "draw_sprite",
    "render",
    "sample_face",
    "to_svg",
]


def draw(face: Face, size: int = 64) -> np.ndarray:
    """The face as pixels, uint8 (size, size, 3) RGB, anti-aliased; `size` in pixels, at least 16."""
    return _pixels(to_svg(face), size, "RGB")


def draw_sprite(face: Face, size: int = 256) -> np.ndarray:
    """The face without a background, uint8 (size, size, 4) RGBA with straight alpha; `size` as for `draw`."""
    return _pixels(to_svg(face, background=False), size, "RGBA")


def _pixels(svg: str, size: int, mode: str) -> np.ndarray:
    if size < 16:
        raise ValueError(f"a face of {size} pixels cannot be read; draw at 16 pixels or more")
    png = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True, width=size, height=size)
    with Image.open(io.BytesIO(bytes(png))) as image:
        return np.asarray(image.convert(mode))


def render(
    character: str, emotion: str, count: int, *, stream: str = "train", seed: int = 0, size: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """The first `count` faces of a class.

    Returns images, uint8 (count, size, size, 3) RGB, and factors, float32 (count, len(FACTORS)).
    """
    images = np.empty((count, size, size, 3), np.uint8)
    factors = np.empty((count, len(FACTORS)), np.float32)
    for n in range(count):
        face = sample_face(character, emotion, n, stream=stream, seed=seed)
        images[n] = draw(face, size)
        factors[n] = face.factors()
    return images, factors

"""Captions under animated faces: the strengths that they were moved by, and what the classifier sees.

Fonts are imported where text is drawn: most animations have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tlgan_runtime.animation.layout import WHITE, Pixels
from tlgan_runtime.animation.legible import caption_text

MIN_CAPTION_SIZE = 64
"""Pixels of a face's side, below which no text is legible."""

_TEXT = 0.72  # of the height of a line
_SHRUNK = 0.7  # of that, where the text is long
_GREYS = tuple((level, level, level) for level in (0, 64, 128, 192, 230))
_BLACK, _TRACK = _GREYS[0], _GREYS[-1]
# Two of the colours that Okabe and Ito chose to be told apart with any colour vision; they differ in lightness too.
_VERMILION, _BLUE = (213, 94, 0), (0, 114, 178)
COLOURS = (*_GREYS, _VERMILION, _BLUE)
"""What captions are drawn with on white; a palette must hold them."""


@dataclass(frozen=True, eq=False)
class Caption:
    """What is said of the faces of one frame: a line with strengths, bars of probabilities, or both."""

    names: Sequence[str]
    """Emotions, and after them whatever else a face can be moved by."""
    strengths: NDArray[np.float64]
    """(N, names); emotions that a face is moved towards have their bar in another colour."""
    labels: bool
    """Whether the strengths are written."""
    probabilities: NDArray[np.floating[Any]] | None = None
    """(N, E) of the bars."""
    still: str = "start"
    """Written below a face that nothing moves."""

    def height(self, size: int) -> int:
        """Pixels below a face of `size` pixels."""
        return caption_height(size, self.labels, 0 if self.probabilities is None else self.probabilities.shape[1])

    def draw(self, size: int) -> Pixels:
        """(N, height, size, 3), one for each face."""
        count = len(self.strengths)
        drawn = np.full((count, self.height(size), size, 3), WHITE, np.uint8)
        top = _line(size) if self.labels else 0
        for face, strengths in enumerate(self.strengths):
            if self.labels:
                drawn[face, :top] = _written(self._text(strengths, size), size)
            if self.probabilities is not None:
                drawn[face, top:] = self._bars(self.probabilities[face], strengths, size)
        return drawn

    def _text(self, strengths: NDArray[np.float64], size: int) -> str:
        """As many of the strongest as can be read in one line, in the order of the emotions."""
        from PIL import ImageFont

        smallest = ImageFont.load_default(size=_line(size) * _TEXT * _SHRUNK)
        order = sorted(np.flatnonzero(strengths).tolist(), key=lambda index: -abs(strengths[index]))
        for count in range(len(order), 0, -1):
            parts = [f"{caption_text(self.names[index])} {strengths[index]:.2f}" for index in sorted(order[:count])]
            text = " + ".join(parts) + (" + …" if count < len(order) else "")
            if count == 1 or smallest.getlength(text) <= size - 2 * _margin(size):
                return text
        return self.still

    def _bars(self, probabilities: NDArray[np.floating[Any]], strengths: NDArray[np.float64], size: int) -> Pixels:
        names, left, right = _names(tuple(self.names[: len(probabilities)]), size)
        drawn = names.copy()
        row = _row(size)
        gap = max(1, row // 8)
        for index, probability in enumerate(probabilities):
            bar = drawn[index * row + gap : (index + 1) * row - gap]
            bar[:, left:right] = _TRACK
            end = left + round(float(probability) * (right - left))
            bar[:, left:end] = _VERMILION if strengths[index] > 0 else _BLUE
        return drawn


def caption_height(size: int, labels: bool, bars: int) -> int:
    """Pixels of a caption below a face of `size` pixels, with `bars` bars."""
    return _line(size) * labels + _row(size) * bars


def _margin(size: int) -> int:
    return size // 32


def _line(size: int) -> int:
    return max(16, round(size * 0.125))


def _row(size: int) -> int:
    return max(11, round(size * 0.08))


@lru_cache(maxsize=64)
def _written(text: str, size: int) -> Pixels:
    """(line, size, 3): left-aligned, so that it stands still while the figures change; smaller where it is long."""
    from PIL import ImageDraw, ImageFont

    line, margin = _line(size), _margin(size)
    font = ImageFont.load_default(size=line * _TEXT)
    widest = font.getlength(text)
    if widest > size - 2 * margin:
        font = ImageFont.load_default(size=line * _TEXT * (size - 2 * margin) / widest)
    band = Image.new("RGB", (size, line), (WHITE, WHITE, WHITE))
    ImageDraw.Draw(band).text((margin, line / 2), text, fill=_BLACK, font=font, anchor="lm")
    return np.asarray(band)


@lru_cache(maxsize=4)
def _names(emotions: tuple[str, ...], size: int) -> tuple[Pixels, int, int]:
    """The rows with their names and no bars, and from where to where the bars go."""
    from PIL import ImageDraw, ImageFont

    row, margin = _row(size), _margin(size)
    font = ImageFont.load_default(size=row * 0.85)
    written = [caption_text(name) for name in emotions]
    widest = max(font.getlength(name) for name in written)
    if widest > size * 0.55:
        font = ImageFont.load_default(size=row * 0.85 * size * 0.55 / widest)
        widest = size * 0.55
    band = Image.new("RGB", (size, row * len(emotions)), (WHITE, WHITE, WHITE))
    draw = ImageDraw.Draw(band)
    for index, name in enumerate(written):
        draw.text((margin, (index + 0.5) * row), name, fill=_BLACK, font=font, anchor="lm")
    return np.asarray(band), int(widest) + 2 * margin, size - margin

"""Captions below animated faces: their strengths, and the probabilities that the classifier reads.

Fonts are imported where text is drawn, because most animations have no text.
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
"""Smallest side of a face in pixels at which text is legible."""

_TEXT = 0.72  # of the height of a line
_SHRUNK = 0.7  # of that, for long text
_GREYS = tuple((level, level, level) for level in (0, 64, 128, 192, 230))
_BLACK, _TRACK = _GREYS[0], _GREYS[-1]
# Two colours by Okabe and Ito, which people with any colour vision can distinguish; they differ in lightness, too.
_VERMILION, _BLUE = (213, 94, 0), (0, 114, 178)
COLOURS = (*_GREYS, _VERMILION, _BLUE)
"""The colours of captions on white. A palette must contain them."""


@dataclass(frozen=True, eq=False)
class Caption:
    """The text below the faces of one frame: a line with strengths, bars of probabilities, or both."""

    names: Sequence[str]
    """Emotions, followed by all other names that can move a face."""
    strengths: NDArray[np.float64]
    """(N, names). The bar of an emotion with a strength above 0 has another colour."""
    labels: bool
    """Whether to write the strengths."""
    probabilities: NDArray[np.floating[Any]] | None = None
    """(N, E), the lengths of the bars. None draws no bars."""
    still: str = "start"
    """Text below a face whose strengths are all 0."""

    def height(self, size: int) -> int:
        """Return the height of the caption in pixels, for a face of `size` pixels."""
        return caption_height(size, self.labels, 0 if self.probabilities is None else self.probabilities.shape[1])

    def draw(self, size: int) -> Pixels:
        """Draw the captions, uint8 (N, height, size, 3), one for each face."""
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
        """Write as many of the strongest emotions as fit legibly into one line, in the order of `names`."""
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
    """Return the height in pixels of a caption with `bars` bars, below a face of `size` pixels."""
    return _line(size) * labels + _row(size) * bars


def _margin(size: int) -> int:
    return size // 32


def _line(size: int) -> int:
    return max(16, round(size * 0.125))


def _row(size: int) -> int:
    return max(11, round(size * 0.08))


@lru_cache(maxsize=64)
def _written(text: str, size: int) -> Pixels:
    """Draw a line of text, uint8 (line, size, 3). Left-aligned, so that it stays in place while numbers change."""
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
    """Draw the names of the bars. Returns the picture, and the left and right end of the bars in pixels."""
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

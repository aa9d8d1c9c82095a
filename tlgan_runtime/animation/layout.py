"""Still pictures: enlarging faces, putting many on one canvas, labelling and saving them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tlgan_runtime.animation.legible import caption_text
from tlgan_runtime.animation.options import MAX_SIZE, MIN_SIZE
from tlgan_runtime.errors import InputError
from tlgan_runtime.files import replacing
from tlgan_runtime.validation import file_path, whole

Pixels = NDArray[np.uint8]

WHITE = 255
STILL_FORMATS = (".png",)
MAX_CANVAS_SIDE = 8192
"""Pixels; keeps a slip of the keyboard from asking for gigabytes."""
MAX_COLUMNS = MAX_CANVAS_SIDE // MIN_SIZE
_GAP_SHARE = 1 / 32  # of a face's side
_WIDEST = 3  # columns for each row, at most


def enlarge(image: Pixels, size: int) -> Pixels:
    """(H, W, 3) -> (size, size, 3), bicubic: smooth, and with less ringing on drawn outlines than Lanczos."""
    if image.shape[:2] == (size, size):
        return image
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))


def plan(count: int, size: int, columns: int | None = None, band: int = 0) -> tuple[int, int]:
    """(rows, columns) for `count` faces of `size` pixels; `columns` None chooses a near-square layout.

    `band` is the height in pixels of what stands below each face.

    Raises `InputError` for a size that cannot be drawn, for no faces, and where the picture would be too large.
    """
    whole("size", size, MIN_SIZE, MAX_SIZE)
    whole("the number of faces", count, 1, MAX_COLUMNS**2)
    rows, across = _near_square(count) if columns is None else (math.ceil(count / columns), columns)
    for side in _sides(rows, across, size, band):
        if side > MAX_CANVAS_SIDE:
            raise InputError(
                f"{side} pixels are more than a picture's {MAX_CANVAS_SIDE}: take fewer or smaller faces, or fewer "
                "columns"
            )
    return rows, across


def canvas(count: int, size: int, columns: int | None = None, band: int = 0) -> tuple[int, int]:
    """(height, width) in pixels of what `tile` makes; raises as `plan` does."""
    return _sides(*plan(count, size, columns, band), size, band)


def tile(images: Pixels, size: int, columns: int | None = None, bands: Pixels | None = None) -> Pixels:
    """(N, h, w, 3) -> one picture of N faces of `size` pixels, row by row, with white gaps and no border.

    `bands`, (N, band, size, 3), stand below the faces. The layout is that of `plan`, which also says what is refused.
    """
    band = 0 if bands is None else bands.shape[1]
    rows, across = plan(len(images), size, columns, band)
    picture = np.full((*_sides(rows, across, size, band), 3), WHITE, np.uint8)
    pitch = size + _gap(size)
    for index, image in enumerate(images):
        top, left = index // across * (pitch + band), index % across * pitch
        picture[top : top + size, left : left + size] = enlarge(image, size)
        if bands is not None:
            picture[top + size : top + size + band, left : left + size] = bands[index]
    return picture


def label_columns(picture: Pixels, labels: Sequence[str], size: int) -> Pixels:
    """The tiled picture with a white band on top that names each column of faces."""
    from PIL import ImageDraw, ImageFont  # only here: most pictures have no text

    band, labels = max(12, size // 6), [caption_text(label) for label in labels]
    font = ImageFont.load_default(size=band * 0.6)
    widest = max(font.getlength(label) for label in labels)
    if widest > size:
        font = ImageFont.load_default(size=band * 0.6 * size / widest)
    labelled = Image.new("RGB", (picture.shape[1], picture.shape[0] + band), (WHITE, WHITE, WHITE))
    labelled.paste(Image.fromarray(picture), (0, band))
    draw = ImageDraw.Draw(labelled)
    for column, label in enumerate(labels):
        draw.text((column * (size + _gap(size)) + size / 2, band / 2), label, fill=(0, 0, 0), font=font, anchor="mm")
    return np.asarray(labelled)


def save_png(path: Path, picture: Pixels) -> None:
    """Writes (H, W, 3) as PNG, atomically; raises `InputError` for another suffix, `OutputError` where it cannot."""
    file_path(path, STILL_FORMATS)
    with replacing(path) as temporary:
        Image.fromarray(picture).save(temporary, "PNG")


def _near_square(count: int) -> tuple[int, int]:
    """Fewest empty places, then nearest to a square, never very wide."""
    tried = range(math.ceil(math.sqrt(count)), math.isqrt(_WIDEST * count) + 2)
    choices = [(math.ceil(count / columns), columns) for columns in tried]
    fitting = [(rows, columns) for rows, columns in choices if columns <= _WIDEST * rows]
    return min(fitting, key=lambda grid: (grid[0] * grid[1] - count, grid[1] - grid[0]))


def _sides(rows: int, across: int, size: int, band: int) -> tuple[int, int]:
    gap = _gap(size)
    return rows * (size + band) + (rows - 1) * gap, across * size + (across - 1) * gap


def _gap(size: int) -> int:
    return max(2, round(size * _GAP_SHARE))

"""Still pictures: enlarge faces, tile them on one canvas, label the columns, save as a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tlgan_runtime.animation.legible import caption_text
from tlgan_runtime.animation.options import MAX_SIZE, MIN_SIZE
from tlgan_runtime.errors import InputError
from tlgan_runtime.files import replacing
from tlgan_runtime.validation import file_path, whole

Pixels = NDArray[np.uint8]

WHITE = SOLID = 255
STILL_FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    ".webp": {"format": "WEBP", "lossless": True},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
}
"""By suffix, what Pillow is asked for. JPEG keeps the colour of each pixel: thin coloured lines are what mouths are."""
SOLID_FORMATS = (".jpg", ".jpeg", ".mp4")
"""Suffixes of formats without transparency."""
MAX_CANVAS_SIDE = 8192
"""Pixels. A typing error must not ask for gigabytes."""
MAX_COLUMNS = MAX_CANVAS_SIDE // MIN_SIZE
_HEADROOM = 216  # of 255: bicubic overshoots by up to a seventh in a corner
_GAP_SHARE = 1 / 32  # of a face's side
_WIDEST = 3  # columns for each row, at most


def enlarge(image: Pixels, size: int) -> Pixels:
    """Resize (H, W, C) to (size, size, C). Bicubic is smooth and rings less on drawn outlines than Lanczos."""
    if image.shape[:2] == (size, size):
        return image
    if image.shape[2] == 4:
        return _enlarge_clear(image, size)
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))


def _enlarge_clear(image: Pixels, size: int) -> Pixels:
    """Resize RGBA. Colours are multiplied by alpha, or those of clear pixels would be mixed into the edges.

    Bicubic overshoots at edges. Alpha may not be cut off at its largest value there, while colours are not: they would
    be too bright, a light line along each edge. So both have headroom until colours are divided by alpha again.
    """
    alpha = image[..., 3:].astype(np.float32) * (_HEADROOM / SOLID)
    given = np.concatenate([image[..., :3] * (alpha / SOLID), alpha], axis=2)
    small = Image.frombytes("RGBX", image.shape[1::-1], np.round(given).astype(np.uint8).tobytes())
    large = np.asarray(small.resize((size, size), Image.Resampling.BICUBIC)).astype(np.float32)
    colours, alpha = large[..., :3], large[..., 3:]
    solid = np.concatenate([colours * (SOLID / np.maximum(alpha, 1)), alpha * (SOLID / _HEADROOM)], axis=2)
    levels: Pixels = np.round(np.minimum(solid, SOLID)).astype(np.uint8)
    return levels


def plan(count: int, size: int, columns: int | None = None, band: int = 0) -> tuple[int, int]:
    """Return (rows, columns) for `count` faces of `size` pixels. With `columns` None the layout is nearly square.

    `band` is the height of the caption below each face, in pixels.

    Raises `InputError` for an invalid size, for no faces, and for a picture that would be too large.
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
    """Return (height, width) in pixels of the picture that `tile` makes. Raises as `plan` does."""
    return _sides(*plan(count, size, columns, band), size, band)


def tile(images: Pixels, size: int, columns: int | None = None, bands: Pixels | None = None) -> Pixels:
    """Tile faces, (N, h, w, C), into one picture row by row, each `size` pixels wide, without a border.

    Gaps are white, or clear between RGBA faces. `bands`, (N, band, size, 3), are the captions below the faces. The
    layout and the errors are those of `plan`.
    """
    band = 0 if bands is None else bands.shape[1]
    rows, across = plan(len(images), size, columns, band)
    channels = images.shape[-1]
    picture = np.full((*_sides(rows, across, size, band), channels), WHITE if channels == 3 else 0, np.uint8)
    pitch = size + _gap(size)
    for index, image in enumerate(images):
        top, left = index // across * (pitch + band), index % across * pitch
        picture[top : top + size, left : left + size] = enlarge(image, size)
        if bands is not None:
            below = picture[top + size : top + size + band, left : left + size]
            below[..., :3], below[..., 3:] = bands[index], SOLID
    return picture


def label_columns(picture: Pixels, labels: Sequence[str], size: int) -> Pixels:
    """Add a white band on top of the tiled picture, with a label for each column of faces."""
    from PIL import ImageDraw, ImageFont  # imported here because most pictures have no text

    band, labels = max(12, size // 6), [caption_text(label) for label in labels]
    font = ImageFont.load_default(size=band * 0.6)
    widest = max(font.getlength(label) for label in labels)
    if widest > size:
        font = ImageFont.load_default(size=band * 0.6 * size / widest)
    faces = Image.fromarray(picture)
    labelled = Image.new(faces.mode, (faces.width, faces.height + band), "white")
    labelled.paste(faces, (0, band))
    draw = ImageDraw.Draw(labelled)
    for column, label in enumerate(labels):
        draw.text((column * (size + _gap(size)) + size / 2, band / 2), label, fill=(0, 0, 0), font=font, anchor="mm")
    return np.asarray(labelled)


def check_transparency(path: Path) -> None:
    """Raise `InputError` if the format of a file cannot hold transparent pictures."""
    if path.suffix.lower() in SOLID_FORMATS:
        raise InputError(
            f"a {path.suffix.lower()} file has no transparency; choose a background, such as white, or write "
            f"{'a .webm, .gif, .webp or .png' if path.suffix.lower() == '.mp4' else 'a .png or .webp'}"
        )


def save_still(path: Path, picture: Pixels) -> None:
    """Write (H, W, C) atomically as .png, .webp (lossless) or .jpg.

    Raises `InputError` for another suffix or transparency in a .jpg, `OutputError` if writing fails.
    """
    if picture.shape[-1] == 4:
        check_transparency(path)
    suffix = file_path(path, STILL_FORMATS).suffix.lower() or ".png"
    with replacing(path) as temporary:
        Image.fromarray(picture).save(temporary, **STILL_FORMATS[suffix])


def _near_square(count: int) -> tuple[int, int]:
    """Choose the layout with the fewest empty places; of these, the one nearest to a square."""
    tried = range(math.ceil(math.sqrt(count)), math.isqrt(_WIDEST * count) + 2)
    choices = [(math.ceil(count / columns), columns) for columns in tried]
    fitting = [(rows, columns) for rows, columns in choices if columns <= _WIDEST * rows]
    return min(fitting, key=lambda grid: (grid[0] * grid[1] - count, grid[1] - grid[0]))


def _sides(rows: int, across: int, size: int, band: int) -> tuple[int, int]:
    gap = _gap(size)
    return rows * (size + band) + (rows - 1) * gap, across * size + (across - 1) * gap


def _gap(size: int) -> int:
    return max(2, round(size * _GAP_SHARE))

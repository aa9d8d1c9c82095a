"""Reads one picture file as a square of RGB pixels, and in full size with alpha.

If a picture is not square and has no frame (see `fit.py`), its middle square is used. In RGB, a colour shows where it
is transparent. Photographs are turned upright as their EXIF says. Sizes change with a Lanczos filter over all source
pixels, so that shrinking does not alias; a picture that has the right size already keeps its pixels exactly. Animated
files give their first frame.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import ImageOps

from tlgan_runtime.pictures.decode import WHITE, Box, opened, see_through, solid, square
from tlgan_runtime.transparency import Colour
from tlgan_train.data.sprites import SIDES


def read_picture(
    path: Path, size: int, frame: Box | None = None, full: int = 0, behind: Colour = WHITE
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the square `frame`, by default the middle square, as uint8 (size, size, 3) RGB, and as a sprite.

    In RGB, `behind` shows where the picture is transparent.

    A sprite is uint8 (side, side, 4), straight alpha, with the largest side up to `full` that needs no enlarging (see
    `SIDES`). It is None if it would show no more than the picture of `size` pixels.

    A frame may reach beyond the picture; that part is transparent or has the colour of the background. Raises
    `UnusablePictureError` with the reason for any unusable file.
    """
    with opened(path) as image:
        upright = ImageOps.exif_transpose(image)
        alpha, rgb = see_through(upright), solid(upright, behind)
        rgba = upright.convert("RGBA") if alpha is not None else rgb
        side = min(rgb.size)
        left, top = (rgb.width - side) // 2, (rgb.height - side) // 2
        box = frame or (left, top, left + side, top + side)
        own = max((own for own in SIDES if own <= min(full, box[2] - box[0])), default=min(full, size))
        picture = np.asarray(square(rgb, box, size, behind if alpha is not None else None), np.uint8)
        if not full or (own <= size and alpha is None):
            return picture, None
        sprite = square(rgba, box, own, (0, 0, 0, 0) if alpha is not None else None)
        return picture, np.asarray(sprite.convert("RGBA"), np.uint8)

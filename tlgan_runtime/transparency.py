"""Colours by name, and transparent pictures over them. Nothing heavy is imported here: the command line reads this."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal

from tlgan_runtime.errors import InputError
from tlgan_runtime.messages import shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Colour = tuple[int, int, int]
"""Red, green and blue, from 0 to 255."""
Background = str | Sequence[int] | None
"""What is behind a face: a colour, `auto` for the one that the bundle names, or None (or `none`) for nothing."""
AUTO: Literal["auto"] = "auto"
NONE = "none"


def colour(what: str, value: Any) -> Colour:
    """Return a colour from text as in CSS, such as `white` or `#ffaa00`, or from three numbers from 0 to 255."""
    if isinstance(value, str):
        from PIL.ImageColor import getrgb  # imported here because most pictures need no colour

        with suppress(ValueError):
            levels = getrgb(value.strip()[:100])
            if len(levels) == 3:  # a fourth one would be alpha
                return levels[0], levels[1], levels[2]
    elif isinstance(value, Sequence) and len(value) == 3 and all(map(_is_level, value)):
        return int(value[0]), int(value[1]), int(value[2])
    raise InputError(f"{what} must be a colour such as white or #ffaa00, not {shown(value)}")


def background(what: str, value: Any) -> Colour | Literal["auto"] | None:
    """Return a colour, None for no background, or `auto`."""
    if value is None or (isinstance(value, str) and value == NONE):
        return None
    if isinstance(value, str) and value == AUTO:
        return AUTO
    try:
        return colour(what, value)
    except InputError:
        raise InputError(f"{what} must be none or a colour such as white or #ffaa00, not {shown(value)}") from None


def over(pictures: NDArray[np.uint8], behind: Colour) -> NDArray[np.uint8]:
    """Return pictures (..., 4) with straight alpha over one colour, uint8 (..., 3), rounded to the nearest level."""
    import numpy as np  # imported here because the command line needs no arrays

    levels = pictures.astype(np.uint16)  # whole numbers, so that all machines agree; at most 255 * 255 + 127
    colours, alpha = levels[..., :3], levels[..., 3:]
    mixed: NDArray[np.uint16] = (colours * alpha + np.array(behind, np.uint16) * (255 - alpha) + 127) // 255
    return mixed.astype(np.uint8)


def averaged(pictures: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return pictures (N, S, S, C) of a multiple of `size` pixels as averages over squares, (N, size, size, C)."""
    import numpy as np  # as above

    factor = pictures.shape[1] // size
    if factor == 1:
        return pictures
    squares = pictures.reshape(len(pictures), size, factor, size, factor, pictures.shape[-1])
    sums: NDArray[np.uint32] = squares.sum(axis=(2, 4), dtype=np.uint32)
    means: NDArray[np.uint32] = (sums + factor**2 // 2) // factor**2
    return means.astype(np.uint8)


def _is_level(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and 0 <= int(value) <= 255

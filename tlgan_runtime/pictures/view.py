"""A picture as a bundle sees it: squares of it, in the size and over the background of drawn faces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tlgan_runtime.animation.layout import Pixels
from tlgan_runtime.errors import InputError
from tlgan_runtime.pictures.decode import (
    NOISE,
    UnusablePictureError,
    content_box,
    opened,
    plain_background,
    see_through,
    solid,
    square,
)
from tlgan_runtime.transparency import Colour
from tlgan_runtime.validation import array

FAR = 1.25
"""Ratio of the sides above which a picture is far from square. Its middle square then leaves out a fifth or more."""
Place = tuple[float, float, float]
"""Left and top of a square in a picture and its side, in pixels. It may reach beyond the picture."""
LOOKED_AT = 512
"""In larger pictures, the character is looked for in fewer pixels."""
MAX_SIDE = 16_384
"""Largest side of a picture in pixels."""


@dataclass(frozen=True, eq=False)
class View:
    """A picture, and what of it is behind the character."""

    picture: Image.Image
    """RGB, or RGBA if it is transparent anywhere; upright."""
    alpha: bool = False
    """Whether the picture was given with alpha, which may be 255 everywhere."""

    def returned(self, pixels: Pixels) -> Pixels:
        """Return a picture (H, W, C) with the channels that were given."""
        if self.alpha and pixels.shape[2] == 3:
            return np.concatenate([pixels, np.full_like(pixels[..., :1], 255)], axis=2)
        return pixels

    @property
    def clear(self) -> bool:
        """Whether parts of the picture are transparent."""
        return self.picture.mode == "RGBA"

    @cached_property
    def plain(self) -> Colour | None:
        """The colour behind the character, if the edges of an opaque picture have one."""
        colour = None if self.clear else plain_background(self.picture)
        if colour is None:
            return None
        red, green, blue = (int(level) for level in colour)
        return red, green, blue

    @cached_property
    def content(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of the character; the whole picture if nothing tells it from what is behind."""
        factor = max(1, max(self.picture.size) // LOOKED_AT)
        width, height = self.picture.size
        try:
            left, top, right, bottom = content_box(self.picture.reduce(factor) if factor > 1 else self.picture)
        except UnusablePictureError:  # what can be seen is so small that it vanishes in fewer pixels
            return 0, 0, width, height
        return left * factor, top * factor, min(right * factor, width), min(bottom * factor, height)

    def inside(self, place: Place, size: int) -> NDArray[np.bool_]:
        """Return which pixels (size, size) of a square lie in the picture."""
        left, top, side = place
        middles = (np.arange(size) + 0.5) * side / size
        across = (left + middles >= 0) & (left + middles <= self.picture.width)
        down = (top + middles >= 0) & (top + middles <= self.picture.height)
        return down[:, None] & across

    def square(self, place: Place, size: int, behind: Colour) -> Pixels:
        """Return a square of the picture as uint8 (size, size, 3), with a colour behind the character.

        A plain background of another colour is painted over, as far as it reaches in from the edges of the square.
        """
        left, top, side = place
        box = (left, top, left + side, top + side)
        if self.clear:
            return np.asarray(solid(square(self.picture, box, size, (0, 0, 0, 0)), behind))
        pixels = np.asarray(square(self.picture, box, size, self.plain))
        if self.plain is None or max(abs(a - b) for a, b in zip(self.plain, behind, strict=True)) <= 2:
            return pixels
        return _repainted(pixels, self.plain, behind)


def view_of(picture: Any) -> View:
    """Return the view of a picture: a path, the bytes of a file, a Pillow image, or uint8 (H, W, 3) or (H, W, 4).

    Alpha is straight. A view is returned as it is, so that several edits decode a file once. Raises `InputError`, with
    the reason, for anything else, for a file that is no usable picture, and for a picture that is transparent all over.
    """
    if isinstance(picture, View):
        return picture
    if isinstance(picture, Image.Image):
        return _viewed(picture, "the picture")
    if isinstance(picture, str | Path | bytes):
        source, name = (picture, "the picture") if isinstance(picture, bytes) else (Path(picture), str(picture))
        try:
            with opened(source) as image:
                return View(_upright(image))
        except UnusablePictureError as error:
            raise InputError(f"cannot use {name}: {error}") from None
    pixels = array("picture", picture)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4) or 0 in pixels.shape:
        raise InputError(f"picture must be uint8 (H, W, 3) or (H, W, 4), not {pixels.dtype} {pixels.shape}")
    if max(pixels.shape) > MAX_SIDE:
        raise InputError(f"a picture has at most {MAX_SIDE} pixels on a side, not {max(pixels.shape)}")
    return _viewed(Image.fromarray(np.ascontiguousarray(pixels)), "the picture", pixels.shape[2] == 4)


def _viewed(image: Image.Image, name: str, alpha: bool = False) -> View:
    try:
        return View(_upright(image), alpha)
    except UnusablePictureError as error:
        raise InputError(f"cannot use {name}: {error}") from None


def _upright(image: Image.Image) -> Image.Image:
    upright = ImageOps.exif_transpose(image)
    return upright.convert("RGBA") if see_through(upright) is not None else solid(upright)


def _repainted(pixels: Pixels, plain: Colour, behind: Colour) -> Pixels:
    """Return a square (S, S, 3) whose plain background has another colour, up to where the character begins.

    Pixels at the edge of the character are mixtures with the background; they change by their share of it.
    """
    distance = np.abs(pixels.astype(np.int16) - np.array(plain, np.int16)).max(axis=2)
    near = distance <= NOISE
    reached = np.zeros_like(near)
    reached[0], reached[-1], reached[:, 0], reached[:, -1] = near[0], near[-1], near[:, 0], near[:, -1]
    while True:
        grown = reached.copy()
        grown[1:] |= reached[:-1]
        grown[:-1] |= reached[1:]
        grown[:, 1:] |= reached[:, :-1]
        grown[:, :-1] |= reached[:, 1:]
        grown &= near
        if (grown == reached).all():
            break
        reached = grown
    share = np.where(reached, 1 - distance / (2 * NOISE), 0.0)[..., None]
    changed = pixels + share * (np.array(behind, np.float64) - np.array(plain, np.float64))
    painted: NDArray[np.uint8] = np.round(changed.clip(0, 255)).astype(np.uint8)
    return painted


def whole(width: int, height: int) -> Place:
    """Return the middle square of a picture."""
    side = min(width, height)
    return ((width - side) / 2, (height - side) / 2, float(side))


def around(box: tuple[float, float, float, float]) -> Place:
    """Return the square with the middle of a box (left, top, width, height) and its longer side."""
    left, top, width, height = box
    side = max(width, height)
    return (left + (width - side) / 2, top + (height - side) / 2, side)


def fitted(content: tuple[int, int, int, int], usual: tuple[float, float, float, float]) -> tuple[Place, Place]:
    """Return the squares in which a character lies as in the usual face: by its width, and by its height.

    `content` is the box of the character in the picture, in pixels; `usual` that of faces, in shares of their side.
    """
    left, top, right, bottom = content
    middle = (usual[0] + usual[2]) / 2
    sides = ((right - left) / (usual[2] - usual[0]), (bottom - top) / (usual[3] - usual[1]))
    by_width, by_height = (((left + right) / 2 - middle * side, top - usual[1] * side, side) for side in sides)
    return by_width, by_height


def near(place: Place, step: float) -> list[Place]:
    """Return six squares about one: shifted by a share of its side, smaller and larger."""
    left, top, side = place
    shift, larger, smaller = step * side, side * (1 + step), side / (1 + step)
    return [
        (left - shift, top, side),
        (left + shift, top, side),
        (left, top - shift, side),
        (left, top + shift, side),
        (left + (side - larger) / 2, top + (side - larger) / 2, larger),
        (left + (side - smaller) / 2, top + (side - smaller) / 2, smaller),
    ]

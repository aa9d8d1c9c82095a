"""Edits the faces in pictures of one's own: finds the face, moves its latent, and puts the change into the picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from tlgan_runtime.animation.layout import Pixels
from tlgan_runtime.bundle.manifest import Fit, Manifest
from tlgan_runtime.errors import InputError
from tlgan_runtime.pictures.blend import blended
from tlgan_runtime.pictures.decode import edge_colours
from tlgan_runtime.pictures.inversion import Codec, Found, Inversion, Latents, look, refined, searched, share_above
from tlgan_runtime.pictures.view import FAR, Place, View, around, fitted, whole
from tlgan_runtime.transparency import Colour, averaged, colour
from tlgan_runtime.validation import real

LEAST_FIT = 1e-3
"""Pictures that fit worse are not edited, unless that is asked for."""
SEARCHED = 0.2
"""Above this fit, a face is not looked for anywhere else."""
USUAL_FACES = 32
"""Number of seeded faces that show where faces lie in their pictures."""


@dataclass(frozen=True, eq=False)
class PictureEditor:
    """The part of a bundle that pictures from outside need."""

    name: str
    """Name of the bundle, for messages."""
    codec: Codec
    fit: Fit
    sample: Callable[[int], Latents]
    """Number of faces -> latents (N, latent_dim)."""
    draw: Callable[[Latents, Colour | None], Pixels]
    """Latents and the colour behind faces; None for faces without a background, where the bundle has them."""
    clear: bool
    """Whether the bundle draws faces without a background."""

    @cached_property
    def usual(self) -> tuple[float, float, float, float]:
        """Where faces lie in their pictures: left, top, right and bottom, in shares of the side."""
        faces = self.codec.draw(self.sample(USUAL_FACES))
        boxes = [View(Image.fromarray(face)).content for face in faces]
        left, top, right, bottom = (float(edge) for edge in np.median(boxes, axis=0) / self.codec.size)
        return left, top, right, bottom

    def find(self, view: View, box: Sequence[float] | None = None, *, exactly: bool = False) -> Inversion:
        """Find the face in a picture; with `box` (left, top, width, height) near that place."""
        places = self._places(view) if box is None else [around(checked_box(box, view))]
        found = look(view, places, self.codec)
        if self._fit(found) < SEARCHED:
            found = searched(view, found, self.codec)
        fit = self._fit(found)
        return self._inversion(refined(found, self.codec) if exactly else found, fit)

    def follow(self, view: View, last: Inversion) -> Inversion:
        """Find the face in a picture at the place where it was in the last one."""
        left, top, side, _ = last.box
        found = look(view, [(left, top, side)], self.codec)
        return self._inversion(found, self._fit(found))

    def check_fit(self, found: Inversion) -> None:
        """Raise `InputError` for a picture that does not fit."""
        if found.fit < LEAST_FIT:
            raise InputError(
                f"the picture shows no face that {self.name} can draw (it fits at {found.fit:.2g}; at least "
                f"{LEAST_FIT:g} is needed); name the place of the face with box, or edit it all the same with force"
            )

    def edited(self, view: View, found: Inversion, moved: Latents) -> Pixels:
        """Return the picture with the change from the face that was found to its moved latent."""
        left, top, side, _ = found.box
        both = np.concatenate([found.z, moved])
        place = (left, top, side)
        pixels = np.asarray(view.picture)
        if view.clear and self.clear:
            return blended(pixels, place, *self.draw(both, None))
        before, after = self.draw(both, view.plain or self.codec.behind)
        edited = blended(pixels[..., :3], place, before, after)
        if not view.clear:
            return edited
        edited = np.where(pixels[..., 3:] > 0, edited, pixels[..., :3])
        return np.concatenate([edited, pixels[..., 3:]], axis=2)

    def _places(self, view: View) -> list[Place]:
        """Places to look at first: the middle square, and where the character lies as faces usually do."""
        width, height = view.picture.size
        places = [] if max(width, height) > FAR * min(width, height) else [whole(width, height)]
        if view.content != (0, 0, width, height) or not places:
            places += fitted(view.content, self.usual)
        return places

    def _inversion(self, found: Found, fit: float) -> Inversion:
        left, top, side = found.place
        residual = found.seen.astype(np.int16) - found.drawn.astype(np.int16)
        return Inversion(found.z, (left, top, side, side), residual, fit)

    def _fit(self, found: Found) -> float:
        return share_above(math.log(max(found.error, 1e-9)), self.fit.mean, self.fit.deviation)


def picture_editor(
    manifest: Manifest,
    fit: Fit,
    encode: Callable[[Pixels], Latents],
    sample: Callable[[int], Latents],
    draw: Callable[[Latents, Colour | None], Pixels],
) -> PictureEditor:
    """Return the editor for a bundle with an encoder. `encode` takes pictures of the size that the bundle reads."""
    clear, size = manifest.channels == 4, manifest.read_size
    behind = colour("background", manifest.background) if clear else usual_background(draw(sample(USUAL_FACES), None))

    def small(z: Latents) -> Pixels:
        return averaged(draw(z, behind if clear else None), size)

    return PictureEditor(manifest.name, Codec(size, behind, encode, small), fit, sample, draw, clear)


def usual_background(faces: Pixels) -> Colour:
    """Return the colour at the edges of most faces (N, S, S, 3)."""
    edges = np.concatenate([edge_colours(Image.fromarray(face)) for face in faces])
    red, green, blue = (int(level) for level in np.median(edges, axis=0))
    return red, green, blue


def checked_box(box: Sequence[float], view: View) -> tuple[float, float, float, float]:
    """Return left, top, width and height. Raises `InputError` for what is no box in the picture."""
    try:
        left, top, width, height = box
    except (TypeError, ValueError):
        raise InputError(f"box must be four numbers, left, top, width and height in pixels, not {box!r}") from None
    most = float(max(view.picture.size))
    left, top = (real(f"{what} of box", value, -most, 2 * most) for what, value in (("left", left), ("top", top)))
    width, height = (real(f"{what} of box", v, 1, 4 * most) for what, v in (("width", width), ("height", height)))
    if left >= view.picture.width or top >= view.picture.height or left + width <= 0 or top + height <= 0:
        raise InputError(f"box lies outside the picture, which has {view.picture.width} x {view.picture.height} pixels")
    return left, top, width, height

"""The part of `CheerMeUp` that takes pictures of one's own.

What it needs is imported inside, because most programs edit no pictures, and each start would pay 10 ms for it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tlgan_runtime.animation.layout import Pixels
from tlgan_runtime.bundle.manifest import Manifest
from tlgan_runtime.errors import BundleNotFoundError
from tlgan_runtime.latent.vocabulary import Mix
from tlgan_runtime.transparency import Colour, averaged, colour
from tlgan_runtime.validation import flag

if TYPE_CHECKING:
    from tlgan_runtime.pictures.editor import PictureEditor
    from tlgan_runtime.pictures.inversion import Inversion

Latents = NDArray[np.float32]


class OwnPictures(ABC):
    """Finds and edits faces in pictures, by what a bundle encodes, moves and draws."""

    @property
    @abstractmethod
    def manifest(self) -> Manifest: ...

    @property
    @abstractmethod
    def path(self) -> Path: ...

    @abstractmethod
    def sample(self, n: int, seed: int = 0) -> Latents: ...

    @abstractmethod
    def encode(self, images: ArrayLike) -> Latents: ...

    @abstractmethod
    def move(
        self,
        z: ArrayLike,
        strengths: Mix,
        method: str | None = None,
        *,
        until: float | None = None,
        keep: Sequence[str] = (),
    ) -> Latents: ...

    @abstractmethod
    def _drawn(self, latents: Latents, behind: Colour | None) -> Pixels: ...

    def invert(self, picture: Any, *, box: Sequence[float] | None = None, refine: bool = False) -> Inversion:
        """Find the face in a picture, and the latent that draws it.

        `picture` is a path, the bytes of a picture file, a Pillow image, or uint8 (H, W, 3) or (H, W, 4) with straight
        alpha. The face is looked for in the whole picture, and where the character stands out from a transparent or
        plain background; or near `box`, left, top, width and height in pixels. `refine` looks for a latent that draws
        the face better, which takes as long as drawing `latent_dim` faces.

        Raises `InputError` for what is no picture, and `BundleNotFoundError` if the bundle has no encoder.
        """
        from tlgan_runtime.pictures.view import view_of

        return self._pictures.find(view_of(picture), box, exactly=flag("refine", refine))

    def edit_picture(
        self,
        picture: Any,
        strengths: Mix,
        method: str | None = None,
        *,
        until: float | None = None,
        keep: Sequence[str] = (),
        box: Sequence[float] | None = None,
        refine: bool = False,
        force: bool = False,
        found: Inversion | None = None,
    ) -> Pixels:
        """The picture with another expression: uint8 (H, W, C), its own size and channels.

        `picture`, `box` and `refine` are those of `invert`; `strengths`, `method`, `until` and `keep` those of `move`.
        Where the drawn face does not change, the picture keeps its pixels bit for bit. `found` is what
        `invert` returned for this picture, so that several edits of it look for the face once.

        Raises as both do, and `InputError` for a picture that hardly fits the bundle (`Inversion.fit`), unless `force`.
        """
        from tlgan_runtime.pictures.view import view_of

        view = view_of(picture)
        if found is None:
            found = self._pictures.find(view, box, exactly=flag("refine", refine))
        if not flag("force", force):
            self._pictures.check_fit(found)
        moved = self.move(found.z, strengths, method, until=until, keep=keep)
        return view.returned(self._pictures.edited(view, found, moved))

    def edit_frames(
        self,
        frames: Iterable[Any],
        strengths: Mix,
        method: str | None = None,
        *,
        until: float | None = None,
        keep: Sequence[str] = (),
        box: Sequence[float] | None = None,
        force: bool = False,
    ) -> Iterator[Pixels]:
        """The frames of an animation with another expression, one by one, uint8 (H, W, C).

        Arguments are those of `edit_picture`; `box` is that of the first frame. The face stays where it was found.
        Frames without the face stay as they are, unless `force`. Moves are averaged over time, so that nothing
        flickers. Arguments are checked at the call; frames are edited as they are taken. Raises `InputError` after the
        last frame if no frame showed the face.
        """
        from tlgan_runtime.pictures.frames import edited_frames

        pictures, force = self._pictures, flag("force", force)

        def moved(z: Latents) -> Latents:
            return self.move(z, strengths, method, until=until, keep=keep)

        moved(np.zeros((1, self.manifest.latent_dim), np.float32))  # checks the arguments
        return edited_frames(pictures, frames, moved, box, force=force)

    @cached_property
    def _pictures(self) -> PictureEditor:
        from tlgan_runtime.pictures.editor import USUAL_FACES, PictureEditor, usual_background
        from tlgan_runtime.pictures.inversion import Codec

        fit = self.manifest.fit
        if fit is None or "encoder" not in self.manifest.roles:
            raise no_encoder(self.path)
        clear, size = self.manifest.channels == 4, self.manifest.read_size
        behind = (
            colour("background", self.manifest.background)
            if clear
            else usual_background(self._drawn(self.sample(USUAL_FACES), None))
        )

        def small(z: Latents) -> Pixels:
            return averaged(self._drawn(z, behind if clear else None), size)

        codec = Codec(size, behind, self.encode, small)
        return PictureEditor(self.manifest.name, codec, fit, self.sample, self._drawn, clear)


def no_encoder(bundle: Path) -> BundleNotFoundError:
    """Return the error for a bundle that cannot find faces in pictures."""
    return BundleNotFoundError(
        f"the bundle {bundle} has no encoder, which finds faces in pictures; add one with `tlgan-train encoder`, or "
        "take another bundle"
    )

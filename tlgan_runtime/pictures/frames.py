"""Edits the frames of an animation one by one, without flicker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from tlgan_runtime.animation.layout import Pixels
from tlgan_runtime.errors import InputError
from tlgan_runtime.pictures.editor import LEAST_FIT, PictureEditor
from tlgan_runtime.pictures.inversion import Inversion, Latents
from tlgan_runtime.pictures.view import view_of

STEADY = 0.8
"""How much of the last frame's move the next frame keeps. Moves differ a little from frame to frame, which flickers."""


def edited_frames(
    editor: PictureEditor,
    frames: Iterable[Any],
    moved: Callable[[Latents], Latents],
    box: Sequence[float] | None = None,
    *,
    force: bool = False,
) -> Iterator[Pixels]:
    """Yield each frame with the move that `moved` makes of a latent (1, latent_dim).

    The face is looked for in the first frame, and again after frames in which it was not found. Frames without it stay
    as they are. The move is averaged over time. Raises `InputError` after the last frame if the face was in none.
    """
    found: Inversion | None = None
    way: Latents | None = None
    seen = False
    for frame in frames:
        view = view_of(frame)
        found = editor.find(view, box) if found is None else editor.follow(view, found)
        if found.fit < LEAST_FIT and not force:
            found = way = None
            yield view.returned(np.asarray(view.picture))
            continue
        seen, now = True, moved(found.z) - found.z
        way = now if way is None else STEADY * way + (1 - STEADY) * now
        yield view.returned(editor.edited(view, found, (found.z + way).astype(np.float32)))
    if not seen:
        raise InputError(
            f"no frame shows a face that {editor.name} can draw; name its place with box, or edit all frames with force"
        )

"""The operations of the API: for each, its options, what it takes and what it gives."""

from __future__ import annotations

from typing import NamedTuple

from tlgan_runtime.animation.options import AnimationOptions
from tlgan_runtime.option import Options
from tlgan_runtime.server.options import EditOptions, InvertOptions, MoveOptions, ReadOptions, RenderOptions

JSON, PNG, WEBP = "application/json", "image/png", "image/webp"
ANIMATIONS = {
    "image/gif": ".gif", WEBP: ".webp", "image/apng": ".png", "video/mp4": ".mp4", "video/webm": ".webm",
}  # fmt: skip
"""Suffix by media type. Videos need ffmpeg."""


class Operation(NamedTuple):
    """A route that is drawn for, below /v1/."""

    about: str
    """One line for the description of the API."""
    options: type[Options]
    gives: tuple[str, ...]
    """Media types of the answer. The first one is given where the request does not choose."""
    of_picture: bool = False
    """Whether the body is a picture. Options are in the query then, and in a JSON body otherwise."""
    quick: bool = False
    """Whether it takes milliseconds, so that it must not wait behind animations."""
    finds: bool = False
    """Whether it finds faces, for which the bundle needs an encoder."""


OPERATIONS = {
    "render": Operation("Draw faces, as they are or moved.", RenderOptions, (PNG, WEBP, JSON), quick=True),
    "move": Operation("Move latents.", MoveOptions, (JSON,), quick=True),
    "animate": Operation("Animate faces on their way to an emotion.", AnimationOptions, tuple(ANIMATIONS)),
    "edit": Operation(
        "Change the expression of the face in a picture.", EditOptions, (PNG, WEBP, JSON), of_picture=True, finds=True
    ),
    "invert": Operation(
        "Find the face in a picture, and its latent.", InvertOptions, (JSON,), of_picture=True, finds=True
    ),
    "read": Operation("Say what the classifier reads in a face.", ReadOptions, (JSON,), of_picture=True, quick=True),
}
"""By the last part of the path, which is also the name of the method that does it."""

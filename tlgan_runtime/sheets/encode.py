"""Pictures and animations as files that keep a program's limits: they are encoded again until they do."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image

from tlgan_runtime.animation.layout import Pixels, enlarge
from tlgan_runtime.animation.write import Animation, write_animation
from tlgan_runtime.errors import InputError
from tlgan_runtime.sheets.targets import Format

_COLOURS = (256, 128, 64, 32, 16)
_QUALITIES = (95, 90, 80, 70, 55, 40, 25, 10)
_FEWER = (1.0, 0.75, 0.55, 0.4, 0.3, 0.2)
"""Shares of the frames of a walk that are tried in turn."""
HOLD = 0.3
"""Seconds that the first and the last frame of an animation stay."""


def still(picture: Pixels, form: Format) -> bytes:
    """Return one face, uint8 (h, w, C), as a file of the form's size that is not too large.

    The first try loses nothing; the others have fewer colours (.png) or a lower quality (.webp).
    """
    image = Image.fromarray(enlarge(picture, form.size))
    for attempt in _stills(image, form.suffix):
        if form.most_bytes is None or len(attempt) <= form.most_bytes:
            return attempt
    raise _too_large(form)


def animated(path: Path, frames: Callable[[int], Iterator[Pixels]], form: Format, matte: str) -> Animation:
    """Write a walk as an animation that goes forth and back, with as many of its frames as the limits allow.

    `frames` gives the frames of a walk of so many steps, uint8 (1, h, w, C) each.
    """
    for share in _FEWER:
        steps = max(2, round(share * form.steps))
        most = form.most_frames
        if most is not None and 2 * steps - 2 > most:
            continue
        written = write_animation(
            path, frames(steps), fps=form.fps * steps / form.steps, size=form.size, hold=HOLD, matte=matte
        )
        fits = form.most_bytes is None or written.bytes <= form.most_bytes
        if fits and (form.most_seconds is None or written.duration <= form.most_seconds):
            return written
    raise _too_large(form)


def _stills(image: Image.Image, suffix: str) -> Iterator[bytes]:
    if suffix == ".webp":
        yield _saved(image, format="WEBP", lossless=True, method=4)
        for quality in _QUALITIES:
            yield _saved(image, format="WEBP", quality=quality, method=4)
    else:
        yield _saved(image, format="PNG")
        for count in _COLOURS:
            fewer = image.quantize(count, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
            yield _saved(fewer, format="PNG", optimize=True)


def _saved(image: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, **options)  # type: ignore[arg-type]
    return stream.getvalue()


def _too_large(form: Format) -> InputError:
    assert form.most_bytes is not None
    return InputError(
        f"no {form.suffix} of {form.size} pixels gets below {form.most_bytes // 1024} KiB; choose another face (--seed)"
    )

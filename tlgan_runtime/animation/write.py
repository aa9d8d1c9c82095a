"""Write frames as GIF, WebP, APNG or video, with timing, loops and captions."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tlgan_runtime.animation import video
from tlgan_runtime.animation.caption import COLOURS, Caption
from tlgan_runtime.animation.gif import shared_palette, write_gif
from tlgan_runtime.animation.layout import (
    MAX_CANVAS_SIDE,
    MAX_COLUMNS,
    STILL_FORMATS,
    Pixels,
    canvas,
    check_transparency,
    tile,
)
from tlgan_runtime.animation.options import MAX_FPS, AnimationOptions, check_repeat
from tlgan_runtime.errors import InputError
from tlgan_runtime.files import filling, replacing
from tlgan_runtime.messages import shown
from tlgan_runtime.transparency import Colour, colour
from tlgan_runtime.validation import array, file_path, output_path, real, whole
from tlgan_runtime.workers import MAX_THREADS, Workers

MAX_WAIT = 500.0
"""Largest number of seconds between two pictures. A GIF has room for 655.35, which must include the hold."""

_NUMBER = re.compile(r"%(?:0\d)?d")
_TICKS = 100  # per second. GIF delays are whole hundredths; other formats use them, too, so that all play alike


@dataclass(frozen=True)
class Animation:
    """Facts about a written animation. WebP and PNG merge equal pictures in a row, so a player may count fewer."""

    path: Path
    """The file, or the name with a number that stands for several."""
    frames: int
    """Number of pictures in one pass of the loop."""
    duration: float
    """Exact duration of one pass in seconds."""
    fps: float
    """Pictures per second, between the holds."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    bytes: int
    """Size of the file, or of all files."""


@dataclass(frozen=True)
class _Reel:
    """Distinct pictures, with the order and the delays in which a player shows them."""

    pictures: Sequence[Pixels]
    """(N, h, w, C) each: small faces. They are enlarged when a writer needs them."""
    captions: Sequence[Caption]
    """One for each picture, or none at all."""
    size: int | None
    """Side of each face in pixels; None if there is one picture of any shape, which keeps its size."""
    columns: int | None
    order: Sequence[int]
    delays: Sequence[int]
    """Ticks for each entry of `order`."""
    plays: int
    """Number of passes; 0 is endless."""
    matte: Colour
    threads: int

    def large(self, workers: Workers) -> Iterator[Pixels]:
        """Yield the distinct pictures, tiled and enlarged. Each worker handles one at a time."""
        return workers.ordered(self.picture, range(len(self.pictures)))

    def picture(self, index: int) -> Pixels:
        if self.size is None:
            (picture,) = self.pictures[index]
            return np.asarray(picture)
        bands = self.captions[index].draw(self.size) if self.captions else None
        return tile(self.pictures[index], self.size, self.columns, bands)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        if self.size is None:
            height, width = self.pictures[0].shape[1:3]
            return height, width
        band = self.captions[0].height(self.size) if self.captions else 0
        return canvas(len(self.pictures[0]), self.size, self.columns, band)

    @property
    def milliseconds(self) -> list[int]:
        return [delay * 1000 // _TICKS for delay in self.delays]


def write_animation(
    path: str | Path,
    frames: Iterable[Pixels],
    *,
    fps: float = AnimationOptions.fps,
    size: int | None = AnimationOptions.size,
    loop: str = "forth-and-back",
    hold: float = 0.5,
    repeat: int | None = None,
    seconds: Sequence[float] | None = None,
    columns: int | None = None,
    caption: Callable[[int, Pixels], Caption] | None = None,
    matte: str | Sequence[int] = AnimationOptions.matte,
    threads: int = 1,
) -> Animation:
    """Write `frames`, uint8 (N, H, W, C) each, as an animation of N tiled faces, each `size` pixels wide and high.
    With `size` None, N is 1, and frames keep their own size, which need not be square.

    The suffix of `path` chooses the format: .gif, .webp, .png (animated), .mp4 or .webm; `-` writes a GIF to standard
    output.
    A name with a number in it, such as `joy_%03d.png`, stands for a file for each frame, from 1 on: .png, .webp or .jpg
    without times.

    `loop` is `forth-and-back` (back over the same pictures), `forth` (from the start again) or `once`. The first two
    are endless, or play `repeat` passes. A video holds all its passes, one if `repeat` is None. The first and the last
    picture stay `hold` seconds longer. `seconds` gives the time from each frame to the next, instead of 1 / `fps`. All
    times are exact to a hundredth of a second, because rounding errors do not add up.

    C is 3, or 4 for RGBA with straight alpha. A GIF has only clear and solid pixels: those with an alpha of half or
    more are solid, and soft edges have the colour `matte` under them. A .jpg or .mp4 cannot hold such frames.

    With `columns` None the layout is nearly square. `caption` is called with the number and the pixels of each frame as
    it arrives. `threads` enlarge and compress; their number does not change the file.

    Memory holds the small frames and, in addition, the compressed way back and two pictures for GIF, one picture for
    videos, and all enlarged pictures for WebP and APNG. The file appears under its name when it is complete. Raises
    `InputError`, `OutputError`, or `MissingLibraryError` if the encoder for videos is missing.
    """
    target = animation_path(path)
    numbered = is_numbered(target)
    write = _write_numbered if numbered else _WRITERS[target.suffix.lower() or ".gif"]
    fps, size = AnimationOptions.check("fps", fps), None if size is None else AnimationOptions.check("size", size)
    loop, hold = AnimationOptions.require("loop", loop), AnimationOptions.require("hold", hold)
    repeat, under = AnimationOptions.check("repeat", repeat), colour("matte", matte)
    check_repeat(loop, repeat)
    columns = None if columns is None else whole("columns", columns, 1, MAX_COLUMNS)
    threads = whole("threads", threads, 1, MAX_THREADS)
    waits = None if seconds is None else _waits(seconds)
    real_fps = min(fps, float(MAX_FPS))
    if fps > MAX_FPS:
        warnings.warn(
            f"{fps:g} pictures per second are more than players show (they slow down delays under 20 ms); "
            f"the real rate is {MAX_FPS}",
            UserWarning,
            stacklevel=2,
        )
    with filling(target.parent) if numbered else replacing(target) as temporary:
        pictures: list[Pixels] = []
        captions: list[Caption] = []
        for index, picture in enumerate(_checked(frames)):
            if index == 0:
                if picture.shape[-1] == 4:
                    check_transparency(target)
                if size is None:
                    check_own_size(picture, caption is not None)
            pictures.append(picture)
            if caption is not None:
                captions.append(caption(index, picture))
        if not pictures:
            raise InputError("there are no frames to write; give at least one")
        waits = [1 / real_fps] * len(pictures) if waits is None else waits
        if len(waits) != len(pictures):
            raise InputError(f"seconds must hold one number for each frame: {len(waits)} for {len(pictures)} frames")
        order, delays = _schedule(waits, loop, hold)
        plays = 1 if loop == "once" else repeat or 0
        reel = _Reel(pictures, captions, size, columns, order, delays, plays, under, threads)
        height, width = reel.shape
        shown, duration = write(temporary / target.name if numbered else temporary, reel, real_fps)
        written = sum(path.stat().st_size for path in (temporary.iterdir() if numbered else [temporary]))
    return Animation(target, shown, duration, real_fps, width, height, written)


def animation_path(path: str | PathLike[str]) -> Path:
    """Return the path of an animation. Raises `InputError` for a suffix that is of no format."""
    target = output_path(path)
    return target if is_numbered(target) else file_path(target, FORMATS)


def check_own_size(frame: Pixels, captioned: bool) -> None:
    """Raise `InputError` for a frame (N, H, W, C) that cannot keep its own size."""
    if len(frame) != 1 or captioned:
        raise InputError("only a single picture without a caption keeps its own size; give size a number of pixels")
    if max(frame.shape[1:3]) > MAX_CANVAS_SIDE:
        raise InputError(f"{max(frame.shape[1:3])} pixels are more than the {MAX_CANVAS_SIDE} of an animation")


def is_numbered(path: Path) -> bool:
    """Return whether a name such as `joy_%03d.png` stands for a file for each frame."""
    return path.suffix.lower() in STILL_FORMATS and len(_NUMBER.findall(path.name)) == 1


def _waits(seconds: Sequence[float]) -> list[float]:
    if not isinstance(seconds, Iterable):
        raise InputError(f"seconds must be a list of numbers, one for each frame, not {shown(seconds)}")
    return [real("seconds to the next frame", wait, 0, MAX_WAIT) for wait in seconds]


def _checked(frames: Iterable[Pixels]) -> Iterator[Pixels]:
    shape: tuple[int, ...] | None = None
    if not isinstance(frames, Iterable):
        raise InputError(f"frames must be a list or an iterator of arrays, not {shown(frames)}")
    for frame in frames:
        picture = array("a frame", frame)
        if picture.dtype != np.uint8 or picture.ndim != 4 or picture.shape[-1] not in (3, 4) or 0 in picture.shape:
            raise InputError(f"a frame must be uint8 (N, H, W, 3) or (N, H, W, 4), not {picture.dtype} {picture.shape}")
        if shape is not None and picture.shape != shape:
            raise InputError(f"all frames must have one shape; there are {shape} and {picture.shape}")
        shape = picture.shape
        yield picture


def _schedule(waits: Sequence[float], loop: str, hold: float) -> tuple[list[int], list[int]]:
    """Return the order of the pictures and the ticks of each, for `waits` in seconds between them on the way forth.

    Between two pictures, the way back takes as long as the way forth.
    """
    last = len(waits) - 1
    forth = list(range(last + 1))
    order, seconds = forth, list(waits)
    if loop == "forth-and-back" and last:
        order = forth + forth[-2:0:-1]
        seconds = [*waits[:-1], *reversed(waits[:-1])]
    seconds = [wait + (hold if index in (0, last) else 0) for wait, index in zip(seconds, order, strict=True)]
    # Whole ticks whose running sums are the rounded running sums of the seconds.
    ends = np.round(np.cumsum(seconds) * _TICKS).astype(int)
    return order, [int(tick) for tick in np.diff(ends, prepend=0)]


def _write_gif(path: Path, reel: _Reel, fps: float) -> tuple[int, float]:
    palette = shared_palette(reel.pictures, COLOURS if reel.captions else (), reel.matte)
    back = len(reel.order) > len(reel.pictures)
    with Workers(reel.threads) as workers:
        write_gif(
            path, reel.large(workers), palette, reel.delays, reel.matte, back=back, plays=reel.plays, workers=workers
        )
    return len(reel.order), sum(reel.delays) / _TICKS


def _write_numbered(path: Path, reel: _Reel, fps: float) -> tuple[int, float]:
    (form,) = _NUMBER.findall(path.name)
    with Workers(reel.threads) as workers:
        for number, picture in enumerate(reel.large(workers), start=1):
            name = path.name.replace(form, form % number)
            Image.fromarray(picture).save(path.with_name(name), **STILL_FORMATS[path.suffix.lower()])
    return len(reel.pictures), sum(reel.delays[: len(reel.pictures)]) / _TICKS


def _write_webp(path: Path, reel: _Reel, fps: float) -> tuple[int, float]:
    return _save(path, "WEBP", _images(reel), reel, quality=90, method=4)


def _write_apng(path: Path, reel: _Reel, fps: float) -> tuple[int, float]:
    return _save(path, "PNG", _images(reel), reel)


def _images(reel: _Reel) -> list[Image.Image]:
    with Workers(reel.threads) as workers:
        return [Image.fromarray(picture) for picture in reel.large(workers)]


def _save(path: Path, kind: str, images: Sequence[Image.Image], reel: _Reel, **options: Any) -> tuple[int, float]:
    first, *rest = (images[index] for index in reel.order)
    first.save(path, kind, save_all=True, append_images=rest, duration=reel.milliseconds, loop=reel.plays, **options)
    return len(reel.order), sum(reel.delays) / _TICKS


def _write_video(path: Path, reel: _Reel, fps: float) -> tuple[int, float]:
    # Rounded over all passes together, so that the file is at most half a picture too long or too short.
    plays = max(1, reel.plays)
    video.check_length(plays * sum(reel.delays) / _TICKS * fps)
    order, delays = list(reel.order) * plays, list(reel.delays) * plays
    ends = np.floor(np.cumsum(delays) / _TICKS * fps + 0.5).astype(int).tolist()
    channels = reel.pictures[0].shape[-1]
    video.write_video(path, reel.picture, (*reel.shape, channels), ends, order, fps)
    return ends[-1], ends[-1] / fps


_WRITERS = {".gif": _write_gif, ".webp": _write_webp, ".png": _write_apng} | dict.fromkeys(video.FORMATS, _write_video)
FORMATS = tuple(_WRITERS)
"""Suffixes of animation files."""

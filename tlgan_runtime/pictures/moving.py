"""Reads animations and videos frame by frame, with their times and their sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tlgan_runtime.animation.layout import Pixels
from tlgan_runtime.animation.video import ffmpeg_for
from tlgan_runtime.errors import InputError
from tlgan_runtime.pictures.decode import MAX_PIXELS, UnusablePictureError, opened, see_through

VIDEOS = (".mp4", ".webm", ".mov", ".mkv", ".avi", ".m4v")
"""Suffixes of videos."""
MAX_FRAME_PIXELS = 512 * 2**20
"""Largest number of pixels in all frames of an animation that is no video, because all of them are in memory."""
UNTIMED = 0.1
"""Seconds of a frame without a time, as players show it."""


@dataclass(frozen=True)
class Moving:
    """An animation or a video that is read frame by frame."""

    path: Path
    count: int
    """Number of frames; of a video, about."""
    seconds: tuple[float, ...] | None
    """Time of each frame; None in a video, whose frames are at even distances."""
    fps: float
    """Frames per second of a video, or 1 over the mean time of a frame."""
    plays: int
    """Passes that a player shows; 0 is endless."""
    clear: bool
    """Whether parts of frames are transparent."""
    sound: bool

    def frames(self) -> Iterator[Pixels]:
        """Yield the frames, uint8 (H, W, 3), or (H, W, 4) where parts are transparent."""
        return _pillow_frames(self) if self.seconds is not None else _video_frames(self.path)


def is_moving(path: Path) -> bool:
    """Return whether a file is a video, or an animation of several frames."""
    if path.suffix.lower() in VIDEOS:
        return True
    try:
        with opened(path) as image:
            return int(getattr(image, "n_frames", 1)) > 1
    except UnusablePictureError as error:
        raise InputError(f"cannot use {path}: {error}") from None


def read_moving(path: Path) -> Moving:
    """Return an animation or a video. Raises `InputError` for unusable files."""
    if path.suffix.lower() in VIDEOS:
        facts = _video_facts(path)
        return Moving(path, facts[1], None, facts[0], 1, clear=False, sound=facts[2])
    try:
        with opened(path) as image:
            count, size = int(getattr(image, "n_frames", 1)), image.width * image.height
            if count * size > MAX_FRAME_PIXELS:
                raise InputError(
                    f"{path} has {count * size / 1e6:.0f} megapixels in all frames; an animation has at most "
                    f"{MAX_FRAME_PIXELS / 1e6:.0f}: make it a video, or smaller"
                )
            seconds, clear = [], False
            for number in range(count):
                image.seek(number)
                image.load()  # only now the time of a WebP frame is known
                seconds.append(image.info.get("duration", 0) / 1000 or UNTIMED)
                clear = clear or see_through(image) is not None
            loops, gif = image.info.get("loop"), image.format == "GIF"
    except UnusablePictureError as error:
        raise InputError(f"cannot use {path}: {error}") from None
    # Of a GIF, the number says how often it plays again after the first pass; without it, the GIF plays once.
    plays = int(gif) if loops is None else loops + 1 if loops and gif else loops
    return Moving(path, count, tuple(seconds), count / sum(seconds), plays, clear=clear, sound=False)


def _pillow_frames(moving: Moving) -> Iterator[Pixels]:
    try:
        with opened(moving.path) as image:
            for number in range(moving.count):
                image.seek(number)
                yield np.asarray(image.convert("RGBA" if moving.clear else "RGB"))
    except UnusablePictureError as error:
        raise InputError(f"cannot use {moving.path}: {error}") from None


def _video_facts(path: Path) -> tuple[float, int, bool]:
    """Return frames per second, the number of frames, and whether there is sound."""
    reader = ffmpeg_for(path.suffix.lower()).read_frames(str(path))
    try:
        with closing(reader):
            facts = next(reader)
        fps, (width, height) = float(facts["fps"]), facts["size"]
    except (OSError, RuntimeError, KeyError, StopIteration, ValueError) as error:
        raise InputError(f"cannot use {path}: not a video that ffmpeg reads") from error
    if fps <= 0 or width * height > MAX_PIXELS:
        raise InputError(f"cannot use {path}: {width} x {height} pixels at {fps:g} frames per second")
    return fps, round(fps * float(facts.get("duration", 0))), bool(facts.get("audio_codec"))


def _video_frames(path: Path) -> Iterator[Pixels]:
    reader = ffmpeg_for(path.suffix.lower()).read_frames(str(path))
    with closing(reader):
        try:
            width, height = next(reader)["size"]
            for frame in reader:
                yield np.frombuffer(frame, np.uint8).reshape(height, width, 3)
        except (OSError, RuntimeError) as error:
            raise InputError(f"cannot use {path}: ffmpeg stopped before its end") from error

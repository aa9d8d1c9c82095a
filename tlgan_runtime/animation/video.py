"""MP4 and WebM files, which ffmpeg encodes. A file is complete, or writing it fails."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tlgan_runtime.animation.layout import WHITE, Pixels
from tlgan_runtime.errors import InputError, MissingLibraryError

MAX_PICTURES = 180_000
"""All passes together: an hour at 50 pictures a second. Other formats write one pass."""
UNFINISHED = "ffmpeg stopped before the file was complete; there may be too little space or memory"
_VP9 = (
    "-crf", "24", "-b:v", "0",
    "-auto-alt-ref", "0",  # alternate references and transparency exclude each other
    "-fflags", "+bitexact", "-flags", "+bitexact",  # else each file has a random number
)  # fmt: skip
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"


class _Codec(NamedTuple):
    name: str
    arguments: Sequence[str]
    whole: Callable[[Path], bool]
    """Whether a file is complete. If ffmpeg stops halfway (full disk, kill), imageio-ffmpeg reports nothing."""


def write_video(
    path: Path,
    picture: Callable[[int], Pixels],
    shape: tuple[int, int, int],
    ends: Sequence[int],
    order: Sequence[int],
    fps: float,
) -> None:
    """Write pictures at a constant rate, at which longer delays become repeated pictures.

    Args:
        picture: number of a picture → uint8 (h, w, C).
        shape: (h, w, C) of all pictures. RGBA needs `.webm`.
        ends: for each entry of `order`, how many pictures have been shown after it.
        order: numbers of the pictures.
        fps: pictures per second.

    Raises `MissingLibraryError` without ffmpeg, `OSError` if it stops early.
    """
    shown = 0
    with _encoded(path, shape, fps) as send:
        for index, end in zip(order, ends, strict=True):
            if end == shown:
                continue
            drawn = picture(index)
            for _ in range(end - shown):
                send(drawn)
            shown = end


def copy_video(path: Path, frames: Iterable[Pixels], fps: float, sound: Path | None) -> int:
    """Write frames, uint8 (h, w, 3) each, as they come, with the sound of another video.

    Returns the number of frames. Raises `InputError` if there are none, and as
    `write_video` does.
    """
    count, coming = 0, iter(frames)
    first = next(coming, None)
    if first is None:
        raise InputError("the video has no frames")
    with _encoded(path, first.shape, fps, sound) as send:
        for frame in chain([first], coming):
            send(frame)
            count += 1
    return count


@contextmanager
def _encoded(
    path: Path, shape: tuple[int, ...], fps: float, sound: Path | None = None
) -> Iterator[Callable[[Pixels], None]]:
    """Give the block a function that encodes a picture (h, w, C) as the next frame."""
    suffix = path.suffix.lower()
    ffmpeg, codec = ffmpeg_for(suffix), _CODECS[suffix]
    height, width, channels = shape[0] + shape[0] % 2, shape[1] + shape[1] % 2, shape[2]  # both formats halve colours
    copied = sound is not None and sound.suffix.lower() == suffix
    encoder = ffmpeg.write_frames(
        str(path), (width, height), fps=fps, codec=codec.name, macro_block_size=1, ffmpeg_log_level="quiet",
        pix_fmt_in="rgba" if channels == 4 else "rgb24", pix_fmt_out="yuva420p" if channels == 4 else "yuv420p",
        audio_path=None if sound is None else str(sound), audio_codec="copy" if copied else None,
        output_params=list(codec.arguments),
    )  # fmt: skip

    def send(drawn: Pixels) -> None:
        frame = np.full((height, width, channels), WHITE if channels == 3 else 0, np.uint8)
        frame[: drawn.shape[0], : drawn.shape[1]] = drawn
        encoder.send(frame)

    try:
        encoder.send(None)
        yield send
    except OSError as error:  # its text is the whole command line of ffmpeg
        raise OSError(UNFINISHED) from error
    finally:
        encoder.close()
    if not codec.whole(path):
        raise OSError(UNFINISHED)


def check_length(pictures: float) -> None:
    """Raise `InputError` for more pictures than a video may have."""
    if pictures > MAX_PICTURES:
        limit = f"{MAX_PICTURES:,} are the limit: take fewer passes, shorter times or a lower fps"
        raise InputError(f"a video holds every pass, which makes {pictures:,.0f} pictures here; {limit}")


def ffmpeg_for(suffix: str) -> Any:
    """Return the module `imageio_ffmpeg`. Raises `MissingLibraryError` without it, which names the suffix."""
    try:
        ffmpeg = import_module("imageio_ffmpeg")
        ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        message = f'{suffix} needs ffmpeg ({error}); pip install "cheermeup[video]", or write a .gif'
        raise MissingLibraryError(message) from error
    return ffmpeg


def _mp4_is_whole(path: Path) -> bool:
    """Return whether the boxes of the file fill it exactly and one of them is the index, which comes last."""
    size, start, names = path.stat().st_size, 0, []
    with path.open("rb") as file:
        while start + 8 <= size:
            file.seek(start)
            length, name = struct.unpack(">I4s", file.read(8))
            if length == 1:  # a box of more than 4 GiB
                (length,) = struct.unpack(">Q", file.read(8).ljust(8, b"\0"))
            if length < 8:
                break
            names.append(name)
            start += length
    return start == size and b"moov" in names


def _webm_is_whole(path: Path) -> bool:
    """Return whether the segment fills the file. Its length is written last, and means "unknown" until then."""
    head = path.read_bytes()[:128]
    if head[:4] != _EBML:
        return False
    start = head.find(_SEGMENT) + 4
    (length,) = struct.unpack(">Q", head[start : start + 8].ljust(8, b"\0"))
    return start > 4 and start + 8 + (length & (2**56 - 1)) == path.stat().st_size


_CODECS = {
    ".mp4": _Codec("libx264", ("-crf", "18"), _mp4_is_whole),
    ".webm": _Codec("libvpx-vp9", _VP9, _webm_is_whole),
}
FORMATS = tuple(_CODECS)
"""Suffixes of video files."""

"""Frames -> GIF, WebP, APNG or MP4: timing, loops, colours and writing, whatever the frames show."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tlgan_runtime.atomic import replacing
from tlgan_runtime.errors import InputError, MissingLibraryError, OutputError
from tlgan_runtime.picture import WHITE, Pixels, tile
from tlgan_runtime.validation import one_of, real

LOOPS = ("forth-and-back", "forth", "once")
MIN_FPS, MAX_FPS = 0.1, 50
"""Players replace delays under 20 ms by 100 ms, so nothing plays faster than this."""
MAX_HOLD = 60.0

_TICKS = 100  # a second: GIF delays are whole hundredths; the other formats keep to them so that all play alike
_PALETTE_FRAMES = 64  # one frame in five already gives the same palette, within 0.1 dB
_COLOURS = 255  # one of the 256 stays free: Pillow marks pixels that did not change with it


@dataclass(frozen=True)
class Animation:
    """What was written. A player may find fewer frames in the file: equal ones in a row are stored as one."""

    path: Path
    frames: int
    """Pictures shown in one pass of the loop."""
    duration: float
    """Seconds that one pass takes, exactly."""
    fps: float
    """Pictures a second, between the holds."""
    width: int
    height: int
    bytes: int


@dataclass(frozen=True)
class _Reel:
    """Distinct pictures with the order and the delays in which they are shown."""

    pictures: Sequence[Pixels]
    """(N, h, w, 3) each: small faces, drawn large only when a writer asks."""
    size: int
    order: Sequence[int]
    delays: Sequence[int]
    """Ticks for each entry of `order`."""
    endless: bool

    def large(self) -> Iterator[Pixels]:
        """The distinct pictures, tiled and enlarged one at a time."""
        return (tile(picture, self.size) for picture in self.pictures)

    @property
    def milliseconds(self) -> list[int]:
        return [delay * 1000 // _TICKS for delay in self.delays]


def write_animation(
    path: str | Path,
    frames: Iterable[Pixels],
    *,
    fps: float = 15,
    size: int = 256,
    loop: str = "forth-and-back",
    hold: float = 0.5,
) -> Animation:
    """Writes `frames`, uint8 (N, H, W, 3) each: N faces tiled near-square, every face `size` pixels wide and high.

    The suffix of `path` chooses the format: .gif, .webp, .png (animated) or .mp4. `loop` is `forth-and-back`
    (endless, back over the same pictures), `forth` (endless, from the start again) or `once`; an .mp4 holds one
    pass, in whole pictures. The first and the last picture stay `hold` seconds longer. The total duration is exact
    to the hundredth of a second: what rounding takes from one delay it gives to the next.

    Only the small frames are kept in memory, and beside them what the format's writer keeps: one byte a pixel
    for GIF, the enlarged pictures for WebP and APNG, one picture for MP4. The file appears under its name when it
    is complete. Raises `InputError`, `OutputError`, or `MissingLibraryError` where .mp4 lacks its encoder.
    """
    target = Path(path)
    write = writer_for(target)
    check_timing(fps, loop, hold)
    real_fps = float(min(fps, MAX_FPS))
    if fps > MAX_FPS:
        warnings.warn(
            f"{fps:g} pictures a second are more than players show (they slow down delays under 20 ms); "
            f"the real rate is {MAX_FPS}",
            UserWarning,
            stacklevel=2,
        )
    with replacing(target) as temporary:
        pictures = _check_frames(frames)
        order = _order(len(pictures), loop)
        ends = {0, len(pictures) - 1}
        seconds = [1 / real_fps + (hold if index in ends else 0) for index in order]
        reel = _Reel(pictures, size, order, _ticks(seconds), loop != "once")
        shown, duration = write(temporary, reel, real_fps)
        written = temporary.stat().st_size
    height, width = tile(pictures[0], size).shape[:2]
    return Animation(target, shown, duration, real_fps, width, height, written)


def writer_for(path: Path) -> Callable[[Path, _Reel, float], tuple[int, float]]:
    """The writer for a suffix; raises `InputError` that lists the formats."""
    try:
        return _WRITERS[path.suffix.lower()]
    except KeyError:
        raise InputError(f"cannot tell the format of {path}: end it with one of {', '.join(_WRITERS)}") from None


def check_timing(fps: float, loop: str, hold: float) -> None:
    """Raises `InputError` for a rate, a loop or a hold that `write_animation` refuses."""
    one_of("loop", loop, LOOPS)
    real("fps", fps, MIN_FPS, 1000)
    real("hold", hold, 0, MAX_HOLD)


def _check_frames(frames: Iterable[Pixels]) -> list[Pixels]:
    pictures: list[Pixels] = []
    for frame in frames:
        array = np.asarray(frame)
        if array.dtype != np.uint8 or array.ndim != 4 or array.shape[-1] != 3 or 0 in array.shape:
            raise InputError(f"a frame must be uint8 (N, H, W, 3), not {array.dtype} {array.shape}")
        if pictures and array.shape != pictures[0].shape:
            raise InputError(f"all frames must have one shape; there are {pictures[0].shape} and {array.shape}")
        pictures.append(array)
    if not pictures:
        raise InputError("there are no frames to write; give at least one")
    return pictures


def _order(count: int, loop: str) -> list[int]:
    forth = list(range(count))
    return forth + forth[-2:0:-1] if loop == "forth-and-back" else forth


def _ticks(seconds: Sequence[float]) -> list[int]:
    """Whole ticks whose running sums are the rounded running sums of `seconds`."""
    ends = np.round(np.cumsum(seconds) * _TICKS).astype(int)
    return [int(tick) for tick in np.diff(ends, prepend=0)]


def _palette(pictures: Sequence[Pixels]) -> Image.Image:
    """One palette for all frames, from small ones evenly spread over them, with pure white for the gaps.

    Measured on walks of 1 and 8 drawn 64 px faces, with and without noise, enlarged to 256 px: FASTOCTREE without
    dithering gives 38.8 to 41.4 dB and the least flicker; MEDIANCUT 36.1 to 42.0 dB and files a fifth to a half
    larger; dithering costs 1 dB and triples the flicker; a palette for each frame takes 25 to 30 times as long and
    doubles the flicker.
    """
    spread = pictures[:: math.ceil(len(pictures) / _PALETTE_FRAMES)]
    small = np.concatenate([picture.reshape(-1, picture.shape[2], 3) for picture in [*spread, pictures[-1]]])
    colours = Image.fromarray(small).quantize(_COLOURS - 1, method=Image.Quantize.FASTOCTREE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*colours[: 3 * (_COLOURS - 1)], WHITE, WHITE, WHITE])
    return palette


def _write_gif(path: Path, reel: _Reel, fps: float) -> tuple[int, float]:
    palette = _palette(reel.pictures)
    indexed = [Image.fromarray(picture).quantize(palette=palette, dither=Image.Dither.NONE) for picture in reel.large()]
    # `optimize` stores unchanged pixels as the free colour: files of a third to a half of the size.
    return _save(path, "GIF", indexed, reel, optimize=True)


def _write_webp(path: Path, reel: _Reel, fps: float) -> tuple[int, float]:
    return _save(path, "WEBP", [Image.fromarray(picture) for picture in reel.large()], reel, quality=90, method=4)


def _write_apng(path: Path, reel: _Reel, fps: float) -> tuple[int, float]:
    return _save(path, "PNG", [Image.fromarray(picture) for picture in reel.large()], reel)


def _save(path: Path, kind: str, images: Sequence[Image.Image], reel: _Reel, **options: Any) -> tuple[int, float]:
    first, *rest = (images[index] for index in reel.order)
    # Pillow writes a GIF without a loop count when it is asked for none, and the other formats play once at 1.
    loop = {"loop": 0} if reel.endless else ({} if kind == "GIF" else {"loop": 1})
    first.save(path, kind, save_all=True, append_images=rest, duration=reel.milliseconds, **loop, **options)
    return len(reel.order), sum(reel.delays) / _TICKS


def _write_mp4(path: Path, reel: _Reel, fps: float) -> tuple[int, float]:
    """Constant rate: longer delays become repeated pictures."""
    try:
        ffmpeg = import_module("imageio_ffmpeg")
        ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        message = f'.mp4 needs ffmpeg ({error}); pip install "cheermeup[mp4]", or write a .gif'
        raise MissingLibraryError(message) from error
    height, width = (side + side % 2 for side in tile(reel.pictures[0], reel.size).shape[:2])  # yuv420p halves both
    encoder = ffmpeg.write_frames(
        str(path), (width, height), fps=fps, codec="libx264", macro_block_size=1, output_params=["-crf", "18"]
    )
    shown = 0
    try:
        encoder.send(None)
        for index, delay in zip(reel.order, reel.delays, strict=True):
            picture = tile(reel.pictures[index], reel.size)
            canvas = np.full((height, width, 3), WHITE, np.uint8)
            canvas[: picture.shape[0], : picture.shape[1]] = picture
            repeats = max(1, math.floor(delay / _TICKS * fps + 0.5))
            for _ in range(repeats):
                encoder.send(canvas)
            shown += repeats
    except OSError as error:
        raise OutputError(f"ffmpeg could not write {path.name}: {str(error).strip().splitlines()[0]}") from error
    finally:
        encoder.close()
    return shown, shown / fps


_WRITERS = {".gif": _write_gif, ".webp": _write_webp, ".png": _write_apng, ".mp4": _write_mp4}

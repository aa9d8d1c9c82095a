"""GIF files as they are written here: colours, what changes between pictures, memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from tlgan_runtime import InputError, write_animation
from tlgan_runtime.animation.layout import Pixels, tile

STEADY = 6  # levels by which a pixel may differ from the true colour before it is drawn again


def frames_of(path: Path) -> list[Pixels]:
    with Image.open(path) as image:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]


def few_colours(count: int, seed: int = 0) -> list[Pixels]:
    """Frames of random blocks in 60 colours and white, so that a palette holds all of them."""
    generator = np.random.default_rng(seed)
    colours = generator.integers(0, 9, (60, 3), dtype=np.uint8) * 31
    colours[0] = 255
    return [colours[generator.integers(0, 60, (2, 16, 16))] for _ in range(count)]


@pytest.mark.parametrize("loop", ["forth-and-back", "forth"])
def test_colours_that_fit_a_palette_come_back_exactly(tmp_path: Path, loop: str) -> None:
    frames = few_colours(5)
    write_animation(tmp_path / "a.gif", frames, size=16, loop=loop)
    order = [0, 1, 2, 3, 4, 3, 2, 1] if loop == "forth-and-back" else range(5)
    for shown, index in zip(frames_of(tmp_path / "a.gif"), order, strict=True):
        assert np.abs(shown.astype(int) - tile(frames[index], 16)).max() <= STEADY


def test_white_over_colour_is_drawn(tmp_path: Path) -> None:
    dark, white = (np.full((1, 16, 16, 3), level, np.uint8) for level in (30, 255))
    write_animation(tmp_path / "a.gif", [dark, white, dark], size=16, loop="forth")
    assert [int(frame[8, 8, 0]) for frame in frames_of(tmp_path / "a.gif")] == [30, 255, 30]


def test_a_slow_change_is_followed(tmp_path: Path) -> None:
    frames = [np.full((1, 16, 16, 3), level, np.uint8) for level in range(100, 160)]
    write_animation(tmp_path / "a.gif", frames, size=16, loop="forth")
    shown = [int(frame[8, 8, 0]) for frame in frames_of(tmp_path / "a.gif")]
    assert max(abs(level - true) for level, true in zip(shown, range(100, 160), strict=True)) <= STEADY + 4


def test_small_noise_is_not_drawn_again(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    still = generator.integers(60, 200, (1, 32, 32, 3), dtype=np.uint8)
    noisy = [still + generator.integers(0, 2, still.shape, dtype=np.uint8) for _ in range(10)]
    one = write_animation(tmp_path / "one.gif", noisy[:1], size=32).bytes
    ten = write_animation(tmp_path / "ten.gif", noisy, size=32, loop="forth").bytes
    assert ten < 4 * one


def test_every_picture_is_in_the_file_even_when_equal(tmp_path: Path) -> None:
    still = few_colours(1) * 4
    write_animation(tmp_path / "a.gif", still, fps=10, size=16, hold=0, loop="forth")
    assert len(frames_of(tmp_path / "a.gif")) == 4


@pytest.mark.parametrize(("suffix", "stored"), [(".gif", 2), (".webp", 3), (".png", 3)])
def test_repeat_is_the_number_of_passes(tmp_path: Path, suffix: str, stored: int) -> None:
    path = tmp_path / f"a{suffix}"
    write_animation(path, few_colours(3), size=16, repeat=3)
    with Image.open(path) as image:
        assert image.info["loop"] == stored  # a GIF counts repetitions after the first pass


def test_repeat_once_is_a_gif_without_a_loop(tmp_path: Path) -> None:
    write_animation(tmp_path / "a.gif", few_colours(3), size=16, repeat=1)
    with Image.open(tmp_path / "a.gif") as image:
        assert "loop" not in image.info


def test_an_mp4_holds_all_passes(tmp_path: Path) -> None:
    written = write_animation(tmp_path / "a.mp4", few_colours(3), fps=10, size=16, hold=0, repeat=3)
    assert (written.frames, written.duration) == (12, 1.2)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"repeat": 0}, "repeat must be a whole number from 1"),
        ({"repeat": 2, "loop": "once"}, "repeat has no effect"),
        ({"seconds": range(10**15)}, "seconds to the next frame must be a number from 0 to 500"),
        ({"seconds": [0.1]}, "one number for each frame: 1 for 3 frames"),
    ],
)
def test_bad_timing_is_named(tmp_path: Path, options: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        write_animation(tmp_path / "a.gif", few_colours(3), size=16, **options)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


MEASURE = """
import resource, sys
from pathlib import Path
import numpy as np
from tlgan_runtime import write_animation

def frames(count):
    return (np.full((1, 16, 16, 3), level % 250, np.uint8) for level in range(count))

def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

write_animation(Path(sys.argv[1]) / "a.gif", frames(4), size=1024)
before = peak_mib()
write_animation(Path(sys.argv[1]) / "b.gif", frames(40), size=1024)
print(peak_mib() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="getrusage counts in other units, or is not there")
def test_memory_does_not_grow_with_the_frames(tmp_path: Path) -> None:
    """Forty pictures of 1024 px are 40 MiB at one byte a pixel."""
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert float(run.stdout) < 12

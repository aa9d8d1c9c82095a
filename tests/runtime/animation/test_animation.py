"""Animations, read back from the file: time, loop, size, colours; and what is refused."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image, ImageSequence

from tests.animation_file import durations
from tlgan_runtime import Animation, CheerMeUp, InputError, MissingLibraryError, OutputError, write_animation
from tlgan_runtime.animation.layout import Pixels, tile

PALETTE_PSNR = 33.0  # decibel; a palette of 255 colours for all frames of the tiny bundle's walk reaches about 36


def pictures(path: Path) -> list[Pixels]:
    with Image.open(path) as image:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]


def psnr(one: Pixels, other: Pixels) -> float:
    error = np.mean((one.astype(np.float64) - other) ** 2)
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def ramp(count: int, faces: int = 1, side: int = 16) -> list[Pixels]:
    """Frames that all differ: grey from dark to light."""
    return [np.full((faces, side, side, 3), level, np.uint8) for level in np.linspace(20, 220, count).astype(np.uint8)]


def walk(editor: CheerMeUp, steps: int, faces: int) -> list[Pixels]:
    return list(editor.walk(editor.sample(faces, seed=1), "joy", steps))


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_frames_come_back_in_order_forth_and_back(editor: CheerMeUp, tmp_path: Path, suffix: str) -> None:
    frames = walk(editor, 5, faces=2)
    path = tmp_path / f"a{suffix}"
    written = write_animation(path, frames, size=64)
    shown = pictures(path)
    assert written == Animation(path, 8, written.duration, 15.0, 130, 64, path.stat().st_size)
    assert len(shown) == 8
    for index, picture in zip([0, 1, 2, 3, 4, 3, 2, 1], shown, strict=True):
        assert psnr(picture, tile(frames[index], 64)) > PALETTE_PSNR


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
@pytest.mark.parametrize("loop", ["forth-and-back", "forth", "once"])
@pytest.mark.parametrize(("fps", "hold"), [(15, 0.5), (30, 0), (7, 1.23), (49, 0.1)])
def test_total_duration_is_exact(tmp_path: Path, suffix: str, loop: str, fps: float, hold: float) -> None:
    path = tmp_path / f"a{suffix}"
    written = write_animation(path, ramp(13), fps=fps, hold=hold, loop=loop, size=16)
    shown = 24 if loop == "forth-and-back" else 13
    expected = round(100 * (shown / fps + 2 * hold)) / 100
    assert written.frames == shown and written.duration == expected
    assert sum(durations(path)) == round(1000 * expected)
    assert max(durations(path)) - min(durations(path)) <= 1000 * hold + 10


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_a_numbered_name_is_a_file_for_each_frame(editor: CheerMeUp, tmp_path: Path, suffix: str) -> None:
    frames = walk(editor, 4, faces=2)
    written = write_animation(tmp_path / f"a_%02d{suffix}", frames, size=32, fps=10, hold=0)
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == [f"a_0{number}{suffix}" for number in range(1, 5)]
    for path, frame in zip(files, frames, strict=True):
        np.testing.assert_array_equal(pictures(path), tile(frame, 32)[None])
    assert (written.path, written.frames, written.duration) == (tmp_path / f"a_%02d{suffix}", 4, 0.4)
    assert written.bytes == sum(path.stat().st_size for path in files)


def test_numbered_files_appear_together_or_not_at_all(tmp_path: Path) -> None:
    def frames() -> Iterator[Pixels]:
        yield from ramp(3)
        raise ValueError("the end of the disk")

    (tmp_path / "a_1.png").write_bytes(b"old")
    with pytest.raises(ValueError, match="the end of the disk"):
        write_animation(tmp_path / "a_%d.png", frames(), size=16)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a_1.png", b"old")]
    with pytest.raises(OutputError, match="there is no such folder"):
        write_animation(tmp_path / "nowhere" / "a_%d.png", ramp(3), size=16)
    with pytest.raises(InputError, match="cannot tell the format"):  # two numbers are no pattern
        write_animation(tmp_path / "a_%d_%d.jpg", ramp(3), size=16)


def test_rounding_is_spread_and_holds_are_at_the_ends(tmp_path: Path) -> None:
    write_animation(tmp_path / "a.gif", ramp(4), fps=30, hold=0.2, size=16)
    assert durations(tmp_path / "a.gif") == [230, 40, 30, 230, 40, 30]


@pytest.mark.parametrize(("suffix", "endless", "once"), [(".gif", 0, None), (".webp", 0, 1), (".png", 0, 1)])
def test_loop_count(tmp_path: Path, suffix: str, endless: int, once: int | None) -> None:
    for loop, expected in (("forth", endless), ("forth-and-back", endless), ("once", once)):
        path = tmp_path / f"{loop}{suffix}"
        write_animation(path, ramp(3), loop=loop, size=16)
        with Image.open(path) as image:
            assert image.info.get("loop") == expected


def test_a_gif_has_one_palette_white_gaps_and_true_colours(editor: CheerMeUp, tmp_path: Path) -> None:
    frames = walk(editor, 20, faces=8)
    path = tmp_path / "a.gif"
    write_animation(path, frames, size=64, loop="forth")
    with Image.open(path) as image:
        palettes = {tuple(frame.getpalette() or ()) for frame in ImageSequence.Iterator(image) if frame.mode == "P"}
    assert len(palettes) == 1
    shown = pictures(path)
    assert min(psnr(one, tile(frame, 64)) for one, frame in zip(shown, frames, strict=True)) > PALETTE_PSNR
    for picture in shown:
        assert (picture[:, 64:66] == 255).all() and (picture[64:66] == 255).all()


def test_what_stands_still_does_not_flicker(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), dtype=np.uint8)
    frames = [noise.copy() for _ in range(6)]
    for index, frame in enumerate(frames):
        frame[0, :4] = 40 * index
    write_animation(tmp_path / "a.gif", frames, size=16, loop="forth")
    shown = np.stack(pictures(tmp_path / "a.gif"))
    assert len(shown) == 6 and (shown[:, 4:] == shown[0, 4:]).all()


def test_equal_frames_keep_their_time(tmp_path: Path) -> None:
    frames = [ramp(2)[0]] * 5 + [ramp(2)[1]] * 5
    for suffix in (".gif", ".webp", ".png"):
        written = write_animation(tmp_path / f"a{suffix}", frames, fps=10, hold=0, loop="forth", size=16)
        assert written.duration == 1.0 and sum(durations(tmp_path / f"a{suffix}")) == 1000


def test_one_frame_is_an_animation_too(tmp_path: Path) -> None:
    written = write_animation(tmp_path / "a.gif", ramp(1), fps=10, hold=0.4, size=16)
    assert (written.frames, written.duration) == (1, 0.5)


def test_more_than_50_pictures_a_second_are_clamped_and_the_message_says_so(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="the real rate is 50") as caught:
        written = write_animation(tmp_path / "a.gif", ramp(6), fps=120, hold=0, size=16)
    assert len(caught) == 1 and written.fps == 50
    assert durations(tmp_path / "a.gif") == [20] * 10


def test_mp4_plays_as_long_as_it_says(editor: CheerMeUp, tmp_path: Path) -> None:
    frames = walk(editor, 6, faces=1)
    written = write_animation(tmp_path / "a.mp4", frames, fps=10, hold=0.5, size=65)
    reader = imageio_ffmpeg.read_frames(str(tmp_path / "a.mp4"))
    about = next(reader)
    shown = [np.frombuffer(frame, np.uint8).reshape(66, 66, 3) for frame in reader]
    assert about["fps"] == 10 and about["size"] == (66, 66)
    assert written.frames == len(shown) == 20 and written.duration == 2.0
    assert psnr(shown[0][:65, :65], tile(frames[0], 65)) > 25  # lossy, with half the colour resolution
    assert psnr(shown[10][:65, :65], tile(frames[-1], 65)) > 25


def test_mp4_without_its_encoder_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingLibraryError, match=r"cheermeup\[video\]") as caught:
        write_animation(tmp_path / "a.mp4", ramp(3), size=16)
    assert caught.value.exit_code == 4 and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"fps": 0}, "fps must be a number from 0.1 to 1000"),
        ({"fps": float("nan")}, "fps"),
        ({"fps": "15"}, "fps"),
        ({"hold": -1}, "hold must be a number from 0 to 60"),
        ({"hold": 1000}, "hold"),
        ({"size": 0}, "size must be a whole number from 16 to 2048"),
        ({"size": 100_000}, "size"),
        ({"size": 64.0}, "size"),
        ({"loop": "boomerang"}, "forth-and-back, forth, once"),
    ],
)
def test_bad_options_are_named_and_nothing_is_written(tmp_path: Path, options: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        write_animation(tmp_path / "a.gif", ramp(3), **options)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [np.zeros((1, 16, 16, 3))],
        [np.zeros((16, 16, 3), np.uint8)],
        [np.zeros((0, 16, 16, 3), np.uint8)],
        [np.zeros((1, 16, 16, 3), np.uint8), np.zeros((2, 16, 16, 3), np.uint8)],
    ],
)
def test_bad_frames_are_refused(tmp_path: Path, frames: list[Pixels]) -> None:
    with pytest.raises(InputError, match="frame"):
        write_animation(tmp_path / "a.gif", frames)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a", "a.jpg", "a.gif.txt"])
def test_an_unknown_suffix_lists_the_formats(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"\.gif, \.webp, \.png, \.mp4, \.webm"):
        write_animation(tmp_path / name, ramp(3))


def test_a_place_that_cannot_be_written_is_an_output_error_before_any_work(tmp_path: Path) -> None:
    def expensive() -> Iterator[Pixels]:
        taken.append(True)
        yield from ramp(3)

    taken: list[bool] = []
    with pytest.raises(OutputError, match="no folder"):
        write_animation(tmp_path / "nowhere" / "a.gif", expensive())
    (tmp_path / "folder.gif").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        write_animation(tmp_path / "folder.gif", expensive())
    assert taken == [] and issubclass(OutputError, OSError)


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    def interrupted() -> Iterator[Pixels]:
        yield ramp(2)[0]
        raise KeyboardInterrupt

    path = tmp_path / "a.gif"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        write_animation(path, interrupted())
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_gif_of_the_facade(editor: CheerMeUp, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    written = editor.gif(
        tmp_path / "joy.gif", "joy", 6, 3, 2, fps=10, size=32, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(done, 6) for done in range(1, 7)]
    assert (written.frames, written.duration, written.path) == (10, 2.0, tmp_path / "joy.gif")
    assert psnr(pictures(written.path)[0], tile(editor.render(editor.sample(3, 2)), 32)) > PALETTE_PSNR
    again = editor.gif(str(tmp_path / "again.gif"), {"joy": 1}, 6, 3, 2, fps=10, size=32)
    assert again.path.read_bytes() == written.path.read_bytes()

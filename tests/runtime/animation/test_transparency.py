"""Faces without a background: drawn on any colour or on none, and written without a halo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from tests.tiny_bundle import BEHIND, disc, draw, make_bundle
from tlgan_runtime import CheerMeUp, InputError, write_animation
from tlgan_runtime.animation.layout import Pixels, enlarge, tile
from tlgan_runtime.cli.commands import main
from tlgan_runtime.stills import save_edit, save_grid, save_sample
from tlgan_runtime.transparency import averaged, colour, over

SIZE = 32
COLOURS = [("black", (0, 0, 0)), ("#fff", (255, 255, 255)), ("#ff00aa", (255, 0, 170)), ((1, 2, 3), (1, 2, 3))]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("sprite") / "bundle", image_size=SIZE, sprite=True, reader_size=16)


@pytest.fixture(scope="module")
def app(bundle: Path) -> CheerMeUp:
    return CheerMeUp(bundle, provider="cpu")


def exact(pictures: Pixels, behind: tuple[int, int, int]) -> Pixels:
    """Straight alpha over a colour, in floating point."""
    alpha = pictures[..., 3:].astype(float) / 255
    return np.floor(alpha * pictures[..., :3] + (1 - alpha) * np.array(behind) + 0.5).astype(np.uint8)


def on(picture: Pixels, behind: tuple[int, int, int]) -> Pixels:
    """As a browser shows it."""
    canvas = Image.new("RGBA", picture.shape[1::-1], (*behind, 255))
    return np.asarray(Image.alpha_composite(canvas, Image.fromarray(picture)).convert("RGB"))


def test_faces_are_drawn_with_alpha_or_on_a_colour(app: CheerMeUp) -> None:
    z = app.sample(3)
    clear = app.render(z, background=None)
    assert clear.shape == (3, SIZE, SIZE, 4) and clear.dtype == np.uint8
    assert np.array_equal(clear[..., :3], draw(z, SIZE))
    assert all(np.array_equal(picture[..., 3], disc(SIZE)) for picture in clear)
    for given, levels in COLOURS:
        drawn = app.render(z, background=given)
        assert drawn.shape == (3, SIZE, SIZE, 3)
        assert np.abs(drawn.astype(int) - exact(clear, levels)).max() <= 1
        assert np.array_equal(drawn[:, 0, 0], [levels] * 3) and np.array_equal(drawn[:, 16, 16], clear[:, 16, 16, :3])
    assert np.array_equal(app.render(z), app.render(z, BEHIND))
    assert np.array_equal(app.render(z, "none"), clear)


def test_walks_and_timelines_have_the_background_that_was_asked_for(app: CheerMeUp) -> None:
    z = app.sample(2)
    for frames in (app.walk(z, "joy", 3, background=None), app.timeline(z, "joy, fear@1s", 2, background=None)):
        assert {frame.shape for frame in frames} == {(2, SIZE, SIZE, 4)}
    *_, last = app.walk(z, "joy", 3, background="white")
    assert np.array_equal(last, app.render(app.move(z, {"joy": 1.0}), "white"))


def test_the_classifier_reads_the_average_of_larger_faces(app: CheerMeUp) -> None:
    z = app.sample(4)
    images = app.render(z)
    small = averaged(images, 16)
    expected = images.reshape(4, 16, 2, 16, 2, 3).mean(axis=(2, 4))
    assert np.abs(small - expected).max() <= 0.5
    assert np.array_equal(app.classify(images).emotion, app.classify(small).emotion)
    assert app.classify(images).emotion.shape == (4, 7)
    with pytest.raises(InputError, match=r"\(N, 32, 32, 3\) or \(N, 16, 16, 3\), not uint8 \(4, 32, 32, 4\)"):
        app.classify(app.render(z, None))


@pytest.mark.parametrize("wrong", ["red-ish", "#12", "", (1, 2), (1, 2, 256), (1.5, 2, 3), 7, "#11223344"])
def test_what_is_no_colour_is_refused_with_one_that_is(app: CheerMeUp, wrong: object) -> None:
    with pytest.raises(InputError, match="background must be none or a colour such as white or #ffaa00"):
        app.render(app.sample(1), wrong)
    with pytest.raises(InputError, match="x must be a colour"):
        colour("x", wrong)


def test_faces_that_fill_their_pictures_have_no_other_background(tmp_path: Path) -> None:
    app = CheerMeUp(make_bundle(tmp_path / "bundle"), provider="cpu")
    z = app.sample(1)
    assert np.array_equal(app.render(z, "auto"), app.render(z))
    for background in (None, "none", "white"):
        with pytest.raises(InputError, match="fill their pictures"):
            app.render(z, background)
        with pytest.raises(InputError, match="fill their pictures"):
            app.walk(z, "joy", background=background)
        with pytest.raises(InputError, match="fill their pictures"):
            app.gif(tmp_path / "a.gif", background=background)
    assert list(tmp_path.iterdir()) == [tmp_path / "bundle"]


def test_enlarged_edges_have_no_halo_of_the_colours_of_clear_pixels() -> None:
    sprite = np.zeros((16, 16, 4), np.uint8)
    sprite[..., :3] = (255, 0, 255)  # behind the face, where nobody sees it
    sprite[4:12, 4:12] = (30, 160, 60, 255)
    large = enlarge(sprite, 128)
    for behind in ((0, 0, 0), (255, 255, 255), (255, 230, 0)):
        shown = on(large, behind).astype(int)
        low, high = (np.minimum, np.maximum)
        ends = np.array([behind, (30, 160, 60)])
        assert (shown >= low(*ends) - 2).all() and (shown <= high(*ends) + 2).all()


def moving(count: int = 5) -> list[Pixels]:
    """A solid square that moves over a clear ground, with a line of half alpha below it."""
    frames = np.zeros((count, 1, SIZE, SIZE, 4), np.uint8)
    for index, frame in enumerate(frames):
        frame[0, 8:16, 2 + 4 * index : 10 + 4 * index] = (200, 40, 40, 255)
        frame[0, 16, 2 + 4 * index : 10 + 4 * index] = (200, 40, 40, 127)
        frame[0, 17, 2 + 4 * index : 10 + 4 * index] = (200, 40, 40, 128)
    return list(frames)


def shown(path: Path) -> list[Pixels]:
    with Image.open(path) as image:
        return [np.asarray(frame.convert("RGBA")) for frame in ImageSequence.Iterator(image)]


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_soft_alpha_comes_back(tmp_path: Path, suffix: str) -> None:
    frames = moving()
    write_animation(tmp_path / f"a{suffix}", frames, size=SIZE, loop="forth-and-back")
    found = shown(tmp_path / f"a{suffix}")
    assert len(found) == 8
    for picture, index in zip(found, [0, 1, 2, 3, 4, 3, 2, 1], strict=True):
        assert np.array_equal(picture[..., 3], frames[index][0, ..., 3])


def test_a_webm_keeps_soft_alpha(tmp_path: Path) -> None:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    written = write_animation(tmp_path / "a.webm", moving(), size=SIZE, fps=10, hold=0)
    decoder = ["-c:v", "libvpx-vp9"]  # ffmpeg's own decoder leaves alpha out
    reader = imageio_ffmpeg.read_frames(
        str(tmp_path / "a.webm"), pix_fmt="rgba", bits_per_pixel=32, input_params=decoder
    )
    facts = next(reader)
    found = [np.frombuffer(frame, np.uint8).reshape(SIZE, SIZE, 4) for frame in reader]
    assert len(found) == written.frames == 8 and facts["codec"] == "vp9" and facts["fps"] == 10
    for picture, index in zip(found, [0, 1, 2, 3, 4, 3, 2, 1], strict=True):
        alpha = moving()[index][0, ..., 3].astype(int)
        assert np.abs(picture[..., 3] - alpha).mean() < 4
        assert np.abs(picture[12, 4 + 4 * index, :3].astype(int) - (200, 40, 40)).max() < 16


@pytest.mark.parametrize("loop", ["forth-and-back", "forth", "once"])
def test_pixels_of_a_gif_are_clear_or_solid_in_every_frame(tmp_path: Path, loop: str) -> None:
    frames = moving()
    write_animation(tmp_path / "a.gif", frames, size=SIZE, loop=loop, matte="#000000")
    order = [0, 1, 2, 3, 4, 3, 2, 1] if loop == "forth-and-back" else list(range(5))
    found = shown(tmp_path / "a.gif")
    assert len(found) == len(order)
    for picture, index in zip(found, order, strict=True):
        assert np.array_equal(picture[..., 3], np.where(frames[index][0, ..., 3] >= 128, 255, 0))
        edge = picture[17, 4 + 4 * index]
        assert np.abs(edge[:3].astype(int) - (100, 20, 20)).max() <= 6  # half of it is the matte


def test_a_gif_whose_outline_stays_writes_only_what_changes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    face = np.zeros((1, SIZE, SIZE, 4), np.uint8)
    face[0, 4:28, 4:28] = (*rng.integers(0, 255, 3), 255)
    face[0, 4:28, 4:28, :3] = rng.integers(0, 255, (24, 24, 3))
    frames = []
    for level in range(0, 200, 20):
        frames.append(face.copy())
        frames[-1][0, 20:24, 10:20, :3] = level
    moved = [np.roll(frame, index, axis=2) for index, frame in enumerate(frames)]
    still = write_animation(tmp_path / "still.gif", frames, size=SIZE, loop="forth").bytes
    assert still < 0.3 * write_animation(tmp_path / "moved.gif", moved, size=SIZE, loop="forth").bytes


@pytest.mark.parametrize("name", ["a.mp4", "a_%02d.jpg"])
def test_formats_without_transparency_are_refused_before_anything_is_drawn(
    app: CheerMeUp, tmp_path: Path, name: str
) -> None:
    with pytest.raises(InputError, match="no transparency; choose a background"):
        app.gif(tmp_path / name, background=None, progress=lambda *_: pytest.fail("drawn"))
    with pytest.raises(InputError, match="no transparency; choose a background"):
        write_animation(tmp_path / name, moving())
    with pytest.raises(InputError, match="no transparency; choose a background"):
        save_sample(app, tmp_path / "a.jpg", background=None)
    assert list(tmp_path.iterdir()) == []


def test_stills_have_clear_gaps_and_corners(app: CheerMeUp, tmp_path: Path) -> None:
    save_sample(app, tmp_path / "a.png", faces=2, size=SIZE, background="none")
    save_grid(app, tmp_path / "b.webp", faces=1, size=SIZE, background=None)
    before, after = save_edit(app, tmp_path / "c.png", {"joy": 1.0}, faces=1, size=SIZE, background=None)
    assert before.shape == after.shape == (1, SIZE, SIZE, 3)
    faces, grid, both = (np.asarray(Image.open(tmp_path / name)) for name in ("a.png", "b.webp", "c.png"))
    assert np.array_equal(faces, tile(app.render(app.sample(2), None), SIZE)) and not faces[:, 32:34].any()
    assert grid.shape[-1] == 4 and (grid[0] == 255).all()  # the labels are on white
    assert both[0, 0, 3] == 0 and both[16, 16, 3] == 255
    save_sample(app, tmp_path / "d.jpg", faces=1, size=SIZE, background="#ff8000")
    assert np.abs(np.asarray(Image.open(tmp_path / "d.jpg"))[0, 0].astype(int) - (255, 128, 0)).max() <= 8


def test_captions_are_solid_below_clear_faces(app: CheerMeUp, tmp_path: Path) -> None:
    written = app.gif(tmp_path / "a.png", faces=1, steps=2, size=64, background=None, labels=True, bars=True)
    (first, *_) = shown(tmp_path / "a.png")
    assert first.shape == (written.height, 64, 4) and first[0, 0, 3] == 0 and (first[64:, :, 3] == 255).all()


def test_commands_and_jobs_take_a_background(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    common = ["--bundle", str(bundle), "--faces", "1", "--size", "32", "--quiet"]
    assert main(["sample", *common, "--background", "none", "-o", "a.png"]) == 0
    assert main(["gif", *common, "--steps", "2", "--background", "none", "--matte", "#123456", "-o", "b.gif"]) == 0
    assert main(["gif", *common, "--steps", "2", "--background", "lime", "-o", "c.gif"]) == 0
    assert Image.open("a.png").mode == "RGBA" and shown(Path("b.gif"))[0][0, 0, 3] == 0
    assert np.abs(shown(Path("c.gif"))[0][0, 0].astype(int) - (0, 255, 0, 255)).max() <= 8
    Path("jobs").write_text('{"kind": "sample", "output": "d.png", "background": "none", "faces": 1}\n')
    assert main(["batch", "jobs", "--out", "out", "--bundle", str(bundle), "-j", "1", "--quiet"]) == 0
    assert Image.open("out/d.png").mode == "RGBA"
    capsys.readouterr()
    assert main(["sample", *common, "--background", "whitish"]) == 2
    assert "--background" not in capsys.readouterr().out
    assert main(["gif", *common, "--matte", "none"]) == 2
    assert "matte must be a colour such as white" in capsys.readouterr().err
    assert main(["info", "--bundle", str(bundle)]) == 0
    assert "without a background" in capsys.readouterr().out


def test_pictures_over_a_colour_are_exact_at_the_ends() -> None:
    pictures = np.stack(np.meshgrid(np.arange(256), [0, 1, 127, 128, 254, 255]), axis=-1).astype(np.uint8)
    pictures = np.concatenate([np.repeat(pictures[..., :1], 3, axis=-1), pictures[..., 1:]], axis=-1)
    for behind in ((0, 0, 0), (255, 255, 255), (7, 99, 200)):
        result = over(pictures, behind)
        assert np.abs(result.astype(int) - exact(pictures, behind)).max() <= 1
        assert np.array_equal(result[0], [behind] * 256) and np.array_equal(result[-1], pictures[-1, :, :3])

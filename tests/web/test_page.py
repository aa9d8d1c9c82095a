"""The page of `cheermeup site` and `cheermeup serve`: `web/tests/browser` drives it in headless Chromium."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from PIL import Image, ImageSequence

from tests.tiny_bundle import make_bundle
from tests.web.conftest import ROOT, WEB, chromium, lacking
from tlgan_runtime import CheerMeUp
from tlgan_runtime.site.write import write_site

PATIENCE = 1800
SAD = 11
BACKENDS = ("browser", "server")
"""What draws for the page."""
pytestmark = pytest.mark.slow
each_backend = pytest.mark.parametrize("backend", BACKENDS)


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the tests in the browser saved. They all must have passed."""
    if (reason := lacking("onnxruntime-web/wasm", "playwright-core", "axe-core")) is not None:
        pytest.skip(reason)
    if chromium() is None:
        pytest.skip("Chromium is not installed (CONTRIBUTING.md)")
    folder = tmp_path_factory.mktemp("page")
    for backend in BACKENDS:
        (folder / backend).mkdir()
    cast = ROOT / "exported" / "cast"
    tiny = make_bundle(folder / "tiny", learned=True, attribute="hat", sprite=True)
    variables = {"OUT": str(folder), "CHROMIUM": str(chromium()), "PICTURES": str(draw_pictures(folder / "pictures"))}
    for name, bundle in {"SITE": cast, "SPRITE": tiny, "DAMAGED": tiny}.items():
        app = CheerMeUp(bundle, provider="cpu", threads=1)
        write_site(app, folder / name, onnxruntime_web=onnxruntime_web())
        variables[name] = str(folder / name)
    (generator,) = (folder / "DAMAGED").glob("bundle-*/generator.onnx")
    content = bytearray(generator.read_bytes())
    content[-1] ^= 1
    generator.write_bytes(content)
    tests = sorted((WEB / "tests" / "browser").glob("*.test.mjs"))
    with serving(cast) as server, serving(tiny) as sprite_server:
        done = subprocess.run(
            ["node", "--test", "--test-concurrency=1", *map(str, tests)],
            env={**os.environ, **variables, "SERVER": server, "SPRITE_SERVER": sprite_server},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    assert done.returncode == 0, done.stdout
    assert int(re.findall(r"^# pass (\d+)$", done.stdout, re.M)[0]) >= 40
    return folder


@contextmanager
def serving(bundle: Path) -> Iterator[str]:
    """The address of `cheermeup serve` with a bundle, on a free port."""
    command = [sys.executable, "-m", "tlgan_runtime.cli", "serve", "--bundle", str(bundle), "--port", "0"]
    with subprocess.Popen([*command, "--provider", "cpu"], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def draw_pictures(folder: Path) -> Path:
    """Write pictures for the tests: a sad face in a corner, one with a clear background above, and noise."""
    folder.mkdir()
    app = CheerMeUp(ROOT / "exported" / "cast", provider="cpu", threads=1)
    face = Image.fromarray(app.render(app.sample(1, SAD))[0])
    sad = Image.new("RGB", (320, 240), face.getpixel((1, 1)))
    sad.paste(face.resize((200, 200), Image.Resampling.BICUBIC), (110, 40))
    sad.save(folder / "sad.png")
    y, x = np.mgrid[-1:1:160j, -1:1:160j]
    alpha = (255 * np.clip(8 * (1 - np.hypot(x, np.minimum(y, 0))), 0, 1)).astype(np.uint8)
    sprite = face.resize((160, 160), Image.Resampling.BICUBIC)
    sprite.putalpha(Image.fromarray(alpha))
    sprite.save(folder / "sprite.png")
    noise = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "noise.png")
    return folder


def onnxruntime_web() -> Path:
    """The folder of the npm package, wherever Node finds it from `web/`."""
    program = "console.log(import.meta.resolve('onnxruntime-web/wasm').replace('file://', ''))"
    found = subprocess.run(
        ["node", "--input-type=module", "-"], input=program, cwd=WEB, capture_output=True, text=True, check=True
    )
    return Path(found.stdout.strip()).parent


@pytest.fixture(scope="module")
def cast() -> CheerMeUp:
    return CheerMeUp(ROOT / "exported" / "cast", provider="cpu", threads=1)


def shown(cast: CheerMeUp, picture: Image.Image) -> np.ndarray:
    """A picture of any size as the bundle draws it, over its background."""
    behind = Image.new("RGBA", picture.size, cast.manifest.background)
    behind.alpha_composite(picture.convert("RGBA"))
    return np.asarray(behind.convert("RGB").resize((cast.image_size, cast.image_size), Image.Resampling.BOX))


def seen(cast: CheerMeUp, picture: Image.Image) -> dict[str, float]:
    """What the classifier reads in a picture of any size."""
    read = cast.classify(shown(cast, picture)[None]).emotion[0]
    return dict(zip(cast.emotions, map(float, read), strict=True))


@each_backend
def test_the_picture_is_the_face_that_python_draws(downloads: Path, cast: CheerMeUp, backend: str) -> None:
    with Image.open(downloads / backend / "face.png") as picture:
        assert picture.size == (640, 640)
        small = shown(cast, picture).astype(int)
        assert seen(cast, picture)["joy"] > 0.8
    face = cast.render(cast.move(cast.sample(1, SAD), {"joy": 1.0}))[0]
    others = [cast.render(cast.sample(1, seed))[0] for seed in range(SAD)]
    assert np.abs(small - face).mean() < min(np.abs(small - other).mean() for other in others) / 2


@each_backend
def test_the_animation_cheers_up_and_calms_down(downloads: Path, cast: CheerMeUp, backend: str) -> None:
    with Image.open(downloads / backend / "face.gif") as animation:
        frames = [frame.convert("RGBA") for frame in ImageSequence.Iterator(animation)]
        seconds = sum(frame.info["duration"] for frame in ImageSequence.Iterator(animation)) / 1000
        assert animation.info["loop"] == 0 and animation.size == (256, 256)
    joy = [seen(cast, frame)["joy"] for frame in frames]
    assert len(frames) == 38 and seconds == pytest.approx(3.0, abs=0.02)
    assert joy[0] < 0.2 and joy[19] > 0.8 and joy[-1] < 0.5
    assert joy[:20] == pytest.approx([*joy[:1], *reversed(joy[20:]), joy[19]], abs=0.05)


@each_backend
def test_transparent_faces_are_saved_without_a_background(downloads: Path, backend: str) -> None:
    for name, frames in (("sprite.png", 1), ("sprite.gif", 38), ("moving.png", 30)):
        with Image.open(downloads / backend / name) as picture:
            assert getattr(picture, "n_frames", 1) >= frames  # Pillow writes equal frames of a PNG once
            alpha = np.asarray(picture.convert("RGBA"))[..., 3]
        assert alpha[0, 0] == 0 and alpha[alpha.shape[0] // 2, alpha.shape[1] // 2] == 255


@each_backend
def test_an_edited_picture_is_the_one_that_python_makes(downloads: Path, cast: CheerMeUp, backend: str) -> None:
    for name, given, mix in (("own", "sad", {"joy": 0.9}), ("own-sprite", "sprite", {"joy": 1.0})):
        with Image.open(downloads / "pictures" / f"{given}.png") as image:
            before = np.asarray(image.convert("RGBA")).astype(int)
        with Image.open(downloads / backend / f"{name}.png") as image:
            after = np.asarray(image.convert("RGBA")).astype(int)
        wanted = cast.edit_picture(before.astype(np.uint8), mix, force=True)
        # Canvases round colours that are partly transparent.
        seen = np.minimum(before, wanted)[..., 3:] > (0 if name == "own" else 200)
        difference = np.abs(after - wanted) * seen
        assert after.shape == wanted.shape and difference.max() <= (2 if name == "own" else 4)
        assert (np.abs(after - before) * seen).max() > 60


@each_backend
def test_an_animation_of_an_edited_picture_leads_there_and_back(downloads: Path, backend: str) -> None:
    with Image.open(downloads / backend / "own.gif") as animation:
        frames = [np.asarray(frame.convert("RGB")).astype(int) for frame in ImageSequence.Iterator(animation)]
    with Image.open(downloads / backend / "own.png") as image:
        edited = np.asarray(image.convert("RGB")).astype(int)
    assert len(frames) == 38 and frames[0].shape == (240, 320, 3)
    assert np.abs(frames[19] - edited).mean() < 4 < np.abs(frames[0] - edited).max()
    with Image.open(downloads / backend / "own-sprite-moving.png") as animation:
        assert getattr(animation, "n_frames", 1) == 38 and animation.size == (160, 160)


@each_backend
def test_other_formats_show_the_same_animation(downloads: Path, cast: CheerMeUp, backend: str) -> None:
    with Image.open(downloads / backend / "face.webp") as animation:
        assert animation.format == "WEBP" and animation.size == (256, 256)
        frames = [frame.convert("RGBA") for frame in ImageSequence.Iterator(animation)]
    assert len(frames) > 30
    # A recorded video has as many frames as a busy machine gets ready.
    film = iio.imread(downloads / backend / "face.mp4", plugin="FFMPEG")
    assert film.shape[1:] == (256, 256, 3) and len(film) >= 5
    for some in (frames, [Image.fromarray(frame) for frame in film]):
        joy = [seen(cast, frame)["joy"] for frame in some]
        assert joy[0] < 0.3 and max(joy) > 0.8 and joy[-1] < 0.5


@each_backend
def test_a_sheet_shows_every_expression(downloads: Path, cast: CheerMeUp, backend: str) -> None:
    with Image.open(downloads / backend / "sheet.png") as sheet:
        assert sheet.size == (768, 768)
        corners = [(256 * column, 256 * row) for row in range(3) for column in range(3)]
        cells = [sheet.crop((left, top, left + 256, top + 256)) for left, top in corners[:8]]
    assert seen(cast, cells[0])["sadness"] > 0.8
    for emotion, cell in zip(cast.emotions, cells[1:], strict=True):
        assert seen(cast, cell)[emotion] > 0.5

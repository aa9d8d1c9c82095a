"""`cheermeup cheer`: what it reads and writes, and what it says."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import imageio.v3 as iio
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.tiny_bundle import make_bundle
from tlgan_runtime import CheerMeUp
from tlgan_runtime.cli.commands import main

Pixels = NDArray[np.uint8]


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture(scope="module")
def encoding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundles") / "tiny", encoder=1.0)


@pytest.fixture(scope="module")
def editor(encoding: Path) -> CheerMeUp:
    return CheerMeUp(encoding, threads=1)


@pytest.fixture
def run(encoding: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `cheermeup cheer` on the tiny bundle, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> Result:
        code = main(["cheer", "--bundle", str(encoding), "--threads", "1", *arguments])
        return Result(code, *capsys.readouterr())

    return command


def faces(editor: CheerMeUp, count: int) -> list[Pixels]:
    """Faces of 64 pixels that change a little from one to the next."""
    z = editor.sample(1, seed=3) + 0.1 * np.arange(count)[:, None].astype(np.float32) * editor.sample(1, seed=4)
    return [np.kron(face, np.ones((4, 4, 1), np.uint8)) for face in editor.render(z)]


def pixels(path: str) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image)


def test_a_picture_becomes_joyful(run: Run, editor: CheerMeUp) -> None:
    (face,) = faces(editor, 1)
    Image.fromarray(face).save("ada.png")
    assert run("ada.png") == (0, "ada-joy.png\n", "")
    assert (pixels("ada-joy.png") == editor.edit_picture(face, {"joy": 1.0})).all()
    assert run("ada.png", "--emotion", "fear", "--strength", "0.4", "-o", "out.webp").code == 0
    assert (pixels("out.webp") == editor.edit_picture(face, {"fear": 0.4})).all()
    assert run("ada.png", "--until", "0.5", "--keep", "fear", "-o", "out.png").code == 0
    assert (pixels("out.png") == editor.edit_picture(face, {"joy": 1.0}, until=0.5, keep=["fear"])).all()


def test_json_says_how_well_the_picture_fits_and_where_the_face_is(run: Run, editor: CheerMeUp) -> None:
    Image.fromarray(faces(editor, 1)[0]).save("ada.png")
    facts = json.loads(run("ada.png", "--json").out)
    (face,) = facts["faces"]
    assert facts == {"path": "ada-joy.png", "faces": [{"fit": face["fit"], "box": [0, 0, 64, 64]}], "bundle": "tiny"}
    assert face["fit"] > 0.9


def test_several_faces_of_a_picture_are_edited(run: Run, editor: CheerMeUp) -> None:
    first, second = faces(editor, 2)
    Image.fromarray(np.concatenate([first, second], axis=1)).save("both.png")
    boxes = ["--box", "0,0,64,64", "--box", "64,0,64,64"]
    assert len(json.loads(run("both.png", *boxes, "--json").out)["faces"]) == 2
    edited = pixels("both-joy.png")
    for before, after in ((first, edited[:, :64]), (second, edited[:, 64:])):
        wanted = editor.edit_picture(before, {"joy": 1.0}, box=(0, 0, 64, 64))
        assert np.abs(wanted.astype(int) - after)[8:-8, 8:-8].max() <= 8  # changes fade out where the picture goes on
    refused = run("both.png", *boxes, "-o", "both.gif")
    assert refused.code == 2 and "one box" in refused.err


def test_an_animation_leads_from_the_picture_to_the_edit(run: Run, editor: CheerMeUp) -> None:
    face = np.concatenate([faces(editor, 1)[0], np.full((64, 36, 3), 255, np.uint8)], axis=1)
    Image.fromarray(face).save("ada.png")
    assert run("ada.png", "--box", "0,0,64,64", "-o", "ada.gif").code == 0
    with Image.open("ada.gif") as image:
        assert image.size == (100, 64) and image.n_frames == 58
        image.seek(29)
        last = np.asarray(image.convert("RGB"), int)
    wanted = editor.edit_picture(face, {"joy": 1.0}, box=(0, 0, 64, 64))
    assert np.abs(last - wanted).mean() < 3  # a GIF has few colours
    refused = run("ada.png", "--until", "0.5", "-o", "other.gif")
    assert refused.code == 2 and "--strength" in refused.err and not Path("other.gif").exists()


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_every_frame_of_an_animation_is_edited_and_keeps_its_time(run: Run, editor: CheerMeUp, suffix: str) -> None:
    images = [Image.fromarray(face) for face in faces(editor, 5)]
    times = [50, 120, 120, 300, 80]
    images[0].save(f"in{suffix}", save_all=True, append_images=images[1:], duration=times, loop=2, lossless=True)
    assert run(f"in{suffix}", "-o", f"out{suffix}").code == 0
    with Image.open(f"out{suffix}") as image, Image.open(f"in{suffix}") as before:
        assert image.n_frames == 5 and image.info["loop"] == before.info["loop"]
        shown, found = [], []
        for number in range(5):
            image.seek(number)
            image.load()
            shown.append(image.info["duration"])
            found.append(np.asarray(image.convert("RGB"))[::4, ::4])
    assert shown == times
    read = editor.classify(np.stack(found)).emotion[:, editor.emotions.index("joy")]
    assert (read > editor.classify(np.stack(faces(editor, 5))[:, ::4, ::4]).emotion[:, 3] + 0.2).all()


def test_a_video_keeps_its_rate_and_its_sound(run: Run, editor: CheerMeUp, tmp_path: Path) -> None:
    ffmpeg = pytest.importorskip("imageio_ffmpeg")
    iio.imwrite("silent.mp4", np.stack(faces(editor, 12)), fps=10, macro_block_size=1)
    make = [ffmpeg.get_ffmpeg_exe(), "-v", "quiet", "-i", "silent.mp4", "-f", "lavfi", "-i", "sine=d=1.2", "-shortest"]
    subprocess.run([*make, "in.mp4"], check=True)
    for name, sound in (("in", True), ("silent", False)):
        facts = json.loads(run(f"{name}.mp4", "--json").out)
        assert facts["path"] == f"{name}-joy.mp4" and facts["frames"] == 12 and facts["sound"] is sound
        written = next(ffmpeg.read_frames(f"{name}-joy.mp4"))
        assert written["fps"] == 10 and bool(written.get("audio_codec")) is sound
    drawn = np.stack(list(iio.imiter("in-joy.mp4")))
    assert drawn.shape == (12, 64, 64, 3)
    assert np.abs(drawn[0].astype(int) - editor.edit_picture(faces(editor, 1)[0], {"joy": 1.0})).mean() < 8


def test_all_pictures_of_a_folder_are_edited_and_others_named(run: Run, editor: CheerMeUp) -> None:
    Path("cast").mkdir()
    for name, face in zip(("ada.png", "bo.webp", "bo.png"), faces(editor, 3), strict=True):
        Image.fromarray(face).save(Path("cast") / name)
    Path("cast/broken.png").write_bytes(b"no picture")
    Path("cast/notes.txt").write_text("no picture either")
    code, out, err = run("cast")
    assert (code, out) == (2, "cast-joy: 3 edited, 1 refused\n")
    assert err.startswith("cheermeup: broken.png: ") and err.count("\n") == 1
    assert sorted(path.name for path in Path("cast-joy").iterdir()) == ["ada.png", "bo.png.png", "bo.webp.png"]
    again = run("cast")
    assert again.code == 2 and "not an empty folder" in again.err


def test_nothing_is_written_for_pictures_that_cannot_be_edited(run: Run, editor: CheerMeUp) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Path("noise").mkdir()
    Image.fromarray(noise).save("noise/one.png")
    frames = [Image.fromarray(noise), Image.fromarray(255 - noise)]
    frames[0].save("noise.gif", save_all=True, append_images=frames[1:])
    for source, says in (("noise/one.png", "force"), ("noise", "none of the 1"), ("noise.gif", "no frame shows")):
        code, out, err = run(source)
        assert (code, out) == (2, "") and says in err
    assert sorted(path.name for path in Path().iterdir()) == ["noise", "noise.gif"]
    assert run("noise/one.png", "--force").code == run("noise.gif", "--force").code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ghost.png"], "there is no ghost.png"),
        (["ada.png", "--box", "1,2"], "X,Y,W,H"),
        (["ada.png", "--emotion", "jy"], "did you mean joy"),
        (["ada.png", "--strength", "1", "--until", "0.5"], "give one of them"),
        (["ada.png", "-o", "ada.txt"], "ends with one of"),
        (["ada.png", "-o", "nowhere/ada.png"], "nowhere"),
        ([], "PICTURE"),
    ],
)
def test_wrong_usage_is_one_line(run: Run, editor: CheerMeUp, arguments: list[str], says: str) -> None:
    Image.fromarray(faces(editor, 1)[0]).save("ada.png")
    code, out, err = run(*arguments)
    assert code == 2 and out == "" and says in err and err.count("\n") == 1
    assert [path.name for path in Path().iterdir()] == ["ada.png"]

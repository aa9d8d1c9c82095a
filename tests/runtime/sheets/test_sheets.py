"""Sheets: the files, sizes, names and limits of each program, read back by readers that are not ours."""

from __future__ import annotations

import json
import re
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from tests.tiny_bundle import EMOTIONS, make_bundle
from tlgan_runtime import CheerMeUp, InputError
from tlgan_runtime.cli.commands import main
from tlgan_runtime.errors import OutputError
from tlgan_runtime.sheets import encode
from tlgan_runtime.sheets.names import plain_names
from tlgan_runtime.sheets.recipes import RECIPES, STAND_INS
from tlgan_runtime.sheets.targets import TARGETS, Format
from tlgan_runtime.sheets.write import Sheet, write_sheet

KIB = 1024
LABELS = {*RECIPES, *STAND_INS}


@pytest.fixture(scope="module", params=[False, True], ids=["filled", "clear"])
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> CheerMeUp:
    """Two characters, with and without a background."""
    folder = make_bundle(tmp_path_factory.mktemp("bundles") / "tiny", drawn=2, latent_dim=10, sprite=request.param)
    return CheerMeUp(folder, provider="cpu")


@pytest.fixture(scope="module")
def sprites(tmp_path_factory: pytest.TempPathFactory) -> CheerMeUp:
    folder = make_bundle(tmp_path_factory.mktemp("bundles") / "tiny", drawn=2, latent_dim=10, sprite=True)
    return CheerMeUp(folder, provider="cpu")


def written(app: CheerMeUp, target: str, path: Path | None = None, **options: Any) -> Sheet:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return write_sheet(app, target, path, **options)


def opened(path: Path, size: int | tuple[int, int], clear: bool) -> Image.Image:
    image = Image.open(path)
    image.load()
    assert image.size == ((size, size) if isinstance(size, int) else size)
    assert (image.convert("RGBA").getpixel((0, 0))[3] == 0) == clear
    return image


def clear(app: CheerMeUp) -> bool:
    return app.manifest.channels == 4


@pytest.mark.slow
def test_sillytavern_gets_a_picture_for_each_of_its_labels(sprites: CheerMeUp, tmp_path: Path) -> None:
    sheet = written(sprites, "sillytavern", tmp_path / "out", character="ada")
    assert {Path(name).stem for name in sheet.files} == LABELS and len(LABELS) == 28 and sheet.character == "ada"
    assert sheet.bytes == sum(path.stat().st_size for path in (tmp_path / "out").iterdir())
    for name in sheet.files:
        assert opened(tmp_path / "out" / name, 512, True).format == "PNG"
    half, full = (
        np.asarray(Image.open(tmp_path / "out" / f"{name}.png")).astype(int) for name in ("annoyance", "anger")
    )
    neutral = np.asarray(Image.open(tmp_path / "out" / "neutral.png")).astype(int)
    assert 0 < np.abs(half - neutral).mean() < np.abs(full - neutral).mean()


@pytest.mark.slow
def test_variants_and_a_zip_are_what_sillytavern_reads(sprites: CheerMeUp, tmp_path: Path) -> None:
    sheet = written(sprites, "sillytavern", tmp_path / "pack.zip", character="bo", variants=2, emotions="joy,fear")
    with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
        assert archive.testzip() is None and archive.namelist() == sheet.files
        contents = {name: archive.read(name) for name in archive.namelist()}
    assert sorted(contents) == ["fear-1.png", "fear-2.png", "joy-1.png", "joy-2.png"]
    label = re.compile(r"^(.+?)(?:[-\\.].*?)?$")  # as SillyTavern takes it from the name of a file
    assert {label.match(Path(name).stem)[1] for name in contents} == {"joy", "fear"}  # type: ignore[index]
    assert contents["joy-1.png"] != contents["joy-2.png"]
    again = written(sprites, "sillytavern", tmp_path / "again.zip", character="bo", variants=2, emotions="joy,fear")
    assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "pack.zip").read_bytes() and again.files == sheet.files
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.zip", "pack.zip"]


@pytest.mark.slow
def test_a_charx_has_an_icon_and_an_asset_for_each_label(sprites: CheerMeUp, tmp_path: Path) -> None:
    written(sprites, "charx", tmp_path / "ada.charx", character="ada")
    with zipfile.ZipFile(tmp_path / "ada.charx") as archive:
        card = json.loads(archive.read("card.json"))
        assert (card["spec"], card["spec_version"], card["data"]["name"]) == ("chara_card_v3", "3.0", "ada")
        assets = card["data"]["assets"]
        assert {asset["name"] for asset in assets if asset["type"] == "emotion"} == LABELS
        assert [asset["name"] for asset in assets if asset["type"] == "icon"] == ["main"]
        for asset in assets:
            inside = asset["uri"].removeprefix("embeded://")
            assert asset["ext"] == "png" and inside.isascii() and inside in archive.namelist()
    texts = ("description", "personality", "scenario", "first_mes", "mes_example", "system_prompt", "creator")
    assert all(card["data"][text] == "" for text in texts)
    assert all(card["data"][key] == [] for key in ("tags", "alternate_greetings", "group_only_greetings"))


def test_rpg_maker_gets_eight_faces_a_sheet(tmp_path: Path) -> None:
    names = tuple(f"mood {number}" for number in range(10))
    app = CheerMeUp(make_bundle(tmp_path / "many", emotions=names, latent_dim=16), provider="cpu")
    sheet = written(app, "rpgmaker", tmp_path / "out")
    assert sheet.files == ["Ada.png", "Ada_2.png"]
    first, second = (np.asarray(opened(tmp_path / "out" / name, (576, 288), False)) for name in sheet.files)
    assert (first[..., 3] == 255).all() and (second[:144, :288, 3] == 255).all()
    assert not second[144:, :, 3].any() and not second[:, 288:, 3].any()  # two faces, and six empty places


@pytest.mark.slow
def test_renpy_gets_images_side_images_and_a_script(sprites: CheerMeUp, tmp_path: Path) -> None:
    sheet = written(sprites, "renpy", tmp_path / "out", character="ada")
    images = {f"{prefix}ada {name}.png" for prefix in ("", "side ") for name in EMOTIONS}
    assert {name.removeprefix("images/") for name in sheet.files} == {*images, "ada.rpy"}
    for name in images:
        opened(tmp_path / "out" / "images" / name, 512, True)
    script = (tmp_path / "out" / "ada.rpy").read_text(encoding="utf-8").splitlines()
    assert script[0] == 'define ada = Character("ada", image="ada")' and script[2] == "label ada_faces:"
    shown = {line.removeprefix("    show ") for line in script if line.startswith("    show ")}
    assert {f"{name}.png" for name in shown} == {name for name in images if not name.startswith("side ")}


def test_aseprite_gets_a_padded_sheet_with_a_tag_for_each_emotion(app: CheerMeUp, tmp_path: Path) -> None:
    written(app, "aseprite", tmp_path / "out", character="bo")
    document = json.loads((tmp_path / "out" / "bo.json").read_text(encoding="utf-8"))
    image = np.asarray(Image.open(tmp_path / "out" / document["meta"]["image"]))
    size = document["meta"]["size"]
    assert image.shape == (size["h"], size["w"], 4)
    tags = document["meta"]["frameTags"]
    assert [tag["name"] for tag in tags] == list(EMOTIONS) and {tag["direction"] for tag in tags} == {"pingpong"}
    assert [tag["from"] for tag in tags] == [8 * index for index in range(7)] and tags[-1]["to"] == 55
    used = np.zeros(image.shape[:2], int)
    for frame in document["frames"]:
        box = frame["frame"]
        used[box["y"] : box["y"] + box["h"], box["x"] : box["x"] + box["w"]] += 1
        assert (box["w"], box["h"], frame["duration"]) == (128, 128, 83) and not frame["trimmed"]
    assert used.max() == 1 and not image[used == 0].any() and not used[0].any() and not used[:, 0].any()


@pytest.mark.parametrize(
    ("target", "folder", "suffix", "size", "most", "moves"),
    [
        pytest.param("telegram", "", ".webp", 512, 512 * KIB, False, marks=pytest.mark.slow),
        pytest.param("whatsapp", "", ".webp", 512, 100 * KIB, False, marks=pytest.mark.slow),
        pytest.param("whatsapp-animated", "", ".webp", 512, 500 * KIB, True, marks=pytest.mark.slow),
        pytest.param("discord", "stickers", ".png", 320, 512 * KIB, True, marks=pytest.mark.slow),
        pytest.param("discord", "emoji", ".webp", 128, 256 * KIB, False, marks=pytest.mark.slow),
        ("slack", "", ".gif", 128, 128 * KIB, True),
    ],
)
def test_stickers_keep_the_limits(
    sprites: CheerMeUp, tmp_path: Path, target: str, folder: str, suffix: str, size: int, most: int, moves: bool
) -> None:
    written(sprites, target, tmp_path / "out", character="ada", emotions="joy,fear,anger")
    files = sorted((tmp_path / "out" / folder).glob(f"*{suffix}"))
    assert [path.stem for path in files] == ["anger", "fear", "joy"]
    for path in files:
        image = opened(path, size, True)
        assert path.stat().st_size <= most and (getattr(image, "n_frames", 1) > 1) == moves
        if moves:
            times = []
            for frame in ImageSequence.Iterator(image):
                frame.load()  # without it, Pillow does not know yet how long a frame of a WebP lasts
                times.append(frame.info["duration"])
            assert sum(times) <= 5000 and min(times) >= 8 and len(times) <= 50
    if target == "whatsapp-animated":
        (pack,) = json.loads((tmp_path / "out" / "contents.json").read_text(encoding="utf-8"))["sticker_packs"]
        assert pack["animated_sticker_pack"]


@pytest.mark.slow
def test_video_stickers_of_telegram_are_short_vp9(sprites: CheerMeUp, tmp_path: Path) -> None:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    written(sprites, "telegram-video", tmp_path / "out", character="ada", emotions="joy")
    path = tmp_path / "out" / "joy.webm"
    facts = next(imageio_ffmpeg.read_frames(str(path), pix_fmt="rgba", input_params=["-c:v", "libvpx-vp9"]))
    assert facts["codec"] == "vp9" and facts["size"] == (512, 512) and facts["duration"] <= 3 and facts["fps"] <= 30
    assert path.stat().st_size <= 256 * KIB and "audio_codec" not in facts


@pytest.mark.slow
def test_a_pack_of_whatsapp_says_what_it_holds(sprites: CheerMeUp, tmp_path: Path) -> None:
    written(sprites, "whatsapp", tmp_path / "out", character="ada", emotions="joy,fear,anger")
    (pack,) = json.loads((tmp_path / "out" / "contents.json").read_text(encoding="utf-8"))["sticker_packs"]
    assert not pack["animated_sticker_pack"]
    assert [one["image_file"] for one in pack["stickers"]] == ["joy.webp", "fear.webp", "anger.webp"]
    assert all(1 <= len(one["emojis"]) <= 3 and one["accessibility_text"] for one in pack["stickers"])
    tray = tmp_path / "out" / pack["tray_image_file"]
    assert opened(tray, 96, True).format == "PNG" and tray.stat().st_size <= 50 * KIB


def test_pictures_are_encoded_again_until_they_fit() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for suffix, most in ((".png", 4 * KIB), (".webp", 2 * KIB)):
        free = encode.still(noise, Format(suffix, 64))
        tight = encode.still(noise, Format(suffix, 64, most))
        assert len(tight) <= most < len(free)
        with pytest.raises(InputError, match=r"no \.\w+ of 64 pixels gets below 0 KiB; choose another face"):
            encode.still(noise, Format(suffix, 64, 100))


def test_animations_lose_frames_until_they_fit(tmp_path: Path) -> None:
    def frames(steps: int) -> Any:
        return (np.random.default_rng(step).integers(0, 256, (1, 32, 32, 3), dtype=np.uint8) for step in range(steps))

    free = encode.animated(tmp_path / "a.gif", frames, Format(".gif", 32, steps=20), "white")
    tight = encode.animated(tmp_path / "b.gif", frames, Format(".gif", 32, free.bytes // 3, steps=20), "white")
    assert free.frames == 38 and tight.frames < 15 and tight.bytes <= free.bytes / 3
    assert tight.duration == pytest.approx(free.duration, abs=0.35)
    few = encode.animated(tmp_path / "c.gif", frames, Format(".gif", 32, steps=20, most_frames=25), "white")
    assert few.frames <= 25


def test_labels_that_cannot_be_shown_are_named(tmp_path: Path) -> None:
    names = ("joy", "fear", "Schadenfreude")
    app = CheerMeUp(make_bundle(tmp_path / "few", emotions=names), provider="cpu")
    with pytest.warns(UserWarning) as caught:
        sheet = write_sheet(app, "sillytavern", tmp_path / "out")
    said = " ".join(str(one.message) for one in caught)
    assert "no mix of emotions shows desire, embarrassment, love, pride" in said
    assert "left out, since the bundle has no emotions for them: admiration, anger" in said
    assert {"joy.png", "schadenfreude.png", "love.png", "nervousness.png"} <= set(sheet.files)
    assert "grief.png" not in sheet.files and sheet.labels["Schadenfreude"] == {"Schadenfreude": 1.0}


def test_faces_in_which_another_emotion_is_read_are_named(app: CheerMeUp, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"the classifier reads \w+ in a face with joy; another --seed"):
        write_sheet(app, "renpy", tmp_path / "out", character="ada", emotions="joy", recipe={"joy": {"joy": -2}})


def test_a_recipe_has_labels_of_its_own(app: CheerMeUp, tmp_path: Path) -> None:
    sheet = written(app, "renpy", tmp_path / "a", recipe={"Smirk!": {"joy": 0.4, "disgust": 0.2}}, character="ada")
    assert sheet.files == ["ada.rpy", "images/ada smirk.png", "images/side ada smirk.png"]
    for wrong, says in (
        ([], "a recipe is a JSON object"),
        ({"smirk": 1}, "the recipe of 'smirk' must be an object"),
        ({"smirk": {"joy": "much"}}, "the recipe of 'smirk' must be an object"),
        ({"smirk": {"glee": 1}}, "glee"),
        ({"smirk": {}}, "a mix holds strengths by name"),
    ):
        with pytest.raises(InputError, match=says):
            written(app, "renpy", tmp_path / "b", recipe=wrong, character="ada")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"target": "myspace"}, "unknown target 'myspace'"),
        ({"target": "renpy", "character": "zoe"}, "unknown character 'zoe'"),
        ({"target": "renpy", "emotions": "joy,glee"}, "unknown emotion 'glee'"),
        ({"target": "renpy", "emotions": "joy,"}, "cannot read emotions"),
        ({"target": "renpy", "variants": 2}, "only sillytavern takes variants"),
        ({"target": "sillytavern", "variants": 2}, "this bundle draws ada, bo; choose one with character"),
        ({"target": "whatsapp", "emotions": "joy"}, "whatsapp takes 3 to 30 labels, not 1"),
        ({"target": "charx", "path": "a.zip"}, r"a name that ends with \.charx"),
        ({"target": "renpy", "background": "whitish"}, "background must be"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(
    app: CheerMeUp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=says):
        written(app, **options)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_not_touched(app: CheerMeUp, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(OutputError, match="is there and not an empty folder; name a new one"):
        written(app, "renpy", tmp_path / "mine", character="ada")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
    (tmp_path / "empty").mkdir()
    assert written(app, "renpy", tmp_path / "empty", character="ada", emotions="joy").files
    with pytest.raises(OutputError, match="there is no folder"):
        written(app, "renpy", tmp_path / "no" / "where", character="ada")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "mine"]


def test_names_become_plain_and_stay_different() -> None:
    assert plain_names(["Very Happy!", "very-happy", "喜び", "2", "😀", "a.b"]) == {
        "Very Happy!": "very_happy", "very-happy": "very_happy_2", "喜び": "xibi", "2": "face_2", "😀": "grinning",
        "a.b": "a_b",
    }  # fmt: skip


def test_the_command_writes_and_reports(
    app: CheerMeUp, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.json").write_text('{"smirk": {"joy": 0.4}}')
    common = ["sheet", "--bundle", str(app.path), "--character", "ada"]
    assert main([*common, "--for", "renpy", "--recipe", "mine.json", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["path"], found["character"], found["labels"]) == ("renpy", "ada", {"smirk": {"joy": 0.4}})
    assert found["files"] == ["ada.rpy", "images/ada smirk.png", "images/side ada smirk.png"]
    for arguments, says in (
        (["--for", "renpy"], "is there and not an empty folder"),
        (["--for", "renpi"], "renpy"),
        ([], "--for"),
        (["--for", "renpy", "--recipe", "none.json"], "cannot read --recipe none.json"),
        (["--for", "renpy", "--recipe", "renpy/ada.rpy"], "not readable JSON"),
    ):
        assert main([*common, *arguments]) == 2
        error = capsys.readouterr().err
        assert says in error and error.count("\n") == 1


def test_every_target_says_where_its_format_is_described() -> None:
    for target in TARGETS.values():
        assert target.source and target.about and target.formats

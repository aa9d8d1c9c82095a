"""Pictures of every kind are read alike, and extreme ones take little memory or are refused in one line."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.tiny_bundle import make_bundle
from tlgan_runtime import CheerMeUp, InputError
from tlgan_runtime.pictures.view import view_of


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> CheerMeUp:
    return CheerMeUp(make_bundle(tmp_path_factory.mktemp("bundles") / "tiny", encoder=1.0), threads=1)


def face(editor: CheerMeUp) -> Image.Image:
    return Image.fromarray(editor.render(editor.sample(1, seed=3))[0]).resize((64, 64), Image.Resampling.NEAREST)


def sixteen_bits(image: Image.Image, path: Path) -> None:
    Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257).save(path)


def turned(image: Image.Image, path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to see it upright
    image.rotate(90).save(path, exif=exif)


KINDS: dict[str, tuple[str, Callable[[Image.Image, Path], None], float]] = {
    "jpeg": ("a.jpg", lambda image, path: image.save(path, quality=95), 0.1),
    "cmyk": ("a.tif", lambda image, path: image.convert("CMYK").save(path), 0.1),
    "palette": ("a.gif", lambda image, path: image.save(path), 0.3),
    "upright by EXIF": ("a.png", turned, 0.01),
    "first frame": ("a.webp", lambda image, path: image.save(path, save_all=True, lossless=True), 0.01),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_of_a_file_makes_no_difference(editor: CheerMeUp, tmp_path: Path, kind: str) -> None:
    name, save, near = KINDS[kind]
    save(face(editor), tmp_path / name)
    found, wanted = editor.invert(tmp_path / name), editor.invert(face(editor))
    assert (editor.invert((tmp_path / name).read_bytes()).z == found.z).all()
    assert np.abs(found.z - wanted.z).max() < near
    assert editor.edit_picture(tmp_path / name, {"joy": 0.5}, force=True).shape == (64, 64, 3)


def test_16_bits_are_read_as_8(editor: CheerMeUp, tmp_path: Path) -> None:
    sixteen_bits(face(editor), tmp_path / "a.png")
    read, wanted = view_of(tmp_path / "a.png").picture, face(editor).convert("L").convert("RGB")
    assert (np.asarray(read) == np.asarray(wanted)).all()


def test_a_palette_may_have_clear_colours(editor: CheerMeUp, tmp_path: Path) -> None:
    picture = face(editor).convert("RGBA")
    picture.putpixel((0, 0), (0, 0, 0, 0))
    picture.quantize().save(tmp_path / "a.png")
    edited = editor.edit_picture(tmp_path / "a.png", {"joy": 0.5}, force=True)
    assert edited.shape == (64, 64, 4) and edited[0, 0, 3] == 0 and edited[1, 1, 3] == 255


def test_a_picture_may_show_next_to_nothing(editor: CheerMeUp) -> None:
    speck = np.zeros((40, 3600, 4), np.uint8)
    speck[20, 1800] = 255, 0, 0, 20
    assert view_of(speck).content == (0, 0, 3600, 40)
    edited = editor.edit_picture(speck, {"joy": 0.5}, force=True)
    assert (edited[..., 3] == speck[..., 3]).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (6000, 8), (2500, 2000)])
def test_extreme_shapes_are_edited_in_little_memory(editor: CheerMeUp, size: tuple[int, int]) -> None:
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    picture[size[1] // 3 :, size[0] // 3 :] = 200
    tracemalloc.start()
    edited = editor.edit_picture(picture, {"joy": 1.0}, force=True)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert edited.shape == picture.shape
    assert most < 120 * 2**20 + 40 * picture.size


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty file"),
        (b"no picture", "not a picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "not a picture|damaged|broken"),
    ],
)
def test_files_that_are_no_pictures_are_refused_in_one_line(
    editor: CheerMeUp, tmp_path: Path, content: bytes, says: str
) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=says) as raised:
        editor.invert(tmp_path / "a.png")
    assert "a.png" in str(raised.value)


def test_clear_pictures_folders_and_bombs_are_refused(editor: CheerMeUp, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="transparent all over"):
        editor.invert(np.zeros((9, 9, 4), np.uint8))
    with pytest.raises(InputError, match="not a file"):
        editor.invert(tmp_path)
    Image.new("1", (7_200, 7_200)).save(tmp_path / "bomb.png")
    with pytest.raises(InputError, match="megapixels"):
        editor.invert(tmp_path / "bomb.png")


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "empty file"), (b"text", "not a picture"), (b"\x89PNG\r\n\x1a\n" * 9, "picture")]
)
def test_bytes_that_are_no_picture_are_refused(content: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=f"^cannot use the picture: .*{reason}"):
        view_of(content)

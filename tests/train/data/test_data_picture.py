"""One picture file: every kind that can be used, every kind that cannot, and how many of those are too many."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import load, picture, write_layout
from PIL import Image

from tlgan_runtime.pictures.decode import UnusablePictureError
from tlgan_train.data.sources.picture import read_picture
from tlgan_train.errors import TrainError


def save(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


def rgb(path: Path, size: int) -> np.ndarray:
    return read_picture(path, size)[0]


def test_transparent_parts_are_white_and_half_transparent_ones_half(tmp_path: Path) -> None:
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[:, 16:, 3] = 255
    pixels[16:, :16] = (255, 0, 0, 128)

    read = rgb(save(Image.fromarray(pixels), tmp_path / "a.png"), 32)

    assert (read[:16, :16] == 255).all()
    assert (read[:, 16:] == 0).all()
    assert (read[16:, :16] == (255, 127, 127)).all()


def test_colour_hidden_under_transparency_does_not_bleed_when_shrunk(tmp_path: Path) -> None:
    pixels = np.zeros((256, 256, 4), np.uint8)
    pixels[..., 0] = 255
    pixels[:4, :4] = 255
    assert (rgb(save(Image.fromarray(pixels), tmp_path / "a.png"), 64) == 255).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_a_picture_of_the_right_size_keeps_its_pixels(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (32, 32, 3), np.uint8)
    path = save(Image.fromarray(pixels), tmp_path_factory.getbasetemp() / "same.png")
    np.testing.assert_array_equal(rgb(path, 32), pixels)


def test_shrinking_averages_instead_of_picking_pixels(tmp_path: Path) -> None:
    board = np.indices((256, 256)).sum(0) % 2 * 255
    read = rgb(save(Image.fromarray(board.astype(np.uint8)), tmp_path / "a.png"), 64)
    assert np.abs(read.astype(int) - 127).max() <= 8


def test_the_middle_square_of_a_wide_picture_is_used(tmp_path: Path) -> None:
    pixels = np.zeros((32, 96, 3), np.uint8)
    pixels[:, 32:64] = (0, 200, 0)
    read = rgb(save(Image.fromarray(pixels), tmp_path / "a.png"), 32)
    assert (read == (0, 200, 0)).all()


def test_photographs_are_turned_upright(tmp_path: Path) -> None:
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:16] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # orientation: upside down
    read = rgb(save(Image.fromarray(pixels), tmp_path / "a.png", exif=exif), 32)
    assert (read[:16] == 0).all() and (read[16:] == 255).all()


def _palette() -> Image.Image:
    image = Image.new("P", (32, 32), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    return image


@pytest.mark.parametrize(
    ("image", "suffix", "options", "colour"),
    [
        (Image.new("L", (32, 32), 77), ".png", {}, (77, 77, 77)),
        (Image.new("LA", (32, 32), (77, 1)), ".png", {}, (254, 254, 254)),
        (Image.new("1", (32, 32), 1), ".png", {}, (255, 255, 255)),
        (Image.fromarray(np.full((32, 32), 0x4D21, np.uint16)), ".png", {}, (0x4D, 0x4D, 0x4D)),
        (Image.fromarray(np.full((32, 32), 0x4D21, np.uint16)), ".tif", {}, (0x4D, 0x4D, 0x4D)),
        (_palette(), ".png", {}, (10, 20, 30)),
        (_palette(), ".png", {"transparency": b"\xff\x01"}, (254, 254, 254)),
        (_palette(), ".gif", {}, (10, 20, 30)),
        (Image.new("RGB", (32, 32), (9, 8, 7)), ".bmp", {}, (9, 8, 7)),
        (Image.new("RGB", (32, 32), (9, 8, 7)), ".webp", {"lossless": True}, (9, 8, 7)),
        (Image.new("RGB", (32, 32), (9, 8, 7)), ".ppm", {}, (9, 8, 7)),
        (Image.new("CMYK", (32, 32), (0, 0, 0, 0)), ".jpg", {}, (255, 255, 255)),
        (Image.new("RGB", (32, 32), (9, 8, 7)), ".jpg", {"quality": 100}, (9, 8, 7)),
    ],
)
def test_every_kind_of_pixel_becomes_rgb(
    tmp_path: Path, image: Image.Image, suffix: str, options: dict[str, object], colour: tuple[int, int, int]
) -> None:
    read = rgb(save(image, tmp_path / f"a{suffix}", **options), 32)
    assert read.shape == (32, 32, 3) and read.dtype == np.uint8
    assert np.abs(read.astype(int) - colour).max() <= (2 if suffix == ".jpg" else 0)


def _truncated(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:4000])


def _header_only(path: Path) -> None:
    picture(1).save(path)
    path.write_bytes(path.read_bytes()[:20])


def _bomb(path: Path, side: int) -> None:
    """A PNG of some bytes that says it has side × side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)


def _large_file(path: Path) -> None:
    picture(1).save(path)
    os.truncate(path, 65 * 1024 * 1024)


def _damaged(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(path)
    content = bytearray(path.read_bytes())
    content[200:3000] = bytes(2800)
    path.write_bytes(content)


BAD: list[tuple[Callable[[Path], object], str]] = [
    (lambda path: path.write_bytes(b""), r"empty file \(0 bytes\)"),
    (lambda path: path.write_text("a letter, not a picture"), "not a picture"),
    (lambda path: path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), "not a picture"),
    (lambda path: Image.new("F", (32, 32)).save(path, "TIFF"), "floating-point"),
    (lambda path: Image.new("RGBA", (32, 32), (9, 8, 7, 0)).save(path, "PNG"), "transparent all over"),
    (lambda path: _palette().save(path, "PNG", transparency=1), "transparent all over"),
    (lambda path: path.symlink_to(path.with_name("nowhere")), "No such file"),
    *([(os.mkfifo, "not a file")] if hasattr(os, "mkfifo") else []),
    (_truncated, "truncated"),
    (_header_only, "."),
    (_damaged, "."),
    (_large_file, r"too large \(65 MiB; at most 64 MiB\)"),
    (lambda path: _bomb(path, 7100), r"too large \(more than 50 megapixels\)"),
    (lambda path: _bomb(path, 10_000), r"too large \(more than 50 megapixels\)"),
    (lambda path: _bomb(path, 30_000), r"too large \(more than 50 megapixels\)"),
]


@pytest.mark.parametrize(("make", "reason"), BAD)
def test_a_bad_file_has_a_reason(tmp_path: Path, make: Callable[[Path], object], reason: str) -> None:
    make(tmp_path / "a.png")
    with pytest.raises(UnusablePictureError, match=reason):
        rgb(tmp_path / "a.png", 32)


@given(st.binary(max_size=200), st.integers(0, 150))
@settings(max_examples=100, deadline=None)
def test_no_bytes_make_anything_but_a_picture_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, start: int
) -> None:
    path = save(picture(1), tmp_path_factory.getbasetemp() / "junk.png")
    content = path.read_bytes()
    path.write_bytes(content[:start] + junk + content[start + len(junk) :])
    try:
        assert rgb(path, 32).shape == (32, 32, 3)
    except UnusablePictureError as error:
        assert str(error)


def test_one_file_in_a_hundred_may_be_bad(tmp_path: Path) -> None:
    root = write_layout(tmp_path / "own", ["bob"], ["joy", "sad"], 50)
    (root / "bob/bob_joy/bob_joy_7.png").write_bytes(b"")

    dataset = load(f"folder:{root}", tmp_path / "cache")

    assert len(dataset.images) == 99
    assert [(item.path, item.reason) for item in dataset.skipped] == [
        ("bob/bob_joy/bob_joy_7.png", "empty file (0 bytes)")
    ]
    assert load(f"folder:{root}", tmp_path / "cache").skipped == dataset.skipped


def test_more_than_one_in_a_hundred_stops(tmp_path: Path) -> None:
    root = write_layout(tmp_path / "own", ["bob"], ["joy", "sad"], 50)
    (root / "bob/bob_joy/bob_joy_7.png").write_bytes(b"")
    (root / "bob/bob_sad/notes.png").write_text("not a picture")

    with pytest.raises(TrainError, match=r"2 of 101 files .*bob_joy_7.png: empty.*notes.png: not a picture") as caught:
        load(f"folder:{root}", tmp_path / "cache")

    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "cache").iterdir())


def test_a_class_without_one_usable_picture_stops(tmp_path: Path) -> None:
    root = write_layout(tmp_path / "own", ["bob"], ["joy"], 110)
    write_layout(root, ["eve"], ["sad"], 1)
    (root / "eve/eve_sad/eve_sad_1.png").write_bytes(b"")
    with pytest.raises(TrainError, match=r"no usable picture in class eve / sad of .*eve_sad_1.png: empty file"):
        load(f"folder:{root}", tmp_path / "cache")


@pytest.mark.parametrize(("make", "reason"), BAD)
def test_a_data_set_with_a_bad_picture_ends_in_one_line_with_its_path(
    tmp_path: Path, make: Callable[[Path], object], reason: str
) -> None:
    root = write_layout(tmp_path / "own", ["bob"], ["joy"], 4)
    bad = root / "bob/bob_joy/bob_joy_3.png"
    bad.unlink()
    make(bad)
    with pytest.raises(TrainError, match=rf"1 of 4 files in .*bob/bob_joy/bob_joy_3.png: .*{reason}") as caught:
        load(f"folder:{root}", tmp_path / "cache")
    assert "\n" not in str(caught.value)


def test_one_pixel_and_moving_pictures_are_pictures(tmp_path: Path) -> None:
    assert (rgb(save(Image.new("RGB", (1, 1), (9, 8, 7)), tmp_path / "dot.png"), 32) == (9, 8, 7)).all()
    frames = [Image.new("RGB", (32, 32), colour) for colour in ((9, 8, 7), (200, 0, 0))]
    for suffix in (".gif", ".webp", ".png", ".tiff"):
        path = save(frames[0], tmp_path / f"moving{suffix}", save_all=True, append_images=frames[1:], lossless=True)
        assert np.abs(rgb(path, 32).astype(int) - (9, 8, 7)).max() <= 1


@pytest.mark.parametrize(("side", "full", "own"), [(300, 256, 256), (200, 256, 128), (90, 256, 64), (300, 64, 64)])
def test_sprites_have_alpha_and_are_never_enlarged(tmp_path: Path, side: int, full: int, own: int) -> None:
    image = Image.new("RGBA", (side, side), (200, 0, 0, 0))
    image.paste((0, 100, 0, 255), (0, 0, side, side // 2))
    picture, sprite = read_picture(save(image, tmp_path / "a.png"), 64, full=full)
    assert sprite is not None and sprite.shape == (own, own, 4)
    assert (sprite[: own // 2 - 3] == (0, 100, 0, 255)).all() and (sprite[own // 2 + 3 :, :, 3] == 0).all()
    assert sprite[own // 2 - 2 : own // 2 + 2, :, 0].max() == 0, "red hidden under transparency came out"
    assert picture.shape == (64, 64, 3) and (picture[-1] == 255).all()


def test_a_frame_beyond_a_sprite_is_transparent(tmp_path: Path) -> None:
    image = Image.new("RGBA", (64, 64), (9, 8, 7, 255))
    image.putpixel((0, 0), (0, 0, 0, 0))
    _, sprite = read_picture(save(image, tmp_path / "a.png"), 64, frame=(-32, -32, 96, 96), full=128)
    assert sprite is not None and (sprite[:30, :, 3] == 0).all() and (sprite[40:90, 40:90, 3] == 255).all()


def test_opaque_pictures_have_sprites_if_they_are_larger(tmp_path: Path) -> None:
    small, large = (Image.new("RGB", (side, side), (9, 8, 7)) for side in (64, 128))
    assert read_picture(save(small, tmp_path / "a.png"), 64, full=256)[1] is None
    sprite = read_picture(save(large, tmp_path / "b.png"), 64, full=256)[1]
    assert sprite is not None and (sprite == (9, 8, 7, 255)).all() and sprite.shape == (128, 128, 4)

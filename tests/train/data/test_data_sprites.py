"""Pictures in full size and with alpha, beside those that the networks see."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from commands import call
from pictures import load
from PIL import Image

from tlgan_train.cli.commands import main
from tlgan_train.data import describe, export_folder
from tlgan_train.data.toon import BACKGROUND


def cast(root: Path, count: int = 10, side: int = 64, clear: int | None = None) -> Path:
    """Two emotions of a character; the first `clear` pictures of each (None: all) have a transparent right half."""
    for emotion in ("joy", "sadness"):
        folder = root / "ada" / f"ada_{emotion}"
        folder.mkdir(parents=True)
        for number in range(count):
            image = Image.new("RGBA", (side, side), (10 * number, 99, 40, 255))
            if clear is None or number < clear:
                image.paste((0, 0, 0, 0), (side // 2, 0, side, side))
            image.save(folder / f"ada_{emotion}_{number + 1}.png")
    return root


def test_transparent_pictures_come_back_as_they_were(tmp_path: Path) -> None:
    dataset = load(f"folder:{cast(tmp_path / 'own')}", tmp_path / "cache", image_size=64)
    assert dataset.sprites is not None and (dataset.sprites.size, dataset.sprites.channels) == (64, 4)
    sprites = dataset.sprites.of(np.array([3, 0]), dataset.images[[3, 0]])
    np.testing.assert_array_equal(sprites[:, 0, 0], [(30, 99, 40, 255), (0, 99, 40, 255)])
    np.testing.assert_array_equal(sprites[:, 0, 63, 3], 0)
    assert (dataset.images[:, 0, 63] == 255).all() and dataset.background == (255, 255, 255)
    assert "drawn with 64 × 64 pixels, transparent" in describe(dataset)


@pytest.mark.parametrize(("side", "asked", "size"), [(300, 256, 256), (300, 128, 128), (150, 256, 128), (70, 256, 64)])
def test_the_networks_see_64_pixels_and_sprites_are_as_large_as_pictures(
    tmp_path: Path, side: int, asked: int, size: int
) -> None:
    dataset = load(f"folder:{cast(tmp_path / 'own', side=side)}", tmp_path / "cache", image_size=asked)
    assert dataset.image_size == 64 and dataset.sprites is not None and dataset.sprites.size == size


@pytest.mark.parametrize("side", [64, 256])
def test_a_cast_with_few_transparent_pictures_is_opaque(tmp_path: Path, side: int) -> None:
    dataset = load(f"folder:{cast(tmp_path / 'own', side=side, clear=4)}", tmp_path / "cache", image_size=256)
    assert any("8 of 20 pictures have transparent parts; drawn faces have none" in note for note in dataset.notes)
    assert dataset.sprites is None if side == 64 else dataset.sprites.channels == 3


def test_opaque_pictures_of_the_size_of_the_networks_have_none(tmp_path: Path) -> None:
    dataset = load(f"folder:{cast(tmp_path / 'own', clear=0)}", tmp_path / "cache", image_size=64)
    assert dataset.sprites is None and not any("transparent" in note for note in dataset.notes)


def test_damaged_sprites_are_read_again(tmp_path: Path) -> None:
    spec = f"folder:{cast(tmp_path / 'own')}"
    before = load(spec, tmp_path / "cache", image_size=64)
    for damage in (
        lambda path: path.unlink(),
        lambda path: os.truncate(path, 100),
        lambda path: path.write_bytes(bytes(path.stat().st_size)),
    ):
        damage(before.cache / "sprites.bin")
        after = load(spec, tmp_path / "cache", image_size=64)
        np.testing.assert_array_equal(
            *(
                one.sprites.of(np.arange(20), one.images)
                for one in (load(spec, tmp_path / "other", image_size=64), after)
            )
        )


def test_the_built_in_characters_have_alpha(tmp_path: Path) -> None:
    dataset = load("toon", tmp_path, toon_faces=2, image_size=128)
    assert dataset.sprites is not None and (dataset.sprites.size, dataset.sprites.channels) == (128, 4)
    behind = np.array([int(BACKGROUND[place : place + 2], 16) for place in (1, 3, 5)])
    assert dataset.background == tuple(behind)
    sprite = dataset.sprites.of(np.array([5]), dataset.images[[5]])[0] / 255
    flat = 255 * sprite[..., 3:] * sprite[..., :3] + behind * (1 - sprite[..., 3:])
    small = flat.reshape(64, 2, 64, 2, 3).mean(axis=(1, 3))
    assert np.abs(small - dataset.images[5]).mean() < 1.5


@pytest.mark.parametrize(("size", "mode"), [(64, "RGB"), (128, "RGBA")])
def test_an_export_has_the_largest_pictures(tmp_path: Path, size: int, mode: str) -> None:
    export_folder(load("toon", tmp_path / "cache", toon_faces=1, image_size=size), tmp_path / "out")
    with Image.open(tmp_path / "out/alba/alba_joy/alba_joy_1.png") as image:
        assert image.size == (size, size) and image.mode == mode


def test_large_faces_without_a_head_are_refused(tmp_path: Path) -> None:
    spec = f"folder:{cast(tmp_path / 'own', side=128)}"
    outcome = call(main, "data", "--data", spec, "--preset", "paper", "--set", "data.image_size=256")
    assert "data.image_size of 256 needs a head" in outcome.out + outcome.err


@pytest.mark.parametrize(("teeth", "expected"), [((30, 30, 30), (255, 255, 255)), ((250, 250, 250), (196, 219, 230))])
def test_the_background_is_unlike_the_pictures(
    tmp_path: Path, teeth: tuple[int, int, int], expected: tuple[int, int, int]
) -> None:
    root = cast(tmp_path / "own")
    for path in root.rglob("*.png"):
        with Image.open(path) as image:
            image.paste((*teeth, 255), (4, 4, 12, 12))
            image.save(path)
    dataset = load(f"folder:{root}", tmp_path / "cache", image_size=64)
    assert dataset.background == expected
    assert (dataset.images[:, 30, 60] == expected).all() and (dataset.images[:, 8, 8] == teeth).all()

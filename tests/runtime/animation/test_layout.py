"""Still pictures: layout, gaps, enlarging and saving."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tlgan_runtime import InputError, OutputError
from tlgan_runtime.animation.layout import label_columns, plan, save_still, tile


@pytest.mark.parametrize(
    ("count", "grid"),
    [
        (1, (1, 1)),
        (2, (1, 2)),
        (3, (1, 3)),
        (4, (2, 2)),
        (5, (2, 3)),
        (6, (2, 3)),
        (7, (2, 4)),
        (8, (2, 4)),
        (9, (3, 3)),
    ],
)
def test_layout_is_near_square_with_few_empty_places(count: int, grid: tuple[int, int]) -> None:
    assert plan(count, 64) == grid


def test_every_layout_holds_all_faces() -> None:
    for count in range(1, 200):
        rows, columns = plan(count, 16)
        assert count <= rows * columns < count + columns and rows <= columns <= 3 * rows


def test_tiles_stand_row_by_row_with_white_between_and_no_border() -> None:
    faces = np.stack([np.full((16, 16, 3), 10 * index, np.uint8) for index in range(3)])
    canvas = tile(faces, 16, columns=2)
    assert canvas.shape == (34, 34, 3)
    assert (canvas[:16, :16] == 0).all() and (canvas[:16, 18:] == 10).all() and (canvas[18:, :16] == 20).all()
    assert (canvas[16:18] == 255).all() and (canvas[:, 16:18] == 255).all() and (canvas[18:, 18:] == 255).all()


def test_enlarging_is_smooth_and_shrinking_averages() -> None:
    edge = np.zeros((1, 16, 16, 3), np.uint8)
    edge[:, :, 8:] = 200
    large = tile(edge, 64)[32, :, 0].astype(int)
    assert large[0] == 0 and large[-1] == 200 and np.abs(np.diff(large)).max() < 100
    checks = np.indices((64, 64)).sum(axis=0) % 2 * 200
    small = tile(np.repeat(checks[None, :, :, None], 3, axis=3).astype(np.uint8), 16)
    assert np.abs(small[2:-2, 2:-2].astype(int) - 100).max() < 5


@pytest.mark.parametrize(
    ("count", "size"), [(0, 64), (1, 15), (1, 4096), (10**6, 16), (200_000, 32), (100, 1024), (True, 64), (1, "64")]
)
def test_impossible_pictures_are_refused(count: int, size: int) -> None:
    with pytest.raises(InputError):
        plan(count, size)


def test_labels_stand_above_their_columns_however_long() -> None:
    sheet = np.full((64, 64 * 2 + 2, 3), 255, np.uint8)
    labelled = label_columns(sheet, ["start", "an emotion with a very long name"], 64)
    assert labelled.shape[1] == 130 and labelled.shape[0] > 64
    ink = labelled[: labelled.shape[0] - 64].min(axis=(0, 2)) < 128
    assert ink[:64].any() and ink[66:].any() and not ink[64:66].any()


def test_a_webp_is_exact_and_a_jpeg_nearly(tmp_path: Path) -> None:
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[::2, :, 0] = 255  # thin red lines: a JPEG with halved colour would blur them
    for name, kind, most in (("a.webp", "WEBP", 0), ("a.jpg", "JPEG", 24), ("a.JPEG", "JPEG", 24)):
        save_still(tmp_path / name, stripes)
        with Image.open(tmp_path / name) as image:
            assert image.format == kind
            assert np.abs(np.asarray(image.convert("RGB")).astype(int) - stripes).max() <= most


def test_png_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    save_still(tmp_path / "a.png", picture)
    with Image.open(tmp_path / "a.png") as image:
        np.testing.assert_array_equal(np.asarray(image), picture)
    with pytest.raises(InputError, match=r"format of a\.bmp: .* ends with one of \.png, \.webp, "):
        save_still(Path("a.bmp"), picture)
    with pytest.raises(OutputError, match="no folder"):
        save_still(tmp_path / "nowhere" / "a.png", picture)

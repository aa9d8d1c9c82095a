"""Sample grids as the judge reads them: better ones get better figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from tlgan_train.evaluation.learning_curve import MOST_GRIDS, learning_curve, read_grid
from tlgan_train.gan.weights import GRID

pytestmark = pytest.mark.numerical

SIZE = 4
SHADES = (30, 120, 220)
"""Brightness of pictures of each of three emotions."""


class Shade(nn.Module):
    """A judge that is sure of the emotion whose shade a picture has, and that knows one character."""

    def __init__(self) -> None:
        super().__init__()
        self.shades = nn.Parameter(torch.tensor(SHADES, dtype=torch.float32))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        level = (x.mean(dim=(2, 3)) + 1) * 127.5
        nearness = -(level[:, :1] - self.shades).abs()
        return level / 50, nearness, torch.zeros(len(x), 1), torch.zeros(len(x), 0)


def pictures(count: int, shades: tuple[int, ...]) -> np.ndarray:
    """uint8 (count, SIZE, SIZE, 3): the shades in turn, each a little off."""
    random = np.random.default_rng(count)
    levels = np.resize(shades, count)[:, None, None, None] + random.normal(0, 3, (count, SIZE, SIZE, 3))
    return levels.clip(0, 255).astype(np.uint8)


def write(folder: Path, images: int, faces: np.ndarray) -> tuple[int, Path]:
    path = folder / f"{images:09d}.png"
    grid = faces.reshape(*GRID, SIZE, SIZE, 3).swapaxes(1, 2).reshape(GRID[0] * SIZE, -1, 3)
    Image.fromarray(grid).save(path)
    return images, path


def test_a_grid_is_read_face_by_face(tmp_path: Path) -> None:
    faces = np.random.default_rng(0).integers(0, 256, (GRID[0] * GRID[1], SIZE, SIZE, 3), dtype=np.uint8)
    _, path = write(tmp_path, 8, faces)
    assert np.array_equal(read_grid(path).reshape(faces.shape), faces)


def test_figures_follow_what_is_drawn(tmp_path: Path) -> None:
    count, real = GRID[0] * GRID[1], pictures(900, SHADES)
    grids = [
        write(tmp_path, 8, pictures(count, (75,))),  # between two emotions
        write(tmp_path, 16, pictures(count, SHADES[:1])),  # one emotion only
        write(tmp_path, 24, pictures(count, SHADES)),
    ]
    rows = np.arange(600)
    curve = learning_curve(grids, Shade(), real, rows, classes=len(SHADES))
    vague, narrow, good = curve.grids
    assert curve.images == [8, 16, 24]
    assert vague.confident_share < 0.9 and narrow.confident_share == good.confident_share == 1
    assert narrow.coverage == pytest.approx(1 / 3) and good.coverage > 0.99
    assert good.kid < 0.1 * min(vague.kid, narrow.kid)
    assert curve.real.confident_share == 1 and curve.real.coverage > 0.95 and abs(curve.real.kid) < 0.05 * narrow.kid


def test_of_many_grids_the_first_the_last_and_some_between_are_read(tmp_path: Path) -> None:
    faces = pictures(GRID[0] * GRID[1], SHADES)
    grids = [write(tmp_path, images, faces) for images in range(1, 3 * MOST_GRIDS)]
    curve = learning_curve(grids, Shade(), pictures(300, SHADES), np.arange(300), classes=3)
    assert len(curve.images) == len(curve.grids) == MOST_GRIDS
    assert curve.images[0] == 1 and curve.images[-1] == 3 * MOST_GRIDS - 1 and curve.images == sorted(curve.images)


def test_grids_without_pictures_to_compare_with_have_no_kid(tmp_path: Path) -> None:
    grids = [write(tmp_path, 8, pictures(GRID[0] * GRID[1], SHADES))]
    curve = learning_curve(grids, Shade(), pictures(1, SHADES), np.arange(1), classes=3)
    assert curve.grids[0].kid is None and curve.grids[0].coverage > 0.9 and curve.real is None

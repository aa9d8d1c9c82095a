"""Other views of a picture: moved by as much as is said and no more, the rest as it was."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tlgan_train.data.views import SCALE, SHIFT, random_affine, random_light, random_views

SIDE = 64


@pytest.fixture
def spots() -> Tensor:
    """256 black pictures with a soft white spot in the middle, radius 8."""
    along = torch.arange(SIDE) - (SIDE - 1) / 2
    spot = 2 * torch.exp(-(along[:, None] ** 2 + along**2) / 128) - 1
    return spot.expand(256, 3, -1, -1).contiguous()


def centres(pictures: Tensor) -> Tensor:
    weight = (pictures[:, 0] + 1).clamp(min=0)
    along = torch.arange(SIDE) - (SIDE - 1) / 2
    return torch.stack([(weight.sum(axis) * along).sum(1) / weight.sum((1, 2)) for axis in (1, 2)], 1)


@pytest.mark.numerical
def test_a_face_moves_to_all_sides_and_grows_and_shrinks_within_the_bounds(spots: Tensor) -> None:
    moved = random_affine(spots, torch.Generator().manual_seed(0))
    places = centres(moved) / SIDE
    assert places.abs().max() < 1.2 * SHIFT and places.min() < -0.8 * SHIFT and places.max() > 0.8 * SHIFT
    size = ((moved[:, 0] + 1).sum((1, 2)) / (spots[:, 0] + 1).sum((1, 2))).sqrt()
    assert 1 - 1.5 * SCALE < size.min() < 1 - 0.5 * SCALE and 1 + 0.5 * SCALE < size.max() < 1 + 1.5 * SCALE


def test_light_changes_level_and_contrast_alone(spots: Tensor) -> None:
    lit = random_light(spots, torch.Generator().manual_seed(0))
    before, after = (pictures.flatten(1) for pictures in (spots, lit))
    slope = (after.amax(1) - after.amin(1)) / (before.amax(1) - before.amin(1))
    assert slope.std() > 0.05 and after.mean(1).std() > 0.02
    same = (after - after.mean(1, keepdim=True)) / slope[:, None]
    assert torch.allclose(same, before - before.mean(1, keepdim=True), atol=1e-5)


def test_about_the_share_of_the_pictures_changes_and_the_others_stay_as_they_are(spots: Tensor) -> None:
    torch.manual_seed(0)
    views = random_views(spots, 0.25)
    changed = (views != spots).flatten(1).any(1)
    assert 0.15 < changed.float().mean() < 0.35 and torch.equal(views[~changed], spots[~changed])
    assert views.abs().max() <= 1 and random_views(spots, 0.0) is spots

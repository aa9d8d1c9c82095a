"""Sectors of the latent space: equal masses, equal angles, separate coordinates."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tlgan_train.models.sectors import sector_labels, sector_vectors

SIZES = [2, 3, 7]


@pytest.mark.parametrize("size", SIZES)
def test_vectors_are_a_regular_simplex(size: int) -> None:
    (vectors,) = sector_vectors((size,), 10)
    assert vectors.shape == (size, 10) and vectors.dtype == torch.float32
    expected = np.full((size, size), -1 / (size - 1))
    np.fill_diagonal(expected, 1)
    np.testing.assert_allclose(vectors @ vectors.T, expected, atol=1e-6)
    np.testing.assert_allclose(vectors.sum(dim=0), 0, atol=1e-6)


@pytest.mark.parametrize("size", SIZES)
def test_every_sector_has_an_equal_share_of_the_prior(size: int) -> None:
    (vectors,) = sector_vectors((size,), 8)
    z = torch.randn(100_000, 8, generator=torch.Generator().manual_seed(0))
    shares = torch.bincount(sector_labels(z, vectors), minlength=size) / len(z)
    np.testing.assert_allclose(shares, 1 / size, atol=0.006)  # over three standard deviations of a share


def test_moving_far_along_a_vector_leads_into_its_sector_and_leaves_other_sets_alone() -> None:
    emotion, character = sector_vectors((7, 6), 20)
    assert not torch.any(emotion.any(dim=0) & character.any(dim=0))
    assert int(emotion.any(dim=0).sum()) == 6 and int(character.any(dim=0).sum()) == 5
    z = torch.randn(500, 20, generator=torch.Generator().manual_seed(1))
    for label in range(7):
        moved = z + 50 * emotion[label]
        assert (sector_labels(moved, emotion) == label).all()
        assert torch.equal(sector_labels(moved, character), sector_labels(z, character))


def test_as_many_dimensions_as_the_sets_need_are_enough_and_fewer_are_told() -> None:
    assert [v.shape for v in sector_vectors((7, 6), 11)] == [(7, 11), (6, 11)]
    with pytest.raises(ValueError, match="10 latent dimensions"):
        sector_vectors((7, 6), 10)

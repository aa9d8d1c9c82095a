"""The prior cut into sectors: equal masses, equal angles, separate coordinates."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tlgan_train.models.prior import Prior, sector_labels, sector_vectors

pytestmark = pytest.mark.numerical

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
    with pytest.raises(ValueError, match="need 11 latent dimensions or more, not 10"):
        sector_vectors((7, 6), 10)


def draws(count: int, latent_dim: int) -> torch.Tensor:
    return torch.randn(count, latent_dim, generator=torch.Generator().manual_seed(3))


def test_without_label_sets_draws_are_the_latents() -> None:
    z = draws(20, 5)
    assert torch.equal(Prior((), 5, push=2.0)(z), z)


def test_pushing_leaves_nothing_between_two_sectors_and_moves_nothing_across_a_border() -> None:
    prior, z = Prior((7, 6), 20, push=2.0), draws(5000, 20)
    assert prior(z).dtype == torch.float32 and torch.equal(prior(z)[:, 11:], z[:, 11:])
    pushed = [vectors[labels] for vectors, labels in zip(prior.vectors, prior.labels(z), strict=True)]
    torch.testing.assert_close(prior(z), z + 2 * sum(pushed))
    for vectors in prior.vectors:
        gap = (prior(z) @ vectors.T).topk(2).values @ torch.tensor([1.0, -1.0])
        assert gap.min() >= 2 * (1 + 1 / len(vectors)) - 1e-5
    assert all(map(torch.equal, prior.labels(prior(z)), prior.labels(z)))


def test_a_latent_is_the_same_bit_for_bit_in_any_batch() -> None:
    prior, z = Prior((7,), 64, push=2.0), draws(300, 64)
    assert torch.equal(prior(z), torch.cat([prior(row[None]) for row in z]))


@pytest.mark.parametrize("push", [0.0, 2.0])
def test_moments_are_those_of_the_latents_of_a_sector(push: float) -> None:
    prior = Prior((4, 3), 10, push)
    w = prior(draws(200_000, 10))
    labels = tuple(torch.full((1,), label) for label in (2, 1))
    mean, deviation = prior.moments(labels, torch.zeros(1, 10))
    inside = w[(prior.labels(w)[0] == 2) & (prior.labels(w)[1] == 1)]
    torch.testing.assert_close(mean[0], inside.mean(dim=0), atol=0.03, rtol=0)
    for coordinates in (slice(0, 3), slice(3, 5), slice(5, 10)):  # one spread for all coordinates of a set
        found = (inside - mean)[:, coordinates].square().mean().sqrt()
        assert deviation[0, coordinates].tolist() == pytest.approx(
            [found.item()] * len(deviation[0, coordinates]), rel=0.02
        )


def test_facts_make_the_same_prior_again() -> None:
    prior = Prior((3, 2), 6, push=1.5)
    again = Prior(latent_dim=6, **prior.facts())
    assert torch.equal(again(draws(9, 6)), prior(draws(9, 6)))

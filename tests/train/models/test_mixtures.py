"""Draws as mixtures of codes: of their class, spread as codes are, and the same everywhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tlgan_train.models.mixtures import NEIGHBOURS, CodeMixtures
from tlgan_train.models.prior import Prior

pytestmark = pytest.mark.numerical

SIZES, LATENT_DIM = (3, 2), 8
LABELS = tuple(np.repeat(of, 40) for of in np.divmod(np.arange(6), 2))


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def codes(labels: tuple[np.ndarray, ...] = LABELS, seed: int = 0) -> np.ndarray:
    """Codes around a place of each class, whose fourth coordinate is the third with the other sign."""
    noise = np.random.default_rng(seed).standard_normal((len(labels[0]), LATENT_DIM)).astype(np.float32)
    noise[:, 3] = -noise[:, 2]
    return noise + 10 * (labels[0] + 3 * labels[1])[:, None].astype(np.float32)


def certain(given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes and the logarithm of a variance that is nearly 0."""
    return given, np.full_like(given, -100)


def filled(kept: int = 40, labels: tuple[np.ndarray, ...] = LABELS) -> Prior:
    prior = Prior(SIZES, LATENT_DIM, push=2.0, codes=kept)
    prior.keep(certain(codes(labels)), labels, np.random.default_rng(0))
    return prior


def mixed(given: np.ndarray, classes: np.ndarray, most: int) -> CodeMixtures:
    mixtures = CodeMixtures(int(classes.max()) + 1, most, given.shape[1])
    mixtures.keep(*certain(given), classes, np.random.default_rng(0))
    return mixtures


def test_draws_are_mixtures_of_codes_of_the_class_of_their_sector() -> None:
    prior, z = filled(), normal(3000, LATENT_DIM)
    latents, (emotion, character) = prior(z), prior.labels(z)
    assert latents.dtype == torch.float32
    assert all(map(torch.equal, prior.labels(z), Prior(SIZES, LATENT_DIM).labels(z)))
    for label in range(6):
        own = latents[2 * emotion + character == label]
        real = torch.from_numpy(codes()[2 * LABELS[0] + LABELS[1] == label])
        middle = real.mean(dim=0)
        torch.testing.assert_close(own.mean(dim=0), middle, atol=0.4, rtol=0)
        spread = (own - middle).square().mean(dim=0).sqrt() / (real - middle).square().mean(dim=0).sqrt()
        assert spread.min() > 0.6 and spread.max() < 1.1
        torch.testing.assert_close((own - middle)[:, 3], -(own - middle)[:, 2], atol=1e-4, rtol=0)


def test_every_code_is_mixed_equally_often_with_each_of_its_neighbours_alone() -> None:
    corners = np.diag(1 + np.arange(20) / 100).astype(np.float32)  # the further on, the farther from all others
    mixtures = mixed(corners, np.zeros(20, int), 20)
    drawn = mixtures(torch.zeros(100_000, dtype=torch.int64), normal(100_000, 20), 0)
    assert ((drawn > 1e-9).sum(dim=1) == 2).all()
    parts = (drawn / torch.from_numpy(corners).double().diagonal()).topk(2)
    torch.testing.assert_close(parts.values.sum(dim=1), torch.ones(100_000, dtype=torch.float64))
    clear = parts.values[:, 0] > 0.51  # of two equal parts nobody knows which was the first
    first, second = parts.indices[clear].T
    np.testing.assert_allclose(torch.bincount(first, minlength=20) / len(first), 1 / 20, atol=0.004)
    for place in range(20):
        others = torch.bincount(second[first == place], minlength=20)
        near = [other for other in range(20) if other != place][:NEIGHBOURS]  # the shortest of the others
        assert others.nonzero().flatten().tolist() == near
        np.testing.assert_allclose(others[near] / others.sum(), 1 / NEIGHBOURS, atol=0.025)


def test_weights_of_the_second_code_lie_between_a_quarter_and_a_half() -> None:
    mixtures = mixed(np.array([[0, 0, 0], [1, 0, 0]], np.float32), np.zeros(2, int), 2)
    drawn = mixtures(torch.zeros(4000, dtype=torch.int64), normal(4000, 3), 0)[:, 0]
    weight = torch.minimum(drawn, 1 - drawn)
    assert weight.min() == pytest.approx(0.25, abs=1e-6) and weight.max() == pytest.approx(0.5, abs=1e-6)
    assert weight.mean() == pytest.approx(0.375, abs=0.005)
    assert (drawn < 0.5).double().mean() == pytest.approx(0.5, abs=0.03)


def test_draws_are_as_uncertain_as_codes() -> None:
    given, deviations = codes(), np.array([0.1, 0.1, 0.2, 0.2, 0.5, 1.0, 1.0, 1.0])
    uncertain = Prior(SIZES, LATENT_DIM, codes=40)
    log_variances = np.broadcast_to(2 * np.log(deviations), given.shape).astype(np.float32)
    uncertain.keep((given, log_variances), LABELS, np.random.default_rng(0))
    z = normal(2000, LATENT_DIM)
    torch.testing.assert_close(
        uncertain(z) - filled()(z), (z * torch.from_numpy(deviations)).float(), atol=1e-4, rtol=0
    )
    assert all(map(torch.equal, uncertain.labels(z), filled().labels(z)))


def test_a_class_of_one_code_draws_it_and_one_of_two_stays_between_them() -> None:
    given = np.array([[1, 2, 3], [0, 0, 0], [4, 0, 0]], np.float32)
    drawn = mixed(given, np.array([0, 1, 1]), 2)(torch.tensor([0, 1]).repeat(200), normal(400, 3), 0)
    assert torch.equal(drawn[0::2].float(), torch.from_numpy(given[:1]).expand(200, 3))
    assert drawn[1::2, 0].min() >= 1 and drawn[1::2, 0].max() <= 3 and drawn[1::2, 1:].abs().max() < 1e-9
    single = mixed(given[:1], np.zeros(1, int), 1)
    assert torch.equal(
        single(torch.zeros(9, dtype=torch.int64), normal(9, 3), 0).float(), torch.tensor([[1.0, 2, 3]] * 9)
    )


def test_no_more_codes_are_kept_than_fit() -> None:
    prior = filled(kept=5)
    assert prior.mixtures is not None and prior.mixtures.codes.shape == (6, 5, LATENT_DIM)
    assert prior.mixtures.counts.tolist() == [5] * 6
    given = {tuple(row) for row in codes().tolist()}
    assert all(tuple(row) in given for row in prior.mixtures.codes.flatten(0, 1).tolist())


def test_in_the_place_of_a_missing_class_another_emotion_of_the_character_is_drawn() -> None:
    present = (LABELS[0] != 1) | (LABELS[1] != 0)
    prior, z = filled(labels=tuple(of[present] for of in LABELS)), normal(2000, LATENT_DIM)
    emotion, character = prior.labels(z)
    asked = Prior(SIZES, LATENT_DIM).labels(z)
    assert torch.equal(character, asked[1])
    missing = (asked[0] == 1) & (asked[1] == 0)
    assert missing.any() and torch.equal(emotion[~missing], asked[0][~missing]) and not (emotion[missing] == 1).any()
    assert (prior(z).mean(dim=1) - 10.0 * (emotion + 3 * character)).abs().max() < 5


def test_a_latent_is_the_same_bit_for_bit_in_any_batch_and_after_loading() -> None:
    prior, z = filled(), normal(300, LATENT_DIM)
    assert torch.equal(prior(z), torch.cat([prior(row[None]) for row in z]))
    again = Prior(latent_dim=LATENT_DIM, **prior.facts())
    assert again.unfilled and torch.equal(again(z), Prior(SIZES, LATENT_DIM, push=2.0)(z))
    again.load_state_dict(prior.state_dict())
    assert not again.unfilled and torch.equal(again(z), prior(z))


def test_too_few_dimensions_to_steer_a_mixture_are_refused() -> None:
    with pytest.raises(ValueError, match="need 6 latent dimensions or more, not 5"):
        Prior(SIZES, 5, codes=4)
    prior = Prior((), 5, codes=4)
    prior.keep(certain(normal(10, 5).numpy()), (), np.random.default_rng(0))
    z = normal(50, 5)
    assert not prior.plain and prior.labels(z) == () and not torch.equal(prior(z), z)

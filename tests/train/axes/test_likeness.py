"""The distance of moved latents from draws of their emotion."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from tlgan_train.axes.likeness import Likeness
from tlgan_train.evaluation.metrics import kid

pytestmark = pytest.mark.numerical

DIMS = 4


def latents(count: int, mean: float = 0.0, seed: int = 0) -> Tensor:
    return mean + torch.randn(count, DIMS, generator=torch.Generator().manual_seed(seed))


def distance(likeness: Likeness, moved: Tensor, emotion: int = 0) -> float:
    return float(likeness(moved, emotion, torch.Generator().manual_seed(0)))


def certain(*counts: int) -> Tensor:
    """Probabilities of emotions that so many draws show, one emotion after the other."""
    emotions = [emotion for emotion, count in enumerate(counts) for _ in range(count)]
    return torch.eye(len(counts))[emotions]


def test_it_is_the_kernel_distance_of_standardised_latents() -> None:
    draws, moved = 3 * latents(300), 3 * latents(200, 0.8, seed=1)
    likeness = Likeness(draws, torch.ones(300, 1), 0)
    many = [kid((draws / draws.std(0)).numpy(), (moved / draws.std(0)).numpy(), seed) for seed in range(20)]
    assert abs(distance(likeness, moved) - np.mean(many)) < 0.1 * np.mean(many)


def test_latents_are_compared_with_draws_of_their_emotion_alone() -> None:
    likeness = Likeness(torch.cat([latents(400), latents(400, 3.0, seed=1)]), certain(400, 400), 0)
    near, far = latents(200, seed=2), latents(200, 3.0, seed=3)
    assert abs(distance(likeness, near, 0)) < 0.1 and abs(distance(likeness, far, 1)) < 0.1
    assert distance(likeness, near, 1) > 1 and distance(likeness, far, 0) > 1


def test_draws_that_show_an_emotion_faintly_are_left_out() -> None:
    shown = certain(400, 400)
    shown[200:400] = torch.tensor([0.6, 0.4])
    z = torch.cat([latents(200), latents(200, 3.0, seed=1), latents(400, seed=2)])
    assert abs(distance(Likeness(z, shown, 0), latents(200, seed=3))) < 0.1


def test_labels_must_go_together_with_the_rest_as_in_draws() -> None:
    draws = latents(1000)
    draws[:, 0] = draws[:, 3]
    moved = latents(500, seed=1)
    alone, together = moved.clone(), moved.clone()
    together[:, 0] = together[:, 3]
    likeness = Likeness(draws, torch.ones(1000, 1), 1)
    assert distance(likeness, together) < 0.3 * distance(likeness, alone)


def test_what_cannot_be_compared_counts_as_nothing() -> None:
    likeness = Likeness(latents(51), certain(50, 1, 0), 0)
    assert distance(likeness, latents(5, 2.0), 1) == distance(likeness, latents(5, 2.0), 2) == 0
    assert distance(likeness, latents(1, 2.0), 0) == 0


def test_it_can_be_descended() -> None:
    moved = latents(100, 2.0, seed=1).requires_grad_(True)
    Likeness(latents(400), torch.ones(400, 1), 0)(moved, 0, torch.Generator()).backward()
    assert moved.grad is not None and (moved.grad.mean(dim=0) > 0).all()

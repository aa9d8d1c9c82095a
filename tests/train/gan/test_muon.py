"""Muon: orthogonal steps, and which weights take them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tlgan_train.gan.muon import Muon, divided, orthogonal

pytestmark = pytest.mark.numerical


@pytest.mark.parametrize("shape", [(40, 40), (32, 500), (500, 32)])
def test_singular_values_become_nearly_equal_and_directions_stay(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    found = orthogonal(left * (values / values.max()).clamp(min=0.03) * 7 @ right)
    assert found.shape == matrix.shape
    within = left.T @ found @ right.T  # the result in the directions of the matrix: diagonal
    assert within.diag().min() > 0.6 and within.diag().max() < 1.3
    assert (within - within.diag().diag()).abs().max() < 0.01


def test_every_direction_moves_by_the_step_size() -> None:
    weight = nn.Parameter(torch.zeros(32, 2, 4, 4))
    optimiser = Muon([weight], lr=0.1)
    weight.grad = torch.randn(weight.shape, generator=torch.Generator().manual_seed(0)) * 1e-3
    optimiser.step()
    values = torch.linalg.svdvals(weight.detach().flatten(1))
    assert values.min() > 0.05 and values.max() < 0.13
    assert (weight * weight.grad).sum() < 0  # downwards


def test_a_step_does_not_depend_on_the_order_in_memory() -> None:
    start, gradient = torch.randn((2, 32, 4, 4, 4), generator=torch.Generator().manual_seed(0))
    moved = []
    for layout in (torch.contiguous_format, torch.channels_last):
        weight = nn.Parameter(start.clone(memory_format=layout))
        weight.grad = gradient.clone(memory_format=layout)
        Muon([weight], lr=0.1).step()
        moved.append(weight.detach() - start)
    torch.testing.assert_close(*moved, rtol=0, atol=1e-5)


def test_small_weights_those_of_colours_and_those_that_do_not_learn_are_left_out() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 64, 4), nn.Conv2d(64, 32, 4), nn.BatchNorm2d(32), nn.ConvTranspose2d(64, 3, 4), nn.Linear(64, 8)
    )
    frozen = nn.Linear(64, 64).requires_grad_(False)
    matrices, others = divided([network, frozen])
    assert matrices == [network[1].weight]
    assert len(others) == len(list(network.parameters())) - 1


@pytest.mark.slow
def test_an_ill_conditioned_fit_needs_fewer_steps_than_by_adam() -> None:
    """A linear map whose inputs differ in size by a thousand: what Adam learns last, Muon learns at once."""
    generator = torch.Generator().manual_seed(0)
    scale = torch.logspace(0, -3, 64)
    basis = torch.linalg.qr(torch.randn(64, 64, generator=generator)).Q
    inputs = torch.randn(512, 64, generator=generator) * scale @ basis
    wanted = torch.randn(64, 64, generator=generator)

    def error(optimiser_of) -> float:  # type: ignore[no-untyped-def]
        layer = nn.Linear(64, 64, bias=False)
        nn.init.zeros_(layer.weight)
        optimiser = optimiser_of(layer.parameters())
        for step in range(200):
            optimiser.param_groups[0]["lr"] = optimiser.defaults["lr"] * (1 - step / 200)
            loss = (layer(inputs) - inputs @ wanted.T).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return float(((layer.weight.detach() - wanted) @ basis.T)[:, :40].square().mean())

    best_of_adam = min(error(lambda weights, lr=lr: torch.optim.Adam(weights, lr)) for lr in (0.01, 0.03, 0.1, 0.3))
    assert error(lambda weights: Muon(weights, 0.3)) < 0.5 * best_of_adam

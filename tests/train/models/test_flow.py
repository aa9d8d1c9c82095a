"""The flow: invertible, with a density that is right, and fitted to curved clouds of codes."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal

from tlgan_train.models.flow import Flow
from tlgan_train.models.prior import Prior

pytestmark = pytest.mark.numerical

SIZE, GIVEN = 5, 2


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


def bent() -> Flow:
    """A flow that is far from the identity."""
    flow = Flow(SIZE, GIVEN, layers=3, width=16).double()
    with torch.no_grad():
        for number, parameter in enumerate(flow.parameters()):
            parameter.copy_(0.3 * normal(*parameter.shape, seed=number))
    return flow.requires_grad_(False)


def test_it_starts_as_the_identity_with_the_density_of_the_prior() -> None:
    flow, z = Flow(SIZE, GIVEN, layers=4, width=16).double(), normal(20, SIZE)
    given = normal(20, GIVEN, seed=1)
    torch.testing.assert_close(flow(z, given), z)
    torch.testing.assert_close(flow.log_likelihood(z, given), Normal(0.0, 1.0).log_prob(z).sum(dim=1))


def test_a_file_with_another_permutation_is_inverted_by_its_own() -> None:
    """A later torch may draw another permutation from the same seed than the one that a file was written with."""
    written, read = bent(), Flow(SIZE, GIVEN, layers=3, width=16).double()
    written.load_state_dict({**written.state_dict(), "order": written.order.flip(1)})
    assert not torch.equal(written.order, read.order)
    read.load_state_dict(written.state_dict())
    z, given = normal(6, SIZE), normal(6, GIVEN, seed=1)
    torch.testing.assert_close(read(z, given), written(z, given))
    with torch.no_grad():
        for parameter in read.parameters():
            parameter.zero_()
    torch.testing.assert_close(read(z, given), z)


def test_the_density_is_that_of_the_prior_over_the_volume() -> None:
    flow, z, given = bent(), normal(6, SIZE), normal(6, GIVEN, seed=1)
    latents = flow(z, given)
    assert (latents - z).abs().max() > 0.5
    for row in range(len(z)):
        jacobian = torch.autograd.functional.jacobian(lambda x, row=row: flow(x[None], given[row : row + 1])[0], z[row])
        expected = Normal(0.0, 1.0).log_prob(z[row]).sum() - torch.linalg.slogdet(jacobian).logabsdet
        found = flow.log_likelihood(latents[row : row + 1], given[row : row + 1])[0]
        torch.testing.assert_close(found, expected)


@pytest.mark.slow
def test_fitted_to_a_bent_sheet_draws_lie_on_it() -> None:
    """One coordinate is the squared length of two others, as encoders like to have it."""
    torch.manual_seed(0)

    def codes(count: int, seed: int) -> torch.Tensor:
        z = normal(count, 4, seed=seed)
        bend = (z[:, :2].square().sum(dim=1, keepdim=True) - 2) / 2
        return torch.cat([z[:, :3], bend + 0.1 * z[:, 3:]], dim=1)

    def off(latents: torch.Tensor) -> float:
        return ((latents[:, :2].square().sum(dim=1) - 2) / 2 - latents[:, 3]).abs().mean().item()

    prior = Prior((), 4, flow_layers=6)
    assert prior.flow is not None and prior.unfitted and not prior.plain
    optimiser = torch.optim.Adam(prior.flow.requires_grad_(True).parameters(), 3e-3)
    for step in range(400):
        loss = -prior.log_likelihood(codes(256, seed=step)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    z = normal(2000, 4, seed=10_000).float()
    with torch.no_grad():
        drawn = prior(z)
    assert off(z) > 1 and off(drawn) < 0.25
    assert drawn[:, :3].std(dim=0).tolist() == pytest.approx([1, 1, 1], abs=0.1)


def test_labels_are_not_touched_and_batches_do_not_matter() -> None:
    prior = Prior((4,), GIVEN + SIZE + 1, push=2.0, sharpness=10.0, flow_layers=3)
    assert prior.flow is not None
    with torch.no_grad():
        for number, parameter in enumerate(prior.flow.parameters()):
            parameter.copy_(0.3 * normal(*parameter.shape, seed=number))
    z = normal(50, GIVEN + SIZE + 1).float()
    latents, without = prior(z), Prior((4,), GIVEN + SIZE + 1, push=2.0, sharpness=10.0)(z)
    assert torch.equal(latents[:, :3], without[:, :3]) and not torch.equal(latents[:, 3:], without[:, 3:])
    assert torch.equal(latents, torch.cat([prior(row[None]) for row in z]))


def test_without_a_flow_coordinates_without_labels_are_normal() -> None:
    latents = normal(20, 6)
    expected = Normal(0.0, 1.0).log_prob(latents[:, 2:]).sum(dim=1)
    torch.testing.assert_close(Prior((3,), 6, push=2.0).log_likelihood(latents), expected)


def test_truncation_narrows_the_draws_that_enter_the_flow_outside_training() -> None:
    wide, narrow = (Prior((4,), 9, push=2.0, sharpness=10.0, flow_layers=3, truncation=t) for t in (1.0, 0.5))
    z = normal(50, 9).float()
    assert torch.equal(narrow.train()(z), wide(z))
    expected = wide.eval()(z)
    expected[:, 3:] *= 0.5  # the flow is the identity still
    torch.testing.assert_close(narrow.eval()(z), expected)
    assert torch.equal(Prior(latent_dim=9, **narrow.facts()).eval()(z), narrow(z))

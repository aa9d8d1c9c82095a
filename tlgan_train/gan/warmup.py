"""The end of the warm-up: freeze the encoder, and fit the flow of the prior to its codes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from tlgan_train.compute import distributed
from tlgan_train.config import GanConfig
from tlgan_train.data.dataset import Dataset
from tlgan_train.gan.state import GanState
from tlgan_train.models.encoder import sample_posterior
from tlgan_train.models.inference import predict

FLOW_BATCH, FLOW_LR, FLOW_CLIP = 256, 1e-3, 5.0
"""How the flow is fitted: codes per step, Adam's step size, and the largest norm of the gradient."""


def end_warmup(
    state: GanState, gan: GanConfig, dataset: Dataset, indices: np.ndarray, seed: int, log: Callable[[str], None]
) -> None:
    """Freeze E. Fit the flow of the prior to its codes, unless the run was resumed and has a fitted flow."""
    state.encoder.requires_grad_(False).eval()
    if state.generator.prior.unfitted:
        codes = predict(state.encoder, dataset.images, indices)
        if gan.mirror:
            turned = predict(state.encoder, dataset.images, indices, change=lambda pictures: pictures.flip(3))
            codes = tuple(map(np.concatenate, zip(codes, turned, strict=True)))
        fit_flow(state, gan, codes, seed, log)


def fit_flow(
    state: GanState, gan: GanConfig, codes: tuple[np.ndarray, ...], seed: int, log: Callable[[str], None]
) -> None:
    """Fit the flow of the prior by maximum likelihood to `codes`: means and log variances, (N, latent_dim) each."""
    prior, device = state.generator.prior, next(state.generator.parameters()).device
    mean, log_variance = (torch.from_numpy(moment).float().to(device) for moment in codes)
    flow = prior.flow.float().requires_grad_(True)  # in half the time of float64, in which it draws
    optimiser = torch.optim.Adam(flow.parameters(), FLOW_LR)
    generator = torch.Generator().manual_seed(seed)
    for step in range(gan.flow_steps):
        optimiser.param_groups[0]["lr"] = FLOW_LR * min(1.0, 2 - 2 * step / gan.flow_steps)
        chosen = torch.randint(len(mean), (FLOW_BATCH,), generator=generator)
        noise = torch.randn(FLOW_BATCH, state.generator.latent_dim, generator=generator).to(device)
        loss = -prior.log_likelihood(sample_posterior(mean[chosen], log_variance[chosen], noise)).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(flow.parameters(), FLOW_CLIP)
        optimiser.step()
    flow.requires_grad_(False).zero_grad(set_to_none=True)
    # Bundles store weights in 32 bits and compute in 64, as does this flow, which is identical to the exported one.
    flow.double()
    flow.fitted.fill_(True)
    fitted = distributed.broadcast(flow.state_dict())
    for network in (state.generator, state.averaged):
        network.prior.flow.load_state_dict(fitted)
    if gan.flow_steps:
        log(f"flow fitted to {len(mean):,} codes: {loss.item():.1f} nats per code")

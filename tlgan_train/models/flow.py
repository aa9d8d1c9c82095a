"""A normalising flow from N(0, I) to the latents of real pictures."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class Flow(nn.Module):
    """Draws z (N, size) from N(0, I) → latents (N, size), given other coordinates (N, given). The map is invertible.

    It consists of affine couplings (Real NVP, Dinh et al. 2017). Each shifts and scales half of the coordinates. Shift
    and scale come from the other half and the given coordinates, through a network with two hidden layers of `width`
    units. The flow starts as the identity.
    """

    order: Tensor
    back: Tensor
    fitted: Tensor

    def __init__(self, size: int, given: int, layers: int, width: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        orders = [torch.randperm(size, generator=generator) for _ in range(layers)]
        self.register_buffer("order", torch.stack(orders))
        # Not saved, since it follows from `order`. Computed here, not in `forward`, so exported graphs hold the result.
        self.register_buffer("back", self.order.argsort(dim=1), persistent=False)
        self.register_load_state_dict_post_hook(_restore_back)
        self.register_buffer("fitted", torch.tensor(False))
        self.half = size // 2
        self.couplings = nn.ModuleList(
            _coupling(self.half + given, width, 2 * (size - self.half)) for _ in range(layers)
        )

    def forward(self, z: Tensor, given: Tensor) -> Tensor:
        """Return latents (N, size)."""
        for coupling, order, back in zip(self.couplings, self.order, self.back, strict=True):
            kept, changed = z[:, order[: self.half]], z[:, order[self.half :]]
            log_scale, shift = _scale_and_shift(coupling, kept, given)
            z = torch.cat([kept, changed * log_scale.exp() + shift], dim=1)[:, back]
        return z

    def log_likelihood(self, latents: Tensor, given: Tensor) -> Tensor:
        """Return the log density (N,) of latents (N, size), in nats."""
        log_volume = torch.zeros(len(latents), dtype=latents.dtype, device=latents.device)
        for coupling, order, back in reversed(list(zip(self.couplings, self.order, self.back, strict=True))):
            kept, changed = latents[:, order[: self.half]], latents[:, order[self.half :]]
            log_scale, shift = _scale_and_shift(coupling, kept, given)
            latents = torch.cat([kept, (changed - shift) * (-log_scale).exp()], dim=1)[:, back]
            log_volume = log_volume - log_scale.sum(dim=1)
        normal = -0.5 * (latents.square().sum(dim=1) + latents.shape[1] * math.log(2 * math.pi))
        return normal + log_volume


def _restore_back(flow: Flow, _: object) -> None:
    flow.back.copy_(flow.order.argsort(dim=1))


def _coupling(inputs: int, width: int, outputs: int) -> nn.Sequential:
    last = nn.Linear(width, outputs)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), last)


def _scale_and_shift(coupling: nn.Module, kept: Tensor, given: Tensor) -> tuple[Tensor, Tensor]:
    log_scale, shift = coupling(torch.cat([kept, given], dim=1)).chunk(2, dim=1)
    return 2 * torch.tanh(log_scale / 2), shift

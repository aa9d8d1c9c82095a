"""A training loss that compares moved latents with the latents of draws that show the emotion."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tlgan_train.classifiers.judge import SUCCESS

DRAWS = 1024
"""Draws of the emotion that a step compares with, chosen at random."""
LABEL_SHARE = 0.5
"""How much the coordinates of labels count, all together. They are few, and decide most of what an emotion shows."""


class Likeness(nn.Module):
    """Latents (N, latent_dim) moved to one emotion → their distance from draws that clearly show it, ().

    It is the kernel distance (Bińkowski et al. 2018, as in KID). Its kernel sees how coordinates go together: where
    those of an emotion depend on those of the pose, they must do so in moved latents as well. It is unbiased, so it may
    be below 0. An emotion that fewer than two draws show counts as 0.

    Args:
        z: latents (M, latent_dim) of draws.
        shown: probabilities (M, E) of the emotions that a classifier reads in them.
        labelled: number of leading coordinates that belong to labels; 0 if there are none.
    """

    mean: Tensor
    scale: Tensor
    draws: Tensor

    def __init__(self, z: Tensor, shown: Tensor, labelled: int) -> None:
        super().__init__()
        dims = z.shape[1]
        weights = torch.full((dims,), 1 / dims, device=z.device)
        if 0 < labelled < dims:
            weights[:labelled] = LABEL_SHARE / labelled
            weights[labelled:] = (1 - LABEL_SHARE) / (dims - labelled)
        self.register_buffer("mean", z.mean(dim=0))
        self.register_buffer("scale", weights.sqrt() / z.std(dim=0).clamp_min(1e-3))
        clear = shown.cpu() >= SUCCESS
        self._places = [torch.nonzero(of)[:, 0] for of in clear.T]
        self.register_buffer("draws", self._standard(z))

    def forward(self, moved: Tensor, emotion: int, order: torch.Generator) -> Tensor:
        """Return the distance, (). `order` chooses the draws."""
        places = self._places[emotion]
        if len(places) < 2 or len(moved) < 2:
            return moved.new_zeros(())
        chosen = places[torch.randperm(len(places), generator=order)[:DRAWS]]
        found, draws = self._standard(moved), self.draws[chosen.to(moved.device)]
        return _within(found) + _within(draws) - 2 * _kernel(found, draws).mean()

    def _standard(self, z: Tensor) -> Tensor:
        return (z - self.mean) * self.scale


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    return (a @ b.T + 1) ** 3


def _within(z: Tensor) -> Tensor:
    """Return the mean of the kernel over pairs of different rows."""
    kernel, count = _kernel(z, z), len(z)
    return (kernel.sum() - kernel.diagonal().sum()) / (count * (count - 1))

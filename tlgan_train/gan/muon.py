"""Muon, an optimiser for weight matrices: momentum whose steps are made orthogonal.

Adam follows the few directions in which gradients are large. An orthogonal step moves all directions by the same
amount, so detail that few pixels show is learned much sooner (Jordan et al. 2024, "Muon: An optimizer for hidden layers
in neural networks").
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

MOMENTUM = 0.95
"""Decay of the mean gradient."""
POLYNOMIAL = (3.4445, -4.7750, 2.0315)
"""Coefficients a, b and c of the iteration X ← (a + b·XXᵀ + c·(XXᵀ)²) X, which takes singular values to near 1. They
are those of the publication: 5 iterations take values from 0.01 on to between 0.7 and 1.2."""
ITERATIONS = 5
SMALLEST = 32
"""Rows and columns that a weight must have. Smaller ones, such as those of the 3 colours, are left to Adam."""


class Muon(torch.optim.Optimizer):
    """Updates weights of two dimensions or more, each as the matrix of its first dimension and all others.

    `torch.optim.Muon` takes no convolutions, and computes in bf16, which most processors only emulate.
    """

    def __init__(self, weights: Iterable[Tensor], lr: float) -> None:
        super().__init__(weights, {"lr": lr})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """Take a step down the gradients, with Nesterov's momentum."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                momentum = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                momentum.mul_(MOMENTUM).add_(weight.grad)
                gradient = torch.add(weight.grad, momentum, alpha=MOMENTUM)
                # No step depends on the order of columns. In that of memory, nothing is copied.
                channels_last = gradient.dim() == 4 and gradient.is_contiguous(memory_format=torch.channels_last)
                gradient = gradient.movedim(1, -1) if channels_last else gradient
                matrix = gradient.flatten(1)
                scale = max(1.0, matrix.shape[0] / matrix.shape[1]) ** 0.5
                step = orthogonal(matrix).view(gradient.shape)
                weight.add_(step.movedim(-1, 1) if channels_last else step, alpha=-scale * group["lr"])


def suits(weight: Tensor) -> bool:
    """Return whether a weight is a matrix that is large enough for Muon."""
    return weight.dim() >= 2 and min(weight.shape[0], weight[0].numel()) >= SMALLEST and 3 not in weight.shape[:2]


def orthogonal(matrix: Tensor) -> Tensor:
    """Return the matrix with all its singular values near 1.

    The iteration is computed on the smaller square XXᵀ, with which all its factors commute, and multiplied by the
    matrix once at the end. For 256 × 4096 this takes a third of the arithmetic. The matrix itself, which is large, is
    not divided by its norm, but the squares are.
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    a, b, c = POLYNOMIAL
    square, identity = wide @ wide.T, torch.eye(len(wide), device=matrix.device)
    norm = square.trace().sqrt().clamp(min=torch.finfo(square.dtype).tiny ** 0.5)
    square, product = square / norm.square(), identity / norm
    for _ in range(ITERATIONS):
        factor = a * identity + b * square + c * square @ square
        product, square = factor @ product, factor @ square @ factor
    result = product @ wide
    return result if matrix.shape[0] <= matrix.shape[1] else result.T


def divided(networks: Iterable[nn.Module]) -> tuple[list[Tensor], list[Tensor]]:
    """Return the weights of networks for Muon, and all others."""
    weights = [weight for network in networks for weight in network.parameters() if weight.requires_grad]
    return [w for w in weights if suits(w)], [w for w in weights if not suits(w)]

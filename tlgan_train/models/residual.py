"""Small residual networks that read pictures (He et al. 2016)."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

FIRST_WIDTH, LAST_WIDTH = 16, 128
"""Channels after the first halving of the side, and at most: they double with each halving in between."""
LAST_SIDE = 4
"""Pixels of a side at which halving ends."""


class ResidualClassifier(nn.Module):
    """Reads emotion and character from a face.

    The first convolution has a stride of 2, so mouths that are a few pixels high are still there for the second.
    AlexNet's stride of 4 loses them. What is left is flattened, not averaged: where eyes and mouth are says much of an
    expression.

    Args:
        emotions: number of emotions, E.
        characters: number of characters, C.
        image_size: side of the pictures, pixels.
        hidden: units of the fully connected layer.
    """

    def __init__(self, emotions: int, characters: int, image_size: int, hidden: int) -> None:
        super().__init__()
        widths, side = [FIRST_WIDTH], -(-image_size // 2)
        while side > LAST_SIDE:
            widths.append(min(2 * widths[-1], LAST_WIDTH))
            side = -(-side // 2)
        self.body = halvings(widths)
        self.neck = nn.Sequential(
            nn.Flatten(),
            nn.Linear(widths[-1] * side * side, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
        )
        self.emotion = nn.Linear(hidden, emotions)
        self.character = nn.Linear(hidden, characters)

    def with_activations(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the logits of emotion (N, E), and what is left after each halving of the side and in the neck."""
        left = []
        for layer in self.body:
            x = layer(x)
            if isinstance(layer, nn.ReLU | Halving):
                left.append(x)
        features = self.neck(x)
        return self.emotion(features), [*left, features]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of emotion (N, E) and character (N, C) for pictures float32 (N, 3, S, S) in [-1, 1]."""
        features = self.neck(self.body(x))
        return self.emotion(features), self.character(features)


def halvings(widths: list[int]) -> nn.Sequential:
    """Return layers that halve the side of pictures (N, 3, S, S) once for each of `widths`, the channels after it."""
    first = nn.Conv2d(3, widths[0], 3, stride=2, padding=1, bias=False)
    blocks = (Halving(before, after) for before, after in pairwise(widths))
    return nn.Sequential(first, nn.BatchNorm2d(widths[0]), nn.ReLU(), *blocks)


class Halving(nn.Module):
    """A residual block that halves the side: (N, `before`, S, S) to (N, `after`, ⌈S / 2⌉, ⌈S / 2⌉)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
        )
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2, ceil_mode=True), nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after)
        )

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.residual(x) + self.shortcut(x))

"""The judge: a small residual network that measures edits. It takes no part in making them."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from tlgan_train.models.residual import halvings

SIDE = 64
"""Side in pixels of the judge's input. Other sizes are resampled, so that all are measured in the same way."""
FEATURES = 128
"""Length of the feature vector."""
WIDTHS = [32, 64, 128, 128]
"""Channels after each halving of the side: 32, 16, 8 and 4 pixels."""


class Judge(nn.Module):
    """Emotion, character and known factors of a face, and the features in which sets of faces are compared.

    Another network than the classifier that labels (Z, Y), twice as wide and from another seed, so that an edit cannot
    succeed by fooling the network that it was fitted to.

    Args:
        emotions: number of emotions, E.
        characters: number of characters, C.
        factors: number of known factors, F; may be 0.
    """

    def __init__(self, emotions: int, characters: int, factors: int = 0) -> None:
        super().__init__()
        self.body = halvings(WIDTHS)
        # Flattened rather than averaged: where eyes and mouth are is what tells pose and expression.
        cells = (SIDE // 2 ** len(WIDTHS)) ** 2
        self.neck = nn.Sequential(
            nn.Flatten(), nn.Linear(WIDTHS[-1] * cells, FEATURES), nn.BatchNorm1d(FEATURES), nn.ReLU()
        )
        self.emotion = nn.Linear(FEATURES, emotions)
        self.character = nn.Linear(FEATURES, characters)
        self.factors = nn.Linear(FEATURES, factors) if factors else None

    def features(self, x: Tensor) -> Tensor:
        """Return the penultimate vectors (N, 128), which FID and KID compare.

        The pictures are float32 (N, 3, S, S) in [-1, 1].
        """
        if x.shape[-1] != SIDE:
            x = functional.interpolate(
                x, size=(SIDE, SIDE), mode="bilinear", align_corners=False, antialias=x.shape[-1] > SIDE
            )
        return self.neck(self.body(x))

    def read(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits of emotion (N, E) and character (N, C), and standardised factors (N, F), of `features(x)`."""
        factors = self.factors(features) if self.factors is not None else features[:, :0]
        return self.emotion(features), self.character(features), factors

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return `read(features(x))` for pictures float32 (N, 3, S, S) in [-1, 1]."""
        return self.read(self.features(x))

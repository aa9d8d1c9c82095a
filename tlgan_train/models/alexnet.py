"""The classifier of the paper: AlexNet features, with one head for the emotion and one for the character."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import alexnet

from tlgan_train.errors import TrainError

SMALLEST = 64
"""Side in pixels below which pictures are enlarged. AlexNet's strides reduce 64 pixels to a single 256-vector."""
CHANNELS = 256
"""Channels of AlexNet's last convolution."""
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Statistics of the pictures, in [0, 1], on which torchvision's AlexNet was trained."""


class EmotionClassifier(nn.Module):
    """Reads emotion and character from a face (paper, section 4.1, "Feature Extractor" and "Emotion Classifier").

    The extractor is torchvision's AlexNet `features`. Its output is averaged to one 256-vector. At the paper's
    64 × 64 pixels this changes nothing, and larger pictures keep their detail. Each head is fc → ReLU → BatchNorm → fc,
    without softmax.

    Args:
        emotions: number of emotions, E.
        characters: number of characters, C.
        hidden: units of each head's first layer (published code: 128).
    """

    input_scale: Tensor
    input_shift: Tensor

    def __init__(self, emotions: int, characters: int, hidden: int) -> None:
        super().__init__()
        # Built without storage, because torchvision's AlexNet has 58 million weights in layers that are not used here.
        with torch.device("meta"):
            features = alexnet(weights=None).features
        self.features = features.to_empty(device="cpu")
        self.emotion = _head(hidden, emotions)
        self.character = _head(hidden, characters)
        # They map pictures from [-1, 1] to the range that the features expect. `load_features` changes them.
        self.register_buffer("input_scale", torch.ones(1, 3, 1, 1))
        self.register_buffer("input_shift", torch.zeros(1, 3, 1, 1))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                # AlexNet has no BatchNorm between its convolutions. From scratch it only learns with He's variance.
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)

    def load_features(self, weights: dict[str, Tensor], source: str) -> None:
        """Load a torchvision AlexNet `state_dict`, and map pictures to the statistics of ImageNet from then on.

        Raises:
            TrainError: if a layer is missing or has another shape. The message names `source`.
        """
        expected = self.features.state_dict()
        given = {name: weights.get(f"features.{name}") for name in expected}
        wrong = [name for name, value in given.items() if value is None or value.shape != expected[name].shape]
        if wrong:
            raise TrainError(
                f"{source} is not a torchvision AlexNet state_dict: features.{wrong[0]} of shape "
                f"{tuple(expected[wrong[0]].shape)} is missing; save one with torch.save(model.state_dict(), FILE)"
            )
        self.features.load_state_dict(given)
        std = torch.tensor(IMAGENET_STD).view(1, 3, 1, 1)
        self.input_scale.copy_(0.5 / std)
        self.input_shift.copy_((0.5 - torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1)) / std)

    def with_activations(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the logits of emotion (N, E), and the activations after each convolution."""
        left, x = [], self._scaled(x)
        for layer in self.features:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                left.append(x)
        return self.emotion(x.mean(dim=(2, 3))), left

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of emotion (N, E) and character (N, C) for pictures float32 (N, 3, S, S) in [-1, 1]."""
        features = self.features(self._scaled(x)).mean(dim=(2, 3))
        return self.emotion(features), self.character(features)

    def _scaled(self, x: Tensor) -> Tensor:
        if x.shape[-1] < SMALLEST:
            x = functional.interpolate(x, size=(SMALLEST, SMALLEST), mode="bilinear", align_corners=False)
        return x * self.input_scale + self.input_shift


def _head(hidden: int, classes: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(CHANNELS, hidden), nn.ReLU(), nn.BatchNorm1d(hidden), nn.Linear(hidden, classes))

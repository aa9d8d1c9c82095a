"""The gradient that `guided` follows, written out as a forward pass that any ONNX runtime can run.

The gradient of a convolution is a transposed convolution with the same weights and the other way round, that of an
activation a factor, that of max-pooling a choice: standard operators, so no device needs automatic differentiation.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from tlgan_train.models.alexnet import SMALLEST, EmotionClassifier
from tlgan_train.models.dcgan import Generator

Pullback = Callable[[Tensor], Tensor]
"""Gradient with respect to what a layer gave → gradient with respect to what it took."""


class GradientGraph(nn.Module):
    """Latents and wanted probabilities → which way leads away from them, and what is seen now.

    Takes z (N, latent_dim), emotion (N, E) and character (N, C), wanted probabilities, where a row of zeros wants
    nothing. Gives gradient (N, latent_dim) of the sum of both cross-entropies, and the probabilities of the face of z,
    emotion (N, E) and character (N, C). Faces are not rounded to 256 levels on the way, which would have no gradient.
    """

    def __init__(self, generator: Generator, classifier: EmotionClassifier) -> None:
        super().__init__()
        self.generator, self.classifier = generator, classifier

    def forward(self, z: Tensor, emotion: Tensor, character: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        classifier = self.classifier
        code, to_z = through(self.generator.mapping, z)
        face, to_code = through(self.generator.layers, code[:, :, None, None])
        seen, to_face = enlarged(face)
        features, to_seen = through(classifier.features, seen * classifier.input_scale + classifier.input_shift)
        pixels = features.shape[2] * features.shape[3]
        pooled = features.mean(dim=(2, 3))
        told, to_told = through(classifier.emotion, pooled)
        who, to_who = through(classifier.character, pooled)
        told, who = told.softmax(dim=1), who.softmax(dim=1)
        wish = to_told(_entropy_gradient(told, emotion)) + to_who(_entropy_gradient(who, character))
        spread = (wish / pixels)[:, :, None, None].expand_as(features)
        on_face = to_face(to_seen(spread) * classifier.input_scale)
        slope = to_z(to_code(on_face)[:, :, 0, 0])[:, : self.generator.prior.movable]
        return functional.pad(slope, (0, z.shape[1] - slope.shape[1])), told, who


def through(layers: nn.Sequential, x: Tensor) -> tuple[Tensor, Pullback]:
    """What layers in eval mode make of x, and the way back."""
    ways: list[Pullback] = []
    for layer in layers:
        y = layer(x)
        ways.append(pullback(layer, x, y))
        x = y

    def back(gradient: Tensor) -> Tensor:
        for way in reversed(ways):
            gradient = way(gradient)
        return gradient

    return x, back


def pullback(layer: nn.Module, x: Tensor, y: Tensor) -> Pullback:
    """The way back through one layer in eval mode that made y of x."""
    if isinstance(layer, nn.Linear):
        return lambda g: g @ layer.weight
    if isinstance(layer, nn.Conv2d):
        # Rows and columns that the stride left over at the far side took no part.
        left = tuple(
            (size + 2 * pad - kernel) % stride
            for size, pad, kernel, stride in zip(
                x.shape[2:], layer.padding, layer.kernel_size, layer.stride, strict=True
            )
        )
        return lambda g: functional.conv_transpose2d(g, layer.weight, None, layer.stride, layer.padding, left)
    if isinstance(layer, nn.ConvTranspose2d):
        return lambda g: functional.conv2d(g, layer.weight, None, layer.stride, layer.padding)
    if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
        scale = layer.weight * torch.rsqrt(layer.running_var + layer.eps)
        return lambda g: g * scale.view(1, -1, *[1] * (g.dim() - 2))
    if isinstance(layer, nn.ReLU):
        return lambda g: g * (y > 0)
    if isinstance(layer, nn.LeakyReLU):
        return lambda g: torch.where(x > 0, g, layer.negative_slope * g)
    if isinstance(layer, nn.Tanh):
        return lambda g: g * (1 - y * y)
    if isinstance(layer, nn.MaxPool2d):
        return lambda g: _unpooled(g, x, y, layer.kernel_size, layer.stride)
    if isinstance(layer, nn.Dropout):
        return lambda g: g
    raise TypeError(f"no way back through {type(layer).__name__} is written here")


def enlarged(face: Tensor) -> tuple[Tensor, Pullback]:
    """The face as the classifier's convolutions see it, and the way back."""
    side = face.shape[-1]
    if side >= SMALLEST:
        return face, lambda g: g
    # Bilinear resizing is one matrix on rows and one on columns.
    unit = torch.eye(side, dtype=face.dtype, device=face.device)[None, None]
    columns = functional.interpolate(unit, size=(side, SMALLEST), mode="bilinear", align_corners=False)[0, 0]
    return columns.T @ face @ columns, lambda g: columns @ g @ columns.T


def _entropy_gradient(seen: Tensor, wanted: Tensor) -> Tensor:
    """Gradient of the cross-entropy of wanted probabilities with respect to the logits of those seen."""
    return seen * wanted.sum(dim=1, keepdim=True) - wanted


def _unpooled(g: Tensor, x: Tensor, y: Tensor, kernel: int, stride: int) -> Tensor:
    """Each window's gradient at its largest value; at several where values are equal, which only zeros of ReLU are."""
    height, width = y.shape[2:]
    total = torch.zeros_like(x)
    for down in range(kernel):
        for right in range(kernel):
            rows, columns = down + stride * (height - 1) + 1, right + stride * (width - 1) + 1
            chosen = x[:, :, down:rows:stride, right:columns:stride] == y
            total = total + _apart(g * chosen, stride, (down, right), x.shape[2:])
    return total


def _apart(values: Tensor, stride: int, start: tuple[int, int], size: torch.Size) -> Tensor:
    """Values (N, C, h, w) at every `stride`-th row and column from `start` on of a picture of this size, else 0."""
    rows, columns = (torch.eye(side, dtype=values.dtype, device=values.device) for side in size)
    rows = rows[:, start[0] :: stride][:, : values.shape[2]]
    columns = columns[:, start[1] :: stride][:, : values.shape[3]]
    return rows @ values @ columns.T

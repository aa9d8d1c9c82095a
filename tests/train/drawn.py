"""Generators with weights that make colourful pictures, and what an ONNX graph draws."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from tlgan_train.models.dcgan import Generator
from tlgan_train.models.head import Head


def colourful(latent_dim: int, width: int, image_size: int, mapping_width: int = 0, seed: int = 0) -> Generator:
    """A generator in eval mode all of whose weights and statistics matter."""
    torch.manual_seed(seed)
    generator = Generator(latent_dim, width, image_size, mapping_width)
    with torch.no_grad():
        for layer in generator.modules():
            if isinstance(layer, nn.ConvTranspose2d):
                # Each value is a sum over one tap of the first layer, and over four of the others.
                terms = layer.in_channels * (1 if layer.stride == (1, 1) else 4)
                layer.weight.normal_(0, (2 / terms) ** 0.5)
            elif isinstance(layer, nn.BatchNorm2d):
                for values, low, high in (
                    (layer.weight, 0.5, 1.5),
                    (layer.bias, -0.5, 0.5),
                    (layer.running_mean, -0.3, 0.3),
                    (layer.running_var, 0.5, 2.0),
                ):
                    assert values is not None
                    values.uniform_(low, high)
            elif isinstance(layer, nn.Linear):
                layer.bias.uniform_(-0.5, 0.5)
    return generator.eval().requires_grad_(False)


def pictures(model: onnx.ModelProto, z: np.ndarray) -> np.ndarray:
    """uint8 (N, S, S, 3)."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["image"], {"z": z})[0]


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """dB."""
    return float(10 * np.log10(255**2 / np.square(one.astype(float) - other).mean()))


def headed(width: int, feature_size: int, image_size: int, channels: int) -> Head:
    """A head in eval mode all of whose weights and statistics matter."""
    torch.manual_seed(1)
    head = Head(width, feature_size, image_size, channels)
    with torch.no_grad():
        for doubling in (head.hidden[0], head.colours[0], head.doubling):
            doubling.weight.normal_(0, (1 / (2 * doubling.in_channels)) ** 0.5)
        for norm in (head.hidden[1], head.norm):
            norm.weight.uniform_(0.5, 1.5)
            norm.bias.uniform_(-0.5, 0.5)
            norm.running_var.uniform_(0.5, 2)
        head.squares.weight.normal_(0, (1 / (2 * width)) ** 0.5)
        head.squares.bias.uniform_(-0.3, 0.3)
    return head.eval().requires_grad_(False)

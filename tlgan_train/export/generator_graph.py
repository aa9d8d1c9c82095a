"""The generator as the ONNX graph that draws fastest on a CPU, exactly as the network does but for rounding.

A transposed convolution of 4 x 4 with stride 2 is four convolutions of 2 x 2, one for each phase of its output, whose
pictures are interleaved; ONNX Runtime is much faster at these. The first layer, from one pixel to 4 x 4, is a matrix
product. Values are interleaved channels last, where neighbours move together. docs/speed.md has the measurements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from tlgan_train.export.graph_builder import GraphBuilder
from tlgan_train.models.dcgan import SLOPE, Generator

Array = NDArray[np.float32]

TAPS = ((3, 1), (2, 0))
"""Rows of the 4 x 4 kernel that make the even and the odd rows of the output, in the order of the input's rows."""


@dataclass(frozen=True)
class Layers:
    """The weights of a generator, BatchNorm folded into the transposed convolution before it."""

    latent_dim: int
    mapping: tuple[tuple[Array, Array], ...]
    """Weight (out, in) and bias (out,) of each fully connected layer."""
    hidden: tuple[tuple[Array, Array], ...]
    """Kernel (in, out, 4, 4) and bias (out,) of each transposed convolution that a ReLU follows; the first makes 4 x 4
    of one pixel, each of the others doubles the side."""
    last: Array
    """Kernel (in, 3, 4, 4) of the doubling to the picture, which has no bias."""

    @property
    def image_size(self) -> int:
        return 4 * 2 ** len(self.hidden)


def layers_of(generator: Generator) -> Layers:
    """The weights of a generator in eval mode."""
    mapping = [layer for layer in generator.mapping if isinstance(layer, nn.Linear)]
    hidden = []
    *ups, last, _ = generator.layers
    for up, norm in zip(ups[::3], ups[1::3], strict=True):
        if not isinstance(up, nn.ConvTranspose2d) or not isinstance(norm, nn.BatchNorm2d):
            raise TypeError(f"a transposed convolution and its BatchNorm were expected, not {up} and {norm}")
        kernel, bias = fuse_conv_bn_weights(
            up.weight, up.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias, transpose=True
        )
        hidden.append((kernel.detach().numpy(), bias.detach().numpy()))
    return Layers(
        generator.latent_dim,
        tuple((layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in mapping),
        tuple(hidden),
        last.weight.detach().numpy(),
    )


def drawing_graph(generator: Generator) -> onnx.ModelProto:
    """z float32 (N, latent_dim) → image uint8 (N, S, S, 3), in float32 arithmetic."""
    layers, graph = layers_of(generator), GraphBuilder()
    (kernel, bias), *doublings = layers.hidden
    weight, bias = first_as_matrix(kernel, bias)
    x = graph.node("Gemm", mapped(graph, layers), graph.constant(weight), graph.constant(bias))
    side = 4
    x = graph.reshape(graph.node("Relu", x), -1, side, side, kernel.shape[1])
    for kernel, bias in doublings:
        x, shift = channels_first(graph, x), graph.constant(bias)
        phases = [
            graph.node("Relu", graph.node("Conv", x, graph.constant(part), shift, kernel_shape=[2, 2], pads=pads))
            for part, pads in phases_of(kernel)
        ]
        x = interleaved(graph, phases, side, kernel.shape[1])
        side *= 2
    return graph.model("generator", layers.latent_dim, picture(graph, x, layers.last), layers.image_size)


def mapped(graph: GraphBuilder, layers: Layers) -> str:
    """Nodes from `z` through the fully connected layers."""
    x = "z"
    for weight, bias in layers.mapping:
        x = graph.node("Gemm", x, graph.constant(weight), graph.constant(bias), transB=1)
        x = graph.node("LeakyRelu", x, alpha=SLOPE)
    return x


def first_as_matrix(kernel: Array, bias: Array) -> tuple[Array, Array]:
    """The first layer as weight (in, 16 · out) and bias, whose columns are 4 x 4 pixels, channels last."""
    return kernel.transpose(0, 2, 3, 1).reshape(len(kernel), -1), np.tile(bias, 16)


def phases_of(kernel: Array) -> Iterator[tuple[Array, list[int]]]:
    """Kernels (out, in, 2, 2) and paddings of the four phases of a doubling, row by row."""
    for row, column in product((0, 1), repeat=2):
        part = kernel[:, :, TAPS[row], :][:, :, :, TAPS[column]]
        yield part.transpose(1, 0, 2, 3), [1 - row, 1 - column, row, column]


def interleaved(graph: GraphBuilder, phases: list[str], side: int, channels: int) -> str:
    """Four phases (N, channels, side, side), row by row → (N, 2 · side, 2 · side, channels)."""
    rows = []
    for pair in (phases[:2], phases[2:]):
        columns = [graph.node("Transpose", phase, perm=[0, 2, 3, 1]) for phase in pair]
        rows.append(graph.reshape(graph.node("Concat", *columns, axis=3), -1, side, 1, side * 2 * channels))
    return graph.reshape(graph.node("Concat", *rows, axis=2), -1, 2 * side, 2 * side, channels)


def channels_first(graph: GraphBuilder, x: str) -> str:
    return graph.node("Transpose", x, perm=[0, 3, 1, 2])


def picture(graph: GraphBuilder, x: str, kernel: Array) -> str:
    """The last doubling of x (N, H, W, in), and its values as levels; it has too few channels for phases to pay."""
    x = channels_first(graph, x)
    x = graph.node("ConvTranspose", x, graph.constant(kernel), kernel_shape=[4, 4], strides=[2, 2], pads=[1, 1, 1, 1])
    x = graph.node("Transpose", graph.node("Tanh", x), perm=[0, 2, 3, 1])
    x = graph.node("Mul", graph.node("Add", x, graph.constant(np.float32(1))), graph.constant(np.float32(127.5)))
    return graph.node("Cast", graph.node("Round", x), to=TensorProto.UINT8)

"""The generator in 8-bit integers: several times as fast on a CPU, and near enough to be checked for it.

What is quantised is the first layer and the phases of the doublings (see `drawing_graph`): weights with a scale for
each output channel, values with one a layer, for nearly the largest that latents of the prior reach. The fully
connected layers and the last doubling stay in float32: they are small, and the last one makes the levels that are seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto
from torch import nn

from tlgan_runtime.editor import CheerMeUp
from tlgan_train.errors import TrainError
from tlgan_train.export.generator_graph import (
    Array,
    channels_first,
    first_as_matrix,
    interleaved,
    layers_of,
    mapped,
    phases_of,
    picture,
)
from tlgan_train.export.graph_builder import GraphBuilder
from tlgan_train.models.dcgan import Generator

CALIBRATION_LATENTS, CHECK_LATENTS = 1024, 4096
MIN_PSNR = 40.0
"""dB between pictures in 8-bit integers and in float32, over all faces together; below it the graph is refused."""
MAX_CHANGED = 0.01
"""Share of faces that may show the classifier another emotion than in float32."""
CHUNK = 64
"""Latents drawn at a time."""

PEAK = 0.8
"""Of the largest value of a layer, what its range holds: finer steps for all are worth more than the rare peak, up to
where cut peaks show."""

_LEVELS = 255
_PAIR = 127
_SMALLEST = 1e-4
"""Of the largest scale of a layer: a channel that does next to nothing must not make its bias overflow."""


@dataclass(frozen=True)
class Ranges:
    """What values the layers of a generator reach."""

    features: tuple[float, float]
    """Lowest and highest input of the first transposed convolution."""
    hidden: tuple[float, ...]
    """Highest output of each ReLU."""


@torch.inference_mode()
def ranges_of(generator: Generator, z: NDArray[np.float32]) -> Ranges:
    """Ranges over latents (N, latent_dim)."""
    lowest, highest, hidden = 0.0, 0.0, np.zeros(len(layers_of(generator).hidden))
    for chunk in torch.from_numpy(z).split(CHUNK):
        x = generator.mapping(chunk)
        lowest, highest = min(lowest, float(x.min())), max(highest, float(x.max()))
        x, reached = x[:, :, None, None], []
        for layer in generator.layers:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                reached.append(float(x.max()))
        hidden = np.maximum(hidden, reached)
    return Ranges((lowest, highest), tuple(hidden.tolist()))


def int8_graph(generator: Generator, z: NDArray[np.float32]) -> onnx.ModelProto:
    """As `drawing_graph`, quantised for latents like `z` (N, latent_dim)."""
    layers, graph, ranges = layers_of(generator), GraphBuilder(), ranges_of(generator, z)
    scales = [np.float32(max(PEAK * highest, _SMALLEST) / _LEVELS) for highest in ranges.hidden]
    (kernel, bias), *doublings = layers.hidden
    lowest, highest = ranges.features
    step = np.float32(max(highest - lowest, _SMALLEST) / _LEVELS)
    x = _first(graph, mapped(graph, layers), step, np.uint8(round(-lowest / step)), *first_as_matrix(kernel, bias))
    zero, side = graph.constant(np.uint8(0)), 4
    x = graph.node("QuantizeLinear", x, graph.constant(scales[0]), zero)
    x = graph.reshape(x, -1, side, side, kernel.shape[1])
    for (kernel, bias), (before, after) in zip(doublings, pairwise(scales), strict=True):
        x, phases = channels_first(graph, x), []
        for part, pads in phases_of(kernel):
            weight, scale = quantised(part)
            operands = [
                x, graph.constant(before), zero,
                graph.constant(weight), graph.constant(scale), graph.constant(np.int8(0)),
                graph.constant(after), zero,
                graph.constant(np.round(bias / (scale * before)).astype(np.int32)),
            ]  # fmt: skip
            # Results below 0 become 0: that is the ReLU.
            phases.append(graph.node("QLinearConv", *operands, kernel_shape=[2, 2], pads=pads))
        x = interleaved(graph, phases, side, kernel.shape[1])
        side *= 2
    x = graph.node("DequantizeLinear", x, graph.constant(scales[-1]), zero)
    return graph.model("generator_int8", layers.latent_dim, picture(graph, x, layers.last), layers.image_size)


def _first(graph: GraphBuilder, x: str, step: np.float32, middle: np.uint8, weight: Array, bias: Array) -> str:
    """The matrix product of the first layer in integers, its result in float32."""
    columns, scale = quantised(np.ascontiguousarray(weight.T))
    zero = graph.constant(middle)
    x = graph.node("QuantizeLinear", x, graph.constant(step), zero)
    x = graph.node("MatMulInteger", x, graph.constant(columns.T), zero)
    x = graph.node("Mul", graph.node("Cast", x, to=TensorProto.FLOAT), graph.constant(scale * step))
    return graph.node("Add", x, graph.constant(bias))


def quantised(weight: Array) -> tuple[NDArray[np.int8], Array]:
    """int8 weight (out, in, …) and the scale of each output channel, float32 (out,).

    CPUs without instructions for dot products of bytes add two neighbouring products in 16 bits, where 255 · 128 has
    room and no more. So neighbours of one sign among the input channels together stay within 128, and faces are right
    there, too.
    """
    sides = []
    for side in (weight, -weight):
        size = np.maximum(side, 0).reshape(*weight.shape[:2], -1)
        size = np.pad(size, ((0, 0), (0, size.shape[1] % 2), (0, 0)))
        sides.append((size[:, ::2] + size[:, 1::2]).max(axis=(1, 2)))
    scale = np.maximum(*sides) / _PAIR
    scale = np.maximum(scale, max(float(scale.max()) * _SMALLEST, np.finfo(np.float32).tiny)).astype(np.float32)
    whole = np.round(weight / scale.reshape(-1, *[1] * (weight.ndim - 1)))
    return whole.astype(np.int8), scale


def check_int8(exact: CheerMeUp, quick: CheerMeUp, z: NDArray[np.float32]) -> dict[str, float]:
    """How the faces of latents (N, latent_dim) differ between two editors of a bundle: PSNR in dB, the share with
    another emotion, the largest difference in levels. Raises `TrainError` where the first two are not good enough."""
    before, after = exact.render(z), quick.render(z)
    difference = np.abs(before.astype(np.int16) - after)
    square = float(np.square(difference, dtype=np.float64).mean())
    verdicts = [exact.classify(images).emotion.argmax(axis=1) for images in (before, after)]
    changed = float((verdicts[0] != verdicts[1]).mean())
    psnr = float(10 * np.log10(_LEVELS**2 / max(square, 1e-12)))
    if psnr < MIN_PSNR or changed > MAX_CHANGED:
        raise TrainError(
            f"in 8-bit integers faces differ by {psnr:.1f} dB PSNR (at least {MIN_PSNR:.0f}) and {changed:.2%} show "
            f"another emotion (at most {MAX_CHANGED:.0%}); nothing was written: export without --int8"
        )
    return {"faces": len(z), "psnr_db": psnr, "emotion_changed": changed, "max_levels": int(difference.max())}

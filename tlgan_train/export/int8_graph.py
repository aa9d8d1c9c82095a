"""The generator in 8-bit integers. It is several times as fast on a CPU, and a check compares its faces with float32.

The first layer and the phases of the doublings (see `drawing_graph`) are quantised. Weights have a scale for each
output channel. Values have a scale for each layer, which covers nearly all values for latents of the prior. The fully
connected layers and the last step (the layer of pixels, or what follows the doubling of a head) stay in float32. They
are small, and the last step makes the visible levels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from tlgan_runtime.editor import CheerMeUp
from tlgan_train.errors import TrainError
from tlgan_train.export.generator_graph import PHASES, drawing_graph
from tlgan_train.models.dcgan import LAST, Generator
from tlgan_train.models.head import Head

Array = NDArray[np.float32]

CALIBRATION_LATENTS, CHECK_LATENTS = 1024, 4096
MIN_PSNR = 40.0
"""Smallest allowed PSNR in dB between pictures in 8-bit integers and in float32, over all faces together."""
MAX_CHANGED = 0.01
"""Largest allowed share of faces in which the classifier reads another emotion than in float32."""
CHUNK = 64
"""Latents drawn at a time."""

PEAK = 0.8
"""Upper end of the range of a layer, as a share of its largest value. Smaller steps for all values are worth more than
rare peaks, as long as the clipped peaks are not visible."""

_LEVELS = 255
_PAIR = 127
_SMALLEST = 1e-4
"""Smallest scale of a channel, as a share of the largest in its layer. With smaller scales, biases of channels with
hardly any weight would overflow."""


@dataclass(frozen=True)
class Ranges:
    """Ranges of the values in the layers of a generator."""

    features: tuple[float, float]
    """Lowest and highest input of the first transposed convolution."""
    hidden: tuple[float, ...]
    """Highest output of each ReLU."""


@torch.inference_mode()
def ranges_of(generator: Generator, z: NDArray[np.float32], head: Head | None = None) -> Ranges:
    """Measure the ranges of a generator, and of a head, over latents (N, latent_dim)."""
    lowest, highest, hidden = 0.0, 0.0, np.zeros(1)
    layers = generator.layers if head is None else [*generator.layers[:-LAST], *head.hidden]
    for chunk in torch.from_numpy(z).split(CHUNK):
        x = generator.mapping(chunk)
        lowest, highest = min(lowest, float(x.min())), max(highest, float(x.max()))
        x, reached = x[:, :, None, None], []
        for layer in layers:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                reached.append(float(x.max()))
        if head is not None:
            reached.append(float(head.doubled(x).max()))
        hidden = np.maximum(hidden, reached)
    return Ranges((lowest, highest), tuple(hidden.tolist()))


def int8_graph(generator: Generator, z: NDArray[np.float32], head: Head | None = None) -> onnx.ModelProto:
    """Return the graph of `drawing_graph`, quantised for latents like `z` (N, latent_dim)."""
    model, ranges = drawing_graph(generator, head), ranges_of(generator, z, head)
    graph = _Rewriting(model)
    scales = [np.float32(max(PEAK * highest, _SMALLEST) / _LEVELS) for highest in ranges.hidden]
    of_phases = (pair for pair in pairwise(scales) for _ in range(PHASES))
    nodes = list(model.graph.node)
    products = [place for place, node in enumerate(nodes) if node.op_type == "Gemm"]
    first = products[len(generator.mapping) // 2]  # those before map latents, those after belong to a head
    in_floats = {nodes[place].output[0] for place in products if place > first}
    mixed = in_floats & {node.input[0] for node in nodes if node.op_type == "Relu"}
    coloured = scales[-1 if head is None else -2]
    graph.nodes += nodes[:first]
    for place, node in enumerate(nodes[first:], first):
        x, y = node.input[0], node.output[0]
        if place == first:
            graph.first_layer(x, y, ranges.features, scales[0], *graph.weights(node))
        elif node.op_type == "Conv":
            graph.convolution(x, y, *next(of_phases), *graph.weights(node), node.attribute)
        elif node.op_type == "Relu" and x not in in_floats:
            graph.add("Identity", x, output=y)  # the unsigned integers have no values below 0
        elif node.op_type == "ConvTranspose" or y in mixed:
            scale = scales[-1] if y in mixed else coloured
            node.input[0] = graph.add("DequantizeLinear", x, graph.constant(scale), graph.zero)
            graph.nodes.append(node)
        else:
            graph.nodes.append(node)
    return graph.finished("generator_int8")


class _Rewriting:
    """The nodes of a graph, in the order in which they run, while some of them are replaced."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.nodes: list[onnx.NodeProto] = []
        self.values = {one.name: one for one in model.graph.initializer}
        self.zero = self.constant(np.uint8(0))

    def value(self, name: str) -> NDArray[np.float32]:
        """Return the value of a constant."""
        return numpy_helper.to_array(self.values[name])

    def weights(self, node: onnx.NodeProto) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the weight and the bias of a matrix product (in, out) or a convolution (out, in, …)."""
        weight = self.value(node.input[1])
        outputs = weight.shape[1 if node.op_type == "Gemm" else 0]
        # The exporter leaves out a bias of zeros.
        bias = self.value(node.input[2]) if len(node.input) > 2 else np.zeros(outputs, np.float32)
        return weight, bias

    def constant(self, value: Any) -> str:
        """Add a constant and return its name."""
        name = f"int8_{len(self.values)}"
        self.values[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        output = output or f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], name=output, **attributes))
        return output

    def first_layer(
        self, x: str, y: str, features: tuple[float, float], after: np.float32, weight: Array, bias: Array
    ) -> None:
        """Add the matrix product of the first layer in integers. Its output `y` has the scale `after`."""
        lowest, highest = features
        step = np.float32(max(highest - lowest, _SMALLEST) / _LEVELS)
        columns, scale = quantised(np.ascontiguousarray(weight.T))
        middle = self.constant(np.uint8(round(-lowest / step)))
        x = self.add("QuantizeLinear", x, self.constant(step), middle)
        x = self.add("MatMulInteger", x, self.constant(columns.T), middle)
        x = self.add("Mul", self.add("Cast", x, to=TensorProto.FLOAT), self.constant(scale * step))
        x = self.add("Add", x, self.constant(bias))
        self.add("QuantizeLinear", x, self.constant(after), self.zero, output=y)

    def convolution(
        self, x: str, y: str, before: np.float32, after: np.float32, weight: Array, bias: Array,
        attributes: Iterable[onnx.AttributeProto],
    ) -> None:  # fmt: skip
        """Add a convolution of values `x` with the scale `before`. Its output `y` has the scale `after`."""
        whole, scale = quantised(weight)
        operands = [
            x, self.constant(before), self.zero,
            self.constant(whole), self.constant(scale), self.constant(np.int8(0)),
            self.constant(after), self.zero,
            self.constant(np.round(bias / (scale * before)).astype(np.int32)),
        ]  # fmt: skip
        self.add("QLinearConv", *operands, output=y)
        self.nodes[-1].attribute.extend(attributes)

    def finished(self, name: str) -> onnx.ModelProto:
        """Return the rewritten graph as a checked model."""
        graph = self.model.graph
        used = {name for node in self.nodes for name in node.input}
        constants = [value for name, value in self.values.items() if name in used]
        rewritten = helper.make_graph(self.nodes, name, graph.input, graph.output, constants)
        model = helper.make_model(rewritten, opset_imports=self.model.opset_import, ir_version=self.model.ir_version)
        onnx.checker.check_model(model, full_check=True)
        return model


def quantised(weight: Array) -> tuple[NDArray[np.int8], Array]:
    """Return the int8 weight (out, in, …) and the scale of each output channel, float32 (out,).

    CPUs without instructions for dot products of bytes add two neighbouring products in 16 bits, which have room for
    255 · 128 but no more. Therefore two neighbouring input channels of the same sign have a sum of at most 128. Faces
    are then correct on these CPUs, too.
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
    """Compare the faces of latents (N, latent_dim) between two editors of a bundle.

    Returns the number of faces, the PSNR in dB, the share with another emotion, and the largest difference in levels.
    Raises `TrainError` for a PSNR below `MIN_PSNR` or a share above `MAX_CHANGED`.
    """
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

"""The generator in the operations that are fastest on a CPU. Its faces equal those of the network, except for rounding.

A transposed convolution of 4 x 4 with stride 2 equals four convolutions of 2 x 2, one for each phase of the output,
whose results are interleaved. ONNX Runtime computes these much faster. The first layer, from one pixel to 4 x 4, is a
matrix product. Interleaving works on channels-last values, where neighbours move together. A head ends with matrix
products, too, whose squares of pixels are put in their places as bytes. docs/speed.md has the measurements.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from tlgan_train.export.torch_export import exported
from tlgan_train.models.dcgan import Generator
from tlgan_train.models.head import Head
from tlgan_train.models.inference import to_uint8

TAPS = ((3, 1), (2, 0))
"""Rows of the 4 x 4 kernel for the even and for the odd rows of the output, in the order of the rows of the input."""
PHASES = len(TAPS) ** 2


def drawing_graph(generator: Generator, head: Head | None = None) -> onnx.ModelProto:
    """Return the graph from `z` float32 (N, latent_dim) to `image` uint8 (N, S, S, C), in float32 arithmetic."""
    example = (torch.zeros(2, generator.latent_dim),)
    return _rounded_at_once(exported(FastGenerator(generator, head), example, ("z",), ("image",)))


class FastGenerator(nn.Module):
    """Latents float32 (N, latent_dim) → image uint8 (N, S, S, C), with the weights of networks in eval mode."""

    def __init__(self, generator: Generator, head: Head | None = None) -> None:
        super().__init__()
        *ups, last, _ = generator.layers
        if head is not None:
            ups = [*ups[:-3], *head.hidden]
        (kernel, bias), *doublings = [_without_norm(*pair) for pair in zip(ups[::3], ups[1::3], strict=True)]
        self.mapping = generator.mapping
        self.channels = kernel.shape[1]
        # The columns are 4 x 4 pixels, channels last.
        self.register_buffer("first_weight", kernel.permute(0, 2, 3, 1).flatten(1))
        self.register_buffer("first_bias", bias.repeat(16))
        self.doublings = nn.ModuleList(Doubling(*weights) for weights in doublings)
        self.last = last if head is None else Squares(head)  # with its few channels, phases are not faster

    def forward(self, z: Tensor) -> Tensor:
        """Return the image, uint8 (N, S, S, C)."""
        x = torch.addmm(self.first_bias, self.mapping(z), self.first_weight).relu()
        x = x.reshape(-1, 4, 4, self.channels)
        for doubling in self.doublings:
            x = doubling(x)
        if isinstance(self.last, Squares):
            return self.last(x)
        return to_uint8(self.last(x.permute(0, 3, 1, 2)).tanh())


class Squares(nn.Module):
    """The last steps of a head: (N, side, side, in), channels last → uint8 (N, S, S, C)."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.channels, self.square = head.channels, head.square
        self.doubling = Doubling(*_without_norm(head.doubling, head.norm))
        self.colours = head.colours  # with their few channels, phases are not faster
        self.register_buffer("mixing", head.mixing.weight.detach()[:, :, 0, 0].T.contiguous())
        self.register_buffer("mixing_bias", head.mixing.bias.detach())
        # The head has the rows and columns of a square after the channels. Here, neighbours in a row come together.
        order = torch.arange(len(head.squares.weight)).view(self.channels, self.square**2).T.flatten()
        weight = 127.5 * head.squares.weight.detach()[order, :, 0, 0].T
        self.register_buffer("of_mixed", weight[:-3].contiguous())
        self.register_buffer("of_colours", weight[-3:].contiguous())
        self.register_buffer("bias", 127.5 * (head.squares.bias.detach()[order] + 1))

    def forward(self, x: Tensor) -> Tensor:
        colours = self.colours(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        x = self.doubling(x)
        side, square = x.shape[1], self.square
        mixed = torch.addmm(self.mixing_bias, x.reshape(-1, x.shape[3]), self.mixing).relu()
        levels = torch.addmm(torch.addmm(self.bias, colours.reshape(-1, 3), self.of_colours), mixed, self.of_mixed)
        rows = levels.round().clamp(0, 255).to(torch.uint8).reshape(-1, side, side, square, square * self.channels)
        return rows.permute(0, 1, 3, 2, 4).reshape(-1, side * square, side * square, self.channels)


class Doubling(nn.Module):
    """A transposed convolution and a ReLU: (N, side, side, in) → (N, 2 · side, 2 · side, out), channels last.

    Args:
        kernel: (in, out, 4, 4).
        bias: (out,).
    """

    def __init__(self, kernel: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.phases = nn.ModuleList()
        for row, column in product((0, 1), repeat=2):
            phase = nn.Conv2d(kernel.shape[0], kernel.shape[1], 2)
            phase.weight.data = kernel[:, :, TAPS[row], :][:, :, :, TAPS[column]].transpose(0, 1).contiguous()
            phase.bias.data = bias
            padding = nn.ZeroPad2d((1 - column, column, 1 - row, row))  # left, right, top, bottom
            self.phases.append(nn.Sequential(padding, phase, nn.ReLU()))

    def forward(self, x: Tensor) -> Tensor:
        side = x.shape[1]
        x = x.permute(0, 3, 1, 2)
        drawn = [phase(x).permute(0, 2, 3, 1) for phase in self.phases]
        rows = [
            torch.cat(pair, dim=3).reshape(-1, side, 1, 2 * side * pair[0].shape[3]) for pair in (drawn[:2], drawn[2:])
        ]
        return torch.cat(rows, dim=2).reshape(-1, 2 * side, 2 * side, drawn[0].shape[3])


@torch.no_grad()
def _without_norm(up: nn.Module, norm: nn.Module) -> tuple[Tensor, Tensor]:
    """Fold a BatchNorm into the transposed convolution before it. Returns kernel (in, out, 4, 4) and bias (out,)."""
    if not isinstance(up, nn.ConvTranspose2d) or not isinstance(norm, nn.BatchNorm2d):
        raise TypeError(f"expected a transposed convolution and its BatchNorm, not {up} and {norm}")
    kernel, bias = fuse_conv_bn_weights(
        up.weight, up.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias, transpose=True
    )
    return kernel.detach(), bias.detach()


def _rounded_at_once(model: onnx.ModelProto) -> onnx.ModelProto:
    """Put one operation in the place of rounding, clipping and conversion to bytes, each of which takes long."""
    graph, made_by = model.graph, {output: node for node in model.graph.node for output in node.output}
    (cast,) = (node for node in graph.node if node.op_type == "Cast" and node.attribute[0].i == TensorProto.UINT8)
    replaced, source = [cast], made_by[cast.input[0]]
    while source.op_type in ("Clip", "Round"):
        replaced, source = [*replaced, source], made_by[source.input[0]]
    kept = []
    for node in graph.node:
        if node is cast:
            kept.append(helper.make_node("QuantizeLinear", [source.output[0], "level", "black"], list(cast.output)))
        elif all(node is not other for other in replaced):
            kept.append(node)
    used = {name for node in kept for name in node.input}
    constants = [value for value in graph.initializer if value.name in used]
    for name, value in (("level", np.float32(1)), ("black", np.uint8(0))):
        constants.append(numpy_helper.from_array(np.array(value), name))
    for field, values in ((graph.node, kept), (graph.initializer, constants)):
        copies = [type(value).FromString(value.SerializeToString()) for value in values]
        del field[:]
        field.extend(copies)
    onnx.checker.check_model(model)
    return model

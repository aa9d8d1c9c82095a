"""The generator of a bundle as a network of torch again: what draws faces for those who never left torch.

python network_of_bundle.py BUNDLE FILE.pt
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from tlgan_train.export.generator_graph import TAPS
from tlgan_train.models.dcgan import Generator


def network_of(bundle: Path) -> Generator:
    """In eval mode, its weights those of `generator.onnx`; the inverse of `drawing_graph`."""
    graph = onnx.load(bundle / "generator.onnx").graph
    values = {one.name: numpy_helper.to_array(one).astype(np.float32) for one in graph.initializer}
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in values:
            values[node.output[0]] = values[node.input[0]]

    def weights(operator: str) -> list[list[np.ndarray]]:
        return [[values[name] for name in node.input[1:]] for node in graph.node if node.op_type == operator]

    *mapping, first = weights("Gemm")
    phases, ((last,),) = weights("Conv"), weights("ConvTranspose")
    doublings = [phases[start : start + 4] for start in range(0, len(phases), 4)]
    width, size = last.shape[0], 8 * 2 ** len(doublings)
    generator = Generator(mapping[0][0].shape[1], width, size, len(first[0]))
    generator.layers[0].__class__ = nn.ConvTranspose2d  # as everybody has it
    *ups, final, _ = generator.layers
    with torch.no_grad():
        linear = (layer for layer in generator.mapping if isinstance(layer, nn.Linear))
        for layer, (weight, bias) in zip(linear, mapping, strict=True):
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.copy_(torch.from_numpy(bias))
        kernels = [first[0].reshape(len(first[0]), 4, 4, -1).transpose(0, 3, 1, 2)]
        biases = [first[1][: kernels[0].shape[1]]]
        for doubling in doublings:
            out, into = doubling[0][0].shape[:2]
            kernel = np.empty((into, out, 4, 4), np.float32)
            for (row, column), (part, _) in zip(product((0, 1), repeat=2), doubling, strict=True):
                kernel[:, :, np.array(TAPS[row])[:, None], TAPS[column]] = part.transpose(1, 0, 2, 3)
            kernels.append(kernel)
            biases.append(doubling[0][1])
        for up, norm, kernel, bias in zip(ups[::3], ups[1::3], kernels, biases, strict=True):
            up.weight.copy_(torch.from_numpy(kernel))
            norm.weight.fill_(1)
            norm.bias.copy_(torch.from_numpy(bias))
            norm.running_var.fill_(1 - norm.eps)
        final.weight.copy_(torch.from_numpy(last))
    return generator.eval().requires_grad_(False)


if __name__ == "__main__":
    torch.save(network_of(Path(sys.argv[1])), sys.argv[2])

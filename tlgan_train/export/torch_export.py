"""Write networks as ONNX through the exporter of torch."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import onnx
import torch
from torch import Tensor, nn

from tlgan_train.models.inference import to_uint8

OPSET = 18
"""ONNX operator set. It is the oldest one that the exporter writes natively, so older runtimes can load the graphs."""


class DrawingGraph(nn.Module):
    """Latents float32 (N, latent_dim) → images uint8 (N, S, S, C), by any network that draws."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, z: Tensor) -> Tensor:
        return to_uint8(self.generator(z))


class ReadingGraph(nn.Module):
    """Images uint8 (N, S, S, 3) → probabilities of emotion (N, E) and of character (N, C)."""

    def __init__(self, classifier: nn.Module) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        emotion, character = self.classifier(image.permute(0, 3, 1, 2).float() / 127.5 - 1)
        return emotion.softmax(dim=1), character.softmax(dim=1)


class EncodingGraph(nn.Module):
    """Images uint8 (N, S, S, 3) → the latents (N, latent_dim) that are likeliest to draw them."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, image: Tensor) -> Tensor:
        mean, _ = self.encoder(image.permute(0, 3, 1, 2).float() / 127.5 - 1)
        return mean


def to_onnx(
    model: nn.Module,
    examples: tuple[Tensor, ...],
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    path: Path,
    stored: Callable[[onnx.ModelProto], onnx.ModelProto] | None = None,
    settings: Mapping[str, Tensor] = MappingProxyType({}),
) -> None:
    """Write the graph from `exported` to a file. `stored` may store its weights in fewer bits first."""
    graph = exported(model, examples, inputs, outputs, settings)
    onnx.save(stored(graph) if stored else graph, path)


def exported(
    model: nn.Module,
    examples: tuple[Tensor, ...],
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    settings: Mapping[str, Tensor] = MappingProxyType({}),
) -> onnx.ModelProto:
    """Return `model`, in eval mode, as a graph with a free first dimension N.

    Args:
        examples: one tensor for each of `inputs`, with rows.
        settings: examples of further inputs, which are the same for all rows.
    """
    model = model.eval().to(memory_format=torch.contiguous_format)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter warns about its internals
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            model, (*examples, *settings.values()), dynamo=True, opset_version=OPSET,
            verbose=False, input_names=[*inputs, *settings], output_names=list(outputs),
            dynamic_shapes=(*({0: torch.export.Dim("N")} for _ in inputs), *({} for _ in settings)),
        )  # fmt: skip
    graph = program.model_proto
    _forget_origin(graph.graph)
    del graph.metadata_props[:]
    return graph


def _forget_origin(graph: onnx.GraphProto) -> None:
    """Delete the notes of the exporter on every node. They hold stack traces with paths of this machine."""
    for item in (graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        del item.metadata_props[:]
        item.doc_string = ""

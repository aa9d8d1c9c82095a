"""Store the weights of ONNX graphs in fewer bits than runtimes use to compute."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper


def store_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the graph with its weights (float32 of two dimensions or more) stored as float16, in half the bytes.

    A runtime converts them to float32 when it prepares the graph, so arithmetic, speed and usable providers do not
    change. Biases and scales, which are few, keep their precision.
    """
    return _stored(model, np.float32, np.float16)


def store_single(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the graph with its float64 weights stored as float32. Weights that were rounded before do not change."""
    return _stored(model, np.float64, np.float32)


def _stored(model: onnx.ModelProto, whole: type[np.floating], narrow: type[np.floating]) -> onnx.ModelProto:
    narrowed = onnx.ModelProto()
    narrowed.CopyFrom(model)
    graph = narrowed.graph
    nodes = list(graph.node)
    del graph.node[:]
    for tensor in graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.dtype == whole and value.ndim >= 2 and np.abs(value).max(initial=0) <= np.finfo(narrow).max:
            name, type_of_whole = tensor.name, tensor.data_type
            tensor.CopyFrom(numpy_helper.from_array(value.astype(narrow), f"{name}_narrow"))
            graph.node.append(
                helper.make_node("Cast", [f"{name}_narrow"], [name], name=f"{name}_whole", to=type_of_whole)
            )
    graph.node.extend(nodes)
    return narrowed

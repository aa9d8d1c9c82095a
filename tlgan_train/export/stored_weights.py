"""Weights of ONNX graphs in fewer bits than those in which a runtime computes."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper


def store_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph with its weights (float32 of two dimensions or more) stored as float16: half the bytes.

    They become float32 again when a runtime prepares the graph, so the arithmetic, its speed and the providers that can
    run it stay. Biases and scales, which are few, keep their precision.
    """
    return _stored(model, np.float32, np.float16)


def store_single(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same for weights in float64, stored as float32: of those that were rounded to that, nothing is lost."""
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

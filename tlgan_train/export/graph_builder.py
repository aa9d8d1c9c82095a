"""Writing ONNX graphs node by node, where what torch exports is not the fastest way to draw."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
"""ONNX operator set: the oldest that the exporter writes natively, so that older runtimes load it too."""
IR_VERSION = 10
"""Version of the file format that torch writes with this operator set."""


class GraphBuilder:
    """A graph in the order in which it runs; every method returns the name of the tensor that it made."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, value: Any) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value).reshape(np.shape(value)), name))
        return name

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"{operator}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def reshape(self, x: str, *shape: int) -> str:
        return self.node("Reshape", x, self.constant(np.array(shape, np.int64)))

    def model(self, name: str, latent_dim: int, image: str, size: int) -> onnx.ModelProto:
        """The graph from `z` float32 (N, latent_dim) to the tensor `image`, uint8 (N, size, size, 3)."""
        self._nodes.append(helper.make_node("Identity", [image], ["image"], name="image"))
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", latent_dim])],
            [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", size, size, 3])],
            self._constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        return model


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

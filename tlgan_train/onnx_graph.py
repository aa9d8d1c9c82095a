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
    halved = onnx.ModelProto()
    halved.CopyFrom(model)
    graph = halved.graph
    nodes = list(graph.node)
    del graph.node[:]
    for tensor in graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.dtype == np.float32 and value.ndim >= 2 and np.abs(value).max(initial=0) <= np.finfo(np.float16).max:
            name = tensor.name
            tensor.CopyFrom(numpy_helper.from_array(value.astype(np.float16), f"{name}_half"))
            graph.node.append(
                helper.make_node("Cast", [f"{name}_half"], [name], name=f"{name}_whole", to=TensorProto.FLOAT)
            )
    graph.node.extend(nodes)
    return halved

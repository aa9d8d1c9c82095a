"""`walk.onnx`: a generator and moves along straight lines, joined into one graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def walk_graph(generator: onnx.ModelProto, keep_norm: bool = False) -> onnx.ModelProto:
    """Join `generator` (z (N, D) → image (N, S, S, 3)) with moves along straight lines, and return the graph.

    The inputs are float32:
    - `z` (N, D): the latents of faces
    - `direction` (N, D), or (1, D) for all faces: the shift of each latent at strength 1
    - `strengths` (N, T), or (1, T) for all faces: the strength of each frame

    The output is `frames` uint8 (N, T, S, S, 3), RGB. Frame t of face n draws z[n] + strengths[n, t] · direction[n].
    With `keep_norm`, these latents are rescaled to the norm of z[n], as axes with `keep_norm` require.

    Faces come first everywhere, so a server can join requests. Each face may have its own strengths, because the pace
    of the axes `local` depends on where a face starts. All frames are drawn as one batch, so memory grows with N · T.
    """
    inner = onnx.ModelProto()
    inner.CopyFrom(generator)
    # Its shapes are named after N rows, but here there are N · T.
    del inner.graph.value_info[:]
    inner = onnx.compose.add_prefix(inner, "generator.")
    (z,), (image,) = inner.graph.input, inner.graph.output
    latent_dim = z.type.tensor_type.shape.dim[1].dim_value
    picture = [dim.dim_value for dim in image.type.tensor_type.shape.dim[1:]]

    make = helper.make_node
    before = [
        make("Unsqueeze", ["z", "steps_axis"], ["start"]),  # (N, 1, D)
        make("Unsqueeze", ["direction", "steps_axis"], ["line"]),
        make("Unsqueeze", ["strengths", "last_axis"], ["strength"]),  # (N, T, 1)
        make("Mul", ["strength", "line"], ["way"]),
        make("Add", ["start", "way"], ["moved"]),  # (N, T, D)
        *(_rescaling() if keep_norm else [make("Identity", ["moved"], ["latents"])]),
        make("Reshape", ["latents", "rows"], [z.name]),
    ]
    after = [
        make("Shape", ["latents"], ["faces_and_steps"], start=0, end=2),
        make("Concat", ["faces_and_steps", "picture"], ["shape"], axis=0),
        make("Reshape", [image.name, "shape"], ["frames"]),
    ]
    constants: dict[str, Any] = {"steps_axis": [1], "last_axis": [2], "rows": [-1, latent_dim], "picture": picture}
    initializers = [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in constants.items()]
    if keep_norm:
        initializers += [numpy_helper.from_array(np.float32(value), name) for name, value in (("zero", 0), ("unit", 1))]
    # Inputs that may have a single row get other names for their rows, because ONNX Runtime expects dimensions of the
    # same name to have the same length.
    inputs = {"z": ["N", latent_dim], "direction": ["directions", latent_dim], "strengths": ["courses", "T"]}
    graph = helper.make_graph(
        [*before, *inner.graph.node, *after],
        "walk",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info("frames", TensorProto.UINT8, ["N", "T", *picture])],
        [*initializers, *inner.graph.initializer],
    )
    walk = helper.make_model(graph, opset_imports=inner.opset_import, ir_version=inner.ir_version)
    walk.functions.extend(inner.functions)
    onnx.checker.check_model(walk)
    return walk


def _rescaling() -> list[onnx.NodeProto]:
    """Return nodes that rescale `moved` to the norm of `start`, as `latents`. Latents of norm 0 stay as they are."""
    make = helper.make_node
    norms = []
    for name in ("start", "moved"):  # ReduceL2 has another way to give axes before operator set 18
        norms += [
            make("Mul", [name, name], [f"{name}_squares"]),
            make("ReduceSum", [f"{name}_squares", "last_axis"], [f"{name}_square"]),
            make("Sqrt", [f"{name}_square"], [f"{name}_norm"]),
        ]
    return [
        *norms,
        make("Greater", ["moved_norm", "zero"], ["has_norm"]),
        make("Where", ["has_norm", "moved_norm", "unit"], ["divisor"]),
        make("Where", ["has_norm", "start_norm", "unit"], ["dividend"]),
        make("Div", ["dividend", "divisor"], ["factor"]),
        make("Mul", ["moved", "factor"], ["latents"]),
    ]

"""Changes to ONNX models that keep them models: attributes, shapes, types, weights, order, names, operators."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

NUMBERS = (0, 1, -1, 2, 3, 7, 8, 16, 100, 1000, 2**31 - 1, 2**31, 2**40, 2**62, -(2**63))
FLOATS = (0.0, -1.0, 1e-30, 1e30, 3.4e38, float("nan"), float("inf"), -float("inf"))
TYPES = (1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 0, 99)
OPERATORS = (
    "Identity", "Relu", "Softmax", "Reshape", "Transpose", "Gather", "GatherND", "Slice", "Concat", "Expand", "Tile",
    "ConstantOfShape", "Conv", "ConvTranspose", "MaxPool", "AveragePool", "MatMul", "Gemm", "Resize", "Pad", "Range",
    "OneHot", "TopK", "NonZero", "Split", "Squeeze", "Unsqueeze", "Cast", "Shape", "Size", "ScatterND", "EyeLike",
    "DepthToSpace", "LSTM", "Einsum", "RandomNormal", "QLinearConv", "MatMulInteger", "DequantizeLinear", "If", "Loop",
    "Scan", "NonMaxSuppression", "BatchNormalization", "GridSample", "DFT", "CumSum", "Where", "StringNormalizer",
    "Optional", "SequenceEmpty", "RoiAlign", "Unique", "Nothing",
)  # fmt: skip
NAMES = ("", "z", "image", "emotion", "\x1b[2J\nname", "n" * 10_000, "\u202egro")


def mutated(model: onnx.ModelProto, random_: random.Random) -> bytes:
    """The model with one to four changes, or its bytes with one of theirs."""
    if random_.random() < 0.08:
        content = bytearray(model.SerializeToString())
        for _ in range(random_.choice((1, 3, 30))):
            content[random_.randrange(len(content))] ^= 1 << random_.randrange(8)
        return bytes(content)
    for _ in range(random_.choice((1, 1, 2, 4))):
        with suppress(Exception):  # a change that the package itself refuses, for a dozen kinds of reasons
            random_.choice(MUTATIONS)(model, random_)
    return model.SerializeToString()


def change_attribute(model: onnx.ModelProto, random_: random.Random) -> None:
    holders = [node for node in model.graph.node if node.attribute]
    if not holders:
        return
    node = random_.choice(holders)
    attribute = random_.choice(node.attribute)
    if attribute.type == AttributeProto.INT:
        attribute.i = random_.choice(NUMBERS)
    elif attribute.type == AttributeProto.FLOAT:
        attribute.f = random_.choice(FLOATS)
    elif attribute.type == AttributeProto.INTS and attribute.ints:
        attribute.ints[random_.randrange(len(attribute.ints))] = random_.choice(NUMBERS)
    elif attribute.type == AttributeProto.STRING:
        attribute.s = random_.choice((b"", b"SAME_UPPER", b"linear", b"\xff", b"x" * 1000))


def change_attribute_list(model: onnx.ModelProto, random_: random.Random) -> None:
    node = random_.choice(model.graph.node)
    choice = random_.randrange(4)
    if choice == 0 and node.attribute:
        del node.attribute[random_.randrange(len(node.attribute))]
    elif choice == 1 and node.attribute:
        node.attribute.append(random_.choice(node.attribute))
    elif choice == 2 and node.attribute:
        random_.choice(node.attribute).type = random_.choice((0, 1, 2, 3, 4, 5, 6, 7, 8))
    else:
        name = random_.choice(
            ("axis", "perm", "to", "kernel_shape", "pads", "strides", "group", "dilations", "auto_pad")
        )
        value = random_.choice(
            (random_.choice(NUMBERS), [random_.choice(NUMBERS) for _ in range(random_.randrange(1, 5))])
        )
        node.attribute.append(helper.make_attribute(name, value))


def change_weights(model: onnx.ModelProto, random_: random.Random) -> None:
    tensor = random_.choice(model.graph.initializer)
    values = numpy_helper.to_array(tensor).copy()
    if values.size:
        flat = values.reshape(-1)
        some = slice(None) if random_.random() < 0.3 else random_.randrange(flat.size)
        with np.errstate(all="ignore"):
            numbers = FLOATS if values.dtype.kind == "f" else NUMBERS
            flat[some] = np.array(random_.choice(numbers)).astype(values.dtype)
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def change_shape_of_weights(model: onnx.ModelProto, random_: random.Random) -> None:
    tensor = random_.choice(model.graph.initializer)
    choice = random_.randrange(5)
    if choice == 0 and tensor.dims:
        tensor.dims[random_.randrange(len(tensor.dims))] = random_.choice(NUMBERS)
    elif choice == 1:
        tensor.dims.append(random_.choice((1, 0, 2, -1)))
    elif choice == 2:
        del tensor.dims[-1:]
    elif choice == 3:
        tensor.raw_data = tensor.raw_data[: random_.randrange(len(tensor.raw_data) + 1)]
    else:
        values = numpy_helper.to_array(tensor)
        other = random_.choice(
            (values.reshape(-1), values.T, values[..., :-1] if values.ndim else values, values[None])
        )
        tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(other), tensor.name))


def change_type_of_weights(model: onnx.ModelProto, random_: random.Random) -> None:
    tensor = random_.choice(model.graph.initializer)
    if random_.random() < 0.5:
        tensor.data_type = random_.choice(TYPES)
        return
    with np.errstate(all="ignore"):
        values = numpy_helper.to_array(tensor).astype(random_.choice(("f2", "f4", "f8", "i1", "u1", "i4", "i8", "?")))
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def change_operator(model: onnx.ModelProto, random_: random.Random) -> None:
    random_.choice(model.graph.node).op_type = random_.choice(OPERATORS)


def change_ends_of_node(model: onnx.ModelProto, random_: random.Random) -> None:
    node = random_.choice(model.graph.node)
    every = [name for other in model.graph.node for name in (*other.input, *other.output)]
    ends = random_.choice((node.input, node.output))
    choice = random_.randrange(4)
    if choice == 0 and ends:
        ends[random_.randrange(len(ends))] = random_.choice((*every, *NAMES))
    elif choice == 1 and ends:
        del ends[random_.randrange(len(ends))]
    elif choice == 2:
        ends.append(random_.choice((*every, *NAMES)))
    elif node.input and node.output:
        node.input[0] = node.output[0]


def change_nodes(model: onnx.ModelProto, random_: random.Random) -> None:
    nodes = list(model.graph.node)
    choice = random_.randrange(5)
    if choice == 0:
        nodes.remove(random_.choice(nodes))
    elif choice == 1:
        nodes.insert(random_.randrange(len(nodes)), random_.choice(nodes))
    elif choice == 2:
        random_.shuffle(nodes)
    elif choice == 3:
        random_.choice(nodes).name = random_.choice(NAMES)
    else:
        random_.choice(nodes).domain = random_.choice(("ai.onnx", "ai.onnx.ml", "com.microsoft", "own", "\x1b[2J"))
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(kept)


def change_signature(model: onnx.ModelProto, random_: random.Random) -> None:
    infos = random_.choice((model.graph.input, model.graph.output, model.graph.value_info))
    if not infos:
        return
    info = random_.choice(infos)
    tensor = info.type.tensor_type
    choice = random_.randrange(6)
    if choice == 0:
        tensor.elem_type = random_.choice(TYPES)
    elif choice == 1 and tensor.shape.dim:
        random_.choice(tensor.shape.dim).dim_value = random_.choice(NUMBERS)
    elif choice == 2 and tensor.shape.dim:
        random_.choice(tensor.shape.dim).dim_param = random_.choice(("N", "M", "", "\x1b[2J"))
    elif choice == 3:
        tensor.ClearField("shape")
    elif choice == 4:
        info.name = random_.choice(NAMES)
    else:
        infos.remove(info)


def change_header(model: onnx.ModelProto, random_: random.Random) -> None:
    choice = random_.randrange(4)
    if choice == 0:
        model.opset_import[0].version = random_.choice((0, 1, 6, 11, 13, 17, 21, 23, 99, -1))
    elif choice == 1:
        model.ir_version = random_.choice((0, 1, 3, 7, 10, 12, 99))
    elif choice == 2:
        model.opset_import.add(domain=random_.choice(("own", "com.microsoft", "")), version=random_.choice((1, 99)))
    else:
        node = helper.make_node("Relu", ["x"], ["y"])
        opsets = [helper.make_opsetid("", 17)]
        model.functions.append(helper.make_function(random_.choice(("", "own")), "Relu", ["x"], ["y"], [node], opsets))


def add_external_data(model: onnx.ModelProto, random_: random.Random) -> None:
    tensor = random_.choice(model.graph.initializer)
    pairs = [("location", random_.choice(("x", "../x", "/etc/passwd", "*/_ORT_MEM_ADDR_/*"))), ("length", "4")]
    random_.shuffle(pairs)
    for key, value in pairs:
        tensor.external_data.add(key=key, value=value)
    if random_.random() < 0.8:
        tensor.data_location = TensorProto.EXTERNAL


def wrap_in_subgraph(model: onnx.ModelProto, random_: random.Random) -> None:
    """A node's output goes through a branch, or round a loop."""
    node = random_.choice(model.graph.node)
    if not node.output or not node.output[0]:
        return
    name = node.output[0]
    inner = f"{name}_inner"
    node.output[0] = inner
    place = list(model.graph.node).index(node) + 1
    kind = random_.choice((TensorProto.FLOAT, TensorProto.UINT8, TensorProto.INT64))
    shape = random_.choice((None, [], ["N"], [3]))

    def info(called: str, elements: int, dims: list[int | str] | None) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(called, elements, dims)

    model.graph.initializer.append(numpy_helper.from_array(np.array(True), f"{name}_yes"))
    if random_.random() < 0.5:
        branch = helper.make_graph(
            [helper.make_node("Identity", [random_.choice((inner, inner, "nowhere"))], [f"{name}_out"])],
            "branch", [], [info(f"{name}_out", kind, shape)],
        )  # fmt: skip
        wrapped = helper.make_node("If", [f"{name}_yes"], [name], then_branch=branch, else_branch=branch)
    else:
        times = random_.choice((0, 1, 3, 1000, -1, 2**62))
        model.graph.initializer.append(numpy_helper.from_array(np.array(times), f"{name}_times"))
        body = helper.make_graph(
            [
                helper.make_node("Identity", [f"{name}_go"], [f"{name}_go_on"]),
                helper.make_node("Identity", [f"{name}_in"], [f"{name}_out"]),
            ],
            "body",
            [
                info(f"{name}_i", TensorProto.INT64, []), info(f"{name}_go", TensorProto.BOOL, []),
                info(f"{name}_in", kind, shape),
            ],
            [info(f"{name}_go_on", TensorProto.BOOL, []), info(f"{name}_out", kind, shape)],
        )  # fmt: skip
        wrapped = helper.make_node("Loop", [f"{name}_times", f"{name}_yes", inner], [name], body=body)
    model.graph.node.insert(place, wrapped)


MUTATIONS: tuple[Callable[[onnx.ModelProto, random.Random], None], ...] = (
    change_attribute, change_attribute, change_attribute_list, change_weights, change_weights, change_shape_of_weights,
    change_shape_of_weights, change_type_of_weights, change_operator, change_ends_of_node, change_nodes,
    change_signature, change_header, add_external_data, wrap_in_subgraph,
)  # fmt: skip

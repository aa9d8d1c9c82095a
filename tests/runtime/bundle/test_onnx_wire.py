"""Graphs that lean on other files or on operators of their own, written in every way that the format allows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tlgan_runtime import BundleDamagedError, CheerMeUp
from tlgan_runtime.bundle import onnx_wire
from tlgan_runtime.bundle.find import embedded_bundles
from tlgan_runtime.bundle.onnx_wire import check_model
from tlgan_runtime.bundle.read import Bundle
from tlgan_runtime.bundle.write import write_manifest
from tlgan_runtime.graphs.session import Engine


def varint(number: int, longer: int = 0) -> bytes:
    """As protobuf writes it, and `longer` than it has to be by so many bytes."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F)
    digits += [0] * longer
    return bytes(digit | 0x80 for digit in digits[:-1]) + bytes(digits[-1:])


def field(number: int, content: bytes | int, longer: int = 0) -> bytes:
    if isinstance(content, int):
        return varint(number << 3, longer) + varint(content, longer)
    return varint(number << 3 | 2, longer) + varint(len(content), longer) + content


GROUP = varint(900 << 3 | 3) + field(5, b"\x6a\x00") + varint(900 << 3 | 4)
LOCATION = field(2, b"secret.bin") + field(1, b"location")  # the value before its key
EXTERNAL_DATA, DATA_LOCATION = 13, 14

LEANING_TENSORS = {
    "value before key": field(EXTERNAL_DATA, LOCATION),
    "no location": field(EXTERNAL_DATA, b""),
    "marked alone": field(DATA_LOCATION, 1),
    "marked, then not": field(DATA_LOCATION, 1) + field(DATA_LOCATION, 0),
    "marked by a number of 33 bits": field(DATA_LOCATION, 2**32 + 1),
    "overlong numbers": field(EXTERNAL_DATA, LOCATION, longer=2),
    "after unknown fields": field(800, b"x") + field(801, 7) + GROUP + field(EXTERNAL_DATA, LOCATION),
    "after numbers of fixed size": varint(802 << 3 | 1) + bytes(8) + varint(803 << 3 | 5) + bytes(4)
    + field(EXTERNAL_DATA, LOCATION),
}  # fmt: skip
PLACES: dict[str, Callable[[bytes], bytes]] = {
    "initializer": lambda tensor: field(7, field(5, tensor)),
    "second part of the graph": lambda tensor: field(7, field(2, b"g")) + field(7, field(5, tensor)),
    "sparse initializer": lambda tensor: field(7, field(15, field(1, tensor))),
    "indices of it": lambda tensor: field(7, field(15, field(2, tensor))),
    "attribute": lambda tensor: field(7, field(1, field(5, field(5, tensor)))),
    "list in an attribute": lambda tensor: field(7, field(1, field(5, field(10, tensor)))),
    "sparse attribute": lambda tensor: field(7, field(1, field(5, field(22, field(1, tensor))))),
    "list of those": lambda tensor: field(7, field(1, field(5, field(23, field(1, tensor))))),
    "subgraph": lambda tensor: field(7, field(1, field(5, field(6, field(5, tensor))))),
    "list of subgraphs": lambda tensor: field(7, field(1, field(5, field(11, field(5, tensor))))),
    "training": lambda tensor: field(20, field(2, field(5, tensor))),
}


@pytest.mark.parametrize("tensor", LEANING_TENSORS.values(), ids=LEANING_TENSORS)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_weights_in_other_files_are_found(tensor: bytes, place: Callable[[bytes], bytes]) -> None:
    onnx.ModelProto.FromString(place(tensor))  # a reader takes it
    with pytest.raises(BundleDamagedError, match=r"^m keeps weights in another file"):
        check_model(place(tensor), "m")
    check_model(place(field(8, b"a name") + field(DATA_LOCATION, 0)), "m")


def test_every_way_to_a_tensor_is_walked() -> None:
    """The numbers of fields are those of the format: none that leads to a tensor is left out."""
    names = {
        "model": onnx.ModelProto, "training": onnx.TrainingInfoProto, "graph": onnx.GraphProto, "node": onnx.NodeProto,
        "attribute": onnx.AttributeProto, "sparse": onnx.SparseTensorProto, "tensor": onnx.TensorProto,
    }  # fmt: skip
    kinds = {kind.DESCRIPTOR.name: name for name, kind in names.items()} | {"FunctionProto": "function"}
    for name, kind in names.items():
        expected = {
            entry.number: kinds[entry.message_type.name]
            for entry in kind.DESCRIPTOR.fields
            if entry.message_type is not None and entry.message_type.name in kinds
        }
        walked = {number: inner for number, inner in onnx_wire._MESSAGES[name].items() if inner in kinds.values()}
        assert walked == expected
    numbers = onnx.TensorProto.DESCRIPTOR.fields_by_name
    assert (numbers["external_data"].number, numbers["data_location"].number) == (EXTERNAL_DATA, DATA_LOCATION)
    assert onnx.NodeProto.DESCRIPTOR.fields_by_name["domain"].number == 7


def node(**changed: Any) -> bytes:
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"], **changed)], "g", [], [])
    return helper.make_model(graph).SerializeToString()


def test_only_standard_operators() -> None:
    check_model(node(), "m")
    check_model(node(domain="ai.onnx"), "m")
    for domain in ("com.microsoft", "my\x1b[31mown"):
        with pytest.raises(BundleDamagedError, match=r"m has operators of [ -~]+; bundles may only hold those"):
            check_model(node(domain=domain), "m")
    function = helper.make_function("own", "F", ["x"], ["y"], [helper.make_node("Relu", ["x"], ["y"])], [])
    graph = helper.make_graph([helper.make_node("F", ["x"], ["y"])], "g", [], [])
    with pytest.raises(BundleDamagedError, match="its own operators"):
        check_model(helper.make_model(graph, functions=[function]).SerializeToString(), "m")


@pytest.mark.parametrize(
    "content",
    [
        b"no model at all",
        b"\x00\x00",
        field(7, b"")[:1],
        field(7, b"abc"),
        varint(7 << 3 | 2) + varint(2**31) + b"x",
        varint(7 << 3 | 3),
        varint(7 << 3 | 4),
        varint(7 << 3 | 3) + varint(8 << 3 | 4),
        b"\x80" * 11 + b"\x01",
        b"\x08" + b"\x80" * 11 + b"\x01",
        b"\x00\x00\x00\x00ORTM and more",
        field(800, b"\x01ORTM"),
    ],
)
def test_what_is_no_model_is_said_to_be_none(content: bytes) -> None:
    with pytest.raises(BundleDamagedError, match=r"not an ONNX model|ONNX Runtime's own format"):
        check_model(content, "m")


INT64 = field(2, 7)


@pytest.mark.parametrize(
    "tensor",
    [
        INT64 + field(9, bytes(7)),
        field(9, bytes(12)) + INT64,
        INT64 + field(9, bytes(8)) + field(9, bytes(1)),
        field(2, 1) + field(2, 10) + field(9, bytes(3)),
        field(2, 2**32 + 7) + field(9, bytes(7)),
    ],
)
def test_weights_that_end_within_a_number_are_found(tensor: bytes) -> None:
    """ONNX Runtime 1.20 ends the process at some of them."""
    for place in PLACES.values():
        with pytest.raises(BundleDamagedError, match="no whole number of elements"):
            check_model(place(tensor), "m")
        check_model(place(INT64 + field(9, bytes(8))), "m")


def test_a_tensor_is_not_put_together_from_two() -> None:
    halves = [field(9, bytes(4)) + field(2, 1), field(2, 7)]  # of which a reader makes 4 bytes of 8-byte numbers
    for numbers in ((5, 5), (22, 1), (22, 2)):
        parts = [field(number, half) for number in numbers[-1:] for half in halves]
        attribute = b"".join(parts) if numbers[0] == 5 else field(numbers[0], b"".join(parts))
        with pytest.raises(BundleDamagedError, match="twice"):
            check_model(field(7, field(1, field(5, attribute))), "m")


def test_the_depth_and_the_number_of_parts_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    deep = b""
    for _ in range(1000):
        deep = field(1, field(5, field(6, deep)))
    with pytest.raises(BundleDamagedError, match="50 deep"):
        check_model(field(7, deep), "m")
    monkeypatch.setattr(onnx_wire, "MAX_FIELDS", 1000)
    with pytest.raises(BundleDamagedError, match="over 1000 parts"):
        check_model(field(1, 1) * 1001, "m")


@pytest.mark.parametrize("name", ["solo", "cast"])
def test_what_ships_is_accepted(name: str) -> None:
    bundle = Bundle(embedded_bundles()[name])
    for role in ("generator", "generator_int8", "classifier", "mapping", "paths"):
        check_model(bundle.read(role), role)


def steal(broken: Path, model: onnx.ModelProto, file: str) -> None:
    """Makes `model` the generator of the bundle, in a file of any name."""
    (broken / "generator.onnx").unlink()
    (broken / file).write_bytes(model.SerializeToString())
    manifest = json.loads((broken / "manifest.json").read_text())
    del manifest["files"], manifest["schema_version"]
    write_manifest(broken, roles={file: "generator"}, **manifest)


def leaning(tensor: TensorProto, folder: Path) -> None:
    np.frombuffer(numpy_helper.to_array(tensor).tobytes(), np.uint8).tofile(folder / "secret.bin")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "secret.bin"), ("length", str((folder / "secret.bin").stat().st_size))):
        tensor.external_data.add(key=key, value=value)


@pytest.mark.parametrize("file", ["generator.onnx", "generator.bin"])
@pytest.mark.parametrize("inside", ["graph", "subgraph"])
def test_a_bundle_cannot_read_the_folder_it_is_used_in(
    broken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, inside: str
) -> None:
    monkeypatch.chdir(tmp_path)
    model = onnx.load(broken / "generator.onnx")
    leaning(next(tensor for tensor in model.graph.initializer if tensor.name == "spread"), tmp_path)
    if inside == "subgraph":
        spread = next(tensor for tensor in model.graph.initializer if tensor.name == "spread")
        out = helper.make_tensor_value_info("read", TensorProto.FLOAT, list(spread.dims))
        branch = helper.make_graph([helper.make_node("Identity", ["kept"], ["read"])], "branch", [], [out])
        branch.initializer.add().CopyFrom(spread)
        branch.initializer[0].name = "kept"
        model.graph.initializer.remove(spread)
        model.graph.initializer.add().CopyFrom(numpy_helper.from_array(np.array(True), "always"))
        node = helper.make_node("If", ["always"], ["spread"], then_branch=branch, else_branch=branch)
        model.graph.node.insert(0, node)
    swapped = model.SerializeToString().replace(
        field(1, b"location") + field(2, b"secret.bin"), field(2, b"secret.bin") + field(1, b"location")
    )
    assert swapped != model.SerializeToString()
    model.ParseFromString(swapped)
    with pytest.raises(BundleDamagedError, match="another file"):
        steal(broken, model, file)
    with pytest.raises(BundleDamagedError, match="another file"):
        Bundle(broken).verify()
    with pytest.raises(BundleDamagedError, match="another file"):
        CheerMeUp(broken, provider="cpu", threads=1)


def test_the_second_wall_holds_alone(broken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ort = pytest.importorskip("onnxruntime")
    if tuple(map(int, ort.__version__.split(".")[:2])) < (1, 21):
        pytest.skip("this onnxruntime looks for files of graphs where it likes")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tlgan_runtime.graphs.session.check_model", lambda model, name: None)
    model = onnx.load(broken / "generator.onnx")
    Engine("cpu", 1).start(model.SerializeToString(), "whole")
    leaning(next(tensor for tensor in model.graph.initializer if tensor.name == "spread"), tmp_path)
    ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])  # which it would read
    with pytest.raises(BundleDamagedError, match="cannot load leaning"):
        Engine("cpu", 1).start(model.SerializeToString(), "leaning")

"""Providers, threads and micro-batches, with a stand-in for onnxruntime where the machine has no such hardware."""

from __future__ import annotations

import json
import os
import sys
import types
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tests.tiny_bundle import make_bundle
from tlgan_runtime import BundleDamagedError, CheerMeUp, InputError, MissingLibraryError, ProviderError
from tlgan_runtime.bundle.write import write_manifest
from tlgan_runtime.graphs.session import MICRO_BATCH, Engine, Graph, Tensor
from tlgan_runtime.workers import usable_cpus

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


class FakeOptions:
    """Collects what the engine sets."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}

    def add_session_config_entry(self, key: str, value: str) -> None:
        self.entries[key] = value


class FakeOnnxRuntime(types.ModuleType):
    """An onnxruntime that offers `offered`, and whose sessions get `working` of the providers they ask for."""

    def __init__(self, offered: list[str], working: list[str], raises: str = "") -> None:
        super().__init__("onnxruntime")
        self.offered, self.working, self.raises = offered, working, raises
        self.preloaded = 0
        self.batches: list[int] = []
        self.options: list[FakeOptions] = []
        self.SessionOptions = FakeOptions
        self.InferenceSession = self._start

    def get_available_providers(self) -> list[str]:
        return self.offered

    def preload_dlls(self) -> None:
        self.preloaded += 1

    def _start(self, model: bytes, options: FakeOptions, providers: list[Any], enable_fallback: int) -> Any:
        names = [provider if isinstance(provider, str) else provider[0] for provider in providers]
        if self.raises and CUDA in names:
            raise RuntimeError(self.raises)
        self.options.append(options)
        in_use = [name for name in names if name in self.working]

        def run(outputs: list[str], feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
            self.batches.append(len(feeds["x"]))
            return [feeds["x"]]

        node = types.SimpleNamespace(name="x", type="tensor(float)", shape=["N", 2])
        return types.SimpleNamespace(
            get_providers=lambda: in_use,
            run=run,
            get_inputs=lambda: [node],
            get_outputs=lambda: [node],
            get_overridable_initializers=list,
        )


def use(monkeypatch: pytest.MonkeyPatch, fake: FakeOnnxRuntime) -> FakeOnnxRuntime:
    monkeypatch.setitem(sys.modules, "onnxruntime", fake)
    return fake


def graph(engine: Engine) -> Graph:
    pair = {"x": Tensor("tensor(float)", (2,))}
    return Graph(engine, "the fake", b"", pair, pair)


def test_auto_takes_cuda_where_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = use(monkeypatch, FakeOnnxRuntime([CUDA, CPU], [CUDA, CPU]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert graph(Engine("auto")).providers == [CUDA, CPU]
    assert fake.preloaded == 1


@pytest.mark.parametrize("raises", ["", "libcublas.so.13: cannot open"])
def test_auto_degrades_with_one_warning_that_says_why(monkeypatch: pytest.MonkeyPatch, raises: str) -> None:
    use(monkeypatch, FakeOnnxRuntime([CUDA, CPU], [CPU], raises))
    engine = Engine("auto")
    with pytest.warns(RuntimeWarning, match=f"using the CPU: .*{raises or 'could not load'}") as caught:
        assert graph(engine).providers == [CPU]
        assert graph(engine).providers == [CPU]
    assert len(caught) == 1


@pytest.mark.parametrize("raises", ["", "libcublas.so.13: cannot open"])
def test_cuda_is_strict(monkeypatch: pytest.MonkeyPatch, raises: str) -> None:
    use(monkeypatch, FakeOnnxRuntime([CUDA, CPU], [CPU], raises))
    with pytest.raises(ProviderError, match=r"cheermeup\[gpu\]") as caught:
        graph(Engine("cuda")).run(np.zeros((1, 2), np.float32))
    assert raises in str(caught.value) and caught.value.exit_code == 4


def test_cuda_on_a_build_without_it_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FakeOnnxRuntime(["AzureExecutionProvider", CPU], [CPU]))
    with pytest.raises(ProviderError, match=r"built without CUDA.*cheermeup\[gpu\]"):
        _ = graph(Engine("cuda")).providers


@pytest.mark.parametrize("provider", ["auto", "cpu"])
def test_a_cpu_build_is_used_silently(monkeypatch: pytest.MonkeyPatch, provider: str) -> None:
    fake = use(monkeypatch, FakeOnnxRuntime(["AzureExecutionProvider", CPU], [CPU]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert graph(Engine(provider)).providers == [CPU]
    assert fake.preloaded == 0


def test_cpu_never_looks_for_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = use(monkeypatch, FakeOnnxRuntime([CUDA, CPU], [CUDA, CPU]))
    assert graph(Engine("cpu")).providers == [CPU]
    assert fake.preloaded == 0


def test_options_of_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = use(monkeypatch, FakeOnnxRuntime([CPU], [CPU]))
    _ = graph(Engine("cpu", threads=3)).providers
    (options,) = fake.options
    assert vars(options) | {"entries": None} == {
        "entries": None,
        "intra_op_num_threads": 1,
        "inter_op_num_threads": 1,
        "log_severity_level": 4,
        "enable_cpu_mem_arena": False,
    }
    assert options.entries == {
        "session.intra_op.allow_spinning": "0",
        "session.inter_op.allow_spinning": "0",
        "session.load_model_format": "ONNX",
        "session.model_external_initializers_file_folder_path": f"{os.devnull}/none",
    }
    assert Engine().threads == usable_cpus() >= 1


@pytest.mark.parametrize(
    ("rows", "threads", "batches"),
    [(1, 1, [1]), (8, 1, [8]), (9, 1, [8, 1]), (20, 1, [8, 8, 4]), (1, 2, [1]), (8, 2, [4, 4]), (20, 2, [8, 8, 4])],
)
def test_runs_go_in_micro_batches(monkeypatch: pytest.MonkeyPatch, rows: int, threads: int, batches: list[int]) -> None:
    fake = use(monkeypatch, FakeOnnxRuntime([CPU], [CPU]))
    feed = np.arange(2 * rows, dtype=np.float32).reshape(rows, 2)
    np.testing.assert_array_equal(graph(Engine("cpu", threads)).run(feed)["x"], feed)
    assert sorted(fake.batches, reverse=True) == batches and max(batches) <= MICRO_BATCH


def test_an_output_that_is_not_finite_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FakeOnnxRuntime([CPU], [CPU]))
    with pytest.raises(BundleDamagedError, match="not finite"):
        graph(Engine("cpu")).run(np.full((1, 2), np.nan, np.float32))


def test_no_onnxruntime_names_both_commands(monkeypatch: pytest.MonkeyPatch, bundle: Path) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    editor = CheerMeUp(bundle)
    z = editor.move(editor.sample(2), {"joy": 1})  # arithmetic needs no graph
    with pytest.raises(MissingLibraryError, match=r"cheermeup\[cpu\].*cheermeup\[gpu\]") as caught:
        editor.render(z)
    assert isinstance(caught.value, ImportError)


def test_a_hollow_onnxruntime_says_how_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", types.ModuleType("onnxruntime"))
    with pytest.raises(MissingLibraryError, match="pip uninstall"):
        graph(Engine("cpu")).run(np.zeros((1, 2), np.float32))


def model(input_name: str, dtype: int, shape: list[Any]) -> bytes:
    x = onnx.helper.make_tensor_value_info(input_name, dtype, shape)
    y = onnx.helper.make_tensor_value_info("y", dtype, shape)
    node = onnx.helper.make_node("Identity", [input_name], ["y"])
    opset = [onnx.helper.make_opsetid("", 17)]
    graph = onnx.helper.make_graph([node], "g", [x], [y])
    return onnx.helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "cannot load the model"),
        (b"random bytes that are no model", "the model is not an ONNX model"),
        (model("other", onnx.TensorProto.FLOAT, ["N", 2]), "inputs other; expected x"),
        (model("x", onnx.TensorProto.DOUBLE, ["N", 2]), r"tensor\(double\)"),
        (model("x", onnx.TensorProto.FLOAT, ["N", 3]), r"expected tensor\(float\) \(N, 2\)"),
        (model("x", onnx.TensorProto.FLOAT, ["N", 2, 1]), r"expected tensor\(float\) \(N, 2\)"),
        (model("x", onnx.TensorProto.FLOAT, [4, 2]), "fixed batch of 4"),
    ],
)
def test_a_model_that_is_not_what_the_manifest_says(content: bytes, says: str) -> None:
    pair = Tensor("tensor(float)", (2,))
    with pytest.raises(BundleDamagedError, match=says):
        Graph(Engine("cpu", 1), "the model", content, {"x": pair}, {"y": pair}).run(np.zeros((1, 2), np.float32))


def test_a_missing_output_is_named() -> None:
    pair = Tensor("tensor(float)", (2,))
    content = model("x", onnx.TensorProto.FLOAT, ["N", 2])
    with pytest.raises(BundleDamagedError, match="no output 'image'; it has y"):
        _ = Graph(Engine("cpu", 1), "the model", content, {"x": pair}, {"image": pair}).providers


@pytest.mark.parametrize("threads", [0, -1, 10**6, 1.5, True, "2"])
def test_threads_are_checked(threads: object) -> None:
    with pytest.raises(InputError, match="threads must be a whole number from 1 to 256"):
        Engine("cpu", threads)  # type: ignore[arg-type]


def graph_of(nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray], columns: int = 2) -> Graph:
    """x (N, 2) -> y (N, columns)."""
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 2])
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["N", "K"])
    initializers = [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = onnx.helper.make_graph(nodes, "g", [x], [y], initializers)
    content = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    takes, gives = {"x": Tensor("tensor(float)", (2,))}, {"y": Tensor("tensor(float)", (columns,))}
    return Graph(Engine("cpu", 1), "the model", content.SerializeToString(), takes, gives)


NODE = onnx.helper.make_node


def too_many(name: str) -> tuple[list[onnx.NodeProto], dict[str, np.ndarray]]:
    """A reshape to twice the rows that there are elements for."""
    sizes = [NODE("Shape", ["x"], ["shape"]), NODE("Mul", ["shape", "twice"], ["to"])]
    return [*sizes, NODE("Reshape", ["x", "to"], ["y"], name=name)], {"twice": np.array([2, 1])}


FAILING = {
    "reshape": too_many("reshape"),
    "name of an escape": too_many("\x1b[2J\nbad\u202e"),
    "gather": ([NODE("Gather", ["x", "at"], ["y"], axis=1)], {"at": np.array([0, 9])}),
    "allocation": (
        [NODE("Expand", ["x", "to"], ["z"]), NODE("ReduceSum", ["z", "first"], ["y"], keepdims=0)],
        {"to": np.array([2**45, 1, 2]), "first": np.array([0])},
    ),
    "product": ([NODE("MatMul", ["x", "w"], ["y"])], {"w": np.zeros((2, 2), np.float16)}),
}


@pytest.mark.parametrize(("nodes", "constants"), FAILING.values(), ids=FAILING)
def test_a_graph_that_fails_is_a_damaged_bundle(
    nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BundleDamagedError, match=r"onnxruntime cannot (run|load) the model: ") as caught:
        graph_of(nodes, constants).run(np.zeros((1, 2), np.float32))
    assert str(caught.value).isprintable() and len(str(caught.value)) <= 400
    assert capfd.readouterr() == ("", "")


def test_a_graph_whose_rows_do_not_add_up_is_found() -> None:
    twice = graph_of([NODE("Concat", ["x", "x"], ["y"], axis=0)], {})
    with pytest.raises(BundleDamagedError, match=r"gave y of shape \(6, 2\)"):
        twice.run(np.zeros((3, 2), np.float32))


@pytest.mark.parametrize(
    ("given", "kind", "says"),
    [
        ([[0.4, 0.6], [0.2, 0.7]], {"probabilities": True}, "y that are no probabilities"),
        ([[0.4, 0.6], [-0.1, 1.1]], {"probabilities": True}, "y that are no probabilities"),
        ([[0.4, 0.6], [1.0, 1e-6]], {"probabilities": True}, None),
        ([[0.0, 3.0], [-4.5, 1.0]], {"largest": 4.0}, "y from -4.5 to 3, beyond 4"),
        ([[0.0, 3.0], [-4.0, 1.0]], {"largest": 4.0}, None),
        ([[0.0, 3.0], [np.nan, 1.0]], {}, "y that is not finite"),
        ([[0.0, 3.0], [-np.inf, 1.0]], {}, "y that is not finite"),
    ],
)
def test_outputs_are_within_their_meaning(given: list[list[float]], kind: dict[str, Any], says: str | None) -> None:
    passed = graph_of([NODE("Identity", ["x"], ["y"])], {})
    passed._gives = {"y": Tensor("tensor(float)", (2,), **kind)}
    if says is None:
        passed.run(np.array(given, np.float32))
        return
    with pytest.raises(BundleDamagedError, match=f"the model gave {says}"):
        passed.run(np.array(given, np.float32))


def test_every_graph_of_a_bundle_has_a_range(tmp_path: Path) -> None:
    """A graph whose weights are far too large gives numbers that have no meaning, and is not believed."""

    def made(file: str, weight: str, by: float) -> Path:
        folder = make_bundle(tmp_path / f"{file}-{weight}", learned=True)
        model = onnx.load(folder / file)
        (tensor,) = (tensor for tensor in model.graph.initializer if tensor.name == weight)
        tensor.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor) * np.float32(by), weight))
        onnx.save(model, folder / file)
        facts = json.loads((folder / "manifest.json").read_text())
        del facts["files"], facts["schema_version"]
        write_manifest(folder, **facts)
        return folder

    app = CheerMeUp(made("paths.onnx", "way", 1e9), provider="cpu", threads=1)
    with pytest.raises(BundleDamagedError, match="beyond"):
        app.move(app.sample(1), {"joy": 1.0}, "path")
    app = CheerMeUp(make_bundle(tmp_path / "logits"), provider="cpu", threads=1)
    classifier = onnx.load(app.path / "classifier.onnx")
    (softmax,) = (node for node in classifier.graph.node if node.output[0] == "emotion")
    softmax.CopyFrom(NODE("Identity", [softmax.input[0]], ["emotion"]))
    onnx.save(classifier, app.path / "classifier.onnx")
    facts = json.loads((app.path / "manifest.json").read_text())
    del facts["files"], facts["schema_version"]
    write_manifest(app.path, **facts)
    app = CheerMeUp(app.path, provider="cpu", threads=1)
    with pytest.raises(BundleDamagedError, match="the classifier gave emotion that are no probabilities"):
        app.classify(app.render(app.sample(2)))


def test_a_failure_of_the_gpu_is_not_the_bundles(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = use(monkeypatch, FakeOnnxRuntime([CUDA, CPU], [CUDA, CPU]))
    start = fake._start

    def failing(*given: Any, **options: Any) -> Any:
        session = start(*given, **options)

        def run(*feeds: Any) -> Any:
            raise RuntimeError("CUDA failure 2: out of memory")

        session.run = run
        return session

    fake.InferenceSession = failing
    with pytest.raises(ProviderError, match="CUDA failed at the fake: CUDA failure 2"):
        graph(Engine("cuda")).run(np.zeros((1, 2), np.float32))

"""Providers, threads and micro-batches, with a stand-in for onnxruntime where the machine has no such hardware."""

from __future__ import annotations

import sys
import types
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tlgan_runtime import BundleDamagedError, CheerMeUp, InputError, MissingLibraryError, ProviderError
from tlgan_runtime.session import MICRO_BATCH, Engine, Graph, Tensor, usable_cpus

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
    return Graph(engine, "the fake", b"model", pair, pair)


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
    with pytest.raises(ProviderError, match=r"built without it.*cheermeup\[gpu\]"):
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
        "log_severity_level": 3,
        "enable_cpu_mem_arena": False,
    }
    assert options.entries == {"session.intra_op.allow_spinning": "0", "session.inter_op.allow_spinning": "0"}
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
        (b"random bytes that are no model", "cannot load the model"),
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

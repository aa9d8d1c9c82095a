"""Running ONNX graphs: providers, threads, micro-batches. The only file that imports onnxruntime."""

from __future__ import annotations

import math
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tlgan_runtime.bundle.onnx_wire import check_model
from tlgan_runtime.choices import PROVIDERS
from tlgan_runtime.errors import BundleDamagedError, MissingLibraryError, ProviderError
from tlgan_runtime.messages import listed, shown
from tlgan_runtime.validation import one_of, whole
from tlgan_runtime.workers import MAX_THREADS, Workers, usable_cpus

MICRO_BATCH = 8
"""Most rows that a graph sees at a time, on any device: bounds memory, and more is not faster on a CPU."""
INSTALL_CPU = 'pip install "cheermeup[cpu]"'
INSTALL_GPU = 'pip install "cheermeup[gpu]"'
_CUDA = "CUDAExecutionProvider"
_CPU = "CPUExecutionProvider"
_CUDA_OPTIONS = {"cudnn_conv_algo_search": "HEURISTIC"}  # the default tries every algorithm first: seconds
# onnxruntime's log severity. Errors are raised as well, and what it logs of them quotes names of the graph as they are.
_CRASHES_ONLY = 4
# Where the files would be that a graph wants to read: nothing can lie below a file. onnxruntime 1.20 ignores this; that
# graphs have no such files is for `check_model` to find.
_NO_FOLDER = f"{os.devnull}/none"
_SUM_TOLERANCE = 1e-3
_TELEMETRY = "ORT_DISABLE_TELEMETRY"


@dataclass(frozen=True)
class Tensor:
    """What a graph must take or give: `dtype` as onnxruntime spells it, `shape` without the leading N."""

    dtype: str
    shape: tuple[int, ...]
    largest: float = math.inf
    """No value that is given is further from 0."""
    probabilities: bool = False
    """Whether each row is one of probabilities, which are at least 0 and have the sum 1."""


class Engine:
    """Which provider and how many threads; starts sessions. One engine serves all graphs of a bundle.

    `auto` takes CUDA where onnxruntime offers it and it works, and says once why it does not; `cuda` raises
    `ProviderError` instead; `cpu` never looks. `threads` is the number that one call may use, None for all
    CPUs that the process may run on; the host program's own thread settings are never touched.
    """

    def __init__(self, provider: str = "auto", threads: int | None = None) -> None:
        self.provider = one_of("provider", provider, PROVIDERS)
        self.threads = usable_cpus() if threads is None else whole("threads", threads, 1, MAX_THREADS)
        self._cuda_refused = False
        self._lock = threading.Lock()

    def start(self, model: bytes, name: str) -> Any:
        """A session on `model`, which `name` is for messages.

        Raises `BundleDamagedError` when it is not a model that onnxruntime can load, or not one of standard operators
        in one file.
        """
        check_model(model, name)
        with self._lock:
            return self._start(load_onnxruntime(), model, name)

    def _start(self, ort: Any, model: bytes, name: str) -> Any:
        if self._wants_cuda(ort):
            try:
                # The libraries of the CUDA wheels are not on the loader's path.
                if hasattr(ort, "preload_dlls"):
                    ort.preload_dlls()
                session = self._session(ort, model, name, [(_CUDA, _CUDA_OPTIONS), _CPU])
                if session.get_providers()[0] == _CUDA:
                    return session
                reason = "onnxruntime could not load its CUDA provider; `cheermeup doctor` shows what is installed"
            except (RuntimeError, ValueError, OSError) as error:
                reason = str(error) or type(error).__name__
            if self.provider == "cuda":
                raise ProviderError(f"CUDA was asked for and does not work: {reason}; {INSTALL_GPU}, or --provider cpu")
            self._cuda_refused = True
            warnings.warn(f"CUDA does not work here, using the CPU: {reason}", RuntimeWarning, stacklevel=2)
        return self._session(ort, model, name, [_CPU])

    def _wants_cuda(self, ort: Any) -> bool:
        if self.provider == "cpu" or self._cuda_refused:
            return False
        if _CUDA in ort.get_available_providers():
            return True
        if self.provider == "cuda":
            raise ProviderError(
                "CUDA was asked for, but the installed onnxruntime was built without it; "
                f"pip uninstall -y onnxruntime onnxruntime-gpu, then {INSTALL_GPU} (or use --provider cpu)"
            )
        return False

    def _session(self, ort: Any, model: bytes, name: str, providers: list[Any]) -> Any:
        options = ort.SessionOptions()
        # Threads take a micro-batch each: sharing every operation of one costs a third more time for the same pictures.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _CRASHES_ONLY
        # The arena never gives memory back and is not faster on these graphs.
        options.enable_cpu_mem_arena = False
        # Spinning threads take the CPU from everybody else on a shared machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        options.add_session_config_entry("session.load_model_format", "ONNX")  # and not what the bytes say
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", _NO_FOLDER)
        try:
            # Its own fallback prints to standard output and hides the reason.
            return ort.InferenceSession(model, options, providers=providers, enable_fallback=0)
        except Exception as error:
            # onnxruntime's exception types have no common base but Exception, and are not all exported.
            if providers != [_CPU]:
                raise RuntimeError(str(error)) from error
            raise BundleDamagedError(f"onnxruntime cannot load {name}: {error}") from error


class Graph:
    """One ONNX model, started at its first use; may be shared by threads.

    `takes` are its inputs and `gives` its outputs, a row for each of N. `settings` are further inputs, the same for all
    rows. Bundles of schema 1 have defaults for these (ONNX: initializers that are inputs as well).
    """

    def __init__(
        self,
        engine: Engine,
        name: str,
        model: bytes | Callable[[], bytes],
        takes: Mapping[str, Tensor],
        gives: Mapping[str, Tensor],
        settings: Mapping[str, Tensor] = MappingProxyType({}),
    ) -> None:
        self._engine = engine
        self._name = name
        self._model = model
        self._takes = takes
        self._gives = gives
        self._settings = settings
        self._session: Any = None
        self._lock = threading.Lock()

    @property
    def providers(self) -> list[str]:
        """Execution providers that the session really uses, most preferred first; starts it if need be."""
        return list(self._started().get_providers())

    def run(self, *batches: NDArray[Any], **settings: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Every output for one batch an input, any N >= 1 rows each, at most `MICRO_BATCH` at a time on each thread.

        Settings that are not given have their defaults. Beside the outputs themselves the memory does not depend on N.
        """
        session = self._started()
        names, count = list(self._gives), len(batches[0])
        outputs: dict[str, NDArray[Any]] = {}
        # Few rows are spread over the threads. A GPU runs one micro-batch after another: they bound its memory, too.
        threads = self._engine.threads if session.get_providers()[0] == _CPU else 1
        rows = min(MICRO_BATCH, math.ceil(count / threads))
        starts = range(0, count, rows)

        def parts(start: int) -> list[NDArray[Any]]:
            chunks = (np.ascontiguousarray(batch[start : start + rows]) for batch in batches)
            feeds = dict(zip(self._takes, chunks, strict=True)) | settings
            return self._run_part(session, names, feeds)

        with Workers(min(threads, len(starts))) as workers:
            for start, row_parts in zip(starts, workers.ordered(parts, starts), strict=True):
                for name, part in zip(names, row_parts, strict=True):
                    self._check_part(name, part, min(rows, count - start))
                    if name not in outputs:
                        # At its full length from the start: parts that are joined at the end take twice the memory.
                        outputs[name] = np.empty((count, *part.shape[1:]), part.dtype)
                    outputs[name][start : start + len(part)] = part
        return outputs

    def _run_part(self, session: Any, names: list[str], feeds: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
        try:
            return list(session.run(names, feeds))
        except Exception as error:  # see `Engine._session`
            reason = str(error) or type(error).__name__
            if session.get_providers()[0] == _CUDA and re.search("CUDA|CUDNN|CUBLAS", reason):
                raise ProviderError(
                    f"CUDA failed at {self._name}: {reason}; take provider cpu, or fewer faces"
                ) from error
            raise BundleDamagedError(f"onnxruntime cannot run {self._name}: {reason}") from error

    def _check_part(self, name: str, part: NDArray[Any], rows: int) -> None:
        tensor = self._gives[name]
        if part.shape != (rows, *tensor.shape):
            raise BundleDamagedError(f"{self._name} gave {name} of shape {part.shape}: not what the manifest says")
        if part.dtype.kind != "f":
            return
        low, high = float(part.min()), float(part.max())  # NaN if there is one
        if not math.isfinite(low) or not math.isfinite(high):
            raise BundleDamagedError(f"{self._name} gave {name} that is not finite; export the bundle again")
        if max(-low, high) > tensor.largest:
            raise BundleDamagedError(
                f"{self._name} gave {name} from {low:g} to {high:g}, beyond {tensor.largest:g}; export the bundle again"
            )
        sums = part.sum(axis=-1, dtype=np.float64) if tensor.probabilities else np.ones(1)
        if tensor.probabilities and (low < -_SUM_TOLERANCE or np.abs(sums - 1).max() > _SUM_TOLERANCE):
            raise BundleDamagedError(f"{self._name} gave {name} that are no probabilities; export the bundle again")

    def _started(self) -> Any:
        with self._lock:
            if self._session is None:
                model = self._model() if callable(self._model) else self._model
                session = self._engine.start(model, self._name)
                inputs = session.get_inputs()
                settings = [node for node in inputs if node.name in self._settings]
                self._check("input", [node for node in inputs if node not in settings], self._takes)
                self._check("output", session.get_outputs(), self._gives)
                self._check("setting", settings + session.get_overridable_initializers(), self._settings)
                self._session = session
                self._model = b""  # onnxruntime has its own copy now
            return self._session

    def _check(self, kind: str, found: list[Any], expected: Mapping[str, Tensor]) -> None:
        nodes = {node.name: node for node in found}
        if kind == "input" and set(nodes) != set(expected):
            raise BundleDamagedError(f"{self._name} has inputs {listed(nodes)}; expected {', '.join(expected)}")
        for name, tensor in expected.items():
            if name not in nodes:
                raise BundleDamagedError(f"{self._name} has no {kind} {name!r}; it has {listed(nodes)}")
            rows, *shape = ["N", *nodes[name].shape] if kind == "setting" else nodes[name].shape or [None]
            # A dimension that is not an int is symbolic: it is whatever the run says.
            fits = len(shape) == len(tensor.shape) and all(
                not isinstance(have, int) or have == want for have, want in zip(shape, tensor.shape, strict=True)
            )
            if nodes[name].type != tensor.dtype or not fits:
                raise BundleDamagedError(
                    f"{self._name}: {kind} {name!r} is {nodes[name].type} {shown(nodes[name].shape)}; "
                    f"expected {tensor.dtype} (N, {', '.join(map(str, tensor.shape))})"
                )
            if isinstance(rows, int):
                raise BundleDamagedError(f"{self._name}: {kind} {name!r} has a fixed batch of {rows}, not any N")


@contextmanager
def _no_telemetry() -> Iterator[None]:
    """Keeps onnxruntime from writing files for reports to its maker and from sending them, as its version 1.32 does
    unless this is set when it is imported."""
    if _TELEMETRY in os.environ:
        yield
        return
    os.environ[_TELEMETRY] = "1"
    try:
        yield
    finally:
        del os.environ[_TELEMETRY]


def load_onnxruntime() -> Any:
    """The module, imported now; raises `MissingLibraryError` with both commands that install it."""
    try:
        with _no_telemetry():
            ort = import_module("onnxruntime")
    except (ImportError, OSError) as error:  # OSError: one of its shared libraries is damaged or missing
        raise MissingLibraryError(
            f"onnxruntime is not usable ({error}); {INSTALL_CPU} (any machine) or {INSTALL_GPU} (NVIDIA)"
        ) from error
    # Uninstalling one of two distributions that own the module leaves an empty shell that imports.
    if not hasattr(ort, "InferenceSession"):
        raise MissingLibraryError(
            "onnxruntime is broken, as happens when onnxruntime and onnxruntime-gpu were both installed; "
            f"pip uninstall -y onnxruntime onnxruntime-gpu, then {INSTALL_CPU} or {INSTALL_GPU}"
        )
    return ort

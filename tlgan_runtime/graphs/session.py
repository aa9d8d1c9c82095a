"""Run ONNX graphs: providers, threads and micro-batches. Only this file imports onnxruntime."""

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
"""Largest number of rows in one run of a graph, on any device. It limits memory, and more is not faster on a CPU."""
INSTALL_CPU = 'pip install "cheermeup[cpu]"'
INSTALL_GPU = 'pip install "cheermeup[gpu]"'
_CUDA = "CUDAExecutionProvider"
_CPU = "CPUExecutionProvider"
_CUDA_OPTIONS = {"cudnn_conv_algo_search": "HEURISTIC"}  # the default tries every algorithm first, for seconds
# Log severity of onnxruntime. Errors are raised anyway, and its log lines would show names of the graph unescaped.
_CRASHES_ONLY = 4
# Folder of external files of a graph. It cannot exist, because it lies below a file. onnxruntime 1.20 ignores this
# option, so `check_model` refuses graphs with external files.
_NO_FOLDER = f"{os.devnull}/none"
_SUM_TOLERANCE = 1e-3
_TELEMETRY = "ORT_DISABLE_TELEMETRY"


@dataclass(frozen=True)
class Tensor:
    """Declaration of an input or output of a graph."""

    dtype: str
    """Type in the spelling of onnxruntime."""
    shape: tuple[int, ...]
    """Shape without the leading N."""
    largest: float = math.inf
    """Largest allowed absolute value of an output."""
    probabilities: bool = False
    """Whether each row holds probabilities: at least 0, with the sum 1."""


class Engine:
    """Provider and number of threads. Starts the sessions of all graphs of a bundle.

    Args:
        provider: `auto` takes CUDA if onnxruntime offers it and it works, and otherwise warns once why it does not.
            `cuda` raises `ProviderError` instead. `cpu` never tries CUDA.
        threads: number of threads for one call. None stands for all CPUs that the process may use. The thread settings
            of the host program never change.
    """

    def __init__(self, provider: str = "auto", threads: int | None = None) -> None:
        self.provider = one_of("provider", provider, PROVIDERS)
        self.threads = usable_cpus() if threads is None else whole("threads", threads, 1, MAX_THREADS)
        self._cuda_refused = False
        self._lock = threading.Lock()

    def start(self, model: bytes, name: str) -> Any:
        """Return a session for `model`. Messages call it `name`.

        Raises `BundleDamagedError` if onnxruntime cannot load the model, if it has other than standard operators, or if
        it needs other files.
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
                raise ProviderError(f"CUDA does not work here: {reason}; {INSTALL_GPU}, or --provider cpu")
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
                "the installed onnxruntime was built without CUDA; "
                f"pip uninstall -y onnxruntime onnxruntime-gpu, then {INSTALL_GPU} (or use --provider cpu)"
            )
        return False

    def _session(self, ort: Any, model: bytes, name: str, providers: list[Any]) -> Any:
        options = ort.SessionOptions()
        # Each thread takes a micro-batch. To share every operation among threads would take a third longer.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _CRASHES_ONLY
        # The arena never returns memory, and is not faster on these graphs.
        options.enable_cpu_mem_arena = False
        # On a shared machine, spinning threads take the CPU from other programs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        options.add_session_config_entry("session.load_model_format", "ONNX")  # whatever the bytes say
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", _NO_FOLDER)
        try:
            # Its own fallback prints to standard output and hides the reason.
            return ort.InferenceSession(model, options, providers=providers, enable_fallback=0)
        except Exception as error:
            # The exceptions of onnxruntime have no common base but Exception, and not all are exported.
            if providers != [_CPU]:
                raise RuntimeError(str(error)) from error
            raise BundleDamagedError(f"onnxruntime cannot load {name}: {error}") from error


class Graph:
    """One ONNX model. It starts at its first use, and threads may share it.

    Args:
        takes: inputs with N rows.
        gives: outputs with N rows.
        settings: further inputs, which are the same for all rows. Bundles of schema 1 have defaults for them (in ONNX,
            initializers that are inputs as well).
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
        """Execution providers in use, most preferred first. Starts the session if necessary."""
        return list(self._started().get_providers())

    def run(self, *batches: NDArray[Any], **settings: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Return every output by name. `batches` has one array for each input, with N >= 1 rows each.

        Each thread runs at most `MICRO_BATCH` rows at a time, so only the memory of the outputs grows with N. Settings
        that are not given have their defaults. Raises `BundleDamagedError` for outputs that differ from the
        declaration, and `ProviderError` if CUDA fails.
        """
        session = self._started()
        names, count = list(self._gives), len(batches[0])
        outputs: dict[str, NDArray[Any]] = {}
        # A few rows are spread over the threads. A GPU runs one micro-batch after another, to limit its memory.
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
                        # Allocated at full length, because joining the parts at the end would take twice the memory.
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
            raise BundleDamagedError(f"{self._name} gave {name} of shape {part.shape}, against the manifest")
        if part.dtype.kind != "f":
            return
        low, high = float(part.min()), float(part.max())  # NaN if any value is
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
            # A dimension that is not an int is symbolic, so any length fits.
            fits = len(shape) == len(tensor.shape) and all(
                not isinstance(have, int) or have == want for have, want in zip(shape, tensor.shape, strict=True)
            )
            if nodes[name].type != tensor.dtype or not fits:
                raise BundleDamagedError(
                    f"{self._name}: {kind} {name!r} is {nodes[name].type} {shown(nodes[name].shape)}; "
                    f"expected {tensor.dtype} (N, {', '.join(map(str, tensor.shape))})"
                )
            if isinstance(rows, int):
                raise BundleDamagedError(f"{self._name}: {kind} {name!r} has a fixed batch of {rows} instead of any N")


@contextmanager
def _no_telemetry() -> Iterator[None]:
    """Set the variable that disables the telemetry of onnxruntime during its import.

    Without it, version 1.32 writes reports to files and sends them to its maker.
    """
    if _TELEMETRY in os.environ:
        yield
        return
    os.environ[_TELEMETRY] = "1"
    try:
        yield
    finally:
        del os.environ[_TELEMETRY]


def load_onnxruntime() -> Any:
    """Import onnxruntime and return the module. Raises `MissingLibraryError` with the commands that install it."""
    try:
        with _no_telemetry():
            ort = import_module("onnxruntime")
    except (ImportError, OSError) as error:  # OSError: one of its shared libraries is damaged or missing
        raise MissingLibraryError(
            f"onnxruntime is not usable ({error}); {INSTALL_CPU} (any machine) or {INSTALL_GPU} (NVIDIA)"
        ) from error
    # Two distributions own the module. Uninstalling one of them leaves an empty module, which can still be imported.
    if not hasattr(ort, "InferenceSession"):
        raise MissingLibraryError(
            "onnxruntime is broken, as happens when onnxruntime and onnxruntime-gpu were both installed; "
            f"pip uninstall -y onnxruntime onnxruntime-gpu, then {INSTALL_CPU} or {INSTALL_GPU}"
        )
    return ort

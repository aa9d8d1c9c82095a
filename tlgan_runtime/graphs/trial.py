"""Run the graphs of a bundle once in a separate process, with limits on time and memory.

A graph may loop forever, use all memory, or crash ONNX Runtime and with it the whole process.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tlgan_runtime.errors import BundleDamagedError, BundleError, MissingLibraryError
from tlgan_runtime.signals import watch_launcher

SECONDS = 120.0
"""Limit on the time. Shipped bundles take about two seconds."""
MEMORY = 4 * 2**30
"""Limit on the address space in bytes, on systems that support it. Shipped bundles take less than one GiB."""
_OUT_OF_TIME = (None, -int(getattr(signal, "SIGXCPU", 24)))  # ended by the parent, or by the system
_CHILD = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from tlgan_runtime.graphs import trial; trial.main()"


def try_graphs(path: Path, seconds: float = SECONDS, memory: int = MEMORY, threads: int = 1) -> list[str]:
    """Run each graph of the bundle at `path` once, on the CPU, and return the names of the steps that ran.

    Raises `BundleDamagedError` if a step fails, crashes or exceeds a limit. Raises `MissingLibraryError` if nothing can
    run: without onnxruntime, or in a frozen program, which has no Python to start.
    """
    if getattr(sys, "frozen", False) or not sys.executable:
        raise MissingLibraryError(
            f"the files of {path} are intact, but this program cannot start the Python that would run its graphs; "
            "use the command cheermeup of an installed package"
        )
    search = json.dumps([folder for folder in sys.path if folder])
    command = [sys.executable, "-P", "-c", _CHILD, search, str(path), str(seconds), str(memory), str(threads)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    within = f"with {seconds:g} seconds and {memory / 2**30:g} GiB of memory"
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
            timeout=seconds, check=False,
        )  # fmt: skip
        code, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired as expired:
        code, output = None, expired.stdout or b""
    said = [json.loads(line) for line in output.splitlines() if line.startswith(b"{")]
    ran = [line["now"] for line in said if "now" in line]
    last = f"at {ran[-1]}" if ran else "before it ran anything"
    for line in said:
        if "error" in line:
            raise _as_raised(path, line, within)
    if code in _OUT_OF_TIME:
        raise BundleDamagedError(f"{path} did not finish {within}: it stopped {last}")
    if code != 0:
        raise BundleDamagedError(f"{path} ends ONNX Runtime {last} ({_signal(code)}), {within}")
    return ran


def main() -> None:
    """Run the graphs in the child process. It limits itself, and reports each step before it runs, and any error."""
    path, seconds, memory, threads = sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
    watch_launcher(lambda: os._exit(1))  # an interrupt or a kill ends the parent at once
    faulthandler.dump_traceback_later(seconds + 10, exit=True)  # for a graph that lets no Python thread run
    _limit(seconds, memory)
    try:
        _run(path, threads)
    except Exception as error:
        _say(error=str(error), type=type(error).__name__, exit_code=getattr(error, "exit_code", 1))
    sys.stdout.flush()
    os._exit(0)  # without cleaning up: nothing needs it, and a graph may have damaged the process


def _run(path: str, threads: int) -> None:
    from tlgan_runtime.editor import CheerMeUp
    from tlgan_runtime.graphs.session import MICRO_BATCH

    app = CheerMeUp(path, provider="cpu", threads=threads)
    roles = {entry.role for entry in app.manifest.files.values()}
    _say(now="mapping" if "mapping" in roles else "samples")
    z = app.sample(MICRO_BATCH)
    _say(now="generator")
    images = app.render(z)
    _say(now="classifier")
    app.classify(images)
    if "generator_int8" in roles:
        _say(now="generator_int8")
        CheerMeUp(path, provider="cpu", threads=threads, precision="int8").render(z)
    for method in app.methods:
        _say(now=f"method {method}")
        app.render(app.move(z[:1], dict.fromkeys(app.emotions, 1.0), method))


def _say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def _limit(seconds: float, memory: int) -> None:
    """Limit this process, as far as the system supports it. The parent limits the time as well."""
    if sys.platform != "win32":
        import resource

        most = int(seconds) + 1
        for kind, limit in ((resource.RLIMIT_CPU, most), (resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
            try:
                _, hard = resource.getrlimit(kind)
                allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
                resource.setrlimit(kind, (allowed, allowed))
            except (OSError, ValueError):  # macOS does not support a limit on memory
                continue


def _as_raised(path: Path, line: dict[str, Any], within: str) -> Exception:
    message, code = line["error"], line["exit_code"]
    if code == MissingLibraryError.exit_code:
        return MissingLibraryError(f"the files of {path} are intact, but its graphs were not run: {message}")
    if code == BundleError.exit_code or line["type"] == "MemoryError":
        return BundleDamagedError(f"{message or 'out of memory'} ({path} was tried {within})")
    return RuntimeError(f"{line['type']}: {message}")


def _signal(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"exit code {code:#x}"

"""What is really in use on this machine: versions, libraries, providers, threads and a short timing."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from importlib import metadata
from typing import Any, TypeVar

from tlgan_runtime.editor import CheerMeUp
from tlgan_runtime.errors import CheerMeUpError
from tlgan_runtime.graphs.session import INSTALL_CPU, INSTALL_GPU, MICRO_BATCH, Engine, load_onnxruntime
from tlgan_runtime.version import __version__
from tlgan_runtime.workers import usable_cpus

_Result = TypeVar("_Result")


def examine(bundle: str | None, provider: str, threads: int | None) -> tuple[dict[str, Any], int]:
    """A report that can be written as JSON, and the exit code: that of the first thing that does not work, or 0."""
    owners = sorted(set(metadata.packages_distributions().get("onnxruntime", [])))
    report: dict[str, Any] = {
        "cheermeup": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "usable_cpus": usable_cpus(),
        "onnxruntime": {"distributions": {name: metadata.version(name) for name in owners}},
        "problems": [],
    }
    if len(owners) > 1:
        report["problems"].append(
            f"{' and '.join(owners)} both own the module onnxruntime and break each other; "
            f"pip uninstall -y {' '.join(owners)}, then {INSTALL_CPU} or {INSTALL_GPU}"
        )
    try:
        ort = load_onnxruntime()
        report["onnxruntime"] |= {"version": ort.__version__, "available_providers": ort.get_available_providers()}
        engine = Engine(provider, threads)
        report["session"] = {"requested": provider, "threads": engine.threads}
        opening, editor = _timed(lambda: CheerMeUp(bundle, provider=provider, threads=threads))
        report["bundle"] = {"name": editor.manifest.name, "path": str(editor.path)}
        starting, providers = _timed(lambda: editor.providers)
        z = editor.sample(MICRO_BATCH)
        editor.render(z)
        rendering, _ = _timed(lambda: editor.render(z))
        report["session"] |= {
            "providers": providers,
            "open_ms": opening,
            "start_ms": starting,
            "render_ms": rendering,
            "rendered_faces": MICRO_BATCH,
        }
    except CheerMeUpError as error:
        report["problems"].append(str(error))
        return report, error.exit_code
    return report, 0


def describe(report: dict[str, Any]) -> list[str]:
    """The report as lines for people."""
    ort, session, bundle = report["onnxruntime"], report.get("session", {}), report.get("bundle", {})
    owners = ", ".join(f"{name} {version}" for name, version in ort["distributions"].items())
    lines = [
        f"cheermeup    {report['cheermeup']}",
        f"python       {report['python']} on {report['platform']}",
        f"onnxruntime  {owners or 'not installed'}",
        f"offers       {', '.join(ort.get('available_providers', ['nothing']))}",
        f"threads      {session.get('threads', '-')} of {report['usable_cpus']} usable CPUs",
    ]
    if bundle:
        lines.append(f"bundle       {bundle['name']} at {bundle['path']}")
    if "providers" in session:
        lines.append(f"in use       {', '.join(session['providers'])} (asked for: {session['requested']})")
        lines.append(
            f"time         open {session['open_ms']} ms, start {session['start_ms']} ms, "
            f"{session['rendered_faces']} faces {session['render_ms']} ms"
        )
    return lines + ([f"problem      {problem}" for problem in report["problems"]] or ["problem      none"])


def _timed(act: Callable[[], _Result]) -> tuple[float, _Result]:
    start = time.perf_counter()
    result = act()
    return round((time.perf_counter() - start) * 1000, 3), result

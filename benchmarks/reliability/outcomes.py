"""What the runs of this folder write down, and the exit code that they end with."""

from __future__ import annotations

import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cpuinfo import get_cpu_info

from tlgan_runtime.workers import usable_cpus

RESULTS = Path(__file__).resolve().parents[1] / "results" / "reliability"


def record(name: str, what: str, found: dict[str, Any]) -> int:
    """Writes `results/reliability/NAME.json` of what a `run` found; 1 where it found failures, which it prints."""
    failures = found.pop("failures")
    document = {"what": what, **found, "processor": f"{get_cpu_info()['brand_raw']}, {usable_cpus()} cores",
                "versions": versions()}  # fmt: skip
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(document["outcomes"], indent=2))
    for failure in failures[:50]:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("numpy", "onnx", "onnxruntime", "pillow"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

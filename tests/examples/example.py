"""The programs in `examples/`, as modules and as processes."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from tests.program import PATIENCE, ROOT

EXAMPLES = ROOT / "examples"


def module(name: str) -> ModuleType:
    """The names of an example, without running it."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def command(name: str, *arguments: str | Path) -> list[str]:
    return [sys.executable, str(EXAMPLES / f"{name}.py"), *map(str, arguments)]


def started(name: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """The process of an example, with pipes."""
    pipe = subprocess.PIPE
    return subprocess.Popen(command(name, *arguments), stdout=pipe, stderr=pipe, text=True, cwd=ROOT)


def ran(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    line = command(name, *arguments)
    return subprocess.run(line, capture_output=True, text=True, cwd=ROOT, timeout=PATIENCE)

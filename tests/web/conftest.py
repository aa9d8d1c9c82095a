"""Where the tests of the JavaScript package and of the page find Node, its packages and a browser."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"


@cache
def lacking(*packages: str) -> str | None:
    """Why programs with these npm packages cannot run here, or None where they can."""
    if shutil.which("node") is None:
        return "node is not installed"
    program = "".join(f"import.meta.resolve('{name}');" for name in packages)
    found = subprocess.run(["node", "--input-type=module", "-"], input=program, cwd=WEB, capture_output=True, text=True)
    return None if found.returncode == 0 else f"{' or '.join(packages)} is not installed (CONTRIBUTING.md)"


def chromium() -> str | None:
    """The path of a Chromium, or None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def node() -> None:
    if (reason := lacking()) is not None:
        pytest.skip(reason)


@pytest.fixture
def onnxruntime_web() -> None:
    if (reason := lacking("onnxruntime-web/wasm")) is not None:
        pytest.skip(reason)


@pytest.fixture
def typescript() -> None:
    if (reason := lacking("typescript/package.json")) is not None:
        pytest.skip(reason.replace("/package.json", ""))

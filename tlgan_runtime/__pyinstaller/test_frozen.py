"""Freezes small programs without flags and compares what they draw with what this process draws."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tlgan_runtime import CheerMeUp

GIF = """
from tlgan_runtime import CheerMeUp

app = CheerMeUp()
app.gif("joy.gif", emotion="joy", steps=3, faces=1, size=64, labels=True)
"""
BATCH = """
from multiprocessing import freeze_support

freeze_support()
import numpy
from tlgan_runtime import Caption, run_batch

if __name__ == "__main__":
    Caption(["\u559c"], numpy.ones((1, 1)), labels=True).draw(64)
    job = '{"output": "joy.gif", "emotion": "joy", "steps": 3, "faces": 1, "size": 64, "labels": true}'
    print(*run_batch([job], ".", processes=1))
"""


@pytest.mark.parametrize("program", [GIF, BATCH], ids=["gif", "batch"])
def test_a_frozen_program_draws_the_same_picture(program: str, tmp_path: Path) -> None:
    (tmp_path / "drawing.py").write_text(program, encoding="utf-8")
    _run([sys.executable, "-m", "PyInstaller", "--log-level", "WARN", "drawing.py"], tmp_path, os.environ)
    built, elsewhere = tmp_path / "dist" / "drawing", tmp_path / "elsewhere"
    elsewhere.mkdir()
    # The program must find everything in itself.
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    output = _run([str(built / "drawing")], elsewhere, bare)
    assert (elsewhere / "joy.gif").is_file(), output
    CheerMeUp().gif(tmp_path / "expected.gif", emotion="joy", steps=3, faces=1, size=64, labels=True)
    assert (elsewhere / "joy.gif").read_bytes() == (tmp_path / "expected.gif").read_bytes()
    packages = {path.name for path in (built / "_internal").iterdir()}
    assert {"onnxruntime", "tlgan_runtime"} <= packages and not packages & {"torch", "onnx", "tlgan_train"}


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr

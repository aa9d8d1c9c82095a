"""The hook for PyInstaller, run by PyInstaller's own runner of hook tests."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_frozen_programs_work_without_flags() -> None:
    pytest.importorskip("PyInstaller", reason="PyInstaller is not installed: pip install -e '.[dev]'")
    names = {entry.name for entry in entry_points(group="pyinstaller40") if entry.module.startswith("tlgan_runtime")}
    assert names == {"hook-dirs", "tests"}, "the package was installed before it had a hook: pip install -e . again"
    command = [sys.executable, "-m", "PyInstaller.utils.run_tests", "--include_only", "tlgan_runtime", "-q"]
    # Without settings and plugins of this checkout, as PyInstaller runs the tests of an installed package.
    command += ["-c", os.devnull, "-p", "no:cacheprovider"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0 and "2 passed" in run.stdout, run.stdout + run.stderr

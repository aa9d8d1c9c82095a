"""Tells PyInstaller how to freeze a program that uses `tlgan_runtime`: entry points in the group `pyinstaller40`."""

from __future__ import annotations

from pathlib import Path

_HERE = str(Path(__file__).parent)


def get_hook_dirs() -> list[str]:
    """Return the folder that holds the hooks."""
    return [_HERE]


def get_PyInstaller_tests() -> list[str]:  # noqa: N802  the name is PyInstaller's
    """Return the folder that holds `test_frozen.py`, for `python -m PyInstaller.utils.run_tests`."""
    return [_HERE]

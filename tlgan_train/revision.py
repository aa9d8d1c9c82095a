"""Determine the version of this package, for the record of what it makes."""

from __future__ import annotations

import os
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

DISTRIBUTION = "cheermeup"
UNKNOWN = "unknown"
"""Stands for the version if the package is not installed."""


def code_revision() -> str:
    """Return the installed version, followed by `+` and the commit if the package runs from its git checkout.

    A package that is installed inside another repository, for example in a virtual environment there, has no commit.
    """
    try:
        release = version(DISTRIBUTION)
    except PackageNotFoundError:
        release = UNKNOWN
    commit = _commit(Path(__file__).resolve())
    return f"{release}+{commit}" if commit else release


def _commit(file: Path) -> str | None:
    """Return the commit of the checkout that holds `file` two levels below its top, or None without a checkout."""
    top = file.parent.parent
    try:
        project = tomllib.loads((top / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
        if project != DISTRIBUTION or Path(_git(top, "rev-parse", "--show-toplevel")).resolve() != top:
            return None
        _git(top, "ls-files", "--error-unmatch", str(file))
        return _git(top, "describe", "--always", "--dirty", "--abbrev=12")
    except (OSError, ValueError, KeyError, TypeError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    # Hooks set GIT_DIR and other variables, which may name another repository than that of the folder.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    process = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=10
    )
    return process.stdout.strip()

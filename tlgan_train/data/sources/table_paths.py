"""Finds the files of a table, also if its paths come from another system, differ in case, or start with `~`."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tlgan_train.data.sources.spelling import name_key


class Places:
    """Finds files by the paths of a table. Lists each folder once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._names: dict[str, dict[str, list[str]]] = {}

    def find(self, written: str) -> tuple[str, int, int]:
        """Return the path of the file, its bytes, and its time of change in ns; -1 for both if there is no file.

        The path is tried as it is. If it leads to no file, backslashes become slashes, and case and Unicode form are
        ignored if exactly one file fits.
        """
        path = start = at_home(written)
        if (found := self._stamp(path)) is not None:
            return path, *found
        path = path.replace("\\", "/")
        if (found := self._stamp(path)) is not None:
            return path, *found
        alike = self._alike(path)
        if alike is not None and (found := self._stamp(alike)) is not None:
            return alike, *found
        return start, -1, -1

    def _stamp(self, path: str) -> tuple[int, int] | None:
        try:
            status = os.stat(os.path.join(self.root, path))  # noqa: PTH116, PTH118 - for speed
        except (OSError, ValueError):  # ValueError: a zero byte in the name
            return None
        return status.st_size, status.st_mtime_ns

    def _alike(self, path: str) -> str | None:
        start, rest = ("/", path.lstrip("/")) if path.startswith("/") else ("", path)
        found = start
        for part in rest.split("/"):
            if part in ("", "."):
                continue
            names = [part] if part == ".." else self._listed(found).get(name_key(part), [])
            if part in names:
                names = [part]
            if len(names) != 1:
                return None
            found = os.path.join(found, names[0])  # noqa: PTH118
        return found

    def _listed(self, folder: str) -> dict[str, list[str]]:
        if folder not in self._names:
            names: dict[str, list[str]] = {}
            try:
                for name in os.listdir(os.path.join(self.root, folder)):  # noqa: PTH118, PTH208
                    names.setdefault(name_key(name), []).append(name)
            except (OSError, ValueError):
                names = {}
            self._names[folder] = names
        return self._names[folder]


def at_home(path: str) -> str:
    """Replace `~` by the home folder."""
    return os.path.expanduser(path)  # noqa: PTH111 - Path's raises for an unknown user


def why_missing(path: str, root: Path) -> str:
    """Return the likely reason why a path leads to no file."""
    if "://" in path:
        return "it is an address; fetch the pictures first"
    if re.match(r"[A-Za-z]:[\\/]", path):
        return f"it is a path of another computer; write paths from {root} on"
    if path.startswith(("/", "~")):
        return "no such file"
    if os.path.exists(path):  # noqa: PTH110 - Path's raises for names that are too long
        return f"paths start from the table's folder, {root}, not from the one that you are in"
    return f"no such file in {root}, the table's folder"

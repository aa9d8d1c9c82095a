"""The content of a folder or an archive: its pictures, its folders, and counts of other files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import NamedTuple

from tlgan_runtime.pictures.decode import SUFFIXES
from tlgan_train.data.sources.wording import shortened
from tlgan_train.errors import TrainError

MACOS = {"__macosx", "icon\r"}
WINDOWS = {"thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "recycler", "system volume information"}
SYNOLOGY_AND_QNAP = {"@eadir", "@tmp", "#recycle", "#snapshot", "@recycle", "@recently-snapshot"}
LITTER = MACOS | WINDOWS | SYNOLOGY_AND_QNAP | {"lost+found", "__pycache__"}
"""Names, in lower case, of files and folders that systems create. Some hold pictures (thumbnails)."""
MAX_DEPTH = 32
SHOWN_KINDS = 6


class File(NamedTuple):
    path: str
    """Below the root, with slashes."""
    size: int
    """Bytes; -1 if the file cannot be reached."""
    stamp: int
    """Changes with the content: time of the last change in ns, or the CRC-32 in an archive; -1 as above."""


@dataclass
class Folder:
    """A folder and everything below it."""

    path: str = ""
    """Below the root, with slashes; empty for the root itself."""
    folders: dict[str, Folder] = field(default_factory=dict)
    pictures: list[File] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    """Files that are not pictures, by suffix."""
    litter: set[str] = field(default_factory=set)
    """Names of hidden entries and of entries that systems create."""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def depth(self) -> int:
        return self.path.count("/") + 1 if self.path else 0

    def walk(self) -> Iterator[Folder]:
        """Yield this folder and all folders below it, by name."""
        yield self
        for name in sorted(self.folders):
            yield from self.folders[name].walk()

    def holds_pictures(self) -> bool:
        return any(folder.pictures for folder in self.walk())

    def below(self, name: str) -> Folder:
        """Return the folder of that name. A new one is added."""
        if name not in self.folders:
            if self.depth >= MAX_DEPTH:
                raise TrainError(f"folder {self.path} is more than {MAX_DEPTH} deep; move the pictures up")
            self.folders[name] = Folder(f"{self.path}/{name}" if self.path else name)
        return self.folders[name]

    def add(self, name: str, size: int, stamp: int) -> bool:
        """Add a file as a picture if it has a suffix of pictures. Returns whether it has."""
        suffix = PurePath(name).suffix.lower()
        if suffix in SUFFIXES:
            self.pictures.append(File(f"{self.path}/{name}" if self.path else name, size, stamp))
            return True
        self.others[suffix or "without suffix"] += 1
        return False

    def leave_out(self, name: str) -> bool:
        """Return whether an entry is hidden or was created by a system, and count it."""
        if not is_litter(name):
            return False
        self.litter.add(name)
        return True


def is_litter(name: str) -> bool:
    """Return whether an entry is hidden or was created by a system."""
    return name.startswith(".") or name.lower() in LITTER


def read_tree(root: Path) -> Folder:
    """Read everything below a folder on disk. Raises `TrainError` if it cannot be listed."""
    tree = Folder()
    _read(os.fspath(root), tree, frozenset())
    return tree


def _read(path: str, folder: Folder, above: frozenset[str]) -> None:
    """Add the content of a folder. `above` holds the real paths of its parents."""
    here = above | {os.path.realpath(path)}
    try:
        with os.scandir(path) as scanned:
            entries = sorted(scanned, key=lambda entry: entry.name)
    except OSError as error:
        raise TrainError(f"cannot list {path}: {error.strerror}") from None
    for entry in entries:
        if folder.leave_out(entry.name):
            continue
        if _is_folder(entry):
            if entry.is_symlink() and os.path.realpath(entry.path) in here:
                folder.others["link to a folder above"] += 1
            else:
                _read(entry.path, folder.below(entry.name), here)
            continue
        try:
            status = entry.stat()
            folder.add(entry.name, status.st_size, status.st_mtime_ns)
        except OSError:  # a link to nothing: reading it will say so
            folder.add(entry.name, -1, -1)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def ignored(tree: Folder) -> list[str]:
    """Return up to two lines: one about files that are not pictures, one about files of systems."""
    others, litter = Counter[str](), Counter[str]()
    for folder in tree.walk():
        others += folder.others
        litter.update("._*" if name.startswith("._") else shortened(name) for name in folder.litter)
    lines = []
    if others:
        total = others.total()
        files = "1 file that is not a picture" if total == 1 else f"{total} files that are not pictures"
        lines.append(f"ignored {files}: {kinds(others)}")
    if litter:
        lines.append(f"ignored hidden and system entries: {kinds(litter)}")
    return lines


def kinds(counts: Counter[str]) -> str:
    """`.txt 10, .json 2`: the most frequent first."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{shortened(kind)} {count}" for kind, count in ranked[:SHOWN_KINDS]]
    return ", ".join(shown + [f"{len(ranked) - SHOWN_KINDS} more kinds"] * (len(ranked) > SHOWN_KINDS))

"""Read the files of a bundle from a folder or a .zip: their sizes and their content, never more than expected.

Nothing here trusts a file: not its size, not its name, and not that it is a regular file.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from tlgan_runtime.errors import BundleDamagedError, BundleError, BundleNotFoundError
from tlgan_runtime.messages import shown

MAX_ENTRIES = 1000
"""Largest number of entries of a .zip. Bundles have about ten."""
_MAX_READ = 2**20  # bytes that zipfile may request at once, for the central directory or a part of a file
_CHUNK = 2**16
_ENCRYPTED = 1  # bit in the flags of a zip entry
# Systems without these flags have no FIFOs in folders, and no links to follow by accident.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Archive(Protocol):
    """Gives access to the files of a bundle."""

    sizes: dict[str, int]
    """Listed size in bytes of each file, by name. If a .zip holds a folder, names are without it."""

    def read(self, name: str) -> bytes:
        """Return the content of a file. Raises `BundleDamagedError` if it does not have the size in `sizes`."""


def open_archive(path: Path, manifest: str) -> Archive:
    """Open the folder or .zip at `path`, which must hold the file `manifest`. Raises a `BundleError` otherwise."""
    archive: Archive = ZipArchive(path, manifest) if path.is_file() else FolderArchive(path)
    if manifest not in archive.sizes:
        raise BundleNotFoundError(f"{path} is not a bundle: there is no {manifest} in it")
    return archive


class FolderArchive:
    """The files directly in a folder. Links out of it, devices and FIFOs do not count as files."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_dir():
            raise BundleNotFoundError(f"no bundle at {path}; give a folder or a .zip that holds the files of one")
        try:
            self.sizes = {file.name: file.stat().st_size for file in path.iterdir() if file.is_file()}
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, until Python 3.13
            raise BundleDamagedError(f"cannot list the bundle {path}: {_reason(error)}") from error

    def read(self, name: str) -> bytes:
        try:
            file = (self._path / name).resolve()
            if file.parent != self._path:
                raise BundleDamagedError(f"{name} in the bundle {self._path} is a link that leads out of it")
            with _opened(file) as stream:
                return _exactly(stream, self.sizes[name], name)
        except (OSError, RuntimeError) as error:
            raise BundleDamagedError(f"cannot read {name} in the bundle {self._path}: {_reason(error)}") from error


class ZipArchive:
    """The files in a .zip, at the top or in one folder. They must be stored or deflated, and not encrypted."""

    def __init__(self, path: Path, manifest: str) -> None:
        self._path = path
        with self._zipfile() as archive:
            entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            raise BundleDamagedError(f"{path} holds {len(entries)} files; a bundle has at most {MAX_ENTRIES}")
        sizes: dict[str, int] = {}
        for entry in entries:
            name = entry.orig_filename
            if name in sizes:
                raise BundleDamagedError(f"{path} holds {shown(name)} twice")
            if _leads_out(name):
                raise BundleDamagedError(f"{path} holds {shown(name)}; files of a bundle must lie inside it")
            sizes[name] = entry.file_size
        folders = [name.removesuffix(manifest) for name in sizes if name.split("/")[-1:] == [manifest]]
        self._prefix = min((folder for folder in folders if folder.count("/") <= 1), key=len, default="")
        self.sizes = {
            name.removeprefix(self._prefix): size for name, size in sizes.items() if name.startswith(self._prefix)
        }

    def read(self, name: str) -> bytes:
        with self._zipfile() as archive:
            entry = archive.getinfo(self._prefix + name)
            if entry.flag_bits & _ENCRYPTED:
                raise BundleDamagedError(f"{name} in the bundle {self._path} is encrypted; make a plain .zip")
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise BundleDamagedError(
                    f"{name} in the bundle {self._path} is compressed in an uncommon way; store or deflate it"
                )
            with archive.open(entry) as stream:
                return _exactly(stream, self.sizes[name], name)

    @contextmanager
    def _zipfile(self) -> Iterator[zipfile.ZipFile]:
        try:
            with _opened(self._path) as stream, _Sparing(stream) as sparing, zipfile.ZipFile(sparing) as archive:
                yield archive
        except BundleError:
            raise
        except Exception as error:  # zipfile documents BadZipFile, but raises many others for damaged archives
            raise BundleDamagedError(f"{self._path} is not a readable .zip: {_reason(error)}") from error


class _Sparing(io.BufferedReader):
    """A file that limits reads, because zipfile would read a central directory of any length into memory."""

    def read(self, size: int | None = -1, /) -> bytes:
        requested = _MAX_READ + 1 if size is None or size < 0 else size
        content = super().read(min(requested, _MAX_READ + 1))
        if len(content) > _MAX_READ:
            raise BundleDamagedError(f"the list of contents of the .zip is over {_MAX_READ} bytes; a bundle's is not")
        return content


@contextmanager
def _opened(file: Path) -> Iterator[io.FileIO]:
    """Open a regular file. Neither waits for a FIFO, nor follows a link that has just appeared in its place."""
    descriptor = os.open(file, _FLAGS)
    with io.FileIO(descriptor) as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BundleDamagedError(f"{file} is not a regular file")
        yield stream


def _exactly(stream: IO[bytes], size: int, name: str) -> bytes:
    """Return the content of a file of `size` bytes. Stops reading, and raises, if the file is larger."""
    content = bytearray()
    while len(content) <= size and (part := stream.read(min(_CHUNK, size + 1 - len(content)))):
        content += part
    if len(content) != size:
        raise BundleDamagedError(f"{name} does not have its listed size of {size} bytes; get a fresh copy")
    return bytes(content)


def _leads_out(name: str) -> bool:
    parts = name.split("/")
    return "\\" in name or "\0" in name or ".." in parts or parts[0] == "" or parts[0][1:2] == ":"


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error) or type(error).__name__

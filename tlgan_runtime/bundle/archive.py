"""The files of a bundle, in a folder or a .zip: how large they are, and their content, never more of it than asked for.

Nothing here believes what a file says about itself: not a size, not a name, not that it is a file.
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
"""Of a .zip; bundles have about ten."""
_MAX_READ = 2**20  # bytes that zipfile may ask for at once: a list of contents, or a part of a file
_CHUNK = 2**16
_ENCRYPTED = 1  # the bit of a zip entry's flags
# Where these are not there, there are no FIFOs in folders to wait for, and no links to follow by accident.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Archive(Protocol):
    """Where a bundle's files are."""

    sizes: dict[str, int]
    """Name → bytes of each file, as listed; for a .zip of a folder without the folder's name."""

    def read(self, name: str) -> bytes:
        """The content of a file, of exactly the size in `sizes`; raises `BundleDamagedError`."""


def open_archive(path: Path, manifest: str) -> Archive:
    """The files of the folder or .zip at `path`, which holds one called `manifest`; raises `BundleError`s."""
    archive: Archive = ZipArchive(path, manifest) if path.is_file() else FolderArchive(path)
    if manifest not in archive.sizes:
        raise BundleNotFoundError(f"{path} is not a bundle: there is no {manifest} in it")
    return archive


class FolderArchive:
    """Files right in a folder; links that lead out of it, devices and FIFOs are no files."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_dir():
            raise BundleNotFoundError(f"no bundle at {path}; give a folder or a .zip that holds the files of one")
        try:
            self.sizes = {file.name: file.stat().st_size for file in path.iterdir() if file.is_file()}
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, until Python 3.13
            raise BundleDamagedError(f"cannot look into the bundle {path}: {_reason(error)}") from error

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
    """Files in a .zip, all of them at the top or in one folder; stored or deflated, in plain sight."""

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
                raise BundleDamagedError(f"{path} holds {shown(name)}; files of a bundle have names inside it")
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
                raise BundleDamagedError(f"{name} in the bundle {self._path} is encrypted; make the .zip without")
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
        except Exception as error:  # zipfile documents BadZipFile, and raises a dozen others for damaged archives
            raise BundleDamagedError(f"{self._path} is not a readable .zip: {_reason(error)}") from error


class _Sparing(io.BufferedReader):
    """A file that does not let zipfile take a list of contents of any length into memory, as its header asks for."""

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = _MAX_READ + 1 if size is None or size < 0 else size
        content = super().read(min(wanted, _MAX_READ + 1))
        if len(content) > _MAX_READ:
            raise BundleDamagedError(f"the list of contents of the .zip is over {_MAX_READ} bytes; a bundle's is not")
        return content


@contextmanager
def _opened(file: Path) -> Iterator[io.FileIO]:
    """The regular file itself; neither waits for a FIFO nor follows a link that has just been put there."""
    descriptor = os.open(file, _FLAGS)
    with io.FileIO(descriptor) as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BundleDamagedError(f"{file} is not a regular file")
        yield stream


def _exactly(stream: IO[bytes], size: int, name: str) -> bytes:
    """All of a file that has `size` bytes; one that has more is not read any further."""
    content = bytearray()
    while len(content) <= size and (part := stream.read(min(_CHUNK, size + 1 - len(content)))):
        content += part
    if len(content) != size:
        raise BundleDamagedError(f"{name} is not of the {size} bytes that were listed; get a fresh copy")
    return bytes(content)


def _leads_out(name: str) -> bool:
    parts = name.split("/")
    return "\\" in name or "\0" in name or ".." in parts or parts[0] == "" or parts[0][1:2] == ":"


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error) or type(error).__name__

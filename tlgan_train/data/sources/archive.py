"""Reads a data set from a .zip, one picture at a time.

No file is unpacked under a name from the archive. Each picture is written to a temporary file, decoded and removed.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from tlgan_runtime.pictures.decode import MAX_BYTES, UnusablePictureError
from tlgan_train.data.sources.tree import Folder
from tlgan_train.data.sources.wording import shortened
from tlgan_train.errors import TrainError

MAX_ENTRIES = 1_000_000
MAX_NAME = 4000
MAX_RATIO = 200
"""Largest ratio of unpacked size to size of an archive that unpacks to more than `FREE_BYTES`."""
FREE_BYTES = 2**30
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED, UTF8 = 0x1, 0x800
PIECE = 2**20
"""Bytes that are unpacked at a time."""


def read_archive(file: Path) -> Folder:
    """Read the directory of a .zip. The stamp of each picture is its CRC-32.

    Raises `TrainError` if the file is no .zip, is damaged or encrypted, would unpack to far more than its size, or has
    names that lead out of it.
    """
    if file.suffix.lower() == ".csv":
        raise TrainError(f"{file} is a table, not a folder; use csv:{file}")
    entries = _entries(file, file.stat().st_size, file.stat().st_mtime_ns)[1]
    tree = Folder()
    for path, info in sorted(entries.items()):
        *parents, name = path.split("/")
        folder = tree
        for parent in parents:
            if folder.leave_out(parent):
                break
            folder = folder.below(parent)
        else:
            if name and not folder.leave_out(name) and folder.add(name, info.file_size, info.CRC):
                _check_entry(file, info)
    unpacked = sum(picture.size for folder in tree.walk() for picture in folder.pictures)
    if unpacked > max(FREE_BYTES, MAX_RATIO * file.stat().st_size):
        raise TrainError(
            f"{file} would unpack to {unpacked / 1e9:.1f} GB, more than {MAX_RATIO} times its size; unpack it yourself "
            "if you trust it, and name the folder"
        )
    return tree


@contextmanager
def file_at(root: Path, path: str) -> Iterator[Path]:
    """Give the file at a path below a folder, or a temporary copy of an entry of an archive.

    Raises `UnusablePictureError` if the entry cannot be unpacked.
    """
    if not root.is_file():
        yield root / path
        return
    with _unpacked(root, path) as copy:
        yield copy


@contextmanager
def _unpacked(file: Path, path: str) -> Iterator[Path]:
    try:
        archive, entries = _entries(file, file.stat().st_size, file.stat().st_mtime_ns)
        info = entries[path]
    except (OSError, TrainError, KeyError):
        raise UnusablePictureError("the archive has changed while it was read") from None
    if info.file_size > MAX_BYTES:
        raise UnusablePictureError(f"too large ({info.file_size / 2**20:.0f} MiB; at most {MAX_BYTES >> 20} MiB)")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "picture"
        with copy.open("wb") as file_of_its_own:
            for piece in _pieces(archive, info):
                file_of_its_own.write(piece)
        yield copy


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the content of an entry. Raises `UnusablePictureError` if it is damaged."""
    try:
        # Reading stops at the size that was checked, whatever the compressed data would give.
        with archive.open(info) as packed:
            while piece := packed.read(PIECE):
                yield piece
    except Exception as error:  # zipfile raises whatever it stumbles over, an OSError for a place before the file
        reason = shortened(str(error) or type(error).__name__)
        raise UnusablePictureError(f"damaged in the archive ({reason})") from None


# One archive stays open in each process that reads pictures: the directory of a large one takes a second to read.
# Size and time are there for the cache, which must not hand out an archive that has changed.
@lru_cache(maxsize=1)
def _entries(file: Path, size: int, modified: int) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
    try:
        archive = zipfile.ZipFile(file)
        entries = {_path(file, info): info for info in archive.infolist()}
    except TrainError:
        raise
    except OSError as error:
        raise TrainError(f"cannot read {file}: {error.strerror or error}") from None
    except Exception as error:  # zipfile raises whatever it stumbles over
        reason = shortened(str(error) or type(error).__name__)
        raise TrainError(f"{file} is no .zip, or is damaged ({reason}); pack it anew") from None
    if len(entries) > MAX_ENTRIES:
        raise TrainError(
            f"{file} holds {len(entries)} files; at most {MAX_ENTRIES} are read: unpack it, name the folder"
        )
    return archive, entries


def _path(file: Path, info: zipfile.ZipInfo) -> str:
    """Return a name with slashes for the backslashes of Windows programs, in UTF-8 even if macOS did not declare it."""
    name = info.filename
    if not info.flag_bits & UTF8 and not name.isascii():
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    if len(name) > MAX_NAME:
        raise TrainError(f"{file} has an entry with a name of {len(name)} characters; at most {MAX_NAME} are read")
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or not parts[0] or re.match("[A-Za-z]:", name):
        raise TrainError(f"{file} has an entry {shortened(name)!r}, which leads out of the archive; pack it anew")
    kept = [part for part in parts if part not in ("", ".")]
    return "/".join(kept) + "/" * (not parts[-1] and bool(kept))  # a folder's own entry ends in a slash


def _check_entry(file: Path, info: zipfile.ZipInfo) -> None:
    if info.flag_bits & ENCRYPTED:
        raise TrainError(f"{file} is encrypted; unpack it, and name the folder")
    if info.compress_type not in METHODS:
        raise TrainError(
            f"{file} is packed by method {info.compress_type}, which is not read; pack it anew with the usual method "
            "(deflate), or unpack it and name the folder"
        )

"""Files and folders that appear under their names only when they are complete.

Until then they have a temporary name in the same folder, `.cheermeup-MACHINE-RANDOM.part` with the suffix of the
target, and the process that writes holds a lock (flock) on them. A process that is killed leaves its file without a
lock, and the next process that writes in the folder removes it. Some systems have no such locks (Windows, some network
folders), and locks of another machine may not be seen here. In these cases a file counts as left over once it has not
changed for a day.

The content is flushed to the disk before it gets its name, so a crash of the machine leaves no partial file either.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tlgan_runtime.errors import CheerMeUpError, OutputError
from tlgan_runtime.signals import UNFINISHED, remove
from tlgan_runtime.validation import STANDARD_OUTPUT

if sys.platform == "win32":
    _MACHINE = "00000000"
else:
    import fcntl

    _MACHINE = f"{zlib.crc32(os.uname().nodename.encode()):08x}"
_NAME = re.compile(r"\.cheermeup-([0-9a-f]{8})-[0-9a-f]{16}\.part(\..*)?")
_DAY = 24 * 3600
_STANDARD_OUTPUT = 1
_swept: set[Path] = set()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give the block an empty temporary file with the suffix of `path`, and rename it to `path` if the block succeeds.

    An existing file keeps its permissions. A symbolic link stays, and its target is replaced. A pipe, a device or
    standard output (`-`) gets the content at the end of the block. Raises `OutputError` if the folder is missing or
    writing fails; an old file then stays as it was.
    """
    with reported(path):
        target, mode = (path, None) if path == STANDARD_OUTPUT else _target(path)
        stream = is_standard_output(path) or (mode is not None and not stat.S_ISREG(mode))
        with unfinished(_scratch() if stream else target.parent, path.suffix) as temporary:
            if stream:
                temporary.chmod(stat.S_IRUSR | stat.S_IWUSR)  # other users may read the folder for temporary files
            yield temporary
            if stream:
                _pour(temporary, path)
                return
            if mode is not None:
                with suppress(PermissionError):  # some file systems have no permissions
                    temporary.chmod(stat.S_IMODE(mode))
            flush(temporary)
            temporary.replace(target)


@contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """Give the block an empty temporary folder, and move its content into `folder` if the block succeeds.

    Files there that have the same names are replaced, each when all are complete. Raises `OutputError` if the folder is
    missing or writing fails.
    """
    with reported(folder):
        if not folder.is_dir():
            raise OutputError(f"cannot write into {folder}: there is no such folder; create it first")
        with unfinished(folder, directory=True) as temporary:
            yield temporary
            flush(temporary)
            for path in sorted(temporary.iterdir()):
                path.replace(folder / path.name)


@contextmanager
def creating(folder: Path) -> Iterator[Path]:
    """Give the block an empty temporary folder, and rename it to `folder` if the block succeeds.

    An empty folder that is there stays, since it may be a mounted one or the working directory, and gets the content.
    Raises `OutputError` if `folder` is there and not an empty folder, or if writing fails.
    """
    with reported(folder):
        if folder.is_dir():
            sweep(folder)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise OutputError(f"{folder} is there and not an empty folder; name a new one")
        if folder.is_dir():
            with filling(folder) as temporary:
                yield temporary
            return
        if not folder.parent.is_dir():
            raise OutputError(f"cannot create {folder}: there is no folder {folder.parent}; create it first")
        with unfinished(folder.parent, directory=True) as temporary:
            yield temporary
            flush(temporary)
            temporary.rename(folder)


@contextmanager
def reported(path: Path) -> Iterator[None]:
    """Raise `OutputError` in place of an `OSError`, with what can be done about it."""
    try:
        yield
    except CheerMeUpError:
        raise
    except OSError as error:
        advice = "; free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        raise OutputError(f"cannot write {path}: {error.strerror or error}{advice}") from error


@contextmanager
def unfinished(folder: Path, suffix: str = "", *, directory: bool = False) -> Iterator[Path]:
    """Create a locked temporary file or directory in `folder`, and remove it after the block unless it was renamed."""
    if folder not in _swept:
        _swept.add(folder)
        sweep(folder)
    path, lock = _created(folder, suffix, Path.mkdir if directory else Path.touch)
    try:
        yield path
    finally:
        remove(path)
        UNFINISHED.discard(str(path))
        if lock is not None:
            os.close(lock)


def sweep(folder: Path) -> None:
    """Remove unfinished files of killed processes from `folder`. Files that a living process writes stay."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _NAME.fullmatch(entry.name)
            if found and not entry.is_symlink():
                _remove_abandoned(Path(entry), here=found[1] == _MACHINE)


def flush(path: Path) -> None:
    """Flush a file, or every file in a folder, to the disk."""
    for one in path.rglob("*") if path.is_dir() else [path]:
        if one.is_file():
            descriptor = os.open(one, os.O_RDWR)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def is_standard_output(path: Path) -> bool:
    """Return whether `path` is standard output, as `-` and /dev/stdout are."""
    if path == STANDARD_OUTPUT:
        return True
    try:
        return os.path.samestat(path.stat(), os.fstat(_STANDARD_OUTPUT))
    except OSError:
        return False


def _target(path: Path) -> tuple[Path, int | None]:
    """Follow symbolic links. Returns the file and its mode, or None for the mode of a file that does not exist."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = None
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    if mode is not None and stat.S_ISDIR(mode):
        raise OutputError(f"cannot write {path}: it is a folder; name a file in it")
    if mode is None and not target.parent.is_dir():
        raise OutputError(f"cannot write {path}: there is no folder {target.parent}; create it first")
    if mode is not None and stat.S_ISREG(mode):
        # A rename needs no permission to write the file, but a read-only file must stay. So try to open it.
        os.close(os.open(target, os.O_WRONLY))
    return target, mode


def _scratch() -> Path:
    from tempfile import gettempdir  # imported here because few outputs are streams

    return Path(gettempdir())


def _pour(content: Path, path: Path) -> None:
    """Copy a file into a pipe or a device."""
    with (
        content.open("rb") as source,
        # A second opening of standard output by name would write from its start.
        os.fdopen(os.dup(_STANDARD_OUTPUT), "wb") if is_standard_output(path) else path.open("wb") as stream,
    ):
        shutil.copyfileobj(source, stream)


def _created(folder: Path, suffix: str, create: Callable[..., None]) -> tuple[Path, int | None]:
    """Create a file or directory. Returns it and the descriptor that locks it, None on systems without locks."""
    while True:
        path = folder / f".cheermeup-{_MACHINE}-{os.urandom(8).hex()}.part{suffix}"
        UNFINISHED.add(str(path))
        try:
            create(path, exist_ok=False)
        except BaseException:
            UNFINISHED.discard(str(path))
            raise
        try:
            return path, _locked(path)
        except (BlockingIOError, FileNotFoundError):  # another process removed it before it was locked
            remove(path)
            UNFINISHED.discard(str(path))


def _locked(path: Path) -> int | None:
    """Return a descriptor that locks a file or directory until it is closed, or None on systems without locks.

    Raises `BlockingIOError` if another process has the lock, `FileNotFoundError` if the path is gone.
    """
    if sys.platform == "win32":
        return None
    else:  # type checkers for Windows stop here
        # Network folders need a file open for writing to lock it; a directory cannot be opened so.
        descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise
        except OSError:
            os.close(descriptor)
            return None
        try:
            same = os.path.samestat(os.fstat(descriptor), path.stat())
        except OSError:
            os.close(descriptor)
            raise
        if not same:
            os.close(descriptor)
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        return descriptor


def _remove_abandoned(path: Path, here: bool) -> None:
    try:
        lock = _locked(path)
    except OSError:  # another process writes it, or another user owns it
        return
    try:
        if (lock is not None and here) or time.time() - _last_change(path) > _DAY:
            remove(path)
    finally:
        if lock is not None:
            os.close(lock)


def _last_change(path: Path) -> float:
    """Return when a file, or anything in a directory, last changed, in seconds since 1970."""
    return max(one.stat().st_mtime for one in (path, *path.rglob("*")))

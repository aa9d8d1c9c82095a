"""Files that are either wholly there or not there at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tlgan_runtime.errors import CheerMeUpError, OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, with the same suffix, renamed to `path` when the block ends well.

    Raises `OutputError` when the folder is not there or nothing can be written in it; an old file stays as it was.
    """
    # Random, so that two threads that write one file do not share a temporary one.
    temporary = path.with_name(f".{os.getpid()}-{secrets.token_hex(8)}{path.suffix}")
    try:
        if path.is_dir():
            raise OutputError(f"cannot write {path}: it is a folder; name a file in it")
        if not path.parent.is_dir():
            raise OutputError(f"cannot write {path}: there is no folder {path.parent}; create it first")
        yield temporary
        temporary.replace(path)
    except CheerMeUpError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # what went wrong before is what is told
            temporary.unlink(missing_ok=True)


def remove_left_by(process: int | None, folder: Path) -> None:
    """What a process that was killed had begun to write in a folder."""
    for left in folder.glob(f".{process}-*"):
        left.unlink(missing_ok=True)

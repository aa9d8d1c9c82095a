"""Files that are either wholly there or not there at all."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tlgan_runtime.errors import CheerMeUpError, OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, with the same suffix, renamed to `path` when the block ends well.

    Raises `OutputError` when the folder is not there or nothing can be written in it; an old file stays as it was.
    """
    if path.is_dir():
        raise OutputError(f"cannot write {path}: it is a folder; name a file in it")
    if not path.parent.is_dir():
        raise OutputError(f"cannot write {path}: there is no folder {path.parent}; create it first")
    # Random, so that two threads or processes that write one file do not share a temporary one.
    temporary = path.with_name(f".{secrets.token_hex(4)}-{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    except CheerMeUpError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)

"""What commands print: results on standard output, progress and warnings on standard error."""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import Any, TextIO

from tlgan_runtime.errors import OutputError


def report(json_output: bool, document: dict[str, Any], lines: list[str]) -> None:
    """The result of a command, as one JSON object or as lines for people."""
    write(json.dumps(document) if json_output else "\n".join(lines))


def write(text: str) -> None:
    """Text and a newline on standard output, at once; it may have been closed."""
    try:
        print(_printable(text, sys.stdout), flush=True)
    except BrokenPipeError:  # whoever read has seen enough
        _discard(sys.stdout)
    except OSError as error:
        _discard(sys.stdout)
        raise OutputError(f"cannot write to standard output: {error.strerror or error}") from error


def complain(text: str) -> None:
    """Text and a newline on standard error; where nobody can read them, nothing."""
    _tell(text + "\n")


def show_progress(done: int, total: int) -> None:
    _tell(f"\rframe {done}/{total}" + ", writing the file\n" * (done == total))


def _tell(text: str) -> None:
    if sys.stderr is None:
        return
    try:
        print(text, file=sys.stderr, end="", flush=True)
    except OSError:
        _discard(sys.stderr)


def _printable(text: str, stream: TextIO | None) -> str:
    """Names of files may hold what a stream cannot."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _discard(stream: TextIO) -> None:
    """From now on; Python would otherwise complain once more when it closes the stream."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def hush(quiet: bool) -> None:
    if quiet:
        warnings.simplefilter("ignore")


def show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: object = None,
    line: str | None = None,
) -> None:
    """`warnings.showwarning` for people: what, but not where in the code."""
    complain(f"warning: {message}")

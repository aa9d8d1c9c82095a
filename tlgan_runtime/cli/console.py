"""What commands print: results on standard output, progress and warnings on standard error."""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import Any, TextIO

from tlgan_runtime.errors import OutputError
from tlgan_runtime.messages import escaped, one_line


def report(json_output: bool, document: dict[str, Any], lines: list[str]) -> None:
    """The result of a command, as one JSON object or as lines for people."""
    write(as_json(document) if json_output else "\n".join(map(escaped, lines)))


def as_json(document: dict[str, Any]) -> str:
    """One line of JSON, which has no infinity and no NaN; raises `ValueError` for these."""
    return json.dumps(document, allow_nan=False)


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
    _tell(_printable(text, sys.stderr) + "\n")


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
    """Names may hold what a stream cannot, and what a terminal would act on; only newlines pass."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    visible = "\n".join(map(escaped, text.split("\n")))
    return visible.encode(encoding, "backslashreplace").decode(encoding)


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
    complain(f"warning: {one_line(str(message))}")

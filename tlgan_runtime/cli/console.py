"""Output of commands: results on standard output, progress and warnings on standard error."""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import Any, TextIO

from tlgan_runtime.errors import OutputError
from tlgan_runtime.messages import escaped, one_line


def report(json_output: bool, document: dict[str, Any], lines: list[str]) -> None:
    """Print the result of a command, as one JSON object or as lines for people."""
    write(as_json(document) if json_output else "\n".join(map(escaped, lines)))


def as_json(document: dict[str, Any]) -> str:
    """One line of JSON; raises `ValueError` for infinity and NaN, which JSON does not have."""
    return json.dumps(document, allow_nan=False)


def write(text: str) -> None:
    """Print text and a newline on standard output, at once; a closed stream is no error."""
    try:
        print(_printable(text, sys.stdout), flush=True)
    except BrokenPipeError:  # the reader stopped early, as `head` does
        _discard(sys.stdout)
    except OSError as error:
        _discard(sys.stdout)
        raise OutputError(f"cannot write to standard output: {error.strerror or error}") from error


def drop_unwritten() -> None:
    """Drop what standard output has no room for; otherwise Python complains again when it closes the stream."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        _discard(sys.stdout)


def complain(text: str) -> None:
    """Print text and a newline on standard error, if somebody can read it."""
    _print_error(_printable(text, sys.stderr) + "\n")


def show_progress(done: int, total: int) -> None:
    _print_error(f"\rframe {done}/{total}" + ", writing the file\n" * (done == total))


def _print_error(text: str) -> None:
    if sys.stderr is None:
        return
    try:
        print(text, file=sys.stderr, end="", flush=True)
    except OSError:
        _discard(sys.stderr)


def _printable(text: str, stream: TextIO | None) -> str:
    """Escape what the stream cannot encode, and control characters, which a terminal would obey; newlines pass."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    visible = "\n".join(map(escaped, text.split("\n")))
    return visible.encode(encoding, "backslashreplace").decode(encoding)


def _discard(stream: TextIO) -> None:
    """Send all further output nowhere."""
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
    """A `warnings.showwarning` for people: the message without the place in the code."""
    complain(f"warning: {one_line(str(message))}")

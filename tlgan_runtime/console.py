"""What commands print: results on standard output, progress and warnings on standard error."""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import Any


def report(json_output: bool, document: dict[str, Any], lines: list[str]) -> None:
    """The result of a command, as one JSON object or as lines for people."""
    write(json.dumps(document) if json_output else "\n".join(lines))


def write(text: str) -> None:
    """Text and a newline on standard output, at once; it may have been closed."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Whoever read has seen enough; without this Python complains once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(text: str) -> None:
    """Text and a newline on standard error."""
    print(text, file=sys.stderr, flush=True)


def show_progress(done: int, total: int) -> None:
    print(f"\rframe {done}/{total}", file=sys.stderr, end="\n" if done == total else "", flush=True)


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

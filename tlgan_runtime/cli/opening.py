"""Opens the bundle that a command draws with, and reports the file that was drawn."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlgan_runtime.cli.console import hush, report
from tlgan_runtime.errors import InputError
from tlgan_runtime.validation import STANDARD_OUTPUT

if TYPE_CHECKING:
    from tlgan_runtime.editor import CheerMeUp


def open_bundle(options: Namespace) -> CheerMeUp:
    """Return the bundle that the options name, with its provider and threads."""
    from tlgan_runtime.editor import CheerMeUp

    hush(options.quiet)
    # `info` draws nothing, so it has neither of these.
    output, precision = getattr(options, "output", None), getattr(options, "precision", "auto")
    if output == STANDARD_OUTPUT and sys.stdout is not None and sys.stdout.isatty():
        raise InputError("standard output is a terminal, which shows no pictures; add `> FILE`, or name a file with -o")
    return CheerMeUp(options.bundle, provider=options.provider, threads=options.threads, precision=precision)


def report_file(editor: CheerMeUp, options: Namespace, path: Path, **details: Any) -> int:
    """Print the path of a file and, as JSON, what is worth knowing about it. Returns the exit code."""
    from tlgan_runtime.files import is_standard_output

    if is_standard_output(path):  # the picture is there, and nothing must follow it
        return 0
    document = {"path": str(path), **details, "bundle": editor.manifest.name, "providers": editor.providers}
    report(options.json_output, document, [str(path)])
    return 0

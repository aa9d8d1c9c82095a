"""Opens the bundle that a command draws with."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from tlgan_runtime.cli.console import hush
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

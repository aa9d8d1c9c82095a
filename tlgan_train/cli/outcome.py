"""Run a command. An error becomes one line and an exit code."""

from __future__ import annotations

import errno
import traceback

import typer

from tlgan_runtime.cli.console import complain, drop_unwritten
from tlgan_runtime.errors import CheerMeUpError
from tlgan_runtime.signals import INTERRUPTED, end_on_interrupts, ignore_interrupts
from tlgan_train.errors import MistakesError, TrainError

STYLE = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}
"""How typer treats each command."""
BUG, USAGE = 1, 2
"""Exit codes."""


def run_app(app: typer.Typer, name: str, given: list[str], *, alone: bool, resumes: bool = False) -> int:
    """Run the command `name` with its arguments, and return the exit code. An error prints one line to standard error.

    `alone`: the process has no other purpose, so an interrupt ends it. `resumes`: after an interrupt, the same command
    continues its work.
    """
    interrupted = f"{name}: interrupted" + "; the same command resumes from the last checkpoint" * resumes
    if alone:
        end_on_interrupts(interrupted)
    try:
        # typer turns Ctrl-C into this code. 0 and None mean success.
        code = app(given, prog_name=name, standalone_mode=False) or 0
        if code == INTERRUPTED:
            complain(interrupted)
            if alone:
                ignore_interrupts()  # the process takes a moment to end
        return int(code)
    except Exception as error:
        if "--debug" in given:
            traceback.print_exc()
        # The errors of typer for wrong usage have no public class, and earlier versions had them in another module.
        usage = getattr(error, "format_message", None)
        if isinstance(error, TrainError):
            message, code = str(error), USAGE
        elif isinstance(error, CheerMeUpError):
            message, code = str(error), error.exit_code
        elif isinstance(error, OSError) and error.errno == errno.ENOSPC:  # files name themselves, see `replacing`
            message = "the disk with a log or standard output is full; free some space, then run the same command again"
            code = USAGE
            drop_unwritten()
        elif isinstance(error, OSError) and error.filename is not None:
            message, code = f"cannot use {error.filename}: {error.strerror}; give another path", USAGE
        elif callable(usage):
            message, code = f"{usage()} ({name} --help lists the options)", USAGE
        else:
            message, code = f"this is a bug: {type(error).__name__}: {error} (--debug shows where)", BUG
        for line in error.lines if isinstance(error, MistakesError) else [message]:
            complain(f"{name}: {' '.join(line.split())}")
        return code

"""How a command ends: its exit code, and one line about what went wrong."""

from __future__ import annotations

import errno
import traceback

import typer

from tlgan_runtime.cli.console import complain
from tlgan_runtime.errors import CheerMeUpError
from tlgan_runtime.signals import INTERRUPTED, end_on_interrupts, ignore_interrupts
from tlgan_train.errors import MistakesError, TrainError

BUG, USAGE = 1, 2
"""Exit codes."""


def run_app(app: typer.Typer, name: str, given: list[str], *, alone: bool, resumes: bool = False) -> int:
    """Run the command `name` with its arguments and return the exit code; an error becomes one line on standard error.

    `alone` says that the process is this command's: an interrupt then ends it. `resumes` says that after an interrupt
    the same command goes on.
    """
    interrupted = f"{name}: interrupted" + "; the same command goes on from the last checkpoint" * resumes
    if alone:
        end_on_interrupts(interrupted)
    try:
        # typer itself turns Ctrl-C into this code; 0 or None mean that all went well.
        code = app(given, prog_name=name, standalone_mode=False) or 0
        if code == INTERRUPTED:
            complain(interrupted)
            if alone:
                ignore_interrupts()  # ending takes a moment
        return int(code)
    except Exception as error:
        if "--debug" in given:
            traceback.print_exc()
        # What typer raises for wrong usage is not a public class, and had another home in earlier versions.
        usage = getattr(error, "format_message", None)
        if isinstance(error, TrainError):
            message, code = str(error), USAGE
        elif isinstance(error, CheerMeUpError):
            message, code = str(error), error.exit_code
        elif isinstance(error, OSError) and error.errno == errno.ENOSPC:  # files name themselves, see `replacing`
            message = "the disk is full, of a log or of standard output; free some space, and the same command goes on"
            code = USAGE
        elif isinstance(error, OSError) and error.filename is not None:
            message, code = f"cannot use {error.filename}: {error.strerror}; give another path", USAGE
        elif callable(usage):
            message, code = f"{usage()} ({name} --help lists the options)", USAGE
        else:
            message, code = f"this is a bug: {type(error).__name__}: {error} (--debug shows where)", BUG
        for line in error.lines if isinstance(error, MistakesError) else [message]:
            complain(f"{name}: {' '.join(line.split())}")
        return code

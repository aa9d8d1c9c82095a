"""Signals that interrupt a program: SIGINT (Ctrl-C), SIGTERM, and SIGHUP where the system has it.

A program ends inside the handler instead of raising KeyboardInterrupt. An exception prints a traceback while modules
are imported, C code may turn it into another one, and Python drops it inside the callback of a weak reference.

This module imports little, because an interrupt that comes before it is loaded does print a traceback.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

INTERRUPTED = 130
"""Exit code of a program that was interrupted."""
INTERRUPTS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
UNFINISHED: set[str] = set()
"""Paths of temporary files and folders of this process; they go when it is interrupted."""


def end_on_interrupts(message: str) -> None:
    """From now on an interrupt removes what is unfinished, prints `message` and ends the process with code 130.

    Signals that are ignored stay ignored, as after `nohup`. On Windows nothing changes, because open files cannot be
    removed there: Ctrl-C raises KeyboardInterrupt. Call it in the main thread.
    """
    if sys.platform == "win32":
        return

    def end(number: int, frame: object) -> None:
        end_now(message)

    for one in INTERRUPTS:
        if signal.getsignal(one) != signal.SIG_IGN:
            signal.signal(one, end)


def end_now(message: str) -> None:
    """Remove what is unfinished, print `message` on standard error, end the process with code 130."""
    ignore_interrupts()
    remove_unfinished()
    with suppress(OSError):  # standard error may be closed
        os.write(2, message.encode() + b"\n")
    os._exit(INTERRUPTED)


def ignore_interrupts() -> None:
    """For a process that is about to end: another interrupt would only disturb it."""
    for one in INTERRUPTS:
        signal.signal(one, signal.SIG_IGN)


def remove_unfinished() -> None:
    """Delete the temporary files and folders that this process is writing."""
    for path in list(UNFINISHED):
        remove(path)


def remove(path: str | os.PathLike[str]) -> None:
    """Delete a file or a folder as far as that can be done; what happened before matters more."""
    if os.path.isdir(path):  # noqa: PTH112 - pathlib takes longer to import than this module may
        import shutil

        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108


@contextmanager
def group_interrupts_blocked() -> Iterator[None]:
    """Hold back what a terminal sends to all processes of a program, SIGINT and SIGHUP, while the block runs.

    Processes that are started in it never get them. Does nothing where the system cannot do that.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def follow_parent() -> None:
    """Initialise a worker of a process pool: the parent alone answers Ctrl-C, and the worker ends when the parent does.

    A parent that is killed cannot end its workers, which would finish their work and then wait for ever.
    """
    import threading

    for one in INTERRUPTS:
        # A pool whose worker died ends the others by SIGTERM.
        signal.signal(one, _end_worker if one == signal.SIGTERM else signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def watch_launcher(act: Callable[[], object]) -> None:
    """Call `act` in a thread of its own when the process that started this one has ended (not on Windows)."""
    import threading
    import time

    launcher = os.getppid()

    def watch() -> None:
        while os.getppid() == launcher:
            time.sleep(0.5)
        act()

    threading.Thread(target=watch, daemon=True).start()


def _end_worker(number: int, frame: object) -> None:
    remove_unfinished()
    os._exit(INTERRUPTED)


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        remove_unfinished()
        os._exit(INTERRUPTED)

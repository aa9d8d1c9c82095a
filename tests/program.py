"""`cheermeup` as a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 1800
"""Seconds after which a process must hang: no machine is so slow or so busy."""


def program(*arguments: str, interruptible: bool = False) -> list[str]:
    """The command line; `interruptible` where it is to be sent SIGINT.

    A shell that starts tests in the background has them ignore that, which is inherited.
    """
    listen = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); " if interruptible else ""
    run = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tlgan_runtime.cli.commands import main; sys.exit(main())"
    )
    return [sys.executable, "-c", listen + run, *arguments]

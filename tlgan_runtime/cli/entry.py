"""Where `cheermeup` starts: an interrupt ends it cleanly before anything else is imported."""

from __future__ import annotations

import os

try:
    from tlgan_runtime.signals import end_on_interrupts
except KeyboardInterrupt:  # the first milliseconds; what comes before this file is up to Python
    os.write(2, b"interrupted\n")
    os._exit(130)

__all__ = ["cheermeup", "end_on_interrupts"]


def cheermeup() -> int:
    """Run the command line of this process; returns the exit code."""
    end_on_interrupts("cheermeup: interrupted")
    from tlgan_runtime.cli.commands import main

    return main()

"""Entry points of `tlgan-train` and `tlgan-export`. Even during imports, an interrupt ends them cleanly."""

from __future__ import annotations

from tlgan_runtime.cli.entry import end_on_interrupts


def tlgan_train() -> int:
    """Run the command line of this process, and return the exit code."""
    end_on_interrupts("tlgan-train: interrupted")
    from tlgan_train.cli.commands import main

    return main()


def tlgan_export() -> int:
    """Run the command line of this process, and return the exit code."""
    end_on_interrupts("tlgan-export: interrupted")
    from tlgan_train.cli.export import export_main

    return export_main()

"""Hold interrupts (Ctrl-C, SIGTERM, SIGHUP) until work in progress is complete."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from tlgan_runtime.signals import INTERRUPTS


class HeldInterrupts:
    """Notes interrupts while the block runs. The block calls `release` where it is safe to stop.

    Only signals for which the program has a handler are held. Outside the main thread, where Python delivers no
    signals, nothing is held.
    """

    def __init__(self) -> None:
        self.pending = False
        """Whether an interrupt came since the block began."""
        self._before: dict[signal.Signals, Callable[..., Any]] = {}

    def __enter__(self) -> HeldInterrupts:
        if threading.current_thread() is threading.main_thread():
            for interrupt in INTERRUPTS:
                handler = signal.getsignal(interrupt)
                if callable(handler):
                    self._before[interrupt] = handler
                    signal.signal(interrupt, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for interrupt, handler in self._before.items():
            signal.signal(interrupt, handler)

    def release(self) -> None:
        """Raise KeyboardInterrupt for an interrupt that came here or in a process that trains along."""
        self.pending = False
        raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.pending = True

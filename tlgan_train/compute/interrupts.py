"""Interrupts (Ctrl-C, SIGTERM, SIGHUP), held until what is under way is whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from tlgan_runtime.signals import INTERRUPTS


class HeldInterrupts:
    """While the block runs, signals that interrupt are only noted; `release` raises KeyboardInterrupt where it is safe.

    Signals that the program does not handle are left alone. Outside the main thread, where Python delivers no signals,
    nothing is held.
    """

    def __init__(self) -> None:
        self.pending = False
        """Whether one came since the block began."""
        self._before: dict[signal.Signals, Callable[..., Any]] = {}

    def __enter__(self) -> HeldInterrupts:
        if threading.current_thread() is threading.main_thread():
            for one in INTERRUPTS:
                handler = signal.getsignal(one)
                if callable(handler):
                    self._before[one] = handler
                    signal.signal(one, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def release(self) -> None:
        """Raise the interrupt that came since the block began, here or in a process that works along."""
        self.pending = False
        raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.pending = True

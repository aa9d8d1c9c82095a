"""Ctrl-C, held until what is under way is whole."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class HeldInterrupts:
    """While the block runs, SIGINT is only noted; `release` raises it as KeyboardInterrupt where stopping is safe.

    Outside the main thread, where Python delivers no signals, nothing is held.
    """

    def __init__(self) -> None:
        self.pending = False
        """Whether SIGINT came since the block began."""
        self._before: Any = None

    def __enter__(self) -> HeldInterrupts:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.getsignal(signal.SIGINT)
            if self._before is signal.default_int_handler:
                signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._before)

    def release(self) -> None:
        """Raise the interrupt that came since the block began, here or in a process that works along."""
        self.pending = False
        raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.pending = True

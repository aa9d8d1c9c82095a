"""Ctrl-C and SIGTERM, held until what is under way is whole."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class HeldInterrupts:
    """While the block runs, signals that interrupt are only noted; `release` raises KeyboardInterrupt where it is safe.

    Those are SIGINT, and SIGTERM where the program has it interrupt. Outside the main thread, where Python delivers no
    signals, nothing is held.
    """

    def __init__(self) -> None:
        self.pending = False
        """Whether one came since the block began."""
        self._held: list[signal.Signals] = []

    def __enter__(self) -> HeldInterrupts:
        if threading.current_thread() is threading.main_thread():
            both = (signal.SIGINT, signal.SIGTERM)
            self._held = [one for one in both if signal.getsignal(one) is signal.default_int_handler]
            for one in self._held:
                signal.signal(one, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._held:
            signal.signal(one, signal.default_int_handler)

    def release(self) -> None:
        """Raise the interrupt that came since the block began, here or in a process that works along."""
        self.pending = False
        raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.pending = True

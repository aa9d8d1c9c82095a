"""How much memory something takes."""

from __future__ import annotations

import threading
from types import TracebackType

import psutil

INTERVAL = 0.05
"""Seconds between two samples; what is allocated and freed between them is missed."""


class PeakMemory:
    """The most memory that this process holds while the block runs, without its child processes.

    A thread samples it, because systems report the peak only since the process started, which would give every stage
    the peak of the largest stage before it.
    """

    def __init__(self) -> None:
        self.mib = 0
        """Largest resident set so far, MiB."""
        self._process = psutil.Process()
        self._ended = threading.Event()
        self._sampler = threading.Thread(target=self._watch, name="peak memory", daemon=True)

    def __enter__(self) -> PeakMemory:
        self._sample()
        self._sampler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._sampler.join()
        self._sample()

    def _watch(self) -> None:
        while not self._ended.wait(INTERVAL):
            self._sample()

    def _sample(self) -> None:
        self.mib = max(self.mib, self._process.memory_info().rss // 2**20)

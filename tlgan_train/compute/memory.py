"""Measure memory."""

from __future__ import annotations

import threading
from types import TracebackType

import psutil

INTERVAL = 0.05
"""Seconds between two samples. Memory that is allocated and freed between them is missed."""


class PeakMemory:
    """Measures the peak memory of this process while the block runs, without child processes.

    A thread samples it. Systems only report the peak since the start of the process, and by that figure every stage
    would have the peak of the largest stage before it.
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

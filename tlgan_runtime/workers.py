"""Threads: how many there are, and work on several of them whose results come in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Workers:
    """Threads for several kinds of work at once; `with` ends them. With one thread the caller does all work itself.

    All work of a task goes to the same threads: each one more keeps megabytes that the allocator does not give back.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool: Executor | None = None
        if threads > 1:
            from concurrent.futures import ThreadPoolExecutor  # only here: a single thread needs none

            self._pool = ThreadPoolExecutor(threads)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def ordered(self, act: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        """`map(act, items)` on the threads, of which each has at most one result in work or waiting.

        `items` are taken by the caller's thread; an error comes where the result of its item would have come.
        """
        if self._pool is None:
            yield from map(act, items)
            return
        pending: deque[Future[_Result]] = deque()
        for item in items:
            pending.append(self._pool.submit(act, item))
            if len(pending) == self._threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


MAX_THREADS = 256


def usable_cpus() -> int:
    """CPUs that this process may run on, which in a container or a batch job are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

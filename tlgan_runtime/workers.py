"""Worker threads with results in order, and the number of usable CPUs."""

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
    """Threads for several kinds of work, as a context manager. With one thread, the caller does all work.

    A task uses the same threads for all its work, because each further thread holds megabytes that the allocator does
    not give back.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool: Executor | None = None
        if threads > 1:
            from concurrent.futures import ThreadPoolExecutor  # imported here because a single thread does not need it

            self._pool = ThreadPoolExecutor(threads)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def ordered(self, act: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        """Yield the results of `map(act, items)` in order. Each thread holds at most one unfinished or waiting result.

        `items` are taken in the caller's thread. An error is raised at the place of its result.
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
    """Return the number of CPUs that this process may use. In a container it may be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

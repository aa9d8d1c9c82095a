"""Work spread over processes, results in order, a bounded number of them in memory."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import TypeVar

from tlgan_runtime.signals import follow_parent, group_interrupts_blocked
from tlgan_train.errors import TrainError

Job = TypeVar("Job")
Result = TypeVar("Result")

# A new process needs about half a second to import what it needs; fewer pictures than this are done sooner without.
FEW_PICTURES = 1000


def processors() -> int:
    """Processors that this process may use, which in a container are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ordered_map(function: Callable[[Job], Result], jobs: Sequence[Job], pictures: int) -> Iterator[Result]:
    """`function(job)` for each job, in order; in this process when all jobs together make few pictures.

    Processes are spawned, never forked: a fork of a process that has threads (torch starts some) may hang.
    """
    workers = min(processors(), len(jobs))
    if workers < 2 or pictures < FEW_PICTURES:
        yield from map(function, jobs)
        return
    with group_interrupts_blocked():  # a process that is started inherits that, and multiprocessing starts one here
        pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=follow_parent)
    try:
        waiting = iter(jobs)
        with group_interrupts_blocked():
            pending: deque[Future[Result]] = deque(pool.submit(function, job) for job in islice(waiting, workers + 1))
        while pending:
            result = pending.popleft().result()
            pending.extend(pool.submit(function, job) for job in islice(waiting, 1))
            yield result
    except BrokenProcessPool:
        raise TrainError(
            "a process that reads or draws pictures ended at once: either memory ran out, or a script of yours starts "
            "this outside `if __name__ == '__main__':`, which spawned processes need"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)

"""Work spread over processes, results in order, a bounded number of them in memory."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import TypeVar

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
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_follow_parent)
    try:
        waiting = iter(jobs)
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


def _follow_parent() -> None:
    # Ctrl-C reaches the whole process group; the parent alone should answer it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A parent that is killed cannot say so, and its workers would wait for work for ever.
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

"""`Desk`: a bounded number of threads that draw, and a bounded number of requests that wait for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from tlgan_runtime.server.refusal import AGAIN, CLIENT_GONE, RefusedError

Result = TypeVar("Result")


class Desk:
    """Draws for requests, in turn.

    Args:
        threads: how many draw at a time.
        waiting: how many may wait in addition.
        seconds: how long a request may wait and be drawn.
    """

    def __init__(self, threads: int, waiting: int, seconds: float) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="drawing")
        self._most = threads + waiting
        self._seconds = seconds
        self._lock = threading.Lock()  # threads of the pool count, too
        self._present = self._drawing = 0

    @property
    def drawing(self) -> int:
        """Number of threads that draw now."""
        return self._drawing

    @property
    def waiting(self) -> int:
        """Number of requests that wait for a thread."""
        return self._present - self._drawing

    async def draw(self, act: Callable[[Callable[[], None]], Result], left: Callable[[], Awaitable[None]]) -> Result:
        """Return what `act` returns in a thread. Its argument raises when nobody waits for the result any more.

        `left()` ends when the client is gone. A request that still waits then is never drawn; a thread that draws for
        it is free again when `act` calls its argument, or ends.

        Raises `RefusedError` if too many wait, and after `seconds`.
        """
        with self._lock:
            if self._present >= self._most:
                raise RefusedError(503, "too many requests are waiting; try again in a second", AGAIN)
            self._present += 1
        over = threading.Event()
        work = self._pool.submit(self._act, act, over)
        work.add_done_callback(self._leave)
        result, gone = asyncio.wrap_future(work), asyncio.ensure_future(left())
        either: set[asyncio.Future[Any]] = {result, gone}
        try:
            ended, _ = await asyncio.wait(either, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
            if result in ended:
                return result.result()
            if gone in ended:
                raise RefusedError(CLIENT_GONE, "the client is gone")
            late = f"this took longer than {self._seconds:g} seconds; ask for less, or try again when it is calm"
            raise RefusedError(503, late, AGAIN)
        finally:
            over.set()
            result.cancel()
            gone.cancel()

    def close(self) -> bool:
        """Draw nothing more. Returns whether all threads are idle."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        return self._present == 0

    def _act(self, act: Callable[[Callable[[], None]], Result], over: threading.Event) -> Result:
        def check() -> None:
            if over.is_set():
                raise RefusedError(CLIENT_GONE, "nobody waits for this any more")

        with self._lock:
            self._drawing += 1
        try:
            check()
            return act(check)
        finally:
            with self._lock:
                self._drawing -= 1

    def _leave(self, work: Future[Any]) -> None:
        with self._lock:
            self._present -= 1

"""Threads that draw and requests that wait: how many there may be, how long, and for whom."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.program import PATIENCE
from tests.runtime.server.conftest import need_libraries

if TYPE_CHECKING:
    from tlgan_runtime.server.desk import Desk

Check = Callable[[], None]


def desk(threads: int = 1, waiting: int = 1, seconds: float = PATIENCE) -> Desk:
    need_libraries()
    from tlgan_runtime.server.desk import Desk

    return Desk(threads, waiting, seconds)


async def stay() -> None:
    await asyncio.Event().wait()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.01)


class Work:
    """Work that goes on until it is let go, or until its check raises."""

    def __init__(self) -> None:
        self.started, self.let_go, self.given_up = threading.Event(), threading.Event(), False

    def __call__(self, check: Check) -> str:
        self.started.set()
        while not self.let_go.wait(0.01):
            try:
                check()
            except Exception:
                self.given_up = True
                raise
        return "drawn"


def status_of(error: BaseException | str) -> int | str:
    return getattr(error, "status", error if isinstance(error, str) else repr(error))


def test_more_than_may_wait_are_refused_and_the_others_are_drawn() -> None:
    async def case() -> None:
        place, first, second = desk(), Work(), Work()
        tasks = [asyncio.create_task(place.draw(work, stay)) for work in (first, second)]
        await until(first.started.is_set)
        assert (place.drawing, place.waiting) == (1, 1) and not second.started.is_set()
        (refused,) = await asyncio.gather(place.draw(Work(), stay), return_exceptions=True)
        assert status_of(refused) == 503 and refused.headers == {"Retry-After": "1"}  # type: ignore[union-attr]
        for work in (first, second):
            work.let_go.set()
        assert await asyncio.gather(*tasks) == ["drawn", "drawn"]
        await until(lambda: (place.drawing, place.waiting) == (0, 0))
        assert place.close()

    asyncio.run(case())


def test_a_client_that_is_gone_is_not_drawn_for() -> None:
    async def case() -> None:
        place, first, second, gone = desk(), Work(), Work(), asyncio.Event()

        async def leave() -> None:
            await gone.wait()

        tasks = [asyncio.create_task(place.draw(work, leave)) for work in (first, second)]
        await until(first.started.is_set)
        gone.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [status_of(one) for one in results] == [499, 499]
        await until(lambda: (place.drawing, place.waiting) == (0, 0))
        assert first.given_up and not second.started.is_set()

    asyncio.run(case())


def test_what_takes_too_long_is_refused_and_its_thread_is_free_again() -> None:
    async def case() -> None:
        place, slow = desk(seconds=0.05), Work()
        (refused,) = await asyncio.gather(place.draw(slow, stay), return_exceptions=True)
        assert status_of(refused) == 503 and "longer than 0.05 seconds" in str(refused)
        await until(lambda: place.drawing == 0)
        place = desk()
        quick = Work()
        quick.let_go.set()
        assert await place.draw(quick, stay) == "drawn"

    asyncio.run(case())


def test_errors_of_the_work_are_raised() -> None:
    def fail(check: Check) -> None:
        raise ZeroDivisionError

    async def case() -> None:
        place = desk()
        for _ in range(5):
            with pytest.raises(ZeroDivisionError):
                await place.draw(fail, stay)

    asyncio.run(case())


def test_closing_drops_what_waits_and_tells_of_what_is_drawn() -> None:
    async def case() -> None:
        place, first, second = desk(), Work(), Work()
        tasks = [asyncio.create_task(place.draw(work, stay)) for work in (first, second)]
        await until(first.started.is_set)
        assert not place.close()
        first.let_go.set()
        done, _ = await asyncio.wait(tasks)
        assert tasks[0].result() == "drawn" and tasks[1].cancelled() and not second.started.is_set()
        assert done == set(tasks)

    asyncio.run(case())

"""Work on several threads: order, how far it goes ahead, and errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tests.program import PATIENCE
from tlgan_runtime.workers import Workers


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_order_whatever_finishes_first(threads: int) -> None:
    def slowly(number: int) -> int:
        time.sleep(0.01 if number % 2 == 0 else 0)
        return number * number

    with Workers(threads) as workers:
        assert list(workers.ordered(slowly, range(9))) == [number * number for number in range(9)]


def test_no_more_is_taken_than_threads_have_to_do() -> None:
    taken: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    with Workers(3) as workers:
        results = workers.ordered(str, numbers())
        assert next(results) == "0" and len(taken) == 3
        assert next(results) == "1" and len(taken) == 4


def test_threads_work_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=PATIENCE)
    with Workers(2) as workers:
        assert len(list(workers.ordered(lambda _: both.wait(), range(4)))) == 4


@pytest.mark.parametrize("threads", [1, 2])
def test_one_kind_of_work_may_be_made_from_the_results_of_another(threads: int) -> None:
    seen: set[int] = set()

    def twice(number: int) -> int:
        seen.add(threading.get_ident())
        return 2 * number

    with Workers(threads) as workers:
        assert list(workers.ordered(twice, workers.ordered(twice, range(50)))) == [4 * number for number in range(50)]
    assert len(seen) <= threads


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_comes_where_its_result_would_have(threads: int) -> None:
    with Workers(threads) as workers:
        results = workers.ordered(lambda number: 1 // number, [1, 1, 0, 1])
        assert [next(results), next(results)] == [1, 1]
        with pytest.raises(ZeroDivisionError):
            next(results)

"""Work on several threads: order, how far it goes ahead, and errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tlgan_runtime.ordered import ordered


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_order_whatever_finishes_first(threads: int) -> None:
    def slowly(number: int) -> int:
        time.sleep(0.01 if number % 2 == 0 else 0)
        return number * number

    assert list(ordered(slowly, range(9), threads)) == [number * number for number in range(9)]


def test_no_more_is_taken_than_threads_have_to_do() -> None:
    taken: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = ordered(str, numbers(), 3)
    assert next(results) == "0" and len(taken) == 3
    assert next(results) == "1" and len(taken) == 4


def test_threads_work_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)
    assert len(list(ordered(lambda _: both.wait(), range(4), 2))) == 4


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_comes_where_its_result_would_have(threads: int) -> None:
    results = ordered(lambda number: 1 // number, [1, 1, 0, 1], threads)
    assert [next(results), next(results)] == [1, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)

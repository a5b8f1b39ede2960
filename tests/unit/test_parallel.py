"""Work on a few threads: order, failures, and how many run at once."""

import threading

import pytest

from slipway.util.parallel import each


def test_results_are_in_the_order_of_the_items() -> None:
    barrier = threading.Barrier(2, timeout=10)

    def work(item: int | None) -> str:
        if item in (0, 1):
            barrier.wait()
        return str(item)

    assert each(work, [0, 1, None, 3], 2) == ["0", "1", "None", "3"]


def test_the_earliest_failure_is_raised_and_nothing_more_is_started() -> None:
    started: list[int] = []

    def work(item: int) -> None:
        started.append(item)
        raise ValueError(item)

    with pytest.raises(ValueError, match="0"):
        each(work, range(100), 4)

    assert len(started) <= 4


def test_few_items_need_no_thread() -> None:
    assert each(lambda _: threading.current_thread(), [1], 8) == [threading.current_thread()]
    assert each(str, [], 8) == []

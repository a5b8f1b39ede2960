"""The same work for many things at once, on a few threads.

For work that waits for the network. `concurrent.futures` would do the same; importing it costs as much time as a release
with nothing to do may spend on the registry.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(work: Callable[[Item], Result], items: Sequence[Item], threads: int) -> list[Result]:
    """Results in the order of the items.

    After a failure no further item is started; what is under way ends first, then the failure of the earliest item is
    raised. Ctrl-C does not wait: the threads die with the process.
    """
    if threads < 2 or len(items) < 2:
        return [work(item) for item in items]
    results: dict[int, Result] = {}
    failures: dict[int, BaseException] = {}
    numbered = iter(list(enumerate(items)))
    guard = threading.Lock()

    def worker() -> None:
        while True:
            with guard:
                step = None if failures else next(numbered, None)
            if step is None:
                return
            index, item = step
            try:
                results[index] = work(item)
            except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that asked
                failures[index] = error

    running = [threading.Thread(target=worker, daemon=True) for _ in range(min(threads, len(items)))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    if failures:
        raise failures[min(failures)]
    return [results[index] for index in range(len(items))]

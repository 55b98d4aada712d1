"""Threads that may be left behind: no call that hangs can keep a run, or the end of the process, waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Final, ParamSpec, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")
_S = TypeVar("_S")
_P = ParamSpec("_P")

_BLINK: Final = 0.1
"""Seconds between two looks at whether an answer is still worth waiting for."""


class Crew(Executor):
    """An executor of so many daemon threads. One that hangs can be replaced, and does not outlive the process."""

    def __init__(self, threads: int) -> None:
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._free, self._started = threads, 0

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        future: Future[_T] = Future()
        self._tasks.put(lambda: _settle(future, lambda: fn(*args, **kwargs)))
        if self._free:
            self._free -= 1
            self._start()
        return future

    def replace(self) -> None:
        """Start a thread in the place of one that hangs."""
        self._start()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        del wait, cancel_futures
        for _ in range(self._started):
            self._tasks.put(None)

    def _start(self) -> None:
        self._started += 1
        threading.Thread(target=self._work, name=f"wa-lint-{self._started}", daemon=True).start()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()


def gather(
    executor: Executor,
    function: Callable[[_T], _R],
    tasks: Sequence[_T],
    why_leave: Callable[[int | None], _S | None],
    on_done: Callable[[int], None],
) -> list[_R | _S]:
    """Return what `function` makes of each task, in order; or why it was not waited for to the end.

    `why_leave` is asked, while nothing comes, about the thread that has the task (None: none has taken it up).
    `on_done` gets the number of them.
    """
    threads: dict[int, int] = {}

    def begin(number: int, task: _T) -> _R:
        threads[number] = threading.get_ident()
        return function(task)

    futures = [executor.submit(begin, number, task) for number, task in enumerate(tasks)]
    found: list[_R | _S] = []
    for number, future in enumerate(futures):
        found.append(_waited(executor, future, lambda at=number: why_leave(threads.get(at))))  # type: ignore[misc] # mypy cannot infer a default's type
        on_done(number + 1)
    return found


def _waited(executor: Executor, future: Future[_R], why_leave: Callable[[], _S | None]) -> _R | _S:
    while True:
        try:
            return future.result(_BLINK)
        except TimeoutError:
            if future.done():
                raise
        if (why := why_leave()) is not None:
            if not future.cancel() and isinstance(executor, Crew):
                executor.replace()
            return why


def _settle(future: Future[_T], call: Callable[[], _T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001, it is raised where the result is requested
        future.set_exception(error)

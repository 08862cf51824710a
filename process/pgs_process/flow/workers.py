"""Threads that run chains of processes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class ThreadExecutor:
    """A pool of at most `max_workers` threads."""

    def __init__(self, max_workers: int = 4) -> None:
        self._pool = ThreadPoolExecutor(max_workers=max_workers, thread_name_prefix="pgs_process")

    def submit(self, function: Callable[P, R], /, *values: P.args, **named: P.kwargs) -> Future[R]:
        """Call a function in one of the threads; its result comes in a future."""
        return self._pool.submit(function, *values, **named)

    def shutdown(self, wait: bool = True) -> None:
        """Take nothing more; with `wait`, come back when everything is done."""
        self._pool.shutdown(wait=wait)

"""Who has the context: one run at a time, whatever thread or task it is in.

The turn is an entry in a dict, under the token of the run that has it: taking it is one call of built-in code, and who
has it can be told afterwards. So an interrupt between taking it and noting that leaves nothing locked.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from functools import partial

from pgs_process.faults import LockViolationError

PATIENCE = 60.0
"""Seconds after which a run that waits for another one gives up, so that two that wait for each other end."""

LOOK = 0.05
"""Seconds after which a run that waits looks for itself, in case that it was not told."""

IN_TASK: ContextVar[object] = ContextVar("pgs_process_run", default=None)
"""The asynchronous run that the current task is in."""


class Turn:
    """What runs over one context take one after the other. It belongs to a run, not to a thread."""

    __slots__ = ("held", "patience", "take", "waiting")

    def __init__(self, patience: float = PATIENCE) -> None:
        self.held: dict[int, object] = {}
        self.take: Callable[[int, object], object] = self.held.setdefault
        """`take(0, token)` gives the token of who has the turn now."""
        self.waiting: deque[Callable[[], object]] = deque()
        self.patience = patience

    def wait(self, token: object, name: str) -> None:
        """Wait for the turn in this thread.

        Raises:
            LockViolationError: it did not come in time.
        """
        until = time.monotonic() + self.patience
        while self.take(0, token) is not token:
            woken = threading.Lock()
            woken.acquire()
            self.waiting.append(woken.release)
            if self.take(0, token) is token:
                return
            woken.acquire(timeout=LOOK)
            if time.monotonic() > until:
                raise self._too_long(name)

    async def wait_in_task(self, token: object, name: str) -> None:
        """Wait for the turn in this task, letting others of its loop run.

        Raises:
            LockViolationError: it did not come in time.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self.patience
        while self.take(0, token) is not token:
            woken: asyncio.Future[None] = loop.create_future()
            self.waiting.append(partial(loop.call_soon_threadsafe, _wake, woken))
            if self.take(0, token) is token:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(woken, LOOK)
            if loop.time() > until:
                raise self._too_long(name)

    def give(self, token: object) -> None:
        """Give the turn on, if this run has it."""
        if self.held.get(0) is token:
            del self.held[0]
            self.tell()

    def tell(self) -> None:
        """Wake one of those who wait, if there is one."""
        while self.waiting:
            with suppress(RuntimeError):  # its loop is closed
                self.waiting.popleft()()
                return

    def _too_long(self, name: str) -> LockViolationError:
        return LockViolationError(
            f"`{name}` waited {self.patience:g} seconds for another run on its context; perhaps that one waits for it.",
            process=name,
        )


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)

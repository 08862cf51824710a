"""Who has the context: one run at a time, whatever thread or task it is in."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from contextvars import ContextVar

from pgs_process.faults import LockViolationError

PATIENCE = 60.0
"""Seconds after which a run that waits for another one gives up, so that two that wait for each other end."""

IN_TASK: ContextVar[object] = ContextVar("pgs_process_run", default=None)
"""The asynchronous run that the current task is in."""


class Turn:
    """A lock that threads wait for by blocking and tasks by awaiting. It belongs to a run, not to a thread."""

    __slots__ = ("_lock", "acquire_now", "patience", "release_now", "waiting")

    def __init__(self, patience: float = PATIENCE) -> None:
        self._lock = threading.Lock()
        self.waiting: deque[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = deque()
        self.patience = patience
        self.acquire_now = self._lock.acquire
        self.release_now = self._lock.release

    def wait(self, name: str) -> None:
        """Wait for the turn in this thread.

        Raises:
            LockViolationError: it did not come in time.
        """
        if not self._lock.acquire(timeout=self.patience):
            raise self._too_long(name)

    async def wait_in_task(self, name: str) -> None:
        """Wait for the turn in this task, letting others of its loop run.

        Raises:
            LockViolationError: it did not come in time.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self.patience
        while not self._lock.acquire(False):
            told: asyncio.Future[None] = loop.create_future()
            self.waiting.append((loop, told))
            if self._lock.acquire(False):
                return
            try:
                # Another thread may release between the two looks above and take this entry; a look now and then
                # costs little and makes that harmless.
                await asyncio.wait_for(told, 0.05)
            except TimeoutError:
                if loop.time() > until:
                    raise self._too_long(name) from None

    def release(self) -> None:
        """Give the turn on."""
        self._lock.release()
        self.tell()

    def tell(self) -> None:
        """Wake a task that waits for the turn, if there is one."""
        while self.waiting:
            loop, told = self.waiting.popleft()
            if not told.done() and not loop.is_closed():
                loop.call_soon_threadsafe(_tell, told)
                return

    def _too_long(self, name: str) -> LockViolationError:
        return LockViolationError(
            f"`{name}` waited {self.patience:g} seconds for another run on its context; perhaps that one waits for it.",
            process=name,
        )


def _tell(told: asyncio.Future[None]) -> None:
    if not told.done():
        told.set_result(None)

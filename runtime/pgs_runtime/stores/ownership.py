"""One process and one thread use a store: neither a connection nor its locks survive a fork."""

from __future__ import annotations

import os
import threading

from pgs_runtime.stores.errors import StoreMisused


class Owner:
    """The process and thread of a store's first use."""

    __slots__ = ("_process", "_thread")

    def __init__(self) -> None:
        self._process = 0
        self._thread = 0

    def check(self) -> None:
        """Make the caller the owner at the first call, and demand it ever after.

        Raises:
            StoreMisused: the caller is another process or thread.
        """
        if self._process == 0:
            self._process, self._thread = os.getpid(), threading.get_ident()
        elif self._process != os.getpid():
            raise StoreMisused("The store was opened before a fork; open it again in the child.")
        elif self._thread != threading.get_ident():
            raise StoreMisused("The store belongs to another thread; open one of its own for this thread.")

    def is_here(self) -> bool:
        """Whether the caller may close what the owner opened."""
        return self._process == os.getpid() and self._thread == threading.get_ident()

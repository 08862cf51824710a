"""The signal bus: any object, in order, each once, from any thread."""

from __future__ import annotations

import queue


class SignalBus:
    """A queue between who notices something and who decides what follows."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[object] = queue.SimpleQueue()

    def emit(self, signal: object) -> None:
        """Put a signal at the end."""
        self._queue.put(signal)

    def get(self, block: bool = True, timeout: float | None = None) -> object:
        """Take the first signal, or None if there is none (within `timeout` seconds, if it is to wait)."""
        try:
            return self._queue.get(block, timeout)
        except queue.Empty:
            return None

    def empty(self) -> bool:
        """Whether there is none right now."""
        return self._queue.empty()

    def qsize(self) -> int:
        """How many there are right now."""
        return self._queue.qsize()

"""A connection that gives up a server which says nothing: one that hangs, or whose machine does.

TCP does not tell: the machine of a server that hangs acknowledges what it is sent. So the time is taken here, of each
statement.
"""

from __future__ import annotations

import logging
import time
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.waiting import Ready

T = TypeVar("T")

SILENCE = 60.0  # seconds that a statement may take, unless said otherwise
_INTERVAL = 0.1  # seconds after which it is looked at the clock; psycopg's own

# What fails behind an error that ends a pipeline, psycopg tells its logger, and nobody else; without a handler that
# goes to standard error. The error itself is raised, and told in our words.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


class ServerSilent(psycopg.OperationalError):
    """The server has said nothing for as long as it is waited for."""


class Connection(psycopg.Connection[tuple[Any, ...]]):
    """A connection; `silence` is how long a statement may take, in seconds."""

    silence = SILENCE
    _silent = False

    def wait(self, gen: PQGen[T], interval: float = _INTERVAL, timeout: float | None = None) -> T:
        """Let psycopg go on until there is an answer, or until it has taken too long."""
        return super().wait(self._bounded(gen), interval)

    def _bounded(self, gen: PQGen[T]) -> PQGen[T]:
        until = time.monotonic() + self.silence
        try:
            state = next(gen)
            while True:
                ready = yield state
                if ready == Ready.NONE and (self._silent or time.monotonic() > until):
                    self._silent = True  # what is cleaned up behind this does not wait as long again
                    raise ServerSilent(f"it has said nothing for {self.silence:g} s")
                state = gen.send(ready)
        except StopIteration as done:
            answer: T = done.value
            return answer

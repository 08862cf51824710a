"""What a part of the soak gives back, and how work is shared out over the cores."""

from __future__ import annotations

import os
import random
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tests.durable.crowds import Crowd

T = TypeVar("T")
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - SIGKILL takes nothing from a file system in memory


@dataclass
class Task:
    """What was asked for.

    Attributes:
        seconds: after which no new point or run is begun; 0: all of them are.
        every: one point of so many is taken.
        scale: how many runs and turns, as a share of the full number.
    """

    seed: int
    seconds: float = 0.0
    every: int = 1
    scale: float = 1.0
    began: float = field(default_factory=time.monotonic)

    def over(self) -> bool:
        return bool(self.seconds) and time.monotonic() - self.began > self.seconds

    def again(self) -> Task:
        """The same, with all of its time before it."""
        return Task(self.seed, self.seconds, self.every, self.scale)

    def times(self, full: int) -> int:
        return max(1, int(full * self.scale))

    def chosen(self, points: Sequence[T]) -> list[T]:
        """One of so many points, in an order that the seed gives, so that the first of them are a sample."""
        taken = list(points)
        random.Random(self.seed).shuffle(taken)  # noqa: S311 - which points, not a secret
        return taken[:: self.every]


@contextmanager
def folder(in_memory: bool) -> Iterator[Path]:
    """A folder for as long as it is needed."""
    place = SHARED_MEMORY if in_memory and SHARED_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="pgs-soak-", dir=place) as made:
        yield Path(made)


def shared_out(points: Sequence[T], work: Callable[[int, Sequence[T]], list[str]]) -> list[str]:
    """Do work on points in as many processes as there are cores; what they say, a line each.

    Args:
        work: is told the number of its process and its share of the points.
    """
    workers = os.cpu_count() or 1
    pipes: list[tuple[int, int]] = []
    for worker in range(workers):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            _told(write, lambda: work(worker, points[worker::workers]))  # noqa: B023 - called before the next one
        os.close(write)
        pipes.append((read, child))
    told: list[str] = []
    for read, child in pipes:
        with open(read, encoding="utf-8") as pipe:
            told += pipe.read().splitlines()
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
            told.append("a worker of the soak itself ended early")
    return told


def _told(write: int, work: Callable[[], list[str]]) -> None:
    code = 1
    try:
        lines = work()
        with open(write, "w", encoding="utf-8") as pipe:
            pipe.write("\n".join(lines))
        code = 0
    finally:
        if code:
            traceback.print_exc()
        os._exit(code)


def latencies(crowd: Crowd) -> str:
    return f"p50 {crowd.percentile(0.5):.0f} ms, p99 {crowd.percentile(0.99):.0f} ms, max {crowd.percentile(1):.0f} ms"

"""Several processes at one store: workers that do so much each, and what they were told."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pgs_runtime.runtime import Runtime
from tests.durable.shop import Shop

Told = dict[str, object]
Turn = Callable[[Runtime, int, int], Told]
"""What a worker does in its turn: its number, and the number of the turn."""


@dataclass
class Crowd:
    """What workers were told, and how long each turn took, in seconds, in no order."""

    told: list[Told]
    took: list[float]

    def percentile(self, share: float) -> float:
        """The time within which that share of the turns was done, in milliseconds."""
        return sorted(self.took)[min(len(self.took) - 1, int(share * len(self.took)))] * 1000


def crowd(shop: Shop, workers: int, turns: int, turn: Turn) -> Crowd:
    """Let so many processes take so many turns each, all at once."""
    pipes: list[int] = []
    children: list[int] = []
    for worker in range(workers):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            _work(shop, worker, turns, turn, write)
        os.close(write)
        pipes.append(read)
        children.append(child)
    found = [_read(pipe) for pipe in pipes]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert codes == [0] * workers
    return Crowd([told for each in found for told, _ in each], [took for each in found for _, took in each])


def _work(shop: Shop, worker: int, turns: int, turn: Turn, write: int) -> None:
    """Take the turns, tell of them, and leave the process without any of the parent's endings."""
    code = 1
    try:
        runtime = shop.runtime()
        told: list[tuple[Told, float]] = []
        for number in range(turns):
            began = time.perf_counter()
            answer = turn(runtime, worker, number)
            told.append((answer, time.perf_counter() - began))
        runtime.close()
        with open(write, "w", encoding="utf-8") as pipe:
            json.dump(told, pipe)
        code = 0
    finally:
        os._exit(code)


def _read(pipe: int) -> Sequence[tuple[Told, float]]:
    with open(pipe, encoding="utf-8") as told:
        text = told.read()
    return [(answer, took) for answer, took in json.loads(text)] if text else []

"""A storm: processes that move the same runs, while some are killed and others are stopped until their lease is over.

Time goes faster than on the wall, so that a lease is over in a fraction of a second.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

from pgs_runtime.evidence.verify import Level, verify
from pgs_runtime.faults import Refusal
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.port import ENDED, Run, Store, StoreBusy, StoreUnusable
from pgs_runtime.trace.lines import joined
from tests.durable.shop import ADA, BEGAN, BEN, COUNTS, DECIDED, NOTES, Shop, told

FASTER = 200
"""How much faster time goes: a lease of 30 s lasts 0.15 s."""
BUSY = ("R082", "R084")
"""What a caller is told where another process was faster."""
KINDS: tuple[tuple[str, dict[str, object], int, int], ...] = (
    ("COUNT", {"key": "hot"}, 0, 0),
    ("PAY_RETRY", {"title": "paid", "price": 5}, 1, 1),
    ("BUY", {"title": "bought", "price": 6}, 1, 1),
    ("PAY_ALL", {"prices": [1, 2, 3]}, 3, 3),
    ("NOTE", {"title": "noted"}, 0, 1),
)
"""Workflow, what it is asked, how often the bank pays for it, and how many notes it leaves."""


@dataclass
class Storm:
    """What was done to the processes, and what they were told.

    Attributes:
        wrong: what is not as it has to be, a sentence each.
    """

    runs: int
    kills: int = 0
    stops: int = 0
    restarts: int = 0
    told: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        told = ", ".join(f"{what} {times}" for what, times in sorted(self.told.items())) or "nothing"
        return (
            f"{self.runs} runs, {self.kills} kills, {self.stops} stops, {self.restarts} server restarts, "
            f"{self.seconds:.0f} s; callers were told of: {told}"
        )


def clock(began: int) -> Callable[[], int]:
    """Time that goes faster, from when it was `began`, in ns."""
    return lambda: BEGAN + (time.time_ns() - began) // 1000 * FASTER


def move(runtime: Runtime, number: int) -> None:
    """Do to a run whatever it needs at this moment."""
    name, asked, _, _ = KINDS[number % len(KINDS)]
    outcome = runtime.run(f"buying::WF_{name}_V0", asked, ADA, request_id=f"run-{number}")
    if outcome.kind == "RUNNING":
        outcome = runtime.resume(outcome.trace_id)
    if outcome.kind == "WAITING":
        runtime.signal(outcome.trace_id, DECIDED, {"title": asked["title"], "agreed": True}, BEN)


@dataclass
class Weather:
    """How hard the storm is: processes, and the seconds between two blows at most.

    Attributes:
        blows: after so many, the rest is left alone.
        restart: restarts the server, if there is one; `restarts` is the share of blows that do.
    """

    workers: int = 4
    pause: float = 0.05
    blows: int = 1_000_000
    restart: Callable[[], None] | None = None
    restarts: float = 0.05
    patience: float = 600.0


def storm(shop: Shop, runs: int, seed: int, weather: Weather) -> Storm:
    """Let processes move so many runs to their ends under blows, and say what became of them."""
    shop.runtime().close()  # the store is made by one
    found, chance, began = Storm(runs), random.Random(seed), time.time_ns()  # noqa: S311 - whom it hits
    told, tell = os.pipe()
    os.set_blocking(told, False)
    numbers = count()

    def begin() -> int:
        number = next(numbers)
        child = os.fork()
        if child == 0:
            _work(shop, runs, random.Random(f"{seed}/{number}"), clock(began), tell)  # noqa: S311
        return child

    children = {begin() for _ in range(weather.workers)}
    deadline = time.monotonic() + weather.patience
    while children and time.monotonic() < deadline:
        for child, status in _buried(children):
            children.remove(child)
            if os.WIFSIGNALED(status):
                children.add(begin())
            elif os.WEXITSTATUS(status):
                found.wrong.append(f"a process ended with {os.WEXITSTATUS(status)}")
        _hear(told, found)
        time.sleep(chance.random() * weather.pause)
        if children and found.kills + found.stops + found.restarts < weather.blows:
            _blow(sorted(children), chance, weather, found)
    for child in children:
        found.wrong.append("a process did not come to its end")
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    _hear(told, found)
    os.close(told)
    os.close(tell)
    found.seconds = (time.time_ns() - began) / 1e9
    found.wrong += judged(shop, runs)
    return found


def _buried(children: set[int]) -> list[tuple[int, int]]:
    """The children that have ended, and how."""
    waited = [os.waitpid(child, os.WNOHANG) for child in sorted(children)]
    return [(child, status) for child, status in waited if child]


def _hear(told: int, found: Storm) -> None:
    """Count what callers were told since this was asked last."""
    with suppress(BlockingIOError):
        while data := os.read(told, 65536):
            found.told.update(data.decode().split())


def _work(shop: Shop, runs: int, chance: random.Random, clock: Callable[[], int], tell: int) -> None:
    """Move what has not ended until nothing is left, and leave the process without any of the parent's endings."""
    code = 1
    try:
        runtime = _begun(shop, clock, tell)
        while left := _left(runtime.store, runs):
            chance.shuffle(left)
            for number in left[:20]:
                try:
                    move(runtime, number)
                except Refusal as refused:
                    os.write(tell, f"{refused.code} ".encode())
                except StoreBusy:
                    os.write(tell, b"busy ")
        code = 0
    finally:
        if code:
            print(f"a process of the storm ended: {sys.exc_info()[1]!r}", file=sys.stderr, flush=True)
        os._exit(code)


def _begun(shop: Shop, clock: Callable[[], int], tell: int) -> Runtime:
    """A runtime, once there is a server: who has never reached it is told so at once, and tries again."""
    while True:
        try:
            return shop.runtime(clock)
        except StoreUnusable as unusable:
            if unusable.cause != "unreachable":
                raise
            os.write(tell, b"unreachable-at-first ")
            time.sleep(0.1)


def _left(store: Store, runs: int) -> list[int]:
    """The numbers of the runs that have not ended."""
    left = set(range(runs))
    for run in _every(store):
        if run.status in ENDED:
            left.discard(int((run.request.key or "").removeprefix("run-")))
    return sorted(left)


def _every(store: Store) -> Iterator[Run]:
    after = ""
    while page := store.runs(after, 1000):
        yield from page
        after = page[-1].id


def judged(shop: Shop, runs: int) -> list[str]:
    """What is not as it would be had nobody disturbed anything."""
    runtime = shop.runtime()
    store, wrong = runtime.store, list[str]()
    shapes: dict[str, set[tuple[str, ...]]] = {}
    heads = {entry.run: entry.head for entry in store.log(0, store.log_size())}
    for run in _every(store):
        shapes.setdefault(run.request.workflow, set()).add(tuple(told(runtime, run.id)))
        verdict = verify(joined(store.lines(run.id)), lambda id: True, store)
        if verdict.level is not Level.ANCHORED or heads[run.id] != run.head:
            wrong.append(f"the trace of {run.id} is {verdict.level.label}: {verdict.doubt}")
    wrong += [f"{name} went {len(ways)} ways" for name, ways in shapes.items() if len(ways) > 1]
    kinds = [KINDS[number % len(KINDS)] for number in range(runs)]
    statuses = Counter(run.status for run in _every(store))
    hot = store.get("state", COUNTS, "hot")
    expected = {
        "statuses": {"COMPLETED": runs},
        "counter": sum(name == "COUNT" for name, _, _, _ in kinds),
        "payments": sum(paid for _, _, paid, _ in kinds),
        "notes": sum(noted for _, _, _, noted in kinds),
        "store": (),
    }
    got = {
        "statuses": dict(statuses),
        "counter": hot.version if hot else 0,
        "payments": len(shop.paid),
        "notes": sum(store.length(NOTES, title) for title in store.streams(NOTES)),
        "store": store.check(),
    }
    wrong += [f"{name}: {got[name]}, and not {expected[name]}" for name in expected if got[name] != expected[name]]
    runtime.close()
    return wrong


def _blow(children: Sequence[int], chance: random.Random, weather: Weather, found: Storm) -> None:
    """Kill a process, or stop it until its lease is over, or restart the server at once."""
    child, kind = chance.choice(children), chance.random()
    if weather.restart is not None and kind < weather.restarts:
        found.restarts += 1
        weather.restart()
    elif kind < 0.9:
        found.kills += 1
        os.kill(child, signal.SIGKILL)
    else:
        found.stops += 1
        os.kill(child, signal.SIGSTOP)
        time.sleep(chance.choice((0.2, 0.5, 2.0)))  # leases last 0.15 s, and up to 1.3 s while the bank is asked
        os.kill(child, signal.SIGCONT)

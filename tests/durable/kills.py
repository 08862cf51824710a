"""A process that is killed at a chosen moment: after so many lines of the runtime, or opcodes of what commits.

The child is a fork, so it has everything loaded; it opens a store of its own. SIGKILL leaves it no moment to tidy up.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Literal, TypeAlias

import pgs_runtime
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_snapshot.snapshot import Snapshot
from tests.durable.shop import Shop, dump

RUNTIME = str(Path(pgs_runtime.__file__).parent)
COMMITTING = tuple(
    f"{RUNTIME}/{name}.py"
    for name in (
        "attempt", "commits", "grounds", "journal", "journey", "leases", "live", "overlay", "settle",
        "stores/records", "stores/sqlite", "stores/sqlite_rows",
    )
)  # fmt: skip
"""The modules that commit, and those that decide what is committed."""

Grain: TypeAlias = Literal["line", "opcode"]
Work: TypeAlias = Callable[[Runtime], None]


class Killer:
    """Counts what is executed, and kills its own process after a number of it; 0 kills nobody."""

    def __init__(self, grain: Grain, at: int) -> None:
        self.grain = grain
        self.at = at
        self.count = 0

    def __call__(self, frame: FrameType, event: str, argument: object) -> Killer | None:
        file = frame.f_code.co_filename
        if not (file in COMMITTING if self.grain == "opcode" else file.startswith(RUNTIME)):
            return None
        frame.f_trace_opcodes = self.grain == "opcode"
        if event == self.grain:
            self.count += 1
            if self.count == self.at:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


@dataclass
class Scenario:
    """Work that ends a run, and can be done again by who comes after a crash; `prepare` makes what it starts from."""

    name: str
    work: Work
    prepare: Work | None = None


def points(total: int, most: int) -> Sequence[int]:
    """So many of the numbers from 1, evenly, with the first and the last; all of them if they are few."""
    if total <= most:
        return range(1, total + 1)
    return sorted({1 + (total - 1) * place // (most - 1) for place in range(most)})


class Crashes:
    """One scenario over copies of one store."""

    def __init__(self, snapshot: Snapshot, scenario: Scenario, folder: Path) -> None:
        self._snapshot = snapshot
        self._scenario = scenario
        self._folder = folder
        self._began = folder / "began"
        self._began.mkdir(parents=True)
        shop = self._shop(self._began, new=True)
        with closing(shop.runtime().store) as store:
            store.log_size()
            if scenario.prepare is not None:
                scenario.prepare(shop.runtime())
        for opened in shop.opened:
            opened.close()
        self.killed = 0
        self.undisturbed = self._seen(self._copy("undisturbed"), kill=None)

    def total(self, grain: Grain) -> int:
        """How many points there are to be killed at."""
        return self._counted(self._copy(f"counted-{grain}"), grain)

    def after(self, grain: Grain, at: int) -> dict[str, object]:
        """What stands after a process was killed there, and another one did the work again."""
        return self._seen(self._copy("killed"), (grain, at))

    def _copy(self, name: str) -> Path:
        place = self._folder / name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self._began, place)
        return place

    def _shop(self, place: Path, new: bool = False) -> Shop:
        def store() -> SqliteStore:
            return SqliteStore(place / "data" / "state.db")

        return Shop(self._snapshot, store, place, made=not new)

    def _seen(self, place: Path, kill: tuple[Grain, int] | None) -> dict[str, object]:
        if kill is not None:
            self.killed += self._forked(place, *kill)
        shop = self._shop(place)
        runtime = shop.runtime()
        try:
            self._scenario.work(runtime)
            assert runtime.store.check() == ()
            return {**dump(runtime.store), "paid": shop.paid, "refunded": shop.refunded}
        finally:
            runtime.close()

    def _forked(self, place: Path, grain: Grain, at: int) -> bool:
        """Do the work in a process that is killed there, and say whether it was."""
        child = os.fork()
        if child == 0:
            self._in_child(place, Killer(grain, at))
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

    def _counted(self, place: Path, grain: Grain) -> int:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            killer = Killer(grain, 0)
            self._in_child(place, killer, lambda: os.write(write, str(killer.count).encode()))
        os.close(write)
        with open(read, encoding="ascii") as told:
            total = int(told.read())
        os.waitpid(child, 0)
        return total

    def _in_child(self, place: Path, killer: Killer, then: Callable[[], object] = int) -> None:
        """Do the work under the killer's eyes, and leave the process without any of the parent's endings."""
        code = 1
        try:
            runtime = self._shop(place).runtime()
            sys.settrace(killer)
            self._scenario.work(runtime)
            sys.settrace(None)
            then()
            code = 0
        finally:
            os._exit(code)


def differences(crashes: Crashes, grain: Grain, most: int) -> Iterator[tuple[int, object]]:
    """For so many points, each point whose end differs from the undisturbed one, with what differs."""
    chosen = points(crashes.total(grain), most)
    for at in chosen:
        seen = crashes.after(grain, at)
        if seen != crashes.undisturbed:
            wrong = {name: (value, crashes.undisturbed[name]) for name, value in seen.items()
                     if value != crashes.undisturbed[name]}  # fmt: skip
            yield at, wrong
    # How much is executed varies a little, so that the last of the points may lie behind the end.
    assert crashes.killed >= 0.9 * len(chosen)

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
from typing import Literal, NamedTuple, TypeAlias

import pgs_runtime
from pgs_runtime.examine.export import export
from pgs_runtime.faults import Refusal
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
Seen: TypeAlias = dict[str, object]


class Kill(NamedTuple):
    """When a process is killed: at that line, or at that opcode."""

    grain: Grain
    at: int


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
    """Work that ends a run, and can be done again by who comes after a crash."""

    name: str
    work: Work


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
        with closing(self._shop(self._began, new=True).runtime().store) as store:
            store.log_size()
        self.killed = 0
        self.undisturbed = self._seen(self._copy("undisturbed"))

    def total(self, grain: Grain) -> int:
        """How many points there are to be killed at."""
        return self._counted(self._copy(f"counted-{grain}"), grain)

    def after(self, *kills: Kill) -> Seen:
        """What stands after processes were killed there, one after the other, and another one did the work again."""
        place = self._copy("killed")
        for kill in kills:
            self.killed += self._forked(place, kill)
        return self._seen(place)

    def _copy(self, name: str) -> Path:
        place = self._folder / name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self._began, place)
        return place

    def _shop(self, place: Path, new: bool = False) -> Shop:
        def store() -> SqliteStore:
            return SqliteStore(place / "data" / "state.db")

        return Shop(self._snapshot, store, place, made=not new)

    def _seen(self, place: Path) -> Seen:
        shop = self._shop(place)
        runtime = shop.runtime()
        try:
            self._work(runtime, place)
            assert runtime.store.check() == ()
            files = {file.name: file.read_bytes() for file in sorted((place / "traces").glob("*/*"))}
            return {**dump(runtime.store), "paid": shop.paid, "refunded": shop.refunded, "files": files}
        finally:
            runtime.close()

    def _work(self, runtime: Runtime, place: Path) -> None:
        self._scenario.work(runtime)
        for run in runtime.store.runs():
            exported(runtime, place / "traces", run.id)

    def _forked(self, place: Path, kill: Kill) -> bool:
        """Do the work in a process that is killed there, and say whether it was."""
        child = os.fork()
        if child == 0:
            self._in_child(place, Killer(*kill))
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
            self._work(runtime, place)
            sys.settrace(None)
            then()
            code = 0
        finally:
            os._exit(code)


def exported(runtime: Runtime, folder: Path, run: str) -> None:
    """Write the files of a run; where a trace cannot be read back, why is what is written."""
    try:
        export(runtime, folder, run, picture=False)
    except Refusal as refused:
        if refused.code != "R055":
            raise
        (folder / run).mkdir(parents=True, exist_ok=True)
        (folder / run / f"{run}.txt").write_text(refused.message)


def difference(seen: Seen, undisturbed: Seen) -> Seen:
    """What differs from the undisturbed run: both, by name."""
    return {name: (value, undisturbed[name]) for name, value in seen.items() if value != undisturbed[name]}


def differences(crashes: Crashes, grain: Grain, most: int) -> Iterator[tuple[int, Seen]]:
    """For so many points, each point whose end differs from the undisturbed one, with what differs."""
    chosen = points(crashes.total(grain), most)
    for at in chosen:
        wrong = difference(crashes.after(Kill(grain, at)), crashes.undisturbed)
        if wrong:
            yield at, wrong
    # How much is executed varies a little, so that the last of the points may lie behind the end.
    assert crashes.killed >= 0.9 * len(chosen)

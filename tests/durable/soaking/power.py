"""The power is cut: images of the store's files at every call that the real library made, opened and gone on with.

The calls are those of a real process, seen by `strace`. What the bank was told stays told: it is elsewhere.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.stores.sqlite_file import SqliteOptions, journal_of
from pgs_snapshot.snapshot import Snapshot
from tests.durable.scenarios import buy, note, pay
from tests.durable.shop import Shop, dump, files, sealed
from tests.durable.soaking.cutting import CALLS, Disk, Model, Op, read_log
from tests.durable.soaking.report import Task, folder, shared_out

LOST = "nothing is there any more, or not all, of what was acknowledged"
UNTOLD = "the bank was asked for what nobody has recorded as intended"
CHANCES = 4
"""Images by chance, for each call and model; two more hold all and nothing of what was not synced."""
STORES = {
    "TRUNCATE, FULL": SqliteOptions(library=(3, 40, 1)),
    "WAL, FULL": SqliteOptions(library=(3, 51, 3)),
    "WAL, NORMAL": SqliteOptions(mode="fast"),
}
"""The journal and how it is synced, with the mode and the version of the library for which the store takes them."""
FORGETS = "WAL, NORMAL"
"""What may forget what was acknowledged, which shows that these images would tell."""
MODELS: tuple[Model, ...] = ("ordered", "loose")


def work(runtime: Runtime, said: bool = False) -> None:
    """A run of one transaction, one with an effect, and one that waits; each is told of when its caller is."""
    for scenario in (note, pay, buy):
        scenario(runtime)
        if said:
            os.write(2, f"ACK {_heads(runtime)}\n".encode())


def _heads(runtime: Runtime) -> str:
    return " ".join(f"{run.id}:{run.head.line}:{run.head.digest}" for run in runtime.store.runs())


def shop_at(snapshot: Snapshot, place: Path, journal: str, made: bool = True) -> Shop:
    return Shop(snapshot, lambda: SqliteStore(place / "data" / "state.db", STORES[journal]), place, made=made)


def power(snapshot: Snapshot, task: Task) -> int:
    """Cut the power at every call, in each journal and in both models of a disk."""
    if shutil.which("strace") is None:
        print("  strace is not here (Debian: apt-get install strace), and nothing was tried", flush=True)
        return 1
    wrong = 0
    for journal, options in STORES.items():
        assert ", ".join(journal_of(options.mode, options.library)) == journal
        with folder(in_memory=True) as place:
            watched = Watched(snapshot, place, journal)
            wrong += sum(Cuts(watched, model, task.again()).tried() for model in MODELS)
    return wrong


class Watched:
    """Work that was watched: the files that it began with, every call that it made, and how it ended."""

    def __init__(self, snapshot: Snapshot, place: Path, journal: str) -> None:
        self.snapshot = snapshot
        self.place = place
        self.journal = journal
        traced = place / "traced"
        traced.mkdir()
        runtime = self.shop(traced, made=False).runtime()
        runtime.store.log_size()
        runtime.close()
        self.began = {f"data/{file.name}": file.read_bytes() for file in (traced / "data").iterdir()}
        self.ops = _traced(traced, place / "log", journal)
        self.undisturbed = self.end(traced)

    def shop(self, place: Path, made: bool = True) -> Shop:
        return shop_at(self.snapshot, place, self.journal, made)

    def end(self, place: Path) -> dict[str, object]:
        """What stands when somebody has done the work there, for the first time or again."""
        shop = self.shop(place)
        runtime = shop.runtime()
        try:
            work(runtime)
            return {**dump(runtime.store), "paid": shop.paid, "unsound": runtime.store.check()}
        finally:
            runtime.close()


class Cuts:
    """Images of a disk at every call of work that was watched."""

    def __init__(self, watched: Watched, model: Model, task: Task) -> None:
        self._watched = watched
        self._model = model
        self._task = task

    def tried(self) -> int:
        """Make the images, judge each, and say what is wrong."""
        ops = self._watched.ops
        images = [(cut, number) for cut in range(1, len(ops) + 1) for number in range(2 + CHANCES)]
        told = shared_out(sorted(self._task.chosen(images)), self._share)
        done = sum(int(line.removeprefix("#")) for line in told if line.startswith("#"))
        wrong = [line for line in told if not line.startswith("#")]
        shape = f"{self._watched.journal}, {self._model} disk: {len(ops)} calls, {done} of {len(images)} images"
        if self._watched.journal == FORGETS:
            forgotten = [line for line in wrong if LOST in line or UNTOLD in line]
            print(f"  {shape}, {len(forgotten)} have forgotten something, as `fast` may", flush=True)
            wrong = [line for line in wrong if line not in forgotten]
            wrong += [] if forgotten else ["nothing was forgotten, so these images would not tell"]
        print(f"  {shape}, {len(wrong)} differences", flush=True)
        for line in wrong[:20]:
            print(f"    {line}", flush=True)
        return len(wrong)

    def _share(self, worker: int, images: Sequence[tuple[int, int]]) -> list[str]:
        ops, place = self._watched.ops, self._watched.place / str(worker)
        disk, bank = Disk(self._watched.began, self._model), Disk({}, self._model)
        said, at, done, wrong = "", 0, 0, list[str]()
        for cut, number in images:
            if self._task.over():
                break
            for op in ops[at:cut]:
                if op.what == "said":
                    said = op.path
                else:
                    (bank if op.path.startswith("bank") else disk).do(op)
            at, done = cut, done + 1
            chance = random.Random(f"{self._task.seed}/{self._model}/{cut}/{number}") if number > 1 else None  # noqa: S311
            _laid(place, disk.cut(chance, all=number == 1) | bank.cut(None, all=True))
            found = self._wrong(place, said.removeprefix("ACK ") if said.startswith("ACK ") else "")
            if found:
                wrong.append(f"behind call {cut} ({ops[cut - 1].what} {ops[cut - 1].path}), image {number}: {found}")
        return [f"#{done}", *wrong]

    def _wrong(self, place: Path, acknowledged: str) -> str:
        """What is wrong with an image, or ""."""
        with closing(sqlite3.connect(place / "data" / "state.db")) as connection:
            (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
        if sound != "ok":
            return f"the file is unsound: {sound}"
        shop = self._watched.shop(place)
        runtime = shop.runtime()
        with closing(runtime):
            for head in acknowledged.split():
                id, line, digest = head.split(":")
                run = runtime.store.run(id)
                if run is None or run.head != (int(line), digest):
                    return f"{LOST} of the run {id}"
            paid = {file.name.removesuffix(".paid") for file in shop.bank.glob("*.paid")}
            if not all(runtime.store.effect(key) for key in paid):
                return UNTOLD
        end = self._watched.end(place)
        differs = [name for name, value in end.items() if value != self._watched.undisturbed[name]]
        return f"the end differs in {', '.join(differs)}" if differs else ""


def _traced(place: Path, log: Path, journal: str) -> list[Op]:
    """Do the work in a process that is watched; what it did to its files, what it said, and what the bank was told."""
    line = ["strace", "-f", "--seccomp-bpf", "-xx", "-s", "10000000", "-e", f"trace={CALLS}", "-o", str(log)]
    program = [sys.executable, "-m", "tests.durable.soaking.power", str(place), journal]
    done = subprocess.run([*line, *program], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    ops = [op for op in read_log(log, place) if op.path.split("/")[0] in ("data", "bank") or op.what == "said"]
    return [op for op in ops if not op.path.endswith("-shm")]


def _laid(place: Path, image: dict[str, bytes]) -> None:
    shutil.rmtree(place, ignore_errors=True)
    (place / "data").mkdir(parents=True, mode=0o700)
    (place / "bank").mkdir()
    for name, data in image.items():
        if not data and name.startswith("bank"):
            continue  # the bank is elsewhere, and has taken what it was told, or not
        (place / name).write_bytes(data)
        (place / name).chmod(0o600)


if __name__ == "__main__":
    bookshop = shop_at(sealed(files()), Path(sys.argv[1]), sys.argv[2])
    at_work = bookshop.runtime()
    work(at_work, said=True)

"""Every run that a test has made, done again when the test is over, and the same to the byte (RPL-01).

A conftest whose `pytest_runtest_call` goes through `done_again` holds the tests of its folder to that. Runs are found
wherever they are kept: in stores of the runtimes of this process, and in files `state.db` in the folder of the test,
whichever process wrote them. What a run ran on is taken from its header: tests bring machines of their own.

A test that makes runs that cannot be done again, because it breaks on purpose what they rest on, says so and why:
`@pytest.mark.tampers("…")`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from weakref import WeakKeyDictionary, WeakSet

import orjson
import pytest

from pgs_runtime.faults import Refusal
from pgs_runtime.replay.replay import Replaying, Snapshots
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Run, Store, StoreUnusable
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.vault.vault import vault_over
from pgs_snapshot.folder import open_snapshot
from pgs_snapshot.snapshot import Snapshot

ALLOWED = {"R103": "no workflow ran", "R132": "it was erased"}
"""Refusals that say of a run, whatever the test, that there is nothing to be done again."""

Heads = dict[str, str]
"""By run: the digest of its last line when it was done again. By "": how many commits the store had then."""


def differing(store: Store, runs: list[Run], snapshots: Snapshots) -> Iterator[str]:
    """What is not the same when runs of a store are done again, in words."""
    with Replaying(snapshots, store) as replaying:
        for run in runs:
            lines = store.lines(run.id)
            machine = orjson.loads(lines[0])["header"]["fingerprint"]
            try:
                replayed = replaying.replay(lines, machine)
            except Refusal as refusal:
                if refusal.code not in ALLOWED:
                    yield f"{run.request.workflow} {run.status} {run.id}: {refusal.code} {refusal}"
            else:
                if not replayed.verified:
                    yield f"{run.request.workflow} {run.status} {run.id}: {replayed.difference}"


class Replays:
    """The runtimes of this process, and what of their runs was done again already."""

    def __init__(self) -> None:
        self._under_test: list[Runtime] = []
        self._lasting: WeakSet[Runtime] = WeakSet()
        self._in_process: dict[str, Snapshot] = {}
        self._in_folders: dict[str, Snapshot] = {}
        self._in_memory: WeakKeyDictionary[Store, Heads] = WeakKeyDictionary()
        self._in_files: dict[Path, Heads] = {}
        self.tests = False
        self.again = 0

    def made(self, runtime: Runtime) -> None:
        self._lasting.add(runtime)
        if self.tests:  # what only a test has named is gone when it is over
            self._under_test.append(runtime)

    def differences(self, folder: Path | None) -> list[str]:
        """What is not the same of all runs that there are since the last time.

        Args:
            folder: of the test, if it has one.
        """
        files = {} if folder is None else {file: folder for file in sorted(folder.rglob("state.db")) if file.is_file()}
        found: list[str] = []
        self._in_process = {runtime.snapshot.id: runtime.snapshot for runtime in self._lasting}
        for store in {runtime.store.inner for runtime in self._lasting}:
            if isinstance(store, SqliteStore):
                store.close()  # whoever uses it again opens it again
                files.setdefault(store._path, store._path.parent)
            else:
                heads = self._in_memory.setdefault(store, {})
                found += self._of(_read(store), self._in_process.get, heads)
        for file, around in files.items():
            if file.is_file():
                snapshots = partial(self._snapshot, file, around)
                found += self._of(SqliteStore(file), snapshots, self._in_files.setdefault(file, {}))
        self._under_test.clear()
        self._in_process.clear()
        return found

    def _of(self, store: Store, snapshots: Snapshots, heads: Heads) -> list[str]:
        vault = vault_over(store)
        try:
            size = str(store.log_size())
            if heads.get("") == size:
                return []
            runs = [run for run in vault.runs(limit=10_000) if heads.get(run.id) != run.head.digest]
            found = list(differing(vault, runs, snapshots))
        except StoreUnusable:
            return []  # nobody reads it, hence nobody does its runs again
        finally:
            store.close()
        heads |= {run.id: run.head.digest for run in runs} | {"": size}
        self.again += len(runs)
        return found

    def _snapshot(self, file: Path, around: Path, id: str) -> Snapshot | None:
        known = self._in_process.get(id) or self._in_folders.get(id)
        if known is None:
            places = [file.parent / "snapshots" / id, *around.rglob("protocol_snapshot")]
            for place in places:
                if place.is_dir():
                    found = Snapshot(open_snapshot(place))
                    self._in_folders[found.id] = found
            known = self._in_folders.get(id)
        return known


def _read(store: Store) -> Store:
    """A store as it is read, whichever thread has used it, and however it troubles those who do."""
    if not isinstance(store, MemoryStore):
        return store
    plain = MemoryStore()
    plain.__dict__ = {**vars(store), "_owner": plain._owner}
    return plain


REPLAYS = Replays()


def _noted(make: Callable[..., None]) -> Callable[..., None]:
    def __init__(self: Runtime, *given: object, **named: object) -> None:
        make(self, *given, **named)
        REPLAYS.made(self)

    return __init__


Runtime.__init__ = _noted(Runtime.__init__)  # type: ignore[method-assign]


def done_again(item: pytest.Item, folder: Path | None = None) -> Generator[None, object, object]:
    """Do again what a test makes, before the fixtures that hold it are gone: `return (yield from done_again(item))`.

    Args:
        folder: where other processes may have left stores, if the test starts any.
    """
    REPLAYS.tests = True
    try:
        result = yield
    finally:
        REPLAYS.tests = False
    found = REPLAYS.differences(folder)
    if item.get_closest_marker("tampers") is None:
        assert not found, "\n".join(["runs of this test are not the same when they are done again:", *found])
    return result

"""What a workspace and its store know about a trace, as far as they are at hand. Nothing is made or changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from pgs_runtime.stores.port import Run, Status, Store, Timing
from pgs_runtime.stores.postgres_address import Address
from pgs_runtime.stores.sealing import is_sealed
from pgs_runtime.trace.lines import is_run_id, no_run
from pgs_runtime.vault.vault import vault_over
from pgs_runtime.workspace.accept import accepted, found_in, kept_in
from pgs_snapshot.folder import open_snapshot
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.snapshot import Snapshot


class Evidence:
    """A workspace with its data root, or the address of its store. `store` is None where there is none."""

    def __init__(
        self, workspace: Path, data_root: Path, address: Address | None = None, *, of_runs: bool = False
    ) -> None:
        """`of_runs`: what is asked about is in the store alone, so that one that was lost is not taken for none."""
        self._workspace = workspace
        self._data_root = data_root
        store = (kept_in if of_runs else found_in)(data_root, address)
        self.store: Store | None = vault_over(store) if store is not None else None

    def __enter__(self) -> Evidence:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.store is not None:
            self.store.close()

    def snapshot(self, id: str) -> Snapshot | None:
        """The snapshot of this id, verified, from the workspace or from those that the store has accepted."""
        try:
            return Snapshot(open_snapshot(self._workspace / "protocol_snapshot", pin=id))
        except SealBroken:
            pass  # another one, or none: the store may have kept it
        try:
            return accepted(self._data_root, id)
        except SealBroken:
            return None

    def knows(self, id: str) -> bool:
        """Whether the snapshot of this id is here, unchanged."""
        return self.snapshot(id) is not None

    def runs(self, status: Status | None = None) -> Iterator[Run]:
        """All runs, or those of a status, in the order of their ids; none where there is no store."""
        after = ""
        while self.store is not None and (page := self.store.runs(after, status=status)):
            yield from page
            after = page[-1].id

    def lines(self, run: str) -> tuple[bytes, ...]:
        """The lines of a run, as the store keeps them.

        Raises:
            Refusal: R063, it is no run's id; R014, there is no such run here.
        """
        lines = self.store.lines(run) if self.store is not None and is_run_id(run) else ()
        if not lines:
            raise no_run(run)
        return lines

    def run(self, id: str) -> Run:
        """A run as the store has it.

        Raises:
            Refusal: R063, it is no run's id; R014, there is no such run here.
        """
        return self.within(id)[1]

    def within(self, id: str) -> tuple[Store, Run]:
        """A run, and the store that has it; refuses as `run` does."""
        run = self.store.run(id) if self.store is not None and is_run_id(id) else None
        if self.store is None or run is None:
            raise no_run(id)
        return self.store, run

    def asked_alike(self, first: str, second: str) -> bool | None:
        """Whether two runs were asked for the same by the same; None: the store lacks one, or what it was given."""
        asked = [run.request for id in (first, second) if self.store is not None and (run := self.store.run(id))]
        if len(asked) < 2 or any(is_sealed(data) for it in asked for data in (it.payload, it.actor)):
            return None
        return len({(it.payload, it.actor) for it in asked}) == 1

    def witness(self, run: str) -> Store | None:
        """The store, if it has this run: about the runs of others it can say nothing."""
        return self.store if self.store is not None and self.store.run(run) is not None else None

    def timing(self, run: str) -> tuple[Timing, ...]:
        """How long the lines of a run took, if the store has it."""
        return self.store.timing(run) if self.store is not None else ()

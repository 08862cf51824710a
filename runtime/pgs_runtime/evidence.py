"""What a workspace and its store know about a trace, as far as they are at hand. Nothing is made or changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from pgs_runtime.accept import accepted, found_in
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.stores.port import Run, Status, Store, Timing
from pgs_runtime.stores.postgres_address import Address
from pgs_runtime.trace_lines import is_run_id
from pgs_snapshot.folder import open_snapshot
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.visible import visible

_RUNS = "`pgs_runtime list` lists those that there are."


class Evidence:
    """A workspace with its data root, or the address of its store. `store` is None where there is none."""

    def __init__(self, workspace: Path, data_root: Path, address: Address | None = None) -> None:
        self._workspace = workspace
        self._data_root = data_root
        self.store: Store | None = found_in(data_root, address)

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
        if not is_run_id(run):
            raise Refusal("R063", f"`{visible(run[:80])}` is not the id of a run.", ExitCode.USAGE, hint=_RUNS)
        lines = self.store.lines(run) if self.store is not None else ()
        if not lines:
            raise Refusal("R014", f"There is no run `{run}` in this store.", ExitCode.USAGE, hint=_RUNS)
        return lines

    def run(self, id: str) -> Run:
        """A run as the store has it.

        Raises:
            Refusal: R063, it is no run's id; R014, there is no such run here.
        """
        self.lines(id)
        run = self.store.run(id) if self.store is not None else None
        if run is None:
            raise Refusal("R014", f"There is no run `{id}` in this store.", ExitCode.USAGE, hint=_RUNS)
        return run

    def witness(self, run: str) -> Store | None:
        """The store, if it has this run: about the runs of others it can say nothing."""
        return self.store if self.store is not None and self.store.run(run) is not None else None

    def timing(self, run: str) -> tuple[Timing, ...]:
        """How long the lines of a run took, if the store has it."""
        return self.store.timing(run) if self.store is not None else ()

"""The runtime as a library: open a workspace, run workflows, read traces."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import cast

import orjson

from pgs_runtime.accept import accept, store_in
from pgs_runtime.attempt import Ended, Given, Workshop, attempt
from pgs_runtime.capability import loader
from pgs_runtime.commits import commit
from pgs_runtime.faults import ExitCode, Refusal, hint_of_unknown
from pgs_runtime.installed import verify_installed
from pgs_runtime.intake import Actor, Ask, Intake
from pgs_runtime.link import Linker
from pgs_runtime.linked import Graph
from pgs_runtime.outcomes import Outcome, answer_of, outcome_of, repeated
from pgs_runtime.overlay import Overlay
from pgs_runtime.ports import Ports
from pgs_runtime.record import Narrator
from pgs_runtime.redaction import Redactor
from pgs_runtime.stores.port import Head, Request, Run, Segment, Store, StoreUnusable
from pgs_runtime.stores.postgres_address import Address
from pgs_runtime.transforms import Transforms
from pgs_snapshot.canonical import canonical, digest
from pgs_snapshot.folder import open_snapshot
from pgs_snapshot.locate import search_path
from pgs_snapshot.sealed_code.modules import SealedModules
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value

__all__ = ["Actor", "Outcome", "Runtime"]


def verified(workspace: Path, pin: str | None = None) -> Snapshot:
    """The snapshot of a workspace, verified with the modules that it binds; nothing is written.

    Raises:
        SealBroken: the snapshot, or a module that it binds, is not what was sealed.
    """
    sealed = open_snapshot(workspace / "protocol_snapshot", pin=pin)
    snapshot = Snapshot(sealed)
    own = [str(workspace / folder) for folder in sorted(set(snapshot.packages().values())) if folder]
    verify_installed(sealed, [*own, *search_path()])
    return snapshot


class Runtime:
    """One snapshot over one store."""

    def __init__(self, snapshot: Snapshot, store: Store, ports: Ports | None = None) -> None:
        """Most callers want `Runtime.open`; the caller closes the store."""
        self.snapshot = snapshot
        self.store = store
        self.ports = ports or Ports()
        self.limits = snapshot.limits()
        self.redactor = Redactor(_fact(store, "secret"))
        self._transforms = Transforms(snapshot)
        load = loader(SealedModules.of(snapshot.sealed).load)
        self._linker = Linker(snapshot, load, self._transforms.get, self.redactor)
        self._intake = Intake(snapshot, self.redactor, self.ports, _fact(store, "store"))
        self._graphs: dict[str, Graph] = {}
        self._shop = Workshop(Narrator(self.redactor), self.limits, self.ports.clock)

    @classmethod
    def open(
        cls,
        workspace: Path,
        data_root: Path,
        pin: str | None = None,
        ports: Ports | None = None,
        address: Address | None = None,
    ) -> Runtime:
        """Verify the snapshot of a workspace, open the store, and accept the snapshot there.

        Args:
            workspace: the folder that holds `protocol_snapshot/`.
            data_root: the folder that holds, or will hold, accepted snapshots and `state.db`.
            pin: the only snapshot id that is accepted, if given.
            ports: the outside; the machine's own unless a test brings another.
            address: where a store in PostgreSQL is that stands for `state.db`.

        Raises:
            SealBroken: the snapshot, or a module that it binds, is not what was sealed.
            Refusal: the store has accepted a newer version of the snapshot.
            StoreUnusable, StoreBusy: the store cannot be opened.
        """
        return cls.over(verified(workspace, pin), data_root, ports, address)

    @classmethod
    def over(
        cls, snapshot: Snapshot, data_root: Path, ports: Ports | None = None, address: Address | None = None
    ) -> Runtime:
        """Open the store of a verified snapshot, and accept the snapshot there; as `open`, which does both."""
        store = store_in(data_root, address)
        try:
            accept(snapshot, store, data_root)
            return cls(snapshot, store, ports)
        except BaseException:
            store.close()
            raise

    def __enter__(self) -> Runtime:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._transforms.close()
        self.store.close()

    # --- runs ------------------------------------------------------------------------------------

    def run(
        self,
        workflow: str,
        payload: object,
        actor: Actor,
        request_id: str | None = None,
        config: dict[str, Value] | None = None,
    ) -> Outcome:
        """Run a workflow once, in one transaction.

        Args:
            workflow: its full name.
            payload: a JSON value; it is copied.
            actor: who acts, as the transport knows it.
            request_id: the same id gives the same run and its recorded answer; 1 to 200 letters, digits and
                `_ . : @ + -`, the first a letter or digit.
            config: values of the binding's configuration that differ from their defaults.

        Raises:
            Refusal: unknown workflow, a payload outside the value domain or its limits, an actor without an
                id, a request id that has another form or was used for another payload or by another actor,
                configuration that does not fit; as a Fault, an implementation that cannot be loaded.
            StoreBusy, StoreUnusable: nothing was written.
        """
        graph = self._graph(workflow)
        ask = self._intake.ask(payload, actor, request_id, config)
        if request_id is not None:
            known = self.store.run_by_request(workflow, request_id)
            if known is not None:
                return _repeated(known, ask)
        given = self._intake.given(graph, ask)

        def once(overlay: Overlay) -> tuple[Ended, Segment]:
            ended = attempt(graph, given, overlay, self._shop)
            return ended, self._segment(graph, ask, given, ended)

        ended = commit(self.store, self.limits.value_bytes, once)
        if isinstance(ended, Run):
            return _repeated(ended, ask)
        return outcome_of(given.run, ended)

    def trace(self, trace_id: str) -> tuple[bytes, ...]:
        """The lines of a run, from the store.

        Raises:
            Refusal: there is no such run.
        """
        lines = self.store.lines(trace_id)
        if not lines:
            raise Refusal("R014", f"There is no run `{trace_id}` in this store.", ExitCode.USAGE)
        return lines

    def _graph(self, workflow: str) -> Graph:
        if workflow not in self._graphs:
            known = self.snapshot.workflows()
            if workflow not in known:
                message = f"The snapshot has no workflow `{workflow}`."
                raise Refusal("R010", message, ExitCode.USAGE, hint=hint_of_unknown(workflow, known))
            self._graphs[workflow] = self._linker.graph(workflow)
        return self._graphs[workflow]

    def _segment(self, graph: Graph, ask: Ask, given: Given, ended: Ended) -> Segment:
        """What is written of a run that ended: all of it, in one segment."""
        request = Request(
            workflow=graph.workflow,
            snapshot=self.snapshot.id,
            fingerprint=canonical(dict(self.ports.fingerprint)).decode(),
            key=ask.request_id,
            payload=ask.text,
            payload_digest=digest(ask.text),
            actor=canonical(ask.actor),
        )
        head = Head(len(ended.lines) - 1, ended.head)
        run = Run(given.run, request, ended.kind, head, ended.name, answer_of(ended))
        return Segment(run, None, ended.lines, ended.reads, ended.writes, timing=ended.timing)


def _repeated(run: Run, ask: Ask) -> Outcome:
    """The answer of an earlier run of the same request id."""
    if ask.request_id is None:
        raise AssertionError(f"the run id {run.id} was given out twice")
    earlier = cast("dict[str, Value]", orjson.loads(run.request.actor))
    if (earlier["id"], earlier["type"]) != (ask.actor["id"], ask.actor["type"]):
        raise _used(ask.request_id, "by another actor", "actor")
    if run.request.payload_digest != digest(ask.text):
        raise _used(ask.request_id, f"for another payload, by run `{run.id}`", "payload")
    return repeated(run)


def _used(request_id: str, how: str, what: str) -> Refusal:
    message = f"The request id `{request_id}` was used {how}."
    return Refusal("R015", message, ExitCode.REJECTED, hint=f"Send a new request id with a new {what}.")


def _fact(store: Store, key: str) -> bytes:
    """A fact that every store has about itself."""
    fact = store.meta(key)
    if fact is None:
        raise StoreUnusable("altered", f"The store has lost its `{key}`.")
    return fact

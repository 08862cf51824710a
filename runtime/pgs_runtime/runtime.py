"""The runtime as a library: open a workspace, run workflows, read traces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from pgs_runtime.core.linked import Graph
from pgs_runtime.faults import ExitCode, Refusal, hint_of_unknown
from pgs_runtime.link.boundary import Boundary
from pgs_runtime.link.capability import loader
from pgs_runtime.link.graphs import Linker
from pgs_runtime.link.transforms import Transforms
from pgs_runtime.ports import Ports, timestamp
from pgs_runtime.run.attempt import Attempt
from pgs_runtime.run.glass import Glass, Grant
from pgs_runtime.run.grounds import Live
from pgs_runtime.run.intake import Actor, Ask, Intake, repeated
from pgs_runtime.run.journey import Mover
from pgs_runtime.run.live import LiveRuns, Verdict
from pgs_runtime.run.machines import Machines
from pgs_runtime.run.outbox import Outbox
from pgs_runtime.run.outcomes import Outcome, standing
from pgs_runtime.run.rehearsal import Rehearsal, rehearsed
from pgs_runtime.run.signals import Word
from pgs_runtime.run.workshop import Workshop
from pgs_runtime.stores.port import LIVE, Head, Run, Store
from pgs_runtime.stores.postgres_address import Address
from pgs_runtime.trace.lines import no_run
from pgs_runtime.trace.record import Narrator
from pgs_runtime.vault.belonging import Belonging
from pgs_runtime.vault.vault import vault_over
from pgs_runtime.waivers.lived_with import LivedWith, lived_with
from pgs_runtime.workspace.accept import accept, fact, own_settings, store_in
from pgs_runtime.workspace.sections import Sections
from pgs_runtime.workspace.settings import Settings, no_settings, read_settings
from pgs_runtime.workspace.trusting import going_on, trust_of, verified
from pgs_snapshot.model import Policy
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.sealed_code.modules import SealedModules
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Outcome as Told
from pgs_snapshot.values import Value

if TYPE_CHECKING:
    from pgs_runtime.operate.erasing import Erased
    from pgs_runtime.replay.replay import Replayed
    from pgs_runtime.why.answer import Why

__all__ = ["Actor", "Grant", "Outcome", "Runtime", "trust_of", "verified"]


class Runtime:
    """One snapshot over one store."""

    def __init__(
        self,
        snapshot: Snapshot,
        store: Store,
        ports: Ports | None = None,
        settings: Settings | None = None,
        accepted: Callable[[str], Snapshot] | None = None,
    ) -> None:
        """Most callers want `Runtime.open`; the caller closes the store.

        Args:
            settings: what the operator says about the outside, by side effect.
            accepted: gives what this store accepted earlier, by id; without it, only runs of this one are gone on with.
        """
        self.snapshot = snapshot
        self.store = vault = vault_over(store)
        self.ports = ports or Ports()
        self.limits = snapshot.limits()
        self.secret = fact(store, "secret")
        self._transforms = Transforms(snapshot)
        load = self.ports.loading(loader(SealedModules.of(snapshot.sealed).load))
        self._settings = settings or no_settings()
        self._sections = Sections(snapshot, load, self._settings)
        self._accepted = accepted
        self._others: dict[str, Runtime] = {}
        code = self._transforms.get, self._sections.of, self._transforms.function
        self._linker = Linker(snapshot, Boundary(snapshot, load, *code))
        own, belonging = fact(store, "store"), Belonging(vault, self.secret, self.ports.entropy)
        self._intake = Intake(snapshot, self.ports, belonging, own)
        self._glass = Glass(snapshot, vault, self.ports, self._intake)
        self._graphs: dict[str, Graph] = {}
        clock, elapsed = self.ports.clock, self.ports.elapsed
        self._shop = Workshop(Narrator(), self.limits, clock, elapsed, self.secret, vault.keys, own.decode())
        self._mover = Mover(vault, self._shop, self.ports, self._policy, snapshot.clears)
        self.live = LiveRuns(vault, self._mover, self._graph, self.ports)
        self._outbox = Outbox(vault, self._addressee, self._signalled, self.secret)
        self.machines = Machines(snapshot, vault, self.run, self.ports.clock)

    @classmethod
    def open(
        cls,
        workspace: Path,
        data_root: Path,
        pin: str | None = None,
        ports: Ports | None = None,
        address: Address | None = None,
        settings: Path | None = None,
        trust: Path | None = None,
    ) -> Runtime:
        """Verify the snapshot of a workspace, open the store, and accept the snapshot there.

        Args:
            workspace: the folder that holds `protocol_snapshot/`.
            data_root: the folder that holds, or will hold, accepted snapshots and `state.db`.
            pin: the only snapshot id that is accepted, if given.
            ports: the outside; the machine's own unless a test brings another.
            address: where a store in PostgreSQL is that stands for `state.db`.
            settings: the file with what the operator says about the outside; `settings.json` in the data root, if
                there is one, unless given.
            trust: the trust directory that says whose signatures the snapshot has to have; the one that the project
                names, if any, unless given.

        Raises:
            SealBroken: the snapshot, or a module that it binds, is not what was sealed, or not signed as it has to be.
            TrustRefused: the trust directory cannot be read, so nobody is trusted.
            Refusal: the store has accepted a newer version of the snapshot.
            StoreUnusable, StoreBusy: the store cannot be opened.
        """
        snapshot = verified(workspace, pin, trust)
        return cls.over(snapshot, data_root, ports, address, settings, trust_of(workspace, snapshot, trust))

    @classmethod
    def over(
        cls,
        snapshot: Snapshot,
        data_root: Path,
        ports: Ports | None = None,
        address: Address | None = None,
        settings: Path | None = None,
        trust: Path | None = None,
    ) -> Runtime:
        """Open the store of a verified snapshot and accept it; `trust` judges what runs of before began with."""
        outside = read_settings(settings) if settings else own_settings(data_root)
        store = store_in(data_root, address)
        try:
            accept(snapshot, store, data_root)
            return cls(snapshot, store, ports, outside, going_on(data_root, trust))
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
        """Run a workflow, in one transaction or, where it waits or asks the outside, in several.

        Args:
            workflow: its full name.
            payload: a JSON value; it is copied.
            actor: who acts, as the transport knows it.
            request_id: the same id gives the same run and its recorded answer, and goes on with a run whose process
                has ended in the middle; 1 to 200 letters, digits and `_ . : @ + -`, the first a letter or digit.
            config: values of the binding's configuration that differ from their defaults.

        Raises:
            Refusal: unknown workflow, a payload outside the value domain or its limits, an actor without an
                id, a request id that has another form or was used for another payload or by another actor,
                configuration that does not fit; as a Fault, an implementation that cannot be loaded.
            StoreBusy, StoreUnusable: nothing was written, or the run stands at its last commit.
        """
        graph = self._graph(workflow)
        ask = self._intake.ask(payload, actor, request_id, config)
        if request_id is not None:
            known = self.store.run_by_request(workflow, request_id)
            if known is not None:
                return self._again(known, ask)
        beginning = self._intake.beginning(graph, ask)
        self._sections.demand(graph)
        begun = self._mover.begin(graph, beginning, partial(self._intake.request, graph, ask))
        if begun.moved is None:
            return repeated(begun.run, ask)
        self._post()
        return begun.outcome

    def _again(self, known: Run, ask: Ask) -> Outcome:
        """The answer of an earlier run of the same request id, which is gone on with if its process has ended."""
        answer = repeated(known, ask)
        if known.status != "RUNNING":
            return answer
        moved = self._runtime_of(known).live.resume_left(known)
        self._post()
        return replace(moved.outcome, repeated=True)

    def dry_run(
        self,
        workflow: str,
        payload: object,
        actor: Actor,
        request_id: str | None = None,
        config: dict[str, Value] | None = None,
    ) -> Rehearsal | Outcome:
        """What a run would do up to its end or its first point of no return; nothing is written and nothing leaves.

        A request that was made before gives the answer that its run gave.

        Raises:
            Refusal: as by `run`.
        """
        graph = self._graph(workflow)
        ask = self._intake.ask(payload, actor, request_id, config)
        known = self.store.run_by_request(workflow, request_id) if request_id is not None else None
        if known is not None:
            return repeated(known, ask)
        beginning = self._intake.beginning(graph, ask)
        self._sections.demand(graph)
        attempt = Attempt(graph, beginning(), self._shop)
        return rehearsed(attempt.start(Live(self.store, self.limits.value_bytes)))

    # --- live runs -------------------------------------------------------------------------------

    def resume(self, id: str) -> Outcome:
        """Go on with a run whose process has ended, or whose wait is over; any other is told as it stands.

        Raises:
            Refusal: R014, there is no such run; R081, it does not do again what its record says; R082, another
                process moves it.
        """
        run = self._run(id)
        moved = self._runtime_of(run).live.resume(run)
        self._post()
        return moved.outcome

    def interrupted(self) -> Iterator[str]:
        """The ids of the runs that `resume` may have something to do for."""
        for status in LIVE:
            after = ""
            while page := self.store.runs(after, status=status):
                yield from (run.id for run in page)
                after = page[-1].id

    def signal(self, id: str, event: str, fields: object, actor: Actor) -> tuple[Outcome, str]:
        """Send an event to a run that waits: how the run stands then, and why the event was refused, or "".

        Raises:
            Refusal: R014; R018; R081; R082; R084, the run does not wait; R086, the event is no JSON value or too large.
        """
        run = self._run(id)
        runtime = self._runtime_of(run)
        heard = runtime.live.signal(run, runtime._intake.sent(event, fields, actor))
        self._post()
        return heard.standing.outcome, heard.refused

    def cancel(self, id: str, actor: Actor, reason: str) -> Outcome:
        """End a run that stands still. What it did is undone as its protocol says for a run that fails.

        Raises:
            Refusal: R014; R018; R081; R082; R084, the run has ended or is under way; R140, it is in the
                middle of a call that could be taken back only at its end.
        """
        run = self._run(id)
        runtime = self._runtime_of(run)
        moved = runtime.live.cancel(run, runtime._intake.word(actor, reason))
        self._post()
        return moved.outcome

    def abandon(self, id: str, actor: Actor, reason: str) -> Outcome:
        """End a run as it stands that can neither be gone on with nor cancelled: nothing is done, nothing taken back.

        Raises:
            Refusal: R014; R018; R082; R084, the run has ended; R141, it can be gone on with or cancelled.
        """
        run, why = self._run(id), ""
        try:
            runtime = self._runtime_of(run)
        except (Refusal, SealBroken) as gone:
            runtime, why = self, gone.code
        left = runtime.live.abandon(run, runtime._intake.word(actor, reason), why)
        return standing(left)

    def reconcile(
        self, id: str, verdict: Verdict, actor: Actor, reason: str, key: str = "", told: Told | None = None
    ) -> Outcome:
        """Say what became of an effect in doubt, and go on with the run.

        Args:
            verdict: `done`: it took place, and ended as `told`; `retry`: it did not, ask again under the same key;
                `give_up`: it did not, and the run ends as if it were cancelled.
            key: of the effect; "" where only one is in doubt.

        Raises:
            Refusal: R014; R018; R081; R082; R085, no such effect is in doubt, or it cannot have ended so.
        """
        run = self._run(id)
        runtime = self._runtime_of(run)
        moved = runtime.live.reconcile(run, key, verdict, told, runtime._intake.word(actor, reason))
        self._post()
        return moved.outcome

    def deliver(self) -> None:
        """Deliver the messages that no process has delivered yet, as far as they can be, and do what they lead to."""
        self._outbox.deliver()

    def reached(self) -> tuple[str, ...]:
        """The ids of the runs that messages have moved since this was asked last."""
        return self._outbox.reached()

    def _addressee(self, run: Run) -> tuple[LiveRuns, Intake]:
        runtime = self._runtime_of(run)
        return runtime.live, runtime._intake

    def _signalled(self, run: Run, workflow: str, payload: Value, request_id: str) -> str:
        return self._runtime_of(run).machines.signalled(workflow, payload, request_id).trace_id

    def _post(self) -> None:
        """Deliver what runs of this process have emitted, and what had to wait for one of them."""
        if self._mover.said() or any(each._mover.said() for each in self._others.values()):
            self.deliver()

    def erase(self, subject: str, actor: Actor, reason: str) -> Erased:
        """Erase whatever is labelled of somebody, a name as intents give it or `run:ID`, as `erasing.erase` says."""
        from pgs_runtime.operate.erasing import erase  # few programs need it

        return erase(self, subject, actor, reason)

    # --- what is lived with ----------------------------------------------------------------------

    def override(self, grant: Grant, actor: Actor, reason: str) -> str:
        """Override a rule of an intent for a while, as `Glass.override` says: the override's id."""
        return self._glass.override(grant, actor, reason)

    def revoke(self, id: str, actor: Actor, reason: str) -> str:
        """Take an override back, as `Glass.revoke` says: the id of the run that tells of it."""
        return self._glass.revoke(id, actor, reason)

    def waivers(self) -> LivedWith:
        """The findings that the snapshot lives with, and every override with the runs that used it."""
        return lived_with(self.snapshot, self.store, timestamp(self.ports.clock()))

    def origin(self, id: str) -> tuple[str, Snapshot]:
        """The workflow of a run, and the snapshot that it began with.

        Raises:
            Refusal: R014; R087, that snapshot is not at hand.
        """
        run = self._run(id)
        return run.request.workflow, self._runtime_of(run).snapshot

    def known(self, id: str) -> tuple[str, Snapshot]:
        """As `origin`, with the snapshot that is at hand where the one that the run began with is not.

        Raises:
            Refusal: R014, there is no such run.
        """
        try:
            return self.origin(id)
        except (Refusal, SealBroken):
            return self._run(id).request.workflow, self.snapshot

    def head(self, id: str) -> Head:
        """The last line of a run.

        Raises:
            Refusal: R014, there is no such run.
        """
        return self._run(id).head

    def _run(self, id: str) -> Run:
        run = self.store.run(id)
        if run is None:
            raise no_run(id)
        return run

    def _runtime_of(self, run: Run) -> Runtime:
        """The runtime over the snapshot that a run began with."""
        id = run.request.snapshot
        if id == self.snapshot.id:
            return self
        if id not in self._others:
            if self._accepted is None:
                message = f"The run `{run.id}` began with another snapshot, `{id}`."
                raise Refusal("R087", message, ExitCode.DIVERGED)
            self._others[id] = Runtime(self._accepted(id), self.store, self.ports, self._settings, self._accepted)
        return self._others[id]

    def word(self, actor: Actor, reason: str) -> Word:
        """What an operator says of what is done to the store; may raise the refusals R018 and R086."""
        return self._intake.word(actor, reason)

    def trace(self, trace_id: str) -> tuple[bytes, ...]:
        """The lines of a run, from the store.

        Raises:
            Refusal: there is no such run.
        """
        lines = self.store.lines(trace_id)
        if not lines:
            raise no_run(trace_id)
        return lines

    def replay(self, trace_id: str, allow_other_runtime: bool = False) -> Replayed:
        """Do a run of the store again, over the answers that were recorded; nothing is written, and nobody is asked.

        Raises:
            Refusal: R014; R087; R100, it was made on another engine or Python; R102; R103, no workflow ran.
        """
        from pgs_runtime.replay.replay import replay  # few programs need it

        lines, run = self.trace(trace_id), self._run(trace_id)
        here = self.ports.fingerprint
        return replay(lines, lambda id: self._runtime_of(run).snapshot, self.store, here, allow_other_runtime)

    def why(self, trace_id: str, to: str = "") -> Why:
        """Say why a run of the store went where it went, as `answer.why` does; where there is no such run: R014."""
        from pgs_runtime.why.answer import why  # few programs need it

        lines, (_, snapshot) = self.trace(trace_id), self.known(trace_id)
        at_hand = {snapshot.id: snapshot}
        return why(lines, at_hand.get, self.store, self.ports.fingerprint, to)

    def _graph(self, workflow: str) -> Graph:
        if workflow not in self._graphs:
            known = self.snapshot.workflows()
            if workflow not in known:
                message = f"The snapshot has no workflow `{workflow}`."
                raise Refusal("R010", message, ExitCode.USAGE, hint=hint_of_unknown(workflow, known))
            self._graphs[workflow] = self._linker.graph(workflow)
        return self._graphs[workflow]

    def _policy(self, binding: str, side_effect: str) -> Policy:
        return self.snapshot.binding(binding).effects[side_effect]

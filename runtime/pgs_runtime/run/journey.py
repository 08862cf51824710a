"""Journeys: runs that are moved from segment to segment, by this process or by one that comes after it.

Laws:
* a segment is committed whole, on the head and the lease epoch that it left from, or not at all;
* what is asked of the outside is durable as an intent before it is asked, under a key that never changes;
* who continues a run first does its recorded segments again, and goes on only if they give the recorded lines;
* whatever ends a process, the run stands at its last commit, and anybody may continue it from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

import orjson

from pgs_runtime.core.linked import Graph
from pgs_runtime.core.requests import Effect, Waiting
from pgs_runtime.faults import ExitCode, Fault, Refusal
from pgs_runtime.link.interlock import demand_released
from pgs_runtime.link.outside import UNKNOWN
from pgs_runtime.ports import Ports, timestamp
from pgs_runtime.run.attempt import Attempt, Ended, Event, Given, Paused, Pending, Stretch
from pgs_runtime.run.commits import commit
from pgs_runtime.run.grounds import Diverged, Live
from pgs_runtime.run.journal import again, demand_payload, kept_of, left_in, tells_all
from pgs_runtime.run.leases import is_gone, own
from pgs_runtime.run.outcomes import Outcome as Told
from pgs_runtime.run.outcomes import answer_of, answer_of_paused, outcome_of, standing
from pgs_runtime.run.settle import Settled, Wanted, longest, settle_all
from pgs_runtime.run.signals import Word, matched
from pgs_runtime.run.workshop import Workshop
from pgs_runtime.stores import port
from pgs_runtime.stores.errors import StoreBusy, StoreUnusable
from pgs_runtime.stores.port import (
    LONGEST_LEASE,
    TO_MACHINES,
    Expected,
    Head,
    Lease,
    Listener,
    Message,
    Request,
    Run,
    Segment,
    Store,
)
from pgs_runtime.trace.record import spotted
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.model import Policy
from pgs_snapshot.values import Outcome, Value

MARGIN = 30.0  # seconds that a lease lasts beyond what is to be done under it

Result: TypeAlias = Paused | Ended
Policies: TypeAlias = Callable[[str, str], Policy]
"""What to do in doubt, by binding and side effect."""


@frozen
class Standing:
    """A run where it is now, as this process has moved it or found it.

    `moved`: what it did here; None: nothing was done.
    """

    run: Run
    moved: Result | None

    @property
    def outcome(self) -> Told:
        """As its caller is told."""
        return outcome_of(self.run.id, self.moved) if isinstance(self.moved, Ended) else standing(self.run)


class Journey:
    """One run in the hands of this process."""

    def __init__(self, graph: Graph, attempt: Attempt, result: Result, run: Run) -> None:
        self.graph = graph
        self.attempt = attempt
        self.result = result
        self.run = run
        self.doubtful: set[str] = set()  # keys of effects that were asked for and whose answer nobody has
        self.left: set[str] = set()  # keys of effects in doubt, which are left to a person

    @property
    def effects(self) -> list[Pending]:
        """The effects that have no answer yet, in the order in which they were intended."""
        pending = self.result.pending if isinstance(self.result, Paused) else ()
        return [each for each in pending if isinstance(each.ask, Effect)]

    @property
    def waits(self) -> list[Pending]:
        pending = self.result.pending if isinstance(self.result, Paused) else ()
        return [each for each in pending if isinstance(each.ask, Waiting)]


class Mover:
    """Moves the runs of one snapshot over one store."""

    def __init__(
        self, store: Store, shop: Workshop, ports: Ports, policies: Policies, clears: Callable[[str], bool]
    ) -> None:
        """`clears`: whether a store takes values with a label."""
        self._store = store
        self._shop = shop
        self._ports = ports
        self._policies = policies
        self._clears = clears
        self._owner = ""
        self._said = False

    def said(self) -> bool:
        """Whether there may be messages to deliver since this was asked last."""
        said, self._said = self._said, False
        return said

    # --- beginning and continuing ----------------------------------------------------------------

    def begin(self, graph: Graph, beginning: Callable[[], Given], request: Callable[[Given], Request]) -> Standing:
        """Start a run, and move it as far as it goes; one that has this request id already is left where it is.

        Args:
            beginning: what it starts from, with the keys that its subjects have now.
            request: what was asked.
        """

        def once(live: Live) -> tuple[Journey, Segment]:
            demand_released(live)
            given = beginning()
            attempt = Attempt(graph, given, self._shop)
            result = attempt.start(live)
            kept = None
            if not tells_all(graph, result, live.answers):
                kept = kept_of(live.answers, str(given.facts["time"]), configs=given.configs)
            run = self._moved(Run(given.run, request(given), "RUNNING", Head(0, "")), result, set())
            return Journey(graph, attempt, result, run), self._segment(run, None, result, kept)

        begun = commit(self._store, self._shop.limits.value_bytes, once)
        return Standing(begun, None) if isinstance(begun, Run) else self.move(begun)

    def continued(self, graph: Graph, run: Run) -> Journey:
        """A live run as its record has it; nothing is moved.

        Raises:
            Refusal: R081, it does not do again what is recorded; as a Fault, R134: what hides labelled values broke.
        """
        lines = self._store.lines(run.id)
        try:
            demand_payload(run, lines[0], self._shop)
            attempt, paused = again(graph, run, lines, self._store.kept(run.id), self._shop)
        except Diverged as diverged:
            message = f"The run `{run.id}` does not do again what its record says: {diverged}."
            hint = "Run it with the versions that its header names."
            raise Refusal("R081", message, ExitCode.DIVERGED, hint=hint) from diverged
        journey = Journey(graph, attempt, paused, run)
        journey.left = left_in(lines[: run.head.line + 1]) & {each.key for each in journey.effects}
        journey.doubtful = {each.key for each in journey.effects} - journey.left
        return journey

    def said_of(self, run: Run, word: Word) -> dict[str, Value]:
        """What somebody says of a run that is not done again, as its trace shows that."""
        header = orjson.loads(self._store.lines(run.id)[0])["header"]
        return word.line(self._shop.keys_of(header).secret)

    def claimed(self, run: Run) -> Run | None:
        """The run under a lease of this process, or None where another one moves it."""
        now = self._ports.clock()
        lease = Lease(self._name(), now + int(MARGIN * 1_000_000))
        if run.lease is not None and run.lease.owner != lease.owner and is_gone(run.lease.owner):
            now = max(now, run.lease.until)
        return self._store.claim(run.id, lease, now, run.epoch)

    def is_left(self, run: Run) -> bool:
        """Whether nobody moves a run that is under way: its process is gone, or has held it for longer than it may."""
        lease = run.lease
        return lease is None or lease.until <= self._ports.clock() or is_gone(lease.owner)

    # --- moving ----------------------------------------------------------------------------------

    def move(self, journey: Journey) -> Standing:
        """Settle what was intended outside, and go on with the answers, until nothing is left to ask.

        What ends this in the middle names the run in a note: whoever is told has no other way to know it.
        """
        try:
            return self._moved_on(journey)
        except (KeyboardInterrupt, StoreBusy, StoreUnusable, Fault) as ends:
            ends.add_note(journey.run.id)
            raise

    def _moved_on(self, journey: Journey) -> Standing:
        while isinstance(journey.result, Paused) and (wanted := self._wanted(journey)):
            self._extend(journey, wanted)
            settled = settle_all(wanted, self._shop.limits.effect_seconds, self._ports.sleep)
            secret = journey.attempt.keys.secret
            events = [self._event(*pair, secret) for pair in zip(wanted, settled, strict=True)]
            rows = [self._row(journey, *pair) for pair in zip(wanted, settled, strict=True)]
            elsewhere = self.go_on(journey, events, rows)
            if elsewhere is not None:
                return elsewhere
        return Standing(journey.run, journey.result)

    def go_on(self, journey: Journey, events: Sequence[Event], rows: Sequence[port.Effect] = ()) -> Standing | None:
        """Make the segment that begins with these events; where the run is, if another process has moved it.

        Args:
            rows: how effects are settled by them.
        """
        run, time = journey.run, timestamp(self._ports.clock())
        left = journey.left | {row.key for row in rows if row.status == "IN_DOUBT"}
        made = [journey.attempt]

        def once(live: Live) -> tuple[tuple[Attempt, Result, Run], Segment]:
            demand_released(live)
            attempt = made.pop() if made else self.continued(journey.graph, run).attempt
            result = attempt.resume(live, time, events)
            moved = self._moved(run, result, left)
            expected, kept = Expected(run.head, run.epoch), kept_of(live.answers, time, events)
            return (attempt, result, moved), self._segment(moved, expected, result, kept, rows)

        settled = commit(self._store, self._shop.limits.value_bytes, once)
        if isinstance(settled, Run):
            return Standing(settled, None)
        journey.attempt, journey.result, journey.run = settled
        journey.doubtful, journey.left = set(), left
        return None

    def _wanted(self, journey: Journey) -> list[Wanted]:
        """The effects that are to be asked for now: all that are intended, and not left to a person."""
        wanted: list[Wanted] = []
        for each in journey.effects:
            if isinstance(each.ask, Effect) and each.key not in journey.left:
                policy = self._policies(each.ask.binding, each.ask.step.side_effect)
                wanted.append(Wanted(each.ask, each.key, policy, each.key in journey.doubtful))
        return wanted

    def _extend(self, journey: Journey, wanted: Sequence[Wanted]) -> None:
        """Hold the lease for as long as the effects may take."""
        needed = int((longest(wanted, self._shop.limits.effect_seconds) + MARGIN) * 1_000_000)
        needed = min(needed, LONGEST_LEASE)
        lease = journey.run.lease
        now = self._ports.clock()
        if lease is not None and lease.until < now + needed:
            # Who has held the lease in between may have asked, so that nobody asks here as if for the first time.
            claimed = self._store.claim(journey.run.id, Lease(self._name(), now + needed), now, journey.run.epoch)
            if claimed is None or claimed.head != journey.run.head:
                raise elsewhere(journey.run.id)
            journey.run = claimed

    # --- what is written -------------------------------------------------------------------------

    def _event(self, wanted: Wanted, settled: Settled, secret: bytes) -> Event:
        ask = wanted.effect
        outcome = settled.outcome
        if outcome is None and UNKNOWN in ask.step.next:
            outcome = Outcome(UNKNOWN)
        if outcome is None:
            line: dict[str, Value] = {"key": wanted.key, "kind": "doubt", "why": settled.why, **spotted(ask.spot)}
            return Event(line)
        return Event(self._shop.narrator.replied(ask, outcome, secret), ask.spot, outcome)

    def _row(self, journey: Journey, wanted: Wanted, settled: Settled) -> port.Effect:
        line = next(each.line for each in journey.effects if each.key == wanted.key)
        return settled_row(journey.run.id, line, wanted.effect, wanted.key, settled.outcome)

    def _moved(self, run: Run, result: Result, left: set[str]) -> Run:
        """The run as it is behind a segment. `left`: keys of effects that are left to a person."""
        stretch = result.stretch
        head = Head(stretch.first + len(stretch.lines) - 1, stretch.head)
        if isinstance(result, Ended):
            return replace(run, status=result.kind, head=head, exit=result.name, answer=answer_of(result), lease=None)
        effects = [each for each in result.pending if isinstance(each.ask, Effect)]
        status: Literal["RUNNING", "WAITING", "IN_DOUBT"] = "WAITING"
        if any(each.key not in left for each in effects):
            status = "RUNNING"
        elif effects:
            status = "IN_DOUBT"
        answer = answer_of_paused(status, result)
        lease = Lease(self._name(), self._ports.clock() + int(MARGIN * 1_000_000)) if status == "RUNNING" else None
        return replace(run, status=status, head=head, answer=answer, lease=lease)

    def _segment(
        self,
        run: Run,
        expected: Expected | None,
        result: Result,
        kept: bytes | None,
        rows: Sequence[port.Effect] = (),
    ) -> Segment:
        stretch = result.stretch
        intents = tuple(_intents(run.id, stretch, result.pending)) if isinstance(result, Paused) else ()
        # Behind each segment of a live run, somebody may have waited to tell it something.
        self._said = self._said or bool(stretch.said) or expected is not None
        return Segment(
            run=run,
            expected=expected,
            lines=stretch.lines,
            reads=stretch.reads,
            writes=stretch.writes,
            effects=(*rows, *intents),
            timing=stretch.timing,
            kept=kept,
            listeners=self._listeners(run.id, result) if expected is not None or isinstance(result, Paused) else None,
            messages=tuple(_message(run.id, *said) for said in stretch.said),
            subjects=stretch.subjects,
            private=self._private(stretch) if stretch.subjects else frozenset(),
        )

    def _private(self, stretch: Stretch) -> frozenset[str]:
        """Those of the stores written to that labelled values may stand in."""
        return frozenset(filter(self._clears, {write.store for write in stretch.writes}))

    def _listeners(self, run: str, result: Result) -> tuple[Listener, ...]:
        """What a run listens for behind a segment: nothing once it has ended."""
        if isinstance(result, Ended):
            return ()
        found: list[Listener] = []
        for each in result.pending:
            if isinstance(each.ask, Waiting):
                for signal in each.ask.node.signals:
                    match = signal.match(each.ask.frame)
                    names = canonical([*sorted(match, key=str.encode)])
                    found.append(Listener(run, signal.event, names, matched(match, self._shop.secret)))
        return tuple(found)

    def _name(self) -> str:
        if not self._owner:
            self._owner = own(self._ports.entropy(8))
        return self._owner


def settled_row(run: str, line: int, effect: Effect, key: str, outcome: Outcome | None) -> port.Effect:
    """How the store keeps the end of an effect; without an outcome it is in doubt."""
    response = canonical([outcome.name, outcome.outputs]) if outcome else None
    return port.Effect(key, run, line, "DONE" if outcome else "IN_DOUBT", canonical(effect.inputs), response)


def _message(run: str, n: int, event: str, fields: Value) -> Message:
    """A message to whoever listens; what names a workflow is for a machine, which always does."""
    heard = TO_MACHINES if event.partition("::")[2].startswith("WF_") else ()
    return Message(run, n, event, canonical(fields), heard)


def elsewhere(run: str) -> Refusal:
    """Another process moves the run."""
    message = f"Another process moves the run `{run}`."
    return Refusal(
        "R082", message, ExitCode.BUSY, hint=f"Try again. If its process has ended: `pgs_runtime resume {run}`."
    )


def _intents(run: str, stretch: Stretch, pending: Sequence[Pending]) -> Sequence[port.Effect]:
    """The effects that a segment has intended."""
    return [
        port.Effect(each.key, run, each.line, "INTENT", canonical(each.ask.inputs))
        for each in pending
        if isinstance(each.ask, Effect) and each.line >= stretch.first
    ]

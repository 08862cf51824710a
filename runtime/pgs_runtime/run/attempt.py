"""An attempt at a run: the core over a ground, and the record of what happened. Nothing is committed here.

A run is one segment, or several: it is cut where nothing goes on without an answer from outside. What was done until
then is committed, and the next segment begins with the answer (`Event`). An attempt goes from segment to segment; on
recorded segments it does again what was done, line for line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal, NamedTuple, TypeAlias, cast

from pgs_runtime.core.calls import CANCELLED, Configs, Moment, Shared, frame_of, reached
from pgs_runtime.core.expressions import Missing
from pgs_runtime.core.linked import TOP, Graph, Place, Problem, Reached, Visit, Visitor
from pgs_runtime.core.requests import (
    Ask,
    Cancelled,
    Effect,
    Entered,
    Failed,
    Left,
    Operation,
    Request,
    Spot,
    Suspended,
    TakenBack,
    Turn,
    Waiting,
)
from pgs_runtime.core.walk import drive, traverse
from pgs_runtime.faults import Fault, exceeded, status_of_fault
from pgs_runtime.link.stopping import Stopped
from pgs_runtime.run.grounds import Ground
from pgs_runtime.run.tally import Counts, Effects, Tally
from pgs_runtime.run.telling import told_by
from pgs_runtime.run.workshop import Workshop, effect_key
from pgs_runtime.stores.port import Marks, Read, Subject, Write
from pgs_runtime.stores.sealing import Keys
from pgs_runtime.trace.record import Chain, placed
from pgs_snapshot.frozen import frozen
from pgs_snapshot.model import ExitKind
from pgs_snapshot.values import Outcome, Value, plain

Kind: TypeAlias = ExitKind | Literal["FAULTED", "STOPPED", "CANCELLED"]


@frozen
class Given:
    """What a run starts from.

    Attributes:
        header: the body of line 0.
        actor: `id`, `type` and attributes.
        configs: of every binding that the workflow and those that it calls have.
        facts: `$.run`: `id`, `started`, `time`.
        subjects: of a new run: whom the labelled values in it belong to; nobody if it can meet none. Those of a
            recorded run are named by its header.
    """

    run: str
    header: dict[str, Value]
    payload: Value
    actor: dict[str, Value]
    configs: Configs
    facts: dict[str, Value]
    subjects: tuple[Subject, ...] = ()


@frozen
class Event:
    """What begins a segment: something that came from outside.

    Attributes:
        line: the body of the line that tells of it, redacted.
        spot: of the ask that it answers, or None.
        reply: the answer; None: there is none yet.
        cancels: nobody wants the run any more.
    """

    line: dict[str, Value]
    spot: Spot | None = None
    reply: Outcome | None = None
    cancels: bool = False


@frozen
class Pending:
    """Something asked of the outside that has no answer yet.

    Attributes:
        line: the one that told of it.
        key: of an effect; "" of a wait.
        due: of a wait: when it is over, in µs since 1970 UTC; 0 of an effect.
    """

    ask: Ask
    line: int
    key: str
    due: int


class Stretch(NamedTuple):
    """A segment as it is to be committed.

    Attributes:
        effects: those that stand so far in the whole run.
        said: the events that it emits, each with its number in the run, in clear.
        subjects: whom labelled values of the run belong to as far as it has gone.
    """

    first: int
    lines: tuple[bytes, ...]
    head: str
    reads: tuple[Read, ...]
    writes: tuple[Write, ...]
    timing: Marks
    effects: Effects
    said: tuple[tuple[int, str, Value], ...]
    subjects: tuple[Subject, ...]


class Paused(NamedTuple):
    """An attempt that waits for the outside. `pending` stands in the order in which it was asked."""

    stretch: Stretch
    pending: tuple[Pending, ...]


@frozen
class Ended:
    """How an attempt ended.

    Attributes:
        kind: the exit's kind, "FAULTED", "STOPPED" (by a rule) or "CANCELLED"; a status of the run either way.
        name: the exit's name, or the fault's code.
        result, emitted: in clear, for the caller.
        within: what workflows that were called emitted, in clear, each with its event.
        fault: what ended it, if no exit did.
        refused: why it was not admitted.
    """

    kind: Kind
    name: str
    result: dict[str, Value]
    emitted: dict[str, Value]
    within: tuple[tuple[str, Value], ...]
    fault: Fault | None
    refused: tuple[Problem, ...]
    stretch: Stretch

    @property
    def effects(self) -> Effects:
        return self.stretch.effects


class _Mark(NamedTuple):
    """What a workflow goes back to when it fails; `line` is the first one that is not dropped with it."""

    writes: int
    line: int
    counts: Counts
    emitted: int


NOWHERE = "R026"
"""The code of the fault that a snapshot causes which promises what is not there."""
_SILENT: Mapping[str, dict[str, Value]] = {}
_DONE = Outcome("DONE")
"""Answers a request that asks for nothing back."""


class Attempt:
    """One run on its way."""

    def __init__(self, graph: Graph, given: Given, shop: Workshop) -> None:
        self._graph = graph
        self._given = given
        self._shop = shop
        self._clock = shop.clock
        header = cast("dict[str, Value]", given.header["header"])
        self.keys = Keys(given.subjects, shop.secret) if given.subjects else shop.keys_of(header)
        self._chain = Chain(given.run, self.keys)
        self._tally = Tally()
        self._within: list[tuple[str, Value]] = []
        self._pending: dict[Spot, Pending] = {}
        self._dropped: dict[Place, dict[str, Value]] = {}
        self._marked: dict[Place, _Mark] = {}
        self._answered: tuple[Spot, ...] = ()
        self.moment = Moment(given.facts)
        shared = Shared(self.moment, given.configs)
        self._frame = frame_of(graph, given.payload, given.actor, shared)
        self._marks: list[int] = []
        self._deadline = 0
        self._walk = traverse(graph, self._frame, self._visitor(), shared)
        self._advance: Callable[[], Request] | None = None

    @property
    def made(self) -> Sequence[bytes]:
        """The lines so far, also where it broke off."""
        return self._chain.lines

    # --- segments --------------------------------------------------------------------------------

    def start(self, ground: Ground) -> Paused | Ended:
        """Make the first segment."""
        self._open(ground, 0)
        self._add(dict(self._given.header))
        self._marked[TOP] = self._mark()
        return self._go()

    def resume(self, ground: Ground, time: str, events: Sequence[Event]) -> Paused | Ended:
        """Make the segment that begins with these events, at a time as `$.run.time` has it."""
        moment = self.moment
        moment.facts = {**moment.facts, "time": time}
        moment.segment += 1
        self._open(ground, len(self._chain.lines))
        self._answered = tuple(event.spot for event in events if event.spot)
        first: dict[str, Value] = {"segment": moment.segment, "time": time}
        for event in events:
            self._add({**event.line, **first})
            first = {}
            if event.spot and event.reply:
                self._reply(self._pending.pop(event.spot).ask, event.reply)
        self._base = (self._tally.now(), len(self._within), len(self._chain.lines))
        self._marked = dict.fromkeys(self._marked, self._mark())
        if any(event.cancels for event in events):
            self._pending.clear()
            self._advance = partial(self._walk.throw, Cancelled())
        elif any(event.reply for event in events):
            self._advance = partial(self._walk.send, _DONE)
        else:
            return self._pause(Suspended(()))
        return self._go()

    def _open(self, ground: Ground, first: int) -> None:
        self._ground = ground
        self._first = first
        self._marks[:] = [self._clock()]
        self._last: Visit | None = None
        self._struck = (TOP, self._graph.start.id)  # the node under way, as long as none was passed
        self._base = (self._tally.now(), len(self._within), len(self._chain.lines))
        self._deadline = self._shop.elapsed() + self._shop.limits.run_seconds * 1_000_000

    def _reply(self, ask: Ask, reply: Outcome) -> None:
        ask.reply = reply
        if isinstance(ask, Effect) and ask.step.writes and reply.name == "SUCCESS":
            self._tally.add(ask.step.side_effect, ask.step.operation)

    def _go(self) -> Paused | Ended:
        if self._answered:
            self._struck = (self._answered[0].place, self._answered[0].node)
        try:
            reason = drive(self._walk, self._perform, self._advance)
            return self._pause(reason) if isinstance(reason, Suspended) else self._exit(reached(reason, self._frame))
        except Fault as fault:
            return self._fault(fault)
        except Missing as missing:
            return self._fault(Fault(NOWHERE, f"The snapshot promises what is not there: {missing}."))

    # --- on the way ------------------------------------------------------------------------------

    def _perform(self, request: Request) -> Outcome:
        match request:
            case Operation(step, inputs):
                ground = self._ground
                written = len(ground.writes)
                answer = ground.answer(step, inputs)
                self._tally.answered(step, answer.name, len(ground.writes) > written)
                if step.tells:
                    self._within += told_by(step, inputs)
                if ground.subjects:
                    self._belong(ground.subjects)
                return answer
            case Entered(graph, place):
                self._marked[place] = self._mark()
                self._last, self._struck = None, (place, graph.start.id)
            case Left():
                self._leave(request)
            case Turn(place):
                self._turn(place)
            case Failed(place):
                self._drop(place)
            case TakenBack(place):
                self._hold_on(place)
        return _DONE

    def _belong(self, ids: Mapping[str, None]) -> None:
        """Belong to those, too, of whom something was read: what the run goes on to tell may hold it."""
        new = ids.keys() - {subject.id for subject in self.keys.subjects}
        if new:
            found = self._shop.keys(new)
            # Who was erased since it was read has no key: what was made without is refused by the commit.
            self.keys.take({id: found.get(id, b"") for id in new})

    def _mark(self) -> _Mark:
        return _Mark(len(self._ground.writes), len(self._chain.lines), self._tally.now(), len(self._within))

    def _turn(self, place: Place) -> None:
        """What is done from here on is done within a place; what others have done in this segment is not its own."""
        mark = self._mark()
        self._marked |= {open: mark for open in self._marked if place.holds(open)}
        for spot in self._answered:
            if place.holds(spot.place):
                self._last, self._struck = None, (spot.place, spot.node)
                break

    def _drop(self, place: Place) -> None:
        """Go back to where a workflow began, or to the last commit if that came later."""
        mark, ground, lines = self._marked[place], self._ground, self._chain.lines
        if len(ground.writes) > mark.writes:
            self._dropped[place] = {"from": mark.line, "to": len(lines) - 1}
        ground.back_to(mark.writes)
        self._tally.back_to(mark.counts)
        del self._within[mark.emitted :]

    def _hold_on(self, place: Place) -> None:
        """What was taken back stays so: a workflow around this one that fails, too, drops only what comes after it."""
        mark = self._mark()
        self._marked |= {open: mark for open in self._marked if open.holds(place)}

    def _leave(self, request: Left) -> None:
        """Record the end of a workflow that was called."""
        del self._marked[request.place]
        end = request.reached
        body = self._shop.narrator.returned(request.graph.workflow, end, request.place, self.keys.secret)
        if request.place in self._dropped:
            body["rolled_back"] = self._dropped.pop(request.place)
        self._within += end.emitted.items()
        self._add(body)
        self._last, self._struck = None, (request.place.outer, request.caller)
        self._hold()

    def _visitor(self) -> Visitor:
        """What the core tells of every node: it becomes a line, and limits are held. This is the hot path."""
        tell, chain, marks, clock = self._shop.narrator.tell, self._chain, self._marks, self._clock
        lines, limits, elapsed = chain.lines, self._shop.limits, self._shop.elapsed
        most_lines, most_bytes = limits.run_lines, limits.run_bytes

        def visited(visit: Visit) -> None:
            tell(visit, chain)
            marks.append(clock())
            self._ground.line = count = len(lines)
            self._last = visit
            if count >= most_lines or chain.size > most_bytes or elapsed() > self._deadline:
                raise exceeded(limits, count, chain.size)

        return visited

    def _hold(self) -> None:
        """Hold the limits behind a line that no visit made."""
        limits, count, size = self._shop.limits, len(self._chain.lines), self._chain.size
        if count >= limits.run_lines or size > limits.run_bytes or self._shop.elapsed() > self._deadline:
            raise exceeded(limits, count, size)

    def _add(self, body: dict[str, Value]) -> None:
        self._chain.add(body)
        self._ground.line = len(self._chain.lines)
        self._marks.append(self._clock())

    # --- the end of a segment --------------------------------------------------------------------

    def _pause(self, request: Suspended) -> Paused:
        """Record what is asked of the outside for the first time."""
        narrator = self._shop.narrator
        for ask in request.asks:
            if ask.spot in self._pending:
                continue
            line, key, due = len(self._chain.lines), "", 0
            if isinstance(ask, Effect):
                key = effect_key(self._shop.store, self._given.run, ask.spot)
                self._add(narrator.intended(ask, key, self.keys.secret))
            elif isinstance(ask, Waiting):
                due = ask.node.until(ask.frame)
                for signal in ask.node.signals:
                    signal.match(ask.frame)  # what is not there ends the run here, and not whoever sends a signal
                self._add(narrator.suspended(ask, due))
            self._pending[ask.spot] = Pending(ask, line, key, due)
        return Paused(self._stretch(), tuple(self._pending.values()))

    def _exit(self, end: Reached) -> Ended:
        if end.exit is CANCELLED:
            return self._ended({"kind": "cancelled"}, "CANCELLED", end)
        return self._ended(self._shop.narrator.exited(end, self.keys.secret), end.exit.kind, end)

    def _fault(self, fault: Fault) -> Ended:
        why: dict[str, Value] = {
            "code": fault.code,
            "exit_code": int(fault.exit_code),
            "why": fault.message,
        }
        place, node = self._at_work()
        body: dict[str, Value] = {"fault": why, "kind": "fault", "node": node, **placed(place)}
        if self._ground.writes:
            self._dropped[TOP] = {"from": max(1, self._base[2]), "to": len(self._chain.lines) - 1}
        self._ground.back_to(0)
        self._tally.back_to(self._base[0])
        del self._within[self._base[1] :]
        if isinstance(fault, Stopped):
            self._ground.keep(fault.keep)
        return self._ended(body, status_of_fault(fault.exit_code), None, fault)

    def _at_work(self) -> tuple[Place, str]:
        """Where a fault ends the run: the node that was under way, and within which others."""
        last = self._last
        if last is None:
            return self._struck
        edge = last.node.next.get(last.outcome)
        return last.place, edge.to if edge else last.node.id

    def _ended(self, body: dict[str, Value], kind: Kind, end: Reached | None, fault: Fault | None = None) -> Ended:
        """Add the last line: what stands, what was dropped, and how many lines there are."""
        if TOP in self._dropped:
            body["rolled_back"] = self._dropped[TOP]
        body["effects"] = {store: dict[str, Value](counts) for store, counts in self._tally.effects().items()}
        body["lines"] = len(self._chain.lines) + 1
        self._add(body)
        return Ended(
            kind=kind,
            name=end.name if end else fault.code if fault else "",
            # What the caller gets is the caller's: a literal of the snapshot must not go out itself.
            result=cast("dict[str, Value]", plain(end.result)) if end else {},
            emitted=dict(end.emitted) if end else {},
            within=tuple(self._within),
            fault=fault,
            refused=self._last.refused if self._last and kind == "REJECTED" else (),
            stretch=self._stretch(end.emitted if end else {}),
        )

    def _stretch(self, emitted: Mapping[str, dict[str, Value]] = _SILENT) -> Stretch:
        reads, writes = self._ground.changes
        said = enumerate([*self._within, *emitted.items()])
        return Stretch(
            first=self._first,
            lines=tuple(self._chain.lines[self._first :]),
            head=self._chain.head,
            reads=reads,
            writes=writes,
            timing=Marks(self._first, list(self._marks)),
            effects=self._tally.effects(),
            said=tuple((n, event, fields) for n, (event, fields) in said if n >= self._base[1]),
            subjects=self.keys.subjects,
        )

"""One attempt at a run: the core over an overlay, and the record of what happened. Nothing is committed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Literal, TypeAlias, cast

from pgs_runtime.core import Operation, drive, traverse
from pgs_runtime.expressions import ABSENT, Frame, Missing
from pgs_runtime.faults import ExitCode, Fault
from pgs_runtime.linked import ACTOR, CONFIG, PAYLOAD, RUN, Exit, Graph, Problem, Visit, Visitor
from pgs_runtime.overlay import Overlay
from pgs_runtime.record import Chain, Narrator, shown
from pgs_runtime.stores.port import Marks, Read, Write
from pgs_snapshot.frozen import frozen
from pgs_snapshot.limits import Limits
from pgs_snapshot.model import ExitKind
from pgs_snapshot.values import Outcome, Value, plain

Effects: TypeAlias = dict[str, dict[str, int]]
"""How many operations changed something, by store and operation."""


@frozen
class Given:
    """What a run starts from.

    Attributes:
        header: the body of line 0.
        actor: `id`, `type` and attributes.
        config: by name.
        facts: `$.run`: `id`, `started`, `time`.
    """

    run: str
    header: dict[str, Value]
    payload: Value
    actor: dict[str, Value]
    config: dict[str, Value]
    facts: dict[str, Value]


@frozen
class Ended:
    """How an attempt ended.

    Attributes:
        kind: the exit's kind, or "FAULTED"; a status of the run either way.
        name: the exit's name, or the fault's code.
        result, emitted: in clear, for the caller.
        effects: those that stand.
        fault: what ended it, if no exit did.
        refused: why it was not admitted.
        lines, head, reads, writes, timing: for the commit.
    """

    kind: ExitKind | Literal["FAULTED"]
    name: str
    result: dict[str, Value]
    emitted: dict[str, Value]
    effects: Effects
    fault: Fault | None
    refused: tuple[Problem, ...]
    lines: tuple[bytes, ...]
    head: str
    reads: tuple[Read, ...]
    writes: tuple[Write, ...]
    timing: Marks


@frozen
class Workshop:
    """What all attempts over one snapshot and store share. `clock` gives µs since 1970 UTC."""

    narrator: Narrator
    limits: Limits
    clock: Callable[[], int]


def attempt(graph: Graph, given: Given, overlay: Overlay, shop: Workshop) -> Ended:
    """Run a workflow to its end in memory."""
    return _Attempt(graph, given, overlay, shop).run()


class _Attempt:
    def __init__(self, graph: Graph, given: Given, overlay: Overlay, shop: Workshop) -> None:
        self._graph = graph
        self._given = given
        self._overlay = overlay
        self._shop = shop
        self._clock = shop.clock
        self._chain = Chain(given.run)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._began = self._clock()
        self._marks = [self._began]
        self._last: Visit | None = None

    def run(self) -> Ended:
        self._add(dict(self._given.header))
        frame: Frame = [ABSENT] * self._graph.slots
        frame[PAYLOAD], frame[ACTOR] = self._given.payload, self._given.actor
        frame[RUN], frame[CONFIG] = self._given.facts, self._given.config
        self._overlay.line = 1
        try:
            exit = drive(traverse(self._graph, frame, self._visitor()), self._perform)
            return self._exit(exit, frame)
        except Fault as fault:
            return self._fault(fault)
        except Missing as missing:
            return self._fault(Fault("R026", f"The snapshot promises what is not there: {missing}."))

    # --- on the way ------------------------------------------------------------------------------

    def _perform(self, request: Operation) -> Outcome:
        step = request.step
        written = len(self._overlay.writes)
        answer = step.perform(self._overlay, request.inputs)
        if len(self._overlay.writes) > written:
            self._counts[step.store, step.operation] += 1
        return answer

    def _visitor(self) -> Visitor:
        """What the core tells of every node: it becomes a line, and limits are held. This is the hot path."""
        tell, chain, marks, clock, overlay = (
            self._shop.narrator.tell, self._chain, self._marks, self._clock, self._overlay,
        )  # fmt: skip
        lines, limits = chain.lines, self._shop.limits
        most_lines, most_bytes = limits.run_lines, limits.run_bytes
        deadline = self._began + limits.run_seconds * 1_000_000

        def visited(visit: Visit) -> None:
            tell(visit, chain)
            marks.append(now := clock())
            overlay.line = count = len(lines)
            self._last = visit
            if count >= most_lines or chain.size > most_bytes or now > deadline:
                raise _exceeded(limits, count, chain.size)

        return visited

    def _add(self, body: dict[str, Value]) -> None:
        self._chain.add(body)
        self._marks.append(self._clock())

    # --- the end ---------------------------------------------------------------------------------

    def _exit(self, exit: Exit, frame: Frame) -> Ended:
        name, result = exit.reason(frame), exit.result(frame)
        if name not in exit.names:
            raise Missing(f"the name under which {exit.id!r} ends")
        emitted = {event: (fields(frame), redact) for event, (fields, redact) in exit.emit.items()}
        body: dict[str, Value] = {"exit": exit.kind, "kind": "exit", "name": name, "node": exit.id}
        if result:
            body["result"] = shown(result, exit.redact)
        if emitted:
            body["emitted"] = {event: shown(fields, redact) for event, (fields, redact) in emitted.items()}
        in_clear: dict[str, Value] = {event: fields for event, (fields, _) in emitted.items()}
        return self._ended(body, exit.kind, str(name), result, in_clear)

    def _fault(self, fault: Fault) -> Ended:
        why: dict[str, Value] = {
            "code": fault.code,
            "exit_code": int(fault.exit_code),
            "why": fault.message,
        }
        body: dict[str, Value] = {"fault": why, "kind": "fault", "node": self._struck()}
        return self._ended(body, "FAULTED", fault.code, {}, {}, fault)

    def _struck(self) -> str:
        """The node that a fault ends the run at: the one that was under way."""
        if self._last is None:
            return self._graph.start.id
        edge = self._last.node.next.get(self._last.outcome)
        return edge.to if edge else self._last.node.id

    def _ended(
        self,
        body: dict[str, Value],
        kind: ExitKind | Literal["FAULTED"],
        name: str,
        result: dict[str, Value],
        emitted: dict[str, Value],
        fault: Fault | None = None,
    ) -> Ended:
        """Add the last line: what stands, what was undone, and how many lines there are."""
        undone = kind in ("FAILED", "FAULTED")
        effects: Effects = {} if undone else self._effects()
        if undone and self._overlay.writes:
            body["rolled_back"] = {"from": 1, "to": len(self._chain.lines) - 1}
        body["effects"] = {store: dict[str, Value](counts) for store, counts in effects.items()}
        body["lines"] = len(self._chain.lines) + 1
        self._add(body)
        return Ended(
            kind=kind,
            name=name,
            # What the caller gets is the caller's: a literal of the snapshot must not go out itself.
            result=cast("dict[str, Value]", plain(result)),
            emitted=emitted,
            effects=effects,
            fault=fault,
            refused=self._last.refused if self._last and kind == "REJECTED" else (),
            lines=tuple(self._chain.lines),
            head=self._chain.head,
            reads=tuple(self._overlay.reads),
            writes=() if undone else tuple(self._overlay.writes),
            timing=Marks(0, self._marks),
        )

    def _effects(self) -> Effects:
        effects: Effects = {}
        for (store, operation), times in sorted(self._counts.items()):
            effects.setdefault(store, {})[operation] = times
        return effects


def _exceeded(limits: Limits, lines: int, size: int) -> Fault:
    """The limit of a run that was reached."""
    if lines >= limits.run_lines:
        return Fault("R030", f"The run has {limits.run_lines} lines, which is the limit.", ExitCode.LIMIT)
    if size > limits.run_bytes:
        return Fault("R032", f"The record has more than {limits.run_bytes} bytes, which is the limit.", ExitCode.LIMIT)
    return Fault("R033", f"The run takes more than {limits.run_seconds} s, which is the limit.", ExitCode.LIMIT)

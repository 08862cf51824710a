"""One attempt at a run: the core over an overlay, and the record of what happened. Nothing is committed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Literal, TypeAlias, cast

from pgs_runtime.calls import Configs, Entered, Left, Operation, Request, reached
from pgs_runtime.core import drive, traverse
from pgs_runtime.expressions import ABSENT, Frame, Missing
from pgs_runtime.faults import ExitCode, Fault
from pgs_runtime.linked import ACTOR, CONFIG, PAYLOAD, RUN, TOP, Graph, Place, Problem, Reached, Visit, Visitor
from pgs_runtime.overlay import Overlay
from pgs_runtime.record import Chain, Narrator, ending, placed
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
        configs: of every binding that the workflow and those that it calls have.
        facts: `$.run`: `id`, `started`, `time`.
    """

    run: str
    header: dict[str, Value]
    payload: Value
    actor: dict[str, Value]
    configs: Configs
    facts: dict[str, Value]


@frozen
class Ended:
    """How an attempt ended.

    Attributes:
        kind: the exit's kind, or "FAULTED"; a status of the run either way.
        name: the exit's name, or the fault's code.
        result, emitted: in clear, for the caller.
        within: what workflows that were called emitted, in clear, each with its event.
        effects: those that stand.
        fault: what ended it, if no exit did.
        refused: why it was not admitted.
        lines, head, reads, writes, timing: for the commit.
    """

    kind: ExitKind | Literal["FAULTED"]
    name: str
    result: dict[str, Value]
    emitted: dict[str, Value]
    within: tuple[tuple[str, Value], ...]
    effects: Effects
    fault: Fault | None
    refused: tuple[Problem, ...]
    lines: tuple[bytes, ...]
    head: str
    reads: tuple[Read, ...]
    writes: tuple[Write, ...]
    timing: Marks


@frozen
class _Mark:
    """What a workflow that is called goes back to when it fails; `line` is its first one."""

    writes: int
    line: int
    counts: Counter[tuple[str, str]]
    emitted: int


_DONE = Outcome("DONE")
"""Answers a request that asks for nothing back."""


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
        self._struck = (TOP, graph.start.id)  # the node under way, as long as none was passed
        self._within: list[tuple[str, Value]] = []
        self._marked: list[_Mark] = []

    def run(self) -> Ended:
        self._add(dict(self._given.header))
        frame: Frame = [ABSENT] * self._graph.slots
        frame[PAYLOAD], frame[ACTOR] = self._given.payload, self._given.actor
        configs = self._given.configs
        frame[RUN], frame[CONFIG] = self._given.facts, configs.get(self._graph.binding, {})
        self._overlay.line = 1
        try:
            exit = drive(traverse(self._graph, frame, self._visitor(), TOP, configs), self._perform)
            return self._exit(reached(exit, frame))
        except Fault as fault:
            return self._fault(fault)
        except Missing as missing:
            return self._fault(Fault("R026", f"The snapshot promises what is not there: {missing}."))

    # --- on the way ------------------------------------------------------------------------------

    def _perform(self, request: Request) -> Outcome:
        if not isinstance(request, Operation):
            self._enter(request) if isinstance(request, Entered) else self._leave(request)
            return _DONE
        step = request.step
        written = len(self._overlay.writes)
        answer = step.perform(self._overlay, request.inputs)
        if len(self._overlay.writes) > written:
            self._counts[step.store, step.operation] += 1
        return answer

    def _enter(self, request: Entered) -> None:
        """Remember what a FAILED exit goes back to."""
        overlay, lines = self._overlay, self._chain.lines
        self._marked.append(_Mark(len(overlay.writes), len(lines), Counter(self._counts), len(self._within)))
        self._last, self._struck = None, (request.place, request.graph.start.id)

    def _leave(self, request: Left) -> None:
        """Record the end of a workflow that was called, and drop what it did if it failed."""
        mark, lines = self._marked.pop(), self._chain.lines
        end = request.reached
        body = self._shop.narrator.returned(request.graph.workflow, end, request.place)
        if end.exit.kind == "FAILED":
            if len(self._overlay.writes) > mark.writes:
                body["rolled_back"] = {"from": mark.line, "to": len(lines) - 1}
            self._overlay.back_to(mark.writes)
            self._counts = mark.counts
            del self._within[mark.emitted :]
        self._within += end.emitted.items()
        self._add(body)
        self._overlay.line = len(lines)
        self._last, self._struck = None, (request.place.outer, request.caller)
        self._hold()

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

    def _hold(self) -> None:
        """Hold the limits behind a line that no visit made."""
        limits, count, size = self._shop.limits, len(self._chain.lines), self._chain.size
        deadline = self._began + limits.run_seconds * 1_000_000
        if count >= limits.run_lines or size > limits.run_bytes or self._marks[-1] > deadline:
            raise _exceeded(limits, count, size)

    def _add(self, body: dict[str, Value]) -> None:
        self._chain.add(body)
        self._marks.append(self._clock())

    # --- the end ---------------------------------------------------------------------------------

    def _exit(self, end: Reached) -> Ended:
        body: dict[str, Value] = {**ending(end), "kind": "exit"}
        return self._ended(body, end.exit.kind, end.name, end.result, dict(end.emitted))

    def _fault(self, fault: Fault) -> Ended:
        why: dict[str, Value] = {
            "code": fault.code,
            "exit_code": int(fault.exit_code),
            "why": fault.message,
        }
        place, node = self._at_work()
        body: dict[str, Value] = {"fault": why, "kind": "fault", "node": node, **placed(place)}
        return self._ended(body, "FAULTED", fault.code, {}, {}, fault)

    def _at_work(self) -> tuple[Place, str]:
        """Where a fault ends the run: the node that was under way, and within which others."""
        last = self._last
        if last is None:
            return self._struck
        edge = last.node.next.get(last.outcome)
        return last.place, edge.to if edge else last.node.id

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
            within=() if undone else tuple(self._within),
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

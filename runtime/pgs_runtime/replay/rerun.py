"""rerun: one recorded run done again with something changed: its payload, its actor, an answer, or the snapshot itself.

What was recorded answers whatever is asked as before. What is not is tried on a shadow, and said; where the outside
would have to answer something that it was never asked, nobody can tell how the run ends, and that is said as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

import orjson

from pgs_runtime.core.expressions import instant
from pgs_runtime.core.linked import Graph, Storage
from pgs_runtime.core.requests import Effect, Spot, Waiting
from pgs_runtime.replay.causes import first_difference
from pgs_runtime.replay.contrast import Members, way_of
from pgs_runtime.replay.shadow import Asked, Idle, Shadow, idle_steps
from pgs_runtime.replay.workbench import Workbench
from pgs_runtime.run.attempt import Attempt, Ended, Event, Given, Paused, Pending
from pgs_runtime.run.grounds import Answered, Diverged, Recorded
from pgs_runtime.run.journal import OWN, Recording
from pgs_runtime.run.signals import Sent, accepted
from pgs_runtime.trace.record import shown
from pgs_runtime.waivers.overrides import LOOK
from pgs_runtime.waivers.overrides import STORE as OVERRIDES
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Outcome, Value


@frozen
class Outer:
    """What came from outside in one segment: its time and its events, each with what had been asked, "" of a wait."""

    time: str
    events: tuple[tuple[Event, bytes], ...]


@frozen
class Known:
    """What the record of a run tells: what it started from, what stores answered, and what came from outside.

    `result`: what it gave, in clear and large values as digests; None: nothing of it is hidden in the lines.
    """

    workflow: str
    given: Given
    asked: tuple[Asked, ...]
    outer: tuple[Outer, ...] = ()
    result: Value = None


@frozen
class Changes:
    """What is to be otherwise than it was recorded.

    Attributes:
        payload: None: as it was.
        actor: `id`, `type` and attributes; None: as it was.
        answers: by the number of the answer in the run, from 0.
        replies: of the outside, by where it was asked.
    """

    payload: Value = None
    actor: Mapping[str, Value] | None = None
    answers: Mapping[int, Answered] | None = None
    replies: Mapping[Spot, Outcome] | None = None


AS_IT_WAS = Changes()


@frozen
class Rerun:
    """What a run does now.

    Attributes:
        way: the nodes that were passed with their outcomes; those within another one have its name before them.
        kind, name: how it ended, as its last line tells; "" where that cannot be told.
        result: what it gave, in clear, and large values as digests.
        lines: the trace that it would leave.
        unrecorded: how many answers the record does not have.
        rests: those of them from which its end may follow, and that rest on what the record does not tell.
        untold: why its end cannot be told, in a sentence; "": it can.
    """

    way: tuple[tuple[str, str], ...]
    kind: str
    name: str
    result: Value
    lines: tuple[bytes, ...]
    unrecorded: int
    rests: tuple[str, ...]
    untold: str = ""

    @property
    def certain(self) -> bool:
        return not self.untold and not self.rests


def rerun(bench: Workbench, known: Known, changes: Changes = AS_IT_WAS) -> Rerun:
    """Do a recorded run on a snapshot, which may be another one, with what is changed.

    Args:
        bench: with the implementations of stores, which are only ever called on a shadow.
    """
    graph = bench.graph(known.workflow)
    if graph is None:
        return _untold((), None, f"The snapshot has no workflow `{known.workflow}`.")
    given = known.given
    configs = {graph.binding if name == OWN else name: config for name, config in given.configs.items()}
    given = replace(given, configs=configs, payload=given.payload if changes.payload is None else changes.payload)
    given = replace(given, actor=given.actor if changes.actor is None else {**changes.actor})
    answers = changes.answers or {}
    asked = [one._replace(answer=answers.get(number, one.answer)) for number, one in enumerate(known.asked)]
    ground = Shadow(bench.snapshot, asked, idle_of(bench, known.workflow))
    bench.machine.stands_on(ground)
    attempt = Attempt(graph, given, bench.shop)
    result = attempt.start(ground)
    outer = iter(known.outer)
    while isinstance(result, Paused):
        came = next(_coming(bench, result, outer, changes.replies or {}), None)
        if came is None:
            node = result.pending[0].ask.spot.node if result.pending else ""
            why = f"`{node}` asks or waits for what was not recorded."
            return _untold(attempt.made, ground, why)
        time, events = came
        result = attempt.resume(ground, time, events)
    return _told(attempt.made, ground, result)


def idle_of(bench: Workbench, workflow: str) -> Idle:
    """What `shadow.idle_steps` finds, once for a workflow."""
    if workflow not in bench.idle:
        bench.idle[workflow] = idle_steps(bench.snapshot, workflow)
    return bench.idle[workflow]


def _told(lines: Sequence[bytes], ground: Shadow, ended: Ended) -> Rerun:
    members = [cast(Members, orjson.loads(line)) for line in lines]
    rests = tuple(dict.fromkeys(ground.rests))
    result = shown(ended.result, None, b"")
    return Rerun(way_of(members), ended.kind, ended.name, result, tuple(lines), ground.unrecorded, rests)


def _untold(lines: Sequence[bytes], ground: Shadow | None, why: str) -> Rerun:
    way = way_of([cast(Members, orjson.loads(line)) for line in lines])
    rests = tuple(dict.fromkeys(ground.rests)) if ground else ()
    return Rerun(way, "", "", {}, tuple(lines), ground.unrecorded if ground else 0, rests, why)


# --- what came from outside ----------------------------------------------------------------------


def _coming(
    bench: Workbench, paused: Paused, outer: Iterator[Outer], replies: Mapping[Spot, Outcome]
) -> Iterator[tuple[str, list[Event]]]:
    """What the next segment begins with: the next that was recorded, as far as it answers what is asked now."""
    for part in outer:
        events: list[Event] = []
        for event, asked in part.events:
            if event.cancels:
                events.append(event)
            pending = next((each for each in paused.pending if each.ask.spot == event.spot), None)
            if pending is not None and event.reply is not None and event.spot is not None:
                reply = replies.get(event.spot, event.reply)
                if _answers(bench, pending, replace(event, reply=reply), asked, part.time):
                    events.append(replace(event, reply=reply))
        if events:
            yield part.time, events


def _answers(bench: Workbench, pending: Pending, event: Event, asked: bytes, time: str) -> bool:
    """Whether what came answers what is asked now: the same question, or a signal that the wait accepts, in time."""
    ask, reply = pending.ask, cast(Outcome, event.reply)
    if isinstance(ask, Effect):
        return asked == question(ask) and reply.name in ask.step.next
    over = instant(time) // 1000 >= pending.due
    if event.line["kind"] != "signal" or not isinstance(ask, Waiting):
        return over
    fields, actor = reply.outputs["event"], cast("dict[str, Value]", reply.outputs["actor"])
    sent = Sent(str(event.line["event"]), fields, actor, lambda secret: event.line["actor"], "")
    taken = accepted([pending], sent, time, b"").reply  # of its line nothing is looked at
    return not over and taken is not None and taken.name == reply.name


def question(ask: Effect) -> bytes:
    """What is asked of the outside, so that two questions can be compared."""
    return canonical([ask.step.side_effect, ask.step.operation, ask.inputs])


# --- what a record tells -------------------------------------------------------------------------


class _Noting(Recorded):
    """A recorded segment whose questions are noted beside its answers."""

    def __init__(self, answers: Sequence[Answered], noted: list[Asked]) -> None:
        super().__init__(answers)
        self._rest = iter(answers)
        self._noted = noted

    def answer(self, step: Storage, inputs: dict[str, Value]) -> Outcome:
        answered = next(self._rest, None)
        if answered is not None:
            self._noted.append(Asked(step.store, step.operation, shown(inputs, None, b""), answered))
        return super().answer(step, inputs)


def known_by_doing(bench: Workbench, graph: Graph, recording: Recording) -> Known:
    """What a recording tells, found by doing the run again on its own snapshot.

    Raises:
        Diverged: it is not the same.
    """
    asked, outer, asks = list[Asked](), list[Outer](), dict[Spot, bytes]()
    attempt = Attempt(graph, recording.given, bench.shop)
    result: Paused | Ended | None = None
    for number, part in enumerate(recording.parts):
        ground = _Noting(part.answers, asked)
        bench.machine.stands_on(ground)
        if number == 0:
            result = attempt.start(ground)
        elif isinstance(result, Paused) and all(_is_asked(result, event) for event in part.events):
            outer.append(Outer(part.time, tuple((event, _of(asks, event)) for event in part.events)))
            result = attempt.resume(ground, part.time, part.events)
        if isinstance(result, Paused):
            asks |= {each.ask.spot: question(each.ask) for each in result.pending if isinstance(each.ask, Effect)}
    if first_difference(recording.lines, attempt.made) is not None:
        raise Diverged("it does not do again what its record says")
    gave = shown(result.result, None, b"") if isinstance(result, Ended) else None
    return Known(graph.workflow, recording.given, tuple(asked), tuple(outer), gave)


def known_by_lines(workflow: str, recording: Recording) -> Known:
    """What a recording tells whose lines show everything."""
    asked: list[Asked] = []
    answers = iter(recording.parts[0].answers)
    for line in recording.lines:
        if b'"overridden":' in line:
            asked.append(Asked(OVERRIDES, LOOK, _appeal(orjson.loads(line), recording.given), next(answers)))
        if b'"store":' in line:
            for step in cast("list[Members]", orjson.loads(line).get("steps", [])):
                if "store" in step:
                    where = str(step["store"]), str(step["operation"])
                    asked.append(Asked(*where, step["inputs"], next(answers)))
    return Known(workflow, recording.given, tuple(asked))


def _appeal(line: Members, given: Given) -> Value:
    """What was asked where a request was kept out by rules that may be overridden, as `core.appeals` asks it."""
    overridden, refused = (cast("list[Members]", line.get(name, [])) for name in ("overridden", "refused"))
    rules = [each["rule"] for each in overridden] or [each["name"] for each in refused]
    return {"actor": given.actor["id"], "rules": rules, "time": given.facts["time"]}


def _is_asked(paused: Paused, event: Event) -> bool:
    return event.spot is None or any(each.ask.spot == event.spot for each in paused.pending)


def _of(asks: Mapping[Spot, bytes], event: Event) -> bytes:
    return asks.get(event.spot, b"") if event.spot else b""

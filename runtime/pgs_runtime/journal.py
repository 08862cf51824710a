"""What is kept of a segment so that it can be done again: the answers that it got, in clear.

The lines of a trace hide what carries a label; so they cannot be run again. What is kept here can: it lies in the store
beside the payload, is in no trace, and is believed only if it gives the recorded lines byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import orjson

from pgs_runtime.attempt import Attempt, Event, Given, Paused, Workshop
from pgs_runtime.calls import Configs
from pgs_runtime.grounds import Answered, Diverged, Recorded
from pgs_runtime.linked import Graph, Place
from pgs_runtime.redaction import Redactor
from pgs_runtime.requests import Spot
from pgs_runtime.stores.port import Kept, Run
from pgs_snapshot.canonical import canonical, digest
from pgs_snapshot.values import Outcome, Value

_OF_DOUBT = (b'"kind":"doubt"', b'"kind":"reconciled"')
_OF_A_SPOT = ("iteration", "node", "parent", "step", "undoing")
_OF_THE_CHAIN = ("digest", "n", "prev", "run", "segment", "time")


def kept_of(
    answers: Sequence[Answered], time: str, events: Sequence[Event] = (), configs: Configs | None = None
) -> bytes:
    """What is kept of a segment. `configs`: of the first one."""
    body: dict[str, Value] = {
        "answers": [[answer.outcome, answer.outputs, answer.writes] for answer in answers],
        "events": [_event(event) for event in events],
        "time": time,
    }
    if configs is not None:
        body["configs"] = cast(Value, dict(configs))
    return canonical(body)


def again(
    graph: Graph, run: Run, lines: Sequence[bytes], kept: Sequence[Kept], shop: Workshop
) -> tuple[Attempt, Paused]:
    """The attempt at a live run that has done its recorded segments, and what it waits for.

    Raises:
        Diverged: it does something else than what is recorded.
    """
    # Another process may have moved the run since it was read: what it has added is not looked at.
    lines = lines[: run.head.line + 1]
    kept = [segment for segment in kept if segment.line <= run.head.line]
    if not kept or kept[0].line != 0:
        raise Diverged("nothing is kept of its first segment")
    bodies = [cast("dict[str, Value]", orjson.loads(segment.body)) for segment in kept]
    attempt = Attempt(graph, _given(run, lines[0], bodies[0]), shop)
    paused = attempt.start(Recorded(_answers(bodies[0])))
    ends = [*(segment.line for segment in kept[1:]), run.head.line + 1]
    for segment, body, end in zip(kept, bodies, ends, strict=True):
        if segment.line:
            events = _events(cast("list[Value]", body["events"]), lines[segment.line :])
            paused = attempt.resume(Recorded(_answers(body)), str(body["time"]), events)
        if not isinstance(paused, Paused):
            raise Diverged(f"it ends within the segment of line {segment.line + 1}")
        if paused.stretch.lines != tuple(lines[segment.line : end]):
            raise Diverged(f"line {_first_other(paused.stretch.lines, lines[segment.line : end]) + segment.line + 1}")
    if not isinstance(paused, Paused) or len(lines) != run.head.line + 1 or paused.stretch.head != run.head.digest:
        raise Diverged("it has another head")
    return attempt, paused


def demand_payload(run: Run, first: bytes, redactor: Redactor) -> None:
    """Refuse a run whose payload is not the one that its first line tells of.

    Raises:
        Diverged: it is another.
    """
    told = orjson.loads(first)["header"]["payload_digest"]
    payload = cast(Value, orjson.loads(run.request.payload))
    if told not in (digest(run.request.payload), redactor.commit(payload)):
        raise Diverged("its payload is another")


def left_in(lines: Sequence[bytes]) -> set[str]:
    """The keys of the effects that were left to a person, and of which nobody has said since what to do."""
    left: dict[str, dict[str, Value]] = {}
    for line in lines:
        if not any(mark in line for mark in _OF_DOUBT):
            continue
        members = cast("dict[str, Value]", orjson.loads(line))
        if members["kind"] == "doubt":
            left[str(members["key"])] = _where(members)
        elif members["kind"] == "reconciled":
            left = {key: where for key, where in left.items() if where != _where(members)}
    return set(left)


def _where(members: dict[str, Value]) -> dict[str, Value]:
    """What a line says of the place of what was asked."""
    return {name: members[name] for name in _OF_A_SPOT if name in members}


def _given(run: Run, first: bytes, body: dict[str, Value]) -> Given:
    members = cast("dict[str, Value]", orjson.loads(first))
    header = cast("dict[str, Value]", members["header"])
    facts: dict[str, Value] = {"id": run.id, "started": header["started"], "time": body["time"]}
    return Given(
        run=run.id,
        header={name: value for name, value in members.items() if name not in _OF_THE_CHAIN},
        payload=cast(Value, orjson.loads(run.request.payload)),
        actor=cast("dict[str, Value]", orjson.loads(run.request.actor)),
        configs=cast("dict[str, dict[str, Value]]", body["configs"]),
        facts=facts,
    )


def _answers(body: dict[str, Value]) -> list[Answered]:
    answers = cast("list[tuple[str, dict[str, Value], int]]", body["answers"])
    return [Answered(*answer) for answer in answers]


def _event(event: Event) -> Value:
    reply: Value = [event.reply.name, event.reply.outputs] if event.reply else None
    return {"cancels": event.cancels, "reply": reply, "spot": _written(event.spot) if event.spot else None}


def _events(written: Sequence[Value], lines: Sequence[bytes]) -> list[Event]:
    """The events that a segment began with; what their lines tell stands in the first of its lines."""
    events: list[Event] = []
    for item, line in zip(cast("Sequence[dict[str, Value]]", written), lines, strict=False):
        members = cast("dict[str, Value]", orjson.loads(line))
        body = {name: value for name, value in members.items() if name not in _OF_THE_CHAIN}
        reply = cast("tuple[str, dict[str, Value]] | None", item["reply"])
        spot = _spot(cast("list[Value]", item["spot"])) if item["spot"] else None
        events.append(Event(body, spot, Outcome(reply[0], **reply[1]) if reply else None, bool(item["cancels"])))
    return events


def _written(spot: Spot) -> Value:
    return [list(spot.place.parents), list(spot.place.iterations), spot.node, spot.step, spot.undoing]


def _spot(written: list[Value]) -> Spot:
    parents, iterations, node, step, undoing = written
    place = Place(tuple(cast("list[str]", parents)), tuple(cast("list[int | None]", iterations)))
    return Spot(place, str(node), str(step), bool(undoing))


def _first_other(made: Sequence[bytes], recorded: Sequence[bytes]) -> int:
    pairs = zip(made, recorded, strict=False)
    return next((n for n, (one, other) in enumerate(pairs) if one != other), min(len(made), len(recorded)))

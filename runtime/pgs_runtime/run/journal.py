"""What is kept of a segment so that it can be done again: the answers that it got, in clear.

The lines of a trace hide what carries a label; so they cannot be run again. What is kept here can: it lies in the store
beside the payload, is in no trace, and is believed only if it gives the recorded lines byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias, cast

import orjson

from pgs_runtime.core.calls import Configs
from pgs_runtime.core.linked import Graph, Place, Storage
from pgs_runtime.core.requests import Spot
from pgs_runtime.faults import UNHIDDEN, Fault
from pgs_runtime.redaction import commit
from pgs_runtime.run.attempt import Attempt, Ended, Event, Given, Paused
from pgs_runtime.run.grounds import SUCCESS, Answered, Diverged, Recorded
from pgs_runtime.run.workshop import Workshop
from pgs_runtime.stores.port import Kept, Run
from pgs_runtime.stores.sealing import is_sealed
from pgs_snapshot.canonical import canonical, digest, digest_of
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Outcome, Value

OWN = "*"
"""Stands for the binding of a workflow whose graph is not at hand."""
_SHORTENED = b'"$digest":'
_ASKED = b'"store":'
_OVERRIDDEN = b'"overridden":'
_HIDDEN = b'"$redacted":'
_DIGEST = {"$digest", "size"}
_OF_DOUBT = (b'"kind":"doubt"', b'"kind":"reconciled"')
_OF_A_SPOT = ("iteration", "node", "parent", "step", "undoing")
_OF_THE_CHAIN = ("digest", "n", "prev", "run", "segment", "time")


@frozen
class Part:
    """A segment as it was recorded: its first line, its time, what it began with, and what the stores answered."""

    line: int
    time: str
    events: tuple[Event, ...]
    answers: tuple[Answered, ...]


@frozen
class Recording:
    """A run as it was recorded, in clear: what it started from, its segments, and the lines that they made.

    Those by which a person ended it as it stood were made by no segment, and are not among them.
    """

    given: Given
    parts: tuple[Part, ...]
    lines: tuple[bytes, ...]


class Untold(Exception):
    """The lines of a trace alone do not show what it takes to do the run again. The text follows a colon."""


# --- writing -------------------------------------------------------------------------------------

Heard: TypeAlias = tuple[Storage, Outcome | Fault, int, Sequence[str]]
"""What a step asked a store, what that answered, how many writes it took, and of whom it was the first to read."""


def kept_of(answers: Sequence[Heard], time: str, events: Sequence[Event] = (), configs: Configs | None = None) -> bytes:
    """What is kept of a segment. `configs`: of the first one."""
    body: dict[str, Value] = {
        "answers": [_answer(answer, writes, subjects) for _, answer, writes, subjects in answers],
        "events": [_event(event) for event in events],
        "time": time,
    }
    if configs is not None:
        body["configs"] = cast(Value, dict(configs))
    return canonical(body)


def tells_all(graph: Graph, result: Paused | Ended, answers: Sequence[Heard]) -> bool:
    """Whether the lines of a first segment show every answer, so that nothing has to be kept of it."""
    if graph.durable or graph.veiled or isinstance(result, Paused) or result.kind in ("FAULTED", "STOPPED"):
        return False
    for step, answer, writes, _ in answers:
        if step.gate == "admits" or bool(writes) != (step.writes and _name(answer) == SUCCESS):
            return False
    lines = b"".join(result.stretch.lines)
    return b"$" not in lines or _SHORTENED not in lines  # looking for one byte is a hundred times as fast


# --- reading -------------------------------------------------------------------------------------


def is_erased(run: Run, kept: Sequence[Kept]) -> bool:
    """Whether something that it takes to do a run again can be read by nobody any more."""
    return any(map(is_sealed, (run.request.payload, run.request.actor, *(each.body for each in kept))))


def recorded(run: Run, lines: Sequence[bytes], kept: Sequence[Kept]) -> Recording:
    """A run as its store has it, of which every segment was kept.

    Raises:
        Diverged: nothing is kept of one of its segments.
    """
    # Another process may have moved the run since it was read: what it has added is not looked at.
    lines = _made(lines[: run.head.line + 1])
    kept = [segment for segment in kept if segment.line <= run.head.line]
    if not kept or kept[0].line != 0:
        raise Diverged("nothing is kept of its first segment")
    of_segments = {segment.line for segment in kept}
    for number, line in enumerate(lines):
        # Older stores kept nothing of the segment that ended a run.
        if number not in of_segments and _begins_segment(line):
            raise Diverged(f"nothing is kept of its line {number + 1}")
    bodies = [cast("dict[str, Value]", orjson.loads(segment.body)) for segment in kept]
    parts = [
        Part(
            line=segment.line,
            time=str(body["time"]),
            events=tuple(_events(cast("list[Value]", body["events"]), lines[segment.line :])),
            answers=tuple(_answers(body)),
        )
        for segment, body in zip(kept, bodies, strict=True)
    ]
    configs = cast("dict[str, dict[str, Value]]", bodies[0]["configs"])
    return Recording(_given(lines[0], _payload(run), _actor(run), configs, parts[0].time), tuple(parts), lines)


def told(graph: Graph | None, lines: Sequence[bytes], run: Run | None = None) -> Recording:
    """A run of one segment as its lines tell it; `run`: as its store has it.

    Args:
        graph: the one that ran; None: it is not at hand, and nothing in the lines looks hidden.

    Raises:
        Untold: they do not show everything.
    """
    first = cast("dict[str, Value]", orjson.loads(lines[0]))
    header = cast("dict[str, Value]", first["header"])
    if graph is not None and graph.veiled:
        raise Untold("its workflow hides what carries a label")
    if any(map(_begins_segment, lines)):
        raise Untold("it has several segments")
    payload = _payload(run) if run else header["payload"]
    if run is None and header["payload_digest"] != digest_of(payload):
        shown = isinstance(header["payload_digest"], str) and _HIDDEN not in canonical(payload)
        raise Untold("its payload is not the one whose digest it has" if shown else "its payload is hidden")
    actor = _actor(run) if run else cast("dict[str, Value]", header["actor"])
    if run is None and _HIDDEN in canonical(actor):
        raise Untold("its actor is hidden")
    configs = {graph.binding if graph else OWN: header["config"]} if "config" in header else {}
    configs |= cast("dict[str, Value]", header.get("configs", {}))
    started = str(header["started"])
    given = _given(lines[0], payload, actor, cast("dict[str, dict[str, Value]]", configs), started)
    return Recording(given, (Part(0, started, (), tuple(_shown(lines))),), tuple(lines))


def again(
    graph: Graph, run: Run, lines: Sequence[bytes], kept: Sequence[Kept], shop: Workshop
) -> tuple[Attempt, Paused]:
    """The attempt at a live run that has done its recorded segments, and what it waits for.

    Raises:
        Diverged: it does something else than what is recorded.
        Fault: R134, by `demand_hidden`.
    """
    recording = recorded(run, lines, kept)
    lines = recording.lines
    attempt = Attempt(graph, recording.given, shop)
    ends = [*(part.line for part in recording.parts[1:]), run.head.line + 1]
    paused: Paused | Ended | None = None
    for part, end in zip(recording.parts, ends, strict=True):
        ground = Recorded(part.answers)
        paused = attempt.resume(ground, part.time, part.events) if part.line else attempt.start(ground)
        demand_hidden(paused)
        if not isinstance(paused, Paused):
            raise Diverged(f"it ends within the segment of line {part.line + 1}")
        if paused.stretch.lines != lines[part.line : end]:
            raise Diverged(f"line {first_other(paused.stretch.lines, lines[part.line : end]) + part.line + 1}")
    if not isinstance(paused, Paused) or len(lines) != run.head.line + 1 or paused.stretch.head != run.head.digest:
        raise Diverged("it has another head")
    return attempt, paused


def demand_hidden(again: Paused | Ended, was: Fault | None = None) -> None:
    """Refuse to judge what was done again while what hides labelled values broke: of the run that says nothing.

    Args:
        was: how the run ended, if by a fault.

    Raises:
        Fault: R134.
    """
    fault = again.fault if isinstance(again, Ended) else None
    if fault is not None and fault.code == UNHIDDEN and (was is None or was.code != UNHIDDEN):
        raise fault


def demand_payload(run: Run, first: bytes, shop: Workshop) -> None:
    """Refuse a run whose payload is not the one that its first line tells of.

    Raises:
        Diverged: it is another.
    """
    header = cast("dict[str, Value]", orjson.loads(first)["header"])
    secret = shop.keys_of(header).secret
    if header["payload_digest"] not in (digest(run.request.payload), commit(_payload(run), secret)):
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


def _begins_segment(line: bytes) -> bool:
    return b'"segment":' in line and "segment" in orjson.loads(line)


def _made(lines: Sequence[bytes]) -> tuple[bytes, ...]:
    """The lines without those by which a person has ended the run as it stood."""
    by_hand = len(lines) > 1 and orjson.loads(lines[-2])["kind"] == "abandon"
    return tuple(lines[:-2] if by_hand else lines)


def _payload(run: Run) -> Value:
    return cast(Value, orjson.loads(run.request.payload))


def _actor(run: Run) -> dict[str, Value]:
    return cast("dict[str, Value]", orjson.loads(run.request.actor))


def _given(first: bytes, payload: Value, actor: dict[str, Value], configs: Configs, time: str) -> Given:
    members = cast("dict[str, Value]", orjson.loads(first))
    header = cast("dict[str, Value]", members["header"])
    return Given(
        run=str(members["run"]),
        header={name: value for name, value in members.items() if name not in _OF_THE_CHAIN},
        payload=payload,
        actor=actor,
        configs=configs,
        facts={"id": str(members["run"]), "started": header["started"], "time": time},
    )


def _name(answer: Outcome | Fault) -> str:
    return answer.name if isinstance(answer, Outcome) else ""


def _answer(answer: Outcome | Fault, writes: int, subjects: Sequence[str]) -> Value:
    read: list[Value] = [[*subjects]] if subjects else []
    if isinstance(answer, Outcome):
        return [answer.name, answer.outputs, writes, *read]
    return ["", {"code": answer.code, "exit_code": int(answer.exit_code), "why": answer.message}, writes, *read]


def _answers(body: dict[str, Value]) -> list[Answered]:
    answers = cast("list[tuple[str, dict[str, Value], int]]", body["answers"])
    return [Answered(*answer) for answer in answers]


def _shown(lines: Sequence[bytes]) -> Iterator[Answered]:
    """What the lines show that stores answered, in order."""
    for line in lines:
        if _ASKED not in line and _OVERRIDDEN not in line:
            continue
        members = cast("dict[str, Value]", orjson.loads(line))
        if "overridden" in members:
            yield Answered(SUCCESS, {"overridden": members["overridden"]}, None)
        for step in cast("list[dict[str, Value]]", members.get("steps", [])):
            if "store" in step:
                outputs = cast("dict[str, Value]", step["outputs"])
                if outputs.keys() == _DIGEST:
                    raise Untold("what a store answered is too large to be shown")
                yield Answered(str(step["outcome"]), outputs, None)


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


def first_other(made: Sequence[bytes], recorded: Sequence[bytes]) -> int:
    pairs = zip(made, recorded, strict=False)
    return next((n for n, (one, other) in enumerate(pairs) if one != other), min(len(made), len(recorded)))

"""examine, for programs: a run as one JSON object (`pgs-examination/1`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import cast

from pgs_runtime.examine.dealings import steps
from pgs_runtime.examine.hints import hints
from pgs_runtime.examine.left import changes, emissions
from pgs_runtime.examine.reasons import Case, Meaning, because, cases, deciding
from pgs_runtime.examine.set_aside import as_values
from pgs_runtime.stores.port import Timing
from pgs_runtime.trace.reading import Decided, Passed, Trace
from pgs_runtime.trace.traced_outside import (
    Abandoned,
    Awaited,
    Cancelled,
    Doubted,
    Event,
    Exchange,
    Expired,
    Reconciled,
    Replied,
    Sent,
    Speaker,
    Spot,
)
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value

FORMAT = "pgs-examination/1"


def mattered(trace: Trace, meaning: Meaning) -> Passed | None:
    """The node that decided how the run ended, if a node did."""
    ending = trace.ending
    if ending is None or ending.is_fault or ending.kind == "CANCELLED":
        return None
    return deciding(trace, meaning)


def as_json(
    trace: Trace, snapshot: Snapshot | None = None, timing: Sequence[Timing] = (), doubt: str | None = None
) -> str:
    """The examination as one JSON object of ASCII characters, its members sorted; arguments as of `as_text`."""
    meaning = Meaning(snapshot, trace.header.workflow)
    node, ending = mattered(trace, meaning), trace.ending
    body: dict[str, Value] = {
        "actor": dict(trace.header.actor),
        "format": FORMAT,
        "hints": list(hints(trace, meaning)),
        "lines": trace.lines,
        "run": trace.header.run,
        "snapshot": trace.header.snapshot,
        "started": trace.header.started,
        "way": [{"node": node, "outcome": outcome} for node, outcome in trace.way],
        **({"called": called} if (called := list(_called(trace.passed, ()))) else {}),
        "workflow": trace.header.workflow,
    }
    if node is not None:
        body["decided_by"] = _decided_by(node, meaning)
    if ending is not None:
        body["effects"] = cast("dict[str, Value]", ending.effects)
        body["ended"] = {
            "kind": ending.kind,
            "name": ending.name,
            "node": ending.node,
            "undone": ending.undone,
        }
        if ending.is_fault:
            body["fault"] = {"code": ending.name, "exit_code": ending.exit_code, "why": ending.why}
    body |= _outside(trace, meaning) | as_values(trace)
    if doubt is not None:
        body["sound"] = not doubt
    if doubt:
        body["doubt"] = doubt
    if timing:
        body["micros"] = [{"line": time.line, "took": time.took} for time in timing]
    return json.dumps(body, sort_keys=True)


# --- the outside ---------------------------------------------------------------------------------


def _outside(trace: Trace, meaning: Meaning) -> dict[str, Value]:
    """How the run stands, what came from outside, what was taken back, what callees emitted: where there is any."""
    body: dict[str, Value] = {}
    if trace.ending is None:
        body["state"] = trace.state
        body["pending"] = [_pending(exchange) for exchange in trace.pending]
        body["steps"] = [{"command": step.command, "says": step.says} for step in steps(trace, meaning)]
    events = [_event(event) for segment in trace.segments for event in segment.events]
    if events:
        body["outside"] = list(events)
    if trace.taken_back:
        body["taken_back"] = list[Value](sorted(trace.taken_back))
    unknown = [change for change in changes(trace, meaning) if change.unknown]
    if unknown:
        body["unknown"] = [
            {"node": change.node, "operation": change.operation, "side_effect": change.where} for change in unknown
        ]
    within = [emission for emission in emissions(trace) if emission.within]
    if within:
        body["emitted_within"] = [
            {"event": emission.event, "fields": emission.fields, "within": emission.within} for emission in within
        ]
    return body


def _pending(exchange: Exchange) -> Value:
    ask = exchange.ask
    if isinstance(ask, Awaited):
        signals: list[Value] = [{"event": event, "name": name} for name, event in ask.signals]
        return {**_spot(ask.spot), "due": ask.due, "signals": signals}
    asked: dict[str, Value] = {"key": ask.key, "operation": ask.operation, "side_effect": ask.side_effect}
    return {**_spot(ask.spot), **asked, "in_doubt": exchange.in_doubt}


def _event(event: Event) -> Value:
    """One thing that came from outside; its kind is that of its line."""
    body: dict[str, Value] = {"line": event.n, "time": event.time}
    if not isinstance(event, Cancelled | Abandoned) and event.spot is not None:
        body |= _spot(event.spot)
    match event:
        case Sent():
            body |= {"kind": "signal", "event": event.event, "fields": event.fields, **_speaker(event.by)}
            if event.message is not None:
                body["message"] = {"n": event.message.n, "run": event.message.run, "workflow": event.message.workflow}
            if event.outcome:
                return body | {"outcome": event.outcome}
            refused = [{"node": each.node, "signal": each.signal, "why": each.why} for each in event.refused]
            return body | {"refused": cast(Value, refused)}
        case Replied():
            return body | {"kind": "reply", "outcome": event.outcome}
        case Reconciled():
            told: dict[str, Value] = {"kind": "reconciled", "as": event.verdict, "reason": event.reason}
            return body | told | _speaker(event.by) | ({"outcome": event.outcome} if event.outcome else {})
        case Abandoned():
            return body | {"kind": "abandon", "code": event.code, "reason": event.reason} | _speaker(event.by)
        case Cancelled():
            return body | {"kind": "cancel", "reason": event.reason} | _speaker(event.by)
        case Doubted():
            return body | {"kind": "doubt", "key": event.key, "why": event.why}
        case Expired():
            return body | {"kind": "expired"}


def _speaker(by: Speaker) -> dict[str, Value]:
    return {"actor": dict(by.actor), "authenticated_by": by.authenticated_by}


def _spot(spot: Spot) -> dict[str, Value]:
    """Where something was asked: the path of the node, and the step."""
    body: dict[str, Value] = {"at": spot.path, "node": spot.node}
    if spot.step:
        body["step"] = spot.step
    if spot.undoing:
        body["undoing"] = True
    return body


# --- the way -------------------------------------------------------------------------------------


def _called(passed: Sequence[Passed], parents: tuple[Value, ...]) -> Iterator[Value]:
    """Every workflow that was called, in the order in which they ended, with its way."""
    for node in passed:
        for inner in node.inside:
            here: Value = node.node if inner.iteration is None else f"{node.node}[{inner.iteration}]"
            yield from _called(inner.passed, (*parents, here))
            told: dict[str, Value] = {
                "at": [*parents, here],
                "way": [{"node": each.node, "outcome": each.outcome} for each in inner.passed if not each.undoes],
                "workflow": inner.workflow,
            }
            back = list[Value](sorted(each.node for each in inner.passed if each.took_back))
            if back:
                told["taken_back"] = back
            if inner.ending is not None:
                end = inner.ending
                told["ended"] = {"kind": end.kind, "name": end.name, "node": end.node, "undone": end.undone}
            yield told


def _decided_by(passed: Passed, meaning: Meaning) -> Value:
    node = meaning.node(passed.node)
    decided: dict[str, Value] = {
        "node": passed.node,
        "outcome": passed.outcome,
        "why": list(because(passed, meaning, str, str)),
    }
    if node is not None:
        decided["at"] = node.at
    step = passed.steps[-1] if passed.steps and not passed.refused else None
    if isinstance(step, Decided):
        decided["cases"] = [_case(case) for case in cases(step, meaning.contract(passed.target))]
    return decided


def _case(case: Case) -> Value:
    compared: list[Value] = [
        {
            "held": item.held,
            "op": item.op,
            "operands": [{"from": operand.name, "value": operand.value} for operand in item.operands],
        }
        for item in case.comparisons
    ]
    return {
        "at": case.at,
        "compared": compared,
        "held": case.held,
        "number": case.number,
        "outcome": case.outcome,
    }

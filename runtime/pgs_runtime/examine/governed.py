"""Processes and rules at gates, in words: what was changed, and which rules did not hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from pgs_runtime.examine.words import Code, words_for
from pgs_runtime.redaction import REDACTED
from pgs_runtime.trace.traced import Computed, Passed, Stored
from pgs_snapshot.values import Value, same

MOST = 20
"""Changes of one process that are told."""


def body(passed: Passed) -> Computed | None:
    """The step of a process's node that is the process itself."""
    steps = (step for step in passed.steps if isinstance(step, Computed))
    return next(steps, None) if passed.kind == "process" else None


def violations(passed: Passed, code: Code) -> Iterator[str]:
    """The rules of a node's gates that did not hold."""
    for step in passed.steps:
        if (isinstance(step, Computed) and passed.kind == "process") or _is_gate(step):
            outputs = step.outputs if isinstance(step, Computed | Stored) else None
            for rule in cast("list[dict[str, Value]]", _part(outputs, "audit") or []):
                yield _rule(rule, code)
    for found in passed.audit:
        yield _rule({**found._asdict(), "count": found.times}, code)


def blocked(passed: Passed) -> bool:
    """Whether rules ended a node."""
    return passed.outcome == "BLOCKED" and any(_is_gate(step) or isinstance(step, Computed) for step in passed.steps)


def account(passed: Passed, run: Computed, code: Code) -> Iterator[str]:
    """What a process did, an item each."""
    stored = next((step for step in passed.steps if isinstance(step, Stored)), None)
    of = ""
    if stored is not None:
        session = _part(stored.inputs, "session")
        called = code(session) if isinstance(session, str) else words_for(session, code)
        of = f" over {code(stored.store)}, session {called}"
    yield f"{code(run.transform)}{of}: {code(run.outcome)}"
    yield from (f"the rule {said}" for said in violations(passed, code))
    delta = cast("list[dict[str, Value]]", _part(run.outputs, "delta") or [])
    changes = [change for change in delta if change["op"] != "SET" or not same(change.get("old"), change.get("new"))]
    yield from (_change(change, code) for change in changes[:MOST])
    if len(changes) > MOST:
        yield f"and {len(changes) - MOST} more changes, which are in the trace"
    for path in cast("dict[str, Value]", _part(run.outputs, "signals") or {}):
        yield f"set the signal {code(path)}"


def _change(change: dict[str, Value], code: Code) -> str:
    where = code(str(change["path"]))
    if "old" in change and "new" in change:
        if isinstance(change["new"], dict) and REDACTED in change["new"]:
            return f"changed {where}, which is not shown"
        return f"changed {where} from {words_for(change['old'], code)} to {words_for(change['new'], code)}"
    if "new" in change:
        return f"set {where} to {words_for(change['new'], code)}"
    return f"{str(change['op']).lower()} {where}"


def _rule(rule: dict[str, Value], code: Code) -> str:
    saw = f" is {words_for(rule['value'], code)}" if rule.get("value") is not None else ""
    about = f"level {rule['level']}, violation {rule['count']} of {rule['of']}{', so it acts' if rule['acts'] else ''}"
    return f"at {code(str(rule['rule']))} does not hold: {code(str(rule['field']))}{saw} ({about})"


def _is_gate(step: object) -> bool:
    return isinstance(step, Stored) and step.operation == "JUDGE"


def _part(value: Value, name: str) -> Value:
    return value.get(name) if isinstance(value, dict) else None

"""The first difference of two traces of one run: where it is, and what kind of thing differs there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, cast

import orjson

from pgs_runtime.redaction import REDACTED
from pgs_snapshot.canonical import canonical, digest_of
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Value, same

Cause: TypeAlias = Literal["input", "definition", "context", "effect result", "clock", "fingerprint"]
"""What differs first.

* `input`: what the run was given: payload, actor, configuration, a signal;
* `definition`: what the snapshot makes of it: another graph, or a transform with another result;
* `context`: what a store answered;
* `effect result`: what somebody outside answered;
* `clock`: the time;
* `fingerprint`: what the run ran on.
"""

_CHAIN = ("digest", "n", "prev", "run")
_FIRST = (
    "kind", "parent", "iteration", "node", "step", "undoing", "time", "segment", "target", "inputs", "refused", "steps",
    "outcome", "outputs",
)  # fmt: skip
_BY_KIND: dict[str, Cause] = {
    "reply": "effect result",
    "doubt": "effect result",
    "reconciled": "effect result",
    "signal": "input",
    "cancel": "input",
    "expired": "clock",
}
CAME = frozenset(_BY_KIND)
"""The kinds of lines that tell what came from outside."""

_BY_HEADER: dict[str, Cause] = {"snapshot": "definition", "workflow": "definition", "started": "clock"}


@frozen
class Difference:
    """Where what was done again is not what was recorded.

    Attributes:
        line: counted from 1, as in the file.
        node: "" where the line has none.
        at: a JSON Pointer (RFC 6901) into the line; "" for the whole.
        expected, actual: what stands there; None: nothing.
        why: a sentence.
    """

    line: int
    node: str
    cause: Cause
    at: str
    expected: Value
    actual: Value
    why: str


def first_difference(recorded: Sequence[bytes], made: Sequence[bytes], first: int = 0) -> Difference | None:
    """The first difference from line `first` on, counted from 0; None: there is none."""
    for n in range(first, max(len(recorded), len(made))):
        expected = recorded[n] if n < len(recorded) else None
        actual = made[n] if n < len(made) else None
        if expected != actual:
            return _difference(n + 1, _members(expected), _members(actual))
    return None


def of_header(expected: dict[str, Value], actual: dict[str, Value]) -> Difference | None:
    """The first member of a header that is not what the run was given."""
    for name in ("snapshot", "workflow", *sorted({*expected, *actual})):
        if not same(expected.get(name), actual.get(name)):
            at, was, now = parting(expected.get(name), actual.get(name), f"/header/{name}")
            cause = _BY_HEADER.get(name, "input")
            return Difference(1, "", cause, at, was, now, f"The `{name}` is not the one that the first line tells of.")
    return None


def of_payload(header: dict[str, Value]) -> Difference | None:
    """How the payload that a header shows whole is not the one whose digest stands beside it."""
    payload, told = header["payload"], header["payload_digest"]
    found = digest_of(payload)
    if found == told or not isinstance(told, str) or REDACTED.encode() in canonical(payload):
        return None
    return Difference(1, "", "input", "/header/payload_digest", told, found, "The digest is that of another payload.")


def parting(expected: Value, actual: Value, at: str = "") -> tuple[str, Value, Value]:
    """The innermost place at which two values differ first, with what stands there; they differ."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        known = [name for name in _FIRST if name in expected or name in actual]
        for name in [*known, *sorted({*expected, *actual} - set(known))]:
            if name not in expected or name not in actual or not same(expected[name], actual[name]):
                token = name.replace("~", "~0").replace("/", "~1")
                return parting(expected.get(name), actual.get(name), f"{at}/{token}")
    if isinstance(expected, list) and isinstance(actual, list):
        for n, (one, other) in enumerate(zip(expected, actual, strict=False)):
            if not same(one, other):
                return parting(one, other, f"{at}/{n}")
        shorter = min(len(expected), len(actual))
        return f"{at}/{shorter}", _item(expected, shorter), _item(actual, shorter)
    return at, expected, actual


def cause_at(expected: dict[str, Value], at: str, actual: dict[str, Value]) -> Cause:
    """What kind of thing differs between two lines at a pointer."""
    if at in ("/time", "/segment"):
        return "clock"
    by_kind = _BY_KIND.get(str(expected.get("kind")))
    if by_kind is not None:
        return by_kind
    tokens = at.split("/")[1:]
    if not same(expected.get("overridden"), actual.get("overridden")):
        return "context"
    if tokens[:1] == ["steps"] and len(tokens) > 2:
        was, now = (cast("list[dict[str, Value]]", each["steps"])[int(tokens[1])] for each in (expected, actual))
        asked = ("step", "store", "operation", "inputs")
        if "store" in was and all(same(was.get(name), now.get(name)) for name in asked):
            return "context"
    return "definition"


def _difference(line: int, expected: dict[str, Value] | None, actual: dict[str, Value] | None) -> Difference:
    if expected is None or actual is None:
        there = cast("dict[str, Value]", expected or actual)
        why = "The record has no such line." if expected is None else "The run ends before it."
        cause = _BY_KIND.get(str(there.get("kind")), "definition")
        return Difference(line, str(there.get("node", "")), cause, "", expected, actual, why)
    at, was, now = parting(expected, actual)
    cause = cause_at(expected, at, actual)
    return Difference(line, str(expected.get("node", "")), cause, at, was, now, _WHY[cause])


_WHY: dict[Cause, str] = {
    "input": "Something else was sent.",
    "definition": "The snapshot makes something else of what was recorded.",
    "context": "A store answered something else.",
    "effect result": "Somebody outside answered something else.",
    "clock": "It was another time.",
    "fingerprint": "It ran on something else.",
}


def _members(line: bytes | None) -> dict[str, Value] | None:
    """The members of a line, without those that tie it to the line before."""
    if line is None:
        return None
    members = cast("dict[str, Value]", orjson.loads(line))
    return {name: value for name, value in members.items() if name not in _CHAIN}


def _item(items: list[Value], n: int) -> Value:
    return items[n] if n < len(items) else None

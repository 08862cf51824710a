"""Expressions and conditions as closures over a frame: a list of values, one a slot.

Nothing is parsed or looked up by name here; every path was resolved by the compiler. A member that is absent
although the compiler found it always present raises `Missing`: there is no `None` that travels on. A slot
that holds nothing yet holds `ABSENT`; the frame of a contract grows with its steps, and what lies beyond its end
is absent as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias, cast

from pgs_snapshot import model
from pgs_snapshot.frozen import frozen
from pgs_snapshot.model import Condition, Expr
from pgs_snapshot.validation import matcher
from pgs_snapshot.values import Value, same

Frame: TypeAlias = list[Value]
Get: TypeAlias = Callable[[Frame], Value]


class Missing(Exception):
    """The snapshot promises a value, a case or an edge that is not there. The text holds no value."""


class Absent:
    """What an optional reference gives when its member is not there."""


ABSENT = cast(Value, Absent())


def getter(expr: Expr) -> Get:
    """A function that evaluates an expression; optional references and queries may give `ABSENT`."""
    match expr:
        case model.Literal_(literal):
            return lambda frame: literal
        case model.Ref():
            return _reference(expr)
        case model.Query(slot, path):
            return _query(slot, path)
        case model.Default(value, otherwise):
            first, second = getter(replace(value, optional=True)), getter(otherwise)
            return lambda frame: second(frame) if (found := first(frame)) is ABSENT else found
        case model.Text(parts):
            gets = tuple(_present(part) for part in parts)
            return lambda frame: "".join([_written(get(frame)) for get in gets])
        case model.Items(items):
            inner = tuple(_present(item) for item in items)
            return lambda frame: [get(frame) for get in inner]
        case model.Record(members):
            return cast(Get, record(members))


def _present(expr: Expr) -> Get:
    """A function that evaluates an expression where a value has to be."""
    get = getter(expr)
    if not _optional(expr):
        return get

    def present(frame: Frame) -> Value:
        value = get(frame)
        if value is ABSENT:
            raise Missing("nothing at an optional reference, where a value has to be")
        return value

    return present


def _optional(expr: Expr) -> bool:
    """Whether an expression may give `ABSENT`."""
    match expr:
        case model.Default(_, otherwise):
            return _optional(otherwise)
        case model.Ref():
            return expr.optional
    return isinstance(expr, model.Query)


def _written(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Missing("a text is made of strings and integers, and something else is there")


def record(members: Mapping[str, Expr]) -> Callable[[Frame], dict[str, Value]]:
    """A function that builds an object; a member whose reference is absent is left out."""
    gets = tuple((name, getter(expr)) for name, expr in members.items())
    if not gets:
        return _nothing
    if any(map(_optional, members.values())):
        return lambda frame: {name: value for name, get in gets if (value := get(frame)) is not ABSENT}
    if len(gets) == 1:
        ((only, value),) = gets
        return lambda frame: {only: value(frame)}
    return lambda frame: {name: get(frame) for name, get in gets}


def _nothing(frame: Frame) -> dict[str, Value]:
    return {}


def _reference(ref: model.Ref) -> Get:
    slot, path = ref.slot, ref.path
    if ref.optional:
        return lambda frame: _walk(frame[slot], path, ABSENT) if slot < len(frame) else ABSENT
    if len(path) == 1 and isinstance(path[0], str):
        # A member of a record: by far the most references, and the least work.
        name = path[0]

        def member(frame: Frame) -> Value:
            try:
                return frame[slot][name]  # type: ignore[call-overload, index]
            except (KeyError, TypeError):
                raise Missing(f"nothing at {name!r}") from None

        return member

    def present(frame: Frame) -> Value:
        value = _walk(frame[slot], path, None)
        if value is ABSENT:
            raise Missing("a node or a step that did not run has no result")
        return value

    return present


def _walk(value: Value, path: Sequence[str | int], otherwise: Value) -> Value:
    for step in path:
        if isinstance(value, dict if isinstance(step, str) else list):
            try:
                value = value[step]  # type: ignore[index]
                continue
            except (KeyError, IndexError):
                pass
        if otherwise is ABSENT:
            return ABSENT
        raise Missing(f"nothing at {step!r}")
    return value


def _query(slot: int, path: Sequence[str | int | model.Slice | model.Wildcard]) -> Get:
    """The list of what is selected; `ABSENT` where a value on the way has another shape than it asks for."""

    def select(frame: Frame) -> Value:
        selected = [frame[slot]]
        for step in path:
            found: list[Value] = []
            for value in selected:
                inner = _selected(value, step)
                if inner is None:
                    return ABSENT
                found += inner
            selected = found
        return selected

    return select


def _selected(value: Value, step: str | int | model.Slice | model.Wildcard) -> list[Value] | None:
    if isinstance(step, str | int):
        found = _walk(value, (step,), ABSENT)
        return None if found is ABSENT else [found]
    if not isinstance(value, list):
        return None
    if isinstance(step, model.Wildcard):
        return value
    return value[step.start : step.stop : step.step] if step.step else []


# --- conditions ----------------------------------------------------------------------------------


@frozen
class Looked:
    """A comparison that was evaluated: the values that it saw and whether it held."""

    comparison: model.Compare
    values: tuple[Value, ...]
    held: bool


Seen: TypeAlias = list[Looked]
Judge: TypeAlias = Callable[[Frame, Seen], bool]
"""Whether a condition holds in a frame; every comparison that it looks at is appended to the list."""


def judge(condition: Condition) -> Judge:
    """A function that decides a condition and notes what it looked at, in that order."""
    match condition:
        case model.All(conditions):
            every = tuple(judge(inner) for inner in conditions)
            return lambda frame, seen: all(inner(frame, seen) for inner in every)
        case model.Any_(conditions):
            some = tuple(judge(inner) for inner in conditions)
            return lambda frame, seen: any(inner(frame, seen) for inner in some)
        case model.Not(inner):
            negated = judge(inner)
            return lambda frame, seen: not negated(frame, seen)
        case model.Compare():
            return _compare(condition)


def _compare(comparison: model.Compare) -> Judge:
    if comparison.op == "exists":
        get = getter(_asked(comparison.operands))

        def exists(frame: Frame, seen: Seen) -> bool:
            held = get(frame) is not ABSENT
            seen.append(Looked(comparison, (), held))
            return held

        return exists
    decide = _operator(comparison)
    left, right = (_present(operand) for operand in comparison.operands)

    def compare(frame: Frame, seen: Seen) -> bool:
        a, b = left(frame), right(frame)
        held = decide(a, b)
        seen.append(Looked(comparison, (a, b), held))
        return held

    return compare


def _asked(operands: tuple[Expr, ...]) -> model.Ref:
    """The reference that `exists` asks about."""
    match operands:
        case (model.Ref() as ref,):
            return replace(ref, optional=True)
    raise AssertionError("`exists` asks about one reference")  # T412 of the compiler


def _operator(comparison: model.Compare) -> Callable[[Value, Value], bool]:
    if comparison.op == "matches":
        return _matcher(comparison.operands[1])
    decide = _OPERATORS[comparison.op]
    if comparison.instants:
        return lambda a, b: decide(instant(a), instant(b))
    return decide


def _matcher(pattern: Expr) -> Callable[[Value, Value], bool]:
    if not isinstance(pattern, model.Literal_):
        raise AssertionError("the pattern of `matches` is written out")  # T412 of the compiler
    matches = matcher(cast(str, pattern.literal))
    return lambda a, b: isinstance(a, str) and matches(a)


_MOMENT = re.compile(r"(.{19})(?:\.([0-9]+))?(.+)")


def instant(value: Value) -> int:
    """An RFC 3339 time as nanoseconds since 1970 UTC: `datetime` would cut the last three of nine digits."""
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    try:
        moment = datetime.fromisoformat(found[1] + found[3]) if found else None
    except ValueError:
        moment = None
    if found is None or moment is None or moment.tzinfo is None:
        raise Missing("a time is compared, and something else is there")
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 10**9 + int((found[2] or "").ljust(9, "0"))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _contains(value: Value, members: Value) -> bool:
    if not isinstance(members, list):
        raise Missing("a member of a list is sought, and something else is there")
    return any(same(value, member) for member in members)


def _order(a: Value, b: Value) -> int:
    """Below, at or above 0, as `a` is less than, equal to or more than `b`."""
    if isinstance(a, str) and isinstance(b, str):
        return (a > b) - (a < b)
    if type(a) in _NUMBERS and type(b) in _NUMBERS:
        left, right = cast(float, a), cast(float, b)
        return (left > right) - (left < right)
    raise Missing("two numbers or two dates are compared, and something else is there")


_NUMBERS = (int, float)
_OPERATORS: dict[str, Callable[[Value, Value], bool]] = {
    "eq": same,
    "ne": lambda a, b: not same(a, b),
    "lt": lambda a, b: _order(a, b) < 0,
    "le": lambda a, b: _order(a, b) <= 0,
    "gt": lambda a, b: _order(a, b) > 0,
    "ge": lambda a, b: _order(a, b) >= 0,
    "in": _contains,
    "not_in": lambda a, b: not _contains(a, b),
}

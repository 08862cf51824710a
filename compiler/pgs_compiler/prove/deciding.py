"""Decisions that depend on how earlier steps ended: which of their cases are possible then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pgs_snapshot.model import All, Any_, Compare, Condition, DecideStep, Expr, Items, Literal_, Not, Ref
from pgs_snapshot.values import Value, same

_UNKNOWN = object()


def possible(step: DecideStep, slots: Sequence[str], ended: Mapping[str, str]) -> tuple[str, ...]:
    """The outcomes that a decision can have, where `ended` says how earlier steps ended."""
    known = {slots.index(f"steps.{name}.outcome"): outcome for name, outcome in ended.items()}
    found: list[str] = []
    for case in step.cases:
        holds = True if case.when is None else _holds(case.when, known)
        if holds is not False:
            found.append(case.outcome)
        if holds is True:
            break
    return tuple(dict.fromkeys(found))


def decided_by(step: DecideStep) -> frozenset[int]:
    """The slots that the conditions of a decision look at as a whole."""
    operands = (operand for case in step.cases for operand in operands_of(case.when))
    return frozenset(operand.slot for operand in operands if isinstance(operand, Ref) and not operand.path)


def _holds(condition: Condition, known: Mapping[int, str]) -> bool | None:
    """Whether a condition holds; None where that does not follow from what is known."""
    match condition:
        case Compare(op=op, operands=(left, right)) if op in ("eq", "ne", "in", "not_in"):
            return _compared(op, _value(left, known), _value(right, known))
        case Compare():
            return None
        case Not(condition=inner):
            answer = _holds(inner, known)
            return None if answer is None else not answer
        case All(conditions=conditions):
            answers = [_holds(inner, known) for inner in conditions]
            return False if False in answers else None if None in answers else True
        case Any_(conditions=conditions):
            answers = [_holds(inner, known) for inner in conditions]
            return True if True in answers else None if None in answers else False


def _compared(op: str, left: object, right: object) -> bool | None:
    if left is _UNKNOWN or right is _UNKNOWN:
        return None
    if op in ("eq", "ne"):
        return same(_plain(left), _plain(right)) == (op == "eq")
    return any(same(_plain(left), member) for member in right) == (op == "in") if isinstance(right, list) else None


def _plain(value: object) -> Value:
    return value  # type: ignore[return-value]


def _value(expr: Expr, known: Mapping[int, str]) -> object:
    """The value of an expression, as far as it is written out or is a known outcome."""
    match expr:
        case Literal_(literal=value):
            return value
        case Ref(slot=slot, path=()) if slot in known:
            return known[slot]
        case Items(items=items):
            values = [_value(item, known) for item in items]
            return _UNKNOWN if _UNKNOWN in values else values
    return _UNKNOWN


def operands_of(condition: Condition | None) -> tuple[Expr, ...]:
    """Every operand of a condition, in order."""
    match condition:
        case Compare(operands=operands):
            return operands
        case Not(condition=inner):
            return operands_of(inner)
        case All(conditions=conditions) | Any_(conditions=conditions):
            return tuple(operand for inner in conditions for operand in operands_of(inner))
    return ()

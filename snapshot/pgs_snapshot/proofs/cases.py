"""Decisions by how earlier steps of a contract ended: which outcomes they can have then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pgs_snapshot import model
from pgs_snapshot.values import Value, same

_ROOM = 256  # ways to end that are told apart behind the steps of one contract


def remembered(contract: model.Contract) -> list[str]:
    """The steps by whose outcomes later steps decide, as far as there is room for."""
    decisions = (step for step in contract.steps if isinstance(step, model.DecideStep))
    found = (expr for step in decisions for case in step.cases for expr in operands(case.when))
    asked = {expr.slot for expr in found if isinstance(expr, model.Ref) and not expr.path}
    room, kept = _ROOM, []
    for step in contract.steps:
        if contract.slots.index(f"steps.{step.name}.outcome") in asked:
            room //= max(1, list(step.next.values()).count(None))
            if not room:
                break
            kept.append(step.name)
    return kept


def cases(step: model.DecideStep, known: Mapping[int, str]) -> list[str]:
    """The outcomes that a decision can have, where `known` has the outcomes of earlier steps by slot."""
    found: list[str] = []
    for case in step.cases:
        truth = True if case.when is None else _truth(case.when, known)
        if truth is not False and case.outcome not in found:
            found.append(case.outcome)
        if truth:
            break
    return found


def operands(condition: model.Condition | None) -> Iterator[model.Expr]:
    """Every operand of a condition."""
    if isinstance(condition, model.Compare):
        yield from condition.operands
    elif isinstance(condition, model.Not):
        yield from operands(condition.condition)
    elif condition is not None:
        for inner in condition.conditions:
            yield from operands(inner)


def _truth(condition: model.Condition, known: Mapping[int, str]) -> bool | None:
    """None where it does not follow from what is known."""
    if isinstance(condition, model.Not):
        inner = _truth(condition.condition, known)
        return None if inner is None else not inner
    if isinstance(condition, model.Compare):
        values = [value for expr in condition.operands for value in _values(expr, known)]
        return _compare(condition.op, *values) if len(values) == len(condition.operands) == 2 else None
    truths = {_truth(inner, known) for inner in condition.conditions}
    decisive = isinstance(condition, model.Any_)
    return decisive if decisive in truths else None if None in truths else not decisive


def _compare(op: str, left: Value, right: Value) -> bool | None:
    if op in ("eq", "ne"):
        return same(left, right) is (op == "eq")
    if op in ("in", "not_in") and isinstance(right, list):
        return any(same(left, member) for member in right) is (op == "in")
    return None


def _values(expr: model.Expr, known: Mapping[int, str]) -> list[Value]:
    """The one value that an expression surely has, or none."""
    if isinstance(expr, model.Literal_):
        return [expr.literal]
    if isinstance(expr, model.Ref):
        return [known[expr.slot]] if expr.slot in known and not expr.path else []
    if isinstance(expr, model.Items):
        items = [value for item in expr.items for value in _values(item, known)]
        return [items] if len(items) == len(expr.items) else []
    return []

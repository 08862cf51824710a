"""Whether the cases of a decision cover everything without an `otherwise`."""

from __future__ import annotations

from pgs_compiler.declarations import CaseSyntax, Comparison, Junction, Reference, ValueSyntax
from pgs_compiler.elaborate.values import Elaborator
from pgs_compiler.schemas.anatomy import members_of, types_of
from pgs_snapshot.canonical import canonical
from pgs_snapshot.model import Literal_
from pgs_snapshot.values import Value


def uncovered(cases: tuple[CaseSyntax, ...], values: Elaborator) -> tuple[Value, ...] | None:
    """The members of one enumeration that no case names; None where the cases do not speak of just one."""
    quiet = values.quiet()
    named: set[bytes] = set()
    asked: set[str] = set()
    members: tuple[Value, ...] | None = None
    for case in cases:
        equality = _equality(case, quiet)
        if equality is None:
            return None
        reference, found = equality
        asked.add(reference.text)
        named |= found
        members = _members(reference, quiet)
    if members is None or len(asked) > 1:
        return None
    return tuple(member for member in members if canonical(member) not in named)


def _members(reference: Reference, values: Elaborator) -> tuple[Value, ...] | None:
    typed = values.reference(reference)
    if typed is None:
        return None
    return (False, True) if types_of(typed.schema) == ("boolean",) else members_of(typed.schema)


def _equality(case: CaseSyntax, values: Elaborator) -> tuple[Reference, set[bytes]] | None:
    """`eq: [reference, constant]` or `in: [reference, constants]`: the reference and the constants."""
    when = case.when
    if isinstance(when, Junction) and len(when.conditions) == 1 and isinstance(when.conditions[0], Comparison):
        when = when.conditions[0]
    if not isinstance(when, Comparison) or when.op not in ("eq", "in"):
        return None
    left, right = when.operands
    if isinstance(right, Reference) and when.op == "eq":
        left, right = right, left
    constant = _constant(right, values)
    if not isinstance(left, Reference) or constant is None:
        return None
    value = constant.literal
    found = value if when.op == "in" and isinstance(value, list) else [value]
    return left, {canonical(item) for item in found}


def _constant(syntax: ValueSyntax, values: Elaborator) -> Literal_ | None:
    typed = None if isinstance(syntax, Reference) else values.value(syntax)
    return typed.expr if typed and isinstance(typed.expr, Literal_) else None

"""Whether the cases of a decision cover everything without an `otherwise`."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pgs_compiler.declarations import CaseSyntax, Comparison, Junction, Reference, ValueSyntax
from pgs_compiler.elaborate.values import Elaborator
from pgs_compiler.names import NODE, OUTCOME
from pgs_compiler.scalars import Plain, resolve
from pgs_compiler.schemas.anatomy import members_of, types_of
from pgs_snapshot.canonical import canonical
from pgs_snapshot.model import Literal_
from pgs_snapshot.values import Value

_WRITTEN_OUT = 6


@dataclass(frozen=True, slots=True)
class Left:
    """The members of one enumeration that no case names, and the reference that the cases ask about."""

    asked: str
    members: tuple[Value, ...]

    def case(self, outcome: str) -> str:
        """The case to add for all of them; "" where it is too long to type, or they are not to be written so.

        `outcome` is what it ends as, "" for the member's own name if it can be an outcome.
        """
        if not 0 < len(self.members) <= _WRITTEN_OUT or not all(map(_writable, self.members)):
            return ""
        (first, *more), asked = map(_written, self.members), self.asked
        single = first if not more and OUTCOME.accepts(first) else "OTHER"
        asked = asked if "[" not in asked else json.dumps(asked)
        what = f"in: [{asked}, [{', '.join((first, *more))}]]" if more else f"eq: [{asked}, {first}]"
        return f"- {outcome or single}: {{{what}}}"


def _writable(member: Value) -> bool:
    """Whether the member, written as a constant, is read as one."""
    return not isinstance(member, list | dict) and not (isinstance(member, str) and member.startswith("$"))


def _written(member: Value) -> str:
    if (
        isinstance(member, str)
        and (NODE.accepts(member) or OUTCOME.accepts(member))
        and resolve(member) == Plain(member)
    ):
        return member
    return json.dumps(member, ensure_ascii=False)


def uncovered(cases: tuple[CaseSyntax, ...], values: Elaborator) -> Left | None:
    """What no case covers of one enumeration; None where the cases do not speak of just one."""
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
    return Left(asked.pop(), tuple(member for member in members if canonical(member) not in named))


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

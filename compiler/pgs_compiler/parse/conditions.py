"""Conditions: typed operators over values, as data."""

from __future__ import annotations

from typing import cast

from pgs_compiler.declarations import Comparison, ConditionSyntax, Junction, Negation, ValueSyntax
from pgs_compiler.parse.values import value
from pgs_compiler.shape import Fields
from pgs_compiler.source import Entry, Mapping, Sequence, Tree
from pgs_snapshot.model import Operator
from pgs_snapshot.suggest import nearest

ARITY = {
    "eq": 2,
    "ne": 2,
    "lt": 2,
    "le": 2,
    "gt": 2,
    "ge": 2,
    "in": 2,
    "not_in": 2,
    "matches": 2,
    "exists": 1,
}
OPERATORS = (*ARITY, "all", "any", "not")
_ALIASES = {
    "=": "eq",
    "==": "eq",
    "equals": "eq",
    "is": "eq",
    "!=": "ne",
    "neq": "ne",
    "<": "lt",
    "<=": "le",
    "lte": "le",
    ">": "gt",
    ">=": "ge",
    "gte": "ge",
    "and": "all",
    "or": "any",
    "regex": "matches",
    "pattern": "matches",
    "contains": "in",
}
"""What other languages call these operators."""


def means_operator(word: str) -> bool:
    """Whether a word is meant as an operator: one of ours, or what another language calls it, in any letters."""
    return word.lower() in (*OPERATORS, *_ALIASES)


def condition(tree: Tree, fields: Fields) -> ConditionSyntax | None:
    """`{operator: operands}`. None after a finding."""
    mapping = fields.shape(tree, Mapping, "a condition")
    if mapping is None:
        return None
    if len(mapping.entries) != 1:
        fields.report.add(
            "D212",
            "A condition is one operator with its operands.",
            mapping.place,
            f"{len(mapping.entries)} keys",
            "Join several with `all: […]`." if mapping.entries else "",
        )
        return None
    entry = mapping.entries[0]
    if entry.name in ("all", "any"):
        return _junction(entry, mapping, fields)
    if entry.name == "not":
        inner = condition(entry.value, fields)
        return Negation(inner, mapping.place) if inner else None
    if entry.name in ARITY:
        return _comparison(entry, mapping, fields)
    near = _ALIASES.get(entry.name.lower()) or nearest(entry.name, OPERATORS)
    fields.report.add(
        "D212",
        f"`{entry.name}` is not an operator.",
        entry.key.place,
        f"known: {', '.join(OPERATORS)}" if not near else "",
        f"Write `{near}`." if near else "",
    )
    return None


def _junction(entry: Entry, mapping: Mapping, fields: Fields) -> ConditionSyntax | None:
    items = fields.shape(entry.value, Sequence, f"`{entry.name}`")
    if items is None:
        return None
    if not items.items:
        fields.report.add("D212", f"`{entry.name}` has no condition in it.", items.place)
        return None
    inner = [condition(item, fields) for item in items]
    known = tuple(item for item in inner if item is not None)
    if len(known) != len(inner):
        return None
    return Junction("all" if entry.name == "all" else "any", known, mapping.place)


def _comparison(entry: Entry, mapping: Mapping, fields: Fields) -> ConditionSyntax | None:
    arity = ARITY[entry.name]
    if arity == 1 and not isinstance(entry.value, Sequence):
        operands: tuple[Tree, ...] = (entry.value,)
    else:
        items = fields.shape(entry.value, Sequence, f"`{entry.name}`")
        if items is None:
            return None
        operands = items.items
    if len(operands) != arity:
        fields.report.add(
            "D212",
            f"`{entry.name}` compares {'two values' if arity == 2 else 'one value'}, not {len(operands)}.",
            entry.value.place,
        )
        return None
    values: list[ValueSyntax | None] = [value(operand, fields) for operand in operands]
    known = tuple(item for item in values if item is not None)
    if len(known) != arity:
        return None
    return Comparison(cast(Operator, entry.name), known, mapping.place)

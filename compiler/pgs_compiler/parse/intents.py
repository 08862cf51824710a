"""Intents: what is asked, who may ask, which rules hold, and which of those may be overridden in an emergency."""

from __future__ import annotations

from typing import NamedTuple

from pgs_compiler.declarations import BreakGlassSyntax, ConditionSyntax, Header, Intent, Reference, Word
from pgs_compiler.names import OUTCOME, PERIOD
from pgs_compiler.parse.conditions import condition, means_operator
from pgs_compiler.parse.values import reference
from pgs_compiler.schemas.shape import parse_fields
from pgs_compiler.shape import Fields
from pgs_compiler.source import Mapping, Tree


class _Rule(NamedTuple):
    name: Word
    holds: ConditionSyntax


def intent(header: Header, fields: Fields) -> Intent:
    actors = fields.names("actors", "actor")
    payload = parse_fields(fields.tree("payload"), header.place, fields.report)
    requires = fields.sequence("requires", required=False)
    rules = [found for tree in requires or () if (found := _rule(tree, fields))]
    fields.unique(tuple(rule.name for rule in rules if rule.name.text), "requires")
    return Intent(
        header,
        payload,
        actors,
        requires=tuple(rule.holds for rule in rules),
        rules=tuple(rule.name for rule in rules),
        break_glass=_break_glass(fields),
        subjects=_subjects(fields),
    )


def _rule(tree: Tree, fields: Fields) -> _Rule | None:
    """A condition, or one with a name, as `WITHIN_LIMIT: {le: […]}`. No operator has capitals."""
    entry = tree.entries[0] if isinstance(tree, Mapping) and len(tree.entries) == 1 else None
    if entry is None or not OUTCOME.accepts(entry.name) or means_operator(entry.name):
        found = condition(tree, fields)
        return _Rule(Word("", tree.place), found) if found else None
    found = condition(entry.value, fields)
    return _Rule(Word(entry.name, entry.key.place), found) if found else None


def _subjects(fields: Fields) -> tuple[Reference, ...]:
    """`[$.payload.customer_id]`."""
    found = [reference(tree, fields) for tree in fields.sequence("subjects", required=False) or ()]
    return tuple(each for each in found if each is not None)


def _break_glass(fields: Fields) -> tuple[BreakGlassSyntax, ...]:
    """`{WITHIN_LIMIT: {by: [AC_OFFICER_V0], within: PT4H}}`."""
    found = []
    for entry in fields.entries("break_glass", required=False):
        rule = fields.as_word(entry.key, "a rule", OUTCOME)
        inner = Fields(entry.value, f"the override of `{entry.name}`", fields.report)
        by, within = inner.names("by", "actor"), inner.word("within", grammar=PERIOD)
        inner.done()
        if rule and within:
            found.append(BreakGlassSyntax(rule, by, within))
    return tuple(found)

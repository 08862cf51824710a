"""Assertions: which workflows they are about, and what has to hold in each."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast, get_args

from pgs_compiler.declarations import Assertion, Header
from pgs_compiler.findings import Place
from pgs_compiler.laws import (
    AfterSyntax,
    Amount,
    AtMostSyntax,
    DistinctActorsSyntax,
    EveryPathSyntax,
    LabelSyntax,
    NeverSyntax,
    OnlyActorsSyntax,
    OnlyFromSyntax,
    RequirementSyntax,
    RequiresEventSyntax,
    SelectionSyntax,
)
from pgs_compiler.names import DOMAIN, NODE, Grammar, Name
from pgs_compiler.parse.selectors import LABEL, origins, parts, selectors
from pgs_compiler.shape import Fields
from pgs_compiler.source import Mapping, Scalar, Sequence, Tree
from pgs_snapshot.values import MAX_INTEGER

ALL = "all"
DOMAIN_NAME = Grammar(DOMAIN, "small letters, digits and `_`")


def assertion(header: Header, fields: Fields) -> Assertion | None:
    applies = fields.entry("applies_to")
    sequence = fields.sequence("requires")
    if sequence is not None and not sequence.items:
        fields.report.add("D203", "`requires` has at least one requirement.", sequence.place, "empty")
    requires = tuple(found for tree in sequence or () if (found := _requirement(tree, fields)))
    if applies is None:
        return None
    inner = Fields(applies.value, "`applies_to`", fields.report)
    tree = inner.tree("workflows")
    inner.done()
    selection = _selection(tree, inner) if tree is not None else None
    return Assertion(header, selection, requires) if selection else None


def _selection(tree: Tree, fields: Fields) -> SelectionSyntax | None:
    """`all`, a list of names, or a mapping of properties."""
    if isinstance(tree, Sequence):
        names = (fields.as_name(item, "workflow") for item in tree)
        named = fields.unique(tuple(name for name in names if name), "workflows")
        return SelectionSyntax(named, None, None, None, tree.place)
    if isinstance(tree, Scalar):
        if tree.value == ALL:
            return SelectionSyntax(None, None, None, None, tree.place)
        message = "`workflows` is `all`, a list of names, or a mapping with `tag`, `domain` or `subdomain`."
        fields.report.add("D203", message, tree.place, hint=_listed(tree))
        return None
    inner = Fields(tree, "`workflows`", fields.report)
    tag, subdomain = inner.word("tag", required=False), inner.word("subdomain", required=False)
    domain = inner.word("domain", required=False, grammar=DOMAIN_NAME)
    inner.done()
    if not tree.entries:
        fields.report.add("D203", "`workflows` selects by nothing.", tree.place, "empty", "Write `all`.")
    return SelectionSyntax(None, tag, domain, subdomain, tree.place)


def _listed(tree: Scalar) -> str:
    text = str(tree.value)
    return f"Write `[{text}]`." if "WF_" in text and " " not in text else ""


def _requirement(tree: Tree, fields: Fields) -> RequirementSyntax | None:
    inner = Fields(tree, "this requirement", fields.report)
    if not isinstance(tree, Mapping):
        return None
    forms = [form for form in FORMS if form in inner]
    if len(forms) != 1:
        meant = inner.meant(tuple(FORMS)) if not forms else None
        spoken = f"of several forms: {', '.join(forms)}" if forms else "of no form"
        fields.report.add(
            "D219",
            f"This requirement is {spoken}.",
            meant[0].key.place if meant else tree.place,
            "" if meant else f"one of {', '.join(FORMS)}",
            f"Write `{meant[1]}`." if meant else "",
        )
        return None
    before = len(fields.report.findings)
    found = FORMS[forms[0]](inner, tree.place)
    inner.done()
    return found if len(fields.report.findings) == before else None


def _every_path(fields: Fields, place: Place) -> RequirementSyntax | None:
    to, passes = selectors(fields.tree("every_path_to"), fields), fields.tree("passes")
    if passes is None:
        return None
    inner = Fields(passes, "this selector", fields.report)
    found, same = parts(inner, passes), inner.words("same", required=False)
    if found is not None:
        inner.done()
    return EveryPathSyntax(to, found or (), same, place)


def _after(fields: Fields, place: Place) -> RequirementSyntax:
    after = selectors(fields.tree("after"), fields)
    return AfterSyntax(after, selectors(fields.tree("every_path_passes"), fields), place)


def _never(fields: Fields, place: Place) -> RequirementSyntax | None:
    never = fields.tree("never")
    if never is None:
        return None
    inner = Fields(never, "`never`", fields.report)
    if LABEL in inner:
        label, reaches = inner.word(LABEL, grammar=NODE), selectors(inner.tree("reaches"), inner)
        inner.done()
        return LabelSyntax(label, reaches, place) if label else None
    what, reaches = parts(inner, never), selectors(inner.tree("reaches"), inner)
    if what is not None:
        inner.done()
    return NeverSyntax(what or (), reaches, place)


def _only_from(fields: Fields, place: Place) -> RequirementSyntax | None:
    inner = Fields(fields.tree("value"), "`value`", fields.report)
    contract, step = inner.name("contract", "contract"), inner.word("step", grammar=NODE)
    operand = inner.word("operand")
    inner.done()
    sources = origins(fields, "only_from")
    return OnlyFromSyntax(contract, step, operand, sources, place) if contract and step and operand else None


def _only_actors(fields: Fields, place: Place) -> RequirementSyntax:
    actors = fields.names("only_actors", "actor")
    return OnlyActorsSyntax(actors, selectors(fields.tree("of"), fields), place)


def _distinct_actors(fields: Fields, place: Place) -> RequirementSyntax:
    tree, nodes = fields.tree("distinct_actors"), fields.words("distinct_actors", grammar=NODE)
    items = tree.items if isinstance(tree, Sequence) else (tree,) if tree is not None else ()
    if tree is not None and len(items) < 2:
        label = "one alone" if items else "empty"
        fields.report.add("D203", "`distinct_actors` has at least two nodes.", tree.place, label)
    return DistinctActorsSyntax(nodes, place)


def _requires_event(fields: Fields, place: Place) -> RequirementSyntax:
    tree = fields.tree("requires_event")
    items = tree.items if isinstance(tree, Sequence) else (tree,) if tree is not None else ()
    if tree is not None and not items:
        fields.report.add("D203", "`requires_event` has at least one event.", tree.place, "empty")
    names = (fields.as_name(item, "event") for item in items)
    events: tuple[Name, ...] = fields.unique(tuple(name for name in names if name), "requires_event")
    return RequiresEventSyntax(events, selectors(fields.tree("at"), fields), place)


def _at_most(fields: Fields, place: Place) -> RequirementSyntax:
    return AtMostSyntax(limits(fields, "at_most"), place)


def limits(fields: Fields, key: str) -> tuple[tuple[Amount, int, Place], ...]:
    """A mapping of amounts to the most of each, with its place; at least one."""
    tree = fields.tree(key)
    inner = Fields(tree, f"`{key}`", fields.report)
    found: list[tuple[Amount, int, Place]] = []
    for amount in get_args(Amount):
        limit = _whole(inner, amount)
        if limit is not None:
            found.append((cast(Amount, amount), *limit))
    inner.done()
    if isinstance(tree, Mapping) and not tree.entries:
        inner.report.add("D203", f"`{key}` has at least one limit.", tree.place, "empty")
    return tuple(found)


def _whole(fields: Fields, key: str) -> tuple[int, Place] | None:
    """A count, with its place."""
    tree = fields.tree(key, required=False)
    if tree is None:
        return None
    if isinstance(tree, Scalar) and type(tree.value) is int and 0 <= tree.value <= MAX_INTEGER:
        return tree.value, tree.place
    fields.report.add("D203", f"`{key}` is a whole number, 0 or more.", tree.place, "not a count")
    return None


FORMS: dict[str, Callable[[Fields, Place], RequirementSyntax | None]] = {
    "every_path_to": _every_path,
    "after": _after,
    "never": _never,
    "value": _only_from,
    "only_actors": _only_actors,
    "distinct_actors": _distinct_actors,
    "requires_event": _requires_event,
    "at_most": _at_most,
}
"""The forms of requirements, by the key that tells them."""

"""Constitutions: the domains that they govern, and the rules over their declarations."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pgs_compiler.declarations import Constitution, Header
from pgs_compiler.laws import (
    DeclassifiersSyntax,
    ImplementationsSyntax,
    LimitsSyntax,
    MayUseSyntax,
    OneWriterSyntax,
    RuleSyntax,
    SideEffectsSyntax,
    WorkflowsSyntax,
)
from pgs_compiler.names import NODE
from pgs_compiler.parse.assertions import DOMAIN_NAME, limits
from pgs_compiler.shape import Fields
from pgs_compiler.source import Mapping, Scalar, Tree
from pgs_snapshot.suggest import nearest

MUST_HAVE = ("description", "owner", "subdomain", "summary", "tags")
"""What a constitution can demand that workflows say about themselves."""


def constitution(header: Header, fields: Fields) -> Constitution | None:
    governs = fields.entry("governs")
    sequence = fields.sequence("rules")
    if sequence is not None and not sequence.items:
        fields.report.add("D203", "`rules` has at least one rule.", sequence.place, "empty")
    rules = tuple(rule for tree in sequence or () for rule in _rule(tree, fields))
    if governs is None:
        return None
    inner = Fields(governs.value, "`governs`", fields.report)
    domains = inner.words("domains", grammar=DOMAIN_NAME)
    spared = inner.words("except_subdomains", required=False)
    inner.done()
    return Constitution(header, domains, spared, rules)


def _rule(tree: Tree, fields: Fields) -> Iterator[RuleSyntax]:
    inner = Fields(tree, "this rule", fields.report)
    if not isinstance(tree, Mapping):
        return
    kinds = [kind for kind in RULES if kind in inner]
    if len(kinds) != 1:
        meant = inner.meant(tuple(RULES)) if not kinds else None
        fields.report.add(
            "D219",
            f"This rule is about {'several things' if kinds else 'nothing'}.",
            meant[0].key.place if meant else tree.place,
            "" if meant else ", ".join(kinds) or f"one of {', '.join(RULES)}",
            f"Write `{meant[1]}`." if meant else "",
        )
        return
    yield from RULES[kinds[0]](inner)
    inner.done()


def _domains(fields: Fields) -> Iterator[RuleSyntax]:
    mapping = fields.mapping("domains")
    _nonempty(mapping, "domains", fields)
    for entry in mapping or ():
        domain = fields.as_word(entry.key, "a domain", DOMAIN_NAME)
        inner = Fields(entry.value, f"the domain `{entry.name}`", fields.report)
        others = inner.words("may_use", grammar=DOMAIN_NAME)
        inner.done()
        if domain:
            yield MayUseSyntax(domain, others)


def _side_effects(fields: Fields) -> Iterator[RuleSyntax]:
    inner = Fields(fields.tree("side_effects"), "`side_effects`", fields.report)
    yield SideEffectsSyntax(inner.names("allowed", "side_effect"))
    inner.done()


def _implementations(fields: Fields) -> Iterator[RuleSyntax]:
    inner = Fields(fields.tree("implementations"), "`implementations`", fields.report)
    yield ImplementationsSyntax(inner.words("packages"))
    inner.done()


def _workflows(fields: Fields) -> Iterator[RuleSyntax]:
    tree = fields.tree("workflows")
    inner = Fields(tree, "`workflows`", fields.report)
    satisfy = inner.names("must_satisfy", "assertion", required=False)
    have = inner.words("must_have", required=False)
    inner.done()
    _nonempty(tree, "workflows", fields)
    for word in have:
        if word.text not in MUST_HAVE:
            near = nearest(word.text, MUST_HAVE)
            message = f"`must_have` is of {', '.join(MUST_HAVE)}, not `{word.text}`."
            fields.report.add("D205", message, word.place, hint=f"Write `{near}`." if near else "")
    yield WorkflowsSyntax(satisfy, have)


def _stores(fields: Fields) -> Iterator[RuleSyntax]:
    inner = Fields(fields.tree("stores"), "`stores`", fields.report)
    tree = inner.tree("written_by_one_domain")
    inner.done()
    if tree is not None and not (isinstance(tree, Scalar) and tree.value is True):
        fields.report.add("D203", "`written_by_one_domain` is `true`.", tree.place, "not `true`", "Write `true`.")
    yield OneWriterSyntax()


def _labels(fields: Fields) -> Iterator[RuleSyntax]:
    mapping = fields.mapping("labels")
    _nonempty(mapping, "labels", fields)
    for entry in mapping or ():
        label = fields.as_word(entry.key, "a label", NODE)
        inner = Fields(entry.value, f"the label `{entry.name}`", fields.report)
        only_by = inner.names("declassified_only_by", "transform")
        inner.done()
        if label:
            yield DeclassifiersSyntax(label, only_by)


def _limits(fields: Fields) -> Iterator[RuleSyntax]:
    yield LimitsSyntax(limits(fields, "limits"))


def _nonempty(tree: Tree | None, key: str, fields: Fields) -> None:
    if isinstance(tree, Mapping) and not tree.entries:
        fields.report.add("D203", f"`{key}` says nothing.", tree.place, "empty")


RULES: dict[str, Callable[[Fields], Iterator[RuleSyntax]]] = {
    "domains": _domains,
    "side_effects": _side_effects,
    "implementations": _implementations,
    "workflows": _workflows,
    "stores": _stores,
    "labels": _labels,
    "limits": _limits,
}
"""The rules, by the key that says what they are about."""

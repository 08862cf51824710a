"""Constitutions as a snapshot has them."""

from __future__ import annotations

from collections.abc import Iterable

from pgs_compiler.declarations import Constitution
from pgs_compiler.elaborate.places import at
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
from pgs_compiler.names import Name
from pgs_compiler.written import Word
from pgs_snapshot import laws
from pgs_snapshot.laws import Rule


def lower_constitution(constitution: Constitution) -> laws.Constitution:
    """A constitution with its names in full, every list sorted."""
    header = constitution.header
    rules = tuple(map(_rule, constitution.rules))
    domains, spared = _sorted(constitution.domains), _sorted(constitution.spared)
    return laws.Constitution(header.name, header.summary, domains, rules, at(header.place), spared)


def _rule(rule: RuleSyntax) -> Rule:
    match rule:
        case MayUseSyntax(domain=domain, others=others):
            return Rule("domains", of=domain.text, names=_sorted(others))
        case SideEffectsSyntax(allowed=allowed):
            return Rule("side_effects", names=_sorted(allowed))
        case ImplementationsSyntax(packages=packages):
            return Rule("implementations", names=_sorted(packages))
        case WorkflowsSyntax(must_satisfy=satisfy, must_have=have):
            return Rule("workflows", names=_sorted(satisfy), words=_sorted(have))
        case OneWriterSyntax():
            return Rule("stores")
        case DeclassifiersSyntax(label=label, only_by=only_by):
            return Rule("labels", of=label.text, names=_sorted(only_by))
        case LimitsSyntax(most=most):
            return Rule("limits", most={amount: limit for amount, limit, _ in most})


def _sorted(items: Iterable[Name | Word]) -> tuple[str, ...]:
    return tuple(sorted(item.text for item in items))

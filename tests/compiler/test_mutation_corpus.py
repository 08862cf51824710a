"""The examples hold, and every kind of mistake in them is refused by the rule that names it, at its line.

This looks at a sample; `make mutants` judges all of them and prints the table.
"""

from __future__ import annotations

import pytest

from pgs_compiler.compiler import compile_program
from tests.compiler.mutants.corpus import AS_CHECKED, DOMAINS, ROOT, corpus_of, dealt, judge, workspace
from tests.compiler.mutants.kinds import KINDS


def test_there_are_enough_kinds_of_mistake_and_each_fits_somewhere() -> None:
    assert len(KINDS) >= 25
    assert all(any(next(kind.find(corpus_of(domain)), None) for domain in DOMAINS) for kind in KINDS.values())


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_without_a_mistake_gives_no_finding(domain: str) -> None:
    assert compile_program(workspace().project, ROOT, corpus_of(domain).files, AS_CHECKED).findings == ()


@pytest.mark.parametrize(("turn", "name"), list(enumerate(KINDS)), ids=list(KINDS))
def test_a_mistake_is_refused_by_the_rule_that_names_it(turn: int, name: str) -> None:
    kind = KINDS[name]
    for domain, mutant in dealt(kind, turn):
        verdict = judge(corpus_of(domain), kind, mutant)
        assert verdict.named, str(verdict)


def test_what_is_dealt_is_of_every_kind_and_domain() -> None:
    dealt_from = [{domain for domain, _ in dealt(kind, turn)} for turn, kind in enumerate(KINDS.values())]
    assert all(dealt_from)
    assert set().union(*dealt_from) == set(DOMAINS)

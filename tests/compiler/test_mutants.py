"""Whatever an author does to a document, the compiler says what is wrong, or compiles it."""

from __future__ import annotations

import random

import pytest

from pgs_compiler.compiler import compile_program
from pgs_compiler.render import Style, render
from pgs_compiler.source import SourceFile
from tests.compiler.mutants.corpus import DOMAINS, ROOT, corpus_of, workspace
from tests.compiler.mutations import mutant

SEEDS = range(0, 80, 8)


def dealt(seed: int) -> tuple[SourceFile, ...]:
    """Of each eight, one is a mutant of all examples together, the others of one domain with what it may use."""
    return workspace().files if seed % 8 == 0 else tuple(corpus_of(DOMAINS[seed % len(DOMAINS)]).files)


@pytest.mark.parametrize("first", SEEDS)
def test_a_mutant_ends_in_findings_or_in_a_snapshot(first: int) -> None:
    for seed in range(first, first + 8):
        files = mutant(dealt(seed), random.Random(seed))  # noqa: S311 - it only has to repeat
        compilation = compile_program(workspace().project, ROOT, files)
        errors = [finding for finding in compilation.findings if finding.severity == "error"]
        assert (compilation.files is None) == bool(errors), seed
        assert render(compilation.findings, compilation.sources, "text", Style()), seed
        for finding in compilation.findings:
            assert finding.message.endswith("."), (seed, finding)
            assert finding.place is not None, (seed, finding)
            assert finding.place.path in compilation.sources, (seed, finding)

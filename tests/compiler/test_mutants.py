"""Whatever an author does to a document, the compiler says what is wrong, or compiles it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pgs_compiler.compiler import compile_program
from pgs_compiler.project import Project
from pgs_compiler.render import Style, render
from pgs_compiler.workspace import open_workspace
from tests.compiler.mutations import mutant

ROOT = Path(__file__).parents[2]
SEEDS = range(0, 80, 8)


@pytest.mark.parametrize("first", SEEDS)
def test_a_mutant_ends_in_findings_or_in_a_snapshot(first: int) -> None:
    workspace = open_workspace(ROOT, ()).value
    assert workspace is not None
    for seed in range(first, first + 8):
        files = mutant(workspace.files, random.Random(seed))  # noqa: S311 - it only has to repeat
        compilation = compile_program(Project(), ROOT, files)
        errors = [finding for finding in compilation.findings if finding.severity == "error"]
        assert (compilation.files is None) == bool(errors), seed
        assert render(compilation.findings, compilation.sources, "text", Style()), seed
        for finding in compilation.findings:
            assert finding.message.endswith("."), (seed, finding)
            assert finding.place is not None, (seed, finding)
            assert finding.place.path in compilation.sources, (seed, finding)

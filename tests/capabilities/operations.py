"""The operations of external side effects as `core` declares them, lowered as a snapshot holds them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pgs_compiler.compiler import compile_program
from pgs_compiler.declarations import SideEffect
from pgs_compiler.project import Project
from pgs_compiler.schemas.operations import without_entity
from pgs_compiler.source import SourceFile
from pgs_snapshot.model import Operation
from pgs_snapshot.validation import validator
from pgs_snapshot.values import Outcome, Value, plain
from tests.capabilities.test_declarations import FOLDER


@cache
def operation(side_effect: str, name: str) -> Operation:
    """An operation with its schemas."""
    files = [SourceFile(f"<core>/{path.name}", path.read_bytes()) for path in sorted(FOLDER.glob("*.yaml"))]
    compilation = compile_program(Project(), Path(), files)
    assert compilation.checked is not None, compilation.findings
    program = compilation.checked.program
    declaration = next(found for found in program.of(SideEffect) if found.header.name == side_effect)
    return next(without_entity(program, found) for found in declaration.operations if found.name.text == name)


def takes(operation: Operation, inputs: dict[str, Value]) -> bool:
    """Whether inputs are of the form that is declared."""
    return validator(operation.inputs).is_valid(inputs)


def fits(operation: Operation, outcome: Outcome) -> bool:
    """Whether an answer is one of those declared, and a value of the domain."""
    return validator(operation.outcomes[outcome.name]).is_valid(plain(outcome.outputs))

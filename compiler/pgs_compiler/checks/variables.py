"""What a transform gives is computed from its inputs, so its variables are bound there."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import Transform
from pgs_compiler.findings import Finding
from pgs_compiler.program import Program
from pgs_compiler.schemas.syntax import FieldsSyntax, variables_of
from pgs_snapshot.suggest import nearest


def check(program: Program) -> Iterator[Finding]:
    for transform in program.of(Transform):
        bound = {str(found.value) for found in variables_of(transform.inputs)}
        for outcome in transform.outcomes:
            yield from _outputs(outcome.outputs, bound)


def _outputs(outputs: FieldsSyntax, bound: set[str]) -> Iterator[Finding]:
    for variable in variables_of(outputs):
        if variable.value in bound:
            continue
        near = nearest(str(variable.value), bound) or (min(bound) if len(bound) == 1 else None)
        yield Finding(
            "T419",
            f"The variable `{variable.value}` stands in no input, so nothing says what it is.",
            variable.place,
            "" if near else "not bound",
            hint=f"Write `{near}`." if near else "",
        )

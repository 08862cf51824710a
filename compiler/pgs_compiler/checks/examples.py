"""The examples of a transform speak of its inputs and outcomes, with values that fit them."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.declarations import Constant, Example, Transform
from pgs_compiler.findings import Finding
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import properties_of
from pgs_compiler.schemas.exact import exactly
from pgs_compiler.schemas.generic import bind_variables, substitute
from pgs_compiler.schemas.literal import value_fits
from pgs_compiler.source import to_value
from pgs_snapshot.defaults import filler
from pgs_snapshot.model import Schema
from pgs_snapshot.suggest import nearest


def check(program: Program) -> Iterator[Finding]:
    for transform in program.of(Transform):
        outcomes = {outcome.name.text: program.fields(outcome.outputs) for outcome in transform.outcomes}
        inputs = program.fields(transform.inputs)
        for example in transform.examples:
            yield from _example(example, inputs, outcomes)


def _example(example: Example, inputs: Schema, outcomes: dict[str, Schema]) -> Iterator[Finding]:
    given = properties_of(exactly(to_value(example.inputs.tree)))
    bound = bind_variables(inputs, given)
    yield from _fits(example.inputs, substitute(inputs, bound), "The inputs")
    outcome = example.outcome.text
    if outcome not in outcomes:
        near = nearest(outcome, tuple(outcomes))
        yield Finding(
            "C612",
            f"The transform never answers `{outcome}`.",
            example.outcome.place,
            f"it answers {', '.join(sorted(outcomes))}" if not near else "",
            hint=f"Write `{near}`." if near else "",
        )
        return
    yield from _fits(example.outputs, substitute(outcomes[outcome], bound), "The outputs")


def _fits(constant: Constant, schema: Schema, what: str) -> Iterator[Finding]:
    fill = filler(schema)
    value = to_value(constant.tree)
    for problem in value_fits(fill(value) if fill else value, schema)[:1]:
        where = f"at `{problem.pointer}` " if problem.pointer else ""
        yield Finding(
            "C612",
            f"{what} of this example do not fit: {where}{problem.why}.",
            constant.place,
            "does not fit",
        )

"""What a transform gives carries what it was given, all of it in every output, less what it declassifies.

An output that declares a label keeps that label, whatever is declassified.
"""

from __future__ import annotations

from collections.abc import Mapping

from pgs_compiler.declarations import Transform
from pgs_compiler.findings import Place
from pgs_compiler.flows.declared import declared
from pgs_compiler.flows.lattice import CLEAN, Flow, Mark, Marks, Trail, flat, join, marked, merged, record, taken
from pgs_compiler.program import Program


def compute(program: Program, transform: Transform, given: Flow, place: Place) -> tuple[Flow, Mapping[str, Flow]]:
    """What a transform takes and what it gives by outcome; `place` is that of the step."""
    code = transform.header.name.partition("::")[2]
    given = taken(given, declared(program, transform.inputs, f"{code}.inputs"))
    before = flat(given)
    after: Marks = {}
    for name in given.members:
        after = merged(after, _declassified(transform, name, flat(given.member(name))))
    outputs: dict[str, Flow] = {}
    for outcome in transform.outcomes:
        own = declared(program, outcome.outputs, f"{code}.{outcome.name.text}")
        outputs[outcome.name.text] = record(
            {
                field.name: join(_labelled(own.member(field.name), before), marked(_on(after, place, code, field.name)))
                for field in outcome.outputs.fields
            }
        )
    return given, outputs


def _declassified(transform: Transform, name: str, marks: Marks) -> Marks:
    """The marks of one input, those of them declassified that the transform removes from it."""
    removed = {item.text for item in transform.declassifies if item.removes_from(name)}
    full = transform.header.name
    return {
        Mark(mark.source, mark.word, full) if mark.word in removed and not mark.by else mark: trail
        for mark, trail in marks.items()
    }


def _labelled(own: Flow, before: Marks) -> Flow:
    """The labels that an output declares, with the way that brought them where one did."""
    if own is CLEAN:
        return CLEAN
    marks: dict[Mark, Trail] = {}
    for mark, trail in own.marks.items():
        brought = {known: way for known, way in before.items() if known.word == mark.word and not known.by}
        marks |= brought or {mark: trail}
    return Flow(
        marks,
        {name: _labelled(part, before) for name, part in own.members.items()},
        None if own.rest is None else _labelled(own.rest, before),
        None if own.items is None else _labelled(own.items, before),
    )


def _on(marks: Marks, place: Place, code: str, output: str) -> Marks:
    return {
        mark: trail.on(
            place,
            f"`{code}` declassifies it in `{output}`" if mark.by else f"`{code}` computes `{output}` from it",
        )
        for mark, trail in marks.items()
    }

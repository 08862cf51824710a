"""Values that cannot fit what takes them, on every way by itself: what fits on one way mends nothing on another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pgs_compiler.declarations import (
    Constant,
    DefaultForm,
    ListForm,
    RecordForm,
    Reference,
    ValueSyntax,
)
from pgs_compiler.elaborate.places import name_place, part_of, references
from pgs_compiler.elaborate.scope import Variant
from pgs_compiler.elaborate.values import Elaborator, Typed
from pgs_compiler.findings import Place
from pgs_compiler.schemas.fit import Fit, Verdict, fit, fit_value
from pgs_compiler.source import Scalar
from pgs_snapshot.model import Literal_, Schema
from pgs_snapshot.values import escape


@dataclass(frozen=True, slots=True)
class Misfit:
    """A part of a value that cannot fit.

    Attributes:
        answer: why, as seen from the whole value.
        place: of the part, as far as it is written out: on the edge that brings it along, if one does.
        when: the ways on which it comes, where it is not all of them, or "".
        taken: where an edge's value is taken.
        hint: what to type, or "".
    """

    answer: Fit
    place: Place
    when: str = ""
    taken: Place | None = None
    hint: str = ""


def answer_of(typed: Typed, target: Schema) -> Fit:
    """Whether a typed value fits. What is written out is judged by itself rather than by a schema."""
    return fit_value(typed.expr.literal, target) if isinstance(typed.expr, Literal_) else fit(typed.schema, target)


def misfits(values: Elaborator, syntax: ValueSyntax, target: Schema, answer: Fit) -> list[Misfit]:
    """What cannot fit on some way in, or where a default stands in; `answer` is that for the value as a whole."""
    if answer.verdict is Verdict.FITS:
        return []
    found: dict[tuple[Place, str], Misfit] = {}
    ways = list(_ways(values, syntax))
    for taken in (syntax, *_alternatives(syntax)):
        for way in (*ways, None):
            clash = _clash(values, taken, target, way)
            if clash and (way or taken is not syntax):
                misfit = _brought(way, taken, clash)
                found.setdefault((misfit.place, misfit.when), misfit)
    brought = [misfit for misfit in found.values() if misfit.taken]
    if answer.verdict is Verdict.CANNOT_FIT:
        return brought or [_misfit(answer, syntax, answer.pointer)]
    everywhere = {misfit.place for misfit in found.values() if not misfit.when}
    return [misfit for misfit in found.values() if not misfit.when or misfit.place not in everywhere]


def _ways(values: Elaborator, syntax: ValueSyntax) -> Iterator[Variant]:
    """The variants of every slot that a value refers to, where there are several or an edge has brought them."""
    slots = {slot.index: slot for reference in references(syntax) if (slot := values.slot(reference)) is not None}
    for slot in slots.values():
        yield from (way for way in slot.variants if way.edge or len(slot.variants) > 1)


def _clash(values: Elaborator, syntax: ValueSyntax, target: Schema, way: Variant | None) -> Fit | None:
    typed = (values.on(way) if way else values.quiet()).value(syntax)
    answer = answer_of(typed, target) if typed else None
    return answer if answer and answer.verdict is Verdict.CANNOT_FIT else None


def _misfit(answer: Fit, syntax: ValueSyntax, pointer: str, when: str = "", taken: Place | None = None) -> Misfit:
    part, rest = part_of(syntax, pointer)
    named = name_place(syntax, pointer) if answer.stranger else None
    if named is not None:
        return Misfit(answer, named, when, taken, answer.hint)
    literal = isinstance(part, Scalar) or (isinstance(part, Constant) and isinstance(part.tree, Scalar))
    # `Write …` takes the place of what is marked.
    hint = "" if rest or (answer.hint.startswith("Write") and not literal) else answer.hint
    return Misfit(answer, part.place, when, taken, hint)


def _brought(way: Variant | None, syntax: ValueSyntax, answer: Fit) -> Misfit:
    """The misfit on one way, as the edge has it that brings it along."""
    part, rest = part_of(syntax, answer.pointer)
    edge = way.edge if way else None
    if edge is None or edge.arguments is None or not isinstance(part, Reference) or part.path.root != "with":
        return _misfit(answer, syntax, answer.pointer, way.when if way else "")
    steps = [*(escape(str(step)) for step in part.path.steps), *rest.split("/")[1:]]
    item = next((item for item in edge.arguments.bound if steps[:1] == [escape(item.name.text)]), None)
    if item is None:
        return _misfit(answer, edge.arguments.whole or part, rest, taken=part.place)
    return _misfit(answer, item.value, "".join(f"/{step}" for step in steps[1:]), taken=part.place)


def _alternatives(syntax: ValueSyntax) -> Iterator[ValueSyntax]:
    """The value with each `$default` taken for what it reads, and for what stands in."""
    match syntax:
        case DefaultForm(value, otherwise):
            yield from (value, otherwise)
        case RecordForm(members):
            for index, member in enumerate(members):
                for inner in _alternatives(member.value):
                    changed = replace(member, value=inner)
                    yield replace(syntax, members=(*members[:index], changed, *members[index + 1 :]))
        case ListForm(items):
            for index, item in enumerate(items):
                for inner in _alternatives(item):
                    yield replace(syntax, items=(*items[:index], inner, *items[index + 1 :]))

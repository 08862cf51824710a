"""Values bound to names: to the declared inputs of something, or as the author's own outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pgs_compiler.declarations import Bindings, Bound, Constant, EdgeSyntax, Reference, ValueSyntax, Word
from pgs_compiler.elaborate.configuration import EMPTY
from pgs_compiler.elaborate.places import part_of, part_place, references
from pgs_compiler.elaborate.values import UNTYPED, Elaborator, Typed, record_of
from pgs_compiler.findings import Place, Related
from pgs_compiler.schemas.anatomy import properties_of, required_of
from pgs_compiler.schemas.exact import closed
from pgs_compiler.schemas.fit import FITS, Fit, Verdict, fit
from pgs_compiler.schemas.paths import Path
from pgs_compiler.source import Scalar, Tree
from pgs_snapshot.model import Expr, Literal_, Schema
from pgs_snapshot.suggest import nearest
from pgs_snapshot.values import escape


@dataclass(frozen=True, slots=True)
class Doubt:
    """An input that only may fit, the place of its value, and why; a clause without a full stop."""

    name: str
    place: Place
    why: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """Values bound to declared inputs; `doubts` are about those that only may fit, by name."""

    values: Mapping[str, Expr]
    doubts: tuple[Doubt, ...]

    @property
    def unproven(self) -> tuple[str, ...]:
        return tuple(doubt.name for doubt in self.doubts)


@dataclass(frozen=True, slots=True)
class Written:
    """Values under the author's own names.

    Attributes:
        names: all of them, those of values that have a finding included.
        sound: whether no value has one.
    """

    members: Mapping[str, Typed]
    names: tuple[str, ...] = ()
    sound: bool = True

    @property
    def exprs(self) -> dict[str, Expr]:
        return {name: typed.expr for name, typed in self.members.items()}

    @property
    def schema(self) -> Schema:
        return record_of(self.members)


NOTHING = Written({})
_ADDED = {"mapping": "{}: {}", "list": "{1}", "whole": "{}: {}", "none": "inputs: {{{}: {}}}"}


def bind_written(values: Elaborator, bindings: Bindings | None) -> Written:
    """Values by name where nothing is declared to bind them to: `with`, `result`, outputs."""
    if bindings is None:
        return NOTHING
    bound = members(values, bindings, EMPTY)
    typed = {item.name.text: values.value(item.value) for item in bound or ()}
    known = {name: value for name, value in typed.items() if value is not None}
    return Written(known, tuple(typed), bound is not None and len(known) == len(typed))


def bind_certain(values: Elaborator, bindings: Bindings) -> Written:
    """The same, of values that all have to be there."""
    written = bind_written(values, bindings)
    for bound in members(values.quiet(), bindings, EMPTY) or ():
        typed = written.members.get(bound.name.text)
        if typed is not None and (typed.absent or not typed.certain):
            values.may_lack(bound.value, typed)
    return written


def bind_inputs(values: Elaborator, bindings: Bindings, target: Schema, of: str) -> Inputs:
    """Values bound to the declared inputs `target` (a closed object) of `of`."""
    return _Binder(values, bindings, target, of).inputs()


class _Binder:
    def __init__(self, values: Elaborator, bindings: Bindings, target: Schema, of: str) -> None:
        self._values = values
        self._bindings = bindings
        self._properties = properties_of(target)
        self._needed = required_of(target)
        self._of = of
        self._doubts: list[Doubt] = []

    def inputs(self) -> Inputs:
        bound = members(self._values, self._bindings, closed(self._properties, ()))
        if bound is None:
            return Inputs({}, ())
        exprs: dict[str, Expr] = {}
        left = dict(self._properties)
        strangers = [item for item in bound if item.name.text not in self._properties]
        for item in bound:
            if item.name.text in left:
                schema = left.pop(item.name.text)
                typed = self._values.value(item.value)
                if typed is not None:
                    exprs[item.name.text] = typed.expr
                    self._check(item, typed, schema)
        for item in strangers:
            left.pop(self._stranger(item, left), None)
        for name, schema in left.items():
            if "default" in schema:
                exprs[name] = Literal_(schema["default"])
            elif name in self._needed:
                self._unbound(name)
        return Inputs(exprs, tuple(sorted(self._doubts, key=lambda doubt: doubt.name)))

    def _check(self, bound: Bound, typed: Typed, target: Schema) -> None:
        """Whether a value surely fits. What cannot fit is reported; what only may is a doubt."""
        name = bound.name.text
        if name in self._needed and typed.absent:
            self._values.may_lack(bound.value, typed)
        answer = fit(typed.schema, target)
        if answer.verdict is not Verdict.FITS and self._unfit_edges(bound, target):
            return
        if answer.verdict is Verdict.CANNOT_FIT:
            self._unfit(bound, answer)
        elif answer.verdict is Verdict.MAY_FIT:
            self._doubts.append(Doubt(name, part_place(bound.value, answer.pointer), answer.reason))
        elif not typed.certain:
            self._doubts.append(Doubt(name, bound.value.place, UNTYPED))

    def _unfit(self, bound: Bound, answer: Fit, edge: EdgeSyntax | None = None) -> None:
        part, rest = part_of(bound.value, answer.pointer)
        bound_here = (Related(part.place, "bound here"),) if edge else ()
        part, rest = _brought(edge, part, rest) if edge else (part, rest)
        where = f", at `{answer.pointer}`" if answer.pointer else ""
        literal = isinstance(part, Scalar) or (isinstance(part, Constant) and isinstance(part.tree, Scalar))
        self._values.report.add(
            "T406",
            f"`{bound.name.text}` of {self._of} cannot take this value{where}: {answer.clash}.",
            part.place,
            "does not fit",
            answer.hint if literal and not rest else "",
            bound_here,
        )

    def _unfit_edges(self, bound: Bound, target: Schema) -> bool:
        """Report each edge in that carries what cannot fit here, whatever the others carry."""
        found = self._values.scope.slots.get(("with",))
        if found is None or all(reference.path.root != "with" for reference in references(bound.value)):
            return False
        before = len(self._values.report.findings)
        for edge in (variant.edge for variant in found.variants):
            typed = self._values.by(edge).value(bound.value) if edge else None
            answer = fit(typed.schema, target) if typed else FITS
            if edge and answer.verdict is Verdict.CANNOT_FIT:
                self._unfit(bound, answer, edge)
        return len(self._values.report.findings) > before

    def _stranger(self, bound: Bound, left: Mapping[str, Schema]) -> str:
        """Report a name that is not declared; gives the input that was probably meant, or ""."""
        name, typed = bound.name.text, self._values.value(bound.value)
        lacking = [other for other, schema in left.items() if other in self._needed and "default" not in schema]
        near = nearest(name, left) or (lacking[0] if len(lacking) == 1 else "")
        listed = self._bindings.form == "list"
        if listed and typed is None:
            return near
        known = ", ".join(self._properties) or "none"
        hint = f"Write `{near}`." if nearest(name, left) and not listed else ""
        if listed and near and isinstance(bound.value, Reference):
            hint = f"Bind it by name: `{near}: {bound.value.text}`."
        if self._bindings.whole is not None:
            hint = self._members_hint(self._bindings.whole)
        self._values.report.add(
            "T405",
            f"{self._of[0].upper()}{self._of[1:]} has no input `{name}`.",
            bound.name.place,
            f"known: {known}" if not hint else "",
            hint,
        )
        return near

    def _members_hint(self, whole: Reference) -> str:
        """How to pass on only what is declared."""
        typed = self._values.value(whole)
        names = [name for name in properties_of(typed.schema) if name in self._properties] if typed else []
        return f"Write `[{', '.join(f'{whole.text}.{name}' for name in names)}]`." if names else ""

    def _unbound(self, name: str) -> None:
        sources = self._values.scope.sources(name)
        self._values.report.add(
            "T407",
            f"{self._of[0].upper()}{self._of[1:]} needs `{name}`.",
            self._bindings.place,
            f"`{name}` is not bound",
            f"Add `{_ADDED[self._bindings.form].format(name, sources[0])}`." if len(sources) == 1 else "",
        )


def _brought(edge: EdgeSyntax, part: ValueSyntax | Tree, rest: str) -> tuple[ValueSyntax | Tree, str]:
    """The part of a value as the edge has it that brings it along."""
    if not isinstance(part, Reference) or part.path.root != "with" or edge.arguments is None:
        return part, rest
    steps = [*(escape(str(step)) for step in part.path.steps), *rest.split("/")[1:]]
    item = next((item for item in edge.arguments.bound if steps[:1] == [escape(item.name.text)]), None)
    if item is None:
        return edge.arguments.whole or part, rest
    return part_of(item.value, "".join(f"/{step}" for step in steps[1:]))


def members(values: Elaborator, bindings: Bindings, target: Schema) -> tuple[Bound, ...] | None:
    """The bound names; a whole object is taken apart into its declared members. None after a finding."""
    whole = bindings.whole
    if whole is None:
        return bindings.bound
    typed = values.certain(whole)
    if typed is None:
        return None
    names = properties_of(typed.schema)
    if not names and properties_of(target):
        values.report.add("T411", f"`{whole.text}` has no declared members to pass on.", whole.place, "not a record")
        return None
    return tuple(_member(whole, name) for name in names)


def _member(whole: Reference, name: str) -> Bound:
    steps, ends = whole.path.steps, whole.path.ends
    text = f"{whole.text}.{name}"
    path = Path(whole.path.root, (*steps, name), (*ends, len(text)))
    return Bound(Word(name, whole.place), Reference(path, text, whole.place))

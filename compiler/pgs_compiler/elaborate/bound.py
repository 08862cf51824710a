"""Values bound to names: to the declared inputs of something, or as the author's own outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pgs_compiler.declarations import Bindings, Bound, Reference, Word
from pgs_compiler.elaborate.configuration import EMPTY
from pgs_compiler.elaborate.misfits import Misfit, answer_of, misfits
from pgs_compiler.elaborate.places import part_place
from pgs_compiler.elaborate.values import UNTYPED, Elaborator, Typed, record_of
from pgs_compiler.findings import Place, Related
from pgs_compiler.schemas.anatomy import additional_of, items_of, properties_of, required_of
from pgs_compiler.schemas.exact import closed
from pgs_compiler.schemas.fit import Verdict
from pgs_compiler.schemas.paths import Path
from pgs_snapshot.model import Expr, Literal_, Schema
from pgs_snapshot.suggest import nearest


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
MAX_SHOWN = 6  # names in a message
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
    sound = written.sound
    for bound in members(values.quiet(), bindings, EMPTY) or ():
        typed = written.members.get(bound.name.text)
        if typed is not None and (typed.absent or not typed.certain):
            values.may_lack(bound.value, typed)
            sound = False
    return replace(written, sound=sound)


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
        if self._bindings.whole is not None and strangers:
            self._strangers(self._bindings.whole, strangers)
        else:
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
        lacking = name in self._needed and bool(typed.absent)
        if lacking:
            self._values.may_lack(bound.value, typed)
        answer = answer_of(typed, target)
        found = misfits(self._values, bound.value, target, answer)
        for misfit in found:
            self._unfit(name, misfit)
        if found or lacking:
            return
        if answer.verdict is Verdict.MAY_FIT:
            self._doubts.append(Doubt(name, part_place(bound.value, answer.pointer), answer.reason))
        elif not typed.certain:
            self._doubts.append(Doubt(name, bound.value.place, UNTYPED))

    def _unfit(self, name: str, misfit: Misfit) -> None:
        answer = misfit.answer
        where = f", at `{answer.pointer}`" if answer.pointer else ""
        when = f" {misfit.when}" if misfit.when else ""
        message = f"`{name}` of {self._of} cannot take this value{when}{where}: {answer.clash}."
        label = "does not fit"
        if answer.stranger:
            message, label = self._undeclared(name, answer.pointer, when, misfit.hint)
        self._values.report.add(
            "T406",
            message,
            misfit.place,
            label,
            misfit.hint,
            (Related(misfit.taken, "bound here"),) if misfit.taken else (),
        )

    def _undeclared(self, name: str, pointer: str, when: str, hint: str) -> tuple[str, str]:
        """What to say of a member that a record brings along and that is not declared, and what is."""
        *within, member = pointer.split("/")[1:]
        schema, where = self._properties[name], f" at `/{'/'.join(within)}`" if within else ""
        for step in within:
            schema = properties_of(schema).get(step) or additional_of(schema) or items_of(schema)
        known = ", ".join(properties_of(schema)) or "none"
        return f"`{name}` of {self._of} has no member `{member}`{where}{when}.", f"known: {known}" if not hint else ""

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
        self._values.report.add(
            "T405",
            f"{self._of[0].upper()}{self._of[1:]} has no input `{name}`.",
            bound.name.place,
            f"known: {known}" if not hint else "",
            hint,
        )
        return near

    def _strangers(self, whole: Reference, strangers: Sequence[Bound]) -> None:
        """Report what a whole object brings along that is not declared."""
        names = [f"`{item.name.text}`" for item in strangers]
        shown = ", ".join(names[:MAX_SHOWN]) + (f" and {len(names) - MAX_SHOWN} more" if names[MAX_SHOWN:] else "")
        hint = self._members_hint(whole)
        known = ", ".join(self._properties) or "none"
        self._values.report.add(
            "T405",
            f"{self._of[0].upper()}{self._of[1:]} has no input{'s' if names[1:] else ''} {shown}.",
            whole.place,
            f"known: {known}" if not hint else "",
            hint,
        )

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

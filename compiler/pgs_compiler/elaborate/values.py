"""Values, typed: the author's expression in, the runtime's expression with its schema out.

Before: `$.payload.actor_record.email` in a scope. After: `Ref(0, ("actor_record", "email"))` with the schema
of `email`, and a word on why it may be absent, if it may.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pgs_compiler.declarations import (
    Bound,
    Constant,
    DefaultForm,
    Entity,
    EnumForm,
    ListForm,
    RecordForm,
    Reference,
    TextForm,
    ValueSyntax,
)
from pgs_compiler.elaborate.astray import leads_nowhere, lookalikes, not_configured, unknown_root
from pgs_compiler.elaborate.scope import Scope, Slot, Variant
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import members_of, phrase, types_of
from pgs_compiler.schemas.exact import closed, exactly
from pgs_compiler.schemas.fit import Verdict, fit
from pgs_compiler.schemas.follow import Followed, follow
from pgs_compiler.schemas.join import join, join_all
from pgs_compiler.schemas.labels import labels_in
from pgs_compiler.schemas.literal import shown
from pgs_compiler.shape import Report
from pgs_compiler.source import to_value
from pgs_snapshot.model import (
    Default,
    Expr,
    Items,
    Literal_,
    Query,
    Record,
    Ref,
    Schema,
    Text,
)
from pgs_snapshot.values import Value

UNTYPED = "it is read out of a value of any type"
_STAND_INS: Mapping[str, Value] = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": []}


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression, typed.

    Attributes:
        schema: of what it gives, with the labels that came along.
        absent: why it may give nothing, or "".
        certain: false where it is read out of a value that need not have such a member: it may fit.
    """

    expr: Expr
    schema: Schema
    absent: str = ""
    certain: bool = True


class Elaborator:
    """Types the values of one scope and reports what does not hold.

    With `way` only that variant of its slot is looked at.
    """

    def __init__(self, program: Program, scope: Scope, report: Report, way: Variant | None = None) -> None:
        self.program = program
        self.scope = scope
        self.report = report
        self._way = way

    def quiet(self) -> Elaborator:
        """The same scope, with its findings to nobody."""
        return Elaborator(self.program, self.scope, Report(), self._way)

    def on(self, way: Variant) -> Elaborator:
        """The same scope on the ways of one variant, with its findings to nobody."""
        return Elaborator(self.program, self.scope, Report(), way)

    def slot(self, syntax: Reference) -> Slot | None:
        """The slot that a reference reads."""
        found = self.scope.find((syntax.path.root, *_leading_names(syntax)))
        return found[1] if found else None

    def value(self, syntax: ValueSyntax) -> Typed | None:
        """Type a value. None after a finding, here or where the value comes from."""
        match syntax:
            case Constant(tree):
                if tree.place == syntax.place:  # else it stands under `$literal`
                    self.report.findings += lookalikes(tree, self.scope)
                return _constant(to_value(tree))
            case Reference():
                return self.reference(syntax)
            case EnumForm():
                return self._enum(syntax)
            case DefaultForm():
                return self._default(syntax)
            case TextForm():
                return self._text(syntax)
            case RecordForm(members):
                return self._record(members)
            case ListForm(items):
                return self._list(items)

    def certain(self, syntax: ValueSyntax) -> Typed | None:
        """Type a value that has to be there."""
        typed = self.value(syntax)
        if typed is None or (typed.certain and not typed.absent):
            return typed
        self.may_lack(syntax, typed)
        return None

    def may_lack(self, syntax: ValueSyntax, typed: Typed) -> None:
        """Report a value that has to be there and may not be."""
        subject = f"`{syntax.text}`" if isinstance(syntax, Reference) else "This value"
        why = typed.absent or UNTYPED
        self.report.add(
            "T408",
            f"{subject} may be absent: {why}.",
            syntax.place,
            "may be absent",
            _default_hint(syntax, typed),
        )

    def reference(self, syntax: Reference) -> Typed | None:
        words = (syntax.path.root, *_leading_names(syntax))
        found = self.scope.find(words)
        if found is None:
            self.report.findings.append(unknown_root(syntax, words, self.scope))
            return None
        route, slot = found
        return None if slot.broken else self._follow(syntax, slot, len(route) - 1)

    def _follow(self, syntax: Reference, slot: Slot, start: int) -> Typed | None:
        steps = syntax.path.steps[start:]
        variants = (self._way,) if self._way in slot.variants else slot.variants
        ways = [(variant.when, follow(variant.schema, steps)) for variant in variants]
        reached = [followed for _, followed in ways if not followed.problem]
        if not reached:
            self._astray(syntax, start, ways, slot.missing)
            return None
        absent = [slot.missing, *(_absent(when, followed) for when, followed in ways)]
        why = "; ".join(dict.fromkeys(filter(None, absent)))
        schema = join_all(followed.schema for followed in reached)
        labels = sorted({label for followed in reached for label in followed.labels})
        if labels:
            schema = {**schema, "labels": list[Value](labels)}
        certain = all(followed.certain for followed in reached)
        path = tuple(step for step in steps if isinstance(step, str | int))
        if len(path) == len(steps):
            return Typed(Ref(slot.index, path, optional=bool(why) or not certain), schema, why, certain)
        return Typed(Query(slot.index, steps), schema, why, certain)

    def _astray(self, syntax: Reference, start: int, ways: list[tuple[str, Followed]], missing: str) -> None:
        name = syntax.path.steps[0] if syntax.path.steps else None
        configuration = self.scope.configuration
        if syntax.path.root == "config" and configuration and isinstance(name, str) and not ways[0][1].reached:
            finding = not_configured(syntax, name, configuration)
        else:
            finding = leads_nowhere(syntax, start, ways, missing)
        if finding is not None:
            self.report.findings.append(finding)

    # --- forms -----------------------------------------------------------------------------------

    def _enum(self, syntax: EnumForm) -> Typed | None:
        members = members_of(self.program.schema(self.program.get(syntax.entity, Entity).schema))
        if members is None:
            message = f"`{syntax.entity.code}` is a record, and `$enum` lists the members of an enumeration."
            self.report.add("T426", message, syntax.entity.place, "no enumeration")
            return None
        return _constant(list(members))

    def _default(self, syntax: DefaultForm) -> Typed | None:
        value, otherwise = self.reference(syntax.value), self.certain(syntax.otherwise)
        if value is None or otherwise is None:
            return None
        if not value.absent and value.certain:
            self.report.add(
                "T409",
                f"`{syntax.value.text}` is always there, so its default is never used.",
                syntax.place,
                hint=f"Write `{syntax.value.text}`.",
            )
        if not isinstance(value.expr, Ref):
            self.report.add(
                "D210",
                "`$default` stands in for one value, not for a list of them.",
                syntax.value.place,
                "a list",
            )
            return None
        return Typed(Default(value.expr, otherwise.expr), join(value.schema, otherwise.schema))

    def _text(self, syntax: TextForm) -> Typed | None:
        parts: list[Expr] = []
        labels: set[str] = set()
        for part in syntax.parts:
            if isinstance(part, str):
                parts.append(Literal_(part))
                continue
            typed = self.certain(part)
            if typed is None:
                continue
            if all(fit(typed.schema, {"type": kind}).verdict is not Verdict.FITS for kind in ("string", "integer")):
                self.report.add("T410", "A text is made of strings and integers.", part.place, spoken(typed.schema))
            parts.append(typed.expr)
            labels |= labels_in(typed.schema)
        schema: Schema = {"type": "string"}
        return Typed(Text(tuple(parts)), {**schema, "labels": list[Value](sorted(labels))} if labels else schema)

    def _record(self, members: tuple[Bound, ...]) -> Typed | None:
        typed = {member.name.text: self.value(member.value) for member in members}
        known = {name: value for name, value in typed.items() if value is not None}
        if len(known) != len(typed):
            return None
        return Typed(Record({name: value.expr for name, value in known.items()}), record_of(known))

    def _list(self, items: tuple[ValueSyntax, ...]) -> Typed | None:
        typed = [self.certain(item) for item in items]
        known = [item for item in typed if item is not None]
        if len(known) != len(typed):
            return None
        schema = join_all(item.schema for item in known)
        whole: Schema = {
            "type": "array",
            "items": dict(schema),
            "minItems": len(known),
            "maxItems": len(known),
        }
        return Typed(Items(tuple(item.expr for item in known)), whole)


def record_of(members: Mapping[str, Typed]) -> Schema:
    """The schema of an object that is written member by member."""
    present = (name for name, typed in members.items() if typed.certain and not typed.absent)
    return closed({name: typed.schema for name, typed in members.items()}, present)


def spoken(schema: Schema) -> str:
    """What a schema describes, as a noun."""
    members = members_of(schema)
    if members is not None:
        return f"`{shown(members[0])}`" if len(members) == 1 else "a member of an enumeration"
    if "type" not in schema:
        return "a value of any type"
    return phrase(types_of(schema))


def _leading_names(syntax: Reference) -> tuple[str, ...]:
    names = []
    for step in syntax.path.steps[:2]:
        if not isinstance(step, str):
            break
        names.append(step)
    return tuple(names)


def _absent(when: str, followed: Followed) -> str:
    if followed.problem:
        return f"it is not there {when}" if when else followed.problem
    return " ".join(filter(None, (followed.absent, when))) if followed.absent else ""


def _default_hint(syntax: ValueSyntax, typed: Typed) -> str:
    """What to write where a value of a plain type could stand in."""
    types = types_of(typed.schema)
    if not isinstance(syntax, Reference) or len(types) != 1 or types[0] not in _STAND_INS:
        return ""
    if isinstance(typed.expr, Query):  # nothing stands in for a list of values
        return ""
    members = members_of(typed.schema)
    stand_in = members[0] if members else _STAND_INS[types[0]]
    return f"Write `{{$default: [{syntax.text}, {shown(stand_in)}]}}`."


def _constant(value: Value) -> Typed:
    return Typed(Literal_(value), exactly(value))

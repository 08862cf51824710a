"""Conditions, typed: operators over values whose schemas allow the comparison."""

from __future__ import annotations

from pgs_compiler.declarations import (
    Comparison,
    ConditionSyntax,
    Constant,
    Junction,
    Negation,
    Reference,
    ValueSyntax,
)
from pgs_compiler.elaborate.values import UNTYPED, Elaborator, Typed, spoken
from pgs_compiler.schemas.anatomy import items_of, members_of
from pgs_compiler.schemas.carets import caret
from pgs_compiler.schemas.fit import Verdict, fit, fit_value
from pgs_compiler.schemas.follow import follow
from pgs_compiler.schemas.literal import listed
from pgs_compiler.schemas.patterns import Pattern, read_pattern
from pgs_compiler.source import Scalar, Sequence, to_value
from pgs_snapshot.model import All, Any_, Compare, Condition, Literal_, Not, Ref, Schema
from pgs_snapshot.suggest import nearest

_ORDER = ("lt", "le", "gt", "ge")
_NUMBER: Schema = {"type": "number"}
_INSTANT: Schema = {"type": "string", "format": "date-time"}
_DATE: Schema = {"type": "string", "format": "date"}


class Conditions:
    """Types the conditions of one scope."""

    def __init__(self, elaborator: Elaborator) -> None:
        self._values = elaborator
        self._report = elaborator.report

    def condition(self, syntax: ConditionSyntax, guarded: tuple[Reference, ...] = ()) -> Condition | None:
        """Type a condition; `guarded` are the references that an `exists` beside it makes sure of."""
        match syntax:
            case Negation(inner):
                found = self.condition(inner, guarded)
                return Not(found) if found else None
            case Junction(op, inner):
                return self._junction(op, inner, guarded)
            case Comparison():
                return self._comparison(syntax, guarded)

    def _junction(
        self, op: str, inner: tuple[ConditionSyntax, ...], guarded: tuple[Reference, ...]
    ) -> Condition | None:
        if op == "all":
            # What `exists` asks for is known to the other conditions of the same `all`, so it comes first.
            inner = tuple(sorted(inner, key=lambda item: _guard(item) is None))
            guarded += tuple(guard for item in inner if (guard := _guard(item)))
        found = [self.condition(item, guarded) for item in inner]
        known = tuple(item for item in found if item is not None)
        if len(known) != len(found):
            return None
        return All(known) if op == "all" else Any_(known)

    def _comparison(self, syntax: Comparison, guarded: tuple[Reference, ...]) -> Condition | None:
        if syntax.op == "exists":
            return self._exists(syntax)
        if syntax.op == "matches":
            return self._matches(syntax, guarded)
        operands = [self._operand(operand, guarded) for operand in syntax.operands]
        left, right = operands
        if left is None or right is None:
            return None
        instants = False
        if syntax.op in _ORDER:
            instants = self._ordered(syntax, left, right)
        elif syntax.op in ("in", "not_in"):
            self._member(syntax, left, right)
        else:
            instants = _both(left, right, _INSTANT)
            self._comparable(syntax, left.schema, right.schema)
        return Compare(syntax.op, (left.expr, right.expr), instants)

    def _operand(self, syntax: ValueSyntax, guarded: tuple[Reference, ...]) -> Typed | None:
        """An operand, which has to be there: by itself, or by an `exists` beside it."""
        typed = self._values.value(syntax)
        if typed is None or (typed.certain and not typed.absent):
            return typed
        if isinstance(syntax, Reference):
            why = typed.absent or UNTYPED
            if any(self._values.quiet().reference(guard) is None for guard in guarded):
                return None  # a finding tells of the guard; what it was meant to guard is not known
            for guard in guarded:
                left = self._left_open(guard, syntax)
                if left == "":
                    return typed
                why = left or why
            self._report.add(
                "T408",
                f"`{syntax.text}` may be absent: {why}.",
                syntax.place,
                "may be absent",
                f"Put `{{exists: {syntax.text}}}` beside it, in one `all`.",
            )
            return None
        self._values.may_lack(syntax, typed)
        return None

    def _left_open(self, guard: Reference, syntax: Reference) -> str | None:
        """Why a reference may be absent where its guard is there: "" if never, None if it is no guard."""
        steps = guard.path.steps
        if guard.path.root != syntax.path.root or syntax.path.steps[: len(steps)] != steps:
            return None
        typed = self._values.quiet().reference(guard)
        if typed is None:
            return None
        rest = follow(typed.schema, syntax.path.steps[len(steps) :])
        return rest.problem or rest.absent or ("" if rest.certain else UNTYPED)

    def _exists(self, syntax: Comparison) -> Condition | None:
        operand = syntax.operands[0]
        if not isinstance(operand, Reference):
            self._report.add("T412", "`exists` asks about a reference.", operand.place, "not a reference")
            return None
        typed = self._values.reference(operand)
        if typed is None:
            return None
        if not isinstance(typed.expr, Ref):
            self._report.add("T412", "`exists` asks about one member, not about a list of them.", operand.place)
            return None
        if not typed.absent and typed.certain:
            self._report.add("T413", f"`{operand.text}` is always there.", operand.place)
        return Compare("exists", (typed.expr,))

    def _matches(self, syntax: Comparison, guarded: tuple[Reference, ...]) -> Condition | None:
        subject, written = syntax.operands
        left = self._operand(subject, guarded)
        pattern = self._pattern(written)
        if left is None or pattern is None:
            return None
        if fit(left.schema, {"type": "string"}).verdict is not Verdict.FITS:
            self._report.add("T412", "`matches` is asked of a string.", subject.place, spoken(left.schema))
        return Compare("matches", (left.expr, Literal_(pattern.ecma)))

    def _pattern(self, syntax: ValueSyntax) -> Pattern | None:
        tree = syntax.tree if isinstance(syntax, Constant) else None
        if not isinstance(tree, Scalar) or not isinstance(tree.value, str):
            self._report.add("T412", "`matches` takes a pattern written out.", syntax.place, "not a pattern")
            return None
        found = read_pattern(tree.value)
        if isinstance(found, Pattern):
            return found
        self._report.add("T428", found.message, caret(tree, found.offset), hint=found.hint)
        return None

    def _ordered(self, syntax: Comparison, left: Typed, right: Typed) -> bool:
        if _both(left, right, _NUMBER) or _both(left, right, _DATE):
            return False
        if _both(left, right, _INSTANT):
            return True
        self._report.add(
            "T412",
            f"`{syntax.op}` compares two numbers, two dates or two times.",
            syntax.place,
            f"{spoken(left.schema)} and {spoken(right.schema)}",
        )
        return False

    def _member(self, syntax: Comparison, left: Typed, right: Typed) -> None:
        place = syntax.operands[1].place
        if right.schema.get("type") != "array":
            self._report.add("T412", f"`{syntax.op}` looks for a value in a list.", place, spoken(right.schema))
        elif right.schema.get("maxItems") == 0:
            self._report.add("T412", "Nothing is in an empty list.", place)
        else:
            before = len(self._report.findings)
            self._comparable(syntax, left.schema, items_of(right.schema))
            if len(self._report.findings) == before:
                self._listed(syntax, left.schema)

    def _listed(self, syntax: Comparison, left: Schema) -> None:
        """Report each member of a list that is written out and that the value can never be."""
        written = syntax.operands[1]
        if not isinstance(written, Constant) or not isinstance(written.tree, Sequence):
            return
        for item in written.tree:
            answer = fit_value(to_value(item), left)
            if answer.verdict is Verdict.CANNOT_FIT:
                message = f"`{syntax.op}` lists what the value can never be: {answer.clash}."
                self._report.add("T412", message, item.place, "never equal", answer.hint)

    def _comparable(self, syntax: Comparison, left: Schema, right: Schema) -> None:
        """Two values that can never be equal are a mistake of the author's."""
        if any(fit(*pair).verdict is not Verdict.CANNOT_FIT for pair in ((left, right), (right, left))):
            return
        ours, theirs = members_of(left), members_of(right)
        place, label, hint = syntax.place, f"{spoken(left)} and {spoken(right)}", ""
        if ours is not None and theirs is not None and len(theirs) == 1:
            near = nearest(str(theirs[0]), [member for member in ours if isinstance(member, str)])
            place, label = syntax.operands[1].place, f"none of {listed(ours)}"
            hint = f"Write `{near}`." if near else ""
        self._report.add("T412", f"`{syntax.op}` compares values that are never equal.", place, label, hint)


def _both(left: Typed, right: Typed, schema: Schema) -> bool:
    return all(fit(typed.schema, schema).verdict is Verdict.FITS for typed in (left, right))


def _guard(syntax: ConditionSyntax) -> Reference | None:
    """The reference that an `exists` makes sure of."""
    if isinstance(syntax, Comparison) and syntax.op == "exists":
        operand = syntax.operands[0]
        return operand if isinstance(operand, Reference) else None
    return None

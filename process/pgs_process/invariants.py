"""Invariants: what holds of the whole state, held at every commit over what the run has touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from pgs_process.audit.conditions import CONDITIONS, is_number, total
from pgs_process.audit.looking import FUNCTIONS, Sight, sight
from pgs_process.audit.recipe import RuleSpec
from pgs_process.faults import ConfigError, InvariantError
from pgs_process.transaction.drafts import MISSING, DictDraft

if TYPE_CHECKING:
    from pgs_process.frame import Frame


class Invariant(Protocol):
    """One thing that holds of every state, or of every change of it."""

    @property
    def text(self) -> str:
        """It as it was written."""

    @property
    def seen(self) -> Sight:
        """What it looks at."""

    def broken_by(self, frame: Frame) -> object:
        """The value that breaks it, or MISSING if it holds."""


@dataclass(frozen=True, slots=True)
class Conserved:
    """A number, a length or a sum that no run changes. Of a dict, the sum costs as much as was touched of it."""

    text: str
    seen: Sight

    def broken_by(self, frame: Frame) -> object:
        raw = self.seen.raw(frame.system, {})
        draft = frame.drafts.get(id(raw))
        now = self.seen.raw(frame.system, frame.drafts)
        if now is raw and self.seen.function == "sum" and isinstance(draft, DictDraft):
            moved = _moved(draft)
            return MISSING if moved == 0 else moved
        if now is raw and draft is None:
            return MISSING
        old = self.seen.of(frame.system, {}, {})
        new = self.seen.of(frame.system, frame.drafts, {})
        return MISSING if is_number(new) and old == new else new if new is not MISSING else None


@dataclass(frozen=True, slots=True)
class Monotonic:
    """A number that no run makes smaller."""

    text: str
    seen: Sight

    def broken_by(self, frame: Frame) -> object:
        new = self.seen.of(frame.system, frame.drafts, {})
        old = self.seen.of(frame.system, {}, {})
        return (
            MISSING
            if is_number(new) and is_number(old) and cast(int, new) >= cast(int, old)
            else (None if new is MISSING else new)
        )


@dataclass(frozen=True, slots=True)
class UnchangedUnless:
    """A path that only some processes change."""

    text: str
    seen: Sight
    by: tuple[str, ...]

    def broken_by(self, frame: Frame) -> object:
        inside = (self.seen.layer, *self.seen.names)
        if frame.entry.name in self.by:
            return MISSING
        for path, _, key, _, new in frame.journal[frame.mark :]:
            place = path if key is None else (*path, key)
            shorter = min(len(place), len(inside))
            if place[:shorter] == inside[:shorter]:
                return None if new is MISSING else new
        return MISSING


@dataclass(frozen=True, slots=True)
class Always:
    """A condition of audit that holds of every state."""

    text: str
    seen: Sight
    spec: RuleSpec

    def broken_by(self, frame: Frame) -> object:
        value = self.seen.of(frame.system, frame.drafts, {})
        try:
            holds = CONDITIONS[self.spec.condition](value, self.spec.value)
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
            holds = False
        return MISSING if holds else (None if value is MISSING else value)


def read_invariants(specs: Iterable[object]) -> list[Invariant]:
    """Read invariants: `{"conserved": "sum(domain.accounts)"}`, `{"monotonic": PATH}`, `{"unchanged_unless": {"path":
    PATH, "by": [PROCESS]}}`, or a field with conditions of audit.

    Raises:
        ConfigError: one is none of these.
    """
    return [invariant for spec in specs for invariant in _read(spec)]


def check_invariants(invariants: Sequence[Invariant], frame: Frame) -> None:
    """See to it that a run leaves all of them standing.

    Raises:
        InvariantError: it does not.
    """
    for invariant in invariants:
        value = invariant.broken_by(frame)
        if value is not MISSING:
            raise InvariantError(
                f"`{frame.entry.name}` would break `{invariant.text}`.",
                process=frame.entry.name,
                rule=invariant.text,
                value=value,
            )


def _read(spec: object) -> list[Invariant]:
    if not isinstance(spec, Mapping) or not spec:
        raise ConfigError(f"`{spec!r}` is no invariant.")
    if "field" in spec:
        field = str(spec["field"])
        rules = [RuleSpec(field, str(name), limit, "A") for name, limit in spec.items() if name != "field"]
        return [Always(rule.told, _sight(field), rule) for rule in rules]
    ((kind, about),) = spec.items() if len(spec) == 1 else (("", None),)
    if kind == "conserved" and isinstance(about, str):
        return [Conserved(f"conserved: {about}", _sight(about))]
    if kind == "monotonic" and isinstance(about, str):
        return [Monotonic(f"monotonic: {about}", _sight(about))]
    if kind == "unchanged_unless" and isinstance(about, Mapping) and {"path", "by"} == set(about):
        by = tuple(str(name) for name in about["by"])
        return [
            UnchangedUnless(f"unchanged_unless: {about['path']} by {', '.join(by)}", _sight(str(about["path"])), by)
        ]
    raise ConfigError(
        f"`{spec!r}` is no invariant: there are `conserved`, `monotonic`, `unchanged_unless`, and conditions."
    )


def _sight(text: str) -> Sight:
    """A path, or a function of one: `sum(domain.accounts)`."""
    name, opened, rest = text.partition("(")
    try:
        if opened and name in FUNCTIONS and rest.endswith(")") and rest != ")":
            path = sight(rest[:-1])
            return Sight(text, path.layer, path.names, name)
        return sight(text)
    except ValueError as error:
        raise ConfigError(f"{error}.", rule=text) from error


def _moved(draft: DictDraft) -> object:
    """By how much the sum of a dict's values has moved; None if not all that was touched are numbers."""
    new = list(draft.new.values())
    old = [draft.base[key] for key in {*draft.new, *draft.gone} if key in draft.base]
    sums = total(new), total(old)
    return None if MISSING in sums else cast(int, sums[0]) - cast(int, sums[1])

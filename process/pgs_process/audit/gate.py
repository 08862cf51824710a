"""The gate of one process: its rules, judged before the body and before the commit."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pgs_process.audit.conditions import CONDITIONS, misfit
from pgs_process.audit.looking import Sight, sight
from pgs_process.audit.recipe import RuleSpec
from pgs_process.faults import AuditBlockError, AuditInterlockError
from pgs_process.transaction.drafts import MISSING, Draft

if TYPE_CHECKING:
    from pgs_process.frame import Frame
    from pgs_process.free import FreeRun

log = logging.getLogger("pgs_process")

_SEVERITY = {"S": 3, "A": 2, "B": 1, "C": 0}
_OF_A_VALUE = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What a condition can raise over a value that it does not fit; it then is not met."""


class Register(Protocol):
    """Where counts are kept and the interlock is engaged."""

    def count(self, key: str) -> int:
        """Violations of a rule since it last acted."""

    def keep(self, counts: Mapping[str, int]) -> None:
        """Keep other counts."""

    def halt(self, why: str) -> None:
        """Stop everything."""


class Seen(Protocol):
    """What a rule is judged by: a context, what a transaction has made of it so far, and arguments by name."""

    @property
    def system(self) -> object: ...

    @property
    def drafts(self) -> Mapping[int, Draft]: ...

    @property
    def arguments(self) -> Mapping[str, object]: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule at a gate, with what it looks at and the key of its count."""

    spec: RuleSpec
    sight: Sight
    key: str


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that did not hold: what it saw (MISSING: nothing), which violation that was, and whether it acts now."""

    rule: Rule
    value: object
    count: int
    acts: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What rules say of one run: the counts that have changed, what did not hold, and the gravest refusal, if any."""

    counts: Mapping[str, int]
    violations: tuple[Violation, ...]
    refusal: AuditBlockError | AuditInterlockError | None


class Gate:
    """The rules of one process."""

    def __init__(
        self,
        process: str,
        body: Callable[..., object],
        inputs: list[RuleSpec],
        outputs: list[RuleSpec],
        register: Register,
    ) -> None:
        parameters = list(inspect.signature(body).parameters.values())[1:]
        names = [parameter.name for parameter in parameters]
        self._defaults = {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}
        self._process = process
        self._register = register
        self._inputs = rules_at(process, "in", inputs, names)
        self._outputs = rules_at(process, "out", outputs, names)

    def check_against(self, system: object) -> None:
        """See to it that every rule looks at something that its condition can be asked of.

        Raises:
            ConfigError: one does not.
        """
        for rule in (*self._inputs, *self._outputs):
            if rule.sight.layer is None:
                continue
            value = rule.sight.of(system, {}, {})
            top = Sight(rule.sight.text, rule.sight.layer, rule.sight.names[:1], None)
            if value is MISSING and top.of(system, {}, {}) is MISSING:
                raise rule.spec.fault("there is no such field in the context.")
            if misfit(rule.spec.condition, value):
                raise rule.spec.fault(f"`{rule.spec.condition}` does not fit a `{type(value).__name__}`.")

    def check_inputs(self, frame: Frame | FreeRun, arguments: Mapping[str, object]) -> None:
        """Judge what comes in: arguments, with the defaults of those that are not given, and the state as it is.

        Raises:
            AuditBlockError, AuditInterlockError: a rule acted or rejects.
        """
        frame.arguments = {**self._defaults, **arguments}
        self._check(self._inputs, frame)

    def check_outputs(self, frame: Frame | FreeRun) -> None:
        """Judge the state that a run proposes.

        Raises:
            AuditBlockError, AuditInterlockError: a rule acted or rejects.
        """
        self._check(self._outputs, frame)

    def _check(self, rules: Sequence[Rule], frame: Seen) -> None:
        verdict = judge(self._process, rules, frame, self._register.count)
        for violation in verdict.violations:
            if violation.rule.spec.mode != "audit" and _only_noted(violation):
                log.warning("%s", _told(self._process, violation))
        if verdict.counts:
            self._register.keep(verdict.counts)
        if verdict.refusal is not None:
            if verdict.refusal.level == "S":
                self._register.halt(str(verdict.refusal))
            raise verdict.refusal


def rules_at(process: str, side: str, specs: Iterable[RuleSpec], arguments: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of one side (`in` or `out`) of a gate.

    Raises:
        ConfigError: one looks at what is neither a path nor one of the arguments.
    """
    names = [*arguments]
    return tuple(_rule(process, side, at, spec, names) for at, spec in enumerate(specs))


def judge(process: str, rules: Iterable[Rule], seen: Seen, count: Callable[[str], int]) -> Verdict:
    """Judge rules over what is seen. Nothing is kept and nothing raised here.

    Args:
        count: violations of a rule since it last acted, by its key.
    """
    counts: dict[str, int] = {}
    violations: list[Violation] = []
    gravest: tuple[int, AuditBlockError | AuditInterlockError] | None = None
    for rule in rules:
        before = count(rule.key)
        value, holds = judged(rule, seen)
        if holds:
            if before and rule.spec.reset_on_success:
                counts[rule.key] = 0
            continue
        acts = before + 1 >= rule.spec.max_threshold
        counts[rule.key] = 0 if acts else before + 1
        violation = Violation(rule, value, before + 1, acts)
        violations.append(violation)
        refusal = _refusal(process, violation)
        if refusal is not None and (gravest is None or refusal[0] > gravest[0]):
            gravest = refusal
    return Verdict(counts, tuple(violations), gravest[1] if gravest else None)


def _refusal(process: str, violation: Violation) -> tuple[int, AuditBlockError | AuditInterlockError] | None:
    spec = violation.rule.spec
    if _passes(violation):
        return None
    kind = AuditInterlockError if violation.acts and spec.level in "SA" else AuditBlockError
    error = kind(
        _told(process, violation),
        path=spec.target_field,
        process=process,
        rule=spec.told,
        value=None if violation.value is MISSING else violation.value,
    )
    error.level = spec.level if violation.acts else "B"
    return _SEVERITY[error.level], error


def _passes(violation: Violation) -> bool:
    spec = violation.rule.spec
    return spec.mode != "enforce" or spec.level == "C" or (not violation.acts and spec.under_threshold == "commit")


def _only_noted(violation: Violation) -> bool:
    return _passes(violation) and violation.count > violation.rule.spec.min_threshold


def _told(process: str, violation: Violation) -> str:
    spec, value = violation.rule.spec, violation.value
    shown = "nothing" if value is MISSING else repr(value)
    text = spec.message or f"`{spec.target_field}` is {shown} where the rule is `{spec.condition}: {spec.value!r}`"
    return f"{process}: {text} (level {spec.level}, {violation.count} of {spec.max_threshold})."


def judged(rule: Rule, seen: Seen) -> tuple[object, bool]:
    """What a rule sees, and whether its condition holds of it."""
    value: object = MISSING
    try:
        value = rule.sight.of(seen.system, seen.drafts, seen.arguments)
        return value, CONDITIONS[rule.spec.condition](value, rule.spec.value)
    except _OF_A_VALUE:
        return value, False


def _rule(process: str, side: str, at: int, spec: RuleSpec, arguments: list[str]) -> Rule:
    try:
        seen = sight(spec.target_field, arguments)
    except ValueError as error:
        raise spec.fault(f"{error}.") from error
    return Rule(spec, seen, f"{process}:{side}:{at}:{spec.told}")

"""The gate of one process: its rules, judged before the body and before the commit."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pgs_process.audit.conditions import CONDITIONS, misfit
from pgs_process.audit.looking import Sight, sight
from pgs_process.audit.recipe import RuleSpec
from pgs_process.faults import AuditBlockError, AuditInterlockError, ProcessError
from pgs_process.transaction.drafts import MISSING

if TYPE_CHECKING:
    from pgs_process.frame import Frame

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


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule at a gate, with what it looks at and the key of its count."""

    spec: RuleSpec
    sight: Sight
    key: str


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
        self._inputs = [_rule(process, "in", at, spec, names) for at, spec in enumerate(inputs)]
        self._outputs = [_rule(process, "out", at, spec, names) for at, spec in enumerate(outputs)]

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

    def check_inputs(self, frame: Frame, arguments: Mapping[str, object]) -> None:
        """Judge what comes in: arguments, with the defaults of those that are not given, and the state as it is.

        Raises:
            AuditBlockError, AuditInterlockError: a rule acted or rejects.
        """
        frame.arguments = {**self._defaults, **arguments}
        self._check(self._inputs, frame)

    def check_outputs(self, frame: Frame) -> None:
        """Judge the state that a run proposes.

        Raises:
            AuditBlockError, AuditInterlockError: a rule acted or rejects.
        """
        self._check(self._outputs, frame)

    def _check(self, rules: list[Rule], frame: Frame) -> None:
        counts: dict[str, int] = {}
        refusals: list[tuple[int, ProcessError]] = []
        for rule in rules:
            before = self._register.count(rule.key)
            value, holds = judged(rule, frame)
            if holds:
                if before and rule.spec.reset_on_success:
                    counts[rule.key] = 0
                continue
            acts = before + 1 >= rule.spec.max_threshold
            counts[rule.key] = 0 if acts else before + 1
            refusal = self._refusal(rule, value, before + 1, acts)
            if refusal is not None:
                refusals.append(refusal)
        if counts:
            self._register.keep(counts)
        if refusals:
            severity, error = max(refusals, key=lambda refusal: refusal[0])
            if severity == _SEVERITY["S"]:
                self._register.halt(str(error))
            raise error

    def _refusal(self, rule: Rule, value: object, count: int, acts: bool) -> tuple[int, ProcessError] | None:
        spec = rule.spec
        shown = "nothing" if value is MISSING else repr(value)
        text = spec.message or f"`{spec.target_field}` is {shown} where the rule is `{spec.condition}: {spec.value!r}`"
        message = f"{self._process}: {text} (level {spec.level}, {count} of {spec.max_threshold})."
        if spec.mode != "enforce" or spec.level == "C" or (not acts and spec.under_threshold == "commit"):
            if spec.mode != "audit" and count > spec.min_threshold:
                log.warning("%s", message)
            return None
        kind = AuditInterlockError if acts and spec.level in "SA" else AuditBlockError
        error = kind(
            message,
            path=spec.target_field,
            process=self._process,
            rule=spec.told,
            value=None if value is MISSING else value,
        )
        error.level = spec.level if acts else "B"
        return _SEVERITY[error.level], error


def judged(rule: Rule, frame: Frame) -> tuple[object, bool]:
    """What a rule sees, and whether its condition holds of it."""
    value: object = MISSING
    try:
        value = rule.sight.of(frame.system, frame.drafts, frame.arguments)
        return value, CONDITIONS[rule.spec.condition](value, rule.spec.value)
    except _OF_A_VALUE:
        return value, False


def _rule(process: str, side: str, at: int, spec: RuleSpec, arguments: list[str]) -> Rule:
    try:
        seen = sight(spec.target_field, arguments)
    except ValueError as error:
        raise spec.fault(f"{error}.") from error
    return Rule(spec, seen, f"{process}:{side}:{at}:{spec.told}")

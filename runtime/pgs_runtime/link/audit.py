"""Rules at gates, as a run meets them: counts of violations, and what happens when a rule acts.

Counts are rows of a store that the runtime keeps, by what is guarded, instance and rule. They are written with the run
that they are of. Where a rule ends the run, they are written although nothing else of it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Literal, TypeAlias, cast

import orjson

from pgs_process.audit.gate import Rule, Verdict, Violation, judge, rules_at
from pgs_process.audit.recipe import RuleSpec
from pgs_process.transaction.drafts import MISSING
from pgs_runtime.core.linked import Storage
from pgs_runtime.link.interlock import engage
from pgs_runtime.link.stopping import Stopped
from pgs_runtime.redaction import Redact
from pgs_runtime.stores.overlay import Held, Overlay, Where
from pgs_runtime.stores.port import Delete, Put
from pgs_snapshot import model
from pgs_snapshot.canonical import canonical
from pgs_snapshot.processes import BLOCKED
from pgs_snapshot.values import NotPlain, Outcome, Value, plain

Rules: TypeAlias = tuple[Rule, ...]
_SUCCESS = "SUCCESS"

COUNTS = "pgs::AUDIT"
"""The store that the runtime keeps for counts of violations. No protocol can declare one of this name."""


class Counter:
    """The counts of the rules of one gate, for one instance after the other."""

    def __init__(self, target: str, rules: Iterable[Rule]) -> None:
        self.target = target
        self._keys = tuple(rule.key for rule in rules if rule.spec.max_threshold > 1)

    def kept(self, counts: Mapping[str, int]) -> Mapping[str, int]:
        """Those of the counts that are worth keeping: a rule that acts at its first violation has none."""
        return {key: count for key, count in counts.items() if key in self._keys}

    def read(self, overlay: Overlay, session: str) -> Value:
        """The counts that are not 0, by the rule's key."""
        found: dict[str, Value] = {}
        for key in self._keys:
            held = overlay.cell("state", COUNTS, self._row(session, key))
            if held is not None:
                found[key] = cast(int, orjson.loads(held.data))
        return found

    def write(self, overlay: Overlay, session: str, counts: Mapping[str, int]) -> None:
        """Keep other counts; one of 0 leaves no row."""
        for rule, count in sorted(self.kept(counts).items()):
            key = self._row(session, rule)
            where: Where = ("state", COUNTS, key)
            held = overlay.cell(*where)
            if count:
                data, version = canonical(count), (held.version if held else 0) + 1
                overlay.put(Put(COUNTS, key, data, version, overlay.line), where, Held(data, version))
            elif held is not None:
                overlay.put(Delete(COUNTS, key), where, None)

    def _row(self, session: str, rule: str) -> str:
        return canonical([self.target, session, rule]).decode()


_SHORT = 60
"""Characters of a value or limit in a message."""


def gate_step(
    target: str,
    rules: Sequence[Rule],
    counter: Counter,
    gate: Literal["opens", "closes", "admits"],
    redact: Redact | None,
) -> Storage:
    """What has rules judged that guard a contract or an intent. It is given their arguments by name.

    Args:
        redact: for what it is given; what rules saw is not shown where there is one.
    """

    def perform(overlay: Overlay, given: dict[str, Value]) -> Outcome:
        if gate == "closes":
            rolled_back = overlay.mark
        counts = cast("Mapping[str, int]", counter.read(overlay, "") if rules else {})
        seen = SimpleNamespace(system=None, drafts={}, arguments=given)
        verdict = judge(target, rules, seen, lambda key: counts.get(key, 0))
        told = told_violations([verdict], counter)
        if "stop" in told:
            raise stopped(counter, "", verdict.counts, cast("dict[str, Value]", told["stop"]), shows=redact is None)
        if gate == "closes" and verdict.refusal is not None:
            overlay.back_to(rolled_back)
        counter.write(overlay, "", verdict.counts)
        overlay.mark = len(overlay.writes)
        audit = {"audit": _shown(told["audit"], redact)} if "audit" in told else {}
        return Outcome(_SUCCESS if verdict.refusal is None else BLOCKED, **audit)

    return Storage(
        name="gate",
        inputs=lambda frame: {},
        misfits=None,
        store=COUNTS,
        operation="JUDGE",
        perform=perform,
        writes=False,
        next={_SUCCESS: None, BLOCKED: BLOCKED},
        redact=redact,
        shown={_SUCCESS: None, BLOCKED: None},
        gate=gate,
    )


def gates_of(
    target: str, gate: model.Gate, before: Iterable[str], after: Iterable[str]
) -> tuple[Rules, Rules, Counter]:
    """The rules of a gate for what comes in and what comes out, and what keeps their counts.

    Args:
        before, after: the names by which rules see what they judge.
    """
    first = rules_at(target, "in", map(spec_of, gate.inputs), before)
    last = rules_at(target, "out", map(spec_of, gate.outputs), after)
    return first, last, Counter(target, (*first, *last))


def _shown(audit: Value, redact: Redact | None) -> Value:
    """What rules found, without what they saw where that may carry a label."""
    if redact is None:
        return audit
    return [
        {name: item for name, item in rule.items() if name != "value"} for rule in cast("list[dict[str, Value]]", audit)
    ]


def spec_of(rule: model.AuditRule) -> RuleSpec:
    """A sealed rule, as the library has it."""
    return RuleSpec(
        target_field=rule.field,
        condition=rule.condition,
        value=rule.value,
        level=rule.level,
        max_threshold=rule.threshold,
        reset_on_success=rule.reset_on_success,
        message=rule.message or None,
        mode=rule.mode,
        under_threshold=rule.under_threshold,
        place=rule.at,
    )


def told_violations(found: Iterable[Verdict], counter: Counter) -> dict[str, Value]:
    """What rules say of a run; each part is left out where there is nothing.

    `audit`: the rules that did not hold; `counts`: those that have changed; `stop`: the rule that ends the run.
    """
    verdicts = [*found]
    audit = [_violation(violation) for verdict in verdicts for violation in verdict.violations]
    counts: dict[str, Value] = {
        key: count for verdict in verdicts for key, count in counter.kept(verdict.counts).items()
    }
    parts: dict[str, Value] = {}
    if audit:
        parts["audit"] = cast(Value, audit)
    if counts:
        parts["counts"] = counts
    stop = next((each for each in map(_stopping, verdicts) if each is not None), None)
    if stop is not None:
        parts["stop"] = stop
    return parts


def stopped(
    counter: Counter, session: str, counts: Mapping[str, int], stop: Mapping[str, Value], *, shows: bool
) -> Stopped:
    """How a run ends that a rule of level A or S has stopped.

    Args:
        shows: whether what the rule saw may be told.
    """
    rule, level = str(stop["rule"]), str(stop["level"])
    unmet = f"`{counter.target}` does not meet it"
    if "message" in stop:
        unmet += f": {str(stop['message']).removesuffix('.')}"
    if "asks" in stop:  # what was recorded by an earlier version does not say
        unmet += f" ({_seen(stop, shows)})"

    def keep(overlay: Overlay) -> None:
        counter.write(overlay, session, counts)
        if level == "S":
            engage(overlay, counter.target, rule)

    if level == "S":
        message = f"The rule at `{rule}`, of level S, stops everything: {unmet}."
        return Stopped("R174", message, keep)
    message = f"The rule at `{rule}`, of level A, ends the run: {unmet}."
    return Stopped("R173", message, keep)


def _violation(violation: Violation) -> dict[str, Value]:
    spec = violation.rule.spec
    told: dict[str, Value] = {
        "acts": violation.acts,
        "count": violation.count,
        "field": spec.target_field,
        "level": spec.level,
        "of": spec.max_threshold,
        "rule": spec.place,
    }
    if violation.value is not MISSING:
        try:
            told["value"] = plain(violation.value)
        except NotPlain:
            return told
    return told


def _stopping(verdict: Verdict) -> Value:
    refusal = verdict.refusal
    if refusal is None or refusal.level not in "AS":
        return None
    gravest = next(one for one in verdict.violations if one.acts and one.rule.spec.level == refusal.level)
    spec = gravest.rule.spec
    told: dict[str, Value] = {"asks": _short(spec.condition, spec.value), "field": spec.target_field}
    told |= {"count": gravest.count, "level": refusal.level, "of": spec.max_threshold, "rule": spec.place}
    if isinstance(value := _violation(gravest).get("value"), int | float | str):
        told["value"] = _short("", value)
    return told | ({"message": spec.message} if spec.message else {})


def _short(name: str, value: object) -> str:
    """A value as a message shows it, after a name; of a long one only the name."""
    text = canonical(plain(value)).decode()
    return name if len(text) > _SHORT else f"{name}: {text}" if name else text


def _seen(stop: Mapping[str, Value], shows: bool) -> str:
    """What a rule that stops a run asks, what it found there, and how often."""
    found = f" is `{stop['value']}`, and" if shows and stop.get("value") else ""
    often = f"; {stop['count']} of {stop['of']}" if stop["of"] != 1 else ""
    return f"`{stop['field']}`{found} has to meet `{stop['asks']}`{often}"

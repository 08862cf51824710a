"""Parameters judged by rules that a protocol states as data.

A rule is an object with any of `type`, `enum`, `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`,
`minLength`, `maxLength`, which mean what they mean in JSON Schema (2020-12), and `optional`.

Laws:
* fail closed: a parameter without a rule, a rule without its parameter, a bound on something that has no such
  measure and a rule that makes no sense are all violations;
* nothing is coerced: `"100"` is not a number, and neither is `true`;
* every parameter is judged and each is named once, by the first part of its rule that does not hold, in the
  order of the list above.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard

from pgs_snapshot.values import Outcome, Value, same


def validate_parameter_rules(
    parameters: dict[str, Value], rules: dict[str, dict[str, Value]], additional: bool
) -> dict[str, Value] | Outcome:
    """SUCCESS if every parameter keeps its rule, else VIOLATION with `violations`.

    Args:
        parameters: what to judge, by name.
        rules: the rule of each parameter, by name.
        additional: whether parameters without a rule are let through.

    A violation is `{parameter, rule}`, where `rule` is the part that does not hold, `missing` or `unknown`;
    violations stand in the order of the parameters' names.
    """
    violations: list[Value] = []
    for name in sorted({*parameters, *rules}):
        broken = _broken(name, parameters, rules, additional)
        if broken:
            violations.append({"parameter": name, "rule": broken})
    return Outcome("VIOLATION", violations=violations) if violations else {}


def _broken(
    name: str, parameters: dict[str, Value], rules: dict[str, dict[str, Value]], additional: bool
) -> str | None:
    if name not in rules:
        return None if additional else "unknown"
    rule = rules[name]
    if name not in parameters:
        return None if rule.get("optional") is True else "missing"
    value = parameters[name]
    for part, holds in _PARTS.items():
        if part in rule and not holds(value, rule[part]):
            return part
    return None


def _is(value: Value, kind: Value) -> bool:
    if kind == "integer":
        return _is_number(value) and isinstance(value, int)
    if kind == "number":
        return _is_number(value)
    return isinstance(kind, str) and kind in _KINDS and isinstance(value, _KINDS[kind])


def _is_number(value: Value) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _compared(holds: Callable[[int | float, int | float], bool]) -> Callable[[Value, Value], bool]:
    return lambda value, bound: _is_number(value) and _is_number(bound) and holds(value, bound)


def _measured(holds: Callable[[int, int | float], bool]) -> Callable[[Value, Value], bool]:
    return lambda value, bound: isinstance(value, str) and _is_number(bound) and holds(len(value), bound)


_KINDS: dict[str, type] = {"string": str, "boolean": bool, "array": list, "object": dict}

_PARTS: dict[str, Callable[[Value, Value], bool]] = {
    "type": _is,
    "enum": lambda value, allowed: isinstance(allowed, list) and any(same(value, one) for one in allowed),
    "minimum": _compared(lambda value, bound: value >= bound),
    "maximum": _compared(lambda value, bound: value <= bound),
    "exclusiveMinimum": _compared(lambda value, bound: value > bound),
    "exclusiveMaximum": _compared(lambda value, bound: value < bound),
    "minLength": _measured(lambda length, bound: length >= bound),
    "maxLength": _measured(lambda length, bound: length <= bound),
}

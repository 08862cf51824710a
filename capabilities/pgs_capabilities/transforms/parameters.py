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
    broken = {name: "unknown" for name in sorted(parameters.keys() - rules.keys()) if not additional}
    for name in sorted(rules.keys() - parameters.keys()):
        if rules[name].get("optional") is not True:
            broken[name] = "missing"
    ruled = [(name, parameters[name], rules[name]) for name in sorted(parameters.keys() & rules.keys())]
    for name, value, rule in ruled:
        part = _broken(value, rule)
        if part:
            broken[name] = part
    violations: list[Value] = [{"parameter": name, "rule": part} for name, part in sorted(broken.items())]
    return Outcome("VIOLATION", violations=violations) if violations else {}


# Plain branches: of a table of functions nobody can tell how long what it holds takes, so it would need the worker.
def _broken(value: Value, rule: dict[str, Value]) -> str:
    """The first part of a rule that does not hold, or nothing."""
    if "type" in rule and not _is(value, rule["type"]):
        return "type"
    if "enum" in rule and not _is_among(value, rule["enum"]):
        return "enum"
    return _out_of_bounds(value, rule)


def _out_of_bounds(value: Value, rule: dict[str, Value]) -> str:
    length = len(value) if isinstance(value, str) else None
    if "minimum" in rule and not _at_most(rule["minimum"], value):
        return "minimum"
    if "maximum" in rule and not _at_most(value, rule["maximum"]):
        return "maximum"
    if "exclusiveMinimum" in rule and not _below(rule["exclusiveMinimum"], value):
        return "exclusiveMinimum"
    if "exclusiveMaximum" in rule and not _below(value, rule["exclusiveMaximum"]):
        return "exclusiveMaximum"
    if "minLength" in rule and not _at_most(rule["minLength"], length):
        return "minLength"
    return "maxLength" if "maxLength" in rule and not _at_most(length, rule["maxLength"]) else ""


def _is(value: Value, kind: Value) -> bool:
    return (
        (kind == "string" and isinstance(value, str))
        or (kind == "integer" and _is_number(value) and isinstance(value, int))
        or (kind == "number" and _is_number(value))
        or (kind == "boolean" and isinstance(value, bool))
        or (kind == "array" and isinstance(value, list))
        or (kind == "object" and isinstance(value, dict))
    )


def _is_among(value: Value, allowed: Value) -> bool:
    return isinstance(allowed, list) and any(same(value, one) for one in allowed)


def _is_number(value: Value) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _at_most(value: Value, bound: Value) -> bool:
    return _is_number(value) and _is_number(bound) and value <= bound


def _below(value: Value, bound: Value) -> bool:
    return _is_number(value) and _is_number(bound) and value < bound

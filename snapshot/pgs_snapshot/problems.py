"""Why a value does not fit a schema, as data: where, and what is wrong there, without the value itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from jsonschema_rs import Draft202012Validator, ValidationError

from pgs_snapshot.values import Value, escape
from pgs_snapshot.visible import visible

MAX_PROBLEMS = 20


def problems(validator: Draft202012Validator, value: Value) -> list[dict[str, Value]]:
    """`{at: JSON Pointer, why: …}` for each problem, by place; beyond `MAX_PROBLEMS` the last says how many more."""
    if validator.is_valid(value):
        return []
    found = [entry for error in validator.iter_errors(value) for entry in _entries(error)]
    unique = {(str(entry["at"]), str(entry["why"])): entry for entry in found}
    told = [unique[key] for key in sorted(unique)]
    if len(told) > MAX_PROBLEMS:
        told[MAX_PROBLEMS:] = [{"at": "", "why": f"has {len(told) - MAX_PROBLEMS} more that do not fit"}]
    return told


def _entries(error: ValidationError) -> list[dict[str, Value]]:
    at = "".join(f"/{escape(str(part))}" for part in error.instance_path)
    kind, detail = error.kind.name, getattr(error.kind, "value", None)
    if kind == "required":
        return [{"at": f"{at}/{escape(str(detail))}", "why": "is required, and not there"}]
    if kind == "additionalProperties":
        return [
            {"at": f"{at}/{escape(visible(str(name)))}", "why": "is not declared"} for name in cast("list[str]", detail)
        ]
    why = _WHY.get(kind)
    return [{"at": at, "why": why(detail) if why else f"does not hold `{kind}`"}]


def _kinds(detail: object) -> str:
    spoken = {"integer": "an integer", "array": "a list", "object": "an object", "null": "null"}
    names = detail if isinstance(detail, list) else [str(detail)]
    return "is not " + " or ".join(spoken.get(str(name), f"a {name}") for name in names)


_WHY: dict[str, Callable[[object], str]] = {
    "type": _kinds,
    "enum": lambda _: "is not one of the members",
    "const": lambda _: "is not the constant",
    "minimum": lambda bound: f"is below {bound}",
    "maximum": lambda bound: f"is above {bound}",
    "exclusiveMinimum": lambda bound: f"is not above {bound}",
    "exclusiveMaximum": lambda bound: f"is not below {bound}",
    "minLength": lambda bound: f"is shorter than {bound}",
    "maxLength": lambda bound: f"is longer than {bound}",
    "pattern": lambda _: "does not match the pattern",
    "format": lambda name: f"is not of the format {name}",
    "minItems": lambda bound: f"has fewer than {bound} items",
    "maxItems": lambda bound: f"has more than {bound} items",
    "uniqueItems": lambda _: "holds an item twice",
    "falseSchema": lambda _: "holds something that is not declared",
}

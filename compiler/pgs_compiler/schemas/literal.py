"""Whether a value is valid for a schema, at compile time: jsonschema is the authority.

Patterns and formats mean what they mean at run time, where jsonschema-rs asks the same questions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from pgs_compiler.schemas.anatomy import phrase, properties_of, type_of
from pgs_snapshot.formats import FORMATS
from pgs_snapshot.model import Schema
from pgs_snapshot.suggest import nearest
from pgs_snapshot.validation import matcher
from pgs_snapshot.values import Value, escape

_SHOWN = 60  # characters of a value in a message
_matcher = lru_cache(maxsize=512)(matcher)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at one place of a value.

    Attributes:
        pointer: JSON Pointer into the value, "" for the whole.
        why: what a subject is followed by: `is a string, not an integer`.
        hint: what to type, or "".
        stranger: the member there that is not declared, where that is what is wrong, or "".
    """

    pointer: str
    why: str
    hint: str = ""
    stranger: str = ""

    @property
    def message(self) -> str:
        subject = f"`{self.pointer}`" if self.pointer else "The value"
        return f"{subject} {self.why}."


def value_fits(value: Value, schema: Schema) -> tuple[Problem, ...]:
    """What keeps a value from being valid for a schema, ordered by place; nothing when it is valid."""
    errors = _Validator(dict(schema), format_checker=_FORMAT_CHECKER).iter_errors(value)
    problems = [problem for error in errors for problem in _problems(error)]
    return tuple(sorted(problems, key=lambda problem: (problem.pointer, problem.why)))


def shown(value: Value) -> str:
    """A value as a message shows it: JSON, cut short."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def listed(values: tuple[Value, ...]) -> str:
    """The first few of several values."""
    names = [f"`{shown(value)}`" for value in values[:6]]
    return ", ".join([*names, "…"] if len(values) > len(names) else names)


def stated(keyword: str, value: Value) -> str:
    """A keyword as the author wrote it, without the envelope that lowering gives a pattern."""
    text = str(value).removeprefix("^(?:").removesuffix(")$") if keyword == "pattern" else shown(value)
    return f"`{keyword}: {text}`"


def _matches(
    validator: Draft202012Validator, pattern: str, instance: Value, schema: Schema
) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _matcher(pattern)(instance):
        yield ValidationError("")


def _format_checker() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, accepts in FORMATS.items():
        checker.checks(name)(lambda value, accepts=accepts: not isinstance(value, str) or accepts(value))
    return checker


_Validator = extend(Draft202012Validator, {"pattern": _matches})  # type: ignore[no-untyped-call]
_FORMAT_CHECKER = _format_checker()

_WHY = {
    "minimum": "is less than {}",
    "maximum": "is more than {}",
    "exclusiveMinimum": "is not more than {}",
    "exclusiveMaximum": "is not less than {}",
    "minLength": "is shorter than {}",
    "maxLength": "is longer than {}",
    "minItems": "has fewer than {}",
    "maxItems": "has more than {}",
    "uniqueItems": "holds an item twice",
    "format": "is not of the format `{}`",
    "const": "is not `{}`",
}
_UNITS = {"minLength": "character", "maxLength": "character", "minItems": "item", "maxItems": "item"}


def _problems(error: ValidationError) -> Iterator[Problem]:
    pointer = "".join(f"/{escape(str(step))}" for step in error.absolute_path)
    instance, schema = cast(Value, error.instance), cast("dict[str, Any]", error.schema)
    if error.validator == "required" and isinstance(instance, dict):
        # jsonschema reports each missing member by itself, and names it nowhere but in its text.
        missing = [name for name in schema["required"] if name not in instance]
        yield from (Problem(pointer, f"lacks `{name}`") for name in missing if repr(name) in error.message)
    elif error.validator == "additionalProperties" and isinstance(instance, dict):
        yield from _undeclared(pointer, instance, schema)
    else:
        keyword, limit = str(error.validator), cast(Value, error.validator_value)
        yield Problem(pointer, _why(keyword, limit, instance), _member_meant(keyword, limit, instance))


def _undeclared(pointer: str, instance: dict[str, Value], schema: Schema) -> Iterator[Problem]:
    declared = properties_of(schema)
    for name in sorted(instance.keys() - declared.keys()):
        near = nearest(name, declared.keys() - instance.keys())
        yield Problem(pointer, f"has `{name}`, which is not declared", f"Write `{near}`." if near else "", name)


def _member_meant(keyword: str, limit: Value, instance: Value) -> str:
    """A hint where a member of an enumeration is misspelt."""
    members = limit if keyword == "enum" and isinstance(limit, list) else [limit] if keyword == "const" else []
    names = [member for member in members if isinstance(member, str)]
    near = nearest(instance, names) if isinstance(instance, str) else None
    return f"Write `{near}`." if near else ""


def _why(keyword: str, limit: Value, instance: Value) -> str:
    if keyword == "type":
        wanted = [limit] if isinstance(limit, str) else cast("list[str]", limit)
        return f"is {phrase([type_of(instance)])}, not {phrase(wanted)}"
    if keyword == "enum":
        return f"is not one of {listed(tuple(cast('list[Value]', limit)))}"
    if keyword == "pattern":
        return f"does not match {stated(keyword, limit)}"
    if keyword in _UNITS:
        return _WHY[keyword].format(f"{limit} {_UNITS[keyword]}{'' if limit == 1 else 's'}")
    return _WHY[keyword].format(limit if keyword == "format" else shown(limit))

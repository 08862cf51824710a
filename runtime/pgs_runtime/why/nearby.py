"""Values near one that was sent: the nearest first, out of a schema, and out of what was compared with it.

Nothing here says that a value changes anything; whoever wants to know that tries it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import cast

from pgs_runtime.core.expressions import ABSENT
from pgs_runtime.redaction import REDACTED
from pgs_runtime.why.flow import Path
from pgs_snapshot.frozen import frozen
from pgs_snapshot.model import Schema
from pgs_snapshot.values import Value, same

SMALL = 130
"""Members of a range of integers of which every one is tried."""
_LARGEST = 2**53 - 1
_MOST_TEXT = 64
_DEEPEST = 8
_LONG_NUMBER = 16
_SAMPLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "date": ("2026-01-01",),
        "date-time": ("2026-01-01T00:00:00Z",),
        "duration": ("P1D",),
        "email": ("somebody@example.org",),
        "time": ("00:00:00Z",),
        "uri": ("https://example.org/",),
        "uuid": ("00000000-0000-4000-8000-000000000000",),
    }
)


# --- places in a payload -------------------------------------------------------------------------


def value_at(payload: Value, path: Path) -> Value:
    """What stands at a path; `ABSENT` where nothing does."""
    for step in path:
        if isinstance(payload, dict) and isinstance(step, str):
            payload = payload.get(step, ABSENT)
        elif isinstance(payload, list) and isinstance(step, int) and step < len(payload):
            payload = payload[step]
        else:
            return ABSENT
    return payload


def with_value(payload: Value, path: Path, value: Value) -> Value:
    """A copy with another value at a path; `ABSENT` takes it out, and an index just behind a list adds to it."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(payload, list) and isinstance(step, int):
        inner = with_value(payload[step] if step < len(payload) else None, rest, value)
        return [*payload[:step], *([] if inner is ABSENT else [inner]), *payload[step + 1 :]]
    members = dict(payload) if isinstance(payload, dict) else {}
    name = str(step)
    inner = with_value(members.get(name), rest, value)
    if inner is ABSENT:
        members.pop(name, None)
        return members
    return {**members, name: inner}


def schema_at(schema: Schema, path: Path) -> tuple[Schema, bool]:
    """What a schema says of a path, and whether it, or what it stands in, carries a label."""
    labelled = bool(schema.get("labels"))
    for step in path:
        properties = schema.get("properties")
        inner: Value = schema.get("items")
        if isinstance(step, str):
            inner = properties.get(step) if isinstance(properties, dict) else None
            inner = schema.get("additionalProperties") if inner is None else inner
        schema = inner if isinstance(inner, dict) else {}
        labelled = labelled or bool(schema.get("labels"))
    return schema, labelled or _labelled_within(schema)


def _labelled_within(schema: Schema) -> bool:
    properties = schema.get("properties")
    inner = [*properties.values()] if isinstance(properties, dict) else []
    inner += [schema.get("additionalProperties"), schema.get("items")]
    return any(isinstance(each, dict) and (bool(each.get("labels")) or _labelled_within(each)) for each in inner)


def members_of(payload: Value, schema: Schema, path: Path) -> Iterator[Path]:
    """A member, and whatever stands in it or may: its leaves first, lists and objects as wholes behind them."""
    value = value_at(payload, path)
    if len(path) > _DEEPEST:
        return
    if isinstance(value, dict):
        properties = schema_at(schema, path)[0].get("properties")
        declared = [*properties] if isinstance(properties, dict) else []
        for name in dict.fromkeys([*value, *declared]):
            yield from members_of(payload, schema, (*path, name))
    elif isinstance(value, list):
        for number in range(len(value)):
            yield from members_of(payload, schema, (*path, number))
    if path and (value is not ABSENT or value_at(payload, path[:-1]) is not ABSENT):
        yield path


# --- values --------------------------------------------------------------------------------------


def scalars(values: Iterable[Value], names: bool = True) -> Iterator[Value]:
    """Texts, numbers and truth values within values; none that stands for a hidden one. `names`: of members, too."""
    for value in values:
        if isinstance(value, dict):
            if REDACTED in value or "$digest" in value:
                continue
            yield from value if names else ()
            yield from scalars(value.values(), names)
        elif isinstance(value, list):
            yield from scalars(value, names)
        elif value is not None:
            yield value


@frozen
class Pool:
    """Values that a member was compared with, and `beside` them what else was sent, and words of the author."""

    compared: tuple[Value, ...]
    beside: tuple[Value, ...]

    @property
    def all(self) -> tuple[Value, ...]:
        return (*self.compared, *self.beside)


def near(seen: Value, schema: Schema, pool: Pool, outside: bool = False) -> list[Value]:
    """Other values, nearest first.

    Args:
        seen: `ABSENT` where nothing stands.
        outside: also some that the schema does not admit.
    """
    if isinstance(seen, dict | list):
        found = _others(seen)
    elif seen is ABSENT:
        found = [*_members(schema), *pool.compared, sample(schema), *pool.beside]
    else:
        found = [*_members(schema), *_of_kind(seen, schema, pool.all), *pool.all]
    if outside:
        found += _outside(schema)
    found += [] if seen is ABSENT else [ABSENT]
    unique: list[Value] = []
    for value in found:
        if not same_value(value, seen) and not any(same_value(value, other) for other in unique):
            unique.append(value)
    return sorted(unique, key=lambda value: distance(seen, value))


def same_value(one: Value, other: Value) -> bool:
    if one is ABSENT or other is ABSENT:
        return one is other
    return same(one, other)


def distance(seen: Value, value: Value) -> tuple[int, float]:
    """How far a value is from the one that was sent: numbers by their difference, then other words, then none."""
    if is_number(seen) and is_number(value):
        return 0, abs(cast(float, seen) - cast(float, value))
    if value is ABSENT or seen is ABSENT:
        return 3, 0
    return (1 if type(seen) is type(value) else 2), 0


def is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def sample(schema: Schema) -> Value:
    """A small value of a schema; it may be none where that has a pattern or a format."""
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    members = schema.get("enum")
    if isinstance(members, list) and members:
        return members[0]
    kinds = schema.get("type")
    kind = kinds[0] if isinstance(kinds, list) and kinds else kinds
    match kind:
        case "integer" | "number":
            low, high = bounds(schema)
            return min(max(0, low), high)
        case "boolean":
            return False
        case "array":
            items, least = schema.get("items"), schema.get("minItems")
            inner = sample(items if isinstance(items, dict) else {})
            return [inner] * (least if isinstance(least, int) else 0)
        case "object":
            properties, required = schema.get("properties"), schema.get("required")
            inner_of = properties if isinstance(properties, dict) else {}
            names = [str(name) for name in required] if isinstance(required, list) else []
            return {name: sample(cast(Schema, inner_of.get(name, {}))) for name in names}
    for word in _SAMPLES.get(str(schema.get("format")), ()):
        return word
    least = schema.get("minLength")
    return "x" * max(1, least if isinstance(least, int) else 0)


def bounds(schema: Schema) -> tuple[int, int]:
    """The least and the largest integer that a schema admits."""
    low, high = -_LARGEST, _LARGEST
    for name, step in (("minimum", 0), ("exclusiveMinimum", 1)):
        bound = schema.get(name)
        if is_number(bound):
            low = max(low, -int(-cast(float, bound) // 1) if step == 0 else int(cast(float, bound) // 1) + 1)
    for name, step in (("maximum", 0), ("exclusiveMaximum", 1)):
        bound = schema.get(name)
        if is_number(bound):
            high = min(high, int(cast(float, bound) // 1) if step == 0 else -int(-cast(float, bound) // 1) - 1)
    return low, high


def _members(schema: Schema) -> list[Value]:
    members = schema.get("enum")
    found = [*members] if isinstance(members, list) else []
    return found + [schema[name] for name in ("const", "default") if name in schema]


def _of_kind(seen: Value, schema: Schema, pool: Sequence[Value]) -> list[Value]:
    if isinstance(seen, bool):
        return [not seen]
    if isinstance(seen, int | float):
        return list(_numbers(seen, schema, pool))
    return list(_texts(seen, schema, pool)) if isinstance(seen, str) else []


def _numbers(seen: float, schema: Schema, pool: Sequence[Value]) -> Iterator[Value]:
    low, high = bounds(schema)
    if isinstance(seen, int) and high - low < SMALL:
        yield from range(low, high + 1)
        return
    for value in pool:
        if isinstance(value, int) and not isinstance(value, bool):
            yield from (one for one in (value - 1, value, value + 1) if low <= one <= high)
        elif isinstance(value, float):
            yield value
    yield from (low, high)
    for power in range(54):
        yield from (one for one in (seen - 2**power, seen + 2**power) if low <= one <= high)


def _texts(seen: str, schema: Schema, pool: Sequence[Value]) -> Iterator[Value]:
    if "enum" not in schema and "const" not in schema:
        yield from (f"{seen}1", seen[:-1], f"{seen}x")
    for word in (seen, *(value for value in pool if isinstance(value, str))):
        yield from _moments(word)
    if seen.strip().lstrip("-").isdigit() and len(seen) < _LONG_NUMBER:
        yield int(seen)
    yield from _SAMPLES.get(str(schema.get("format")), ())
    least, most = schema.get("minLength"), schema.get("maxLength")
    for length in (most, least):
        if isinstance(length, int) and length <= _MOST_TEXT:
            yield (seen + "x" * length)[:length]


def _moments(text: str) -> Iterator[str]:
    """Times and days around one."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return
    if len(text) == len("2026-01-01"):
        yield from ((moment + timedelta(days=days)).date().isoformat() for days in (0, -1, 1))
    elif moment.tzinfo is not None:
        for seconds in (0, -1, 1, -86_400, 86_400):
            yield (moment + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def _others(seen: dict[str, Value] | list[Value]) -> list[Value]:
    """A list with its last item twice, or empty; an item or member alone is left out at its own place."""
    return [[*seen, seen[-1]], []] if isinstance(seen, list) and seen else []


def _outside(schema: Schema) -> list[Value]:
    low, high = bounds(schema)
    found: list[Value] = []
    if low > -_LARGEST:
        found.append(low - 1)
    if high < _LARGEST:
        found.append(high + 1)
    most = schema.get("maxLength")
    if isinstance(most, int):
        found.append("x" * (most + 1))
    return [*found, "", "?", None]

"""Changes of what is written in JSON that keep it JSON: members dropped, doubled, swapped, renamed, of other types."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**53 - 1, 0.5, "", "x", "\x00", "é\u2028", "0" * 64, [], {}, [[]], [{}], {"": {}},
    "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z", "9" * 400, {"$redacted": "0" * 64}, "A" * 43 + "=",
)  # fmt: skip
"""What stands where something else is due."""

Step = tuple[int, int, int]


def steps() -> st.SearchStrategy[list[Step]]:
    """One to three changes, each at a place and of a kind that `changed` finds by these numbers."""
    number = st.integers(0, 2**16)
    return st.lists(st.tuples(number, st.integers(0, 7), number), min_size=1, max_size=3)


def changed(value: Any, made: list[Step]) -> Any:
    """The value after these changes; the value itself is left as it is."""
    value = copy.deepcopy(value)
    for at, kind, which in made:
        places = list(_places(value))
        if places:
            _change(*places[at % len(places)], kind, which, [place for place, _ in places])
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container below and at a value, with each of its keys."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


def _change(container: Any, key: Any, kind: int, which: int, containers: list[Any]) -> None:
    if kind == 0:
        del container[key]
    elif kind == 1:
        container[key] = copy.deepcopy(ODD[which % len(ODD)])
    elif kind == 2:
        container[key] = [container[key]]
    elif kind == 3 and isinstance(container, list):
        container.insert(which % (len(container) + 1), copy.deepcopy(container[key]))
    elif kind == 4 and isinstance(container, list):
        other = which % len(container)
        container[key], container[other] = container[other], container[key]
    elif kind == 5 and isinstance(container, dict):
        found = container.pop(key) if which & 2 else copy.deepcopy(container[key])
        container["more" if which & 1 else f"{key}x"] = found
    elif kind == 6:
        other = containers[which % len(containers)]
        found = list(other.values()) if isinstance(other, dict) else other
        container[key] = copy.deepcopy(found[which % len(found)]) if found else None
    else:
        container[key] = _near(container[key], which)


def _near(value: Any, which: int) -> Any:
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case int():
            step = (1, -1, 1000)[which % 3]
            return value - step if value + step > 2**53 - 1 else value + step  # it stays an integer of I-JSON
        case str() if value:
            at = which % len(value)
            return (value[:at] + value[at + 1 :], value[:at] + "0" + value[at + 1 :], value[::-1])[which % 3]
        case _:
            return copy.deepcopy(ODD[which % len(ODD)])

"""Looking at a state with the rights of an audit: every field of every layer, as the run under way would leave it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from pgs_process.audit.conditions import is_number, total
from pgs_process.detach import detached
from pgs_process.kinds import Kind, kind_of
from pgs_process.layers import attribute_of_layer
from pgs_process.paths import LAYERS
from pgs_process.transaction.attributes import ObjectDraft
from pgs_process.transaction.drafts import MISSING, Draft
from pgs_process.transaction.opaque import OpaqueDraft

FUNCTIONS = frozenset({"len", "sum", "min", "max", "mean"})

_PLACE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)((?:\.[A-Za-z_0-9][A-Za-z0-9_]*)*)(\(\))?")


@dataclass(frozen=True, slots=True)
class Sight:
    """What a rule looks at: an argument or a field, the names that lead on from it, and a function of what is there.

    `layer` is None for arguments; then `names[0]` is the argument's name.
    """

    text: str
    layer: str | None
    names: tuple[str, ...]
    function: str | None

    def raw(self, system: object, drafts: Mapping[int, Draft]) -> object:
        """The real value at a path of the state, without its function, or MISSING."""
        attribute = attribute_of_layer(system, self.layer or "")
        value = MISSING if attribute is None else object.__getattribute__(system, attribute)
        for name in self.names:
            value = _part(value, name, drafts)
        return value

    def of(self, system: object, drafts: Mapping[int, Draft], arguments: Mapping[str, object]) -> object:
        """The value, or MISSING where there is none."""
        if self.layer is None:
            value = arguments.get(self.names[0], MISSING)
        else:
            attribute = attribute_of_layer(system, self.layer)
            value = MISSING if attribute is None else object.__getattribute__(system, attribute)
            value = _part(value, self.names[0], drafts) if self.names else value
        for name in self.names[1:]:
            before, value = value, _part(value, name, drafts)
            if value is MISSING and name == self.names[-1] and name in FUNCTIONS and before is not MISSING:
                return _applied(name, before, drafts)
        if self.function is not None and value is not MISSING:
            return _applied(self.function, value, drafts)
        return detached(value, cast(Mapping[int, object], drafts)) if value is not MISSING else value


def sight(text: str, arguments: Iterable[str] = ()) -> Sight:
    """Read what a rule looks at: `domain.accounts.len`, `domain.tensor.mean()`, `args.amount`, or the name of an
    argument.

    Raises:
        ValueError: it is none of these; a rule calls nothing but pure functions.
    """
    found = _PLACE.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}` is neither a path nor an argument")
    names = (found[1], *found[2].split(".")[1:])
    function = None
    if found[3]:
        *names_before, function = names
        names = tuple(names_before)
        if function not in FUNCTIONS:
            known = ", ".join(f"`{name}()`" for name in sorted(FUNCTIONS))
            raise ValueError(f"`{function}()` is not a function that a rule may call; there are {known}")
    if names and names[0] in LAYERS:
        return Sight(text, LAYERS[names[0]], names[1:], function)
    if names and names[0] == "args":
        names = names[1:]
    if not names:
        raise ValueError(f"`{text}` names nothing")
    if names[0] not in set(arguments):
        raise ValueError(f"there is no argument `{names[0]}`, and no layer of that name")
    return Sight(text, None, names, function)


def _part(value: object, name: str, drafts: Mapping[int, Draft]) -> object:
    source: object = drafts.get(id(value), value)
    if isinstance(value, dict):
        return cast(dict[object, object], source).get(name, MISSING)
    if isinstance(value, list | tuple | deque):
        items = cast(list[object], source)
        return items[int(name)] if name.isdecimal() and int(name) < len(items) else MISSING
    if isinstance(source, ObjectDraft):
        try:
            return source.get(name)
        except AttributeError:
            return MISSING
    if isinstance(source, OpaqueDraft):
        source = source.value
    try:
        return object.__getattribute__(source, name)
    except AttributeError:
        return MISSING


def _applied(function: str, value: object, drafts: Mapping[int, Draft]) -> object:
    source: object = drafts.get(id(value), value)
    if isinstance(source, OpaqueDraft):
        source = source.value
    if kind_of(type(value)) is Kind.OPAQUE and callable(method := getattr(source, function, None)):
        return method()
    if function == "len":
        return len(cast(list[object], source))
    items = list(_values(source))
    if not all(is_number(item) for item in items) or (not items and function != "sum"):
        return MISSING
    numbers = cast(list[int], items)
    results: dict[str, Callable[[], object]] = {
        "sum": lambda: total(numbers),
        "min": lambda: min(numbers),
        "max": lambda: max(numbers),
        "mean": lambda: sum(numbers) / len(numbers),
    }
    return results[function]()


def _values(source: object) -> Iterable[object]:
    if hasattr(source, "items") and callable(source.items):
        return [value for _, value in source.items()]
    return cast(Iterable[object], source)

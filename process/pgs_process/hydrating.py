"""State as plain data and back: the data zone only, detached, checked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from pgs_process.detach import detached
from pgs_process.faults import ConfigError
from pgs_process.guard.live import core_of, is_shell
from pgs_process.kinds import ATOMS, Kind, kind_of
from pgs_process.layers import attribute_of_layer, fields_of, layer_of
from pgs_process.paths import NAMES_OF, nearest
from pgs_process.zones import Zone, resolve_zone

EXACT = 2**53 - 1
"""The largest integer that every reader of JSON keeps as it is."""

_LEFT_OUT = frozenset({Zone.SIGNAL, Zone.META, Zone.HEAVY})


def dehydrate(system: object) -> dict[str, object]:
    """The data zone of every layer as JSON data: `{"domain": {…}, "global": {…}}`, keyed by layer.

    Raises:
        ConfigError: a value has no form in JSON: an integer beyond 2⁵³-1, a float that is not finite, a key that is no
            text, a type that JSON does not have.
    """
    found = {layer: attribute_of_layer(system, layer) for layer in ("domain", "global") if layer in NAMES_OF}
    state: dict[str, object] = {
        layer: dehydrated(layer_of(system, layer), None) for layer, attribute in found.items() if attribute is not None
    }
    for layer, fields in state.items():
        _check_json(fields, layer)
    return state


def hydrate(system: object, data: Mapping[str, object]) -> None:
    """Set what `dehydrate` gave; nothing is set unless all of it fits.

    Raises:
        ConfigError: a layer or field is unknown or not in the data zone, or a value is of another type.
        LockViolationError: the context is locked.
    """
    for layer, fields in data.items():
        if layer not in NAMES_OF or not isinstance(fields, Mapping):
            raise ConfigError(f"`{layer}` is no layer with fields.", path=str(layer))
        check_fields(layer_of(system, layer), fields)
    for layer, fields in data.items():
        if isinstance(fields, Mapping):
            hydrate_layer(layer_of(system, layer), fields)


def dehydrated(layer: object, exclude_zones: object) -> dict[str, object]:
    """The fields of a layer as plain data of their own, but those of some zones."""
    left_out = _LEFT_OUT if exclude_zones is None else frozenset(_zones(exclude_zones))
    raw = core_of(layer).raw if is_shell(layer) else layer
    found: dict[str, object] = {}
    for name in fields_of(raw):
        if resolve_zone(name) in left_out:
            continue
        value = getattr(layer, name) if is_shell(layer) else object.__getattribute__(raw, name)
        found[name] = dehydrated(value, exclude_zones) if hasattr(type(value), "to_dict") else detached(value)
    return found


def _zones(zones: object) -> Iterable[object]:
    if not isinstance(zones, Iterable):
        raise TypeError("exclude_zones takes zones.")
    return zones


def hydrate_layer(layer: object, data: Mapping[str, object]) -> None:
    """Set fields of one layer, all or none."""
    check_fields(layer, data)
    raw = core_of(layer).raw if is_shell(layer) else layer
    for name, value in data.items():
        current = object.__getattribute__(raw, name)
        if hasattr(type(current), "from_dict") and isinstance(value, Mapping):
            hydrate_layer(getattr(layer, name), value)
        else:
            setattr(layer, name, detached(value))


def check_fields(layer: object, data: Mapping[str, object]) -> None:
    """See to it that data fits a layer.

    Raises:
        ConfigError: a name is unknown or not in the data zone, or a value is of another type than the one there.
    """
    raw = core_of(layer).raw if is_shell(layer) else layer
    names = fields_of(raw)
    for name, value in data.items():
        if name not in names:
            meant = nearest(name, names)
            raise ConfigError(
                f"There is no field `{name}`{f'; perhaps `{meant}` is meant' if meant else ''}.", path=name
            )
        if resolve_zone(name) is not Zone.DATA:
            raise ConfigError(f"`{name}` is in the {resolve_zone(name).value} zone, which is not stored.", path=name)
        current = object.__getattribute__(raw, name)
        if hasattr(type(current), "from_dict") and isinstance(value, Mapping):
            check_fields(current, value)
        elif not _fits(value, current):
            raise ConfigError(
                f"`{name}` holds a `{type(current).__name__}` and was given a `{type(value).__name__}`.",
                path=name,
                value=value,
            )


def _fits(value: object, current: object) -> bool:
    if current is None or type(value) is type(current):
        return True
    return isinstance(current, float) and isinstance(value, int) and not isinstance(value, bool)


def _check_json(value: object, path: str) -> None:
    cls = type(value)
    if cls is dict:
        for key, item in value.items():  # type: ignore[attr-defined]  # it is a dict
            if not isinstance(key, str):
                raise ConfigError(f"`{path}` has the key {key!r}; in JSON keys are texts.", path=path, value=key)
            _check_json(item, f"{path}.{key}")
    elif cls is list:
        for index, item in enumerate(value):  # type: ignore[arg-type]  # it is a list
            _check_json(item, f"{path}[{index}]")
    elif isinstance(value, int) and not -EXACT <= value <= EXACT:
        raise ConfigError(f"`{path}` is {value}, which readers of JSON do not keep exactly.", path=path, value=value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"`{path}` is {value}, which JSON does not have.", path=path, value=value)
    elif cls not in {str, int, float, bool, type(None)} or (cls not in ATOMS and kind_of(cls) is not Kind.ATOM):
        raise ConfigError(f"`{path}` is a `{cls.__name__}`, which JSON does not have.", path=path, value=value)

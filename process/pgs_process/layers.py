"""Where the layers of a context are: `domain` or `domain_ctx`, `global` or `global_ctx`, at any object."""

from __future__ import annotations

from contextlib import suppress
from inspect import get_annotations

from pgs_process.paths import NAMES_OF


def layer_of(system: object, layer: str) -> object:
    """The object that holds a layer of a context.

    Raises:
        LookupError: the context has no such layer.
    """
    name = attribute_of_layer(system, layer)
    if name is None:
        raise LookupError(f"`{type(system).__name__}` has no layer `{layer}`.")
    return object.__getattribute__(system, name)


def attribute_of_layer(system: object, layer: str) -> str | None:
    """Under which name a context has a layer, if it has it."""
    for name in NAMES_OF[layer]:
        try:
            object.__getattribute__(system, name)
        except AttributeError:
            continue
        return name
    return None


def fields_of(layer: object) -> tuple[str, ...]:
    """The public fields of an object: what it holds and what its class declares, in their order."""
    names: dict[str, None] = {}
    for cls in reversed(type(layer).__mro__):
        names |= dict.fromkeys(get_annotations(cls))
        slots = cls.__dict__.get("__slots__", ())
        names |= dict.fromkeys([slots] if isinstance(slots, str) else slots)
    with suppress(AttributeError):  # all its attributes may be slots
        names |= dict.fromkeys(object.__getattribute__(layer, "__dict__"))
    return tuple(name for name in names if not name.startswith("_"))

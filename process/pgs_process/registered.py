"""A process as an engine keeps it: the contract checked against the context, and made into plans for the guard."""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pgs_process.contract import Contract
from pgs_process.faults import ConfigError
from pgs_process.grants import NONE, granted
from pgs_process.guard.layers import LayerPlan, layer_plan
from pgs_process.kinds import Kind, kind_of
from pgs_process.layers import attribute_of_layer, fields_of
from pgs_process.paths import LAYERS, NAMES_OF, Path, nearest, parse
from pgs_process.transaction.drafts import MISSING
from pgs_process.zones import Zone, resolve_zone

if TYPE_CHECKING:
    from pgs_process.audit.gate import Gate
    from pgs_process.frame import Frame


NO_PATH = "\0"
"""Stands for a path where a message tells where the function itself begins."""

Opening = tuple[LayerPlan, tuple[str, ...], tuple[tuple[str, Path, bool, Callable[[object, object], None]], ...]]
"""A layer that is made when a run begins; under which names; and which of its fields are."""


@dataclass(slots=True)
class Registered:
    """One process of one engine: its name, its own copy of the contract, the body, and what was made of them.

    `inputs_only` are the fields that it may read and not write; `opening` is what is made right
    away, because it is declared and the body names it; `gate` holds the rules that guard it, once there are some.
    """

    name: str
    contract: Contract
    body: Callable[..., object]
    is_async: bool
    plans: Mapping[str, LayerPlan]
    inputs_only: tuple[tuple[str, str], ...]
    writes: tuple[tuple[str, ...], ...]
    opening: tuple[Opening, ...] = ()
    gate: Gate | None = None

    def read_only_twins(self, frame: Frame, raw: object) -> bool:
        """Whether this very object also stands in a field that may only be read."""
        for layer, name in self.inputs_only:
            if layer != "local":
                held = object.__getattribute__(frame.system, self.plans[layer].attribute)
                if object.__getattribute__(held, name) is raw:
                    return True
        return False


def register(name: str, function: Callable[..., object], contract: Contract, system: object) -> Registered:
    """Check a contract against a context, and make the plans.

    Raises:
        ConfigError: a path is none, or names what the context does not have; with file, line and the nearest path.
    """
    for text in (*contract.inputs, *contract.signals, *contract.outputs):
        check_path(text, system, lambda text=text: _place_of(function, text))  # type: ignore[misc]  # the usual idiom
    for text in contract.signals:
        if resolve_zone(text) is not Zone.SIGNAL:
            raise ConfigError(f"{_place_of(function, text)}: `{text}` is listed under signals and is none.", path=text)
    grants = granted((*contract.inputs, *contract.signals), contract.outputs)
    plans: dict[str, LayerPlan] = {}
    for layer in NAMES_OF:
        attribute = "local" if layer == "local" else attribute_of_layer(system, layer)
        if attribute is None:
            continue
        grant = grants.get(layer, NONE)
        raw = None if layer == "local" else object.__getattribute__(system, attribute)
        plans[layer] = layer_plan(layer, attribute, grant, raw, grant.below if layer == "local" else fields_of(raw))
    inputs_only = tuple(
        (layer, field)
        for layer, plan in plans.items()
        for field in plan.grant.below
        if not plan.grant.field(field).writes and not plan.grant.field(field).below
    )
    writes = tuple(filter(None, (parse(text) for text in contract.outputs)))
    named = getattr(getattr(function, "__code__", None), "co_names", ())
    opening = tuple(
        (
            plan,
            tuple(alias for alias in NAMES_OF[layer] if alias in named),
            tuple(
                (field, *plan.simple[field]) for field in plan.simple if field in named and field in plan.grant.below
            ),
        )
        for layer, plan in plans.items()
        if plan.grant.opens and layer != "local" and not set(NAMES_OF[layer]).isdisjoint(named)
    )
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ConfigError(
            f"{_place_of(function, NO_PATH)}: `{name}` is a generator, which would only begin when its run is over;"
            " return a list.",
            process=name,
        )
    is_async = inspect.iscoroutinefunction(function)
    return Registered(name, contract, function, is_async, plans, inputs_only, writes, opening)


def forbidden_inputs(contract: Contract) -> list[str]:
    """The inputs that are signals or meta, which never are business inputs."""
    return [text for text in contract.inputs if resolve_zone(text) in {Zone.SIGNAL, Zone.META}]


def check_path(text: str, system: object, place: Callable[[], str]) -> None:
    """See to it that a path leads somewhere in a context.

    Raises:
        ConfigError: it does not, as far as attributes tell; keys of dicts may come later.
    """
    names = parse(text)
    if names is None:
        first = text.partition(".")[0]
        if first in LAYERS:
            raise ConfigError(
                f"{place()}: `{text}` is not a path: a layer, then names with dots between them.", path=text
            )
        meant = nearest(first, LAYERS)
        layers = f"`{meant}`" if meant else "`domain`, `global` or `local`"
        raise ConfigError(f"{place()}: `{text}` begins with no layer; a path begins with {layers}.", path=text)
    if any(name.startswith("_") for name in names):
        raise ConfigError(f"{place()}: `{text}` names something private.", path=text)
    if names[0] == "local":
        return
    attribute = attribute_of_layer(system, names[0])
    if attribute is None:
        raise ConfigError(f"{place()}: `{text}`: the context has no layer `{text.partition('.')[0]}`.", path=text)
    _walk(text, names, object.__getattribute__(system, attribute), place)


def _walk(text: str, names: tuple[str, ...], value: object, place: Callable[[], str]) -> None:
    for depth, name in enumerate(names[1:], 1):
        if depth > 1 and kind_of(type(value)) is not Kind.OBJECT:
            return  # keys of a dict come and go, and of an empty field nothing is known
        fields = fields_of(value)
        held = _held(value, name)
        if held is MISSING and name not in fields:
            before = text.split(".")[:depth]
            meant = nearest(name, fields)
            hint = f"; perhaps `{'.'.join([*before, meant, *text.split('.')[depth + 1 :]])}` is meant" if meant else ""
            raise ConfigError(f"{place()}: the context has no `{text}`{hint}.", path=text, declared=fields)
        value = held


def _held(value: object, name: str) -> object:
    try:
        return object.__getattribute__(value, name)
    except AttributeError:
        return MISSING


def _place_of(function: Callable[..., object], text: str) -> str:
    """File and line at which a path is written, or where the function begins."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return repr(function)
    lines: Iterable[str] = linecache.getlines(code.co_filename)[code.co_firstlineno - 1 :]
    for number, line in enumerate(lines, code.co_firstlineno):
        if f'"{text}"' in line or f"'{text}'" in line:
            return f"{code.co_filename}:{number}"
    return f"{code.co_filename}:{code.co_firstlineno}"

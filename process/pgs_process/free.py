"""Runs without strict mode: a body works on the state itself, near the speed of plain Python.

There is no guard, no transaction and no journal, so nothing is taken back: what a body had done when it failed stands.
Rules are judged all the same, those for what comes out over the state as it then is; one that acts raises, and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from pgs_process.ending import emit
from pgs_process.frame import Scratch
from pgs_process.layers import attribute_of_layer
from pgs_process.paths import LAYERS
from pgs_process.transaction.drafts import Draft
from pgs_process.zones import Zone, resolve_zone

if TYPE_CHECKING:
    from pgs_process.flow.signals import SignalBus
    from pgs_process.outside import ContextLock
    from pgs_process.registered import Registered
    from pgs_process.rules import Rules

_attribute = object.__getattribute__
_LOCAL = frozenset(name for name, layer in LAYERS.items() if layer == "local")


class FreeRuns:
    """The runs of one engine."""

    def __init__(self, system: object, rules: Rules, lock: ContextLock, bus: SignalBus | None) -> None:
        self._system = system
        self._rules = rules
        self._lock = lock
        self._bus = bus
        self._contexts = _contexts_of(system)

    def perform(self, entry: Registered, arguments: dict[str, object]) -> object:
        """Run a body; what it returned."""
        run = self._begun(entry, arguments)
        self._lock.busy += 1
        try:
            value = entry.body(run.context, **arguments)
        finally:
            self._lock.busy -= 1
        self._ended(entry, run)
        return value

    async def perform_async(self, entry: Registered, arguments: dict[str, object]) -> object:
        """Run an `async` body; what it returned."""
        run = self._begun(entry, arguments)
        self._lock.busy += 1
        try:
            awaited = entry.body(run.context, **arguments)
            assert isinstance(awaited, Coroutine)  # noqa: S101  # `is_async` says that it is
            value: object = await awaited
        finally:
            self._lock.busy -= 1
        self._ended(entry, run)
        return value

    def _begun(self, entry: Registered, arguments: dict[str, object]) -> FreeRun:
        if self._rules.halted is not None:
            self._rules.refuse_if_halted(entry.name)
        context: object = self._contexts()
        if not _LOCAL.isdisjoint(getattr(getattr(entry.body, "__code__", None), "co_names", _LOCAL)):
            scratch = Scratch()
            for name in _LOCAL:
                setattr(context, name, scratch)
        run = FreeRun(self._system, context)
        if entry.gate is not None:
            entry.gate.check_inputs(run, arguments)
        if self._bus is not None:
            run.signals = _signals(entry, context)
        return run

    def _ended(self, entry: Registered, run: FreeRun) -> None:
        if entry.gate is not None:
            entry.gate.check_outputs(run)
        if self._bus is not None and run.signals:
            held = ((name, before, _attribute(layer, name)) for layer, name, before in run.signals)
            emit(self._bus, {name: now for name, before, now in held if now != before})


class FreeRun:
    """One run, as rules see it: the state as it is, and nothing that is not done yet.

    `signals`: those that it may set, each with the layer that has it and what it held.
    """

    __slots__ = ("arguments", "context", "drafts", "signals", "system")

    def __init__(self, system: object, context: object) -> None:
        self.system = system
        self.context = context
        self.drafts: Mapping[int, Draft] = _NO_DRAFTS
        self.arguments: Mapping[str, object] = _NO_ARGUMENTS
        self.signals: list[tuple[object, str, object]] = []


_NO_DRAFTS: Mapping[int, Draft] = MappingProxyType({})
_NO_ARGUMENTS: Mapping[str, object] = MappingProxyType({})


def _contexts_of(system: object) -> type:
    """A class whose instances have the layers of a context themselves, by either of their names, and a scratch."""
    names: dict[str, object] = {"__slots__": tuple(_LOCAL)}
    for name, layer in LAYERS.items():
        attribute = None if name in _LOCAL else attribute_of_layer(system, layer)
        if attribute is not None:
            names[name] = property(_reader(system, attribute))
    return type("FreeContext", (), names)


def _reader(system: object, attribute: str) -> Callable[[object], object]:
    return lambda context: _attribute(system, attribute)


def _signals(entry: Registered, context: object) -> list[tuple[object, str, object]]:
    paths = (path.rpartition(".") for path in entry.contract.outputs if resolve_zone(path) is Zone.SIGNAL)
    places = ((getattr(context, layer), name) for layer, _, name in paths)
    return [(layer, name, _attribute(layer, name)) for layer, name in places]

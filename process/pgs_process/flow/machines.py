"""State machines: which event leads from which state to which, and what runs on entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pgs_process.faults import ConfigError
from pgs_process.paths import nearest

_EVENTS = ("events", "on", "transitions")
_ENTRY = ("entry", "process")


@dataclass(frozen=True, slots=True)
class State:
    """One state: where its events lead, and the processes that run when it is entered."""

    name: str
    events: Mapping[str, str]
    entry: tuple[str, ...]


class StateMachine:
    """A machine in one of its states.

    `definition` is `{"states": {NAME: {"events": {EVENT: STATE}, "entry": PROCESS or [PROCESS, …]}}}`; events may also
    stand under `on` or `transitions`, the entry under `process`. It begins in `start_state`, else in the one named by
    `initial`, else in `IDLE`, else in the first.
    """

    def __init__(self, definition: Mapping[str, object], start_state: str | None = None) -> None:
        self.states = read_states(definition)
        initial = (
            start_state or definition.get("initial") or ("IDLE" if "IDLE" in self.states else next(iter(self.states)))
        )
        if initial not in self.states:
            raise ConfigError(f"The machine begins in `{initial}`, which is none of its states.")
        self.current_state = str(initial)

    def get_current_state(self) -> str:
        """The name of the state that it is in."""
        return self.current_state

    def handles(self, event: str) -> bool:
        """Whether the event leads anywhere from here."""
        return event in self.states[self.current_state].events

    def trigger(self, event: str) -> list[str]:
        """Follow an event; the processes of the state that is entered. An event that leads nowhere changes nothing."""
        target = self.states[self.current_state].events.get(event)
        if target is None:
            return []
        self.current_state = target
        return list(self.states[target].entry)


def read_states(definition: Mapping[str, object]) -> Mapping[str, State]:
    """The states of a definition.

    Raises:
        ConfigError: it has none, a key is unknown, or an event leads to what is no state.
    """
    if (
        not isinstance(definition, Mapping)
        or not isinstance(definition.get("states"), Mapping)
        or not definition["states"]
    ):
        raise ConfigError("A machine has `states`.")
    raw = definition["states"]
    assert isinstance(raw, Mapping)  # noqa: S101  # looked at above
    states = {str(name): _state(str(name), parts) for name, parts in raw.items()}
    for state in states.values():
        for event, target in state.events.items():
            if target not in states:
                meant = nearest(target, states)
                hint = f"; perhaps `{meant}` is meant" if meant else ""
                raise ConfigError(
                    f"In state `{state.name}`, `{event}` leads to `{target}`, which is no state{hint}.", rule=event
                )
    return MappingProxyType(states)


def _state(name: str, parts: object) -> State:
    if parts is None:
        parts = {}
    if not isinstance(parts, Mapping):
        raise ConfigError(f"State `{name}` is not a mapping.")
    # A reader of YAML 1.1 gives True for the key `on`.
    named = {"on" if key is True else str(key): value for key, value in parts.items()}
    for key in named:
        if key not in (*_EVENTS, *_ENTRY):
            meant = nearest(key, (*_EVENTS, *_ENTRY))
            raise ConfigError(
                f"State `{name}` has no `{key}`{f'; perhaps `{meant}` is meant' if meant else ''}.", rule=key
            )
    events: object = next((named[key] for key in _EVENTS if named.get(key)), {})
    if not isinstance(events, Mapping) or not all(isinstance(item, str) for pair in events.items() for item in pair):
        raise ConfigError(f"The events of state `{name}` lead from a name to the name of a state.")
    entry = next((named[key] for key in _ENTRY if named.get(key)), ())
    chain = (entry,) if isinstance(entry, str) else tuple(entry) if isinstance(entry, list | tuple) else (None,)
    if not all(isinstance(process, str) for process in chain):
        raise ConfigError(f"The entry of state `{name}` is the name of a process, or a list of them.")
    return State(name, MappingProxyType(dict(events)), chain)


def load_machine(path: str | Path) -> StateMachine:
    """Read a machine from a file.

    Raises:
        ConfigError: there is no such file, it is no YAML, or not a sound machine.
    """
    from pgs_process.yaml_text import read_yaml  # PyYAML is needed for this alone

    found = read_yaml(path).plain()
    if not isinstance(found, Mapping):
        raise ConfigError(f"`{path}` holds no machine.", path=str(path))
    return StateMachine(found)

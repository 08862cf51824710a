"""Scenarios as data, with the places of what they say."""

from __future__ import annotations

from dataclasses import dataclass

from pgs_compiler.findings import Place
from pgs_compiler.source import Scalar, Tree
from pgs_snapshot.values import Value


@dataclass(frozen=True, slots=True)
class Miss:
    """Something in a scenario that is not as it says. `message`: one sentence with what was expected and what came."""

    place: Place
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Doubled:
    """A double: the full name of its side effect, and where it stands."""

    place: Place
    side_effect: str
    operation: str
    outcome: str
    outputs: Value
    inputs: Value


@dataclass(frozen=True, slots=True)
class Signalled:
    """A signal, or with the event "" only time that passes. `refused`: it is expected not to be taken."""

    place: Place
    event: str
    fields: Value
    actor: Value
    at: str | None
    refused: bool


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected, each a tree with places, or None where nothing is said of it.

    `faults`: where it says that the run does not end as a fault, and is the same when it is done again.
    """

    exit: Scalar | None = None
    path: Tree | None = None
    passes: Tree | None = None
    effects: Tree | None = None
    result: Tree | None = None
    state: Tree | None = None
    faults: Place | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One document. `workflow`: its full name; `payload` and the like are plain values."""

    name: str
    place: Place
    workflow: str
    payload: Value
    actor: Value
    state: Value
    config: Value
    clock: str | None
    doubles: tuple[Doubled, ...]
    signals: tuple[Signalled, ...]
    expect: Expected
    places: dict[str, Place]
    """Of `workflow`, `state`, `clock` and the like, where they stand; of what is in `state` and `config` as well,
    each by `state/` and a pointer."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one scenario: it passed if there are no misses."""

    name: str
    place: Place
    misses: tuple[Miss, ...]

"""What graphs and contracts refer to, as frozen data: actors, transforms, stores, external side effects, bindings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal, TypeAlias

from pgs_snapshot.expressions import Schema
from pgs_snapshot.frozen import frozen


@frozen
class Actor:
    name: str
    summary: str
    attributes: Schema
    at: str


@frozen
class Transform:
    """Pure computation. `worker`: it was not shown to be bounded, so it runs where it can be stopped."""

    name: str
    summary: str
    inputs: Schema
    outcomes: Mapping[str, Schema]
    implementation: str  # "package.module:attribute"
    at: str
    worker: bool = False
    declassifies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # label -> inputs it is removed from


@frozen
class Operation:
    """`keyed`: of an external one that writes; the other side recognises its key, so asking again is harmless."""

    mode: Literal["read", "write"]
    inputs: Schema
    outcomes: Mapping[str, Schema]
    keyed: bool = False


Semantics: TypeAlias = Literal["idempotent", "append_only", "mutable"]


@frozen
class Store:
    """A named place, with the operations of its side effect written out for its entity.

    `writers`: domains besides its own whose contracts may write to it.
    """

    name: str
    summary: str
    side_effect: str
    semantics: Semantics
    entity: str
    schema: Schema
    operations: Mapping[str, Operation]
    implementation: str
    clears: tuple[str, ...]
    at: str
    writers: tuple[str, ...] = ()


Unknown: TypeAlias = Literal["retry", "lookup", "suspend"]


@frozen
class Policy:
    """What is done about an effect in doubt. `attempts`: of `retry`; `lookup`: the operation that finds out.

    `at_least_once`: the author accepts that `retry` may do twice what is not keyed.
    """

    unknown: Unknown
    attempts: int | None
    lookup: str | None
    at_least_once: bool = False


@frozen
class Binding:
    """The stores and external effects of the workflows that name it, and the schema of their configuration.

    `retention`: for how long a store keeps what it holds at least, as a duration of ISO 8601.
    """

    name: str
    summary: str
    stores: tuple[str, ...]
    config: Schema
    at: str
    retention: Mapping[str, str] = field(default_factory=dict)
    effects: Mapping[str, Policy] = field(default_factory=dict)


@frozen
class SideEffect:
    """An external side effect, with its operations."""

    name: str
    summary: str
    operations: Mapping[str, Operation]
    implementation: str
    at: str


@frozen
class Event:
    name: str
    summary: str
    fields: Schema
    clears: tuple[str, ...]
    at: str


@frozen
class Entity:
    name: str
    summary: str
    schema: Schema
    at: str

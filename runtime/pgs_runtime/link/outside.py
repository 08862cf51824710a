"""link, where a graph meets the outside: waits for signals, and operations of external side effects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import cast

from pgs_runtime.core.durations import later
from pgs_runtime.core.expressions import Frame, Missing, getter, instant, judge, record
from pgs_runtime.core.linked import ACTOR, RUN, Edge, Heard, Send, Wait
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.link.admission import admission, taken
from pgs_runtime.link.capability import Capability, guarded
from pgs_runtime.redaction import redact_of, redact_under, veil
from pgs_snapshot import model
from pgs_snapshot.external import InDoubt, NotDone
from pgs_snapshot.frozen import frozen
from pgs_snapshot.model import Schema
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Outcome, Value

UNKNOWN = "UNKNOWN"
"""How an external effect ends where its author has said what happens when nobody knows."""


# --- waits ---------------------------------------------------------------------------------------


def linked_wait(node: model.WaitNode, graph: model.Graph, next: Mapping[str, Edge], snapshot: Snapshot) -> Wait:
    """A wait, ready to be asked."""
    veiled = veil(graph.hidden.get(node.id, ()))
    return Wait(
        id=node.id,
        slot=graph.slots.index(f"results.{node.id}"),
        until=_until(node),
        heard=graph.slots.index("event"),
        signals=tuple(_heard(signal, graph, snapshot) for signal in node.signals),
        next=next,
        shown={outcome: redact_under(veiled.at("outputs", outcome)) for outcome in node.next},
    )


def _until(node: model.WaitNode) -> Callable[[Frame], int]:
    """When a wait is over that begins in the segment at hand, in µs since 1970 UTC."""
    if node.within is not None:
        duration = getter(node.within)
        return lambda frame: later(_micros(cast("dict[str, Value]", frame[RUN])["time"]), str(duration(frame)))
    if node.until is None:
        raise Missing(f"the end of the wait {node.id!r}")  # T453 of the compiler
    moment = getter(node.until)
    return lambda frame: _micros(moment(frame))


def _micros(moment: Value) -> int:
    return instant(moment) // 1000


def _heard(signal: model.Signal, graph: model.Graph, snapshot: Snapshot) -> Heard:
    fields = snapshot.event(signal.event).fields
    return Heard(
        name=signal.name,
        event=signal.event,
        fields=taken(fields),
        sender=admission({name: snapshot.actor(name).attributes for name in signal.actors}),
        others={node: _actor_at(node, graph) for node in signal.not_actor_of},
        match=record(signal.match),
        where=judge(signal.where) if signal.where else None,
        redact=redact_of(fields),
    )


def _actor_at(node: str, graph: model.Graph) -> Callable[[Frame], Value]:
    """Who has acted at a node: at the start who asked, at a wait who sent the signal."""
    if node == graph.start:
        return lambda frame: cast("dict[str, Value]", frame[ACTOR])["id"]
    return getter(model.Ref(graph.slots.index(f"results.{node}"), ("actor", "id")))


# --- external effects ----------------------------------------------------------------------------


@frozen
class _Call:
    """What one call of an implementation knows besides its inputs (`pgs_snapshot.external.Outside`)."""

    key: str
    timeout: float
    settings: Mapping[str, Value]

    def __repr__(self) -> str:
        return f"_Call({self.key!r})"  # settings hold secrets


class _Said(Refusal):
    """Carries what an implementation says of an effect through the boundary, where exceptions are faults."""

    def __init__(self, why: NotDone | InDoubt) -> None:
        super().__init__("", "", ExitCode.BUG)
        self.why = why


def outward(
    sealed: model.SideEffect,
    implementation: Capability,
    settings: Callable[[str], Mapping[str, Value]],
    most: int,
    timeout: float,
) -> Send:
    """What asks an operation of an external side effect; its implementation is made anew for each try.

    Args:
        settings: what the operator says about this side effect.
        most: bytes of canonical JSON that each output may have.
        timeout: seconds that a try may take.
    """
    takes = {name: frozenset(_properties(operation.inputs)) for name, operation in sealed.operations.items()}
    guards = {
        name: guarded(f"{name} of {sealed.name}", operation.outcomes, most)
        for name, operation in sealed.operations.items()
    }

    def send(operation: str, key: str, inputs: dict[str, Value]) -> Outcome:
        """Ask; what looks an effect up is given those of its inputs that it declares."""

        def capability(**given: Value) -> object:
            try:
                made = implementation(_Call(key, timeout, settings(sealed.name)))
                return getattr(made, operation.lower())(**given)
            except (NotDone, InDoubt) as why:
                raise _Said(why) from why

        try:
            return guards[operation](capability)({name: inputs[name] for name in inputs if name in takes[operation]})
        except _Said as said:
            raise said.why from None

    return send


def _properties(schema: Schema) -> Iterable[str]:
    return cast("Mapping[str, Value]", schema.get("properties", {}))

"""Where a label can come to a run from outside: by its payload, its actor, or a signal."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_runtime.redaction import redact_of
from pgs_snapshot import model
from pgs_snapshot.model import Schema
from pgs_snapshot.snapshot import Snapshot


def takes_labels(snapshot: Snapshot, graph: model.Graph) -> bool:
    """Whether something that somebody gives a graph carries a label; what it calls is not looked at."""
    return any(redact_of(schema) is not None for schema in _given(snapshot, graph))


def _given(snapshot: Snapshot, graph: model.Graph) -> Iterator[Schema]:
    for node in graph.nodes:
        match node:
            case model.IntentNode():
                intent = snapshot.intent(node.intent)
                yield intent.payload
                yield from (snapshot.actor(name).attributes for name in intent.actors)
            case model.WaitNode():
                for signal in node.signals:
                    yield snapshot.event(signal.event).fields
                    yield from (snapshot.actor(name).attributes for name in signal.actors)

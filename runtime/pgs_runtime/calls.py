"""Workflows that a run calls: what they start from, and what their end is to the node that called them.

Laws:
* a callee has a frame of its own: the payload that it is given, the caller's actor and run, its own binding's
  configuration;
* every call is entered and, unless a fault ends the run, left: between the two lies all that a FAILED exit drops;
* items are taken one after the other, and none behind an exit that stops.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TypeAlias

from pgs_runtime.expressions import ABSENT, Frame, Missing
from pgs_runtime.linked import (
    ACTOR,
    CONFIG,
    PAYLOAD,
    RUN,
    Call,
    Callee,
    Each,
    Exit,
    Graph,
    Place,
    Reached,
    Storage,
    Visit,
)
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Outcome, Value

Configs: TypeAlias = Mapping[str, dict[str, Value]]
"""Configuration by binding; "" is that of workflows without one."""


@frozen
class Operation:
    """A request: perform an operation of a store with these inputs."""

    step: Storage
    inputs: dict[str, Value]


@frozen
class Entered:
    """A request: remember what was done so far, for a workflow begins here that may end FAILED."""

    graph: Graph
    place: Place


@frozen
class Left:
    """A request: that workflow has ended; if FAILED, what it did is to be dropped. `caller` is the node."""

    graph: Graph
    place: Place
    reached: Reached
    caller: str


Request: TypeAlias = Operation | Entered | Left
Traversal: TypeAlias = Generator[Request, Outcome, Exit]
Calling: TypeAlias = Generator[Request, Outcome, Visit]
Walk: TypeAlias = Callable[[Graph, Frame, Place], Traversal]
"""How the core walks a graph, whose frame is this, at that place."""


@frozen
class Caller:
    """The node that calls: its id and place, the frame that it sees, and what every callee may get or needs."""

    id: str
    place: Place
    frame: Frame
    configs: Configs
    walk: Walk


def frame_of(graph: Graph, payload: Value, caller: Frame, configs: Configs) -> Frame:
    """The frame that a run of a graph begins with; the actor and the run are the caller's."""
    frame: Frame = [ABSENT] * graph.slots
    frame[PAYLOAD], frame[ACTOR], frame[RUN] = payload, caller[ACTOR], caller[RUN]
    frame[CONFIG] = configs.get(graph.binding, {})
    return frame


def reached(exit: Exit, frame: Frame) -> Reached:
    """The exit at which a walk over this frame ended."""
    name = exit.reason(frame)
    if name not in exit.names:
        raise Missing(f"the name under which {exit.id!r} ends")
    emitted = {event: fields(frame) for event, (fields, _) in exit.emit.items()}
    return Reached(exit, str(name), exit.result(frame), emitted)


def call(node: Call, caller: Caller) -> Calling:
    """Call the workflow of a node once."""
    frame, place = caller.frame, caller.place
    inputs = node.callee.inputs(frame)
    graph, end = yield from _called(node.callee, inputs, caller, place.within(node.id))
    frame[node.slot] = end.result
    return Visit(node, inputs, [], end.name, end.result, (), place, graph.workflow)


def each(node: Each, caller: Caller) -> Calling:
    """Call the workflow of a node for every item of its list."""
    frame, place = caller.frame, caller.place
    items = node.items(frame)
    if not isinstance(items, list):
        raise Missing(f"the list that {node.id!r} goes over")  # T450 of the compiler
    outcome, taken = "EMPTY", list[Value]()
    if len(items) > node.most:
        outcome = "TOO_MANY"
    elif items:
        outcome = "SUCCESS"
        for index, item in enumerate(items):
            frame[node.item], frame[node.item + 1] = item, index
            inputs = node.callee.inputs(frame)
            _, end = yield from _called(node.callee, inputs, caller, place.within(node.id, index))
            taken.append({"exit": end.name, "kind": end.exit.kind, "result": end.result})
            if end.name in node.stop:
                outcome = "STOPPED"
                break
            if end.exit.kind != "COMPLETED":
                outcome = "SOME_FAILED"
    outputs: dict[str, Value] = {"count": len(items)}
    if outcome != "TOO_MANY":
        outputs["items"] = taken
    frame[node.slot] = outputs
    return Visit(node, {"each": items}, [], outcome, outputs, (), place)


def _called(
    callee: Callee, inputs: dict[str, Value], caller: Caller, place: Place
) -> Generator[Request, Outcome, tuple[Graph, Reached]]:
    """Walk what is called from its start to an exit."""
    graph = callee.graph(caller.frame)
    frame = frame_of(graph, inputs, caller.frame, caller.configs)
    yield Entered(graph, place)
    end = reached((yield from caller.walk(graph, frame, place)), frame)
    yield Left(graph, place, end, caller.id)
    return graph, end

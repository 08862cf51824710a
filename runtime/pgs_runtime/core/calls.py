"""Workflows that are called: a node that stands for a whole walk, once or for every item of a list.

Laws:
* a callee sees its own payload, frame and configuration, and the caller's actor and run;
* it is a savepoint: what it did is dropped when it ends FAILED, as far as that was not committed;
* items are taken in order. Where they are concurrent, each goes as far as it can until it waits for the outside, then
  the next one; so the order of everything depends on the answers alone, and not on when they come.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import field
from functools import partial
from typing import TypeAlias

from pgs_runtime.core.expressions import ABSENT, Frame, Missing
from pgs_runtime.core.linked import (
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
    Visit,
)
from pgs_runtime.core.requests import Ask, Cancelled, Entered, Left, Request, Suspended, Traversal, Turn
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Outcome, Value

Configs: TypeAlias = Mapping[str, dict[str, Value]]
"""Configuration by binding; "" is that of workflows without one."""


class Moment:
    """What all walks of a run share: its facts (`$.run`) as they are now, and the number of the segment it is in.

    Attributes:
        acted: the places of what was called and has not ended, in which effects stand that no `undo` there takes back.
        calling: the calls under way that have an `undo`, by the place of what they called.
    """

    __slots__ = ("acted", "calling", "facts", "segment")

    def __init__(self, facts: dict[str, Value]) -> None:
        self.facts = facts
        self.segment = 0
        self.acted: set[Place] = set()
        self.calling: dict[Place, Call] = {}

    def forget(self, place: Place) -> None:
        """What was called there has ended, or was taken back: its effects are the business of what is around it."""
        if self.acted:
            self.acted = {each for each in self.acted if not place.holds(each)}

    @property
    def halfway(self) -> str:
        """A call that has an `undo` and would need it, but has not ended, as a path; "" if there is none."""
        held = [place for place in self.calling if any(place.holds(each) for each in self.acted)]
        return "/".join(min(held, key=lambda place: len(place.parents)).parents) if held else ""


@frozen
class Shared:
    """What a walk and those within it have in common. `configs`: of the bindings of all that may be called."""

    moment: Moment
    configs: Configs = field(default_factory=dict)


Calling: TypeAlias = Generator[Request, Outcome, Visit]
Walk: TypeAlias = Callable[[Graph, Frame, Place], Traversal]
"""How the core walks a graph, whose frame is this, at that place."""

Ended: TypeAlias = tuple[Graph, Reached, bool]
"""A workflow that was called: how it ended, and whether effects of it are left."""
Called: TypeAlias = Generator[Request, Outcome, Ended]

CANCELLED = Exit("", "CANCELLED", ("CANCELLED",), lambda frame: "CANCELLED", lambda frame: {}, None, {})
"""Where a walk ends that nobody wants any more."""


@frozen
class Caller:
    """The node that calls: its id and place, the frame that it sees, what every callee shares, and how it is walked."""

    id: str
    place: Place
    frame: Frame
    shared: Shared
    walk: Walk


def frame_of(graph: Graph, payload: Value, actor: Value, shared: Shared) -> Frame:
    """The frame that a walk over a graph begins with."""
    frame: Frame = [ABSENT] * graph.slots
    frame[PAYLOAD], frame[ACTOR], frame[RUN] = payload, actor, shared.moment.facts
    frame[CONFIG] = shared.configs.get(graph.binding, {})
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
    frame, place, moment = caller.frame, caller.place, caller.shared.moment
    inputs = node.callee.inputs(frame)
    within = place.within(node.id)
    if node.undo:
        moment.calling[within] = node
    graph, end, left = yield from _called(node.callee, inputs, caller, within)
    if end.exit is CANCELLED:
        raise Cancelled
    moment.calling.pop(within, None)
    moment.forget(within)
    frame[node.slot] = end.result
    return Visit(node, inputs, [], end.name, end.result, (), place, graph.workflow, left)


def each(node: Each, caller: Caller) -> Calling:
    """Call the workflow of a node for every item of its list."""
    frame, place = caller.frame, caller.place
    items = node.items(frame)
    if not isinstance(items, list):
        raise Missing(f"the list that {node.id!r} goes over")  # T450 of the compiler
    outcome, ended = "EMPTY", list[Ended]()
    if len(items) > node.most:
        outcome = "TOO_MANY"
    elif items:
        take = _together if node.concurrent else _in_turn
        ended = yield from take(node, items, caller)
        if any(end.exit is CANCELLED for _, end, _ in ended):
            raise Cancelled
        failed = any(end.exit.kind != "COMPLETED" for _, end, _ in ended)
        stopped = ended[-1][1].name in node.stop
        outcome = "STOPPED" if stopped else "SOME_FAILED" if failed else "SUCCESS"
    outputs: dict[str, Value] = {"count": len(items)}
    if outcome != "TOO_MANY":
        outputs["items"] = [{"exit": end.name, "kind": end.exit.kind, "result": end.result} for _, end, _ in ended]
    frame[node.slot] = outputs
    for index in range(len(ended)):
        caller.shared.moment.forget(place.within(node.id, index))
    left = any(left for _, _, left in ended)
    return Visit(node, {"each": items}, [], outcome, outputs, (), place, "", left)


def _in_turn(node: Each, items: Sequence[Value], caller: Caller) -> Generator[Request, Outcome, list[Ended]]:
    """One item after the other, as long as none stops."""
    ended: list[Ended] = []
    for index, item in enumerate(items):
        ended.append((yield from _item(node, caller, index, item)))
        end = ended[-1][1]
        if end.name in node.stop or end.exit is CANCELLED:
            break
    return ended


def _together(node: Each, items: Sequence[Value], caller: Caller) -> Generator[Request, Outcome, list[Ended]]:
    """All items, each as far as it goes until the outside has to answer."""
    going = {index: _item(node, caller, index, item) for index, item in enumerate(items)}
    begin: Callable[[Called], Request] = next
    ended: dict[int, Ended] = {}
    while True:
        asks: list[Ask] = []
        for index, item in list(going.items()):
            yield Turn(caller.place.within(node.id, index))
            try:
                request = begin(item)
                while not isinstance(request, Suspended):
                    request = item.send((yield request))
                asks += request.asks
            except StopIteration as stop:
                ended[index] = stop.value
                del going[index]
        if not going:
            return [ended[index] for index in sorted(ended)]
        try:
            yield Suspended(tuple(asks))
            begin = next
        except Cancelled as cancelled:
            begin = partial(_throw, cancelled)


def _throw(cancelled: Cancelled, item: Called) -> Request:
    return item.throw(cancelled)


def _item(node: Each, caller: Caller, index: int, item: Value) -> Called:
    frame = caller.frame
    frame[node.item], frame[node.item + 1] = item, index
    inputs = node.callee.inputs(frame)
    return (yield from _called(node.callee, inputs, caller, caller.place.within(node.id, index)))


def _called(callee: Callee, inputs: dict[str, Value], caller: Caller, place: Place) -> Called:
    """Walk what is called from its start to an exit."""
    graph = callee.graph(caller.frame)
    frame = frame_of(graph, inputs, caller.frame[ACTOR], caller.shared)
    yield Entered(graph, place)
    exit, left = yield from caller.walk(graph, frame, place)
    end = reached(exit, frame)
    yield Left(graph, place, end, caller.id)
    return graph, end, left

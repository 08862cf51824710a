"""The core: what a run does next. It does no input and no output.

Laws:
* the next node is `node.next[outcome]` and nothing else: no default, no fallback, no exception as an outcome;
* whatever is not computed from the payload, the actor and the recorded facts is asked for: `traverse` yields
  a `Request`, and goes on with the `Outcome` that it is sent;
* the same graph, frame and replies give the same visits, so a replay is this loop with the recorded replies;
* a workflow that is called is walked by the same loop, over a frame of its own (`pgs_runtime.core.calls`);
* a run ends at an exit, or by an exception that ends it as a fault; it never ends without either;
* what was committed on the way to a FAILED exit is undone, the last first, by the contracts that say how; an undo
  that a person gives up keeps none of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import NamedTuple, TypeAlias

from pgs_runtime.core.appeals import appealed, audited
from pgs_runtime.core.calls import CANCELLED, Caller, Shared, call, each
from pgs_runtime.core.expressions import ABSENT, Frame, Missing
from pgs_runtime.core.linked import (
    CONFIG,
    RUN,
    TOP,
    WITH,
    Call,
    Contract,
    Decision,
    Done,
    Each,
    Edge,
    Exit,
    External,
    Graph,
    Node,
    Place,
    Seen,
    Storage,
    Visit,
    Visitor,
    Wait,
)
from pgs_runtime.core.requests import (
    Cancelled,
    Effect,
    Failed,
    Operation,
    Request,
    Spot,
    Suspended,
    TakenBack,
    Traversal,
    Waiting,
    answered,
)
from pgs_runtime.core.undoing import Doing, unwinding
from pgs_snapshot.model import ACTED
from pgs_snapshot.values import Outcome, Value

SUCCESS = "SUCCESS"


class _Way(NamedTuple):
    """What a walk sees: where it is, whom it tells of every node, and what it did that can be undone."""

    frame: Frame
    visited: Visitor
    place: Place
    shared: Shared
    binding: str
    doings: list[Doing]


def traverse(graph: Graph, frame: Frame, visited: Visitor, shared: Shared, place: Place = TOP) -> Traversal:
    """Walk from the start to an exit, and tell `visited` of every node on the way.

    Args:
        shared: with the walks that this one calls.
        place: where the graph is called from.
    """
    visit = graph.start.admit(frame)
    visit.place = place
    if visit.refused:
        visit = yield from appealed(graph.start, visit, frame)
    if graph.start.gate and visit.outcome == "ACK":
        visit = yield from audited(graph.start.gate, visit, frame)
    visited(visit)
    way = _Way(frame, visited, place, shared, graph.binding, [])
    try:
        exit, left = yield from _walk(graph.nodes, _out(visit), way)
    except Cancelled:
        exit = CANCELLED
    if exit.kind in ("FAILED", "CANCELLED"):
        yield Failed(place)
        shared.moment.forget(place)
        left = False
        for undoing in unwinding(way.doings, exit, frame, shared.moment.segment):
            try:
                yield from _walk(*undoing, way)
            except Cancelled:  # this one is given up; what else was done is undone all the same
                exit = CANCELLED
            yield TakenBack(place)
    return exit, left


def _walk(nodes: Mapping[str, Node], edge: Edge, way: _Way) -> Traversal:
    """Follow an edge, and then every edge behind it, to an exit."""
    frame, visited = way.frame, way.visited
    left = False
    while True:
        frame[WITH] = edge.arguments(frame) if edge.arguments else ABSENT
        node = nodes[edge.to]
        if isinstance(node, Contract):
            visit = yield from _contract(node, way)
        elif isinstance(node, Exit):
            return node, left
        else:
            visit = yield from _through(node, way)
        left = left or visit.left
        visited(visit)
        edge = _out(visit)


def _contract(node: Contract, way: _Way) -> Generator[Request, Outcome, Visit]:
    """Pass a contract, step by step."""
    frame, moment = way.frame, way.shared.moment
    inputs = node.inputs(frame)
    # A contract's own frame: what it was given, then the outputs and the outcome of each step that ran.
    slots: Frame = [inputs, frame[RUN], frame[CONFIG]]
    done: list[Done] = []
    outcome, refused, wrote = "", node.misfits(inputs) if node.misfits else (), False
    began = moment.segment if node.undo else 0
    if node.opening and not refused:
        outcome = yield from _judged(node.opening, {"inputs": inputs}, done)
    for step in () if refused or outcome else node.steps:
        seen: Seen
        if isinstance(step, Decision):
            answer, seen = step.decide(slots)
        else:
            seen = given = step.inputs(slots)
            if step.misfits and (refused := step.misfits(given)):
                refused = tuple({**problem, "step": step.name} for problem in refused)
                break
            if isinstance(step, Storage):
                answer = yield Operation(step, given)
                wrote = wrote or (step.writes and answer.name == SUCCESS)
            elif isinstance(step, External):
                spot = Spot(way.place, node.id, step.name, node.undoing)
                answer = yield from answered(Effect(spot, step, given, way.binding))
                frame[RUN] = slots[1] = moment.facts
                wrote = wrote or (step.writes and answer.name in ACTED)
            else:
                answer = step.call(given)
        done.append((step, answer, seen))
        slots += (answer.outputs, answer.name)
        try:
            ended = step.next[answer.name]
        except KeyError:
            raise _no_way(step.name, answer.name) from None
        if ended is not None:
            outcome = ended
            break
    outcome = node.failure if refused else outcome
    try:
        outputs = node.outcomes[outcome]
    except KeyError:
        raise Missing(f"the last step of {node.id!r} does not end it") from None  # F531 of the compiler
    found = outputs(slots)
    if node.closing and outcome == SUCCESS:
        blocked = yield from _judged(node.closing, {"inputs": inputs, "outputs": found}, done)
        outcome, found, wrote = (blocked, {}, False) if blocked else (outcome, found, wrote)
    frame[node.slot] = found
    if wrote:
        _note(node, way, began)
    return Visit(node, inputs, done, outcome, found, refused, way.place, "", wrote)


def _note(node: Contract, way: _Way, began: int) -> None:
    """Note that effects of a node stand: it can be undone, or what called this workflow is to know."""
    if node.undo:
        way.doings.append(Doing(node.undo, node.undo.inputs(way.frame), began))
    elif way.place is not TOP:
        way.shared.moment.acted.add(way.place)


def _judged(gate: Storage, given: dict[str, Value], done: list[Done]) -> Generator[Request, Outcome, str]:
    """Have the rules of a gate judged: the outcome under which the contract ends by them, or ""."""
    answer = yield Operation(gate, given)
    done.append((gate, answer, given))
    return gate.next[answer.name] or ""


def _through(node: Call | Each | Wait, way: _Way) -> Generator[Request, Outcome, Visit]:
    """Pass a node that other walks or signals answer for."""
    frame, moment = way.frame, way.shared.moment
    began = moment.segment
    if isinstance(node, Wait):
        heard = yield from answered(Waiting(Spot(way.place, node.id), node, frame))
        frame[node.slot] = heard.outputs
        visit = Visit(node, {}, [], heard.name, heard.outputs, (), way.place)
    else:
        caller = Caller(node.id, way.place, frame, way.shared, partial(_called, way.visited, way.shared))
        visit = yield from call(node, caller) if isinstance(node, Call) else each(node, caller)
        if visit.left and isinstance(node, Call) and node.undo:
            way.doings.append(Doing(node.undo, node.undo.inputs(frame), began))
        elif visit.left and way.place is not TOP:
            moment.acted.add(way.place)
    frame[RUN] = moment.facts
    return visit


def _called(visited: Visitor, shared: Shared, graph: Graph, frame: Frame, place: Place) -> Traversal:
    return traverse(graph, frame, visited, shared, place)


def _out(visit: Visit) -> Edge:
    """The edge on which a node is left."""
    try:
        return visit.node.next[visit.outcome]
    except KeyError:
        raise _no_way(visit.node.id, visit.outcome) from None


def _no_way(id: str, outcome: str) -> Missing:
    return Missing(f"{id!r} ended as {outcome!r}, which leads nowhere")


Perform: TypeAlias = Callable[[Request], Outcome]
Advance: TypeAlias = Callable[[], Request]


def drive(walk: Traversal, perform: Perform, advance: Advance | None = None) -> Exit | Suspended:
    """Answer every request of a walk with `perform`: the exit that it reached, or what it asks of the outside.

    Args:
        advance: how the walk goes on, if it is not to begin.
    """
    try:
        request = next(walk) if advance is None else advance()
        while not isinstance(request, Suspended):
            request = walk.send(perform(request))
    except StopIteration as stop:
        exit: Exit = stop.value[0]
        return exit
    return request

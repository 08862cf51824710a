"""The core: what a run does next. It does no input and no output.

Laws:
* the next node is `node.next[outcome]` and nothing else: no default, no fallback, no exception as an outcome;
* whatever is not computed from the payload, the actor and the recorded facts is asked for: `traverse` yields
  an `Operation`, and goes on with the `Outcome` that it is sent;
* the same graph, frame and replies give the same visits, so a replay is this loop with the recorded replies;
* a workflow that is called is walked by the same loop, over a frame of its own (`pgs_runtime.calls`);
* a run ends at an exit, or by an exception that ends it as a fault; it never ends without either.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from pgs_runtime.calls import Caller, Configs, Operation, Request, Traversal, call, each
from pgs_runtime.expressions import ABSENT, Frame, Missing
from pgs_runtime.linked import (
    CONFIG,
    RUN,
    TOP,
    WITH,
    Call,
    Contract,
    Decision,
    Done,
    Exit,
    Graph,
    Place,
    Seen,
    Storage,
    Visit,
    Visitor,
)
from pgs_snapshot.values import Outcome

_ALONE: Configs = {}


def traverse(graph: Graph, frame: Frame, visited: Visitor, place: Place = TOP, configs: Configs = _ALONE) -> Traversal:
    """Walk from the start to an exit, and tell `visited` of every node on the way.

    Args:
        place: where the graph is called from.
        configs: of the bindings of workflows that are called from here.
    """
    visit = graph.start.admit(frame)
    visit.place = place
    while True:
        visited(visit)
        try:
            edge = visit.node.next[visit.outcome]
        except KeyError:
            raise _no_way(visit.node.id, visit.outcome) from None
        frame[WITH] = edge.arguments(frame) if edge.arguments else ABSENT
        node = graph.nodes[edge.to]
        if not isinstance(node, Contract):
            if isinstance(node, Exit):
                return node
            caller = Caller(node.id, place, frame, configs, partial(_walk, visited, configs))
            visit = yield from call(node, caller) if isinstance(node, Call) else each(node, caller)
            continue
        inputs = node.inputs(frame)
        # A contract's own frame: what it was given, then the outputs and the outcome of each step that ran.
        slots: Frame = [inputs, frame[RUN], frame[CONFIG]]
        done: list[Done] = []
        outcome, refused = "", node.misfits(inputs) if node.misfits else ()
        for step in () if refused else node.steps:
            seen: Seen
            if isinstance(step, Decision):
                answer, seen = step.decide(slots)
            else:
                seen = given = step.inputs(slots)
                if step.misfits and (refused := step.misfits(given)):
                    refused = tuple({**problem, "step": step.name} for problem in refused)
                    break
                answer = (yield Operation(step, given)) if isinstance(step, Storage) else step.call(given)
            done.append((step, answer, seen))
            slots += (answer.outputs, answer.name)
            try:
                ended = step.next[answer.name]
            except KeyError:
                raise _no_way(step.name, answer.name) from None
            if ended is not None:
                outcome = ended
                break
        if refused:
            outcome = node.failure
        try:
            outputs = node.outcomes[outcome]
        except KeyError:
            raise Missing(f"the last step of {node.id!r} does not end it") from None  # F531 of the compiler
        frame[node.slot] = found = outputs(slots)
        visit = Visit(node, inputs, done, outcome, found, refused, place)


def _walk(visited: Visitor, configs: Configs, graph: Graph, frame: Frame, place: Place) -> Traversal:
    return traverse(graph, frame, visited, place, configs)


def _no_way(id: str, outcome: str) -> Missing:
    return Missing(f"{id!r} ended as {outcome!r}, which leads nowhere")


Advance: TypeAlias = Callable[[Request], Outcome]


def drive(traversal: Traversal, perform: Advance) -> Exit:
    """Answer every request of a traversal with `perform`; the exit that it reached."""
    try:
        request = next(traversal)
        while True:
            request = traversal.send(perform(request))
    except StopIteration as stop:
        exit: Exit = stop.value
        return exit

"""unfold: every point that a run of a workflow can come by, and what can come next.

Laws:
* of two ways that differ in nothing that can matter behind them, the points behind are the same;
* a way that no run can take may be among them; one that a run can take is never missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import networkx as nx

from pgs_compiler.elaborate.surfaces import EMPTY_LIST, SOME_FAILED, STOPPED, SUCCESS, TOO_MANY
from pgs_compiler.prove.deciding import decided_by, possible
from pgs_compiler.prove.points import Doing, Frame, Linked, Point, Points, Unfolded
from pgs_snapshot.model import (
    ACTED,
    CallNode,
    Contract,
    ContractNode,
    DecideStep,
    EachNode,
    ExitNode,
    Graph,
    Undoable,
)
from pgs_snapshot.processes import BLOCKED

MAX_POINTS = 50_000
"""Of one workflow with everything that it calls; nothing is proven of a larger one."""

MAX_REMEMBERED = 256
"""Ways to end that are told apart behind the steps of one contract; beyond, ways that cannot be taken count as well."""


def unfold(linked: Linked, graph: Graph, flat: bool = False) -> Unfolded | None:
    """Every point that can be come by from the start; None if there are too many.

    `flat`: what is called, and what is undone, is one step of its node there.
    """
    if linked.graphs.get(graph.workflow) is not graph:
        linked = replace(linked, graphs={**linked.graphs, graph.workflow: graph})
    points: Points = nx.DiGraph()
    unfolded = Unfolded(linked, graph, points)
    unfolding = _Unfolding(unfolded, flat)
    start = unfolding.noted(unfolded.start)
    points.add_node(start)
    open_ = [start]
    while open_:
        point = open_.pop()
        for following in map(unfolding.noted, unfolding.after(point)):
            if following not in points:
                open_.append(following)
            points.add_edge(point, following)
        if len(points) > MAX_POINTS:
            return None
    return unfolded


class _Unfolding:
    def __init__(self, unfolded: Unfolded, flat: bool) -> None:
        self._unfolded = unfolded
        self._linked = unfolded.linked
        self._flat = flat
        self._insides: dict[str, _Inside] = {}

    def _inside(self, name: str) -> _Inside:
        if name not in self._insides:
            self._insides[name] = _Inside(self._linked.contracts[name])
        return self._insides[name]

    def after(self, point: Point) -> Iterator[Point]:
        """What can come next; what the points know of undoing is still that of `point`."""
        node = self._unfolded.node(point.frames, point.node)
        ended = bool(point.outcome) and not point.step
        if isinstance(node, ExitNode):
            if point.undo and not ended:
                undone = self._unfolded.node(point.frames, point.undo)
                undo = undone.undo if isinstance(undone, Undoable) else None
                if undo:
                    yield from self._inside(undo.contract).after(point, bool(undo.unproven))
            elif ended and not point.undo:
                yield from self._returned(point, node)
            else:
                yield from self._ends(point, node)
        elif ended:
            yield replace(point, node=node.next[point.outcome].to, outcome="")
        elif isinstance(node, ContractNode):
            yield from self._inside(node.contract).after(point, bool(node.unproven))
        elif isinstance(node, CallNode | EachNode) and not self._flat:
            yield from self._calls(point, node)
        else:
            yield from (replace(point, outcome=outcome) for outcome in node.next)

    # --- calls -----------------------------------------------------------------------------------

    def _calls(self, point: Point, node: CallNode | EachNode) -> Iterator[Point]:
        """The starts of what is called, and for an `each` how it ends before or behind an item."""
        going = True
        if isinstance(node, EachNode):
            ends = {"": (EMPTY_LIST, TOO_MANY), "ok": (SUCCESS,), "some": (SOME_FAILED,)}[point.phase]
            yield from (replace(point, phase="", outcome=end) for end in ends if end in node.next)
            going = not point.phase or node.max > 1
        for name in node.call.workflows if going else ():
            frame = Frame(node.id, name, point.phase == "some")
            start = self._linked.graphs[name].start
            yield Point(start, frames=(*point.frames, frame), doings=point.doings)

    def _returned(self, point: Point, exit: ExitNode) -> Iterator[Point]:
        """Where the caller is when its call has ended."""
        if not point.frames:
            return
        frame, outer = point.frames[-1], point.frames[:-1]
        node = self._unfolded.node(outer, frame.node)
        doings = tuple(doing for doing in point.doings if doing.depth <= len(outer))
        if exit.exit == "FAILED":
            # What was done within is undone, so an open node around may have done nothing else.
            doings = tuple(_doubted(doing) if _is_open(doing, point) else doing for doing in doings)
            doings = tuple(doing for doing in doings if (doing.depth, doing.node) != (len(outer), frame.node))
        here = Point(frame.node, frames=outer, doings=doings)
        if not isinstance(node, EachNode):
            yield replace(here, outcome=point.outcome)
        elif point.outcome in node.stop:
            yield replace(here, outcome=STOPPED)
        else:
            yield replace(here, phase="ok" if exit.exit == "COMPLETED" and not frame.behind else "some")

    # --- undoing ---------------------------------------------------------------------------------

    def _ends(self, point: Point, node: ExitNode) -> Iterator[Point]:
        """What is undone next at a FAILED exit, the last first, then the names under which it ends."""
        here = replace(point, undo="", outcome="", memory=())
        own = [doing for doing in point.doings if doing.depth == point.depth and doing.committed]
        left = [doing for doing in reversed(own) if node.exit == "FAILED"]
        if point.undo:
            left = left[[doing.node for doing in left].index(point.undo) + 1 :]
        for doing in left:
            yield replace(here, undo=doing.node)
            if doing.wrote == "yes":
                return
        yield from (replace(here, outcome=name) for name in node.names)

    def noted(self, point: Point) -> Point:
        """The point with what it changes in what can be undone."""
        if self._flat:
            return point
        node = self._unfolded.node(point.frames, point.node)
        doings = point.doings
        if point.entered and isinstance(node, Undoable) and node.undo:
            doings = (*doings, Doing(point.depth, node.id))
        if not doings:
            return point
        step, process = self._unfolded.step_at(point), self._unfolded.process_at(point)
        wrote = process.leaves(point.outcome) if process is not None else self._linked.writes(step)
        if wrote and (process is not None or point.outcome in ACTED):
            doings = tuple(replace(doing, wrote="yes") if _is_open(doing, point) else doing for doing in doings)
        if self._unfolded.commits(point):
            doings = tuple(replace(doing, committed=True) for doing in doings)
        if point.outcome and not point.step and not isinstance(node, ExitNode):
            idle = (point.depth, point.node, "no")
            doings = tuple(doing for doing in doings if (doing.depth, doing.node, doing.wrote) != idle)
        return replace(point, doings=doings)


def _is_open(doing: Doing, point: Point) -> bool:
    """Whether a point lies within a node."""
    path = [*(frame.node for frame in point.frames), point.node]
    return doing.depth < len(path) and path[doing.depth] == doing.node


def _doubted(doing: Doing) -> Doing:
    return replace(doing, wrote="maybe") if doing.wrote == "yes" else doing


class _Inside:
    """What follows what within the node of one contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._index = {step.name: index for index, step in enumerate(contract.steps)}
        self._remembered = remembered(contract)

    def after(self, point: Point, unproven: bool) -> Iterator[Point]:
        """What follows the entry of the node, or the end of a step; `unproven`: its inputs only may fit."""
        failed = replace(point, memory=(), step="", outcome=self._contract.on_input_failure or "")
        if not point.step and unproven:
            yield failed
        gate = self._contract.gate
        if not point.step and gate is not None and gate.blocks:
            yield replace(failed, outcome=BLOCKED)
        steps = self._contract.steps
        index = 0
        if point.step:
            index = self._index[point.step] + 1
            to = steps[index - 1].next[point.outcome]
            if to is not None:
                yield replace(failed, outcome=to)
                if to == SUCCESS and gate is not None and any(rule.blocks for rule in gate.outputs):
                    yield replace(failed, outcome=BLOCKED)  # what it did is taken back, and yet has been done
                return
        kept = ((point.step, point.outcome),) if point.step in self._remembered else ()
        memory, step = (*point.memory, *kept), steps[index]
        if isinstance(step, DecideStep):
            ends = possible(step, self._contract.slots, dict(memory))
        else:
            ends = tuple(step.next)
            if step.unproven:
                yield failed
        for outcome in ends:
            yield replace(point, memory=memory, step=step.name, outcome=outcome)


def remembered(contract: Contract) -> tuple[str, ...]:
    """The steps by whose outcomes later ones decide, from the first on as far as there is room for."""
    asked = {slot for step in contract.steps if isinstance(step, DecideStep) for slot in decided_by(step)}
    ways, found = 1, []
    for step in contract.steps:
        if contract.slots.index(f"steps.{step.name}.outcome") in asked:
            ways *= max(1, sum(to is None for to in step.next.values()))
            if ways > MAX_REMEMBERED:
                break
            found.append(step.name)
    return tuple(found)

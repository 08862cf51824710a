"""Which points of a workflow a selector means, and which of them are effects that a FAILED exit undoes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from pgs_compiler.declarations import Process, SideEffect, Store
from pgs_compiler.elaborate.processes import lower_process
from pgs_compiler.program import Program
from pgs_compiler.prove.points import Linked, Point, Unfolded
from pgs_snapshot.laws import Selector
from pgs_snapshot.model import (
    CallNode,
    Contract,
    ContractNode,
    EachNode,
    EffectStep,
    ExitNode,
    Graph,
    Intent,
    IntentNode,
    OperationStep,
    ProcessNode,
    TransformStep,
    WaitNode,
)


def linked(
    program: Program, graphs: Mapping[str, Graph], contracts: Mapping[str, Contract], intents: Mapping[str, Intent]
) -> Linked:
    """What the workflows of a program are made of."""
    of_store = {store.header.name: program.get(store.side_effect, SideEffect) for store in program.of(Store)}
    outside = {effect.header.name: effect for effect in program.of(SideEffect)}
    processes = {process.header.name: lower_process(program, process) for process in program.of(Process)}
    return Linked(
        graphs,
        contracts,
        intents,
        {store: effect.header.name for store, effect in of_store.items()},
        frozenset(
            (place, operation.name.text)
            for place, effect in (of_store | outside).items()
            for operation in effect.operations
            if operation.mode == "write"
        ),
        processes,
    )


class Selected:
    """Answers for one workflow."""

    def __init__(self, unfolded: Unfolded) -> None:
        self._unfolded = unfolded
        self._linked = unfolded.linked
        self._changes = cache(self._changing)

    def points(self, selectors: Iterable[Selector]) -> frozenset[Point]:
        """The points that any of the selectors means."""
        wanted = tuple(selectors)
        return frozenset(point for point in self._unfolded.points if any(self._is(point, one) for one in wanted))

    def undone(self, points: Iterable[Point], surely: bool) -> frozenset[Point]:
        """Those of the points whose effects a FAILED exit undoes: all of what has happened there, or some of it."""
        return frozenset(point for point in points if self._effect(point, surely))

    def _effect(self, point: Point, surely: bool) -> bool:
        if point.undo:
            return False  # whoever undoes is behind everything that could be dropped
        step, contract = self._unfolded.step_at(point), self._unfolded.contract_at(point)
        if step is not None:
            return isinstance(step, OperationStep) and self._linked.writes(step)
        if contract is not None:
            return self._writes(contract)
        process = self._unfolded.process_at(point)
        if process is not None:
            return bool(process.writes)
        node = self._unfolded.node_at(point)
        if not point.frames or not isinstance(node, ExitNode):
            return False
        if not point.outcome:
            return True  # its events
        writes, commits = self._changes(point.frames[-1].workflow)
        return node.exit != "FAILED" and writes and not (surely and commits)

    def _writes(self, contract: Contract) -> bool:
        return any(isinstance(step, OperationStep) and self._linked.writes(step) for step in contract.steps)

    def _changing(self, workflow: str) -> tuple[bool, bool]:
        """Whether a workflow has effects that can be undone, and whether it commits any, with what it calls."""
        writes = commits = False
        for node in self._linked.graphs[workflow].nodes:
            if isinstance(node, ContractNode):
                contract = self._linked.contracts[node.contract]
                writes = writes or self._writes(contract)
                commits = commits or any(isinstance(step, EffectStep) for step in contract.steps)
            elif isinstance(node, ProcessNode):
                writes = writes or bool(self._linked.processes[node.process].writes)
            elif isinstance(node, CallNode | EachNode):
                for name in node.call.workflows:
                    inner = self._changes(name)
                    writes, commits = writes or inner[0], commits or inner[1]
            writes = writes or (isinstance(node, ExitNode) and bool(node.emit))
            commits = commits or isinstance(node, WaitNode)
        return writes, commits

    def _is(self, point: Point, selector: Selector) -> bool:
        node = self._unfolded.node_at(point)
        if isinstance(node, ExitNode) and not point.undo:
            return self._exit(point, node, selector)
        if not point.outcome or (selector.outcomes and point.outcome not in selector.outcomes):
            return False
        return any(
            what == selector.what and selector.name in names and selector.operation in (None, operation)
            for what, names, operation in self._names(point, selector.step)
        )

    def _names(self, point: Point, inside: str | None) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """What has ended at a point: kind, names, operation. `inside` asks for a step of a contract."""
        node, step = self._unfolded.node_at(point), self._unfolded.step_at(point)
        contract = self._unfolded.contract_at(point)
        if isinstance(node, IntentNode):
            yield "intent", (node.intent,), ""
        if isinstance(node, ProcessNode):
            yield "process", (node.process,), ""
        if isinstance(node, WaitNode):
            yield "wait", (point.outcome,), ""
        if contract and point.step == (inside or ""):
            yield "contract", (contract.name,), ""
        match step:
            case TransformStep(transform=transform):
                yield "transform", (transform,), ""
            case OperationStep(store=store, operation=operation):
                yield "store", (store,), operation
                yield "side_effect", (self._linked.of_store[store],), operation
            case EffectStep(side_effect=side_effect, operation=operation):
                yield "side_effect", (side_effect,), operation

    def _exit(self, point: Point, node: ExitNode, selector: Selector) -> bool:
        """An exit has emitted where it is entered; it is an end under its name, of the run or of a call."""
        names = (node.exit, point.outcome)
        match selector.what:
            case "event":
                return point.entered and selector.name in node.emit
            case "exit":
                return self._unfolded.ended(point) and selector.name in names
            case "workflow":
                return (
                    bool(point.outcome and point.frames)
                    and point.frames[-1].workflow == selector.name
                    and (not selector.outcomes or bool({*names} & {*selector.outcomes}))
                )
        return False

"""Which points of a workflow a selector means, and which of them are effects that a FAILED exit undoes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pgs_compiler.declarations import SideEffect, Store
from pgs_compiler.program import Program
from pgs_compiler.prove.points import Point, Unfolded
from pgs_snapshot.laws import Selector
from pgs_snapshot.model import Contract, EffectStep, ExitNode, IntentNode, OperationStep, TransformStep, WaitNode


@dataclass(frozen=True, slots=True)
class Effects:
    """The side effect of each store, and the operations that write, as store and operation."""

    of_store: Mapping[str, str]
    writing: frozenset[tuple[str, str]]

    def writes(self, contract: Contract) -> bool:
        steps = (step for step in contract.steps if isinstance(step, OperationStep))
        return any((step.store, step.operation) in self.writing for step in steps)


def effects_of(program: Program) -> Effects:
    side_effects = {store: program.get(store.side_effect, SideEffect) for store in program.of(Store)}
    return Effects(
        {store.header.name: effect.header.name for store, effect in side_effects.items()},
        frozenset(
            (store.header.name, operation.name.text)
            for store, effect in side_effects.items()
            for operation in effect.operations
            if operation.mode == "write"
        ),
    )


class Selected:
    """Answers for one workflow."""

    def __init__(self, unfolded: Unfolded, effects: Effects) -> None:
        self.unfolded = unfolded
        self._effects = effects

    def points(self, selectors: Iterable[Selector]) -> frozenset[Point]:
        """The points that any of the selectors means."""
        wanted = tuple(selectors)
        return frozenset(point for point in self.unfolded.points if any(self._is(point, one) for one in wanted))

    def commits(self) -> frozenset[Point]:
        """The points at which everything before is committed: a wait is entered, an external effect was tried."""
        nodes, points = self.unfolded.nodes, self.unfolded.points
        waits = (point for point in points if not point.outcome and isinstance(nodes[point.node], WaitNode))
        return frozenset(waits) | {point for point in points if isinstance(self.unfolded.step_at(point), EffectStep)}

    def undone(self, points: Iterable[Point]) -> frozenset[Point]:
        """Those of the points that are effects: operations that write, and contracts with such operations."""
        return frozenset(point for point in points if self._effect(point))

    def _effect(self, point: Point) -> bool:
        step, contract = self.unfolded.step_at(point), self.unfolded.contract_at(point)
        if step is not None:
            return isinstance(step, OperationStep) and (step.store, step.operation) in self._effects.writing
        return contract is not None and self._effects.writes(contract)

    def _is(self, point: Point, selector: Selector) -> bool:
        if selector.what in ("event", "exit"):
            return self._exit(point, selector)
        if not point.outcome or (selector.outcomes and point.outcome not in selector.outcomes):
            return False
        return any(
            what == selector.what and selector.name in names and selector.operation in (None, operation)
            for what, names, operation in self._names(point, selector.step)
        )

    def _names(self, point: Point, inside: str | None) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """What has ended at a point: kind, names, operation. `inside` asks for a step of a contract."""
        node, step, contract = self.unfolded.nodes[point.node], self.unfolded.step_at(point), None
        contract = self.unfolded.contract_at(point)
        if isinstance(node, IntentNode):
            yield "intent", (node.intent,), ""
        if contract and point.step == (inside or ""):
            yield "contract", (contract.name,), ""
        match step:
            case TransformStep(transform=transform):
                yield "transform", (transform,), ""
            case OperationStep(store=store, operation=operation):
                yield "store", (store,), operation
                yield "side_effect", (self._effects.of_store[store],), operation
            case EffectStep(side_effect=side_effect, operation=operation):
                yield "side_effect", (side_effect,), operation

    def _exit(self, point: Point, selector: Selector) -> bool:
        """An exit has emitted where it is entered; it is an end under its name."""
        node = self.unfolded.nodes[point.node]
        if not isinstance(node, ExitNode):
            return False
        if selector.what == "event":
            return not point.outcome and selector.name in node.emit
        return bool(point.outcome) and selector.name in (node.exit, point.outcome)

"""A sealed workflow unfolded into points again: what a run can come by, and what each point is.

Written apart from the compiler's own unfolding, after the text in `pgs_snapshot.laws`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from pgs_snapshot import model
from pgs_snapshot.canonical import digest
from pgs_snapshot.laws import Selector
from pgs_snapshot.proofs.cases import cases, remembered
from pgs_snapshot.snapshot import Snapshot, artifact_path, graph_path

Meaning: TypeAlias = tuple[str, str, str | None]
"""Kind, name and operation."""


class At(NamedTuple):
    """A point: in a node, behind steps whose outcomes are remembered, at the end of a step or of the node."""

    node: str
    memory: tuple[tuple[str, str], ...] = ()
    step: str = ""
    outcome: str = ""

    @property
    def text(self) -> str:
        parts = [self.node, *(f"{step}={outcome}" for step, outcome in self.memory), *filter(None, (self.step,))]
        return "/".join(parts) + (f"={self.outcome}" if self.outcome else "")


def means(kinds: list[Meaning], selector: Selector) -> bool:
    """Whether a selector means something of these kinds."""
    named = (operation for what, name, operation in kinds if (what, name) == (selector.what, selector.name))
    return any(selector.operation in (None, operation) for operation in named)


class Unfolded:
    """One workflow: `after` has every point, with those that can come next."""

    def __init__(self, snapshot: Snapshot, name: str) -> None:
        self.graph, self._snapshot = snapshot.graph(name), snapshot
        self.nodes = {node.id: node for node in self.graph.nodes}
        held = [node for node in self.graph.nodes if isinstance(node, model.ContractNode)]
        self.contract = {node.id: snapshot.contract(node.contract) for node in held}
        steps = [step for contract in self.contract.values() for step in contract.steps]
        operations = [step for step in steps if isinstance(step, model.OperationStep)]
        self.stores = {step.store: snapshot.store(step.store) for step in operations}
        self.start = At(self.graph.start)
        self.after: dict[At, list[At]] = {}
        todo = [self.start]
        while todo:
            at = todo.pop()
            if at not in self.after:
                self.after[at] = list(self._next(at))
                todo += self.after[at]

    def digests(self) -> dict[str, str]:
        """Every file that says what the workflow can do."""
        paths = {graph_path(self.graph.workflow)} | {artifact_path("store", name) for name in self.stores}
        paths |= {artifact_path("contract", contract.name) for contract in self.contract.values()}
        intents = (node.intent for node in self.graph.nodes if isinstance(node, model.IntentNode))
        paths |= {artifact_path("intent", name) for name in intents}
        return {path: digest(self._snapshot.sealed.read(path)) for path in paths}

    def _next(self, at: At) -> Iterator[At]:
        node = self.nodes[at.node]
        if isinstance(node, model.ExitNode):
            yield from () if at.outcome else (At(at.node, outcome=name) for name in node.names)
        elif at.outcome and not at.step:
            yield At(node.next[at.outcome].to)
        elif isinstance(node, model.ContractNode):
            yield from self._inside(at, node, self.contract[at.node])
        else:
            yield from (At(at.node, outcome=outcome) for outcome in node.next)

    def _inside(self, at: At, node: model.ContractNode, contract: model.Contract) -> Iterator[At]:
        names = [step.name for step in contract.steps]
        index = names.index(at.step) + 1 if at.step else 0
        to = contract.steps[index - 1].next[at.outcome] if at.step else None
        if to is not None:
            yield At(at.node, outcome=to)
            return
        memory, step = at.memory, contract.steps[index]
        if at.step in remembered(contract):
            memory += ((at.step, at.outcome),)
        unproven = () if isinstance(step, model.DecideStep) else step.unproven
        if unproven or (node.unproven and not at.step):
            yield At(at.node, outcome=str(contract.on_input_failure))
        known = {contract.slots.index(f"steps.{name}.outcome"): outcome for name, outcome in memory}
        ends = cases(step, known) if isinstance(step, model.DecideStep) else step.next
        yield from (At(at.node, memory, step.name, outcome) for outcome in ends)

    # --- what a point is -------------------------------------------------------------------------

    def step(self, at: At) -> model.Step | None:
        """The step that has ended at a point."""
        steps = self.contract[at.node].steps if at.node in self.contract else ()
        return next((step for step in steps if step.name == at.step), None)

    def meant(self, at: At, selectors: tuple[Selector, ...]) -> bool:
        """Whether one of the selectors means the point."""
        return any(self._meant(at, selector) for selector in selectors)

    def _meant(self, at: At, selector: Selector) -> bool:
        node, step = self.nodes[at.node], self.step(at)
        if isinstance(node, model.ExitNode):
            if selector.what == "event":
                return not at.outcome and selector.name in node.emit
            return selector.what == "exit" and at.outcome != "" and selector.name in (node.exit, at.outcome)
        if not at.outcome or (selector.outcomes and at.outcome not in selector.outcomes):
            return False
        kinds = self.meaning(step)
        if isinstance(node, model.IntentNode):
            kinds.append(("intent", node.intent, None))
        if at.node in self.contract and at.step == (selector.step or ""):
            kinds.append(("contract", self.contract[at.node].name, None))
        return means(kinds, selector)

    def meaning(self, step: model.Step | None) -> list[Meaning]:
        """What a step is, or what it gives."""
        match step:
            case model.TransformStep(transform=transform):
                return [("transform", transform, None)]
            case model.OperationStep(store=store, operation=operation):
                return [("store", store, operation), ("side_effect", self.stores[store].side_effect, operation)]
            case model.EffectStep(side_effect=side_effect, operation=operation):
                return [("side_effect", side_effect, operation)]
        return []

    def undone(self, at: At) -> bool:
        """Whether a FAILED exit undoes what has happened at the point."""
        inside = self.contract[at.node].steps if at.node in self.contract else ()
        operations = (step for step in inside if isinstance(step, model.OperationStep) and at.step in ("", step.name))
        return any(self.stores[step.store].operations[step.operation].mode == "write" for step in operations)

    def commits(self, at: At) -> bool:
        """Whether everything before is committed at the point: by a wait, or by an external effect."""
        waits = isinstance(self.nodes[at.node], model.WaitNode) and not at.outcome
        return waits or isinstance(self.step(at), model.EffectStep)

    def exits(self, at: At) -> str | None:
        """The kind of exit at which the run has ended here."""
        node = self.nodes[at.node]
        return node.exit if isinstance(node, model.ExitNode) and at.outcome else None

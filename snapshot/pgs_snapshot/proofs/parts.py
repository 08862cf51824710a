"""What sealed workflows are made of: nodes, contracts, what writes, and the files that say so."""

from __future__ import annotations

from functools import cache

from pgs_snapshot import model
from pgs_snapshot.snapshot import Snapshot, artifact_path, graph_path

_DATA = (
    "actor", "binding", "context", "contract", "event", "intent", "process", "side_effect", "store", "transform",
)  # fmt: skip


class Parts:
    """The parts of all workflows of a snapshot, by name."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.graph, self.contract = cache(snapshot.graph), cache(snapshot.contract)
        self.process, self.context = cache(snapshot.process), cache(snapshot.context)
        self.nodes, self.changes, self.files = cache(self._nodes), cache(self._changes), cache(self._files)

    def side_effect(self, store: str) -> str:
        return self.snapshot.store(store).side_effect

    def writes(self, step: model.Step | None) -> bool:
        """Whether a step changes something, in a store or outside."""
        match step:
            case model.OperationStep(store=store, operation=operation):
                return self.snapshot.store(store).operations[operation].mode == "write"
            case model.EffectStep(side_effect=side_effect, operation=operation):
                return self.snapshot.side_effect(side_effect).operations[operation].mode == "write"
        return False

    def _nodes(self, workflow: str) -> dict[str, model.Node]:
        return {node.id: node for node in self.graph(workflow).nodes}

    def _contracts(self, node: model.Node) -> list[str]:
        """The contracts of a node: its own, and the one that undoes it."""
        undo = node.undo if isinstance(node, model.Undoable) else None
        return [of.contract for of in (node, undo) if isinstance(of, model.ContractNode | model.Undo)]

    def _changes(self, workflow: str) -> tuple[bool, bool]:
        """Whether a workflow, with what it calls, has effects that can be undone, and whether it commits any."""
        changes = commits = False
        for node in self.graph(workflow).nodes:
            called = node.call.workflows if isinstance(node, model.CallNode | model.EachNode) else ()
            steps = self.contract(node.contract).steps if isinstance(node, model.ContractNode) else ()
            changes |= any(isinstance(step, model.OperationStep) and self.writes(step) for step in steps)
            changes |= isinstance(node, model.ProcessNode) and bool(self.process(node.process).writes)
            changes |= isinstance(node, model.ExitNode) and bool(node.emit)
            changes |= any(self.changes(name)[0] for name in called)
            commits |= isinstance(node, model.WaitNode) or any(isinstance(step, model.EffectStep) for step in steps)
            commits |= any(self.changes(name)[1] for name in called)
        return changes, commits

    def _files(self, workflow: str) -> frozenset[str]:
        """Every file that says what a workflow can do, with what it calls."""
        paths = {graph_path(workflow)}
        for node in self.graph(workflow).nodes:
            if isinstance(node, model.IntentNode):
                paths.add(artifact_path("intent", node.intent))
            if isinstance(node, model.ProcessNode):
                context = self.process(node.process).context
                paths |= {artifact_path("process", node.process), artifact_path("context", context)}
            for name in node.call.workflows if isinstance(node, model.CallNode | model.EachNode) else ():
                paths |= self.files(name)
            for name in self._contracts(node):
                paths.add(artifact_path("contract", name))
                for step in self.contract(name).steps:
                    if isinstance(step, model.OperationStep):
                        paths.add(artifact_path("store", step.store))
                    if isinstance(step, model.EffectStep):
                        paths.add(artifact_path("side_effect", step.side_effect))
        return frozenset(paths)

    def data(self) -> set[str]:
        """Every file that says where data comes from and goes: labels come from anywhere, by way of stores."""
        folders = ("graphs/", *(f"artifacts/{kind}/" for kind in _DATA))
        return {path for path in self.snapshot.sealed.paths() if path.startswith(folders)}

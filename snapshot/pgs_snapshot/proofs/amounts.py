"""The most that can still come from each point of a workflow on, with what it calls and undoes."""

from __future__ import annotations

from collections.abc import Mapping

from pgs_snapshot import model
from pgs_snapshot.proofs.points import At, Unfolded


def at_most(flat: Unfolded, most: Mapping[str, int], counted: Mapping[str, Mapping[str, int]]) -> bool:
    """Whether each count is what its point takes and the most that can follow, and the start's within the limit."""
    after = flat.after
    known: dict[tuple[str, str], int] = {}
    return counted.keys() == most.keys() and all(
        counts.keys() == {at.text for at in after}
        and counts[flat.start.text] <= most[amount]
        and all(
            counts[at.text] == _cost(flat, at, amount, known) + max((counts[to.text] for to in following), default=0)
            for at, following in after.items()
        )
        for amount, counts in counted.items()
    )


def _cost(flat: Unfolded, at: At, amount: str, known: dict[tuple[str, str], int]) -> int:
    node, own = flat.node((), at.node), int(amount == "nodes" and at.enters)
    if at.enters and isinstance(node, model.Undoable) and node.undo:
        undone = flat.parts.contract(node.undo.contract).steps
        own += 1 if amount == "nodes" else sum(_counts(step, amount) for step in undone)
    if at.enters and isinstance(node, model.ProcessNode):
        own += {"nodes": 0, "steps": 1}.get(amount, len(flat.parts.process(node.process).written))
    if at.enters and isinstance(node, model.CallNode | model.EachNode):
        times = node.max if isinstance(node, model.EachNode) else 1
        own += times * max(_called(flat, name, amount, known) for name in node.call.workflows)
    return own + int(_counts(flat.step(at), amount))


def _counts(step: model.Step | None, amount: str) -> bool:
    counted = isinstance(step, model.OperationStep | model.EffectStep)
    return step is not None and amount != "nodes" and (amount == "steps" or counted)


def _called(flat: Unfolded, name: str, amount: str, known: dict[tuple[str, str], int]) -> int:
    """The most that one run of a workflow takes."""
    if (name, amount) not in known:
        inner = Unfolded(flat.parts, name, flat=True)
        counts: dict[At, int] = {}
        todo = [inner.start]
        while todo:
            left = [to for to in inner.after[todo[-1]] if to not in counts]
            if left:
                todo += left
                continue
            at = todo.pop()
            counts[at] = _cost(inner, at, amount, known) + max((counts[to] for to in inner.after[at]), default=0)
        known[name, amount] = counts[inner.start]
    return known[name, amount]

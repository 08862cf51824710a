"""Where the values of a sealed workflow come from, followed back through references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from pgs_snapshot import model
from pgs_snapshot.canonical import canonical
from pgs_snapshot.codec import encode
from pgs_snapshot.laws import Selector
from pgs_snapshot.proofs.cases import operands
from pgs_snapshot.proofs.points import At, Meaning, Unfolded, means
from pgs_snapshot.values import Value

Path: TypeAlias = tuple[str | int, ...]
Given: TypeAlias = tuple[str, bool, model.Expr, Path]
"""A value: the node that it is used at, whether inside the node's contract, and the way into it."""
Back: TypeAlias = tuple[str, list[Meaning], list[Given], bool]
"""What a value is: its text, what it means, what is before it, and whether it is a copy of one of these."""


class Origins:
    """The origins of values in one workflow."""

    def __init__(self, flow: Unfolded) -> None:
        self._flow = flow
        self._behind: dict[str, set[str]] = {}  # the nodes that can come at or after a node
        for node in reversed(flow.graph.nodes):
            edges = {} if isinstance(node, model.ExitNode) else node.next
            self._behind[node.id] = {node.id}.union(*(self._behind[edge.to] for edge in edges.values()))

    def of(self, values: list[Given], until: tuple[Selector, ...], copies: bool) -> dict[str, list[Meaning]]:
        """Where values begin: by copies alone, or looking through what is computed up to what `until` means."""
        found: dict[str, list[Meaning]] = {}
        seen: set[tuple[str, bool, bytes, Path]] = set()
        todo = list(values)
        while todo:
            node, inside, expr, path = todo.pop()
            key = node, inside, canonical(encode(expr)), path
            if key in seen:
                continue
            seen.add(key)
            text, kinds, before, copy = self._back(node, inside, expr, path)
            if before and not any(means(kinds, one) for one in until) and (copy or not copies):
                todo += before
            elif text:
                found[text] = kinds
        return found

    def at(self, at: At, name: str) -> str:
        """The one origin of an input of a step or node, else `?`."""
        step, node = self._flow.step(at), self._flow.nodes[at.node]
        expr, inside = None if step is None or isinstance(step, model.DecideStep) else step.inputs.get(name), True
        if expr is None and isinstance(node, model.ContractNode):
            expr, inside = node.inputs.get(name), False
        found = self.of([(at.node, inside, expr, ())], (), copies=True) if expr is not None else {}
        return min(found) if len(found) == 1 else "?"

    def operands(self, at: At, name: str) -> list[Given]:
        """The operands of a decision that end in a name, or the input of another step."""
        step = self._flow.step(at)
        if step is None or not isinstance(step, model.DecideStep):
            return [(at.node, True, step.inputs[name], ())] if step and name in step.inputs else []
        exprs = (expr for case in step.cases for expr in operands(case.when))
        return [(at.node, True, expr, ()) for expr in exprs if _last(expr) == name]

    def _back(self, node: str, inside: bool, expr: model.Expr, path: Path) -> Back:
        parts: list[model.Expr] = []
        match expr:
            case model.Literal_(literal=value):
                return f"literal {canonical(_into(value, path)).decode()}", [("literal", "", None)], [], False
            case model.Ref(slot=slot, path=own):
                return self._slot(node, inside, slot, (*own, *path))
            case model.Record(members=members):
                if path:
                    member = [(node, inside, members[str(path[0])], path[1:])] if str(path[0]) in members else []
                    return "", [], [*member], True
                parts = list(members.values())
            case model.Items(items=items):
                if path and isinstance(path[0], int) and -len(items) <= path[0] < len(items):
                    return "", [], [(node, inside, items[path[0]], path[1:])], True
                parts = list(items)
            case model.Default(value=value_, otherwise=otherwise):
                parts = [value_, otherwise]
            case model.Text(parts=texts):
                parts = list(texts)
            case model.Query(slot=slot, path=selectors):
                parts = [model.Ref(slot, tuple(step for step in selectors[:1] if isinstance(step, str | int)))]
        if not parts:
            return "literal []", [("literal", "", None)], [], False
        made = canonical([inside, encode(expr), *path]).decode()
        return f"{node} makes {made}", [], [(node, inside, part, ()) for part in parts], False

    def _slot(self, here: str, inside: bool, slot: int, path: Path) -> Back:
        flow, node = self._flow, self._flow.nodes[here]
        slots = flow.contract[here].slots if inside else flow.graph.slots
        root, _, name = slots[slot].partition(".")
        if root == "steps":
            return self._step(here, *name.partition(".")[::2], path)
        if root == "inputs" and isinstance(node, model.ContractNode):
            return "", [], [(here, False, expr, rest) for expr, rest in _member(node.inputs, path)], True
        if root == "with":
            edges = ((item.id, edge) for item in flow.graph.nodes for edge in _edges(item).values() if edge.to == here)
            given = ((id, found) for id, edge in edges for found in _member(edge.arguments, path))
            return "", [], [(id, False, *found) for id, found in given], True
        if root == "results":
            text = ".".join(["results", name, *map(str, path)])
            if name not in flow.contract:
                return text, [], [], False
            ends = (outcome for outcome, edge in _edges(flow.nodes[name]).items() if here in self._behind[edge.to])
            outputs = (found for end in ends for found in _member(flow.contract[name].outcomes[end], path))
            kinds: list[Meaning] = [("contract", flow.contract[name].name, None)]
            return text, kinds, [(name, True, *found) for found in outputs], True
        start = flow.nodes[flow.graph.start]
        kind: Meaning = (root, "", None)
        if root == "payload" and isinstance(start, model.IntentNode):
            kind = ("intent", start.intent, None)
        return ".".join([root, *map(str, path)]), [kind], [], False

    def _step(self, here: str, name: str, outcome: str, path: Path) -> Back:
        step = self._flow.step(At(here, step=name))
        text = ".".join([f"{here}/{name}", *filter(None, (outcome,)), *map(str, path)])
        kinds = self._flow.meaning(step)
        if isinstance(step, model.TransformStep):
            return text, kinds, [(here, True, expr, ()) for expr in step.inputs.values()], False
        if not isinstance(step, model.DecideStep):
            return text, kinds, [], False
        if outcome:
            asked = (expr for case in step.cases for expr in operands(case.when))
            return text, kinds, [(here, True, expr, ()) for expr in asked], False
        given = (found for case in step.cases for found in _member(case.outputs, path))
        return text, kinds, [(here, True, *found) for found in given], True


def _edges(node: model.Node) -> Mapping[str, model.Edge]:
    return {} if isinstance(node, model.ExitNode) else node.next


def _last(expr: model.Expr) -> str:
    ref = expr.value if isinstance(expr, model.Default) else expr
    names = [step for step in ref.path if isinstance(step, str)] if isinstance(ref, model.Ref) else []
    return names[-1] if names else ""


def _member(members: Mapping[str, model.Expr], path: Path) -> Iterator[tuple[model.Expr, Path]]:
    if not path:
        yield from ((expr, ()) for expr in members.values())
    elif str(path[0]) in members:
        yield members[str(path[0])], path[1:]


def _into(value: Value, path: Path) -> Value:
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
    return value

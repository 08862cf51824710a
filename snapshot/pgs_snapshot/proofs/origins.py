"""Where the values of a sealed workflow come from, followed back through references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from pgs_snapshot import model
from pgs_snapshot.canonical import canonical
from pgs_snapshot.codec import encode
from pgs_snapshot.laws import Selector
from pgs_snapshot.proofs.cases import operands
from pgs_snapshot.proofs.points import At, Call, Meaning, Unfolded, means, within
from pgs_snapshot.values import Value

Path: TypeAlias = tuple[str | int, ...]


class Here(NamedTuple):
    """Where a value is used: at a node, `inside` its contract or around it, or where that is undone."""

    calls: tuple[Call, ...]
    node: str
    undo: str = ""
    inside: bool = False

    @property
    def text(self) -> str:
        return within(self.calls) + self.node + (f"~{self.undo}" if self.undo else "")


Given: TypeAlias = tuple[Here, model.Expr, Path]
"""A value: where it is used, and the path that leads into it."""


class Back(NamedTuple):
    """One step back from a value: its text, what it means, what is before it, whether it is a copy of one of these."""

    text: str
    kinds: list[Meaning]
    before: list[Given]
    copy: bool = False


class Origins:
    """The origins of values in one workflow."""

    def __init__(self, flow: Unfolded) -> None:
        self._flow = flow
        self._behind: dict[str, dict[str, set[str]]] = {}

    def of(self, values: list[Given], until: tuple[Selector, ...], copies: bool) -> dict[str, Back]:
        """Where values begin: by copies alone, or looking through what is computed up to what `until` means."""
        found: dict[str, Back] = {}
        seen: set[tuple[Here, bytes, Path]] = set()
        todo = list(values)
        while todo:
            here, expr, path = todo.pop()
            key = here, canonical(encode(expr)), path
            if key in seen:
                continue
            seen.add(key)
            back = self._back(here, expr, path)
            if back.before and not any(means(back.kinds, one) for one in until) and (back.copy or not copies):
                todo += back.before
            elif back.text:
                found[back.text] = back
        return found

    def at(self, at: At, name: str) -> str:
        """The one origin of an input of a step or node, else `?`."""
        step, node = self._flow.step(at), self._flow.node(at.calls, at.node)
        here = Here(at.calls, at.node, at.undo)
        expr, inside = None if step is None or isinstance(step, model.DecideStep) else step.inputs.get(name), True
        if expr is None and isinstance(node, model.ContractNode | model.ProcessNode):
            expr, inside = node.inputs.get(name), False
        found = self.of([(here._replace(inside=inside), expr, ())], (), copies=True) if expr is not None else {}
        return min(found) if len(found) == 1 else "?"

    def operands(self, at: At, name: str) -> list[Given]:
        """The operands of a decision that end in a name, or the input of another step."""
        step, here = self._flow.step(at), Here(at.calls, at.node, at.undo, inside=True)
        if step is None or not isinstance(step, model.DecideStep):
            return [(here, step.inputs[name], ())] if step and name in step.inputs else []
        exprs = (expr for case in step.cases for expr in operands(case.when))
        return [(here, expr, ()) for expr in exprs if _last(expr) == name]

    def _back(self, here: Here, expr: model.Expr, path: Path) -> Back:
        parts: list[model.Expr] = []
        match expr:
            case model.Literal_(literal=value):
                return Back(f"literal {canonical(_into(value, path)).decode()}", [("literal", "", None)], [])
            case model.Ref(slot=slot, path=own):
                return self._slot(here, slot, (*own, *path))
            case model.Record(members=members):
                if path:
                    return Back("", [], [(here, *found) for found in _member(members, path)], True)
                parts = list(members.values())
            case model.Items(items=items):
                if path and isinstance(path[0], int) and -len(items) <= path[0] < len(items):
                    return Back("", [], [(here, items[path[0]], path[1:])], True)
                parts = list(items)
            case model.Default(value=value_, otherwise=otherwise):
                parts = [value_, otherwise]
            case model.Text(parts=texts):
                parts = list(texts)
            case model.Query(slot=slot, path=selectors):
                parts = [model.Ref(slot, tuple(step for step in selectors[:1] if isinstance(step, str | int)))]
        if not parts:
            return Back("literal []", [("literal", "", None)], [])
        made = canonical([here.inside, encode(expr), *path]).decode()
        return Back(f"{here.text} makes {made}", [], [(here, part, ()) for part in parts])

    def _slot(self, here: Here, slot: int, path: Path) -> Back:
        flow, calls = self._flow, here.calls
        graph = flow.parts.graph(calls[-1].workflow if calls else flow.name)
        contract = flow.contract(calls, here.node, here.undo) if here.inside else None
        root, _, name = (contract or graph).slots[slot].partition(".")
        node, around = flow.node(calls, here.undo or here.node), Here(calls, here.node)
        text = ".".join([root, *map(str, path)])
        if root == "steps":
            return self._step(here, *name.partition(".")[::2], path)
        if root == "inputs":
            held = node.undo if here.undo and isinstance(node, model.Undoable) else node
            given = held.inputs if isinstance(held, model.ContractNode | model.Undo) else {}
            return Back("", [], [(around, *found) for found in _member(given, path)], True)
        if root == "with":
            edges = ((item.id, edge) for item in graph.nodes for edge in _edges(item).values() if edge.to == here.node)
            pairs = ((Here(calls, id), found) for id, edge in edges for found in _member(edge.arguments, path))
            return Back("", [], [(id, *found) for id, found in pairs], True)
        if root == "results":
            return self._result(here, name, path)
        if root in ("item", "index"):
            over = [(here, node.each, ())] if isinstance(node, model.EachNode) else []
            return Back(f"{here.text} {text}", [], [*over])
        if root == "payload":
            return self._payload(calls, graph, path)
        if root == "run" and path[:1] == ("time",):
            return Back(f"{here.text}{'/' if here.inside else ''} run.time", [("run", "", None)], [])
        if root == "config" and graph.binding != flow.graph.binding:
            text = ".".join([f"config of {graph.binding}", *map(str, path)])
        return Back(text, [(root, "", None)], [])

    def _payload(self, calls: tuple[Call, ...], graph: model.Graph, path: Path) -> Back:
        start = self._flow.parts.nodes(graph.workflow)[graph.start]
        kinds: list[Meaning] = [("intent", start.intent, None)] if isinstance(start, model.IntentNode) else []
        text = ".".join([f"{within(calls)}payload", *map(str, path)])
        if not calls:
            return Back(text, kinds or [("payload", "", None)], [])
        node = self._flow.node(calls[:-1], calls[-1].node)
        given: dict[str, model.Expr] = {}
        if isinstance(start, model.IntentNode):
            fields = self._flow.parts.snapshot.intent(start.intent).payload.get("properties", {})
            for name, schema in fields.items() if isinstance(fields, dict) else ():
                if isinstance(schema, dict) and "default" in schema:
                    given[name] = model.Literal_(schema["default"])
        given |= node.inputs if isinstance(node, model.CallNode | model.EachNode) else {}
        there = Here(calls[:-1], node.id)
        return Back(text, kinds, [(there, *found) for found in _member(given, path)], bool(path))

    def _result(self, here: Here, name: str, path: Path) -> Back:
        flow, calls = self._flow, here.calls
        text = within(calls) + ".".join(["results", name, *map(str, path)])
        node = flow.node(calls, name)
        ends = [end for end, edge in _edges(node).items() if here.node in self._leads(calls, edge.to)]
        kinds: list[Meaning] = []
        before: list[Given] = []
        if isinstance(node, model.WaitNode) and path[:1] == ("event",):
            events = {signal.event for signal in node.signals if signal.name in ends}
            kinds = [("event", event, None) for event in events if len(events) == 1]
        elif isinstance(node, model.ProcessNode):
            return Back(text, [("process", node.process, None)], [])
        elif isinstance(node, model.ContractNode):
            kinds, contract = [("contract", node.contract, None)], flow.parts.contract(node.contract)
            inside = Here(calls, name, inside=True)
            before = [(inside, *found) for end in ends for found in _member(contract.outcomes[end], path)]
        elif isinstance(node, model.CallNode):
            for workflow in node.call.workflows:
                for exit in flow.parts.graph(workflow).nodes:
                    if isinstance(exit, model.ExitNode) and set(exit.names) & set(ends):
                        there = Here((*calls, Call(name, workflow)), exit.id)
                        before += [(there, *found) for found in _member(exit.result, path)]
        return Back(text, kinds, before, True)

    def _leads(self, calls: tuple[Call, ...], id: str) -> set[str]:
        """The nodes that can come at or after a node."""
        workflow = calls[-1].workflow if calls else self._flow.name
        if workflow not in self._behind:
            known = self._behind[workflow] = dict[str, set[str]]()
            for node in reversed(self._flow.parts.graph(workflow).nodes):
                known[node.id] = {node.id}.union(*(known[edge.to] for edge in _edges(node).values()))
        return self._behind[workflow][id]

    def _step(self, here: Here, name: str, outcome: str, path: Path) -> Back:
        step = self._flow.step(At(here.node, step=name, calls=here.calls, word=f"~{here.undo}" if here.undo else ""))
        text = ".".join([f"{here.text}/{name}", *filter(None, (outcome,)), *map(str, path)])
        kinds = self._flow.meaning(step)
        if isinstance(step, model.TransformStep):
            return Back(text, kinds, [(here, expr, ()) for expr in step.inputs.values()])
        if not isinstance(step, model.DecideStep):
            return Back(text, kinds, [])
        if outcome:
            asked = (expr for case in step.cases for expr in operands(case.when))
            return Back(text, kinds, [(here, expr, ()) for expr in asked])
        given = (found for case in step.cases for found in _member(case.outputs, path))
        return Back(text, kinds, [(here, *found) for found in given], True)


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

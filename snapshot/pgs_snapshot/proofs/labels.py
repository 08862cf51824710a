"""Whether labelled data comes to a place of a sealed workflow: values followed back to where they begin.

A path leads into a value; `*` stands for any item or member, and `#` behind it asks for the value without its parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from pgs_snapshot import model
from pgs_snapshot.canonical import canonical
from pgs_snapshot.codec import encode
from pgs_snapshot.laws import Requirement
from pgs_snapshot.proofs.origins import Here
from pgs_snapshot.proofs.parts import Parts
from pgs_snapshot.proofs.points import At, Call, Unfolded
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value

Path: TypeAlias = tuple[str | int, ...]
Used: TypeAlias = tuple[Here, model.Expr, Path]
Schemas: TypeAlias = list[object]
ANY, WHOLE = "*", "#"


class Back(NamedTuple):
    """One step back: what stands there, if a value can begin there; what it is declared to be; what is before."""

    text: str = ""
    schemas: tuple[object, ...] = ()
    path: Path = ()
    before: tuple[Used, ...] = ()
    mixed: bool = False


class Labels:
    """One label in all workflows of a snapshot. `mixed`: what may hold it where it does not declare it."""

    def __init__(self, parts: Parts, label: str) -> None:
        self.parts, self.label, self.mixed = parts, label, set[str]()
        flows = [Unfolded(parts, name) for name in parts.snapshot.workflows()]
        known = -1
        while known < len(self.mixed):
            known = len(self.mixed)
            for flow in flows:
                self.mixed |= set(_Tracer(self, flow).puts())

    def shown(self, flow: Unfolded, requirement: Requirement) -> dict[str, tuple[str, ...]] | None:
        """By place, where all that comes there begins; None if some of it may carry the label."""
        tracer, found = _Tracer(self, flow), dict[str, set[str]]()
        events = [one.name for one in requirement.of if one.what == "event"]
        for at in flow.after:
            if flow.meant(at, requirement.of):
                schemas, values = tracer.given(at, events)
                begins = tracer.trace(values)
                if begins is None or any(self.has(schema) for schema in schemas):
                    return None
                name = _plain(at).text + (f"/{at.step}" if at.step else "")
                found.setdefault(name, set()).update(begins)
        return {name: tuple(sorted(begins)) for name, begins in found.items()}

    def has(self, schema: object) -> bool:
        """Whether anything in a schema is labelled."""
        return isinstance(schema, dict) and (self.own(schema) or any(map(self.has, _parts(schema))))

    def own(self, schema: object) -> bool:
        labels = schema.get("labels") if isinstance(schema, dict) else None
        return isinstance(labels, list) and self.label in labels

    def at(self, schema: object, path: Path) -> bool:
        """Whether a part of a value is labelled: by itself, by what is around it or by what is in it."""
        if self.own(schema) or not path:
            return self.has(schema)
        return any(self.at(part, path[1:]) for part in _into(schema, path[0]))


class _Tracer:
    def __init__(self, labels: Labels, flow: Unfolded) -> None:
        self._labels, self._flow, self._parts = labels, flow, flow.parts
        self._snapshot: Snapshot = flow.parts.snapshot

    def trace(self, values: list[Used]) -> set[str] | None:
        """Where values begin; None if some of them may carry the label."""
        begins, seen, todo = set[str](), set[tuple[Here, bytes, Path]](), list(values)
        while todo:
            here, expr, path = todo.pop()
            key = here, canonical(encode(expr)), path
            if key not in seen:
                seen.add(key)
                back = self._back(here, expr, path)
                if back.mixed or any(self._labels.at(schema, back.path) for schema in back.schemas):
                    return None
                begins |= {back.text} if back.text and not back.before else set()
                todo += back.before
        return begins

    def given(self, at: At, events: list[str]) -> tuple[Schemas, list[Used]]:
        """The schemas of what takes data at a point, and the data."""
        here, step, node = _plain(at), self._flow.step(at), self._flow.node(at.calls, at.node)
        contract = self._flow.contract(at.calls, at.node, at.undo)
        if step is not None:
            return self._taken(step), [(here._replace(inside=True), expr, ()) for expr in _inputs(step).values()]
        if contract is not None:
            return [contract.inputs], self._bound(here, ())
        if isinstance(node, model.ProcessNode) and at.outcome:
            return self._sees(node), [(here, expr, ()) for expr in node.inputs.values()]
        if not isinstance(node, model.ExitNode):
            return [], []
        if not at.outcome:
            emitted = [event for event in events if event in node.emit]
            fields = [(here, expr, ()) for event in emitted for expr in node.emit[event].values()]
            return [self._snapshot.event(event).fields for event in emitted], [*fields]
        if at.calls:
            return self._asked(here.calls)[:1], self._handed(here, ())
        return [], [(here, expr, ()) for expr in node.result.values()]

    def puts(self) -> Iterator[str]:
        """The stores, keys of stores and events into which the label may be put where they do not declare it."""
        for here in {_plain(at) for at in self._flow.after}:
            contract, node = (
                self._flow.contract(here.calls, here.node, here.undo),
                self._flow.node(here.calls, here.node),
            )
            for step in contract.steps if contract else ():
                if isinstance(step, model.OperationStep) and self._parts.writes(step):
                    store = self._snapshot.store(step.store)
                    fields = _properties(store.operations[step.operation].inputs)
                    inside = here._replace(inside=True)
                    values = {name: schema for name, schema in fields.items() if _holds(schema, store.schema)}
                    if self._mixes(inside, step.inputs, values):
                        yield step.store
                    if (
                        self.trace([(inside, expr, ()) for name, expr in step.inputs.items() if name not in values])
                        is None
                    ):
                        yield f"keys of {step.store}"
            if isinstance(node, model.ProcessNode) and self._carries(here, node):
                process = self._parts.process(node.process)
                held = self._parts.context(process.context).fields
                yield from (
                    f"{process.context} {path}" for path in process.written if not self._labels.own(held[path].schema)
                )
            for event, exprs in node.emit.items() if isinstance(node, model.ExitNode) and not here.undo else ():
                if self._mixes(here, exprs, _properties(self._snapshot.event(event).fields)):
                    yield event

    def _sees(self, node: model.ProcessNode) -> Schemas:
        """What a process is given and sees; what may have come into a field where it is not declared counts as well."""
        process = self._parts.process(node.process)
        fields = self._parts.context(process.context).fields
        mixed: Schemas = [
            {"labels": [self._labels.label]}
            for path in process.seen
            if f"{process.context} {path}" in self._labels.mixed
        ]
        return [process.inputs, *(fields[path].schema for path in process.seen), *mixed]

    def _carries(self, here: Here, node: model.ProcessNode) -> bool:
        """Whether a process may see the label, and so put it wherever it writes."""
        given: list[Used] = [(here, expr, ()) for expr in node.inputs.values()]
        return any(map(self._labels.has, self._sees(node))) or self.trace(given) is None

    def _mixes(self, here: Here, exprs: Mapping[str, model.Expr], fields: Mapping[str, object]) -> bool:
        plain = (
            (exprs[name], path) for name in fields if name in exprs for path in self._plain_parts(fields[name], ())
        )
        return any(self.trace([(here, expr, path)]) is None for expr, path in plain)

    def _plain_parts(self, schema: object, path: Path) -> Iterator[Path]:
        """The parts of a value that are not declared to carry the label."""
        if self._labels.own(schema) or not isinstance(schema, dict):
            return
        if _properties(schema) and schema.get("additionalProperties") is False:
            for name, part in _properties(schema).items():
                yield from self._plain_parts(part, (*path, name))
        elif schema.get("items"):
            yield from self._plain_parts(schema["items"], (*path, ANY))
        else:
            yield path

    # --- one step back ---------------------------------------------------------------------------

    def _back(self, here: Here, expr: model.Expr, path: Path) -> Back:
        match expr:
            case model.Ref(slot=slot, path=own):
                return self._slot(here, slot, (*own, *path))
            case model.Query(slot=slot, path=steps):
                plain = (step if isinstance(step, str | int) else ANY for step in steps)
                return self._slot(here, slot, (*plain, *path[1:]))
            case model.Record(members=members):
                return Back(before=tuple((here, *found) for found in _member(members, path)))
            case model.Items(items=items):
                return Back(before=tuple((here, item, path[1:]) for item in items if path[:1] != (WHOLE,)))
            case model.Default(value=value, otherwise=otherwise):
                return Back(before=((here, value, path), (here, otherwise, path)))
            case model.Text(parts=parts):
                return Back(before=tuple((here, part, ()) for part in parts))
        return Back()

    def _slot(self, here: Here, slot: int, path: Path) -> Back:
        flow, calls = self._flow, here.calls
        graph = self._parts.graph(calls[-1].workflow if calls else flow.name)
        contract = flow.contract(calls, here.node, here.undo) if here.inside else None
        root, _, name = (contract or graph).slots[slot].partition(".")
        text, node = _text(here._replace(node="", undo="").text + root, path), flow.node(calls, here.node)
        match root:
            case "steps":
                step = flow.step(
                    At(here.node, step=name.partition(".")[0], calls=calls, word=here.undo and f"~{here.undo}")
                )
                return Back() if step is None else self._step(here, step, "." in name, path)
            case "inputs" if contract:
                before = tuple(self._bound(here._replace(inside=False), path))
                return Back(f"{here.text} {text}", (contract.inputs,), path, before)
            case "with":
                ways = (Here(calls, item.id) for item in graph.nodes if not isinstance(item, model.ExitNode))
                edges = (
                    (way, edge) for way in ways for edge in _edges(flow.node(calls, way.node)) if edge.to == here.node
                )
                return Back(
                    before=tuple((way, *found) for way, edge in edges for found in _member(edge.arguments, path))
                )
            case "results":
                return self._result(Here(calls, name), path)
            case "payload":
                return Back(text, tuple(self._asked(calls)[:1]), path, tuple(self._handed(here, path)))
            case "item" | "index":
                into = (ANY, *path) if root == "item" else (WHOLE,)
                return Back(before=((here, node.each, into),) if isinstance(node, model.EachNode) else ())
            case "actor":
                return Back(text, (*self._asked(())[1:], *self._asked(calls)[1:]), path)
            case "config":
                return Back(text, (self._snapshot.binding(graph.binding).config,) if graph.binding else (), path)
        return Back(text)

    def _step(self, here: Here, step: model.Step, outcome: bool, path: Path) -> Back:
        text, given = _text(f"{here.text}/{step.name}", path), _inputs(step)
        if isinstance(step, model.DecideStep):
            found = (found for case in step.cases for found in _member(case.outputs, path))
            return Back(before=() if outcome else tuple((here, *one) for one in found))
        if outcome:
            return Back(text)
        before = tuple((here, expr, ()) for expr in given.values())
        mixed = any(map(self._labels.has, self._taken(step)))
        if isinstance(step, model.TransformStep):
            transform = self._snapshot.transform(step.transform)
            removed = transform.declassifies.get(self._labels.label, ())
            kept = {name: expr for name, expr in given.items() if name not in removed}
            fields = _properties(transform.inputs)
            mixed = any(self._labels.has(fields[name]) for name in kept)
            before = tuple((here, expr, ()) for expr in kept.values())
            return Back(text, tuple(transform.outcomes.values()), path, before, mixed)
        if isinstance(step, model.EffectStep):
            outside = self._snapshot.side_effect(step.side_effect).operations[step.operation]
            return Back(text, tuple(outside.outcomes.values()), path, before, mixed)
        store, held = self._snapshot.store(step.store), step.store in self._labels.mixed
        outcomes = tuple(store.operations[step.operation].outcomes.values())
        ours = store.side_effect.startswith("core::")
        outputs = [_properties(one).get(str(path[0])) for one in outcomes] if path else []
        if ours and any(_holds(one, store.schema) for one in outputs):
            return Back(text, outcomes, path, (), held)
        if not ours:
            outcomes, held = (*outcomes, store.schema), held
            mixed = held or self._labels.has(store.schema)
        else:
            mixed = False
        return Back(text, outcomes, path, before, mixed or f"keys of {step.store}" in self._labels.mixed)

    def _result(self, there: Here, path: Path) -> Back:
        """What a node gave, under whatever outcome."""
        node = self._flow.node(there.calls, there.node)
        match node:
            case model.ContractNode(contract=name):
                given = (
                    found for exprs in self._parts.contract(name).outcomes.values() for found in _member(exprs, path)
                )
                return Back(before=tuple((there._replace(inside=True), *found) for found in given))
            case model.EachNode(each=over) if path[:1] == ("count",):
                return Back(before=((there, over, (WHOLE,)),))
            case model.ProcessNode(process=name):
                given_ = tuple((there, expr, ()) for expr in node.inputs.values())
                outcomes = tuple(self._parts.process(name).outcomes.values())
                mixed = any(map(self._labels.has, self._sees(node)))
                return Back(_text(there.text, path), outcomes, path, given_, mixed)
            case model.CallNode() | model.EachNode():
                if isinstance(node, model.EachNode):
                    path = path[3:] if path[2:3] == ("result",) else ()
                return Back(before=tuple(self._gave(there, node, path)))
            case model.WaitNode(signals=signals):
                events = [one.event for one in signals if path[:1] != ("actor",)]
                senders = [name for one in signals for name in one.actors if path[:1] != ("event",)]
                schemas = [self._snapshot.event(name).fields for name in events]
                schemas += [self._snapshot.actor(name).attributes for name in senders]
                return Back(_text(there.text, path), tuple(schemas), path[1:], (), bool({*events} & self._labels.mixed))
        return Back()

    def _gave(self, there: Here, node: model.CallNode | model.EachNode, path: Path) -> Iterator[Used]:
        for workflow in node.call.workflows:
            calls = (*there.calls, Call(node.id, workflow))
            for exit in self._parts.graph(workflow).nodes:
                if isinstance(exit, model.ExitNode):
                    yield from ((Here(calls, exit.id), *found) for found in _member(exit.result, path))

    def _asked(self, calls: tuple[Call, ...]) -> Schemas:
        """The payload of a workflow, then the attributes of those whom it admits."""
        graph = self._parts.graph(calls[-1].workflow if calls else self._flow.name)
        start = self._parts.nodes(graph.workflow)[graph.start]
        if not isinstance(start, model.IntentNode):
            return [{}]
        intent = self._snapshot.intent(start.intent)
        return [intent.payload, *(self._snapshot.actor(name).attributes for name in intent.actors)]

    def _handed(self, here: Here, path: Path) -> list[Used]:
        """What a caller hands over as the payload."""
        if not here.calls:
            return []
        there = Here(here.calls[:-1], here.calls[-1].node)
        node = self._flow.node(there.calls, there.node)
        given = node.inputs if isinstance(node, model.CallNode | model.EachNode) else {}
        return [(there, *found) for found in _member(given, path)]

    def _bound(self, here: Here, path: Path) -> list[Used]:
        """What a node hands over to its contract, or to the one that undoes it."""
        node = self._flow.node(here.calls, here.undo or here.node)
        held = node.undo if here.undo and isinstance(node, model.Undoable) else node
        given = held.inputs if isinstance(held, model.ContractNode | model.Undo) else {}
        return [(here._replace(undo=""), *found) for found in _member(given, path)]

    def _taken(self, step: model.Step) -> Schemas:
        """The schemas of the inputs that a step is given; what a store holds is what it is given, whatever it could."""
        fields: Mapping[str, object] = {}
        if isinstance(step, model.TransformStep):
            fields = _properties(self._snapshot.transform(step.transform).inputs)
        elif isinstance(step, model.OperationStep):
            store = self._snapshot.store(step.store)
            fields = _properties(store.operations[step.operation].inputs)
            fields = {name: schema for name, schema in fields.items() if not _holds(schema, store.schema)}
        elif isinstance(step, model.EffectStep):
            fields = _properties(self._snapshot.side_effect(step.side_effect).operations[step.operation].inputs)
        return [fields[name] for name in _inputs(step) if name in fields]


def _plain(at: At) -> Here:
    """Where a point lies, the same for every item."""
    return Here(tuple(Call(call.node, call.workflow) for call in at.calls), at.node, at.undo)


def _inputs(step: model.Step) -> Mapping[str, model.Expr]:
    return {} if isinstance(step, model.DecideStep) else step.inputs


def _edges(node: model.Node) -> list[model.Edge]:
    return [] if isinstance(node, model.ExitNode) else list(node.next.values())


def _text(root: str, path: Path) -> str:
    return ".".join([root, *map(str, path)])


def _member(members: Mapping[str, model.Expr], path: Path) -> Iterator[tuple[model.Expr, Path]]:
    if not path or path[0] == ANY:
        yield from ((expr, path[1:]) for expr in members.values())
    elif str(path[0]) in members:
        yield members[str(path[0])], path[1:]


def _properties(schema: object) -> Mapping[str, Value]:
    found = schema.get("properties") if isinstance(schema, dict) else None
    return found if isinstance(found, dict) else {}


def _parts(schema: dict[str, Value]) -> list[object]:
    rest = [schema.get(key) for key in ("items", "additionalProperties")]
    return [*_properties(schema).values(), *(part for part in rest if isinstance(part, dict))]


def _into(schema: object, step: str | int) -> list[object]:
    """What a step of a path can lead to."""
    if not isinstance(schema, dict) or step == WHOLE:
        return []
    named = _properties(schema)
    if step in named:
        return [named[str(step)]]
    others = [
        part for part in (schema.get("additionalProperties"), schema.get("items")) if isinstance(part, dict) and part
    ]
    return [*(named.values() if step == ANY else ()), *others]


def _holds(schema: object, entity: object) -> bool:
    """Whether an input or output is of the entity of a store, or holds it."""
    return schema == entity or (isinstance(schema, dict) and any(_holds(part, entity) for part in _parts(schema)))

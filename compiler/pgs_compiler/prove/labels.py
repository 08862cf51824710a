"""Whether labelled data comes to a place: values followed back to where they begin, over all workflows of a program.

Laws:
* a value carries a label if something that it is made of is declared to, but for what a transform declassifies;
* what a store gives carries what it is declared to carry, and any label that some workflow may write into it where it
  is not declared; so does an event that is waited for, with what is emitted;
* what is decided, and how a step ended, carries nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pgs_compiler.prove.carried import WHOLE, Material, Path, labelled, unlabelled
from pgs_compiler.prove.origins import Here
from pgs_compiler.prove.points import Frame, Point, Unfolded
from pgs_compiler.schemas.anatomy import labels_of, properties_of
from pgs_compiler.schemas.labels import labels_in
from pgs_snapshot.canonical import canonical
from pgs_snapshot.codec import encode
from pgs_snapshot.laws import Selector
from pgs_snapshot.model import (
    CallNode,
    Contract,
    ContractNode,
    DecideStep,
    Default,
    EachNode,
    EffectStep,
    ExitNode,
    Expr,
    IntentNode,
    Items,
    OperationStep,
    ProcessNode,
    Query,
    Record,
    Ref,
    Schema,
    Step,
    Text,
    TransformStep,
    Undoable,
    WaitNode,
)

_KEYS = "keys of "


@dataclass(frozen=True, slots=True)
class Use:
    """A value where it is used, `inside` a contract or around it, and a path into it."""

    here: Here
    inside: bool
    expr: Expr
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Source:
    """What a value comes to on the way back: `text` if it may begin there, whether labelled there, what is before."""

    text: str = ""
    labelled: bool = False
    before: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True)
class Traced:
    """Where a value begins, and a shortest way from a labelled one of these, if there is one."""

    begins: frozenset[str]
    source: str = ""
    way: tuple[Here, ...] = ()


class Labels:
    """Answers about one label. `roots`: every workflow of the program, unfolded."""

    def __init__(self, material: Material, label: str, roots: Sequence[Unfolded]) -> None:
        self._material = material
        self._label = label
        self._mixed: frozenset[str] = frozenset()
        tracers = [_Tracer(material, label, root, self) for root in roots]
        fresh = frozenset(name for tracer in tracers for name in tracer.mixed())
        while fresh != self._mixed:
            self._mixed = fresh
            fresh = frozenset(name for tracer in tracers for name in tracer.mixed())

    def mixed(self, name: str) -> bool:
        """Whether a store, its keys, or an event may hold the label where it does not declare it."""
        return name in self._mixed

    def given(self, about: Unfolded, point: Point, selectors: Sequence[Selector]) -> tuple[bool, Traced]:
        """What is handed over where a point lies: whether that is declared to carry the label, and where it begins."""
        tracer = _Tracer(self._material, self._label, about, self)
        events = [selector.name for selector in selectors if selector.what == "event"]
        node = about.node_at(point)
        if isinstance(node, ExitNode) and point.entered and not point.undo:
            declared, uses = tracer.emitted(point, events)
        else:
            declared, uses = tracer.given(point)
        return any(self._label in labels_in(schema) for schema in declared), tracer.trace(uses)

    def name(self, point: Point) -> str:
        """The place of a point, the same for every item, way and outcome."""
        here = _plain(Here(point.frames, point.node, point.undo))
        return f"{here}{f'/{point.step}' if point.step else ''}"


class _Tracer:
    """Follows values of one workflow back."""

    def __init__(self, material: Material, label: str, about: Unfolded, labels: Labels) -> None:
        self._material = material
        self._label = label
        self._about = about
        self._linked = about.linked
        self._labels = labels

    def trace(self, uses: Sequence[Use]) -> Traced:
        """Nearest first, so that the way is a shortest one."""
        begins: set[str] = set()
        came: dict[tuple[Here, bool, bytes, Path], tuple[Here, ...]] = {}
        layer: list[tuple[Use, tuple[Here, ...]]] = [(use, (use.here,)) for use in uses]
        found: tuple[str, tuple[Here, ...]] = ("", ())
        while layer:
            behind: list[tuple[Use, tuple[Here, ...]]] = []
            for use, way in layer:
                key = use.here, use.inside, canonical(encode(use.expr)), use.path
                if key in came:
                    continue
                came[key] = way
                source = self._source(use)
                if source.text and (source.labelled or not source.before):
                    begins.add(source.text)
                if source.labelled and not found[0]:
                    found = source.text, way
                behind += [(one, way if one.here == way[0] else (one.here, *way)) for one in source.before]
            layer = behind
        return Traced(frozenset(begins), *found)

    # --- what is handed over ---------------------------------------------------------------------

    def given(self, point: Point) -> tuple[list[Schema], list[Use]]:
        """The schemas of what takes the data at a point, and the values."""
        here = _plain(Here(point.frames, point.node, point.undo))
        step, node, contract = self._about.step_at(point), self._about.node_at(point), self._about.contract_at(point)
        if step is not None:
            exprs = {} if isinstance(step, DecideStep) else step.inputs
            return list(self._takes(step, exprs).values()), [Use(here, True, expr) for expr in exprs.values()]
        if contract is not None:
            around = replace(here, undo="")
            return [contract.inputs], [Use(around, False, expr) for expr in self._inputs(here).values()]
        if isinstance(node, ProcessNode) and point.outcome:
            return self._sees(node), [Use(here, False, expr) for expr in node.inputs.values()]
        if isinstance(node, ExitNode) and point.outcome and point.frames:
            caller = Here(here.frames[:-1], point.frames[-1].node)
            called = self._about.node(caller.frames, caller.node)
            exprs = called.inputs if isinstance(called, CallNode | EachNode) else {}
            return [self._asked(here.frames)[0]], [Use(caller, False, expr) for expr in exprs.values()]
        if isinstance(node, ExitNode) and point.outcome:
            return [], [Use(here, False, expr) for expr in node.result.values()]
        return [], []

    def _sees(self, node: ProcessNode) -> list[Schema]:
        """The schemas of what a process is given, and of the fields that it sees, with what may have come there."""
        process = self._linked.processes[node.process]
        fields = self._material.seen(process)
        mixed = [path for path in fields if self._labels.mixed(f"{process.context} {path}")]
        return [process.inputs, *fields.values(), *(_marked(self._label) for _ in mixed[:1])]

    def emitted(self, point: Point, events: Sequence[str]) -> tuple[list[Schema], list[Use]]:
        """The same of events that an exit emits."""
        node, here = self._about.node_at(point), _plain(Here(point.frames, point.node))
        emit = node.emit if isinstance(node, ExitNode) else {}
        own = [event for event in events if event in emit]
        uses = [Use(here, False, expr) for event in own for expr in emit[event].values()]
        return [self._material.event(event) for event in own], uses

    def _takes(self, step: Step, exprs: Mapping[str, Expr]) -> Mapping[str, Schema]:
        """The schemas of the inputs that a step is given; what a store holds is what it is given, whatever it could."""
        match step:
            case TransformStep(transform=name):
                fields = self._material.given(self._material.transform(name))
            case EffectStep():
                fields = properties_of(self._material.operation(step).inputs)
            case OperationStep(store=store):
                fields, entity = properties_of(self._material.operation(step).inputs), self._material.entity(store)
                fields = {name: schema for name, schema in fields.items() if not _holds(schema, entity)}
            case DecideStep():
                return {}
        return {name: schema for name, schema in fields.items() if name in exprs}

    # --- what is held where it is not declared ---------------------------------------------------

    def mixed(self) -> Iterator[str]:
        """The stores, keys of stores and events into which the workflow may put the label undeclared."""
        for here in sorted({_plain(Here(p.frames, p.node, p.undo)) for p in self._about.points}, key=str):
            contract = self._about.contract_of(here.frames, here.node, here.undo)
            for step in contract.steps if contract else ():
                if isinstance(step, OperationStep):
                    yield from self._written(here, step)
            node = self._about.node(here.frames, here.node)
            if isinstance(node, ProcessNode):
                yield from self._changed(here, node)
            for event, exprs in node.emit.items() if isinstance(node, ExitNode) and not here.undo else ():
                fields = properties_of(self._material.event(event))
                if self._puts(here, False, exprs, fields):
                    yield event

    def _changed(self, here: Here, node: ProcessNode) -> Iterator[str]:
        """The fields into which a process may put the label: whatever it sees, it may write anywhere."""
        seen = any(self._label in labels_in(schema) for schema in self._sees(node))
        if not seen and not self.trace([Use(here, False, expr) for expr in node.inputs.values()]).source:
            return
        process = self._linked.processes[node.process]
        fields = self._material.seen(process)
        for path in process.written:
            if self._label not in labels_of(fields[path]):
                yield f"{process.context} {path}"

    def _written(self, here: Here, step: OperationStep) -> Iterator[str]:
        if not self._linked.writes(step):
            return
        entity, fields = self._material.entity(step.store), properties_of(self._material.operation(step).inputs)
        values = {name: schema for name, schema in fields.items() if _holds(schema, entity)}
        if self._puts(here, True, step.inputs, values):
            yield step.store
        keys = {name: expr for name, expr in step.inputs.items() if name not in values}
        if self.trace([Use(here, True, expr) for expr in keys.values()]).source:
            yield _KEYS + step.store

    def _puts(self, here: Here, inside: bool, exprs: Mapping[str, Expr], fields: Mapping[str, Schema]) -> bool:
        uses = (
            Use(here, inside, exprs[name], path)
            for name, schema in fields.items()
            if name in exprs
            for path in unlabelled(schema, self._label)
        )
        return any(self.trace([use]).source for use in uses)

    # --- one step back ---------------------------------------------------------------------------

    def _source(self, use: Use) -> Source:
        path = use.path
        match use.expr:
            case Ref(slot=slot, path=own):
                return self._slot(use.here, use.inside, slot, (*own, *path))
            case Query(slot=slot, path=selectors):
                steps = tuple(step if isinstance(step, str | int) else None for step in selectors)
                return self._slot(use.here, use.inside, slot, (*steps, *path[1:]))
            case Record(members=members):
                found = [replace(use, expr=expr, path=rest) for expr, rest in _member(members, path)]
            case Items(items=parts):
                whole = path[:1] == (WHOLE,)
                found = [replace(use, expr=part, path=path[1:]) for part in parts if not whole]
            case Default(value=value, otherwise=otherwise):
                found = [replace(use, expr=value), replace(use, expr=otherwise)]
            case Text(parts=parts):
                found = [replace(use, expr=part, path=()) for part in parts]
            case _:
                found = []
        return Source(before=tuple(found))

    def _slot(self, here: Here, inside: bool, slot: int, path: Path) -> Source:
        contract = self._about.contract_of(here.frames, here.node, here.undo) if inside else None
        workflow = self._about.workflow_at(here.frames)
        graph = self._linked.graphs[workflow]
        root, _, name = (contract or graph).slots[slot].partition(".")
        text = _text(f"{here.prefix}{root}", path)
        match root:
            case "with":
                return Source(before=tuple(self._carried(here, path)))
            case "results":
                return self._result(name, here, path)
            case "inputs" if contract:
                own = replace(here, undo="")
                before = tuple(Use(own, False, expr, rest) for expr, rest in _member(self._inputs(here), path))
                return Source(f"{here} {text}", self._declares([contract.inputs], path), before)
            case "steps" if contract:
                return self._step(here, contract, name, path)
            case "payload":
                before = tuple(self._handed(here, path))
                return Source(text, self._declares(self._asked(here.frames)[:1], path), before)
            case "item" | "index":
                node = self._about.node(here.frames, here.node)
                into = (None, *path) if root == "item" else (WHOLE,)
                return Source(before=(Use(here, False, node.each, into),) if isinstance(node, EachNode) else ())
            case "actor":
                asked = [*self._asked(())[1:], *self._asked(here.frames)[1:]]
                return Source(text, self._declares(asked, path))
            case "config":
                return Source(text, self._declares([self._material.config(graph.binding)], path))
        return Source(text)

    def _declares(self, schemas: Sequence[Schema], path: Path) -> bool:
        return any(labelled(schema, path, self._label) for schema in schemas)

    def _asked(self, frames: tuple[Frame, ...]) -> list[Schema]:
        """The payload of a workflow, and the attributes of those whom it admits."""
        workflow = self._about.workflow_at(frames)
        start = self._linked.nodes[workflow][self._linked.graphs[workflow].start]
        if not isinstance(start, IntentNode):
            return [{}]
        intent = self._linked.intents[start.intent]
        return [intent.payload, *self._material.actors(intent.actors)]

    def _inputs(self, here: Here) -> Mapping[str, Expr]:
        node = self._about.node(here.frames, here.undo or here.node)
        if here.undo:
            return node.undo.inputs if isinstance(node, Undoable) and node.undo else {}
        return node.inputs if isinstance(node, ContractNode) else {}

    def _handed(self, here: Here, path: Path) -> Iterator[Use]:
        if here.frames:
            caller = Here(here.frames[:-1], here.frames[-1].node)
            node = self._about.node(caller.frames, caller.node)
            given = node.inputs if isinstance(node, CallNode | EachNode) else {}
            yield from (Use(caller, False, expr, rest) for expr, rest in _member(given, path))

    def _carried(self, here: Here, path: Path) -> Iterator[Use]:
        for node in self._linked.graphs[self._about.workflow_at(here.frames)].nodes:
            for edge in () if isinstance(node, ExitNode) else node.next.values():
                if edge.to == here.node:
                    there = Here(here.frames, node.id)
                    yield from (Use(there, False, expr, rest) for expr, rest in _member(edge.arguments, path))

    def _result(self, name: str, here: Here, path: Path) -> Source:
        """What a node gave, under whatever outcome."""
        node, there = self._about.node(here.frames, name), Here(here.frames, name)
        match node:
            case ContractNode(contract=contract):
                outcomes = self._linked.contracts[contract].outcomes.values()
                before = [Use(there, True, expr, rest) for given in outcomes for expr, rest in _member(given, path)]
            case ProcessNode(process=name_of):
                declared = self._declares([*self._linked.processes[name_of].outcomes.values()], path)
                declared = declared or any(self._label in labels_in(schema) for schema in self._sees(node))
                uses = tuple(Use(there, False, expr) for expr in node.inputs.values())
                return Source(_text(str(there), path), declared, uses)
            case CallNode():
                before = list(self._gave(here, node, path))
            case EachNode(each=over) if path[:1] == ("count",):
                before = [Use(there, False, over, (WHOLE,))]
            case EachNode():
                before = list(self._gave(here, node, path[3:] if path[2:3] == ("result",) else ()))
            case WaitNode(signals=signals):
                text = _text(str(there), path)
                events = [signal.event for signal in signals] if path[:1] != ("actor",) else []
                senders = {actor for signal in signals for actor in signal.actors} if path[:1] != ("event",) else set()
                schemas = [*map(self._material.event, events), *self._material.actors(tuple(sorted(senders)))]
                return Source(text, self._declares(schemas, path[1:]) or any(map(self._labels.mixed, events)))
            case _:
                before = []
        return Source(before=tuple(before))

    def _gave(self, here: Here, node: CallNode | EachNode, path: Path) -> Iterator[Use]:
        """What the exits give of the workflows that a node calls."""
        for workflow in node.call.workflows:
            frames = (*here.frames, Frame(node.id, workflow))
            for exit in self._linked.graphs[workflow].nodes:
                if isinstance(exit, ExitNode):
                    there = Here(frames, exit.id)
                    yield from (Use(there, False, expr, rest) for expr, rest in _member(exit.result, path))

    def _step(self, here: Here, contract: Contract, name: str, path: Path) -> Source:
        name, _, outcome = name.partition(".")
        step = next(step for step in contract.steps if step.name == name)
        text = _text(f"{here}/{name}", path)
        match step:
            case DecideStep():
                cases = () if outcome else step.cases
                return Source(
                    before=tuple(Use(here, True, *found) for case in cases for found in _member(case.outputs, path))
                )
            case _ if outcome:
                return Source(text)
            case TransformStep(transform=of):
                transform = self._material.transform(of)
                removed = [item for item in transform.declassifies if item.text == self._label]
                kept = {n: e for n, e in step.inputs.items() if not any(item.removes_from(n) for item in removed)}
                declared = any(self._label in labels_in(schema) for schema in self._takes(step, kept).values())
                declared = declared or self._declares(self._material.gives(transform), path)
                return Source(text, declared, tuple(Use(here, True, expr) for expr in kept.values()))
            case OperationStep():
                return self._operation(here, step, text, path)
            case EffectStep():
                operation = self._material.operation(step)
                declared = self._declares([*operation.outcomes.values()], path)
                declared = declared or any(self._label in labels_in(s) for s in self._takes(step, step.inputs).values())
                return Source(text, declared, tuple(Use(here, True, expr) for expr in step.inputs.values()))

    def _operation(self, here: Here, step: OperationStep, text: str, path: Path) -> Source:
        """The values of the entity are what the store holds; all else follows from what the operation was given."""
        operation, entity = self._material.operation(step), self._material.entity(step.store)
        declared = self._declares([*operation.outcomes.values()], path)
        outputs = [properties_of(outcome).get(str(path[0]), {}) for outcome in operation.outcomes.values() if path]
        ours = self._material.ours(step.store)
        held, keys = self._labels.mixed(step.store), self._labels.mixed(_KEYS + step.store)
        if ours and path and any(_holds(output, entity) for output in outputs):
            return Source(text, declared or held)
        before = tuple(Use(here, True, expr) for expr in step.inputs.values())
        if not ours:
            declared = declared or held or self._label in labels_in(entity)
        return Source(text, declared or keys, before)


def _marked(label: str) -> Schema:
    """A schema that carries a label."""
    return {"labels": [label]}


def _text(root: str, path: Path) -> str:
    return ".".join([root, *("*" if step is None else str(step) for step in path)])


def _plain(here: Here) -> Here:
    """The same for whatever item: data goes the same ways."""
    return replace(here, frames=tuple(Frame(frame.node, frame.workflow) for frame in here.frames))


def _holds(schema: Schema, entity: Schema) -> bool:
    """Whether an input or output is of the entity, or holds it."""
    inner = [*properties_of(schema).values()]
    inner += [part for part in (schema.get("items"), schema.get("additionalProperties")) if isinstance(part, dict)]
    return schema == entity or any(_holds(part, entity) for part in inner)


def _member(members: Mapping[str, Expr], path: Path) -> Iterator[tuple[Expr, Path]]:
    """The member that a path leads into, with the rest of it; all of them without one."""
    if not path or path[0] is None:
        yield from ((expr, path[1:]) for expr in members.values())
    elif str(path[0]) in members:
        yield members[str(path[0])], path[1:]

"""labels: which values of a workflow its record must not show, followed along the sealed graph.

The compiler says of a contract's outputs which labels came along. What a step is given, and what a contract is
given at one node, has only its declared schema in the snapshot, and that of a generic transform knows no label at
all. So labels are followed here once more, when a graph is linked.

Laws:
* what the payload, the actor, the configuration or an entity labels is labelled wherever a reference takes it;
* what a transform gives carries on the labels that its outputs declare; an output of any type, for which a
  variable may stand, is labelled as soon as an input is;
* a transform's own step shows nothing that it gives as soon as an input is labelled, for it may be a copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, cast

from pgs_runtime.linked import ACTOR, CONFIG, PAYLOAD, WITH
from pgs_snapshot import model
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.model import Expr, Schema
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value

SECRET: Schema = {"labels": ["followed"]}
_NOTHING: Schema = {}
_ANY = "anyOf"  # no sealed schema has it; here it joins what a slot may hold


@frozen
class StepLabels:
    """The schemas of what a step is given, and of what it gives by outcome, with every label that arrives.

    `secret`: of a decision, whether an operand is labelled.
    """

    inputs: Schema
    outputs: Mapping[str, Schema]
    secret: bool = False


@frozen
class NodeLabels:
    """The same of a contract at one node."""

    inputs: Schema
    outputs: Mapping[str, Schema]
    steps: tuple[StepLabels, ...]


@frozen
class ExitLabels:
    """The same of an exit: its result, and its events by name."""

    result: Schema
    events: Mapping[str, Schema]


@frozen
class CallLabels:
    """The same of a node that calls workflows.

    Attributes:
        items: the schema of the list of an `each`.
        payloads, callees: of each workflow that may be called, what it is given, and its own labels.
        outputs: by outcome.
    """

    items: Schema
    payloads: Mapping[str, Schema]
    callees: Mapping[str, Labels]
    outputs: Mapping[str, Schema]


Family: TypeAlias = "dict[tuple[str, bytes], Labels]"
"""Labels of workflows that are called, by name and by the canonical schema of what they are given."""


class Labels:
    """The labels that arrive at the nodes of one workflow."""

    def __init__(
        self, snapshot: Snapshot, graph: model.Graph, family: Family | None = None, payload: Schema | None = None
    ) -> None:
        """`payload` is its schema with the labels that a caller gives; without one, as it is declared."""
        self._snapshot = snapshot
        self._family = {} if family is None else family
        self._payload = payload
        self._config = snapshot.binding(graph.binding).config if graph.binding else _NOTHING
        self._slots = {name: number for number, name in enumerate(graph.slots)}
        self._frame: list[Schema] = [_NOTHING] * len(graph.slots)
        self._carried: dict[str, list[Schema]] = {}
        self._known: dict[str, NodeLabels] = {}
        self.contracts: dict[str, NodeLabels] = {}
        self.calls: dict[str, CallLabels] = {}
        self.exits: dict[str, ExitLabels] = {}
        for node in graph.nodes:
            self._frame[WITH] = _one_of(self._carried.get(node.id, ()))
            match node:
                case model.IntentNode():
                    self._admit(snapshot.intent(node.intent))
                case model.ContractNode():
                    self._contract(node)
                case model.CallNode() | model.EachNode():
                    self._call(node)
                case model.ExitNode():
                    self._exit(node)
            if not isinstance(node, model.ExitNode):
                for edge in node.next.values():
                    if edge.arguments:
                        carried = _shadow(model.Record(edge.arguments), self._frame)
                        self._carried.setdefault(edge.to, []).append(carried)

    def _admit(self, intent: model.Intent) -> None:
        attributes = (self._snapshot.actor(name).attributes for name in intent.actors)
        self._frame[PAYLOAD] = intent.payload if self._payload is None else self._payload
        self._frame[ACTOR] = _one_of(attributes)
        self._frame[CONFIG] = self._config

    def _call(self, node: model.CallNode | model.EachNode) -> None:
        items = _NOTHING
        if isinstance(node, model.EachNode):
            items = _shadow(node.each, self._frame)
            self._frame[self._slots["item"]] = _below(items, 0)
        given = _shadow(model.Record(node.inputs), self._frame)
        payloads: dict[str, Schema] = {}
        callees: dict[str, Labels] = {}
        results: dict[str, list[Schema]] = {}
        for workflow in node.call.workflows:
            graph = self._snapshot.graph(workflow)
            payloads[workflow] = _labelled(_payload_of(self._snapshot, graph), given)
            callees[workflow] = found = self._callee(graph, payloads[workflow])
            for exit in graph.nodes:
                if isinstance(exit, model.ExitNode):
                    for name in exit.names:
                        results.setdefault(name, []).append(found.exits[exit.id].result)
        outputs = {name: _merged(found) for name, found in results.items()}
        if isinstance(node, model.EachNode):
            # What is not named beside something labelled would be hidden, too.
            item: Schema = {"properties": {"exit": {}, "kind": {}, "result": dict(_merged(outputs.values()))}}
            every: Schema = {"properties": {"count": {}, "items": {"items": dict(item)}}}
            outputs = dict.fromkeys(("SUCCESS", "SOME_FAILED", "STOPPED", "EMPTY", "TOO_MANY"), every)
        self.calls[node.id] = CallLabels(_merged([items]), payloads, callees, outputs)
        self._frame[self._slots[f"results.{node.id}"]] = _one_of(outputs.values())

    def _contract(self, node: model.ContractNode) -> None:
        contract = self._snapshot.contract(node.contract)
        given = _shadow(model.Record(node.inputs), self._frame)
        inputs = _labelled(contract.inputs, given)
        if inputs is not contract.inputs:
            found = self._followed(contract, inputs)
        else:
            if contract.name not in self._known:
                self._known[contract.name] = self._followed(contract, inputs)
            found = self._known[contract.name]
        self.contracts[node.id] = found
        self._frame[self._slots[f"results.{node.id}"]] = _one_of(found.outputs.values())

    def _callee(self, graph: model.Graph, payload: Schema) -> Labels:
        """The labels of a workflow that is given this payload, followed once for all that give it so."""
        key = graph.workflow, canonical(cast(Value, payload))
        if key not in self._family:
            self._family[key] = Labels(self._snapshot, graph, self._family, payload)
        return self._family[key]

    def _followed(self, contract: model.Contract, inputs: Schema) -> NodeLabels:
        """The labels of a contract that is given inputs of this schema."""
        frame: list[Schema] = [inputs, _NOTHING, self._config]
        steps: list[StepLabels] = []
        for step in contract.steps:
            labels, carried = self._step(step, frame)
            steps.append(labels)
            frame += (_one_of(carried.values()), _NOTHING)
        outputs = {
            outcome: _labelled(contract.outputs[outcome], _shadow(model.Record(given), frame))
            for outcome, given in contract.outcomes.items()
        }
        return NodeLabels(inputs, outputs, tuple(steps))

    def _step(self, step: model.Step, frame: Sequence[Schema]) -> tuple[StepLabels, Mapping[str, Schema]]:
        """The labels of a step, and of what it gives on."""
        if isinstance(step, model.DecideStep):
            decision = _decision(step, frame)
            return decision, decision.outputs
        given = _shadow(model.Record(step.inputs), frame)
        if isinstance(step, model.OperationStep):
            operation = self._snapshot.store(step.store).operations[step.operation]
            return StepLabels(_labelled(operation.inputs, given), operation.outcomes), operation.outcomes
        if isinstance(step, model.EffectStep):
            raise AssertionError(f"{step.name!r} is not run by this version")  # D213 of the compiler
        transform = self._snapshot.transform(step.transform)
        if not _carries(given):
            return StepLabels(transform.inputs, transform.outcomes), transform.outcomes
        hidden = {outcome: _veil(schema) for outcome, schema in transform.outcomes.items()}
        carried = {outcome: _opened(schema) for outcome, schema in transform.outcomes.items()}
        return StepLabels(_labelled(transform.inputs, given), hidden), carried

    def _exit(self, node: model.ExitNode) -> None:
        result = _labelled(node.result_schema, _shadow(model.Record(node.result), self._frame))
        events = {
            event: _labelled(self._snapshot.event(event).fields, _shadow(model.Record(fields), self._frame))
            for event, fields in node.emit.items()
        }
        self.exits[node.id] = ExitLabels(result, events)


def _payload_of(snapshot: Snapshot, graph: model.Graph) -> Schema:
    start = next(node for node in graph.nodes if isinstance(node, model.IntentNode))
    return snapshot.intent(start.intent).payload


def _decision(step: model.DecideStep, frame: Sequence[Schema]) -> StepLabels:
    outputs: dict[str, list[Schema]] = {}
    for case in step.cases:
        outputs.setdefault(case.outcome, []).append(_shadow(model.Record(case.outputs), frame))
    operands = (operand for case in step.cases if case.when for operand in _operands(case.when))
    secret = any(_carries(_shadow(operand, frame)) for operand in operands)
    return StepLabels(_NOTHING, {outcome: _one_of(found) for outcome, found in outputs.items()}, secret)


def _operands(condition: model.Condition) -> Iterator[Expr]:
    match condition:
        case model.Compare(_, operands):
            yield from operands
        case model.Not(inner):
            yield from _operands(inner)
        case model.All(conditions) | model.Any_(conditions):
            for inner in conditions:
                yield from _operands(inner)


def _veil(schema: Schema) -> Schema:
    """A schema of the same members, each of them labelled."""
    members: dict[str, Value] = {name: dict(SECRET) for name in _properties(schema)}
    return {"properties": members, "additionalProperties": dict(SECRET)}


def _opened(schema: Schema) -> Schema:
    """A schema with a label wherever it says of no type what a value is."""
    if not schema.keys() - {"labels", "default", "description"}:
        return SECRET
    opened: dict[str, Value] = dict(schema)
    if names := _properties(schema):
        opened["properties"] = {name: dict(_opened(member)) for name, member in names.items()}
    for keyword in ("items", "additionalProperties"):
        if isinstance(inner := schema.get(keyword), dict):
            opened[keyword] = dict(_opened(inner))
    return opened


# --- schemas, as far as labels go ----------------------------------------------------------------


def _shadow(expr: Expr, frame: Sequence[Schema]) -> Schema:
    """The labels of what an expression gives, as a schema."""
    match expr:
        case model.Literal_():
            return _NOTHING
        case model.Ref(slot, path):
            return _along(frame[slot], path)
        case model.Query(slot, path):
            return {"items": dict(_along(frame[slot], path))}
        case model.Default(value, otherwise):
            return _one_of((_shadow(value, frame), _shadow(otherwise, frame)))
        case model.Text(parts):
            return SECRET if any(_carries(_shadow(part, frame)) for part in parts) else _NOTHING
        case model.Record(members):
            return {"properties": {name: dict(_shadow(member, frame)) for name, member in members.items()}}
        case model.Items(items):
            return {"items": dict(_one_of(_shadow(item, frame) for item in items))}


def _along(schema: Schema, path: Iterable[str | int | model.Slice | model.Wildcard]) -> Schema:
    for step in path:
        if schema.get("labels"):
            return SECRET
        schema = _below(schema, step)
    return schema


def _below(schema: Schema, step: str | int | model.Slice | model.Wildcard) -> Schema:
    if _ANY in schema:
        return _one_of(_along(one, (step,)) for one in _alternatives(schema))
    if not isinstance(step, str):
        return _schema(schema.get("items"))
    return _properties(schema).get(step, _schema(schema.get("additionalProperties")))


def _carries(schema: Schema) -> bool:
    """Whether a schema, or any part of it, carries a label."""
    return bool(schema.get("labels")) or any(_carries(part) for part in _parts(schema))


def _undeclared(given: Schema, declared: Schema) -> bool:
    """Whether what is given carries a label where what is declared has none."""
    if declared.get("labels") or not _carries(given):
        return False
    if given.get("labels"):
        return True
    return (
        any(_undeclared(one, declared) for one in _alternatives(given))
        or any(_undeclared(member, _below(declared, name)) for name, member in _properties(given).items())
        or _undeclared(_schema(given.get("items")), _below(declared, 0))
        or _undeclared(_schema(given.get("additionalProperties")), _schema(declared.get("additionalProperties")))
    )


def _labelled(declared: Schema, given: Schema) -> Schema:
    """The declared members, those labelled that are given labels which their own schemas lack."""
    members = _properties(given)
    arriving = {
        name: {**_below(declared, name), **SECRET}
        for name, member in members.items()
        if _undeclared(member, _below(declared, name))
    }
    if not arriving:
        return declared
    return {**declared, "properties": cast(Value, {**_properties(declared), **arriving})}


def _one_of(schemas: Iterable[Schema]) -> Schema:
    found = [dict(schema) for schema in schemas if _carries(schema)]
    return {_ANY: cast(Value, found)} if found else _NOTHING


def _merged(schemas: Iterable[Schema]) -> Schema:
    """One schema with the labels of all: what a redaction can follow, without alternatives."""
    flat = [one for schema in schemas for one in (_alternatives(schema) or [schema])]
    if any(_ANY in one for one in flat):
        return _merged(flat)
    if any(one.get("labels") for one in flat):
        return SECRET
    merged: dict[str, Value] = {}
    names = sorted({name for one in flat for name in _properties(one)})
    if names:
        merged["properties"] = {name: dict(_merged([_below(one, name) for one in flat])) for name in names}
    for keyword in ("items", "additionalProperties"):
        inner = [found for one in flat if (found := _schema(one.get(keyword)))]
        if inner:
            merged[keyword] = dict(_merged(inner))
    return merged


def _alternatives(schema: Schema) -> list[Schema]:
    return cast("list[Schema]", schema.get(_ANY, []))


def _parts(schema: Schema) -> Iterator[Schema]:
    yield from _properties(schema).values()
    yield from (part for name in ("items", "additionalProperties") if (part := _schema(schema.get(name))))
    yield from _alternatives(schema)


def _properties(schema: Schema) -> Mapping[str, Schema]:
    return cast("Mapping[str, Schema]", schema.get("properties", _NOTHING))


def _schema(stated: Value) -> Schema:
    return stated if isinstance(stated, dict) else _NOTHING

"""A plain interpreter of sealed graphs: the language as its model reads, without links, slots of closures or speed.

It shares nothing with the engine but the model: it walks the sealed graph by name, evaluates expressions where they
stand, checks values with jsonschema, and keeps stores in dicts. What it says of a run, the engine must say too.
"""

from __future__ import annotations

import copy
import hashlib
import json
import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from jsonschema import Draft202012Validator

from pgs_snapshot import model
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Outcome, Value

Frame = list[Value]
Given = dict[str, Value]
Stores = dict[str, Given]  # by store, by key or stream
Exit = tuple[str, str, Given, Value]  # its kind, its name, its result, what it emits

ABSENT = cast(Value, object())


class Fault(Exception):
    """The run ends: R021 where a capability raised, R026 where something is not there that the snapshot promises."""


@dataclass
class Told:
    """A run: the way with what each node gave, and each callee at its exit; the end; what was changed."""

    path: list[tuple[str, str, Value]]
    kind: str
    name: str
    result: Value
    emitted: Value
    effects: Mapping[str, Mapping[str, int]]  # by store, by operation
    stores: Stores


def evaluate(expr: model.Expr, frame: Frame) -> Value:
    """The value of an expression, or ABSENT."""
    match expr:
        case model.Literal_(literal):
            return copy.deepcopy(literal)
        case model.Ref(slot, path, optional):
            found = _follow(frame[slot], path)
            if found is ABSENT and not optional:
                raise Fault("R026")
            return found
        case model.Query(slot, path):
            return _select([frame[slot]], path)
        case model.Default(value, otherwise):
            found = _follow(frame[value.slot], value.path)
            return evaluate(otherwise, frame) if found is ABSENT else found
        case model.Text(parts):
            said = [needed(part, frame) for part in parts]
            if not {type(part) for part in said} <= {str, int}:
                raise Fault("R026")
            return "".join(map(str, said))
        case model.Items(items):
            return [needed(item, frame) for item in items]
        case model.Record(members):
            return build(members, frame)


def needed(expr: model.Expr, frame: Frame) -> Value:
    found = evaluate(expr, frame)
    if found is ABSENT:
        raise Fault("R026")
    return found


def build(members: Mapping[str, model.Expr], frame: Frame) -> Given:
    """An object without the members that are absent."""
    return {name: value for name, expr in members.items() if (value := evaluate(expr, frame)) is not ABSENT}


def _follow(value: Value, path: Sequence[object]) -> Value:
    found = _select([value], path)
    return found[0] if isinstance(found, list) else ABSENT


def _select(chosen: list[Value], path: Sequence[object]) -> Value:
    """What a path selects out of values, or ABSENT where one of them lacks a step."""
    for step in path:
        found: list[Value] = []
        for value in chosen:
            match step, value:
                case str(), dict() if step in value:
                    found.append(value[step])
                case int(), list() if -len(value) <= step < len(value):
                    found.append(value[step])
                case model.Slice(start, stop, by), list():
                    found += value[start:stop:by] if by else []
                case model.Wildcard(), list():
                    found += value
                case _:
                    return ABSENT
        chosen = found
    return chosen


def holds(condition: model.Condition, frame: Frame) -> bool:
    match condition:
        case model.All(conditions):
            return all(holds(inner, frame) for inner in conditions)
        case model.Any_(conditions):
            return any(holds(inner, frame) for inner in conditions)
        case model.Not(inner):
            return not holds(inner, frame)
        case model.Compare("exists", (model.Ref(slot, path),)):
            return _follow(frame[slot], path) is not ABSENT
        case model.Compare(op, (left, right), instants):
            a, b = needed(left, frame), needed(right, frame)
            return bool(getattr(operator, op)(_instant(a), _instant(b))) if instants else compare(op, a, b)
    raise AssertionError(condition)


def compare(op: str, a: Value, b: Value) -> bool:
    if op in ("eq", "ne"):
        return _equal(a, b) == (op == "eq")
    if op in ("in", "not_in"):
        return any(_equal(a, item) for item in cast("list[Value]", b)) == (op == "in")
    if not {type(a), type(b)} <= {int, float} and not {type(a), type(b)} == {str}:
        raise Fault("R026")
    return bool(getattr(operator, op)(a, b))


def _equal(a: Value, b: Value) -> bool:
    """Numbers with an integral value are integers by now, so equal values have one text."""
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


def _instant(value: Value) -> tuple[datetime, str]:
    """`2026-01-01T00:00:00.50+01:00` as its second, and what of the next has passed."""
    second, rest = str(value)[:19], str(value)[19:]
    zone = rest.lstrip(".0123456789")
    return datetime.fromisoformat(second + zone), rest.removesuffix(zone).rstrip(".0")


# --- runs ----------------------------------------------------------------------------------------


class Interpreter:
    """One run of a workflow over stores that are dicts: store -> key or stream -> value."""

    def __init__(self, snapshot: Snapshot, transforms: Mapping[str, Callable[..., object]], stores: Stores) -> None:
        self.snapshot = snapshot
        self.transforms = transforms
        self.before = stores
        self.stores = copy.deepcopy(stores)
        self.effects: Mapping[str, Counter[str]] = defaultdict(Counter)
        self.path: list[tuple[str, str, Value]] = []

    def run(self, workflow: str, payload: Value, actor: Given, facts: Given) -> Told:
        try:
            ended = self._traverse(workflow, copy.deepcopy(payload), actor, facts)
        except Fault as fault:
            ended = "FAULTED", str(fault), {}, {}
        undone = ended[0] in ("FAILED", "FAULTED")
        return Told(self.path, *ended, {} if undone else self.effects, self.before if undone else self.stores)

    def _traverse(self, workflow: str, payload: Value, actor: Value, facts: Value) -> Exit:
        graph = self.snapshot.graph(workflow)
        frame: Frame = [payload, actor, facts, {}, ABSENT, *(ABSENT for _ in graph.slots[5:])]
        nodes = {node.id: node for node in graph.nodes}
        node = nodes[graph.start]
        while not isinstance(node, model.ExitNode):
            outcome, outputs = self._node(node, graph, frame)
            if not isinstance(node, model.IntentNode):
                frame[graph.slots.index(f"results.{node.id}")] = outputs
            self.path.append((node.id, outcome, outputs))
            edge = node.next[outcome]
            frame[4] = build(edge.arguments, frame) if edge.arguments else ABSENT
            node = nodes[edge.to]
        name = needed(node.reason, frame) if node.reason else node.names[0]
        if name not in node.names:
            raise Fault("R026")
        emitted: Given = {event: build(fields, frame) for event, fields in node.emit.items()}
        return node.exit, str(name), build(node.result, frame), emitted

    def _node(self, node: model.Node, graph: model.Graph, frame: Frame) -> tuple[str, Given]:
        match node:
            case model.IntentNode():
                return self._admit(node, frame), {}
            case model.ContractNode():
                return self._contract(node, frame)
            case model.CallNode():
                return self._call(node, frame)[1:3]
            case model.EachNode():
                return self._each(node, frame, graph.slots.index("item"))
        raise AssertionError(node)

    def _call(self, node: model.CallNode | model.EachNode, frame: Frame) -> Exit:
        before = copy.deepcopy((self.stores, self.effects))
        chosen = evaluate(node.call.choose, frame) if node.call.choose else None
        workflow = node.call.of.get(chosen, node.call.otherwise) if isinstance(chosen, str) else node.call.otherwise
        if workflow is None:
            raise Fault("R026")
        ended = self._traverse(workflow, build(node.inputs, frame), frame[1], frame[2])
        if ended[0] == "FAILED":
            self.stores, self.effects = before
        self.path.append((workflow, ended[1], ended[2]))
        return ended

    def _each(self, node: model.EachNode, frame: Frame, item: int) -> tuple[str, Given]:
        items = cast("list[Value]", needed(node.each, frame))
        if len(items) > node.max:
            return "TOO_MANY", {"count": len(items)}
        taken: list[Value] = []
        outcome = "SUCCESS" if items else "EMPTY"
        for index, value in enumerate(items):
            frame[item : item + 2] = [value, index]
            kind, name, result, _ = self._call(node, frame)
            taken.append({"exit": name, "kind": kind, "result": result})
            if name in node.stop:
                outcome = "STOPPED"
                break
            if kind != "COMPLETED":
                outcome = "SOME_FAILED"
        return outcome, {"count": len(items), "items": taken}

    def _admit(self, node: model.IntentNode, frame: Frame) -> str:
        intent = self.snapshot.intent(node.intent)
        known = _follow(frame[1], ("type",)) in intent.actors
        fits = known and Draft202012Validator(dict(intent.payload)).is_valid(frame[0])
        return "ACK" if fits and all(holds(rule, frame) for rule in intent.requires) else "NACK"

    def _contract(self, node: model.ContractNode, frame: Frame) -> tuple[str, Given]:
        contract = self.snapshot.contract(node.contract)
        slots: Frame = [build(node.inputs, frame), frame[2], frame[3], *(ABSENT for _ in contract.slots[3:])]
        outcome, steps = None, contract.steps if _fits(contract.inputs, node.unproven, slots[0]) else ()
        for number, step in enumerate(steps):
            answer = self._step(step, slots)
            if answer is None:
                break
            slots[3 + 2 * number : 5 + 2 * number] = [dict(answer.outputs), answer.name]
            outcome = step.next[answer.name]
            if outcome is not None:
                break
        outcome = outcome or str(contract.on_input_failure)
        return outcome, build(contract.outcomes[outcome], slots)

    def _step(self, step: model.Step, slots: Frame) -> Outcome | None:
        """What a step answers; None where its inputs do not fit."""
        if isinstance(step, model.DecideStep):
            for case in step.cases:
                if case.when is None or holds(case.when, slots):
                    return Outcome(case.outcome, **build(case.outputs, slots))
            raise Fault("R026")
        given = build(step.inputs, slots)
        if isinstance(step, model.TransformStep):
            if not _fits(self.snapshot.transform(step.transform).inputs, step.unproven, given):
                return None
            try:
                answer = self.transforms[step.transform](**copy.deepcopy(given))
            except (TypeError, ValueError, ArithmeticError, LookupError) as error:
                raise Fault("R021") from error
            return answer if isinstance(answer, Outcome) else Outcome("SUCCESS", **cast(Given, answer))
        assert isinstance(step, model.OperationStep)
        declared = self.snapshot.store(step.store).operations[step.operation].inputs
        fits = _fits(declared, step.unproven, given)
        return self._operation(step.store, step.operation, copy.deepcopy(given)) if fits else None

    def _operation(self, store: str, operation: str, given: Given) -> Outcome:
        rows = self.stores[store]
        if operation == "COUNT":
            return Outcome("SUCCESS", n=len(rows))
        if operation == "APPEND":
            stream = cast("list[Value]", rows.setdefault(str(given["stream"]), []))
            stream.append(given["record"])
            self.effects[store][operation] += 1
            return Outcome("SUCCESS", n=len(stream))
        key, held = str(given["key"]), rows.get(str(given["key"]), ABSENT)
        if operation == "RESOLVE":
            return Outcome("NOT_FOUND") if held is ABSENT else Outcome("SUCCESS", value=held)
        if held is ABSENT:
            rows[key] = given["value"]
            self.effects[store][operation] += 1
        elif not _equal(held, given["value"]):
            return Outcome("CONFLICT")
        address = hashlib.sha256(json.dumps([store, key], separators=(",", ":")).encode()).hexdigest()
        return Outcome("SUCCESS" if held is ABSENT else "ALREADY_EXISTS", address=address)


def _fits(schema: model.Schema, unproven: Sequence[str], given: Value) -> bool:
    """Whether the inputs fit that were not proven to."""
    asked = {name: cast("dict[str, Value]", schema["properties"])[name] for name in unproven}
    required = [name for name in cast("list[str]", schema["required"]) if name in unproven]
    return bool(Draft202012Validator({"properties": asked, "required": required}).is_valid(given))

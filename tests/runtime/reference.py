"""A plain interpreter of sealed graphs: the language as its model reads, without links, slots of closures or speed.

It shares nothing with the engine but the model: it walks the sealed graph by name, evaluates expressions where they
stand, checks values with jsonschema, and keeps stores in dicts. What it says of a run, the engine must say too.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from jsonschema import Draft202012Validator

from pgs_snapshot import model
from pgs_snapshot.model import Schema
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Outcome, Value

Frame = list[object]
Given = dict[str, object]
Stores = dict[str, dict[str, object]]
Exit = tuple[str, str, Given, object]  # its kind, its name, its result, what it emits


ABSENT = object()


class Broken(Exception):
    """The snapshot promises something that is not there."""


class Fault(Exception):
    """A capability raised."""


@dataclass
class Told:
    """What there is to say of a run: the way with what each node gave (of a callee the exit, too), the end, and
    what it changed."""

    path: list[tuple[str, str, object]] = field(default_factory=list)
    kind: str = ""
    name: str = ""
    result: object = None
    emitted: object = None
    effects: dict[str, dict[str, int]] = field(default_factory=dict)
    stores: Stores = field(default_factory=dict)


def evaluate(expr: model.Expr, frame: Frame) -> object:
    """The value of an expression, or ABSENT."""
    match expr:
        case model.Literal_(literal):
            return copy.deepcopy(literal)
        case model.Ref(slot, path, optional):
            found = _follow(frame[slot], path)
            if found is ABSENT and not optional:
                raise Broken(f"{slot} {path}")
            return found
        case model.Query(slot, path):
            return _select([frame[slot]], path)
        case model.Default(value, otherwise):
            found = _follow(frame[value.slot], value.path)
            return evaluate(otherwise, frame) if found is ABSENT else found
        case model.Text(parts):
            return "".join(_spoken(needed(part, frame)) for part in parts)
        case model.Items(items):
            return [needed(item, frame) for item in items]
        case model.Record(members):
            return build(members, frame)


def needed(expr: model.Expr, frame: Frame) -> object:
    found = evaluate(expr, frame)
    if found is ABSENT:
        raise Broken(repr(expr))
    return found


def build(members: Mapping[str, model.Expr], frame: Frame) -> Given:
    """An object without the members that are absent."""
    found = {name: evaluate(expr, frame) for name, expr in members.items()}
    return {name: value for name, value in found.items() if value is not ABSENT}


def _follow(value: object, path: Sequence[str | int]) -> object:
    for step in path:
        try:
            value = value[step] if isinstance(value, dict if isinstance(step, str) else list) else ABSENT  # type: ignore[index]
        except LookupError:
            return ABSENT
    return value


def _select(chosen: list[object], path: Sequence[object]) -> object:
    for step in path:
        found: list[object] = []
        for value in chosen:
            if isinstance(step, str | int):
                inner = _follow(value, (step,))
                if inner is ABSENT:
                    return ABSENT
                found.append(inner)
            elif not isinstance(value, list):
                return ABSENT
            elif isinstance(step, model.Slice):
                found.extend(value[step.start : step.stop : step.step] if step.step else [])
            else:
                found.extend(value)
        chosen = found
    return chosen


def _spoken(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Broken("no text")
    return str(value)


def holds(condition: model.Condition, frame: Frame) -> bool:
    match condition:
        case model.All(conditions):
            return all(holds(inner, frame) for inner in conditions)
        case model.Any_(conditions):
            return any(holds(inner, frame) for inner in conditions)
        case model.Not(inner):
            return not holds(inner, frame)
        case model.Compare("exists", (asked,)):
            ref = cast(model.Ref, asked)
            return _follow(frame[ref.slot], ref.path) is not ABSENT
        case model.Compare(op, (left, right), instants):
            a, b = needed(left, frame), needed(right, frame)
            return compare(op, _instant(a), _instant(b)) if instants else compare(op, a, b)
    raise AssertionError(condition)


def compare(op: str, a: object, b: object) -> bool:
    if op in ("in", "not_in"):
        if not isinstance(b, list):
            raise Broken("no list")
        return any(_equal(a, item) for item in b) == (op == "in")
    if op in ("eq", "ne"):
        return _equal(a, b) == (op == "eq")
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in (a, b)) and not (
        isinstance(a, str) and isinstance(b, str)
    ):
        raise Broken("no order")
    answers: dict[str, bool] = {"lt": a < b, "le": a <= b, "gt": a > b, "ge": a >= b}  # type: ignore[operator]
    return answers[op]


def _equal(a: object, b: object) -> bool:
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_equal, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return set(a) == set(b) and all(_equal(a[key], b[key]) for key in a)
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def _instant(value: object) -> int:
    """Nanoseconds since 1970, for `2026-01-01T00:00:00.5+01:00`."""
    whole, zone = str(value)[:19], str(value)[19:].lstrip(".0123456789")
    since = datetime.fromisoformat(whole + zone) - datetime.fromisoformat("1970-01-01T00:00:00Z")
    fraction = str(value)[19:].removesuffix(zone).removeprefix(".")
    return since // timedelta(seconds=1) * 10**9 + int(fraction.ljust(9, "0"))


# --- runs ----------------------------------------------------------------------------------------


class Interpreter:
    """One run of a workflow over stores that are dicts: store -> key or stream -> value."""

    def __init__(self, snapshot: Snapshot, transforms: Mapping[str, Callable[..., object]], stores: Stores) -> None:
        self.snapshot = snapshot
        self.transforms = transforms
        self.before = stores
        self.stores = copy.deepcopy(stores)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.told = Told()

    def run(self, workflow: str, payload: Value, actor: Given, facts: Given) -> Told:
        try:
            self._end(*self._traverse(workflow, copy.deepcopy(payload), actor, facts))
        except (Broken, Fault) as fault:
            self._end("FAULTED", "R026" if isinstance(fault, Broken) else "R021", {}, {})
        return self.told

    def _traverse(self, workflow: str, payload: object, actor: object, facts: object) -> Exit:
        graph = self.snapshot.graph(workflow)
        frame: Frame = [payload, actor, facts, {}, ABSENT, *(ABSENT for _ in graph.slots[5:])]
        nodes = {node.id: node for node in graph.nodes}
        node = nodes[graph.start]
        while not isinstance(node, model.ExitNode):
            outcome, outputs = self._node(node, graph, frame)
            if not isinstance(node, model.IntentNode):
                frame[graph.slots.index(f"results.{node.id}")] = outputs
            self.told.path.append((node.id, outcome, outputs))
            edge = node.next[outcome]
            frame[4] = build(edge.arguments, frame) if edge.arguments else ABSENT
            node = nodes[edge.to]
        name = needed(node.reason, frame) if node.reason else node.names[0]
        result = build(node.result, frame)
        emitted = {event: build(fields, frame) for event, fields in node.emit.items()}
        if name not in node.names:
            raise Broken("another name")
        return node.exit, str(name), result, emitted

    def _node(self, node: model.Node, graph: model.Graph, frame: Frame) -> tuple[str, Given]:
        match node:
            case model.IntentNode():
                return self._admit(node, frame), {}
            case model.ContractNode():
                return self._contract(node, frame)
            case model.CallNode():
                _, name, result, _ = self._call(node, frame)
                return name, result
            case model.EachNode():
                return self._each(node, frame, graph.slots.index("item"))
        raise AssertionError(node)

    def _each(self, node: model.EachNode, frame: Frame, item: int) -> tuple[str, Given]:
        items = needed(node.each, frame)
        if not isinstance(items, list):
            raise Broken("no list")
        if len(items) > node.max:
            return "TOO_MANY", {"count": len(items)}
        taken: list[Given] = []
        for index, value in enumerate(items):
            frame[item : item + 2] = [value, index]
            kind, name, result, _ = self._call(node, frame)
            taken.append({"exit": name, "kind": kind, "result": result})
            if name in node.stop:
                break
        stopped, failed = any(e["exit"] in node.stop for e in taken), any(e["kind"] != "COMPLETED" for e in taken)
        outcome = "EMPTY" if not items else "STOPPED" if stopped else "SOME_FAILED" if failed else "SUCCESS"
        return outcome, {"count": len(items), "items": taken}

    def _call(self, node: model.CallNode | model.EachNode, frame: Frame) -> Exit:
        before = copy.deepcopy(self.stores), self.counts.copy()
        payload = build(node.inputs, frame)
        chosen = evaluate(node.call.choose, frame) if node.call.choose else None
        workflow = node.call.of.get(chosen, node.call.otherwise) if isinstance(chosen, str) else node.call.otherwise
        if workflow is None:
            raise Broken("no choice")
        ended = self._traverse(workflow, payload, frame[1], frame[2])
        if ended[0] == "FAILED":
            self.stores, self.counts = before
        self.told.path.append((workflow, ended[1], ended[2]))
        return ended

    def _end(self, kind: str, name: str, result: object, emitted: object) -> None:
        undone = kind in ("FAILED", "FAULTED")
        self.told.kind, self.told.name, self.told.result, self.told.emitted = kind, name, result, emitted
        self.told.stores = self.before if undone else self.stores
        for (store, operation), count in ({} if undone else self.counts).items():
            self.told.effects.setdefault(store, {})[operation] = count

    def _admit(self, node: model.IntentNode, frame: Frame) -> str:
        intent = self.snapshot.intent(node.intent)
        fits = _valid(intent.payload, frame[0]) and cast(Given, frame[1])["type"] in intent.actors
        return "ACK" if fits and all(holds(rule, frame) for rule in intent.requires) else "NACK"

    def _contract(self, node: model.ContractNode, frame: Frame) -> tuple[str, Given]:
        contract = self.snapshot.contract(node.contract)
        inputs = build(node.inputs, frame)
        slots: Frame = [inputs, frame[2], frame[3]]
        outcome = contract.on_input_failure
        if _fits(contract.inputs, node.unproven, inputs):
            for step in contract.steps:
                answer = self._step(step, slots)
                if answer is None:
                    outcome = contract.on_input_failure
                    break
                slots += [dict(answer.outputs), answer.name]
                outcome = step.next[answer.name]
                if outcome is not None:
                    break
        assert outcome is not None
        slots += [ABSENT] * (len(contract.slots) - len(slots))
        return outcome, build(contract.outcomes[outcome], slots)

    def _step(self, step: model.Step, slots: Frame) -> Outcome | None:
        """What a step answers; None: its inputs do not fit."""
        if isinstance(step, model.DecideStep):
            for case in step.cases:
                if case.when is None or holds(case.when, slots):
                    return Outcome(case.outcome, **cast("dict[str, Value]", build(case.outputs, slots)))
            raise Broken("no case holds")
        given = build(step.inputs, slots)
        if isinstance(step, model.TransformStep):
            if not _fits(self.snapshot.transform(step.transform).inputs, step.unproven, given):
                return None
            try:
                answer = self.transforms[step.transform](**copy.deepcopy(given))
            except (TypeError, ValueError, ArithmeticError, LookupError) as error:
                raise Fault(step.transform) from error
            return answer if isinstance(answer, Outcome) else Outcome("SUCCESS", **cast("dict[str, Value]", answer))
        assert isinstance(step, model.OperationStep)
        store = self.snapshot.store(step.store)
        if not _fits(store.operations[step.operation].inputs, step.unproven, given):
            return None
        return self._operation(step.store, step.operation, copy.deepcopy(given))

    def _operation(self, store: str, operation: str, given: Given) -> Outcome:
        rows = self.stores[store]
        if operation == "COUNT":
            return Outcome("SUCCESS", n=len(rows))
        if operation == "APPEND":
            stream = cast("list[object]", rows.setdefault(str(given["stream"]), []))
            stream.append(given["record"])
            self.counts[store, operation] += 1
            return Outcome("SUCCESS", n=len(stream))
        key, held = str(given["key"]), rows.get(str(given["key"]), ABSENT)
        if operation == "RESOLVE":
            return Outcome("NOT_FOUND") if held is ABSENT else Outcome("SUCCESS", value=cast(Value, held))
        if held is ABSENT:
            rows[key] = given["value"]
            self.counts[store, operation] += 1
        elif not _equal(held, given["value"]):
            return Outcome("CONFLICT")
        address = hashlib.sha256(json.dumps([store, key], separators=(",", ":")).encode()).hexdigest()
        return Outcome("SUCCESS" if held is ABSENT else "ALREADY_EXISTS", address=address)


def _fits(schema: Schema, unproven: Sequence[str], given: Given) -> bool:
    """Whether the inputs fit that were not proven to."""
    properties, required = cast("dict[str, Schema]", schema["properties"]), cast("list[str]", schema["required"])
    return all(_valid(properties[name], given[name]) if name in given else name not in required for name in unproven)


def _valid(schema: Schema, value: object) -> bool:
    return bool(Draft202012Validator(dict(schema)).is_valid(value))

"""The engine against the reference interpreter, on workflows that nobody wrote."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import TypeAlias, TypeVar

import orjson
from hypothesis import event, given, settings
from hypothesis import strategies as st

from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Store
from pgs_snapshot import model
from pgs_snapshot.model import (
    All,
    Any_,
    Compare,
    Default,
    Edge,
    Items,
    Literal_,
    Not,
    Query,
    Record,
    Ref,
    Slice,
    Text,
    Wildcard,
)
from pgs_snapshot.values import Value
from tests.runtime.protocol import (
    ADA,
    ANY,
    COUNT,
    REJECTED,
    TEXT,
    WORKFLOW,
    admit,
    asks,
    case,
    computes,
    contract,
    decides,
    ends,
    fields,
    graph,
    intent,
    journal,
    ports,
    registry,
    sealed,
    transform,
)
from tests.runtime.reference import Interpreter, Stores, Told

REGISTRY, JOURNAL = "desk::ST_KEYS_V0", "desk::ST_LOG_V0"
SOURCE = """
from pgs_snapshot.values import Outcome


def echo(value):
    return {"value": value}


def add(a, b):
    return {"n": a + b}


def sort(value):
    if isinstance(value, bool) or not isinstance(value, int):
        return Outcome("ODD", of=[value])
    return Outcome("EVEN" if value % 2 == 0 else "ODD", of=[])


def fail(value):
    if value == 3:
        raise ValueError(value)
    return {"value": {"inner": value}}
"""
PAYLOAD = fields(
    ["n", "text", "list"],
    n=COUNT,
    text=TEXT,
    list={"type": "array"},
    maybe=COUNT,
)
GIVEN = fields(["n"], n=COUNT, x=ANY)
TRANSFORMS: Mapping[str, tuple[model.Schema, tuple[str, ...], Mapping[str, model.Schema]]] = {
    "echo": (fields(value=ANY), ("value",), {"SUCCESS": fields(value=ANY)}),
    "add": (fields(a=COUNT, b={"type": "integer", "maximum": 50}), ("a", "b"), {"SUCCESS": fields(n=COUNT)}),
    "sort": (fields(value=ANY), ("value",), {"EVEN": fields(of=ANY), "ODD": fields(of=ANY)}),
    "fail": (fields(value=ANY), ("value",), {"SUCCESS": fields(value=ANY)}),
}
OPERATIONS: Mapping[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]] = {
    ("KEYS", "REGISTER"): (("key", "value"), ("SUCCESS", "ALREADY_EXISTS", "CONFLICT")),
    ("KEYS", "RESOLVE"): (("key",), ("SUCCESS", "NOT_FOUND")),
    ("KEYS", "COUNT"): ((), ("SUCCESS",)),
    ("LOG", "APPEND"): (("stream", "record"), ("SUCCESS",)),
}
FAILURE = "VIOLATION"
Slots: TypeAlias = Sequence[int]
STEPS: Sequence[str | int] = (
    *("n", "text", "list", "maybe", "value", "of", "inner", "x", "x", "y", "y"),
    *(0, 1, -1),
)
WORDS: Sequence[Value] = ("", "a", "k", 3)
NUMBERS: Sequence[Value] = (0, 1, 3, 1.5)
CONSTANTS: Sequence[Value] = (*WORDS, *NUMBERS, True, False, None, [], [1, "a"], {"x": 1}, "2026-01-01T00:00:00Z")
INSTANTS = (
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.5Z",
    "2026-01-01T01:00:00.50+01:00",
    "2025-12-31T23:00:00.000000001-01:00",
)
T = TypeVar("T")


class Maker:
    """Makes protocols from a seed. What it makes is well formed; references may well lead nowhere."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311

    def _one(self, options: Sequence[T]) -> T:
        return self._random.choice(options)

    def _some(self, make: Callable[[], T], most: int, least: int = 0) -> tuple[T, ...]:
        return tuple(make() for _ in range(self._random.randint(least, most)))

    def _members(self, slots: Slots, most: int = 2) -> dict[str, model.Expr]:
        return {name: self.expr(slots) for name in ("x", "y")[: self._random.randint(0, most)]}

    # --- expressions over the slots in reach -----------------------------------------------------

    def ref(self, slots: Slots) -> Ref:
        return Ref(self._one(slots), self._some(lambda: self._one(STEPS), 2), self._random.random() < 0.9)

    def expr(self, slots: Slots, depth: int = 2) -> model.Expr:
        """Any expression; it may give nothing."""
        makes: list[Callable[[], model.Expr]] = [
            lambda: Literal_(self._one(CONSTANTS)),
            lambda: self.ref(slots),
            lambda: Query(self._one(slots), self._some(self._selector, 3, least=1)),
            lambda: self.needed(slots, depth),
        ]
        return self._one(makes)()

    def needed(self, slots: Slots, depth: int = 2, constants: Sequence[Value] = CONSTANTS) -> model.Expr:
        """An expression for where a value has to be; it nearly always gives one."""
        if self._random.random() < 0.02:
            return self.ref(slots)
        makes: list[Callable[[], model.Expr]] = [
            lambda: Literal_(self._one(constants)),
            lambda: Default(self.ref(slots), Literal_(self._one(constants))),
        ]
        if depth and constants is CONSTANTS:
            makes += [
                lambda: Record(
                    {name: self.expr(slots, depth - 1) for name in ("x", "y")[: self._random.randint(0, 2)]}
                ),
                lambda: Items(self._some(lambda: self.needed(slots, depth - 1), 2)),
                lambda: Text(self._some(lambda: self.needed(slots, depth - 1, WORDS), 2)),
            ]
        return self._one(makes)()

    def _selector(self) -> str | int | Slice | Wildcard:
        bound = self._one((None, -2, -1, 0, 1, 2))
        return self._one(
            (self._one(STEPS), Wildcard(), Slice(bound, self._one((None, -1, 2)), self._one((-1, 0, 1, 2))))
        )

    def condition(self, slots: Slots, depth: int = 2) -> model.Condition:
        kind = self._one(("equal", "order", "member", "exists", "instants", *(("all", "any", "not") if depth else ())))
        operands = self.needed(slots), self.needed(slots)
        if kind in ("all", "any"):
            inner = self._some(lambda: self.condition(slots, depth - 1), 2)
            return All(inner) if kind == "all" else Any_(inner)
        if kind == "not":
            return Not(self.condition(slots, depth - 1))
        if kind == "exists":
            return Compare("exists", (self.ref(slots),))
        if kind == "member":
            return Compare(self._one(("in", "not_in")), (operands[0], Items(operands)))
        if kind == "instants":
            points = Literal_(self._one(INSTANTS)), Literal_(self._one(INSTANTS))
            return Compare(self._one(("eq", "ne", "lt", "le", "gt", "ge")), points, instants=True)
        if kind == "order":
            numbers = self.needed(slots, 0, NUMBERS), self.needed(slots, 0, NUMBERS)
            return Compare(self._one(("lt", "le", "gt", "ge")), numbers)
        return Compare(self._one(("eq", "ne")), operands)

    # --- contracts -------------------------------------------------------------------------------

    def contract(self, name: str) -> model.Contract:
        """A contract of up to three steps; an outcome refers only to what every way to it has passed."""
        count = self._random.randint(1, 3)
        steps = [self._step(f"s{number}", range(3 + 2 * number), number == count - 1) for number in range(count)]
        reach: dict[str, int] = {FAILURE: -1}  # already the inputs of the contract may not fit
        for number, step in enumerate(steps):
            for ending in step.next.values():
                if ending is not None:
                    reach.setdefault(ending, number)
        outcomes = {ending: self._members(range(5 + 2 * number)) for ending, number in reach.items()}
        return contract(name, fields(["x"], x=ANY, y=COUNT), steps, outcomes, failure=FAILURE)

    def _step(self, name: str, slots: Slots, last: bool) -> model.Step:
        kind = self._one(("decide", "transform", "operation"))
        if kind == "decide":
            cases = [*self._some(lambda: self._case(slots), 2), case(self._one(("A", "B")))]
            return decides(name, *cases, **self._next([found.outcome for found in cases], last))
        if kind == "transform":
            chosen = self._one(sorted(TRANSFORMS))
            _, members, gives = TRANSFORMS[chosen]
            inputs = {member: self.expr(slots) for member in members}
            return computes(name, chosen, inputs, members, **self._next(sorted(gives), last))
        store, operation = self._one(sorted(OPERATIONS))
        members, outcomes = OPERATIONS[store, operation]
        given = {member: self.expr(slots) for member in members}
        # Few keys, so that runs meet what is there.
        given |= {member: Literal_(self._one(("k", "l"))) for member in {"key", "stream"} & set(members)}
        return asks(name, store, operation, given, members, **self._next(outcomes, last))

    def _case(self, slots: Slots) -> model.Case:
        return case(self._one(("A", "B")), self.condition(slots), **self._members(slots, 1))

    def _next(self, outcomes: Sequence[str], last: bool) -> dict[str, str | None]:
        ends = ("SUCCESS", "OTHER") if last else (None, None, "SUCCESS", "OTHER")
        return {outcome: self._one(ends) for outcome in outcomes}

    # --- graphs ----------------------------------------------------------------------------------

    def protocol(self) -> tuple[object, ...]:
        """Workflows of up to three nodes over up to two contracts and the workflows before them, and what they need."""
        contracts = [self.contract("c0"), self.contract("c1")]
        made: list[model.Graph] = []
        intents: list[model.Intent] = []
        for name, payload in (("ONE", GIVEN), ("TWO", GIVEN), ("RUN", PAYLOAD)):
            rules = self._some(lambda: self.condition([0, 1]), 1) if self._random.random() < 0.2 else ()
            intents.append(intent(payload, *rules, name=f"desk::IN_{name}_V0"))
            made.append(self.workflow(name, contracts, made[:]))
        shared = [transform(name, inputs, **gives) for name, (inputs, _, gives) in TRANSFORMS.items()]
        happened = model.Event("desk::EV_DONE_V0", "", fields([], x=ANY), (), "desk.yaml:1")
        stores = (registry("KEYS", ANY), journal("LOG", ANY))
        return *intents, *contracts, *shared, happened, *stores, *made

    def workflow(self, name: str, contracts: Sequence[model.Contract], callees: Sequence[model.Graph]) -> model.Graph:
        """A workflow of up to three nodes; those before it are what it may call."""
        options = [*contracts, *(("call", "each") if callees else ())]
        used = self._some(lambda: self._one(options), 3, least=1)
        slots = range(5 + len(used))
        exits = [self._exit(f"e{number}", slots) for number in range(2)]
        places = [f"n{number}" for number in range(len(used))]
        nodes: list[model.Node] = [admit("n0", intent=f"desk::IN_{name}_V0")]
        for number, work in enumerate(used):
            later = [*places[number + 1 :], *(exit.id for exit in exits)]
            if isinstance(work, model.Contract):
                nodes.append(self._contract(places[number], work, later, slots))
            else:
                nodes.append(self._calling(places[number], work, callees, later, slots))
        return graph(*nodes, *exits, REJECTED, workflow=f"desk::WF_{name}_V0")

    def _edges(self, outcomes: Iterable[str], later: Sequence[str], slots: Slots) -> dict[str, Edge]:
        return {outcome: Edge(self._one(later), self._members(slots, 1)) for outcome in outcomes}

    def _contract(self, id: str, work: model.Contract, later: Sequence[str], slots: Slots) -> model.Node:
        inputs = {"x": self.expr(slots), "y": self._one((Ref(0, ("n",)), self.expr(slots)))}
        unproven = self._one(((), ("x",), ("x", "y")))
        edges = self._edges(work.outcomes, later, slots)
        return model.ContractNode(id, work.name, inputs, unproven, edges, "desk.yaml:1")

    def _calling(
        self, id: str, kind: str, callees: Sequence[model.Graph], later: Sequence[str], slots: Slots
    ) -> model.Node:
        inside = slots if kind == "call" else range(len(slots) + 2)
        first, second = (self._one(callees).workflow for _ in range(2))
        callee = model.Callee(first)
        if self._one((True, False)):
            callee = model.Callee(self._one((second, second, None)), self.expr(inside), {"a": first, "k": second})
        inputs = {"n": self._one((Literal_(1), self.expr(inside))), "x": self.expr(inside)}
        exits = [node for made in callees for node in made.nodes if isinstance(node, model.ExitNode)]
        names = sorted({name for exit in exits for name in exit.names})
        if kind == "call":
            return model.CallNode(id, callee, inputs, (), self._edges(names, later, slots), "desk.yaml:1")
        ends = ("SUCCESS", "SOME_FAILED", "STOPPED", "EMPTY", "TOO_MANY")
        items: model.Expr = Items(self._some(lambda: self.needed(slots), 3))
        if self._one((True, False)):
            items = Ref(0, ("list",), optional=True)
        stop = tuple(name for name in names if self._random.random() < 0.1)
        most = self._one((1, 2, 3))
        edges = self._edges(ends, later, slots)
        return model.EachNode(id, items, callee, inputs, (), most, stop, edges, "desk.yaml:1")

    def _exit(self, id: str, slots: Slots) -> model.ExitNode:
        kinds: Sequence[model.ExitKind] = ("COMPLETED", "COMPLETED", "DENIED", "FAILED")
        kind = self._one(kinds)
        reason = self.needed(slots, 0, WORDS) if self._random.random() < 0.2 else None
        emit = {"desk::EV_DONE_V0": self._members(slots, 1)} if kind != "FAILED" else {}
        names = ("DONE",) if reason is None else ("", "a", "k")
        return ends(id, kind, self._members(slots), fields([], x=ANY, y=ANY), names, reason, emit)

    def payload(self) -> dict[str, Value]:
        value: dict[str, Value] = {
            "n": self._one((-1, 0, 1, 2, 3, 4)),
            "text": self._one(("", "a", "k")),
            "list": [*self._some(lambda: self._one(CONSTANTS), 3)],
        }
        if self._one((True, False)):
            value["maybe"] = self._one((0, 1, 2, 3, 4, 5, 6, 7, 8, "9"))
        return value


# --- what both say -------------------------------------------------------------------------------


def told(runtime: Runtime, payload: Value) -> Told:
    """What the engine says of a run, out of its trace and its store."""
    outcome = runtime.run(WORKFLOW, payload, ADA)
    lines = [orjson.loads(line) for line in runtime.trace(outcome.trace_id)]
    path = [
        (line["target"], line["name"], line.get("result", {}))
        if line["kind"] == "return"
        else (line["node"], line["outcome"], line.get("outputs", {}))
        for line in lines[1:-1]
    ]
    emitted = lines[-1].get("emitted", {})
    return Told(path, outcome.kind, outcome.exit, outcome.result, emitted, outcome.effects, contents(runtime.store))


def contents(store: Store) -> Stores:
    keys = {cell.key: orjson.loads(cell.value) for cell in store.scan("registry", REGISTRY).cells}
    streams: dict[str, object] = {
        stream: [orjson.loads(found.body) for found in store.events(JOURNAL, stream, 1, 99)]
        for stream in store.streams(JOURNAL)
    }
    return {REGISTRY: keys, JOURNAL: streams}


def functions() -> dict[str, Callable[..., object]]:
    """The transforms themselves, from their source."""
    space: dict[str, Callable[..., object]] = {}
    exec(SOURCE, space)  # noqa: S102
    return {f"desk::CT_{name.upper()}_V0": space[name] for name in TRANSFORMS}


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=300)
def test_engine_and_reference_say_the_same_of_every_run(seed: int) -> None:
    make = Maker(seed)
    snapshot = sealed(*make.protocol(), source=SOURCE)
    runtime = Runtime(snapshot, MemoryStore(), ports())
    for _ in range(3):
        payload = make.payload()
        before = contents(runtime.store)
        engine = told(runtime, copy.deepcopy(payload))
        header = orjson.loads(runtime.store.lines(runtime.store.runs()[-1].id)[0])
        started = header["header"]["started"]
        facts: dict[str, Value] = {"id": header["run"], "started": started, "time": started}
        who: dict[str, Value] = {"id": ADA.id, "type": ADA.type}
        event(engine.kind)
        event(f"{len(engine.path)} nodes")
        event(f"{sum(name.startswith('desk::') for name, _, _ in engine.path)} callees")
        assert engine == Interpreter(snapshot, functions(), before).run(WORKFLOW, payload, who, facts)

"""Random small programs: what `why` claims of other payloads is what they really do, and nothing smaller was missed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

import orjson
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pgs_runtime.core.expressions import ABSENT
from pgs_runtime.operate.state import load_state
from pgs_runtime.replay.contrast import way_of
from pgs_runtime.runtime import Runtime
from pgs_runtime.why.answer import Why, why
from pgs_runtime.why.nearby import distance, with_value
from pgs_runtime.why.searching import Elsewhere
from pgs_snapshot import model
from pgs_snapshot.canonical import canonical
from pgs_snapshot.model import All, Any_, Compare, Condition, Edge, Literal_, Not, Ref
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.runtime.protocol import (
    ADA,
    COUNT,
    FINGERPRINT,
    REJECTED,
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
    memory,
    node,
    ports,
    sealed,
    state,
    transform,
)

SMALL: Value = {"type": "integer", "minimum": 0, "maximum": 4}
WORDS: Value = {"enum": ["x", "y", "z"]}
PAYLOAD = fields(["a", "b", "c"], a=SMALL, b=SMALL, c=WORDS, d={"type": "boolean"})
MEMBERS: Mapping[str, tuple[Value, ...]] = {
    "a": (0, 1, 2, 3, 4),
    "b": (0, 1, 2, 3, 4),
    "c": ("x", "y", "z"),
    "d": (False, True, ABSENT),
}
SOURCE = """
def total(a, b):
    return {"n": a + b}
"""
SLOTS = {"a": Ref(0, ("a",)), "b": Ref(0, ("b",)), "stored": Ref(3, ("value", "n")), "total": Ref(5, ("n",))}
LIMIT = "desk::ST_LIMIT_V0"

numbers = st.sampled_from([*SLOTS.values(), *(Literal_(n) for n in range(-1, 7))])
compares: st.SearchStrategy[Condition] = st.one_of(
    st.builds(
        lambda op, left, right: Compare(op, (left, right)),
        st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]),
        numbers,
        numbers,
    ),
    st.builds(lambda word: Compare("eq", (Ref(0, ("c",)), Literal_(word))), st.sampled_from("xyz")),
    st.builds(lambda words: Compare("in", (Ref(0, ("c",)), Literal_(words))), st.lists(st.sampled_from("xyz"))),
    st.just(Compare("exists", (Ref(0, ("d",), optional=True),))),
)
conditions: st.SearchStrategy[Condition] = st.one_of(
    compares,
    st.builds(Not, compares),
    st.builds(lambda both: All(tuple(both)), st.lists(compares, min_size=2, max_size=2)),
    st.builds(lambda both: Any_(tuple(both)), st.lists(compares, min_size=2, max_size=2)),
)
decisions = st.lists(
    st.tuples(conditions, st.sampled_from(["on", "done", "denied"]), st.sampled_from(["on", "done", "denied"])),
    min_size=1,
    max_size=3,
)


@dataclass
class Program:
    """One program, and what every payload really does there on a fresh store."""

    snapshot: Snapshot
    stored: int
    _seen: dict[bytes, tuple[str, tuple[tuple[str, str], ...]]] = field(default_factory=dict)

    def opened(self) -> Runtime:
        runtime = Runtime(self.snapshot, memory(), ports())
        load_state(runtime, {LIMIT: {"k": {"n": self.stored}}}, ADA)
        return runtime

    def really(self, payload: Value) -> tuple[str, tuple[tuple[str, str], ...]]:
        """The exit, and the way."""
        key = canonical(payload)
        if key not in self._seen:
            runtime = self.opened()
            lines = [orjson.loads(line) for line in runtime.trace(runtime.run(WORKFLOW, payload, ADA).trace_id)]
            self._seen[key] = str(lines[-1]["node"]), way_of(lines)
        return self._seen[key]

    def why(self, payload: Value, to: str = "") -> Why:
        runtime = self.opened()
        lines = runtime.trace(runtime.run(WORKFLOW, payload, ADA).trace_id)
        return why(lines, lambda id: self.snapshot, runtime.store, FINGERPRINT, to)


def program(chosen: list[tuple[Condition, str, str]], stored: int) -> Program:
    """A chain of decisions over the payload, a sum of it, and a number that is stored."""
    needed = fields(["a", "b", "c"], a=SMALL, b=SMALL, c=WORDS, d={"type": "boolean"})
    inputs = {name: Ref(0, (name,), optional=name == "d") for name in MEMBERS}
    nodes: list[model.Node] = []
    contracts: list[object] = []
    for number, (condition, held, otherwise) in enumerate(chosen):
        following = f"n{number + 1}" if number + 1 < len(chosen) else "last"
        contracts.append(
            contract(
                f"n{number}",
                needed,
                [
                    asks("read", "LIMIT", "READ", {"key": Literal_("k")}, SUCCESS=None, NOT_FOUND="NO"),
                    computes("sum", "total", {"a": Ref(0, ("a",)), "b": Ref(0, ("b",))}, SUCCESS=None),
                    decides("which", case("YES", condition), case("NO"), YES="YES", NO="NO"),
                ],
                {"YES": {}, "NO": {}},
            )
        )
        to = {"on": following, "done": "done", "denied": "denied"}
        nodes.append(node(f"n{number}", f"n{number}", inputs, YES=Edge(to[held]), NO=Edge(to[otherwise])))
    ended = (ends("last"), ends("done"), ends("denied", "DENIED"), REJECTED)
    snapshot = sealed(
        graph(admit("n0"), *nodes, *ended),
        intent(PAYLOAD),
        *contracts,
        transform("total", fields(a=COUNT, b=COUNT), SUCCESS=fields(n=COUNT)),
        replace(state("LIMIT", fields(n=COUNT)), implementation="pgs_capabilities.side_effects.state:State"),
        source=SOURCE,
    )
    return Program(snapshot, stored)


def changed(payload: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    """Every change of one member."""
    for name, values in MEMBERS.items():
        yield from ((name, value) for value in values if value is not payload.get(name, ABSENT))


def early(base: tuple[tuple[str, str], ...], way: tuple[tuple[str, str], ...], decisive: str) -> bool:
    parted = next((n for n, (one, other) in enumerate(zip(base, way, strict=False)) if one != other), len(base))
    return parted < [name for name, _ in base].index(decisive)


def applied(payload: Value, found: Elsewhere) -> Value:
    for change in found.changes:
        payload = with_value(payload, change.path, change.new)
    return payload


payloads = st.builds(
    lambda a, b, c, d: {"a": a, "b": b, "c": c, **({} if d is None else {"d": d})},
    st.integers(0, 4),
    st.integers(0, 4),
    st.sampled_from("xyz"),
    st.sampled_from([None, True, False]),
)


@settings(max_examples=40, deadline=None, phases=(Phase.generate,), suppress_health_check=[HealthCheck.too_slow])
@given(decisions, st.integers(-1, 6), payloads)
def test_what_is_claimed_is_what_happens_and_nothing_smaller_was_missed(
    chosen: list[tuple[Condition, str, str]], stored: int, payload: dict[str, Value]
) -> None:
    made = program(chosen, stored)
    told = made.why(payload)
    found = told.otherwise
    assert found is not None, told.untold
    assert not found.spent
    exit, base = made.really(payload)
    flips = [(name, value) for name, value in changed(payload) if made.really(_with(payload, name, value))[0] != exit]
    for each in (*found.found, *([found.farther] if found.farther else [])):
        really = made.really(applied(payload, each))
        assert (really[0], really[0] != exit) == (each.landing.node, True)
        assert each.certain
    assert {each.changes[0].path for each in found.found if len(each.changes) == 1} == {(name,) for name, _ in flips}
    if found.proved or not found.found:
        whole = product(*MEMBERS.values())
        every = [_all(values) for values in whole if found.proved or _differ(payload, values) <= 2]
        assert {made.really(each)[0] for each in every} == {exit}
    elif flips:
        _demand_nearest(made, payload, base, told)
    else:
        assert len(found.found[0].changes) == 2


def test_a_member_that_is_looked_at_only_where_the_way_would_part_to_is_tried_with_one_on_the_way() -> None:
    same = Compare("eq", (Ref(0, ("c",)), Literal_("x")))
    there = Compare("exists", (Ref(0, ("d",), optional=True),))
    made = program([(same, "done", "on"), (there, "done", "on")], 6)
    told = made.why({"a": 3, "b": 0, "c": "x", "d": False})
    assert told.otherwise is not None
    (found,) = told.otherwise.found
    assert {change.path: change.new for change in found.changes} == {("c",): "y", ("d",): ABSENT}
    assert found.landing.node == "last"


def _demand_nearest(made: Program, payload: dict[str, Value], base: tuple[tuple[str, str], ...], told: Why) -> None:
    """No change of the same member leads elsewhere, parts no earlier, and is nearer."""
    exit, decisive = made.really(payload)[0], told.decisions[0].path
    assert told.otherwise is not None
    for each in told.otherwise.found:
        change = each.changes[0]
        name = str(change.path[0])
        mine = early(base, each.landing.way, decisive)
        for value in MEMBERS[name]:
            if value is change.seen:
                continue
            node, way = made.really(_with(payload, name, value))
            if node != exit and early(base, way, decisive) <= mine:
                assert distance(change.seen, change.new) <= distance(change.seen, value) or mine > early(
                    base, way, decisive
                )
                assert mine == early(base, way, decisive)


@settings(max_examples=15, deadline=None, phases=(Phase.generate,), suppress_health_check=[HealthCheck.too_slow])
@given(decisions, st.integers(-1, 6), payloads, st.sampled_from(["last", "done", "denied"]))
def test_a_change_that_is_asked_for_by_its_exit_leads_there(
    chosen: list[tuple[Condition, str, str]], stored: int, payload: dict[str, Value], to: str
) -> None:
    made = program(chosen, stored)
    found = made.why(payload, to).otherwise
    assert found is not None
    exit, _ = made.really(payload)
    assert {made.really(applied(payload, each))[0] for each in found.found} <= {to}
    flips = [1 for name, value in changed(payload) if made.really(_with(payload, name, value))[0] == to != exit]
    assert bool(flips) == any(len(each.changes) == 1 for each in found.found)


def _with(payload: Value, name: str, value: Value) -> Value:
    return with_value(payload, (name,), value)


def _all(values: tuple[Value, ...]) -> Value:
    return {name: value for name, value in zip(MEMBERS, values, strict=True) if value is not ABSENT}


def _differ(payload: Mapping[str, Value], values: tuple[Value, ...]) -> int:
    return sum(payload.get(name, ABSENT) is not value for name, value in zip(MEMBERS, values, strict=True))

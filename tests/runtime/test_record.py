"""Trace lines: their chain, their form, and what a line tells of a visit."""

from __future__ import annotations

import hashlib
import json

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from pgs_runtime.core.linked import Contract, Decision, Parts, Visit
from pgs_runtime.redaction import commit
from pgs_runtime.stores.port import Subject
from pgs_runtime.stores.sealing import Keys
from pgs_runtime.trace.record import MAX_SHOWN, Chain, Narrator, shown
from pgs_snapshot.model import Compare, Literal_, Ref
from pgs_snapshot.values import Outcome, Value
from tests.runtime.protocol import (
    ADA,
    COUNT,
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
    node,
    opened,
    registry,
    transform,
)
from tests.snapshot.strategies import values

RUN = "0" * 26
KEYS = Keys((Subject("ab" * 32, b"k" * 32),))
KEY = KEYS.secret


def assert_chained(lines: tuple[bytes, ...], run: str) -> None:
    """The rule of the chain, written down a second time."""
    before = ""
    for number, line in enumerate(lines):
        members = json.loads(line)
        told = members.pop("digest")
        assert hashlib.sha256(rfc8785.dumps(members)).hexdigest() == told
        assert rfc8785.dumps({**members, "digest": told}) == line
        assert (members["n"], members["prev"], members["run"]) == (number, before, run)
        assert b"\n" not in line
        before = told


bodies = st.lists(
    st.dictionaries(st.sampled_from(["effects", "inputs", "kind", "node", "outputs", "steps", "é"]), values),
    min_size=1,
    max_size=4,
)


@given(bodies)
def test_each_line_holds_its_digest_and_that_of_the_line_before(bodies: list[dict[str, Value]]) -> None:
    chain = Chain(RUN)
    for body in bodies:
        chain.add(dict(body))
    assert_chained(tuple(chain.lines), RUN)
    assert chain.head == json.loads(chain.lines[-1])["digest"]
    assert chain.size == sum(map(len, chain.lines))


def test_a_line_of_known_parts_is_the_line_of_its_body() -> None:
    body: dict[str, Value] = {"kind": "contract", "node": "a", "outcome": "SUCCESS"}
    one, other = Chain(RUN), Chain(RUN)
    parts: Parts = (b'{"kind":"contract","n":', b',"node":"a","outcome":"SUCCESS","prev":"', b'"}')
    for _ in range(12):
        one.add(dict(body))
        other.add_parts(parts)
    assert one.lines == other.lines
    assert (one.head, one.size) == (other.head, other.size)


@pytest.mark.parametrize("cases", [0, 1, 2])
def test_a_visit_without_values_is_told_as_any_other(cases: int) -> None:
    """The shorter way, which keeps the parts of a line, gives the bytes of the long one."""
    step = Decision("choose é", lambda frame: (Outcome("SUCCESS"), (cases, [])), {"SUCCESS": "SUCCESS"}, False)
    place = Contract(
        id="a", name="desk::CC_A_V0", slot=5, inputs=lambda frame: {}, misfits=None, steps=(step,),
        outcomes={}, failure="", next={}, redact=None, shown={"SUCCESS": None},
    )  # fmt: skip
    narrator = Narrator()
    short, long = Chain(RUN, KEYS), Chain(RUN)
    for number in (cases, cases, cases + 1):
        visit = Visit(place, {}, [(step, Outcome("SUCCESS"), (number, []))], "SUCCESS", {})
        narrator.tell(visit, short)
        long.add(narrator.visit(visit, KEY))
    assert short.lines == long.lines
    assert_chained(tuple(short.lines), RUN)
    assert len(place.told) == 2


@given(
    st.dictionaries(st.text(max_size=3), values, max_size=3),
    st.dictionaries(st.text(max_size=3), values, max_size=3),
    st.booleans(),
)
def test_a_visit_with_values_is_told_as_any_other(
    inputs: dict[str, Value], outputs: dict[str, Value], labelled: bool
) -> None:
    redact = commit if labelled else None
    step = Decision("choose", lambda frame: (Outcome("SUCCESS"), (0, [])), {"SUCCESS": "SUCCESS"}, False)
    place = Contract(
        id="a é", name="desk::CC_A_V0", slot=5, inputs=lambda frame: inputs, misfits=None, steps=(step,),
        outcomes={}, failure="", next={}, redact=redact, shown={"SUCCESS": redact},
    )  # fmt: skip
    narrator = Narrator()
    short, long = Chain(RUN, KEYS), Chain(RUN)
    large: dict[str, Value] = {"text": "x" * MAX_SHOWN}
    for told in (outputs, large, {}):
        visit = Visit(place, inputs, [(step, Outcome("SUCCESS"), (0, []))], "SUCCESS", told)
        narrator.tell(visit, short)
        long.add(narrator.visit(visit, KEY))
    assert short.lines == long.lines
    assert_chained(tuple(short.lines), RUN)


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        ("x" * (MAX_SHOWN - 2), True),
        ("x" * (MAX_SHOWN - 1), False),
        ([1] * 2000, True),
        ([1] * 3000, False),
        ({"é": "é" * 3000}, False),
        (None, True),
        (1.5, True),
    ],
)
def test_what_is_large_stands_as_its_digest_and_size(value: Value, whole: bool) -> None:
    text = rfc8785.dumps(value)
    digested: Value = {"$digest": hashlib.sha256(text).hexdigest(), "size": len(text)}
    assert shown(value, None, KEY) == (value if whole else digested)


# --- a run ---------------------------------------------------------------------------------------

SOURCE = """
def double(n):
    return {"n": n * 2}
"""


def run_lines(payload: dict[str, Value]) -> list[dict[str, Value]]:
    """The bodies of a run that computes, decides and registers, chained as they should be."""
    limit = Compare("gt", (Ref(3, ("n",)), Literal_(10)))
    price = contract(
        "price",
        fields(n={"type": "integer", "maximum": 1000}),
        [
            computes("double", "double", {"n": Ref(0, ("n",))}, SUCCESS=None),
            decides("limit", case("TOO_MUCH", limit), case("SUCCESS"), SUCCESS="SUCCESS", TOO_MUCH="TOO_MUCH"),
        ],
        {"SUCCESS": {"n": Ref(3, ("n",))}, "TOO_MUCH": {}, "VIOLATION": {}},
        failure="VIOLATION",
    )
    book = contract(
        "book",
        fields(n=COUNT),
        [
            asks(
                "put",
                "BOOKS",
                "REGISTER",
                {"key": Literal_("k"), "value": Ref(0, ("n",))},
                SUCCESS="SUCCESS",
                ALREADY_EXISTS="SUCCESS",
                CONFLICT="CONFLICT",
            )
        ],
        {"SUCCESS": {}, "CONFLICT": {}},
    )
    nodes = (
        admit("price"),
        node("price", "price", {"n": Ref(0, ("n",))}, ("n",), SUCCESS="book", TOO_MUCH="no", VIOLATION="no"),
        node("book", "book", {"n": Ref(5, ("n",))}, SUCCESS="done", CONFLICT="no"),
        ends("done", result={"n": Ref(5, ("n",))}),
        ends("no", "FAILED", names=("NO",)),
        REJECTED,
    )
    runtime = opened(
        intent(fields(n=COUNT)),
        transform("double", fields(n=COUNT), SUCCESS=fields(n=COUNT)),
        registry("BOOKS", {"type": "integer"}),
        price,
        book,
        graph(*nodes),
        source=SOURCE,
    )
    outcome = runtime.run(WORKFLOW, payload, ADA)
    lines = runtime.trace(outcome.trace_id)
    assert_chained(lines, outcome.trace_id)
    return [
        {name: value for name, value in orjson.loads(line).items() if name not in ("digest", "n", "prev", "run")}
        for line in lines
    ]


def digest(value: Value) -> str:
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def test_the_lines_of_a_run_tell_what_went_in_what_was_decided_and_what_was_written() -> None:
    header, admitted, price, book, end = run_lines({"n": 4})
    assert header["kind"] == "run"
    assert admitted == {"kind": "intent", "node": "admit", "outcome": "ACK", "target": "desk::IN_RUN_V0"}
    assert price == {
        "inputs": digest({"n": 4}),
        "kind": "contract",
        "node": "price",
        "outcome": "SUCCESS",
        "outputs": {"n": 8},
        "steps": [
            {"outcome": "SUCCESS", "outputs": {"n": 8}, "step": "double", "transform": "desk::CT_DOUBLE_V0"},
            {
                "case": 1,
                "operands": [{"held": False, "of": [8, 10], "op": "gt"}],
                "outcome": "SUCCESS",
                "step": "limit",
            },
        ],
        "target": "desk::CC_PRICE_V0",
    }
    address = digest(["desk::ST_BOOKS_V0", "k"])
    assert book["steps"] == [
        {
            "inputs": {"key": "k", "value": 8},
            "operation": "REGISTER",
            "outcome": "SUCCESS",
            "outputs": {"address": address},
            "step": "put",
            "store": "desk::ST_BOOKS_V0",
        }
    ]
    assert end == {
        "effects": {"desk::ST_BOOKS_V0": {"REGISTER": 1}},
        "exit": "COMPLETED",
        "kind": "exit",
        "lines": 5,
        "name": "COMPLETED",
        "node": "done",
        "result": {"n": 8},
    }


def test_the_header_tells_who_asked_what_of_what() -> None:
    header, *_ = run_lines({"n": 4})
    snapshot = header["header"]["snapshot"]  # type: ignore[index, call-overload]
    assert header == {
        "format": "pgs-trace/1",
        "header": {
            "actor": {"id": "ada", "type": "desk::AC_CLERK_V0"},
            "authenticated_by": "local",
            "fingerprint": {"engine": "0", "implementation": "cpython", "python": "3", "unicode": "1"},
            "payload": {"n": 4},
            "payload_digest": digest({"n": 4}),
            "snapshot": snapshot,
            "started": "2026-03-01T09:00:00.000Z",
            "workflow": WORKFLOW,
        },
        "kind": "run",
    }


def test_a_refused_payload_is_told_with_places_and_reasons() -> None:
    *_, refused, end = run_lines({"n": "4", "m": 1})
    assert refused["refused"] == [
        {"at": "/m", "why": "is not declared"},
        {"at": "/n", "why": "is not an integer"},
    ]
    assert (end["exit"], end["effects"], end["lines"]) == ("REJECTED", {}, 3)


def test_an_input_that_does_not_fit_is_told_with_its_place() -> None:
    *_, price, end = run_lines({"n": 2000})
    assert price["refused"] == [{"at": "/n", "why": "is above 1000"}]
    assert (price["outcome"], price["steps"]) == ("VIOLATION", [])
    assert (end["exit"], end["name"]) == ("FAILED", "NO")

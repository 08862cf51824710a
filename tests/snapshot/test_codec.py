"""Every object of the model goes to JSON and comes back the same; nothing else is taken for one."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import is_dataclass

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_snapshot import model
from pgs_snapshot.canonical import canonical
from pgs_snapshot.codec import CodecRefused, decode, encode
from pgs_snapshot.model import (
    Actor,
    All,
    Any_,
    Bounds,
    Compare,
    Contract,
    ContractNode,
    DecideStep,
    Default,
    Edge,
    ExitNode,
    Graph,
    Intent,
    IntentNode,
    Items,
    Literal_,
    Not,
    Query,
    Record,
    Ref,
    Slice,
    Text,
    TransformStep,
    Wildcard,
)
from pgs_snapshot.values import Value, plain
from tests.snapshot.strategies import artifacts, graphs, parts

SHAPES: list[tuple[object, Value]] = [
    (Literal_(None), {"literal": None}),
    (Literal_({"a": [1, 1.5]}), {"literal": {"a": [1, 1.5]}}),
    (Ref(2), {"ref": [2]}),
    (Ref(0, ("name", -1)), {"ref": [0, "name", -1]}),
    (Ref(0, ("name",), optional=True), {"ref": [0, "name"], "optional": True}),
    (Query(1, ("rows", Wildcard(), "id")), {"query": [1, "rows", "*", "id"]}),
    (Query(1, (Slice(None, 5, 2),)), {"query": [1, {"slice": [None, 5, 2]}]}),
    (Default(Ref(0, ("a",)), Literal_(0)), {"default": [{"ref": [0, "a"]}, {"literal": 0}]}),
    (Text((Literal_("a"), Ref(1))), {"text": [{"literal": "a"}, {"ref": [1]}]}),
    (Record({"a": Ref(1)}), {"record": {"a": {"ref": [1]}}}),
    (Items(()), {"items": []}),
    (Compare("eq", (Ref(0), Ref(1))), {"eq": [{"ref": [0]}, {"ref": [1]}]}),
    (Compare("lt", (Ref(0),), instants=True), {"lt": [{"ref": [0]}], "instants": True}),
    (All(()), {"all": []}),
    (Any_((Not(All(())),)), {"any": [{"not": {"all": []}}]}),
    (Edge("done"), {"to": "done"}),
    (Edge("done", {"a": Ref(0)}), {"to": "done", "arguments": {"a": {"ref": [0]}}}),
    (IntentNode("admit", "d::IN_A_V0", {}, "a.yaml:1"),
     {"kind": "intent", "id": "admit", "intent": "d::IN_A_V0", "next": {}, "at": "a.yaml:1"}),
    (DecideStep("pick", (), {"A": None, "B": "DONE"}, "a.yaml:1"),
     {"kind": "decide", "name": "pick", "cases": [], "next": {"A": None, "B": "DONE"}, "at": "a.yaml:1"}),
]  # fmt: skip


@pytest.mark.parametrize(("item", "value"), SHAPES, ids=[type(item).__name__ for item, _ in SHAPES])
def test_each_class_has_its_documented_form(item: object, value: Value) -> None:
    assert encode(item) == value
    assert decode(type(item), value) == item


@given(artifacts | parts)
def test_an_object_comes_back_from_its_canonical_bytes(item: object) -> None:
    data = canonical(encode(item))
    again = decode(type(item), orjson.loads(data))
    assert again == item
    assert canonical(encode(again)) == data


@given(artifacts | parts)
def test_what_encode_gives_is_a_value_of_the_domain(item: object) -> None:
    encoded = encode(item)
    assert plain(encoded, depth=200) == encoded


REPLACEMENTS: list[Value] = [None, True, 0, "", "x", [], {}, {"literal": 1}]


@given(st.data())
def test_whatever_is_decoded_has_no_second_form(data: st.DataObject) -> None:
    item = data.draw(artifacts)
    encoded = encode(item)
    route = data.draw(st.sampled_from(list(_routes(encoded))))
    mutated = _with(encoded, route, data.draw(st.sampled_from(REPLACEMENTS)))
    try:
        again = decode(type(item), mutated)
    except CodecRefused:
        return
    assert canonical(encode(again)) == canonical(mutated)


@given(graphs, st.sampled_from(["workflow", "start", "slots", "nodes", "bounds", "at"]))
def test_a_missing_member_is_named(graph: Graph, name: str) -> None:
    encoded = encode(graph)
    assert isinstance(encoded, dict)
    del encoded[name]
    with pytest.raises(CodecRefused) as refused:
        decode(Graph, encoded)
    assert (refused.value.pointer, refused.value.why) == ("", f"`{name}` is missing")


REFUSALS: list[tuple[type, Value, str, str]] = [
    (Edge, [], "", "is not an object"),
    (Edge, {"to": 1}, "/to", "is not a string"),
    (Edge, {"to": "a", "form": 1}, "/form", "is not known here"),
    (Edge, {"to": "a", "arguments": {}}, "/arguments", "is written out and says nothing"),
    (Edge, {"to": "a", "arguments": {"b": {"ref": [0], "optional": False}}}, "/arguments/b",
     "is not an object with one tag"),
    (Edge, {"to": "a", "arguments": {"b/c": {"ref": [True]}}}, "/arguments/b~1c/ref",
     "does not begin with a slot"),
    (Bounds, {"nodes": True, "steps": 1, "effects": 1}, "/nodes", "is not an integer"),
    (Bounds, {"nodes": 1.5, "steps": 1, "effects": 1}, "/nodes", "is not an integer"),
    (Actor, {"name": "a", "summary": "", "attributes": [], "at": ""}, "/attributes", "is not an object"),
    (Intent, {"name": "a", "summary": "", "payload": {}, "actors": "x"}, "/actors", "is not a list"),
    (Ref, {"ref": []}, "/ref", "does not begin with a slot"),
    (Ref, {"ref": [0, None]}, "/ref/1", "is neither a member nor an index"),
    (Ref, {"literal": 0}, "", "is not a Ref"),
    (Query, {"query": [0, {"slice": [0, 1]}]}, "/query/1/slice", "is not `[start, stop, step]`"),
    (Query, {"query": [0, {"slice": [True, 1, 1]}]}, "/query/1/slice", "is not `[start, stop, step]`"),
    (Query, {"query": [0, {"cut": [0, 1, 1]}]}, "/query/1/cut", "is not known here"),
    (Default, {"default": [{"literal": 1}, {"literal": 2}]}, "/default/0", "is not a Ref"),
    (Default, {"default": [{"ref": [1]}]}, "/default", "is not a reference and what stands in for it"),
    (Text, {"text": [], "optional": True}, "/optional", "is not known here"),
    (Text, {"word": []}, "/word", "is not known here"),
    (Literal_, {}, "", "is not an object with one tag"),
    (Compare, {"eq": [], "instants": False}, "", "is not an object with one tag"),
    (Compare, {"resembles": []}, "/resembles", "is not known here"),
    (All, {"all": [], "instants": True}, "/instants", "is not known here"),
    (Contract, {"name": "a", "summary": "", "inputs": {}, "slots": [], "steps": [{"kind": "exit"}]},
     "/steps/0/kind", "is none of decide, effect, operation, transform"),
    (TransformStep, {"kind": "operation"}, "/kind", "is not `transform`"),
    (ContractNode, {}, "/kind", "is not `contract`"),
    (ExitNode, {"kind": "exit", "id": "done", "exit": "DONE"},
     "/exit", "is none of COMPLETED, DENIED, FAILED, REJECTED"),
    (DecideStep, {"kind": "decide", "name": "a", "cases": [{"outcome": "A", "when": None}]},
     "/cases/0/when", "is written out and says nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "pointer", "why"), REFUSALS)
def test_another_form_is_refused_with_its_place(kind: type, value: Value, pointer: str, why: str) -> None:
    with pytest.raises(CodecRefused) as refused:
        decode(kind, value)
    assert (refused.value.pointer, refused.value.why) == (pointer, why)


def test_every_class_of_the_model_can_be_decoded() -> None:
    covered = {type(item) for item, _ in SHAPES} | {kind for kind, _, _, _ in REFUSALS}
    classes = {item for item in vars(model).values() if isinstance(item, type) and is_dataclass(item)}
    for kind in sorted(classes - covered, key=lambda kind: kind.__name__):
        with pytest.raises(CodecRefused):
            decode(kind, {"no such member": 1})


def _with(value: Value, route: tuple[str | int, ...], replacement: Value) -> Value:
    changed: list[Value] = [copy.deepcopy(value)]
    at: list[Value] | dict[str, Value] = changed
    for step in (0, *route[:-1]):
        at = at[step]  # type: ignore[index, assignment]
    at[route[-1]] = replacement  # type: ignore[index]
    return changed[0]


def _routes(value: Value) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict | list):
        for step in value if isinstance(value, dict) else range(len(value)):
            yield (step,)
            yield from ((step, *rest) for rest in _routes(value[step]))  # type: ignore[index]

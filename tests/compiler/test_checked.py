"""What the compiler makes of a sound program with every kind of node: `tests/durable/buying`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from pgs_compiler.compiler import Compilation, compile_workspace
from pgs_compiler.pictures import draw
from pgs_compiler.schemas.anatomy import items_of, properties_of, required_of
from pgs_snapshot import model
from pgs_snapshot.codec import decode, encode
from pgs_snapshot.drawing.picture import Box, picture_of
from pgs_snapshot.model import Bounds, Graph, Ref, Schema

BUYING = Path(__file__).parents[1] / "durable" / "buying"


@cache
def checked() -> Compilation:
    return compile_workspace(BUYING)


def graph(code: str) -> Graph:
    found = checked().checked
    assert found is not None
    return found.graphs[f"buying::{code}"]


def node(code: str, id: str) -> model.Node:
    return next(found for found in graph(code).nodes if found.id == id)


def test_a_sound_program_compiles_without_a_finding() -> None:
    assert [finding.message for finding in checked().findings] == []
    assert checked().files is not None


@pytest.mark.parametrize("code", ["WF_BUY_ALL_V0", "WF_BUY_TWO_V0", "WF_NOTE_ALL_V0", "WF_BUY_V0"])
def test_a_graph_with_every_kind_of_node_is_encoded_and_decoded(code: str) -> None:
    assert decode(Graph, encode(graph(code))) == graph(code)


# --- points of no return -------------------------------------------------------------------------


def test_waits_external_effects_and_calls_of_what_has_them_are_points_of_no_return() -> None:
    assert graph("WF_BUY_V0").commits == ("decide", "pay")
    assert graph("WF_BUY_TWO_V0").commits == ("first", "second")
    assert graph("WF_BUY_ALL_V0").commits == ("every",)
    assert graph("WF_NOTE_ALL_V0").commits == ()


def test_an_undo_sees_what_its_node_gave() -> None:
    first = node("WF_BUY_TWO_V0", "first")
    assert isinstance(first, model.CallNode)
    assert first.undo is not None
    slot = graph("WF_BUY_TWO_V0").slots.index("results.first")
    assert first.undo.inputs == {"receipt": Ref(slot, ("receipt",))}


# --- bounds --------------------------------------------------------------------------------------


def test_bounds_add_through_calls_and_multiply_through_loops() -> None:
    note = Bounds(nodes=3, steps=1, effects=1)
    # admit, decide, note with its undo, pay, done
    buy = Bounds(nodes=6, steps=3, effects=3)
    assert graph("WF_NOTE_V0").bounds == note
    assert graph("WF_BUY_V0").bounds == buy
    assert graph("WF_NOTE_ALL_V0").bounds == Bounds(3 + 10 * note.nodes, 10 * note.steps, 10 * note.effects)
    assert graph("WF_BUY_ALL_V0").bounds == Bounds(3 + 50 * buy.nodes, 50 * buy.steps, 50 * buy.effects)
    # two calls, and the undo of the first
    assert graph("WF_BUY_TWO_V0").bounds == Bounds(4 + 2 * buy.nodes + 1, 2 * buy.steps + 1, 2 * buy.effects + 1)


# --- calls and loops -----------------------------------------------------------------------------


def test_a_callee_fills_in_the_defaults_of_its_own_payload() -> None:
    every = node("WF_BUY_ALL_V0", "every")
    assert isinstance(every, model.EachNode)
    slots = graph("WF_BUY_ALL_V0").slots
    assert every.inputs == {"title": Ref(slots.index("item"), ("title",)), "price": Ref(slots.index("index"))}
    assert every.call.of == {"BOOK": "buying::WF_BUY_V0", "MAP": "buying::WF_NOTE_V0"}
    assert every.call.workflows == ("buying::WF_BUY_V0", "buying::WF_NOTE_V0")
    assert every.stop == ("DECLINED",)


def test_under_success_every_item_has_what_completed_exits_give() -> None:
    result = _result("WF_NOTE_ALL_V0", "done")
    notes = properties_of(result)["notes"]
    assert items_of(notes) == {"const": "noted"}
    assert (notes["minItems"], notes["maxItems"]) == (1, 10)


def test_behind_some_failed_an_item_may_have_ended_at_any_exit_that_goes_on() -> None:
    exits = items_of(properties_of(_result("WF_BUY_ALL_V0", "some"))["exits"])
    assert exits == {"enum": ["COMPLETED", "REFUSED", "REJECTED", "DECLINED"]}


def test_a_list_that_was_too_long_is_counted() -> None:
    assert properties_of(_result("WF_BUY_ALL_V0", "too_many"))["count"] == {"type": "integer", "minimum": 51}


def test_what_not_every_outcome_of_an_effect_gives_has_a_stand_in() -> None:
    assert required_of(_result("WF_BUY_V0", "done")) == {"receipt"}


def _result(code: str, id: str) -> Schema:
    found = node(code, id)
    assert isinstance(found, model.ExitNode)
    return found.result_schema


def test_pictures_say_what_is_called_and_waited_for_and_where_everything_before_is_committed() -> None:
    told = {(box.id, box.kind): box.detail for code in ("WF_BUY_ALL_V0", "WF_BUY_V0") for box in _boxes(code)}
    assert told["every", "each"] == "WF_BUY_V0 or WF_NOTE_V0, up to 50 times ◆ commits"
    assert told["decide", "wait"] == "AGREED or REFUSED ◆ commits"
    assert told["note", "contract"] == "CC_NOTE_V0"
    assert told["pay", "contract"] == "CC_PAY_V0 ◆ commits"
    assert [(box.id, box.kind) for box in _boxes("WF_BUY_TWO_V0")][1] == ("first", "call")


@pytest.mark.parametrize("format_", ["dot", "mermaid", "svg", "png"])
def test_every_kind_of_node_is_drawn_in_every_format(format_: str) -> None:
    for code in ("WF_BUY_ALL_V0", "WF_BUY_TWO_V0", "WF_BUY_V0"):
        assert draw(picture_of(graph(code)), format_)


def _boxes(code: str) -> tuple[Box, ...]:
    return picture_of(graph(code)).boxes

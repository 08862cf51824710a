"""What a picture shows of a graph and of a run's way through it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pgs_snapshot.drawing import dot, mermaid, svg
from pgs_snapshot.drawing.kinds import STANDS, Standing
from pgs_snapshot.drawing.picture import Arrow, Box, Picture, WayNotInGraph, picture_of
from tests.snapshot.drawing.graphs import (
    IN_CONFLICT,
    REGISTER_ACTOR,
    SEEN_AGAIN,
    contract,
    ending,
    graph,
    intent,
)


def arrow(picture: Picture, source: str, target: str) -> Arrow:
    (found,) = (arrow for arrow in picture.arrows if (arrow.source, arrow.target) == (source, target))
    return found


def test_outcomes_that_lead_to_one_node_are_one_arrow() -> None:
    merged = arrow(picture_of(REGISTER_ACTOR), "register", "record")
    assert merged.outcomes == ("ALREADY_EXISTS", "SUCCESS")


def test_names_stand_without_the_domain_of_the_workflow_and_with_any_other() -> None:
    details = {box.id: box.detail for box in picture_of(REGISTER_ACTOR).boxes}
    assert details["register"] == "CC_REGISTER_ACTOR_V0"
    assert details["name_actor"] == "core::CC_GENERATE_ACTOR_ID_V0"


def test_an_exit_says_its_kind_and_the_names_that_it_can_have() -> None:
    ends = graph(
        "demo::WF_X_V0",
        intent("admit", "demo::IN_X_V0", {"ACK": "many", "NACK": "rejected"}),
        ending("many", "DENIED", "A", "B", "C", "D", "E"),
        ending("rejected", "REJECTED"),
    )
    assert [box.detail for box in picture_of(ends).boxes] == [
        "IN_X_V0",
        "DENIED: A, B, C, 2 more",
        "REJECTED",
    ]


def test_without_a_run_nothing_is_visited() -> None:
    picture = picture_of(REGISTER_ACTOR)
    assert not picture.shows_run
    assert picture.status == ""
    assert not any(arrow.taken for arrow in picture.arrows)


def test_a_run_numbers_its_nodes_and_marks_the_outcomes_taken() -> None:
    picture = picture_of(REGISTER_ACTOR, SEEN_AGAIN, run="0f3c")
    steps = {box.id: box.step for box in picture.boxes if box.visited}
    assert steps == {"admit": 1, "name_actor": 2, "register": 3, "record": 4, "done": 5}
    assert arrow(picture, "register", "record").taken == "ALREADY_EXISTS"
    assert arrow(picture, "register", "conflict").taken == ""
    assert picture.status == "COMPLETED at done · run 0f3c"


def test_the_status_names_the_reason_of_an_exit() -> None:
    assert picture_of(REGISTER_ACTOR, IN_CONFLICT).status == "DENIED at conflict, IDENTITY_CONFLICT"


def test_a_way_that_stops_before_its_exit_visits_the_node_it_leads_to() -> None:
    assert picture_of(REGISTER_ACTOR, SEEN_AGAIN[:4]).status == "COMPLETED at done"


def test_a_way_that_stops_within_a_node_says_how_far_it_came() -> None:
    picture = picture_of(REGISTER_ACTOR, [*SEEN_AGAIN[:2], ("register", "")])
    assert picture.status == "Came as far as register"
    assert [box.id for box in picture.boxes if box.visited] == ["admit", "name_actor", "register"]


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ([("elsewhere", "ACK")], "The run went on at `elsewhere`, where the graph leads to `admit`."),
        ([("admit", "ACK"), ("record", "SUCCESS")], "at `record`, where the graph leads to `name_actor`."),
        ([("admit", "MAYBE")], "`admit` ended as `MAYBE`, which the graph does not have there."),
        ([("admit", "NACK"), ("rejected", "DENIED")], "`rejected` ended as `DENIED`, which"),
        ([*SEEN_AGAIN, ("admit", "ACK")], "The run went on at `admit`, where the graph ends."),
        ([("admit", ""), ("name_actor", "SUCCESS")], "at `name_actor`, where the graph ends."),
    ],
)
def test_a_way_of_another_graph_is_refused(way: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(WayNotInGraph, match=message):
        picture_of(REGISTER_ACTOR, way)


def test_the_longest_way_to_completion_is_main() -> None:
    main = [(arrow.source, arrow.target) for arrow in picture_of(REGISTER_ACTOR).arrows if arrow.main]
    nodes = ["admit", "name_actor", "register", "record", "done"]
    assert main == list(pairwise(nodes))


def test_where_two_ways_are_equally_long_neither_is_main() -> None:
    diamond = graph(
        "demo::WF_X_V0",
        intent("admit", "demo::IN_X_V0", {"ACK": "choose", "NACK": "rejected"}),
        contract("choose", "demo::CC_X_V0", {"LEFT": "left", "RIGHT": "right"}),
        contract("left", "demo::CC_X_V0", {"SUCCESS": "join"}),
        contract("right", "demo::CC_X_V0", {"SUCCESS": "join"}),
        contract("join", "demo::CC_X_V0", {"SUCCESS": "done"}),
        ending("done", "COMPLETED"),
        ending("rejected", "REJECTED"),
    )
    main = [(arrow.source, arrow.target) for arrow in picture_of(diamond).arrows if arrow.main]
    assert main == [("admit", "choose"), ("join", "done")]


def test_a_graph_that_never_completes_has_no_main_way() -> None:
    closed = graph(
        "demo::WF_X_V0",
        intent("admit", "demo::IN_X_V0", {"ACK": "denied", "NACK": "rejected"}),
        ending("denied", "DENIED"),
        ending("rejected", "REJECTED"),
    )
    assert not any(arrow.main for arrow in picture_of(closed).arrows)


# --- runs that go on, and that take back ---------------------------------------------------------


def test_the_node_that_a_run_has_not_left_is_marked_and_the_status_says_how_the_run_stands() -> None:
    picture = picture_of(REGISTER_ACTOR, [*SEEN_AGAIN[:2], ("register", "")], "0f3c", (), "WAITING")
    assert picture.status == "WAITING at register · run 0f3c"
    assert {box.id: box.stands for box in picture.boxes if box.stands} == {"register": "last"}


def test_nodes_that_were_taken_back_are_marked_where_the_run_passed_them() -> None:
    picture = picture_of(REGISTER_ACTOR, IN_CONFLICT, taken_back={"name_actor", "record", "elsewhere"})
    assert {box.id: box.stands for box in picture.boxes if box.stands} == {"name_actor": "undone"}
    assert picture.status == "DENIED at conflict, IDENTITY_CONFLICT"


def test_a_run_that_goes_on_behind_the_node_that_leads_to_an_exit_is_not_told_as_ended() -> None:
    assert picture_of(REGISTER_ACTOR, SEEN_AGAIN[:4], state="IN_DOUBT").status == "IN_DOUBT before done"


@pytest.mark.parametrize(("stands", "words"), [("last", "as far as it came"), ("undone", "taken back")])
def test_a_mark_of_a_run_stands_in_the_legend_and_in_text_as_a_sign(stands: Standing, words: str) -> None:
    picture = Picture("t", "", (Box("a", "a", "A", "contract", 1, stands),), ())
    assert words in svg.draw(picture)
    assert STANDS[stands].sign in dot.draw(picture)
    assert STANDS[stands].sign in mermaid.draw(picture)
    assert words not in svg.draw(Picture("t", "", (Box("a", "a", "A", "contract", 1),), ()))

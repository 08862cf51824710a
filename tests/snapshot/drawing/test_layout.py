"""The geometry of layouts, on random acyclic graphs and on graphs at the limit."""

from __future__ import annotations

import random
from graphlib import CycleError
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_snapshot.drawing.layers import MAX_BOXES, Link, Size
from pgs_snapshot.drawing.layout import Layout, Point, Rect, lay_out
from pgs_snapshot.drawing.picture import TooLarge

Given = tuple[list[Size], list[Link]]

box_sizes = st.builds(Size, st.integers(30, 150).map(lambda half: 2 * half), st.sampled_from([40, 56, 92]))
label_sizes = st.builds(Size, st.integers(10, 100).map(lambda half: 2 * half), st.sampled_from([22, 40, 112]))


@st.composite
def givens(draw: st.DrawFn) -> Given:
    boxes = draw(st.lists(box_sizes, min_size=1, max_size=14))
    ends = st.integers(0, len(boxes) - 1)
    pairs = draw(st.lists(st.tuples(ends, ends), max_size=30, unique_by=lambda pair: tuple(sorted(pair))))
    # The order of the boxes is no order of the graph: the links go along another one.
    rank = draw(st.permutations(range(len(boxes))))
    downwards = [sorted(pair, key=rank.__getitem__) for pair in pairs if pair[0] != pair[1]]
    links = [Link(upper, lower, draw(label_sizes), draw(st.booleans())) for upper, lower in downwards]
    return boxes, links


def at_random(boxes: int, links: int) -> Given:
    numbers = random.Random(7)  # noqa: S311
    pairs = sorted({tuple(sorted(numbers.sample(range(boxes), 2))) for _ in range(links)})
    # Mostly to the neighbourhood, as in workflows; from every tenth, anywhere.
    near = [(low, high if low % 10 == 0 else min(high, low + 1 + high % 5)) for low, high in pairs]
    return [Size(200, 56)] * boxes, [Link(low, high, Size(80, 22)) for low, high in sorted(set(near))]


def overlap(one: Rect, other: Rect) -> bool:
    beside = one.right <= other.left or other.right <= one.left
    return not beside and not (one.bottom <= other.top or other.bottom <= one.top)


def passes(route: tuple[Point, ...], rect: Rect) -> bool:
    """Whether a route goes through a rectangle, were it to fill those between its points."""
    if route[-1].y <= rect.top or rect.bottom <= route[0].y:
        return False
    return any(overlap(Rect(min(a.x, b.x), a.y, abs(a.x - b.x) + 1, b.y - a.y), rect) for a, b in pairwise(route))


def assert_lawful(given: Given, layout: Layout) -> None:
    boxes, links = given
    assert [(rect.width, rect.height) for rect in layout.boxes] == [(size.width, size.height) for size in boxes]
    assert [(rect.width, rect.height) for rect in layout.labels] == [
        (link.label.width, link.label.height) for link in links
    ]
    for one, other in combinations([*layout.boxes, *layout.labels], 2):
        assert not overlap(one, other)
    for rect in (*layout.boxes, *layout.labels):
        assert rect.left >= 0
        assert rect.top >= 0
        assert rect.right <= layout.width
        assert rect.bottom <= layout.height
    for index, (link, route) in enumerate(zip(links, layout.routes, strict=True)):
        source, target = layout.boxes[link.source], layout.boxes[link.target]
        assert source.left < route[0].x < source.right
        assert route[0].y == source.bottom
        assert target.left < route[-1].x < target.right
        assert route[-1].y == target.top
        assert all(above.y <= below.y for above, below in pairwise(route))
        assert passes(route, layout.labels[index])
        assert not any(passes(route, rect) for rect in layout.boxes)
        assert not any(passes(route, rect) for other, rect in enumerate(layout.labels) if other != index)


@given(given=givens())
def test_boxes_and_labels_have_room_of_their_own_and_arrows_join_borders_downwards(given: Given) -> None:
    assert_lawful(given, lay_out(*given))


@given(given=givens())
def test_the_same_sizes_give_the_same_layout(given: Given) -> None:
    assert lay_out(*given) == lay_out(*given)


def test_a_main_way_is_drawn_in_one_straight_line() -> None:
    main = [Link(index, index + 1, Size(60, 22), main=True) for index in range(3)]
    aside = [Link(index, index + 4, Size(90, 22)) for index in range(3)]
    layout = lay_out([Size(120, 56)] * 7, [*aside, *main])
    assert len({point.x for route in layout.routes[3:] for point in route}) == 1


def test_two_ways_of_one_length_stand_on_both_sides_of_where_they_part_and_meet() -> None:
    links = [
        Link(0, 1, Size(60, 22)),
        Link(0, 2, Size(60, 22)),
        Link(1, 3, Size(60, 22)),
        Link(2, 3, Size(60, 22)),
    ]
    top, left, right, bottom = (rect.left + 60 for rect in lay_out([Size(120, 56)] * 4, links).boxes)
    assert abs(left + right - 2 * top) <= 2
    assert abs(top - bottom) <= 1


def test_arrows_to_one_box_join_on_the_way() -> None:
    chain = [Link(index, index + 1, Size(60, 22), main=True) for index in range(5)]
    failing = [Link(index, 6, Size(60, 22)) for index in range(4)]
    layout = lay_out([Size(120, 56)] * 7, [*chain, *failing, Link(5, 6, Size(60, 22))])
    assert len({route[-1] for route in layout.routes[5:9]}) == 1


def test_a_layout_of_as_many_boxes_as_are_drawn_is_lawful() -> None:
    given = at_random(MAX_BOXES, 400)
    assert_lawful(given, lay_out(*given))


@pytest.mark.parametrize(("boxes", "links"), [(MAX_BOXES + 1, 0), (1000, 4000)])
def test_more_boxes_than_can_be_read_are_refused(boxes: int, links: int) -> None:
    with pytest.raises(TooLarge, match=f"would have {boxes} nodes; 300 is the most"):
        lay_out(*at_random(boxes, links))


def test_more_arrows_than_can_be_read_are_refused() -> None:
    every = [Link(low, high, Size(60, 22)) for low, high in combinations(range(60), 2)]
    with pytest.raises(TooLarge, match="would have 1770 arrows; 1200 is the most"):
        lay_out([Size(120, 56)] * 60, every)


def test_more_bends_than_a_layout_takes_are_refused() -> None:
    chain = [Link(index, index + 1, Size(60, 22)) for index in range(149)]
    far = [Link(index, 299 - index, Size(60, 22)) for index in range(149)]
    joined = [
        Link(149, 150, Size(60, 22)),
        *(Link(index, index + 1, Size(60, 22)) for index in range(150, 299)),
    ]
    with pytest.raises(TooLarge, match="bends of arrows"):
        lay_out([Size(120, 56)] * 300, [*chain, *joined, *far])


def test_a_cycle_is_refused() -> None:
    with pytest.raises(CycleError):
        lay_out([Size(120, 56)] * 2, [Link(0, 1, Size(60, 22)), Link(1, 0, Size(60, 22))])

"""Paths through schemas: what is there, what may be absent, what leads nowhere."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pgs_compiler.schemas.follow import Followed, follow
from pgs_compiler.schemas.paths import Path, Step, parse_path
from pgs_snapshot.defaults import filler
from pgs_snapshot.model import Schema, Slice, Wildcard
from pgs_snapshot.values import Value
from tests.compiler.schemas.strategies import instances, schemas
from tests.compiler.schemas.test_paths import selected
from tests.compiler.schemas.trees import schema_of

ORDER = """
type: object
labels: [internal]
required: [amount, lines, address]
properties:
  amount: {type: integer}
  note: {type: string}
  currency: {type: string, default: EUR}
  address: {type: object, labels: [pii], properties: {zip: {type: string, labels: [place]}}}
  lines:
    type: array
    minItems: 2
    maxItems: 9
    items:
      properties: {sku: {type: string}, count: {type: integer}, tags: {items: {type: string}}}
      required: [sku, tags]
  totals: {additionalProperties: {type: number}}
  anything: {}
  maybe: {type: [object, "null"], properties: {inside: {type: string}}, required: [inside]}
  kind: {enum: [{a: 1}, A]}
"""


def walk(path: str, schema: str = ORDER) -> Followed:
    found = parse_path(f"${path}")
    assert isinstance(found, Path)
    return follow(schema_of(schema), (found.root, *found.steps) if found.root else found.steps)


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        (".amount", {"type": "integer"}),
        (".currency", {"type": "string"}),
        (".lines[1].sku", {"type": "string"}),
        (".lines[-2].sku", {"type": "string"}),
        (".lines[*].sku", {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 9}),
        (".lines[1:].sku", {"type": "array", "items": {"type": "string"}, "maxItems": 9}),
        (".lines[*].tags[*]", {"type": "array", "items": {"type": "string"}}),
    ],
)
def test_a_path_yields_the_schema_that_is_there(path: str, schema: Schema) -> None:
    found = walk(path)
    assert (found.schema, found.absent, found.certain, found.problem) == (schema, "", True, "")


@pytest.mark.parametrize(
    ("path", "absent", "reached"),
    [
        (".note", "`note` is optional", 0),
        (".address.zip", "`zip` is optional", 1),
        (".totals.north", "`totals` is optional", 0),
        (".lines[2].sku", "nothing says that the list has `[2]`: that takes `minItems: 3`", 1),
        (".lines[-3].sku", "nothing says that the list has `[-3]`: that takes `minItems: 3`", 1),
        (".lines[0].count", "`count` is optional", 2),
    ],
)
def test_what_may_be_absent_is_told_for_the_first_step_that_may_be(path: str, absent: str, reached: int) -> None:
    found = walk(path)
    assert (found.absent, found.reached, found.problem) == (absent, reached, "")


def test_a_member_of_a_map_may_be_absent() -> None:
    found = walk(".north", "{additionalProperties: {type: number}}")
    assert (found.schema, found.absent) == ({"type": "number"}, "nothing says that `north` is there")


def test_an_optional_list_makes_the_whole_selection_optional() -> None:
    found = walk(".a[*]", "{properties: {a: {items: {type: string}}}}")
    assert found.schema == {"type": "array", "items": {"type": "string"}}
    assert found.absent == "`a` is optional"


@pytest.mark.parametrize(
    ("path", "problem", "suggestion", "reached"),
    [
        (
            ".amuont",
            "`amuont` is not declared, only `amount`, `note`, `currency`, `address`, `lines`, `totals`,"
            " `anything`, `maybe`, `kind`",
            "amount",
            0,
        ),
        (".address.street", "`street` is not declared, only `zip`", None, 1),
        (".amount.cents", "`cents` is asked of an integer, which has no members", None, 1),
        (".amount[0]", "an item is asked of an integer, which has no items", None, 1),
        (".lines.sku", "`sku` is asked of a list, which has no members", None, 1),
        (".totals[*]", "an item is asked of an object, which has no items", None, 1),
        (".lines[9]", "`[9]` is never there, for the list has at most 9 items", None, 1),
        (".lines[*].count", "`count` is optional, in an item of a list", None, 2),
        (
            ".lines[*].tags[0]",
            "nothing says that the list has `[0]`: that takes `minItems: 1`, in an item of a list",
            None,
            3,
        ),
        (".kind.a", "a path does not lead into the members of an enumeration", None, 1),
    ],
)
def test_a_path_that_leads_nowhere_says_why(path: str, problem: str, suggestion: str | None, reached: int) -> None:
    found = walk(path)
    assert (found.problem, found.suggestion) == (problem, suggestion)
    assert found.schema == {}


def test_a_name_of_an_empty_object_is_not_there() -> None:
    assert walk(".a", "{properties: {}}").problem == "`a` is asked of an empty object"


@pytest.mark.parametrize("path", [".anything.a[0].b", ".anything[*].a", ".maybe.inside"])
def test_out_of_a_value_of_any_type_a_path_is_not_certain(path: str) -> None:
    found = walk(path)
    assert (found.certain, found.problem) == (False, "")


def test_labels_gather_on_the_way() -> None:
    assert walk(".address.zip").labels == ("internal", "pii", "place")
    assert walk(".amount").labels == ("internal",)


_steps: st.SearchStrategy[Step] = st.one_of(
    st.sampled_from("abcx"),
    st.integers(-2, 2),
    st.just(Wildcard()),
    st.builds(Slice, st.none() | st.integers(-1, 1)),
)


@given(st.data(), schemas(), st.lists(_steps, min_size=1, max_size=3).map(tuple))
def test_what_a_path_selects_is_valid_for_what_it_yields(
    data: st.DataObject, schema: Schema, steps: tuple[Step, ...]
) -> None:
    value = data.draw(instances(schema))
    fill = filler(schema)
    value = fill(value) if fill else value
    found, nodes = follow(schema, steps), selected(value, steps)
    if not Draft202012Validator(dict(schema)).is_valid(value) or found.problem:
        return
    singular = all(isinstance(step, str | int) for step in steps)
    if singular:
        assert len(nodes) == 1 or found.absent or not found.certain
    if found.certain and (nodes or not singular) and not (found.absent and not nodes):
        selection = nodes[0] if singular else cast(Value, nodes)
        assert Draft202012Validator(dict(found.schema)).is_valid(selection)

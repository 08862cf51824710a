"""`fit` and `join` against jsonschema as the oracle, on generated schemas and values."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pgs_compiler.schemas.anatomy import labels_of
from pgs_compiler.schemas.fit import Verdict, fit
from pgs_compiler.schemas.join import join
from pgs_snapshot.defaults import filler
from pgs_snapshot.model import Schema
from pgs_snapshot.values import Value
from tests.compiler.schemas.strategies import instances, relatives, schemas


def _valid(value: Value, schema: Schema) -> bool:
    return Draft202012Validator(dict(schema)).is_valid(value)


def _filled(value: Value, schema: Schema) -> Value:
    fill = filler(schema)
    return fill(value) if fill else value


@st.composite
def _pairs(draw: st.DrawFn) -> tuple[Schema, Schema, Value]:
    """Two schemas, mostly alike, and a filled value of the first."""
    source = draw(schemas())
    target = draw(relatives(source))
    if draw(st.booleans()) and _has_values(target):
        source, target = target, source
    return source, target, _filled(draw(instances(source)), source)


def _has_values(schema: Schema) -> bool:
    """Whether `instances` can make values: a dropped keyword may have left it without a type."""
    keywords = schema.keys() - {"labels", "default"}
    return not keywords or bool(keywords & {"type", "enum", "const"})


@given(_pairs())
@settings(max_examples=300)
def test_what_fits_is_valid_and_what_cannot_fit_is_not(pair: tuple[Schema, Schema, Value]) -> None:
    source, target, value = pair
    if not _valid(value, source):  # an enumeration beside other keywords
        return
    verdict = fit(source, target).verdict
    if verdict is Verdict.FITS:
        assert _valid(value, target)
    elif verdict is Verdict.CANNOT_FIT:
        assert not _valid(value, target)


@given(schemas())
def test_a_schema_fits_itself(schema: Schema) -> None:
    assert fit(schema, schema).verdict is Verdict.FITS


@given(schemas())
def test_everything_fits_the_schema_of_any_value(schema: Schema) -> None:
    assert fit(schema, {}).verdict is Verdict.FITS
    assert fit({}, schema).verdict is not Verdict.CANNOT_FIT


@given(st.data(), schemas())
def test_defaults_are_valid_to_leave_out_and_valid_filled_in(data: st.DataObject, schema: Schema) -> None:
    value = data.draw(instances(schema))
    assert _valid(value, schema)
    assert _valid(_filled(value, schema), schema)


@given(schemas(), schemas())
def test_both_sides_fit_their_join(left: Schema, right: Schema) -> None:
    joined = join(left, right)
    assert fit(left, joined).verdict is Verdict.FITS, joined
    assert fit(right, joined).verdict is Verdict.FITS, joined
    assert labels_of(joined) == labels_of(left) | labels_of(right)


@given(st.data(), schemas(), schemas())
def test_a_value_of_one_side_is_a_value_of_the_join(data: st.DataObject, left: Schema, right: Schema) -> None:
    value = _filled(data.draw(instances(left)), left)
    joined = join(left, right)
    Draft202012Validator.check_schema(dict(joined))
    assert _valid(value, joined)

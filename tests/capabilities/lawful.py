"""Inputs of any transform of `core`, made from what it declares, and whether its answer is one that it declares."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import cast

from hypothesis import strategies as st

from pgs_compiler.compiler import compile_program
from pgs_compiler.declarations import Transform
from pgs_compiler.project import Project
from pgs_compiler.schemas.generic import substitute
from pgs_compiler.source import SourceFile
from pgs_snapshot.model import Schema
from pgs_snapshot.validation import validator
from pgs_snapshot.values import Outcome, Value, plain
from tests.capabilities.test_declarations import FOLDER, TRANSFORMS

Record = dict[str, Value]
Values = st.SearchStrategy[Value]

MOST = 2**53 - 1
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(letters, max_size=6) | st.sampled_from(["", "a", "name", "{a}", "{{", "0x61", "é", "\U0001f600", "10"])
integers = st.integers(-MOST, MOST) | st.integers(-3, 3) | st.sampled_from([MOST, -MOST])
numbers = integers | st.floats(-1e9, 1e9).filter(lambda number: not number.is_integer())
scalars: Values = st.none() | st.booleans() | numbers | texts
names = st.sampled_from(["a", "b", "from", "to", "amount", "id"])
anything: Values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8
)
digits = st.text("0123456789", max_size=9)


@st.composite
def decimals(draw: st.DrawFn) -> str:
    """A text of the format `decimal`: up to 40 characters, at any scale."""
    whole = str(draw(st.integers(0, 10 ** draw(st.integers(0, 18)))))
    fraction = draw(st.text("0123456789", max_size=18))
    sign = "-" if draw(st.booleans()) and (int(whole) or fraction.strip("0")) else ""
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


@st.composite
def times(draw: st.DrawFn) -> str:
    """A text of the format `date-time`, of any offset, with up to nine digits of a second."""
    day = draw(st.dates() | st.sampled_from([date.min, date.max, date(2028, 2, 29), date(1900, 2, 28)]))
    clock = str(timedelta(seconds=draw(st.integers(0, 86_399)))).zfill(8)
    fraction = draw(st.just("") | st.text("0123456789", min_size=1, max_size=9).map(lambda part: f".{part}"))
    offsets = st.tuples(st.sampled_from("+-"), st.integers(0, 23), st.integers(0, 59))
    offset = draw(st.just("Z") | offsets.map(lambda part: f"{part[0]}{part[1]:02}:{part[2]:02}"))
    return f"{day.isoformat()}T{clock}{fraction}{offset}"


FORMATS: dict[str, st.SearchStrategy[str]] = {
    "decimal": decimals(),
    "date": st.dates().map(date.isoformat),
    "date-time": times(),
}


def inputs_of(name: str) -> st.SearchStrategy[Record]:
    """Inputs that a transform declares to take, with all that has a default, and of what is optional some."""
    return _fields(cast(Record, TRANSFORMS[name]["inputs"]), ())


def fits(name: str, outcome: Outcome) -> bool:
    """Whether an answer of a transform is one of those that it declares, and a value of the domain."""
    schemas = _outcomes(name)
    return outcome.name in schemas and validator(schemas[outcome.name]).is_valid(plain(outcome.outputs))


@cache
def _outcomes(name: str) -> dict[str, Schema]:
    files = [SourceFile(f"<core>/{path.name}", path.read_bytes()) for path in sorted(FOLDER.glob("*.yaml"))]
    compilation = compile_program(Project(), FOLDER, files)
    assert compilation.checked is not None, compilation.findings
    program = compilation.checked.program
    declared = next(found for found in program.of(Transform) if found.header.name == name)
    return {outcome.name.text: substitute(program.fields(outcome.outputs), {}) for outcome in declared.outcomes}


def _fields(fields: Record, needed: tuple[str, ...]) -> st.SearchStrategy[Record]:
    parts = {name: _values(cast(Record, schema)) for name, schema in fields.items()}
    optional = [name for name, schema in fields.items() if cast(Record, schema).get("optional") and name not in needed]
    always = {name: part for name, part in parts.items() if name not in optional}
    return st.fixed_dictionaries(always, optional={name: parts[name] for name in optional})


def _values(schema: Record) -> Values:
    if "enum" in schema:
        return st.sampled_from(cast(list[Value], schema["enum"]))
    if "$ref" in schema:
        return st.fixed_dictionaries({}, optional={"type": st.sampled_from(["string", "integer"]), "minimum": numbers})
    if "type" not in schema:
        return anything
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([_of(str(kind), schema) for kind in kinds])


def _of(kind: str, schema: Record) -> Values:
    match kind:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer" | "number":
            least, most = int(str(schema.get("minimum", -MOST))), int(str(schema.get("maximum", MOST)))
            near = st.integers(max(least, -5), min(most, 5))
            return near | st.integers(least, most) | st.sampled_from([least, most])
        case "string" if "format" in schema:
            return FORMATS[str(schema["format"])]
        case "string":
            return texts.map(lambda text: text.ljust(int(str(schema.get("minLength", 0))), "-"))
        case "array":
            return st.lists(
                _values(cast(Record, schema.get("items", {}))), min_size=int(str(schema.get("minItems", 0))), max_size=4
            )
    if "properties" in schema:
        needed = tuple(cast(list[str], schema.get("required", [])))
        members = {name: _values(part) for name, part in cast(dict[str, Record], schema["properties"]).items()}
        return st.fixed_dictionaries(
            {name: members[name] for name in needed},
            optional={name: part for name, part in members.items() if name not in needed},
        )
    return st.dictionaries(names, _values(cast(Record, schema.get("additionalProperties", {}))), max_size=4)

"""`schema gen`: the schema of a context from dataclasses, and dataclasses from a schema."""

from __future__ import annotations

import ast
import keyword
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from pgs_compiler.__main__ import cli
from pgs_compiler.contexts.annotations import ANNOTATION_OF, SAME
from pgs_compiler.contexts.reading import NoContext, schema_of
from pgs_compiler.contexts.writing import as_python, as_yaml
from pgs_process import ContextSchema, FieldSpec, load_schema
from tests.architecture.tree import ROOT

CONTEXT = """
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar, Literal, Optional, Union

LIMIT = 7

@dataclass
class ShopGlobalContext:
    currency: str = "EUR"
    rates: dict[str, float] = field(default_factory=lambda: {"USD": 1.5})

@dataclass
class Base:
    orders: list = field(default_factory=list)

@dataclass
class ShopDomainContext(Base):
    count: int = 0
    limit: int = LIMIT
    maybe: Optional[int] = None
    text: "str | None" = None
    nothing: int = None
    price: Decimal = Decimal("1.5")
    either: Union[int, float] = 1
    mixed: int | str = 1
    kind: Literal["a", "b"] = "a"
    tags: frozenset[str] = frozenset()
    owner: Base = field(default_factory=Base)
    sig_go: bool = False
    heavy_table: object = None
    seen: ClassVar[int] = 0
    _hidden: int = 0

    def total(self) -> int:
        return self.count
"""


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


def from_yaml(text: str) -> ContextSchema:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "schema.yaml"
        file.write_text(text, encoding="utf-8")
        return load_schema(file)


def from_python(text: str) -> ContextSchema:
    return schema_of(ast.parse(text))


def test_tb141_the_schema_of_a_context_has_the_types_of_its_classes(tmp_path: Path) -> None:
    (tmp_path / "context.py").write_text(CONTEXT, encoding="utf-8")
    assert run("schema", "gen", "--context-file", tmp_path / "context.py").stdout == (
        "context:\n"
        "  global:\n"
        "    # data: stored, guarded, read as inputs\n"
        '    currency: {type: string, default: "EUR"}\n'
        '    rates: {type: dict, default: {"USD": 1.5}}\n'
        "  domain:\n"
        "    # data: stored, guarded, read as inputs\n"
        "    orders: {type: list, default: []}\n"
        "    count: {type: integer, default: 0}\n"
        "    limit: {type: integer}\n"
        "    maybe: {type: integer, required: false}\n"
        "    text: {type: string, required: false}\n"
        "    nothing: {type: integer, required: false}\n"
        "    price: {type: number}\n"
        "    either: {type: number, default: 1}\n"
        "    mixed: {type: any, default: 1}\n"
        '    kind: {type: string, default: "a"}\n'
        "    tags: {type: set}\n"
        "    owner: {type: any}\n"
        "    # signals: delivered once, read only where a contract lists them\n"
        "    sig_go: {type: boolean, default: false}\n"
        "    # heavy: by reference, outside of the transaction\n"
        "    heavy_table: {type: any, required: false}\n"
    )


def test_tb141_a_source_is_found_where_predecessors_have_it_and_a_file_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "context.py").write_text(CONTEXT, encoding="utf-8")
    assert run("schema", "gen", "--out", "specs/context_schema.yaml").exit_code == 0
    written = (tmp_path / "specs" / "context_schema.yaml").read_bytes()
    assert load_schema("specs/context_schema.yaml").domain_fields["maybe"] == FieldSpec("maybe", "integer", False)
    again = run("schema", "gen", "--out", "specs/context_schema.yaml")
    assert (again.exit_code, (tmp_path / "specs" / "context_schema.yaml").read_bytes()) == (2, written)


# --- there and back ------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
PLAIN = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
OF_TYPE: dict[str, st.SearchStrategy[object]] = {
    "integer": st.integers(),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "number": st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    "string": TEXTS,
    "boolean": st.booleans(),
    "list": st.lists(PLAIN, max_size=3),
    "dict": st.dictionaries(TEXTS, PLAIN, max_size=3),
    "set": st.none(),
    "null": st.none(),
    "any": PLAIN,
}
NAMES = st.from_regex(r"(sig_|cmd_|meta_|heavy_)?[a-z][a-z0-9_]{0,6}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name) and name != "field"
)


@st.composite
def specs(draw: st.DrawFn, name: str) -> FieldSpec:
    kind = draw(st.sampled_from(sorted(OF_TYPE)))
    return FieldSpec(name, kind, draw(st.booleans()), draw(st.none() | OF_TYPE[kind]))


@st.composite
def schemas(draw: st.DrawFn) -> ContextSchema:
    def layer() -> dict[str, FieldSpec]:
        return {name: draw(specs(name)) for name in draw(st.lists(NAMES, unique=True, max_size=4))}

    return ContextSchema(layer(), layer())


@settings(max_examples=150, deadline=None)
@given(schemas())
def test_a_schema_comes_back_from_yaml_and_from_python_as_it_was(schema: ContextSchema) -> None:
    assert from_yaml(as_yaml(schema)) == schema
    assert from_python(as_python(schema)) == schema


@settings(max_examples=60, deadline=None)
@given(schemas())
def test_what_is_written_in_python_is_a_context_with_these_fields(schema: ContextSchema) -> None:
    module: dict[str, object] = {"__name__": "__main__"}  # dataclasses look a module up by its name
    exec(compile(as_python(schema), "written", "exec"), module)  # noqa: S102 (of our own making)
    for layer, fields in (("Global", schema.global_fields), ("Domain", schema.domain_fields)):
        annotations = getattr(module[layer], "__annotations__", {})
        assert list(annotations) == list(fields)


def test_every_type_of_a_schema_has_an_annotation_that_means_it() -> None:
    for kind, annotation in ANNOTATION_OF.items():
        found = from_python(f"class D(BaseDomainContext):\n    x: {annotation}\n").domain_fields["x"]
        assert found == FieldSpec("x", SAME.get(kind, kind))


# --- which class is which layer ------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "class A:\n    n: int\nclass S:\n    domain_ctx: A\n    other: int\n",
        "class A:\n    n: int\nclass ADomain:\n    m: int\nclass S:\n    domain: 'A'\n",
        "class B(pgs_process.BaseDomainContext):\n    pass\nclass A(B):\n    n: int\n",
        "class MyDomain:\n    n: int\n",
    ],
)
def test_a_class_is_a_layer_by_a_field_a_base_or_its_name(text: str) -> None:
    assert from_python(text) == ContextSchema({}, {"n": FieldSpec("n", "integer")})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "No class is a layer"),
        ("class ADomain:\n    n: int\nclass BDomain:\n    n: int\n", "`ADomain` and `BDomain` both are the layer"),
    ],
)
def test_where_no_class_or_more_than_one_is_a_layer_that_is_refused(text: str, message: str) -> None:
    with pytest.raises(NoContext, match=message):
        from_python(text)


@pytest.mark.parametrize(
    ("name", "text", "code", "message"),
    [
        ("a.py", "x = 1\n", 1, "No class is a layer"),
        ("a.py", "def\n", 1, "This is not Python"),
        ("a.yaml", "context: {domain: {n: {typ: integer}}}\n", 1, "a.yaml:1:24: There is no key `typ` here"),
        ("a.yaml", "context: {domain: {a-b: {type: integer}}}\n", 1, "`a-b` is no name for a field of a class."),
        ("gone.py", None, 2, "cannot be read"),
    ],
)
def test_what_cannot_be_made_a_schema_is_refused(
    name: str, text: str | None, code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = run("schema", "gen", name)
    assert (done.exit_code, done.stdout) == (code, "")
    assert message in done.stderr


def test_the_programs_of_predecessors_have_schemas() -> None:
    found = {path.stem: schema_of(ast.parse(path.read_bytes())) for path in (ROOT / "tests/process/moved").glob("*.py")}
    assert {name: list(schema.domain_fields) for name, schema in found.items()} == {
        "bank": ["accounts", "total_reserves", "sig_fraud_detected"],
        "robot": ["position", "places"],
        "stock": ["left", "orders"],
    }


def test_the_schemas_for_editors_are_written_as_before(tmp_path: Path) -> None:
    assert run("schema", "workflow").stdout == run("schema", "kind", "workflow").stdout
    assert run("schema").stdout == run("schema", "protocol").stdout
    assert run("schema", "--out", tmp_path / "all").exit_code == 0
    assert run("schema", "workflo").stderr == "error: There is no schema of `workflo`. Is it `workflow`?\n"
    assert "gen" in run("schema", "--help").stdout

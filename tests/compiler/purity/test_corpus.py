"""What is refused as impure, and what is not: whole corpora (CT-01 to CT-05, CT-09, CT-10)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pgs_compiler.purity.gate import CHECKS
from pgs_compiler.purity.source import Source
from pgs_snapshot.values import Value
from tests.compiler.purity.snippets import compiled, corpus, errors

ONES: list[tuple[Value, Value]] = [(1, 1), (2, 2), (3, 3)]
IDIOMATIC = sorted((Path(__file__).parent / "idiomatic" / "shop").glob("*.py"))

# What the gate cannot see: the probe does.
BY_TRYING = {"bigpow", "bigrange", "bigstr", "bytes_out", "input_mutation", "json_nan", "percent", "recursion",
             "repr_obj", "str_func", "tuple_out", "yield"}  # fmt: skip
# What stops the compiler before it looks at the code: no Python, and an import that cannot be sealed.
BEFORE = {"dunder_import", "fstr_obj"}
# `case int()` asks a class of Python's own, and gives the same everywhere.
NOT_IMPURE = {"match_class"}

# Inputs that the pure ones take, and what they give for them.
PURE: dict[str, list[tuple[Value, Value]]] = {
    "normalise": [({"id": " A "}, {"id": "a"}), ({"id": ""}, {"id": ""}), ({"id": "bC"}, {"id": "bc"})],
    "sum": [({"items": []}, 0), ({"items": [{"amount": 1}]}, 1), ({"items": [{"amount": 1}, {"amount": 2}]}, 3)],
    "sorted_set": [({"tags": ["b", "a", "b"]}, ["a", "b"]), ({"tags": []}, []), ({"tags": ["c"]}, ["c"])],
    "hash": [
        ({}, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"),
        ([], "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"),
        (1, "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"),
    ],
    "decimal": [({"a": "1.005"}, "1.00"), ({"a": "2.675"}, "2.68"), ({"a": "3"}, "3.00")],
    "dictcomp": [({"a": None}, {}), ({"b": 1, "a": 2}, {"a": 2, "b": 1}), ({}, {})],
    "nested_fn": [({"l": [1]}, [2]), ({"l": []}, []), ({"l": [0, -1]}, [1, 0])],
    "helper": [({"v": 3}, 3), ({"v": 30}, 10), ({"v": 10}, 10)],
    "validation": [({"a": 1}, {"ok": True}), ({"a": 2}, {"ok": True}), ({"a": 0}, {"ok": True})],
    "groupby": [({"l": ["b", "a", "b"]}, {"a": 1, "b": 2}), ({"l": []}, {}), ({"l": ["c"]}, {"c": 1})],
    "fstr": [({"a": "x", "b": 7}, "x-00007"), ({"a": 1, "b": 2}, "1-00002"), ({"a": "", "b": 0}, "-00000")],
    "math": [({"v": 1.5}, 1), ({"v": -1.5}, -2), ({"v": 2}, 2)],
    "slice": [({"s": "abc"}, "cba"), ({"s": ""}, ""), ({"s": "a"}, "a")],
    "try": [({"s": "7"}, 7), ({"s": "x"}, -1), ({"s": ""}, -1)],
    "reduce": [({"l": [2, 3]}, 6), ({"l": []}, 1), ({"l": [5]}, 5)],
    "unicode": [({"s": "é"}, "é"), ({"s": ""}, ""), ({"s": "a"}, "a")],
    "luhn": [({"n": "79927398713"}, True), ({"n": "79927398710"}, False), ({"n": "0"}, True)],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(corpus("impure").keys() - NOT_IMPURE))
def test_ct_01_an_impure_function_is_refused(name: str, tmp_path: Path) -> None:
    given: list[tuple[Value, Value]] = [({"a": x}, {"a": 1}) for x in (1, 2, 3)] if name == "input_mutation" else ONES
    compilation = compiled(tmp_path, corpus("impure")[name], given)
    assert compilation.files is None
    found = set(errors(compilation))
    assert found
    assert found <= ({"C641", "C642", "C643", "C644"} if name in BY_TRYING else {f"C6{n:02}" for n in range(1, 20)})


def test_ct_01_of_the_corpus_one_passes_and_is_pure() -> None:
    assert len(corpus("impure")) == 67
    assert len(NOT_IMPURE) == 1


@pytest.mark.parametrize("name", sorted(corpus("impure").keys() - BY_TRYING - NOT_IMPURE - BEFORE))
def test_ct_01_what_reading_finds_is_told_at_its_line_and_column(name: str, tmp_path: Path) -> None:
    compilation = compiled(tmp_path, corpus("impure")[name], ONES)
    lines = corpus("impure")[name].splitlines()
    for finding in compilation.findings:
        assert finding.place is not None
        assert finding.place.path == "snippets/snippet.py"
        assert lines[finding.place.line - 1][finding.place.column - 1 : finding.place.end_column - 1].strip()
        assert [related.label for related in finding.related] == [
            "`snippets::CT_SNIPPET_V0` runs it",
            "imports `snippets.snippet`",
        ]


@pytest.mark.parametrize("name", sorted(corpus("pure")))
def test_ct_10_a_pure_function_is_not_refused(name: str, tmp_path: Path) -> None:
    compilation = compiled(tmp_path, corpus("pure")[name], PURE[name])
    assert compilation.findings == ()
    assert compilation.files is not None


@pytest.mark.parametrize("file", IDIOMATIC, ids=lambda file: file.stem)
def test_ct_10_functions_as_people_write_them_are_not_refused(file: Path) -> None:
    tree = ast.parse(file.read_bytes())
    name = f"shop.{file.stem}"
    source = Source(name, "shop", tree, frozenset({"shop"}), frozenset({name}), frozenset(functions(tree)))
    assert [(offence.why, offence.node) for check in CHECKS for offence in check(source)] == []


def test_ct_10_there_are_a_hundred_of_them() -> None:
    assert sum(len(functions(ast.parse(file.read_bytes()))) for file in IDIOMATIC) >= 100


@pytest.mark.parametrize(
    "snippet",
    [
        "def f(x):\n    import os\n    return os.getpid()",
        "try:\n    import json\nexcept ImportError:\n    json = None\ndef f(x):\n    return x",
        "import importlib\ndef f(x):\n    return importlib.import_module('os').getpid()",
        "def f(x):\n    return __import__('os').getpid()",
    ],
    ids=["in a function", "under a condition", "importlib", "__import__"],
)
def test_ct_09_an_import_that_only_a_run_would_know_is_refused(snippet: str, tmp_path: Path) -> None:
    found = errors(compiled(tmp_path, snippet, ONES))
    assert found
    assert set(found) <= {"C607", "C610", "C611"}


@pytest.mark.parametrize(
    "snippet",
    [
        "def f(x):\n    return sum([0.1] * 10)",
        "def f(x):\n    return str(x).casefold()",
        "import re\ndef f(x):\n    return re.sub(r'\\w', '', str(x))",
    ],
    ids=["sum", "casefold", "pattern"],
)
def test_ct_12_what_differs_between_versions_of_python_is_warned_of(snippet: str, tmp_path: Path) -> None:
    found = [finding.code for finding in compiled(tmp_path, snippet, ONES).findings]
    assert "C646" in found


def functions(tree: ast.Module) -> list[str]:
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]

"""Rules of the code base that a machine can hold: imports, lengths, what is never caught and never called."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import MODULES, PACKAGES, PROJECT, ROOT, relative

LINES_OF_A_FILE = 450
LINES_OF_A_FUNCTION = 60

COMPILER_ONLY = {"graphviz", "jsonpath_ng", "jsonschema", "networkx", "pgs_compiler", "yaml"}
WAYS_INTO_THE_RUNTIME = [
    f"pgs_runtime.{module.stem}".removesuffix(".__init__")
    for module in MODULES
    if module.parent.name == "pgs_runtime" and module.stem in {"__init__", "__main__"}
]

# An exception of any kind is caught where code that is not ours is called, and where a program ends.
CATCH_ALL = {
    "compiler/pgs_compiler/__main__.py",
    "process/pgs_process/discovery.py",
    "process/pgs_process/flow/workflow.py",
    "runtime/pgs_runtime/__main__.py",
    "runtime/pgs_runtime/link/capability.py",
    "runtime/pgs_runtime/link/processes.py",
    "snapshot/pgs_snapshot/sealed_code/answers.py",
    "snapshot/pgs_snapshot/sealed_code/child.py",
}

# ruff's names for exec, pickle, marshal, mktemp, eval, yaml.load, and the ways into a shell.
FORBIDDEN_CALLS = "S102,S301,S302,S306,S307,S506,S602,S604,S605"
# Sealed implementations are executed from the bytes that were verified, which takes `exec`.
ALLOWED_CALLS = {("snapshot/pgs_snapshot/sealed_code/modules.py", "S102")}


def test_packages_import_only_what_lies_below_them() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint_imports, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_stands_wherever_packages_are_listed() -> None:
    names = {package.name for package in PACKAGES}
    folders = {package.parent.name for package in PACKAGES}
    tool = PROJECT["tool"]
    layers = " | ".join(tool["importlinter"]["contracts"][0]["layers"]).split(" | ")
    assert set(tool["hatch"]["build"]["targets"]["wheel"]["packages"]) == {relative(p) for p in PACKAGES}
    assert set(tool["mypy"]["packages"]) == names
    assert set(tool["mypy"]["mypy_path"]) == folders
    assert set(tool["ruff"]["src"]) == folders | {"."}
    assert set(tool["importlinter"]["root_packages"]) == names
    assert set(layers) == names


@pytest.mark.parametrize("module", WAYS_INTO_THE_RUNTIME)
def test_starting_the_runtime_loads_nothing_of_the_compiler(module: str) -> None:
    code = f"import {module}, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert not COMPILER_ONLY & set(json.loads(done.stdout))


def test_files_are_short() -> None:
    lengths = {relative(module): len(module.read_bytes().splitlines()) for module in MODULES}
    assert not {name: length for name, length in lengths.items() if length > LINES_OF_A_FILE}


def test_functions_are_short() -> None:
    lengths = {
        f"{relative(module)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for module, node in nodes()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    }
    assert not {name: length for name, length in lengths.items() if length > LINES_OF_A_FUNCTION}


def test_every_exception_is_caught_only_where_foreign_code_is_called_and_where_a_program_ends() -> None:
    found = [
        f"{relative(module)}:{node.lineno}"
        for module, node in nodes()
        if isinstance(node, ast.ExceptHandler) and catches_all(node) and relative(module) not in CATCH_ALL
    ]
    assert not found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("try: pass\nexcept: pass", True),
        ("try: pass\nexcept Exception: pass", True),
        ("try: pass\nexcept (ValueError, Exception) as error: raise OSError from error", True),
        ("try: pass\nexcept BaseException: pass", True),
        ("try: pass\nexcept BaseException:\n  pass\n  raise", False),
        ("try: pass\nexcept (ValueError, KeyError): pass", False),
    ],
)
def test_a_handler_of_every_exception_is_told_from_others(source: str, expected: bool) -> None:
    handlers = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ExceptHandler)]
    assert [catches_all(handler) for handler in handlers] == [expected]


def test_sup_03_nothing_forbidden_is_called() -> None:
    assert forbidden_calls(PACKAGES) <= ALLOWED_CALLS


@pytest.mark.parametrize(
    "source",
    [
        "exec(text)",
        "eval(text)",
        "import pickle\npickle.loads(data)",
        "import marshal\nmarshal.loads(data)",
        "import yaml\nyaml.load(text, yaml.Loader)",
        "import tempfile\ntempfile.mktemp()",
        "import subprocess\nsubprocess.run(command, shell=True)  # noqa: S602",
        "import os\nos.system(command)",
    ],
)
def test_sup_03_a_forbidden_call_is_seen_even_behind_noqa(source: str, tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(source, encoding="utf-8")
    assert forbidden_calls([tmp_path])


def nodes() -> Iterator[tuple[Path, ast.AST]]:
    """Every node of every module's syntax tree, with its module."""
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_bytes(), filename=str(module))):
            yield module, node


def catches_all(handler: ast.ExceptHandler) -> bool:
    """Whether it stops any exception. Cleaning up at `BaseException` and raising it again stops none."""
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {ast.unparse(kind) for kind in caught}
    last = handler.body[-1]
    raises_again = isinstance(last, ast.Raise) and last.exc is None
    return "Exception" in names or ("BaseException" in names and not raises_again)


def forbidden_calls(folders: list[Path]) -> set[tuple[str, str]]:
    """File and ruff's code of each forbidden call."""
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--ignore-noqa"]
    options = ["--exit-zero", "--select", FORBIDDEN_CALLS, "--output-format", "json"]
    done = subprocess.run([*ruff, *options, *folders], capture_output=True, text=True, check=True)
    found = [(Path(finding["filename"]), finding["code"]) for finding in json.loads(done.stdout)]
    return {(relative(path) if path.is_relative_to(ROOT) else path.name, code) for path, code in found}

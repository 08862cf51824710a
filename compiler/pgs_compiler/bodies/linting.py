"""`pgs_compiler process lint`: the processes of Python sources, each held against the contract beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pgs_compiler.bodies import body_of
from pgs_compiler.bodies.code import Code, Python, code_of
from pgs_compiler.bodies.contracts import Declared, contracts_in
from pgs_compiler.bodies.forms import form_of
from pgs_compiler.bodies.judge import Promise, judge
from pgs_compiler.findings import Finding, Place, ordered

_LEFT_OUT = frozenset({"__pycache__", "node_modules", "site-packages"})


@dataclass(frozen=True, slots=True)
class Linted:
    """What was found, in which sources; and how many processes were looked at."""

    findings: tuple[Finding, ...]
    sources: Mapping[str, bytes]
    processes: int


class NoSource(Exception):
    """What is named holds no Python source."""


def lint(paths: Iterable[Path], root: Path) -> Linted:
    """Hold the processes of files, and of folders with all below them, against their contracts.

    Args:
        root: what modules are called and shown from, where they lie below it.

    Raises:
        NoSource: there is no such file or folder, or no Python source in it.
        OSError: a file cannot be read.
    """
    return lint_sources(read_files(paths, root))


def lint_sources(files: Mapping[str, tuple[str, bytes]]) -> Linted:
    """As `lint`, of sources by the names of their modules, each as reports call it and its bytes."""
    code, findings = parsed(files)
    declared = list(contracts_in(code))
    for one in declared:
        wrong = tuple(form_of(code, one))
        findings += wrong or _judged(code, one)
    return Linted(ordered(findings), dict(files.values()), len(declared))


def read_files(paths: Iterable[Path], root: Path) -> dict[str, tuple[str, bytes]]:
    """Files, and folders with all below them, by the names of their modules, as `lint_sources` takes them.

    Raises:
        NoSource, OSError: as `lint`.
    """
    files: dict[str, tuple[str, bytes]] = {}
    for path in paths:
        for file in _files(path):
            name, shown = _called(file, path, root)
            files[name] = (shown, file.read_bytes())
    return files


def parsed(files: Mapping[str, tuple[str, bytes]]) -> tuple[Code, list[Finding]]:
    """The sources that are Python, and what is found where one is not."""
    modules, findings = [], []
    for name, (shown, data) in sorted(files.items()):
        module = _parsed(name, shown, data)
        if isinstance(module, Finding):
            findings.append(module)
        else:
            modules.append(module)
    return code_of(modules), findings


def strictly(linted: Linted) -> Linted:
    """With every warning counted as an error."""
    raised = tuple(replace(finding, raised=finding.rule.severity == "warning") for finding in linted.findings)
    return replace(linted, findings=raised)


def _judged(code: Code, declared: Declared) -> tuple[Finding, ...]:
    def where(role: str, word: str) -> Place:
        return code.place(declared.module, declared.said.get((role, word)) or declared.decorator)

    body = body_of(code, declared.module, declared.function)
    return judge(code, body, Promise(declared.name, declared.contract, where))


def _parsed(name: str, shown: str, data: bytes) -> Python | Finding:
    try:
        tree = ast.parse(data, filename=shown)
    except SyntaxError as error:
        line, column = error.lineno or 1, error.offset or 1
        place = Place(shown, line, column, line, column + 1)
        return Finding("P750", f"This is not Python: {error.msg}.", place, "not understood")
    except (ValueError, RecursionError, MemoryError) as error:
        why = "it is nested too deeply" if not isinstance(error, ValueError) else str(error)
        return Finding("P750", f"This is not Python: {why}.", Place(shown, 1, 1, 1, 1))
    module = name.removesuffix(".__init__")
    package = module if name.endswith("__init__") else name.rpartition(".")[0]
    return Python(module, package, tree, shown, data)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise NoSource(f"There is no `{path}`.")
    found = [file for file in sorted(path.rglob("*.py")) if not _is_left_out(file.relative_to(path))]
    if not found:
        raise NoSource(f"`{path}` holds no Python source.")
    return found


def _is_left_out(path: Path) -> bool:
    return any(part in _LEFT_OUT or (part.startswith(".") and part != "..") for part in path.parts)


def _called(file: Path, given: Path, root: Path) -> tuple[str, str]:
    """The name of the module, and the path that reports show."""
    whole = file.absolute()
    below = whole.is_relative_to(root)
    inside = whole.relative_to(root if below else given.absolute().parent)
    shown = inside.as_posix() if below else str(file)
    return ".".join(inside.with_suffix("").parts), shown

"""P714, P718, and the bodies of processes that are declared in YAML: source and declaration say the same."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from pgs_compiler.bind.closure import Closure
from pgs_compiler.bind.modules import Module
from pgs_compiler.bodies import body_of, find_function
from pgs_compiler.bodies.code import Code, Python, code_of
from pgs_compiler.bodies.contracts import ROLES, Declared, contracts_in
from pgs_compiler.bodies.judge import Promise, judge
from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.processes import Process
from pgs_compiler.program import Program
from pgs_compiler.purity import label_of
from pgs_compiler.written import Word
from pgs_process.contract import Contract
from pgs_process.paths import parse, render
from pgs_snapshot.suggest import nearest

KEYS: Mapping[str, str] = {"inputs": "reads", "outputs": "writes", "signals": "signals", "errors": "errors"}
"""What a declaration calls the parts of a contract."""


def embody(
    program: Program, closures: Mapping[str, Closure], root: Path, known: Iterable[Finding]
) -> Iterator[Finding]:
    """Where the bodies of processes and their declarations differ; what is impure has been told, and is `known`."""
    told = {_begin(finding) for finding in known}

    def shown(module: Module) -> str:
        return label_of(module, root.absolute())

    for process in program.of(Process):
        if _place(process.implementation.place) in told:
            continue  # it is called otherwise than it is declared
        for finding in of_process(process, closures[process.implementation.text], shown):
            if finding.code != "P756" and _begin(finding) not in told:
                yield finding


def _begin(finding: Finding) -> tuple[str, int, int] | None:
    return _place(finding.place) if finding.place else None


def _place(place: Place) -> tuple[str, int, int]:
    return place.path, place.line, place.column


def of_process(process: Process, closure: Closure, shown: Callable[[Module], str]) -> Iterator[Finding]:
    """What the source of a process does otherwise than its declaration says; its signature is known to be right."""
    module, _, name = process.implementation.text.partition(":")
    code = _code(closure, shown)
    function = find_function(code, module, name)
    if not isinstance(function, ast.FunctionDef):
        return
    home, found = code.function(f"{module}.{name}") or (module, function)
    wrong = list(_errors(process, code, home)) or list(_decorators(process, code, home, found))
    yield from wrong or judge(code, body_of(code, home, found), _promise(process))


def _code(closure: Closure, shown: Callable[[Module], str]) -> Code:
    return code_of(
        Python(name, part.package, part.tree, shown(part), part.source or b"") for name, part in closure.parts.items()
    )


def _promise(process: Process) -> Promise:
    said = _said(process)

    def where(role: str, word: str) -> Place:
        found = said.get(role, {}).get(word)
        return found.place if found is not None else process.header.place

    contract = Contract(
        inputs=tuple(said["inputs"]),
        outputs=tuple(said["outputs"]),
        signals=tuple(said["signals"]),
        errors=tuple(said["errors"]),
    )
    return Promise(process.header.name, contract, where, KEYS)


def _said(process: Process) -> dict[str, dict[str, Word]]:
    """The words of a declaration, by part and by themselves."""
    errors = tuple(each.error for each in process.errors)
    parts = {"inputs": process.reads, "outputs": process.writes, "signals": process.signals, "errors": errors}
    return {role: {word.text: word for word in words} for role, words in parts.items()}


# --- errors --------------------------------------------------------------------------------------


def _errors(process: Process, code: Code, module: str) -> Iterator[Finding]:
    """Names of errors that mean nothing where the function stands."""
    known = {name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, Exception)}
    source = code.sources[module]
    for error in process.errors:
        name = error.error.text
        if name in known or name in source.scopes.module.bound:
            continue
        near = nearest(name, [*known, *source.scopes.module.bound])
        ends = isinstance(getattr(builtins, name, None), type)
        why = "passes through every process" if ends else f"is no error of Python's, and `{module}` knows no such name"
        yield Finding(
            "P714",
            f"`{name}` {why}.",
            error.error.place,
            "never becomes an outcome" if ends else "",
            hint=f"Write `{near}`." if near and not ends else "",
        )


# --- decorators ----------------------------------------------------------------------------------


def _decorators(process: Process, code: Code, module: str, function: ast.AST) -> Iterator[Finding]:
    for declared in contracts_in(code):
        if declared.module == module and declared.function is function:
            yield from _agree(process, code, declared)


def _agree(process: Process, code: Code, declared: Declared) -> Iterator[Finding]:
    said = _said(process)
    name = declared.name
    here = Related(process.implementation.place, "declared here")
    for node, why in declared.unread:
        place = code.place(declared.module, node)
        yield Finding("P718", f"The decorator of `{name}` cannot be read: {why}.", place, "not written out", (here,))
    for role in ROLES if not declared.unread else ():
        words = {_plain(word): word for word in getattr(declared.contract, role)}
        own = {_plain(text): word for text, word in said.get(role, {}).items()}
        also = {_plain(text) for text in said["outputs"]} if role == "inputs" else set()
        also |= {_plain(text) for text in declared.contract.outputs} if role == "inputs" else set()
        for plain, text in words.items():
            if plain not in own and plain not in also:
                key = f"`{KEYS[role]}` of `{process.header.name}`" if role in KEYS else "a process of a protocol"
                place = code.place(declared.module, declared.said.get((role, text), declared.decorator))
                message = f"The decorator of `{name}` says `{text}` under `{role}`, and {key} does not."
                yield Finding("P718", message, place, "not declared", (here,))
        for plain, word in own.items():
            if plain not in words and plain not in also:
                place = code.place(declared.module, declared.said.get((role, ""), declared.decorator))
                message = f"`{process.header.name}` declares `{word.text}`, and the decorator of `{name}` does not."
                where = Related(place, f"no `{word.text}` here")
                yield Finding("P718", message, word.place, f"not under `{role}` there", (where,))


def _plain(text: str) -> str:
    """A path with the usual name of its layer; any other word as it is."""
    path = parse(text)
    return render(path) if path is not None else text

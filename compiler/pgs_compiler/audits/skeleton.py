"""A recipe to begin with: what each process takes and proposes, with conditions that are there to be chosen from."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from pgs_compiler.bodies.code import Code
from pgs_compiler.bodies.contracts import Declared
from pgs_compiler.contexts.annotations import type_of
from pgs_compiler.contexts.writing import flow
from pgs_process.paths import parse

PROPOSED = {
    "integer": "min: 0", "float": "min: 0", "number": "min: 0", "string": "min_len: 1", "boolean": "eq: false",
    "list": "max_len: 1000", "dict": "max_len: 1000", "set": "max_len: 1000",
}  # fmt: skip
"""A condition that values of a type often have to meet."""

_HEAD = """\
# What processes are given, and the state that they propose. A rule that is commented out is a proposal: take the `#`
# away where it is meant. Levels: S stops everything, A ends the run, B rolls it back, C only notes it.
process_recipes:
"""


def skeleton(code: Code, declared: Iterable[Declared]) -> str:
    """A recipe that `load_recipe` takes as it is, and with any of its proposals."""
    return _HEAD + "".join(line + "\n" for one in declared for line in _process(code, one))


def arguments_of(declared: Declared) -> dict[str, ast.expr | None]:
    """What a process is called with beside the context, with how that is annotated."""
    takes = declared.function.args
    return {argument.arg: argument.annotation for argument in [*takes.posonlyargs, *takes.args][1:] + takes.kwonlyargs}


def field_type(code: Code, path: str) -> str:
    """The type of a field as the classes of the sources annotate it; `any` where they do not, or not alike."""
    names = parse(path) or ()
    kinds = {type_of(annotation)[0] for annotation in code.fields.get(names[-1] if names else "", [])}
    return kinds.pop() if len(kinds) == 1 else "any"


def _process(code: Code, declared: Declared) -> Iterator[str]:
    place = code.place(declared.module, declared.function)
    yield f"  {declared.name}: # {place.path}:{place.line}"
    given = {name: type_of(node)[0] if node else "any" for name, node in arguments_of(declared).items()}
    contract = declared.contract
    yield from _rules("inputs", given | {path: field_type(code, path) for path in contract.inputs})
    yield from _rules("outputs", {path: field_type(code, path) for path in contract.outputs})
    for role in ("side_effects", "errors"):
        words = getattr(contract, role)
        if words:
            yield f"    {role}: {flow(list(words))}"


def _rules(role: str, fields: dict[str, str]) -> Iterator[str]:
    yield f"    {role}:" if fields else f"    {role}: []"
    for field, kind in fields.items():
        yield f"      # {field} is of type {kind}" if kind != "any" else f"      # {field}"
        yield f"      # - {{field: {field}, {PROPOSED.get(kind, 'exists: true')}, level: B}}"

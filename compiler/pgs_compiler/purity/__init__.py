"""purity: bound implementations in, and which transforms need the worker out; what is impure is refused.

A transform gives the same answer for the same inputs, and does nothing else. Its code is read (`gate`), and then
tried on its declared examples (`probe`): either sees what the other cannot.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from pgs_compiler.bind import Bound
from pgs_compiler.bind.modules import Module
from pgs_compiler.declarations import Process, SideEffect, Transform
from pgs_compiler.findings import Finding, Result
from pgs_compiler.program import Program
from pgs_compiler.project import Project
from pgs_compiler.purity import signatures
from pgs_compiler.purity.bounded import Unbounded, unbounded
from pgs_compiler.purity.gate import Bindings, gate, read_sources
from pgs_compiler.purity.probe import LEAST_EXAMPLES, Probed, Trial, probe
from pgs_compiler.purity.source import Source
from pgs_compiler.schemas.generic import erase
from pgs_compiler.source import to_value
from pgs_compiler.verdicts import Verdicts
from pgs_snapshot.defaults import filler
from pgs_snapshot.limits import Limits
from pgs_snapshot.model import Schema
from pgs_snapshot.sealed_code.caller import Budget
from pgs_snapshot.values import Value


@dataclass(frozen=True, slots=True)
class Assessed:
    """What is known of the transforms of a program.

    Attributes:
        worker: why a transform needs the worker, by name; what is not named runs in the runtime's own process.
        shown: the sources that findings show, by path.
    """

    worker: Mapping[str, Unbounded]
    shown: Mapping[str, bytes]


def assess(program: Program, bound: Bound, project: Project, root: Path) -> Result[Assessed]:
    """Assess every transform, and the shape of every side effect.

    Args:
        root: the workspace; files in it are shown from there.
    """
    own = frozenset(project.packages)

    def shown(module: Module) -> str:
        return label_of(module, root.absolute())

    transforms = tuple(program.of(Transform))
    bindings = Bindings((*transforms, *program.of(Process)), bound.closures, own, shown)
    sources = read_sources(bindings)
    findings = [*_shapes(program, bound, shown), *_examples(transforms), *gate(bindings, sources)]
    texts = {shown(part): part.source for found in bound.closures.values() for part in found.parts.values()}
    known = {path: text for path, text in texts.items() if text is not None}
    if not any(finding.severity == "error" for finding in findings):
        findings += _probed(program, transforms, bindings, project)
    files = {part.name: shown(part) for found in bound.closures.values() for part in found.parts.values()}
    worker = {}
    for transform in transforms:
        why = _unbounded(program, transform, sources)
        if why is not None:
            worker[transform.header.name] = replace(why, module=files.get(why.module, why.module))
    return Result(Assessed(worker, known), tuple(findings))


def _shapes(program: Program, bound: Bound, shown: Callable[[Module], str]) -> Iterator[Finding]:
    for transform in program.of(Transform):
        closure = bound.closures[transform.implementation.text]
        yield from signatures.of_transform(transform, program.fields(transform.inputs), closure, shown)
    for process in program.of(Process):
        closure = bound.closures[process.implementation.text]
        yield from signatures.of_process(process, program.fields(process.inputs), closure, shown)
    for side_effect in program.of(SideEffect):
        inputs = {operation.name.text: program.fields(operation.inputs) for operation in side_effect.operations}
        closure = bound.closures[side_effect.implementation.text]
        yield from signatures.of_side_effect(side_effect, inputs, closure, shown)


def _examples(transforms: Iterable[Transform]) -> Iterator[Finding]:
    for transform in transforms:
        count = len(transform.examples)
        if count < LEAST_EXAMPLES:
            has = ("no example", "one example", "two examples")[count]
            message = f"`{transform.header.name}` has {has}, and it takes three to try a transform."
            yield Finding("C640", message, transform.header.place, "too few examples")


# --- the probe -----------------------------------------------------------------------------------


def _probed(
    program: Program, transforms: Iterable[Transform], bindings: Bindings, project: Project
) -> tuple[Finding, ...]:
    limits = Limits(**project.limits)
    budget = Budget(limits.transform_seconds, limits.transform_bytes, limits.value_bytes)
    probed = [
        Probed(transform, tuple(_trials(program, transform)), bindings.closure(transform).modules)
        for transform in transforms
    ]
    return probe(probed, budget, Verdicts(os.environ, "probe"))


def _trials(program: Program, transform: Transform) -> Iterator[Trial]:
    inputs = _filler(erase(program.fields(transform.inputs)))
    fills = {outcome.name.text: _filler(erase(program.fields(outcome.outputs))) for outcome in transform.outcomes}
    for example in transform.examples:
        outcome = example.outcome.text
        given = inputs(to_value(example.inputs.tree))
        outputs = cast("dict[str, Value]", to_value(example.outputs.tree))
        yield Trial(cast("dict[str, Value]", given), outcome, outputs, fills[outcome], example.place)


def _filler(schema: Schema) -> Callable[[Value], Value]:
    return filler(schema) or _as_it_is


def _as_it_is(value: Value) -> Value:
    return value


# --- the worker ----------------------------------------------------------------------------------


def _unbounded(program: Program, transform: Transform, sources: Mapping[str, Source]) -> Unbounded | None:
    module, _, function = transform.implementation.text.partition(":")
    properties = cast("dict[str, Schema]", program.fields(transform.inputs)["properties"])
    numbers = [name for name, schema in properties.items() if schema.get("type") in ("integer", "number")]
    return unbounded(sources, module, function, numbers)


def label_of(module: Module, root: Path) -> str:
    """The path of a module's file as reports show it: the same on every machine."""
    if module.file is not None and module.file.is_relative_to(root):
        return module.file.relative_to(root).as_posix()
    outermost, _, rest = module.sealed_name.partition(".")
    return f"<{outermost}>/{rest.replace('.', '/')}.py"

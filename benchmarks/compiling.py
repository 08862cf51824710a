"""Compiling many workflows by the command: from nothing, and once more when nothing has changed."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from benchmarks.measure import Series, seconds
from benchmarks.table import Row, table

MILLISECONDS = 1e3
SIZES = (100, 1_000, 10_000)
AIMS = {1_000: ("≤ 10", "≤ 1")}
MANY = 1_000
"""From so many workflows on a size is measured at most three times, and beyond it once."""

_PROJECT = "format: pgs-project/1\nname: many\nversion: 1\n"
_SHARED = """\
actor: many::AC_CLERK_V0
summary: Puts things down
---
entity: many::EN_THING_V0
summary: Something that is put down
fields: {kind: {enum: [ONE, TWO]}, size: {type: integer}}
---
store: many::ST_THINGS_V0
summary: Everything that was put down
side_effect: CS_REGISTRY_V0
entity: EN_THING_V0
operations: [REGISTER]
---
binding: many::RB_THINGS_V0
summary: The store
stores: {ST_THINGS_V0: {}}
"""
_WORKFLOW = """\
intent: many::IN_PUT_%(n)d_V0
summary: Ask for a thing to be put down
actors: [AC_CLERK_V0]
payload: {kind: {enum: [ONE, TWO]}, size: {type: integer}}
---
contract: many::CC_NAME_%(n)d_V0
summary: Name a thing
inputs: {kind: {enum: [ONE, TWO]}, size: {type: integer}}
steps:
  - step: name
    transform: CT_GENERATE_ID_V0
    inputs: {prefix: T, data: {kind: $.inputs.kind, size: $.inputs.size}}
outcomes:
  SUCCESS: {id: $.steps.name.id}
---
contract: many::CC_PUT_%(n)d_V0
summary: Put a thing down, unless it is too big
inputs: {id: {type: string}, kind: {enum: [ONE, TWO]}, size: {type: integer}}
steps:
  - step: fits
    decide:
      - SUCCESS: {lt: [$.inputs.size, %(n)d]}
      - TOO_BIG: otherwise
  - step: put
    op: REGISTER
    store: ST_THINGS_V0
    inputs: {key: $.inputs.id, value: {kind: $.inputs.kind, size: $.inputs.size}}
outcomes:
  SUCCESS: {}
  ALREADY_EXISTS: {}
  CONFLICT: {}
  TOO_BIG: {}
---
workflow: many::WF_PUT_%(n)d_V0
summary: Put a thing down, twice
binding: RB_THINGS_V0
start: admit
nodes:
  admit: {intent: IN_PUT_%(n)d_V0, next: {ACK: name, NACK: rejected}}
  name: {contract: CC_NAME_%(n)d_V0, inputs: [$.payload.kind, $.payload.size], next: {SUCCESS: put}}
  put:
    contract: CC_PUT_%(n)d_V0
    inputs: [$.results.name.id, $.payload.kind, $.payload.size]
    next: {SUCCESS: again, ALREADY_EXISTS: again, CONFLICT: conflict, TOO_BIG: too_big}
  again:
    contract: CC_PUT_%(n)d_V0
    inputs: [$.results.name.id, $.payload.kind, $.payload.size]
    next: {SUCCESS: done, ALREADY_EXISTS: done, CONFLICT: conflict, TOO_BIG: too_big}
  done: {exit: COMPLETED}
  conflict: {exit: DENIED, reason: CONFLICT}
  too_big: {exit: DENIED, reason: TOO_BIG}
  rejected: {exit: REJECTED}
"""


def project(folder: Path, size: int) -> None:
    """A workspace of so many workflows of 8 nodes, ten in a file."""
    sources = folder / "protocols"
    sources.mkdir(parents=True)
    (folder / "pgs.yaml").write_text(_PROJECT)
    (sources / "shared.yaml").write_text(_SHARED)
    for first in range(0, size, 10):
        texts = (_WORKFLOW % {"n": n} for n in range(first, min(first + 10, size)))
        (sources / f"put_{first}.yaml").write_text("---\n".join(texts))


def benchmark(folder: Path, turns: int) -> Iterator[str]:
    """One table; `folder` is empty."""
    rows: list[Row] = []
    for size in SIZES:
        place = folder / str(size)
        project(place, size)
        most = turns if size < MANY else min(turns, 3) if size == MANY else 1
        first, busy, again = zip(*(_compiled_twice(place) for _ in range(most)), strict=True)
        aims = AIMS.get(size, ("", ""))
        rows += [
            Row(f"{size} workflows", Series(first), "s", aims[0]),
            Row("  of processor time", Series(busy), "s"),
            Row(f"{size} workflows, nothing changed", Series(again), "s", aims[1]),
            Row("  of processor time for each", Series(tuple(took / size * MILLISECONDS for took in busy)), "ms"),
        ]
    yield table("pgs_compiler compile, workflows of 8 nodes", rows)


def _compiled_twice(place: Path) -> tuple[float, float, float]:
    """The wall time and the processor time of a compilation from nothing, and the wall time of the next; in seconds."""
    kept = {"XDG_CACHE_HOME": str(place / "cache"), "XDG_STATE_HOME": str(place / "state")}
    for left in (str(place / "protocol_snapshot"), *kept.values()):
        shutil.rmtree(left, ignore_errors=True)
    compile_ = partial(_compile, place, {**os.environ, **kept})
    before = _busy()
    first = seconds(compile_)
    return first, _busy() - before, seconds(compile_)


def _busy() -> float:
    """The processor time of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _compile(place: Path, environment: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "pgs_compiler", "compile", "--workspace", str(place)]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)

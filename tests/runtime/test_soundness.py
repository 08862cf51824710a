"""A snapshot that somebody changed and sealed again is refused or runs; it never makes the engine stumble."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count

import pytest

from pgs_runtime.faults import Refusal
from pgs_runtime.refusals import refusal_of
from pgs_runtime.runtime import Outcome, Runtime
from pgs_snapshot.canonical import canonical
from pgs_snapshot.seal import MANIFEST, SealBroken, Sealed, build_manifest, verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.runtime.desk import SOURCE, artifacts, order, place
from tests.runtime.protocol import memory, ports, sealed

DESK = sealed(*artifacts(), source=SOURCE, limits={"run_lines": 50}).sealed
FILES = {path: DESK.read(path) for path in DESK.paths()}
GRAPH = "graphs/desk__WF_RUN_V0.json"
BOOK = "artifacts/contract/desk__CC_BOOK_V0.json"
CHOOSE = "artifacts/contract/desk__CC_CHOOSE_V0.json"
INTENT = "artifacts/intent/desk__IN_RUN_V0.json"
PROJECT = "project.json"

Route = tuple[str | int, ...]
GONE: Value = "\0"
OTHERS: tuple[Value, ...] = (GONE, "nope", 99, {}, [], None, -1)


def places(value: Value, route: Route = ()) -> Iterator[Route]:
    """The way to every part of a value but the whole."""
    parts: list[tuple[str | int, Value]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    for key, part in parts:
        yield (*route, key)
        yield from places(part, (*route, key))


def changed(path: str, route: Route, to: Value, base: Sealed = DESK) -> dict[str, bytes]:
    """The files of a snapshot, the desk's unless given, with another part in one of them, sealed again."""
    body = json.loads(base.read(path))
    part = body
    for key in route[:-1]:
        part = part[key]
    if to == GONE:
        del part[route[-1]]
    else:
        part[route[-1]] = to
    files = {path: base.read(path) for path in base.paths()} | {path: canonical(body)}
    manifest = base.manifest
    sealing = build_manifest(manifest.name, manifest.version, manifest.compiler, files, manifest.implementations)
    return files | {MANIFEST: sealing}


def run(files: dict[str, bytes]) -> Outcome:
    return place(Runtime(Snapshot(verify(files)), memory(), ports()), order("a", 4))


def test_whatever_part_is_changed_and_sealed_again_it_runs_or_is_refused() -> None:
    ends = {"ran": 0, "refused": 0}
    number = count()
    for path in sorted(path for path in FILES if path.endswith(".json")):
        for route in places(json.loads(FILES[path])):
            try:
                run(changed(path, route, OTHERS[next(number) % len(OTHERS)]))
                ends["ran"] += 1
            except (Refusal, SealBroken):
                ends["refused"] += 1
    assert ends["ran"] > 50
    assert ends["refused"] > 400


@pytest.mark.parametrize(
    ("path", "route", "to", "why"),
    [
        (GRAPH, ("nodes", 1, "next", "SUCCESS", "to"), "nope", "`book` leads to `nope`, which is not ahead"),
        (GRAPH, ("nodes", 2, "next", "SUCCESS", "to"), "book", "`work` leads to `book`, which is not ahead"),
        (GRAPH, ("nodes", 1, "contract"), "desk::CC_NONE_V0", "there is no contract `desk::CC_NONE_V0`"),
        (GRAPH, ("start",), "book", "it has not one start"),
        (GRAPH, ("nodes", 1, "inputs", "n", "ref", 0), 99, "`book` refers to the slot 99, and there are 8"),
        (BOOK, ("steps", 2, "next", "SUCCESS"), None, "`log` goes on, and is the last step"),
        (BOOK, ("outcomes", "CONFLICT", "x"), {"ref": [7]}, "`CONFLICT` refers to the slot 7, and there are 7"),
        (CHOOSE, ("steps", 0, "cases"), [], "`by_n` has no case"),
        (BOOK, ("name",), "desk::CC_WORK_V0", "the contract `desk::CC_BOOK_V0` calls itself otherwise"),
        (BOOK, ("inputs", "properties"), 1, "the members or labels of a schema of `desk::CC_BOOK_V0` are none"),
        (CHOOSE, ("steps", 0, "cases", 0, "when", "gt"), [], "`by_n` compares 0 values"),
    ],
)
def test_a_sealed_protocol_that_leads_nowhere_is_refused_with_the_place(
    path: str, route: Route, to: Value, why: str
) -> None:
    with pytest.raises(SealBroken) as broken:
        run(changed(path, route, to))
    assert broken.value.code == "Z902"
    assert broken.value.message.endswith(f" says what no compiler writes: {why}.")


def test_a_sealed_schema_that_is_none_is_refused() -> None:
    with pytest.raises(SealBroken) as broken:
        run(changed(INTENT, ("payload", "properties", "id", "type"), "strin"))
    assert refusal_of(broken.value).code == "Z902"
    assert "The snapshot holds a schema that is none: " in broken.value.message


@pytest.mark.parametrize("to", ["x", 0, -1, True, 1.5, None])
def test_a_sealed_limit_that_is_none_is_refused(to: Value) -> None:
    with pytest.raises(SealBroken) as broken:
        run(changed(PROJECT, ("limits", "run_lines"), to))
    assert broken.value.message == "`project.json` sets no limit by `run_lines`."

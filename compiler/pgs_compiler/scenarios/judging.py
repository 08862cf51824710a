"""What came is compared with what was expected, and every difference is told where the scenario expects it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import cast

from pgs_compiler.findings import Place
from pgs_compiler.scenarios.scenario import Miss, Scenario
from pgs_compiler.scenarios.staging import Answer
from pgs_compiler.source import Mapping, Scalar, Tree, to_value
from pgs_compiler.source import Sequence as Items
from pgs_snapshot.values import Value, same

_SHOWN = 200
NODES = ("intent", "contract", "process", "call", "each", "wait")
"""The kinds of lines that tell how a node ended."""


def judged(scenario: Scenario, answer: Answer) -> tuple[Miss, ...]:
    """Everything that is not as expected, in the order in which it is looked at."""
    return tuple(_misses(scenario, answer))


def _misses(scenario: Scenario, answer: Answer) -> Iterator[Miss]:
    refused = cast("dict[str, str] | None", answer.get("refused"))
    if refused is not None:
        where = f" (`{refused['where']}`)" if refused["where"] else ""
        kept = refused["at"] not in ("state", "clock") and refused["code"] != "R016"
        hint = "" if kept else refused["hint"]  # it is for runs that are kept
        yield Miss(_place_of(scenario, refused["at"], refused["where"]), f"{refused['message']}{where}", hint)
    for asked in cast("list[str]", answer.get("unanswered", [])):
        yield Miss(scenario.place, f"`{asked}` was asked, and no double answers.", "Add one to `doubles`.")
    if refused is not None or "exit" not in answer:
        return
    yield from _heard(scenario, cast("list[str]", answer["heard"]))
    for number in cast("list[int]", answer["unused"]):
        yield Miss(scenario.doubles[number].place, f"Nobody asked for this `{scenario.doubles[number].operation}`.")
    expect, path = scenario.expect, _path(cast("list[Answer]", answer["lines"]))
    if expect.exit is not None:
        yield from _exit(expect.exit, answer)
    if expect.faults is not None:
        yield from _faults(expect.faults, answer)
    if expect.path is not None:
        yield from _whole(expect.path, path)
    if expect.passes is not None:
        yield from _passes(expect.passes, path)
    domain = scenario.workflow.partition("::")[0]
    if expect.effects is not None:
        yield from _effects(expect.effects, cast("dict[str, dict[str, Value]]", answer["effects"]), domain)
    if expect.result is not None:
        yield from _within(expect.result, answer["result"], "the result")
    if expect.state is not None:
        yield from _state(expect.state, cast("dict[str, Value]", answer["state"]), domain)


def _place_of(scenario: Scenario, at: str, where: str) -> Place:
    if at.startswith("moments/"):
        return scenario.signals[int(at.partition("/")[2])].place
    known = scenario.places
    for inside in (f"{at}{where}", f"config{where}"):  # as deep as it was written
        while "/" in inside:
            if inside in known:
                return known[inside]
            inside = inside.rpartition("/")[0]
    return known.get("workflow" if at == "run" else at) or known.get("actor") or scenario.place


def _heard(scenario: Scenario, heard: list[str]) -> Iterator[Miss]:
    for signal, why in zip(scenario.signals, heard, strict=True):
        if why and not signal.refused:
            yield Miss(signal.place, f"The signal was to be taken, and was refused: {why}")
        elif signal.refused and not why:
            yield Miss(signal.place, "The signal was to be refused, and was taken.")


def _exit(expected: Scalar, answer: Answer) -> Iterator[Miss]:
    if expected.value in (answer["exit"], answer["kind"]):
        return
    came = f"`{answer['exit']}`" if answer["exit"] else "no exit"
    kind = f" ({answer['kind']})" if answer["kind"] != answer["exit"] else ""
    said = str(answer["message"]) or next((str(line["why"]) for line in _doubts(answer)), "")
    why = f": {said.removesuffix('.')}" if said else ""
    yield Miss(expected.place, f"The exit `{expected.value}` was expected, and {came}{kind} came{why}.")


def _faults(place: Place, answer: Answer) -> Iterator[Miss]:
    if answer["kind"] in ("FAULTED", "STOPPED"):
        said = str(answer["message"]).removesuffix(".")
        yield Miss(place, f"No fault was expected, and `{answer['exit']}` ({answer['kind']}) came: {said}.")
    elif answer.get("differs"):
        yield Miss(place, f"The run was expected to be the same when it is done again: {answer['differs']}")


def _doubts(answer: Answer) -> Iterator[Answer]:
    lines = cast("list[Answer]", answer["lines"])
    return (line for line in reversed(lines) if line["kind"] == "doubt" and answer["kind"] == "IN_DOUBT")


# --- the way -------------------------------------------------------------------------------------


def _path(lines: Sequence[Answer]) -> list[tuple[str, str]]:
    """The nodes of the workflow itself with their outcomes, the exit last."""
    found: list[tuple[str, str]] = []
    for line in lines:
        if "parent" in line:
            continue
        if line["kind"] in NODES:
            found.append((str(line["node"]), str(line["outcome"])))
        elif line["kind"] == "exit":
            found.append((str(line["node"]), str(line["name"])))
    return found


def _steps(expected: Tree, key: str) -> Iterator[tuple[Place, str, str] | Miss]:
    for item in expected.items if isinstance(expected, Items) else (expected,):
        if isinstance(item, Scalar) and isinstance(item.value, str):
            yield item.place, item.value, ""
        elif isinstance(item, Mapping) and len(item.entries) == 1 and isinstance(item.entries[0].value, Scalar):
            yield item.place, item.entries[0].name, str(item.entries[0].value.value)
        else:
            yield Miss(
                item.place, f"`{key}` lists nodes, each alone or with its outcome.", "Write `admit` or `admit: ACK`."
            )


def _whole(expected: Tree, path: Sequence[tuple[str, str]]) -> Iterator[Miss]:
    steps = list(_steps(expected, "path"))
    if wrong := [step for step in steps if isinstance(step, Miss)]:
        yield from wrong
        return
    wanted = [step for step in steps if not isinstance(step, Miss)]
    for number, (place, node, outcome) in enumerate(wanted):
        if number == len(path):
            yield Miss(place, f"`{_spoken(node, outcome)}` was expected, and the run ended before it.", _way(path))
            return
        if not _is(path[number], node, outcome):
            came = _spoken(*path[number])
            yield Miss(place, f"`{_spoken(node, outcome)}` was expected, and `{came}` came.", _way(path))
            return
    if len(path) > len(wanted):
        message = f"The path was expected to end here, and `{_spoken(*path[len(wanted)])}` came."
        yield Miss(expected.place, message, _way(path))


def _passes(expected: Tree, path: Sequence[tuple[str, str]]) -> Iterator[Miss]:
    at = 0
    for step in _steps(expected, "passes"):
        if isinstance(step, Miss):
            yield step
            return
        place, node, outcome = step
        at = next((number + 1 for number in range(at, len(path)) if _is(path[number], node, outcome)), 0)
        if not at:
            yield Miss(place, f"`{_spoken(node, outcome)}` was expected, and did not come.", _way(path))
            return


def _is(came: tuple[str, str], node: str, outcome: str) -> bool:
    return came[0] == node and outcome in ("", came[1])


def _spoken(node: str, outcome: str) -> str:
    return f"{node}: {outcome}" if outcome else node


def _way(path: Sequence[tuple[str, str]]) -> str:
    return f"The path was [{', '.join(_spoken(*step) for step in path)}]."


# --- effects, result, state ----------------------------------------------------------------------


def _effects(expected: Tree, came: dict[str, dict[str, Value]], domain: str) -> Iterator[Miss]:
    """Counts are whole: what is not named was not done."""
    if not isinstance(expected, Mapping):
        yield Miss(expected.place, "`effects` are counts by operation, by store.")
        return
    named: set[str] = set()
    for entry in expected:
        store = entry.name if "::" in entry.name else f"{domain}::{entry.name}"
        named.add(store)
        wanted, done = to_value(entry.value), cast(Value, came.get(store, {}))
        if not same(wanted, done):
            yield Miss(entry.value.place, f"Of `{entry.name}`, {_shown(wanted)} was expected, and {_shown(done)} came.")
    for store in sorted(came.keys() - named):
        done = _shown(cast(Value, came[store]))
        yield Miss(expected.place, f"Nothing was expected of `{store}`, and {done} came.")


def _state(expected: Tree, came: dict[str, Value], domain: str) -> Iterator[Miss]:
    if not isinstance(expected, Mapping):
        yield Miss(expected.place, "`state` has rows by store, as `state load` takes them.")
        return
    for entry in expected:
        store = entry.name if "::" in entry.name else f"{domain}::{entry.name}"
        held = cast("dict[str, Value]", came.get(store, {}))
        if not isinstance(entry.value, Mapping):
            yield Miss(entry.value.place, f"The rows of `{entry.name}` are values by key, or records by stream.")
            continue
        for row in entry.value:
            absent = isinstance(row.value, Scalar) and row.value.value is None
            if row.name not in held and not absent:
                yield Miss(row.key.place, f"`{row.name}` of `{entry.name}` was expected, and is not there.")
            elif row.name in held and absent:
                message = (
                    f"Nothing was expected under `{row.name}` of `{entry.name}`, and {_shown(held[row.name])} came."
                )
                yield Miss(row.key.place, message)
            elif not absent:
                yield from _within(row.value, held[row.name], f"`{row.name}` of `{entry.name}`")


def _within(expected: Tree, came: Value, what: str) -> Iterator[Miss]:
    """Members of mappings that are not expected may be there; a list has as many items as expected."""
    if isinstance(expected, Mapping) and isinstance(came, dict):
        for entry in expected:
            if entry.name not in came:
                yield Miss(entry.key.place, f"`{entry.name}` was expected in {what}, and is not there.")
            else:
                yield from _within(entry.value, came[entry.name], what)
    elif isinstance(expected, Items) and isinstance(came, list) and len(expected.items) == len(came):
        for item, value in zip(expected.items, came, strict=True):
            yield from _within(item, value, what)
    elif not same(to_value(expected), came):
        yield Miss(expected.place, f"In {what}, {_shown(to_value(expected))} was expected, and {_shown(came)} came.")


def _shown(value: Value) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return f"`{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}`"

"""examine: a run explained for a terminal or for a program.

The way it took, the decision that mattered with the values that it saw, effects, timings where the store has
them, and what to do next. Nothing in the answer can move a terminal's cursor: data is shown, never obeyed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import cast

from pgs_runtime.reasons import Case, Meaning, because, cases, deciding, sentence
from pgs_runtime.stores.port import Timing
from pgs_runtime.traces import Decided, Ending, Passed, Trace
from pgs_snapshot.canonical import canonical
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

FORMAT = "pgs-examination/1"

MOST_ITEMS = 20
"""Items of a loop that are told one by one."""
_AGAIN = "Nothing was changed, so the same request can be sent again."
_BY_FAULT: Mapping[str, str] = MappingProxyType(
    {
        "R030": "Set `run_lines` under `limits` in pgs.yaml higher, compile, and run again.",
        "R031": "Mend the implementation that recursed without end, compile, and run again.",
        "R032": "Set `run_bytes` under `limits` in pgs.yaml higher, compile, and run again.",
        "R033": "Set `run_seconds` under `limits` in pgs.yaml higher, compile, and run again.",
        "R034": "Set `value_bytes` under `limits` in pgs.yaml higher, compile, and run again.",
        "R035": "Mend the implementation that took all memory, compile, and run again.",
        "R036": "Give the capability values that nest less deeply, compile, and run again.",
        "R026": "The snapshot promised a value that is not there: report it with trace and snapshot.",
    }
)
_BY_CODE: Mapping[int, str] = MappingProxyType(
    {
        6: "Mend the implementation that broke its contract or declare what it does, compile, and run again.",
        8: "Mend the store first.",
    }
)
_BY_KIND: Mapping[str, str] = MappingProxyType(
    {
        "DENIED": "The protocol decided so on these facts; while they stand, so will the answer.",
        "REJECTED": "Mend the payload or the actor as the reasons say, and send the request again.",
        "FAILED": f"Look at what the reason says first. {_AGAIN}",
    }
)


def hints(trace: Trace) -> tuple[str, ...]:
    """What to do next, after anything but success."""
    ending = trace.ending
    if ending is None:
        return ("The trace stops before the end: compare it with the store, `pgs_runtime verify`.",)
    if ending.exit_code is None:
        return tuple(filter(None, [_BY_KIND.get(ending.kind)]))
    found = _BY_FAULT.get(ending.name) or _BY_CODE.get(ending.exit_code)
    return (found, _AGAIN) if found else (_AGAIN,)


# --- for people ----------------------------------------------------------------------------------


def as_text(
    trace: Trace, snapshot: Snapshot | None = None, timing: Sequence[Timing] = (), doubt: str | None = None
) -> str:
    """The examination in lines of plain text, without a line end after the last.

    Args:
        doubt: what is wrong with the trace, "" for nothing, None where nobody has judged it.
    """
    meaning = Meaning(snapshot, trace.header.workflow)
    mattered = _mattered(trace, meaning)
    sections = [
        [visible(f"NOT SOUND  {doubt}"), "  What follows is what the file says."] if doubt else [],
        list(_head(trace, meaning)),
        ["Way", *_columns(_way(trace, {time.line: time.took for time in timing}))],
        [f"Decided by {visible(mattered.node)}", *_decision(mattered, meaning)] if mattered else [],
        ["Changed", *_changed(trace.ending)],
        ["Time", *_time(trace, timing)],
        ["Next", *(f"  {hint}" for hint in hints(trace))] if hints(trace) else [],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _mattered(trace: Trace, meaning: Meaning) -> Passed | None:
    return None if trace.ending is None or trace.ending.is_fault else deciding(trace, meaning)


def _head(trace: Trace, meaning: Meaning) -> Iterator[str]:
    header, ending = trace.header, trace.ending
    if ending is None:
        ended = "not ended"
    elif ending.is_fault:
        ended = f"FAULTED {ending.name} at {ending.node}"
    else:
        name = f" {ending.name}" if ending.name != ending.kind else ""
        ended = f"{ending.kind}{name} at {ending.node}"
    yield visible(f"{header.run}  {ended}")
    if ending is not None and ending.is_fault:
        yield f"  {visible(ending.why)}"
    yield visible(f"  {header.workflow}")
    if meaning.graph is not None:
        yield f"  {visible(meaning.graph.summary)}"
    who = f"{_plain(header.actor.get('id'))} as {_plain(header.actor.get('type'))}"
    yield visible(f"  asked by {who} ({header.authenticated_by}) at {header.started}")


def _way(trace: Trace, took: Mapping[int, int]) -> Iterator[tuple[str, ...]]:
    """Rows of step, node, outcome, target and time."""
    number = 0
    for number, passed in enumerate(trace.passed, start=1):
        yield from _inside(passed, passed.node, took)
        yield (str(number), passed.node, passed.outcome, passed.target, _micros(took.get(passed.n)))
    for number, loaded in enumerate(trace.loaded, start=1):
        yield (str(number), loaded.store, f"{loaded.rows} row{'s' * (loaded.rows != 1)}", "", "")
    ending = trace.ending
    if ending is not None:
        yield (str(number + 1), ending.node, ending.name, "" if ending.is_fault else ending.kind, "")


def _inside(passed: Passed, way: str, took: Mapping[int, int]) -> Iterator[tuple[str, ...]]:
    """Rows of what a node called, in the order in which it ran."""
    for called in passed.inside[:MOST_ITEMS]:
        here = way if called.iteration is None else f"{way}[{called.iteration}]"
        for node in called.passed:
            yield from _inside(node, f"{here}/{node.node}", took)
            yield ("", f"{here}/{node.node}", node.outcome, node.target, _micros(took.get(node.n)))
        if called.ending is not None:
            ending = called.ending
            yield ("", f"{here}/{ending.node}", ending.name, ending.kind, _micros(took.get(ending.n)))
    if len(passed.inside) > MOST_ITEMS:
        yield ("", f"{way}[…]", f"{len(passed.inside) - MOST_ITEMS} more items", "", "")


def _columns(rows: Iterator[tuple[str, ...]]) -> list[str]:
    shown = [tuple(visible(cell) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown
    ]


def _decision(passed: Passed, meaning: Meaning) -> Iterator[str]:
    node = meaning.node(passed.node)
    yield f"  {visible(passed.outcome)}{f'  ({visible(node.at)})' if node else ''}"
    step = passed.steps[-1] if passed.steps and not passed.refused else None
    if isinstance(step, Decided):
        for case in cases(step, meaning.contract(passed.target)):
            held = "held" if case.held else "did not hold"
            at = f"  ({visible(case.at)})" if case.at else ""
            yield f"  case {case.number}, {visible(case.outcome)}, {held}{at}"
            yield from (f"    {sentence(item, visible)}" for item in case.comparisons)
    else:
        yield from (f"  {why}" for why in because(passed, meaning, visible, visible))


def _changed(ending: Ending | None) -> Iterator[str]:
    if ending is None:
        yield "  not known before the end"
        return
    for store, operations in sorted(ending.effects.items()):
        for operation, count in sorted(operations.items()):
            yield f"  {visible(store)} {visible(operation)} × {count}"
    if not ending.effects:
        yield "  nothing; what had been written was undone" if ending.undone else "  nothing"


def _time(trace: Trace, timing: Sequence[Timing]) -> Iterator[str]:
    if not timing:
        yield "  in the store, which `--data-root` names"
        return
    nodes = {passed.n: passed.node for passed in trace.passed}
    longest = max(timing, key=lambda time: (time.line in nodes, time.took, -time.line))
    where = f", {_micros(longest.took)} of it at {visible(nodes[longest.line])}" if longest.line in nodes else ""
    yield f"  {_micros(sum(time.took for time in timing))} before the commit{where}"


def _micros(took: int | None) -> str:
    return "" if took is None else f"{took / 1000:.1f} ms"


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else canonical(value).decode()


# --- for programs --------------------------------------------------------------------------------


def as_json(
    trace: Trace, snapshot: Snapshot | None = None, timing: Sequence[Timing] = (), doubt: str | None = None
) -> str:
    """The examination as one JSON object of ASCII characters, its members sorted; arguments as of `as_text`."""
    meaning = Meaning(snapshot, trace.header.workflow)
    mattered, ending = _mattered(trace, meaning), trace.ending
    body: dict[str, Value] = {
        "actor": dict(trace.header.actor),
        "format": FORMAT,
        "hints": list(hints(trace)),
        "lines": trace.lines,
        "run": trace.header.run,
        "snapshot": trace.header.snapshot,
        "started": trace.header.started,
        "way": [{"node": node, "outcome": outcome} for node, outcome in trace.way],
        **({"called": called} if (called := list(_called(trace.passed, ()))) else {}),
        "workflow": trace.header.workflow,
    }
    if mattered is not None:
        body["decided_by"] = _decided_by(mattered, meaning)
    if ending is not None:
        body["effects"] = cast("dict[str, Value]", ending.effects)
        body["ended"] = {
            "kind": ending.kind,
            "name": ending.name,
            "node": ending.node,
            "undone": ending.undone,
        }
        if ending.is_fault:
            body["fault"] = {"code": ending.name, "exit_code": ending.exit_code, "why": ending.why}
    if doubt is not None:
        body["sound"] = not doubt
    if doubt:
        body["doubt"] = doubt
    if timing:
        body["micros"] = [{"line": time.line, "took": time.took} for time in timing]
    return json.dumps(body, sort_keys=True)


def _called(passed: Sequence[Passed], parents: tuple[Value, ...]) -> Iterator[Value]:
    """Every workflow that was called, in the order in which they ended, with its way."""
    for node in passed:
        for inner in node.inside:
            here: Value = node.node if inner.iteration is None else f"{node.node}[{inner.iteration}]"
            yield from _called(inner.passed, (*parents, here))
            told: dict[str, Value] = {
                "at": [*parents, here],
                "way": [{"node": inside.node, "outcome": inside.outcome} for inside in inner.passed],
                "workflow": inner.workflow,
            }
            if inner.ending is not None:
                end = inner.ending
                told["ended"] = {"kind": end.kind, "name": end.name, "node": end.node, "undone": end.undone}
            yield told


def _decided_by(passed: Passed, meaning: Meaning) -> Value:
    node = meaning.node(passed.node)
    decided: dict[str, Value] = {
        "node": passed.node,
        "outcome": passed.outcome,
        "why": list(because(passed, meaning, str, str)),
    }
    if node is not None:
        decided["at"] = node.at
    step = passed.steps[-1] if passed.steps and not passed.refused else None
    if isinstance(step, Decided):
        decided["cases"] = [_case(case) for case in cases(step, meaning.contract(passed.target))]
    return decided


def _case(case: Case) -> Value:
    compared: list[Value] = [
        {
            "held": item.held,
            "op": item.op,
            "operands": [{"from": operand.name, "value": operand.value} for operand in item.operands],
        }
        for item in case.comparisons
    ]
    return {
        "at": case.at,
        "compared": compared,
        "held": case.held,
        "number": case.number,
        "outcome": case.outcome,
    }

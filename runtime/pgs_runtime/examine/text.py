"""examine: a run explained for a terminal or for a program.

The way it took, the decision that mattered with the values that it saw, effects, timings where the store has
them, and what to do next. Nothing in the answer can move a terminal's cursor: data is shown, never obeyed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pgs_runtime.examine.as_json import as_json, mattered
from pgs_runtime.examine.dealings import happened, standing
from pgs_runtime.examine.hints import hints
from pgs_runtime.examine.left import Change, changes
from pgs_runtime.examine.reasons import Meaning, because, cases, sentence
from pgs_runtime.examine.set_aside import glass_words, set_aside
from pgs_runtime.stores.port import Timing
from pgs_runtime.trace.reading import Decided, Passed, Trace
from pgs_snapshot.canonical import canonical
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

__all__ = ["as_json", "as_text", "hints"]
"""What this module gives on; its own functions are for all to use, too."""

MOST_ITEMS = 20
"""Items of a loop that are told one by one."""
MOST_EVENTS = 50
"""What came from outside that is told one by one."""
_FURTHER = "  `pgs_runtime why` says what would have led elsewhere"


# --- for people ----------------------------------------------------------------------------------


def as_text(
    trace: Trace, snapshot: Snapshot | None = None, timing: Sequence[Timing] = (), doubt: str | None = None
) -> str:
    """The examination in lines of plain text, without a line end after the last.

    Args:
        doubt: what is wrong with the trace, "" for nothing, None where nobody has judged it.
    """
    meaning = Meaning(snapshot, trace.header.workflow)
    node, told = mattered(trace, meaning), hints(trace, meaning)
    sections = [
        [visible(f"NOT SOUND  {doubt}"), "  What follows is what the file says."] if doubt else [],
        list(_head(trace, meaning)),
        ["Set aside", *(f"  {said}" for said in aside)] if (aside := list(set_aside(trace, visible, visible))) else [],
        ["Way", *_columns(_way(trace, {time.line: time.took for time in timing}))],
        [f"Decided by {visible(node.node)}", *_decision(node, meaning), _FURTHER] if node else [],
        _outside(trace),
        ["Changed", *_changed(trace, meaning)],
        ["Time", *_time(trace, timing)],
        ["Next", *(f"  {visible(hint)}" for hint in told)] if told else [],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _head(trace: Trace, meaning: Meaning) -> Iterator[str]:
    header, ending = trace.header, trace.ending
    if ending is None:
        ended = "not ended" if trace.state == "CUT" else f"{trace.state}, not ended"
    elif ending.kind == "CANCELLED":
        ended = "CANCELLED" if ending.name == ending.kind else "CANCELLED, left as it stands"
    elif ending.is_fault:
        ended = f"{ending.kind} {ending.name}{f' at {ending.node}' if ending.node else ''}"
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
    if trace.glass is not None:
        yield f"  {glass_words(trace, visible, visible)}"
    if ending is None:
        yield f"  {standing(trace, visible, visible)}"


def _way(trace: Trace, took: Mapping[int, int]) -> Iterator[tuple[str, ...]]:
    """Rows of step, node, outcome, target and time."""
    number = 0
    for number, passed in enumerate(trace.passed, start=1):
        yield from _inside(passed, passed.node, took)
        yield (str(number), _named(passed), passed.outcome, passed.target, _micros(took.get(passed.n)))
    for number, loaded in enumerate(trace.loaded, start=1):
        yield (str(number), loaded.store, f"{loaded.rows} row{'s' * (loaded.rows != 1)}", "", "")
    for number, erased in enumerate(trace.erased, start=1):
        yield (str(number), "erase", "SUCCESS", erased.subject, "")
    for number, reset in enumerate(trace.resets, start=1):
        yield (str(number), "interlock", "SUCCESS", f"reset by {reset.by}", "")
    if trace.glass is not None:
        yield ("1", trace.glass.intent, trace.glass.rule, trace.glass.does, "")
        return
    ending = trace.ending
    if ending is not None:
        kind = "" if ending.is_fault or ending.kind == ending.name == "CANCELLED" else ending.kind
        yield (str(number + 1), ending.node, ending.name, kind, "")


def _named(passed: Passed) -> str:
    return f"{passed.node} (taken back)" if passed.undoes else passed.node


def _inside(passed: Passed, way: str, took: Mapping[int, int]) -> Iterator[tuple[str, ...]]:
    """Rows of what a node called, in the order in which it ran."""
    for called in passed.inside[:MOST_ITEMS]:
        here = way if called.iteration is None else f"{way}[{called.iteration}]"
        for node in called.passed:
            yield from _inside(node, f"{here}/{node.node}", took)
            yield ("", f"{here}/{_named(node)}", node.outcome, node.target, _micros(took.get(node.n)))
        if called.ending is not None:
            ending = called.ending
            end = f"{here}/{ending.node}" if ending.node else here
            yield ("", end, ending.name, ending.kind, _micros(took.get(ending.n)))
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


def _outside(trace: Trace) -> list[str]:
    """What came from outside, in the order of time."""
    told = list(happened(trace, visible, visible))
    if not told:
        return []
    more = [f"  and {len(told) - MOST_EVENTS} more"] if len(told) > MOST_EVENTS else []
    return ["From outside", *(f"  {said}" for said in told[:MOST_EVENTS]), *more]


def _changed(trace: Trace, meaning: Meaning) -> Iterator[str]:
    ending = trace.ending
    if ending is None:
        if trace.state == "CUT" or meaning.graph is None:
            yield "  not known before the end"
            return
        so_far = list(changes(trace, meaning))
        yield from (
            f"  {visible(change.where)} {visible(change.operation)}{_doubt(change)}, so far" for change in so_far
        )
        if not so_far:
            yield "  nothing so far"
        return
    for store, operations in sorted(ending.effects.items()):
        for operation, count in sorted(operations.items()):
            yield f"  {visible(store)} {visible(operation)} × {count}"
    unknown = [change for change in changes(trace, meaning) if change.unknown]
    for change in unknown:
        yield f"  {visible(change.where)} {visible(change.operation)}{_doubt(change)}"
    if not ending.effects and not unknown:
        yield "  nothing; what had been written was undone" if ending.undone else "  nothing"


def _doubt(change: Change) -> str:
    return ": nobody knows whether it took place" if change.unknown else ""


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

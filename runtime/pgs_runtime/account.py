"""A run as an account in Markdown: who asked what, which way it went and why, what changed, how to check it.

Laws:
* the same trace and snapshot give the same bytes: no clock, no duration, no path of a machine;
* what the trace or the protocol says stands there as data (`pgs_runtime.markdown`), never as Markdown;
* only the trace is evidence. The protocol lends its words; without it the account is shorter and still whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgs_runtime.markdown import code, json_fence, prose
from pgs_runtime.reasons import Case, Meaning, because, cases, deciding, named, sentence, written
from pgs_runtime.redaction import REDACTED
from pgs_runtime.traces import Computed, Decided, Ending, Header, Inner, Passed, Step, Stored, Trace
from pgs_snapshot.snapshot import Snapshot

MOST_ITEMS = 20
"""Items of a loop that are told one by one."""
_WHO = {"local": "the operating system's user at a command line"}
_ASKED = {"read": "", "write": " to write", None: ""}
_ENDS = {
    "COMPLETED": "The run ended **COMPLETED**",
    "DENIED": "The protocol decided no: the run ended **DENIED**",
    "REJECTED": "The request was not admitted: the run ended **REJECTED**",
    "FAILED": "The run ended **FAILED**",
}


def account(trace: Trace, snapshot: Snapshot | None = None, picture: str = "", note: str = "") -> str:
    """Tell a run.

    Args:
        snapshot: the one that ran, if it is at hand.
        picture: the file beside the account that shows the way, "" without one.
        note: why there is no picture, "" if that needs no words.
    """
    meaning = Meaning(snapshot, trace.header.workflow)
    parts = [
        [f"# {code(trace.header.workflow)}: {_end(trace.ending)}"],
        [" ".join(_verdict(trace, meaning))],
        [] if trace.is_load else _asked(trace.header),
        _way(trace, meaning, picture, note),
        _changed(trace),
        _given(trace.ending),
        _evidence(trace),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


# --- the verdict ---------------------------------------------------------------------------------


def _end(ending: Ending | None) -> str:
    if ending is None:
        return "not ended"
    return f"{ending.kind}, {code(ending.name)}" if ending.name != ending.kind else ending.kind


def _verdict(trace: Trace, meaning: Meaning) -> Iterator[str]:
    header, ending = trace.header, trace.ending
    name, kind = (code(str(header.actor.get(member))) for member in ("id", "type"))
    vouched = _WHO.get(header.authenticated_by) or f"authenticated by {code(header.authenticated_by)}"
    day, _, time = header.started.removesuffix("Z").partition("T")
    purpose = f" ({prose(meaning.graph.summary)})" if meaning.graph and meaning.graph.summary else ""
    asked = f"asked as {kind} for {code(header.workflow)}{purpose}"
    if trace.is_load:
        asked = f"put rows into stores as {kind}, past every protocol"
    yield f"On {day} at {time} UTC, {name} ({vouched}) {asked}."
    if ending is None:
        yield "The trace stops before the end of the run."
        return
    if ending.is_fault:
        within = "".join(f" within {code(node)}" for node in reversed(ending.within))
        yield f"The run broke off at {code(ending.node)}{within} with the fault {code(ending.name)}:"
        yield prose(ending.why)
    else:
        reason = f" with the reason {code(ending.name)}" if ending.name != ending.kind else ""
        yield f"{_ENDS[ending.kind]} at {code(ending.node)}{reason}."
    mattered = None if ending.is_fault else deciding(trace, meaning)
    if mattered is not None:
        why = "; ".join(because(mattered, meaning, code, prose))
        said = f"{code(mattered.node)} ended as {code(mattered.outcome)}"
        yield f"What decided that: {said}{f', because {why}' if why else ''}."
    yield _stands(ending)


def _stands(ending: Ending) -> str:
    if ending.effects:
        return "What it changed stands."
    return "What it had changed was undone." if ending.undone else "It changed nothing."


# --- what was asked ------------------------------------------------------------------------------


def _asked(header: Header) -> list[str]:
    lines = ["## What was asked", "", *json_fence(header.payload)]
    attributes = {name: value for name, value in header.actor.items() if name not in ("id", "type")}
    if attributes:
        lines += ["", "The actor's attributes:", "", *json_fence(attributes)]
    if header.config:
        lines += ["", "The configuration that held:", "", *json_fence(dict(header.config))]
    for binding, config in sorted(header.configs.items()):
        lines += ["", f"The configuration of {code(binding)}:", "", *json_fence(config)]
    if REDACTED in "\n".join(lines):
        lines += [
            "",
            f"A value that carries a label is on record only as a commitment to it, {code(REDACTED)}.",
        ]
    return lines


# --- the way -------------------------------------------------------------------------------------


def _way(trace: Trace, meaning: Meaning, picture: str, note: str) -> list[str]:
    lines = ["## Which way it went, and why", ""]
    if picture:
        lines += [f"![The whole graph, with the way that this run took]({picture})", ""]
    elif note:
        lines += [f"There is no picture: {prose(note)}", ""]
    number = 0
    for number, passed in enumerate(trace.passed, start=1):
        lines += _passed(number, passed, meaning)
    for number, loaded in enumerate(trace.loaded, start=1):
        lines.append(f"{number}. {code(loaded.store)}: {loaded.rows} row{'s' * (loaded.rows != 1)} written")
    if trace.ending is not None and not trace.is_load:
        lines.append(f"{number + 1}. {_last(trace.ending, meaning)}")
    return lines


def _passed(number: int, passed: Passed, meaning: Meaning) -> Iterator[str]:
    """An item of the list, with one item within it for each step."""
    summary = meaning.summary(passed)
    told = f" — {prose(summary)}" if summary else ""
    to = meaning.leads(passed)
    further = f", so on to {code(to)}" if to else ""
    yield f"{number}. **{code(passed.node)}**{told}"
    inner = " " * (len(str(number)) + 2)
    for line in _inside(passed, meaning):
        yield f"{inner}{line}"
    contract = meaning.contract(passed.target)
    for step in passed.steps:
        yield f"{inner}- {_step(step, meaning)}"
        if isinstance(step, Decided):
            yield from (f"{inner}  - {_case(case)}" for case in cases(step, contract))
    if passed.kind == "intent":
        admitted = "did not admit the request" if passed.refused else "admitted the request"
        yield f"{inner}- {code(passed.target)} {admitted}"
    elif passed.refused:
        yield f"{inner}- not everything that came in fits"
    if passed.refused:
        yield from (f"{inner}  - {why}" for why in because(passed, meaning, code, prose))
    yield f"{inner}- outcome {code(passed.outcome)}{further}" if passed.outcome else f"{inner}- it did not end"


def _inside(passed: Passed, meaning: Meaning) -> Iterator[str]:
    """What a node called, each with the nodes that it passed."""
    for called in passed.inside[:MOST_ITEMS]:
        which = "" if called.iteration is None else f"item {called.iteration}: "
        yield f"- {which}{_returned(called)}"
        within = meaning.inside(called)
        for number, node in enumerate(called.passed, start=1):
            yield from (f"  {line}" for line in _passed(number, node, within))
    if len(passed.inside) > MOST_ITEMS:
        yield f"- and {len(passed.inside) - MOST_ITEMS} more items, which are in the trace"


def _returned(called: Inner) -> str:
    ending = called.ending
    if ending is None:
        return "it did not end"
    reason = f" {code(ending.name)}" if ending.name != ending.kind else ""
    undone = "; what it had changed was dropped" if ending.undone else ""
    return f"{code(called.workflow)} ended {ending.kind}{reason} at {code(ending.node)}{undone}"


def _case(case: Case) -> str:
    at = f" ({code(case.at)})" if case.at else ""
    held = "held" if case.held else "did not hold"
    why = "; ".join(sentence(item, code) for item in case.comparisons) or "it is what is left"
    return f"case {case.number}, {code(case.outcome)}, {held}{at}: {why}"


def _step(step: Step, meaning: Meaning) -> str:
    name, outcome = code(step.step), code(step.outcome)
    match step:
        case Decided():
            return f"{name} decided {outcome}"
        case Computed():
            return f"{name} computed {code(step.transform)}: {outcome}"
        case Stored():
            verb = _ASKED[meaning.mode(step)]
            about = f" for {named(step, code)}" if named(step, code) else ""
            return f"{name} asked {code(step.store)}{verb}: {code(step.operation)}{about}, answer {outcome}"


def _last(ending: Ending, meaning: Meaning) -> str:
    if ending.is_fault:
        return f"**{code(ending.node)}** — the run broke off here: fault {code(ending.name)}"
    node = meaning.node(ending.node)
    told = f" — {prose(node.summary)}" if node and node.summary else ""
    reason = f" {code(ending.name)}" if ending.name != ending.kind else ""
    return f"**{code(ending.node)}**{told}: {ending.kind}{reason}"


# --- what it left --------------------------------------------------------------------------------


def _changed(trace: Trace) -> list[str]:
    lines = ["## What changed", ""]
    ending = trace.ending
    if ending is None:
        return [*lines, "That is not known before the end."]
    for store, operations in sorted(ending.effects.items()):
        for operation, count in sorted(operations.items()):
            lines += _change(trace, store, operation, count)
    if ending.effects:
        return lines if lines[-1] else lines[:-1]
    if ending.undone:
        return [*lines, "Nothing. What the steps above had written was undone when the run ended."]
    return [*lines, "Nothing."]


def _change(trace: Trace, store: str, operation: str, count: int) -> Iterator[str]:
    """Each change with what was written, where every such operation on the way is one; else their number."""
    asked = [
        (passed, step)
        for passed in trace.standing
        for step in passed.steps
        if isinstance(step, Stored) and (step.store, step.operation) == (store, operation)
    ]
    if len(asked) != count:
        times = "once" if count == 1 else f"{count} times"
        yield f"- {code(store)}: {code(operation)}, {times}"
        return
    for passed, step in asked:
        about = f" for {named(step, code)}" if named(step, code) else ""
        yield f"- {code(store)}: {code(operation)}{about}, by {code(passed.node)}"
        if written(step):
            yield from ("", *json_fence(written(step), "  "), "")


def _given(ending: Ending | None) -> list[str]:
    if ending is None or not (ending.result or ending.emitted):
        return []
    lines = ["## What it gave"]
    if ending.result:
        lines += ["", "The result:", "", *json_fence(dict(ending.result))]
    for event, fields in sorted(ending.emitted.items()):
        lines += ["", f"The event {code(event)}:", "", *json_fence(fields)]
    return lines


# --- evidence ------------------------------------------------------------------------------------


def _evidence(trace: Trace) -> list[str]:
    header = trace.header
    ran_on = ", ".join(f"{name} {value}" for name, value in sorted(header.fingerprint.items()))
    lines = [
        "## Evidence",
        "",
        f"- run {code(header.run)}, {trace.lines} lines, the last one with the digest {code(trace.head)}",
        f"- snapshot {code(header.snapshot)}",
        f"- {'rows' if trace.is_load else 'payload'}: {_digest(trace)}",
        f"- ran on {code(ran_on)}",
    ]
    if header.request_id:
        lines.append(f"- request id {code(header.request_id)}")
    file = f"traces/{header.run}/{header.run}.jsonl"
    return [*lines, "", f"{code(f'pgs_runtime verify {file}')} checks that nothing of it was changed."]


def _digest(trace: Trace) -> str:
    digest = trace.header.payload_digest
    if isinstance(digest, dict):
        return f"redacted, commitment {code(str(digest.get(REDACTED)))}"
    return f"SHA-256 {code(str(digest))}"

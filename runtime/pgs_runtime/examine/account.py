"""A run as an account in Markdown: who asked what, which way it went and why, what changed, how to check it.

Laws:
* the same trace and snapshot give the same bytes: no clock, no duration, no path of a machine;
* what the trace or the protocol says stands there as data (`pgs_runtime.examine.markdown`), never as Markdown;
* only the trace is evidence. The protocol lends its words; without it the account is shorter and still whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgs_runtime.examine.dealings import came, day, dealings, goes_on, happened, standing, steps, vouched
from pgs_runtime.examine.governed import account as governed
from pgs_runtime.examine.governed import body, violations
from pgs_runtime.examine.left import Change, changes, emissions
from pgs_runtime.examine.markdown import code, json_fence, prose
from pgs_runtime.examine.reasons import Case, Meaning, because, cases, deciding, named, sentence, written
from pgs_runtime.examine.set_aside import as_items, glass_words, set_aside
from pgs_runtime.redaction import REDACTED
from pgs_runtime.trace.reading import Asked, Computed, Decided, Ending, Header, Inner, Passed, Step, Stored, Trace
from pgs_runtime.trace.record import ABANDONED
from pgs_runtime.trace.traced_outside import Abandoned, Cancelled
from pgs_snapshot.snapshot import Snapshot

MOST_ITEMS = 20
"""Items of a loop that are told one by one."""
MOST_EVENTS = 100
"""What came from outside that is told one by one in the order of time, and events that were emitted."""
_ASKED = {"read": "", "write": " to write", None: ""}
_ENDS = {
    "COMPLETED": "The run ended **COMPLETED**",
    "DENIED": "The protocol decided no: the run ended **DENIED**",
    "REJECTED": "The request was not admitted: the run ended **REJECTED**",
    "FAILED": "The run ended **FAILED**",
}


_DOES = {"grant": "overridden", "revoke": "in force again, as far as this override goes"}


def account(trace: Trace, snapshot: Snapshot | None = None, picture: str = "", note: str = "") -> str:
    """Tell a run.

    Args:
        snapshot: the one that ran, if it is at hand.
        picture: the file beside the account that shows the way, "" without one.
        note: why there is no picture, "" if that needs no words.
    """
    meaning = Meaning(snapshot, trace.header.workflow)
    parts = [
        [f"# {code(trace.header.workflow)}: {_end(trace)}"],
        [" ".join(_verdict(trace, meaning))],
        _set_aside(trace),
        [] if trace.is_operators else _asked(trace.header),
        _way(trace, meaning, picture, note),
        _outside(trace),
        _changed(trace, meaning),
        _given(trace),
        _next(trace, meaning),
        _evidence(trace),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


# --- the verdict ---------------------------------------------------------------------------------


def _end(trace: Trace) -> str:
    ending = trace.ending
    if ending is None:
        return "not ended" if trace.state == "CUT" else f"{trace.state}, not ended"
    return f"{ending.kind}, {code(ending.name)}" if ending.name != ending.kind else ending.kind


def _verdict(trace: Trace, meaning: Meaning) -> Iterator[str]:
    header, ending = trace.header, trace.ending
    name, kind = (code(str(header.actor.get(member))) for member in ("id", "type"))
    purpose = f" ({prose(meaning.graph.summary)})" if meaning.graph and meaning.graph.summary else ""
    asked = f"asked as {kind} for {code(header.workflow)}{purpose}"
    if trace.is_load:
        asked = f"put rows into stores as {kind}, past every protocol"
    for erased in trace.erased:
        asked = f"{erased.says(code)}, as {kind}, past every protocol"
    for reset in trace.resets:
        asked = f"{reset.says(code)}, as {kind}, past every protocol"
    if trace.glass is not None:
        asked = f"as {kind} {glass_words(trace, code, prose)}"
    yield f"On {day(header.started)}, {name} ({vouched(header.authenticated_by, code)}) {asked}."
    if ending is None:
        yield standing(trace, code, _strong)
        return
    if ending.kind == "CANCELLED":
        yield from _cancelled(trace)
    elif ending.is_fault:
        within = "".join(f" within {code(node)}" for node in reversed(ending.within))
        where = f" at {code(ending.node)}" if ending.node else ""
        yield f"The run broke off{where}{within} with the fault {code(ending.name)}:"
        yield prose(ending.why)
    else:
        reason = f" with the reason {code(ending.name)}" if ending.name != ending.kind else ""
        yield f"{_ENDS[ending.kind]} at {code(ending.node)}{reason}."
    mattered = None if ending.is_fault or ending.kind == "CANCELLED" else deciding(trace, meaning)
    if mattered is not None:
        why = "; ".join(because(mattered, meaning, code, prose))
        said = f"{code(mattered.node)}{_line(mattered, meaning)} ended as {code(mattered.outcome)}"
        yield f"What decided that: {said}{f', because {why}' if why else ''}."
    yield _stands(trace, ending)


def _line(passed: Passed, meaning: Meaning) -> str:
    """The author's line by which a node decided: of the case that held, else its own."""
    step = passed.steps[-1] if passed.steps and not passed.refused else None
    node = meaning.node(passed.node)
    at = cases(step, meaning.contract(passed.target))[-1].at if isinstance(step, Decided) else ""
    at = at or (node.at if node else "")
    return f" ({code(at)})" if at else ""


def _cancelled(trace: Trace) -> Iterator[str]:
    """Who ended a run that nobody wanted any more."""
    for segment in trace.segments:
        for event in segment.events:
            if isinstance(event, Cancelled | Abandoned) or getattr(event, "verdict", "") == "give_up":
                yield f"On {day(segment.time)}, {came(event, code, prose)}."
    yield "The run ended **CANCELLED**."
    if trace.ending is not None and trace.ending.name == ABANDONED:
        yield "Nothing more was taken back."


def _stands(trace: Trace, ending: Ending) -> str:
    taken_back = any(passed.took_back for passed in trace.nodes)
    dropped = " What it had done since the last point of no return was dropped." if ending.undone else ""
    if ending.effects and taken_back:
        return f"What it changed stands, and what takes some of it back stands beside it.{dropped}"
    if ending.effects:
        return f"What it changed{' before that' if dropped else ''} stands.{dropped}"
    return "What it had changed was undone." if ending.undone else "It changed nothing."


def _set_aside(trace: Trace) -> list[str]:
    """Rules and findings that did not count: a list of its own before anything else is told."""
    told = [f"- {said}" for said in set_aside(trace, code, prose)]
    return ["**Not everything that the protocol demands was met, and that did not count:**", "", *told] if told else []


def _strong(text: str) -> str:
    return f"**{text}**"


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
        lines += _passed(number, passed, meaning, _by(trace.passed, passed))
    for number, loaded in enumerate(trace.loaded, start=1):
        lines.append(f"{number}. {code(loaded.store)}: {loaded.rows} row{'s' * (loaded.rows != 1)} written")
    said = [done.says(code) for done in trace.erased] + [done.says(code) for done in trace.resets]
    lines += [f"{number}. {done}" for number, done in enumerate(said, start=1)]
    if trace.glass is not None:
        lines.append(f"1. {code(trace.glass.intent)}: {code(trace.glass.rule)}, {_DOES[trace.glass.does]}")
    if trace.ending is not None and not trace.is_operators:
        lines.append(f"{number + 1}. {_last(trace.ending, meaning)}")
    return lines


def _by(passed: Sequence[Passed], node: Passed) -> Passed | None:
    """What took a node back."""
    if node.undoes or node.kind not in ("contract", "process", "call"):
        return None
    return next((undo for undo in passed if undo.undoes and undo.node == node.node), None)


def _passed(number: int, passed: Passed, meaning: Meaning, undo: Passed | None = None) -> Iterator[str]:
    """An item of the list, with one item within it for each step. `undo`: what took it back."""
    summary = meaning.summary(passed)
    told = f" — {prose(summary)}" if summary else ""
    if passed.undoes:
        told = f", taken back{told}"
    to = meaning.leads(passed)
    further = f", so on to {code(to)}" if to else ""
    yield f"{number}. **{code(passed.node)}**{told}"
    inner = " " * (len(str(number)) + 2)
    for line in _inside(passed, meaning):
        yield f"{inner}{line}"
    for said in dealings(passed, meaning, code, prose):
        yield f"{inner}- {said}"
    contract, run = meaning.contract(passed.target), body(passed)
    if run is not None:
        yield from (f"{inner}- {said}" for said in governed(passed, run, code))
    for step in () if run is not None else passed.steps:
        yield f"{inner}- {_step(step, meaning)}"
        if isinstance(step, Decided):
            yield from (f"{inner}  - {_case(case)}" for case in cases(step, contract))
    if passed.kind == "intent":
        admitted = "did not admit the request" if passed.refused else "admitted the request"
        yield f"{inner}- {code(passed.target)} {admitted}"
        yield from (f"{inner}  - {said}" for said in as_items(passed, code))
        yield from (f"{inner}  - the rule {said}" for said in violations(passed, code))
    elif passed.refused:
        yield f"{inner}- not everything that came in fits"
    if passed.refused:
        yield from (f"{inner}  - {why}" for why in because(passed, meaning, code, prose))
    yield f"{inner}- outcome {code(passed.outcome)}{further}" if passed.outcome else f"{inner}- {_unended(passed)}"
    if undo is not None:
        ended = f", outcome {code(undo.outcome)}" if undo.outcome else ", which did not end"
        ended += ", and that was dropped" if undo.outcome and not undo.took_back else ""
        yield f"{inner}- taken back later by {code(undo.target) if undo.target else 'a contract'}{ended}"


def _unended(passed: Passed) -> str:
    return "it has not ended" if goes_on(passed) else "it did not end"


def _inside(passed: Passed, meaning: Meaning) -> Iterator[str]:
    """What a node called, each with the nodes that it passed."""
    for called in passed.inside[:MOST_ITEMS]:
        which = "" if called.iteration is None else f"item {called.iteration}: "
        yield f"- {which}{_returned(called)}"
        within = meaning.inside(called)
        for number, node in enumerate(called.passed, start=1):
            yield from (f"  {line}" for line in _passed(number, node, within, _by(called.passed, node)))
    if len(passed.inside) > MOST_ITEMS:
        yield f"- and {len(passed.inside) - MOST_ITEMS} more items, which are in the trace"


def _returned(called: Inner) -> str:
    ending = called.ending
    if ending is None:
        return "it has not ended" if any(map(goes_on, called.passed)) else "it did not end"
    if ending.kind == "CANCELLED":
        return f"{code(called.workflow)} was cancelled"
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
        case Asked():
            verb = _ASKED[meaning.mode(step)]
            return f"{name} asked {code(step.side_effect)} outside{verb}: {code(step.operation)}, answer {outcome}"


def _last(ending: Ending, meaning: Meaning) -> str:
    if ending.kind == "CANCELLED":
        return "the run was cancelled" if ending.name != ABANDONED else "the run was left as it stands"
    if ending.is_fault:
        where = f"**{code(ending.node)}** — " if ending.node else ""
        return f"{where}the run broke off here: fault {code(ending.name)}"
    node = meaning.node(ending.node)
    told = f" — {prose(node.summary)}" if node and node.summary else ""
    reason = f" {code(ending.name)}" if ending.name != ending.kind else ""
    return f"**{code(ending.node)}**{told}: {ending.kind}{reason}"


# --- the outside ---------------------------------------------------------------------------------


def _outside(trace: Trace) -> list[str]:
    told = list(happened(trace, code, prose))
    if not told:
        return []
    lines = [
        "## What came from outside, and when",
        "",
        "Each of these began where the run had been committed, at a point of no return: what it had done until then",
        "was not dropped any more, and could only be taken back.",
        "",
    ]
    lines += (f"{number}. {said}" for number, said in enumerate(told[:MOST_EVENTS], start=1))
    if len(told) > MOST_EVENTS:
        lines += ["", f"{len(told) - MOST_EVENTS} more are in the trace."]
    return lines


def _next(trace: Trace, meaning: Meaning) -> list[str]:
    found = steps(trace, meaning)
    if not found:
        return []
    return ["## How it goes on", "", *(f"- {prose(step.says)}: {code(step.command)}" for step in found)]


# --- what it left --------------------------------------------------------------------------------


def _changed(trace: Trace, meaning: Meaning) -> list[str]:
    lines = ["## What changed", ""]
    ending = trace.ending
    if ending is None:
        if trace.state == "CUT" or meaning.graph is None:
            return [*lines, "That is not known before the end."]
        lines += ["So far, by the nodes that have ended:", ""]
    found = list(changes(trace, meaning))
    for change in found:
        lines += _change(change)
    if found:
        return lines if lines[-1] else lines[:-1]
    if ending is not None and ending.undone:
        return [*lines, "Nothing. What the steps above had written was undone when the run ended."]
    return [*lines, "Nothing."]


def _change(change: Change) -> Iterator[str]:
    """A change with what was written, where that is known; else how often there was such a change."""
    what = f"- {code(change.where)}: {code(change.operation)}"
    step = change.step
    if step is None:
        yield f"{what}, {'once' if change.count == 1 else f'{change.count} times'}"
        return
    about = f" for {named(step, code)}" if isinstance(step, Stored) and named(step, code) else ""
    undo = ", to take it back" if change.undoes else ""
    if change.taken_back:
        around = f", within {code(change.taken_back)}" if change.taken_back != change.node else ""
        undo = f"{around}, which was taken back later"
    unknown = "; nobody knows whether it took place" if change.unknown else ""
    yield f"{what}{about}, by {code(change.node)}{undo}{unknown}"
    if written(step):
        yield from ("", *json_fence(written(step), "  "), "")


def _given(trace: Trace) -> list[str]:
    ending = trace.ending
    lines: list[str] = []
    if ending is not None and ending.result:
        lines += ["", "The result:", "", *json_fence(dict(ending.result))]
    emitted = list(emissions(trace))
    for emission in emitted[:MOST_EVENTS]:
        within = f", emitted within {code(emission.within)}" if emission.within else ""
        lines += ["", f"The event {code(emission.event)}{within}:", "", *json_fence(emission.fields)]
    if len(emitted) > MOST_EVENTS:
        lines += ["", f"{len(emitted) - MOST_EVENTS} more events are in the trace."]
    return ["## What it gave", *lines] if lines else []


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
    checks = f"{code(f'pgs_runtime verify {file}')} checks that nothing of it was changed."
    further = f"{code(f'pgs_runtime why {file}')} says what would have led elsewhere."
    return [*lines, "", checks, *([further] if trace.ending is not None and not trace.is_operators else [])]


def _digest(trace: Trace) -> str:
    digest = trace.header.payload_digest
    if isinstance(digest, dict):
        return f"redacted, commitment {code(str(digest.get(REDACTED)))}"
    return f"SHA-256 {code(str(digest))}"

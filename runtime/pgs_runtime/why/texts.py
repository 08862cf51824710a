"""What `why` says: sentences for people, or one JSON object (`pgs-why/1`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pgs_runtime.core.expressions import ABSENT
from pgs_runtime.examine.dealings import standing
from pgs_runtime.examine.reasons import Case, sentence
from pgs_runtime.examine.words import words_for
from pgs_runtime.why.answer import Decision, Why
from pgs_runtime.why.flow import Source
from pgs_runtime.why.flow_words import code, listed, member, ordered, pointer, source_word, source_words
from pgs_runtime.why.otherwise import Otherwise
from pgs_runtime.why.searching import Change, Elsewhere
from pgs_runtime.why.trials import MOST
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

FORMAT = "pgs-why/1"
MOST_OTHERS = 3
"""Changes that are told beside the smallest one."""
MOST_EARLIER = 12
_WIDTH = 110


# --- for people ----------------------------------------------------------------------------------


def why_text(why: Why) -> str:
    """The answer in lines of plain text, without a line end after the last."""
    trace, ending = why.trace, why.trace.ending
    head = [_head(why)]
    if ending is None:
        head.append(f"  {standing(trace, code, code)}")
    parts = [
        head,
        list(why.ended),
        *(list(_decided(decision, number, ending is None)) for number, decision in enumerate(why.decisions)),
        _no_decision(why),
        _earlier(why),
        list(_otherwise(why)),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _head(why: Why) -> str:
    header, ending = why.trace.header, why.trace.ending
    if ending is None:
        ended = "has not ended"
    elif ending.is_fault:
        ended = f"{ending.kind} {ending.name}"
    elif ending.kind == "CANCELLED":
        ended = "CANCELLED" if ending.name == ending.kind else "CANCELLED, left as it stands"
    else:
        name = f" {ending.name}" if ending.name != ending.kind else ""
        ended = f"{ending.kind}{name} at {ending.node}"
    return visible(f"{header.run}  {ended}  ({header.workflow})")


def _no_decision(why: Why) -> list[str]:
    if why.decisions or _unasked(why):
        return []
    return ["No decision: at no node on the way could another outcome have led to another exit."]


def _unasked(why: Why) -> bool:
    """Whether no decision ended the run, so that none is missing."""
    ending = why.trace.ending
    return ending is None or ending.is_fault or ending.kind == "CANCELLED"


def _decided(decision: Decision, number: int, goes_on: bool) -> Iterator[str]:
    on = f", and that led to {code(decision.to)}" if decision.to else ""
    said = "decided it" if number == 0 else "decided that"
    said = "decided so far" if goes_on else said
    at = f"  ({visible(decision.at)})" if decision.at else ""
    yield f"{code(decision.path)} {said}: it ended as {code(decision.outcome)}{on}.{at}"
    for case in decision.cases:
        yield from _case(case, decision)
    yield from (f"  {text[0].upper()}{text[1:]}." for text in decision.why)
    yield from (f"  {text}." for text in decision.before)


def _case(case: Case, decision: Decision) -> Iterator[str]:
    at = f"  ({visible(case.at)})" if case.at else ""
    if not case.comparisons:
        yield f"  Case {case.number}, {code(case.outcome)}, is what is left.{at}"
        return
    yield f"  Case {case.number}, {code(case.outcome)}, {'held' if case.held else 'did not hold'}:{at}"
    told: list[str] = []
    for comparison in case.comparisons:
        yield f"    {sentence(comparison, code)}"
        told += [operand.name for operand in comparison.operands if operand.name]
    known = decision.operands or {}
    for name in dict.fromkeys(told):
        if said := source_words(known.get(name, frozenset())):
            yield f"      {code(name)} is {said}"


def _earlier(why: Why) -> list[str]:
    if not why.earlier:
        return []
    told = [f"{code(node)} ended as {code(outcome)}" for node, outcome in why.earlier[:MOST_EARLIER]]
    more = f", and {len(why.earlier) - MOST_EARLIER} more" if len(why.earlier) > MOST_EARLIER else ""
    return _wrapped(f"Before that the way could have parted at each of these: {', '.join(told)}{more}.")


# --- what would have led elsewhere ---------------------------------------------------------------


def _otherwise(why: Why) -> Iterator[str]:
    found = why.otherwise
    if found is None:
        yield from _wrapped(why.untold)
        return
    if not found.found:
        yield from _wrapped(_none(found, why))
        return
    first, *others = [each for each in found.found if not each.landing.untold] or [found.found[0]]
    if first.landing.untold:
        yield from _wrapped(_none(found, why))
        yield from _wrapped(f"With {_changes(first)} nobody can tell where it would have ended: {first.landing.untold}")
        return
    yield from _wrapped(_claim(first, why))
    if others and found.asks_admission is False and why.trace.way[0][1] != "NACK":
        yield "Further changes of one member that would have led elsewhere:"
        yield from (f"  {_changes(other)}: {_briefly(other)}" for other in others[:MOST_OTHERS])
    if found.farther is not None and found.farther not in others[:MOST_OTHERS]:
        yield from _wrapped(_claim(found.farther, why))
    if found.farther is None and not why.to and first.landing.kind == (why.trace.ending and why.trace.ending.kind):
        yield f"No change of one or two members was found that ends otherwise than {first.landing.kind}."
    yield f"Found by doing the run again with {_payloads(found.tried)}; nothing was written, and nobody was asked."


def _briefly(found: Elsewhere) -> str:
    provided = f", provided that nothing stands there: {_rests(found.landing.rests)}" if found.landing.rests else ""
    return f"{_end(found)}{provided}"


def _rests(rests: Sequence[str]) -> str:
    """`RESOLVE` of `payments::ST_PAYMENTS_V0`."""
    return listed([" of ".join(map(code, rest.split(" of "))) for rest in rests])


def _claim(found: Elsewhere, why: Why) -> str:
    changes, landing = _changes(found), found.landing
    if not why.trace.way or why.trace.way[0][1] == "NACK":
        rest = " How it would have gone on then is not on record."
        return f"With {changes} the request would have been admitted.{rest}"
    claim = f"With {changes} this run would have ended {_end(found)}"
    if found.certain:
        return f"{claim}."
    return f"{claim}, provided that nothing stands where this run did not look: {_rests(landing.rests)}."


def _end(found: Elsewhere) -> str:
    landing = found.landing
    name = f" {landing.name}" if landing.name != landing.kind else ""
    return f"{landing.kind}{name} at {code(landing.node)}"


def _changes(found: Elsewhere) -> str:
    return " and ".join(map(_change, found.changes))


def _change(change: Change) -> str:
    name = code(member(change.path))
    if change.new is ABSENT:
        return f"{name} left out" if change.hides_seen else f"{name} ({_value(change.seen)}) left out"
    if change.seen is ABSENT:
        return f"{name} added" if change.hides_new else f"{name} {_value(change.new)} added"
    if change.hides_new:
        return f"another value of {name}"
    return f"{name} {_value(change.new)} instead of {_value(change.seen)}"


def _value(value: Value) -> str:
    return words_for(value, code)


def _none(found: Otherwise, why: Why) -> str:
    refused = [outcome for _, outcome in why.trace.way[:1]] == ["NACK"]
    where = f" to {code(why.to)}" if why.to else " elsewhere" if not refused else " to admission"
    if found.proved:
        said = f"No payload that is admitted could have led{where}: nothing of the payload is compared on the way."
        if refused:
            said = "No other payload would have been admitted either: what refused the request is not in the payload."
        return f"{said}{_depends(found)}"
    more = f", which is where the search ends ({MOST})" if found.spent else ""
    would = "of which it can be told that it would" if found.found else "that would"
    tried = f"among {_payloads(found.tried)}{more}"
    return f"No payload was found {would} have led{where}, {tried}.{_depends(found)}"


def _depends(found: Otherwise) -> str:
    others = [source_word(source) for source in found.depends if source.kind != "payload"]
    if not others:
        return ""
    verb = "What decided depends" if found.proved else "What decided depends also"
    return f" {verb} on {listed(others)}."


def _payloads(number: int) -> str:
    return "one other payload" if number == 1 else f"{number} other payloads"


def _wrapped(text: str, indent: str = "") -> list[str]:
    """A sentence on lines of a terminal; what stands in backticks is broken nowhere."""
    lines, line = list[str](), indent
    for word in text.split(" "):
        if len(line) + len(word) >= _WIDTH and line.strip():
            lines.append(line)
            line = f"{indent}  "
        line += word if not line.strip() else f" {word}"
    return [*lines, line]


# --- for programs --------------------------------------------------------------------------------


def why_json(why: Why) -> str:
    """The same as one JSON object of ASCII characters, its members sorted."""
    ending = why.trace.ending
    body: dict[str, Value] = {
        "decisions": [_decision_json(decision) for decision in why.decisions],
        "earlier": [{"node": node, "outcome": outcome} for node, outcome in why.earlier],
        "ended": {"kind": ending.kind, "name": ending.name, "node": ending.node} if ending else None,
        "ended_by": list(why.ended),
        "format": FORMAT,
        "otherwise": _otherwise_json(why.otherwise) if why.otherwise else None,
        "run": why.trace.header.run,
        "snapshot": why.trace.header.snapshot,
        "to": why.to or None,
        "untold": why.untold,
        "workflow": why.trace.header.workflow,
    }
    return json.dumps(body, sort_keys=True)


def _decision_json(decision: Decision) -> Value:
    known = decision.operands or {}
    compared: list[Value] = []
    for case in decision.cases:
        looked: list[Value] = [
            {
                "held": item.held,
                "op": item.op,
                "operands": [
                    {
                        "from": operand.name,
                        "sources": [_source_json(each) for each in ordered(known.get(operand.name, ()))],
                        "value": operand.value,
                    }
                    for operand in item.operands
                ],
            }
            for item in case.comparisons
        ]
        compared.append(
            {"at": case.at, "compared": looked, "held": case.held, "number": case.number, "outcome": case.outcome}
        )
    return {
        "at": decision.at,
        "before": list(decision.before),
        "cases": compared,
        "node": decision.path,
        "outcome": decision.outcome,
        "to": decision.to,
        "why": list(decision.why),
    }


def _source_json(source: Source) -> Value:
    return {"at": pointer(source.path), "exact": source.exact, "kind": source.kind, "name": source.name}


def _otherwise_json(found: Otherwise) -> Value:
    return {
        "depends": [_source_json(source) for source in found.depends],
        "farther": _elsewhere_json(found.farther) if found.farther else None,
        "found": [_elsewhere_json(each) for each in found.found],
        "none": "" if found.found else ("proved" if found.proved else "not found"),
        "spent": found.spent,
        "tried": found.tried,
    }


def _elsewhere_json(found: Elsewhere) -> Value:
    landing = found.landing
    changes: list[Value] = []
    for change in found.changes:
        told: dict[str, Value] = {"at": pointer(change.path), "hidden": change.hides_new}
        if not change.hides_seen and change.seen is not ABSENT:
            told["seen"] = change.seen
        if not change.hides_new and change.new is not ABSENT:
            told["new"] = change.new
        told["left_out"], told["added"] = change.new is ABSENT, change.seen is ABSENT
        changes.append(told)
    return {
        "certain": found.certain,
        "changes": changes,
        "ends": {"kind": landing.kind, "name": landing.name, "node": landing.node} if not landing.untold else None,
        "rests": list(landing.rests),
        "untold": landing.untold,
    }

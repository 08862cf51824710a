"""Where marks arrive: at a sink, with what becomes of them there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.flows.lattice import Flow, Mark, Trail

SinkKind: TypeAlias = Literal[
    "store", "key", "session", "context", "effect", "event", "result", "response", "reason", "decision", "trace"
]
Verdict: TypeAlias = Literal["refused", "cleared", "declassified", "implicit", "hidden", "asked"]


@dataclass(frozen=True, slots=True)
class Sink:
    """What takes data.

    Attributes:
        name: as `flows` shows it, the same for every node that uses it.
        clears: the words that it admits.
        clearer: what says so, as messages call it; "" where nothing could.
        declared: the place of that.
    """

    kind: SinkKind
    name: str
    clears: frozenset[str] = frozenset()
    clearer: str = ""
    declared: Place | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One mark at one sink.

    Attributes:
        node: of the workflow; "" in what is known of a contract alone.
        by: who cleared or declassified it, "" for the other verdicts.
    """

    sink: Sink
    mark: Mark
    trail: Trail
    verdict: Verdict
    by: str = ""
    node: str = ""


def arrivals(flow: Flow, sink: Sink) -> Iterator[Arrival]:
    """All marks on any part of a value that a sink takes, each at the part's own place."""
    for mark, trail in flow.marks.items():
        if mark.by:
            yield Arrival(sink, mark, trail, "declassified", mark.by)
        elif mark.word in sink.clears:
            yield Arrival(sink, mark, trail, "cleared", sink.clearer)
        else:
            yield Arrival(sink, mark, trail, "refused")
    for _, part in flow.parts():
        yield from arrivals(part, sink)


RULE_OF: dict[SinkKind, str] = {
    "store": "A802",
    "key": "A810",
    "session": "A810",
    "context": "A811",
    "event": "A803",
    "result": "A804",
    "reason": "A805",
    "effect": "A807",
    "response": "C699",
}


def leaks(found: Iterable[Arrival]) -> Iterator[Finding]:
    """A finding for each mark that a sink does not admit, at the line that let it out."""
    told: set[tuple[str, Place, str, str]] = set()
    for arrival in found:
        if arrival.verdict != "refused":
            continue
        finding = _leak(arrival)
        key = (finding.code, finding.place or arrival.trail.place, arrival.mark.word, arrival.sink.name)
        if key not in told:
            told.add(key)
            yield finding


def _leak(arrival: Arrival) -> Finding:
    sink, mark = arrival.sink, arrival.mark
    hops = arrival.trail.hops()
    guilty = _guilty(hops)
    related = tuple(dict.fromkeys(Related(hop.place, hop.words) for hop in hops if hop is not guilty))
    hint = ""
    if sink.declared is not None:
        says, said = ("labels", "labelled") if sink.kind == "context" else ("clears", "clears")
        clears = ", ".join(sorted(sink.clears | {mark.word}))
        related += (Related(sink.declared, f"{said} {_listed(sink.clears)}"),)
        hint = f"If it belongs there, write `{says}: [{clears}]` for {sink.clearer}."
    what = {
        "store": f"is written by `{sink.name}`, and {sink.clearer} does not clear it",
        "key": f"is a key of `{sink.name}`, and keys stand in the store in clear",
        "session": f"names an instance of {sink.name}, and such names stand in the store in clear",
        "context": f"can come into {sink.clearer}, which is not labelled so",
        "effect": f"goes out by `{sink.name}`, which does not clear it",
        "event": f"goes out with {sink.clearer}, which does not clear it",
        "result": f"is in the {sink.name}, which does not clear it",
        "response": f"is told by {sink.clearer}, which does not clear it",
        "reason": f"is the {sink.name}, and a reason stands in answers and traces",
    }[sink.kind]
    return Finding(
        RULE_OF[sink.kind], f"`{mark.word}` from `{mark.source}` {what}.", guilty.place, guilty.words, related, hint
    )


def _guilty(hops: tuple[Trail, ...]) -> Trail:
    """Where the mistake is made: at the last hop, unless a node hands over what is not declared to be taken.

    A contract, or a workflow that is called, whose inputs say nothing of a label is right for all that give it none.
    """
    guilty = hops[-1]
    for hop in reversed(hops):
        if hop.kind == "given":
            guilty = hop
        if hop.kind in ("taken", "left", "source"):
            break
    return guilty


def _listed(words: frozenset[str]) -> str:
    return ", ".join(f"`{word}`" for word in sorted(words)) or "nothing"

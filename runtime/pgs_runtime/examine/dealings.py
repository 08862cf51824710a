"""Dealings with the outside, in words: what a run asked there, what came from there, and how one goes on.

Laws:
* whatever somebody wrote, a reason or why something is in doubt, is set off from our own words;
* a command that is told can be typed as it stands: what comes from a trace is quoted for a shell.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from pgs_runtime.examine.reasons import Meaning
from pgs_runtime.examine.words import Code
from pgs_runtime.trace.traced import Passed, Trace
from pgs_runtime.trace.traced_outside import (
    UNKNOWN,
    Abandoned,
    Ask,
    Awaited,
    Cancelled,
    Doubted,
    Event,
    Exchange,
    Expired,
    Intended,
    Message,
    Reconciled,
    Replied,
    Sent,
    Speaker,
    Untaken,
)
from pgs_snapshot import model
from pgs_snapshot.frozen import frozen

MOST_DEALINGS = 20
"""Dealings of one node that are told one by one."""
_WHO = {"local": "the operating system's user at a command line", "workflow": "the run that emitted the event"}
_VERDICTS = {
    "done": "it took place and ended as",
    "retry": "it did not take place and is to be asked for again under the same key",
    "give_up": "it did not take place and nobody wants the run any more",
}


_NOT_UNDONE = "it did not take place and is left so"


@frozen
class Step:
    """What somebody can do about a run that goes on: in words, and the command, "" without one."""

    says: str
    command: str


def day(moment: str) -> str:
    """`2026-03-01 at 09:00:00.000 UTC`."""
    date, _, time = moment.removesuffix("Z").partition("T")
    return f"{date} at {time} UTC"


def who(by: Speaker, code: Code) -> str:
    """`ada` as `core::AC_OPERATOR_V0`, and who vouches for that."""
    name, kind = (code(str(by.actor.get(member))) for member in ("id", "type"))
    return f"{name} as {kind} ({vouched(by.authenticated_by, code)})"


def vouched(authenticated_by: str, code: Code) -> str:
    """Who vouches for an actor."""
    return _WHO.get(authenticated_by) or f"authenticated by {code(authenticated_by)}"


# --- what was asked, what came -------------------------------------------------------------------


def asked(ask: Ask, code: Code) -> str:
    """What the outside was asked, to follow the name of a node."""
    if isinstance(ask, Awaited):
        return f"waited until {day(ask.due)} for {_either(ask, code)}"
    once = "; the other side does not know a key again, so it may be done more than once" if ask.at_least_once else ""
    return f"intended {code(ask.operation)} of {code(ask.side_effect)} under the key {code(ask.key)}{once}"


def _either(ask: Awaited, code: Code) -> str:
    names = [f"{code(name)} ({code(event)})" for name, event in ask.signals]
    return " or ".join(names) or "no signal"


def came(event: Event, code: Code, prose: Code) -> str:
    """What came from outside, after its time."""
    match event:
        case Sent(outcome=""):
            return f"{who(event.by, code)} sent {code(event.event)}: refused, because {untaken(event, code, prose)}"
        case Sent(message=Message() as message):
            emitter = f"the run {code(message.run)} of {code(message.workflow)}, asked for by {who(event.by, code)},"
            return f"{emitter} emitted {code(event.event)}: accepted as {code(event.outcome)}"
        case Sent():
            return f"{who(event.by, code)} sent {code(event.event)}: accepted as {code(event.outcome)}"
        case Expired():
            return "the time of the wait was over"
        case Replied(outcome=outcome):
            unknown = ": nobody knows whether it took place, and the protocol says how that goes on"
            return f"the answer was {code(outcome)}{unknown if outcome == UNKNOWN else ''}"
        case Doubted():
            return f"it was in doubt, and left to a person: {code(event.why)}"
        case Reconciled():
            outcome = f" {code(event.outcome)}" if event.verdict == "done" else ""
            given_up = event.verdict == "give_up" and event.spot.undoing
            says = f"said that {_NOT_UNDONE if given_up else _VERDICTS[event.verdict]}{outcome}"
            return f"{who(event.by, code)} {says}, for the reason {code(event.reason)}"
        case Abandoned():
            left = f"left the run as it stands, which could not be gone on with ({code(event.code)})"
            return f"{who(event.by, code)} {left}, for the reason {code(event.reason)}"
        case Cancelled():
            return f"{who(event.by, code)} cancelled the run, for the reason {code(event.reason)}"


def untaken(sent: Sent, code: Code, prose: Code) -> str:
    """Why an event was refused, by the signals that did not accept it."""
    return "; ".join(_untaken(each, code, prose) for each in sent.refused)


def _untaken(each: Untaken, code: Code, prose: Code) -> str:
    if not each.signal:
        return f"it {prose(each.why)}"
    return f"{code(each.signal)} of {code(each.node)} {prose(each.why)}"


def dealings(passed: Passed, meaning: Meaning, code: Code, prose: Code) -> Iterator[str]:
    """What a node asked of the outside and what came of it, a sentence each."""
    for exchange in passed.asks:
        yield asked(exchange.ask, code)
        yield from _duties(exchange, meaning, code)
        events = exchange.events
        for event in events[:MOST_DEALINGS]:
            yield f"on {day(event.time)}, {came(event, code, prose)}"
        if len(events) > MOST_DEALINGS:
            yield f"and {len(events) - MOST_DEALINGS} more, which are in the trace"
        if exchange.open:
            yield _unanswered(exchange)


def _unanswered(exchange: Exchange) -> str:
    if isinstance(exchange.ask, Awaited):
        return "it waits still"
    return "nobody knows yet whether it took place" if exchange.in_doubt else "there is no answer yet"


def _duties(exchange: Exchange, meaning: Meaning, code: Code) -> Iterator[str]:
    """Who may not send what: duties that the protocol separates."""
    if isinstance(exchange.ask, Awaited):
        for name, _ in exchange.ask.signals:
            signal = meaning.signal(exchange.ask.spot.node, name)
            if signal is not None and signal.not_actor_of:
                others = " or ".join(code(node) for node in signal.not_actor_of)
                yield f"{code(name)} takes another person than who acted at {others}"


def goes_on(passed: Passed) -> bool:
    """Whether somebody waits for an answer to it, or to what it called."""
    within = (node for inner in passed.inside for node in inner.passed)
    return any(exchange.open for exchange in passed.asks) or any(map(goes_on, within))


def happened(trace: Trace, code: Code, prose: Code) -> Iterator[str]:
    """Everything that came from outside, in the order in which it did, each with its time and place."""
    for segment in trace.segments[1:]:
        for event in segment.events:
            yield f"on {day(segment.time)}{_at(event, code)}, {came(event, code, prose)}"


def _at(event: Event, code: Code) -> str:
    if isinstance(event, Cancelled | Abandoned) or event.spot is None:
        return ""
    spot = event.spot
    return f", at {code(spot.path)}{', which was being taken back' if spot.undoing else ''}"


# --- how it goes on ------------------------------------------------------------------------------


def standing(trace: Trace, code: Code, strong: Code) -> str:
    """How a run stands that has not ended, in some sentences."""
    if trace.state == "CUT":
        return "The trace stops before the end of the run."
    waits, effects = list[str](), list[str]()
    for exchange in trace.pending:
        ask = exchange.ask
        if isinstance(ask, Awaited):
            waits.append(f"at {code(ask.spot.path)} until {day(ask.due)} for {_either(ask, code)}")
        else:
            effects.append(f"{code(ask.operation)} of {code(ask.side_effect)} at {code(ask.spot.path)}")
    said = ["The run goes on, as far as this trace tells."]
    if effects and trace.state == "IN_DOUBT":
        said.append(f"It is {strong('IN_DOUBT')}: nobody knows what became of {_some(effects)}.")
    elif effects:
        said.append(f"It is {strong('RUNNING')}: it has no answer yet about {_some(effects)}.")
    if waits:
        said.append(f"It {'also waits' if effects else f'is {strong(trace.state)}'} {_some(waits)}.")
    return " ".join(said)


def _some(said: Sequence[str]) -> str:
    more = [f"{len(said) - 5} more"] if len(said) > 5 else []
    return "; ".join([*said[:5], *more])


def steps(trace: Trace, meaning: Meaning) -> tuple[Step, ...]:
    """What somebody can do so that a run goes on. The commands are for a shell."""
    if trace.state in ("ENDED", "CUT"):
        return ()
    run, found = trace.header.run, list[Step]()
    for exchange in trace.pending[:MOST_DEALINGS]:
        ask = exchange.ask
        if isinstance(ask, Awaited):
            within = meaning.at(ask.spot)
            found += (_signal(run, name, event, within.signal(ask.spot.node, name)) for name, event in ask.signals)
        elif exchange.in_doubt:
            found += _reconcile(run, ask)
    resume = f"pgs_runtime resume {run}"
    if trace.state == "RUNNING":
        found.append(Step("If no process is at it any more, go on", resume))
    elif any(isinstance(exchange.ask, Awaited) for exchange in trace.pending):
        found.append(Step("When the time is over, go on", resume))
    if trace.state == "WAITING":
        words = ("pgs_runtime", "cancel", run, "--reason", "TEXT", "--actor", "AC_NAME")
        found.append(Step("If nobody wants it any more, end it", shlex.join(words)))
    return tuple(dict.fromkeys(found))


def _reconcile(run: str, ask: Intended) -> Iterator[Step]:
    words = ("pgs_runtime", "reconcile", run, "--key", ask.key, "--reason", "TEXT", "--actor", "AC_NAME")
    choices = [("it took place", "--done OUTCOME"), ("it did not and is wanted still", "--retry")]
    why = "is left so" if ask.spot.undoing else "nobody wants the run any more"
    choices.append((f"it did not and {why}", "--give-up"))
    for says, choice in choices:
        yield Step(f"Find out about {ask.operation}; if {says}", f"{shlex.join(words)} {choice}")


def _signal(run: str, name: str, event: str, signal: model.Signal | None) -> Step:
    actor = signal.actors[0] if signal and signal.actors else "AC_NAME"
    words = ("pgs_runtime", "signal", run, "--event", event, "--payload", "FILE", "--actor", actor)
    return Step(f"Send {name}", shlex.join(words))

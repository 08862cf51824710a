"""The lines of a trace that tell of the outside, and where a run was committed.

Laws:
* a segment begins with what came from outside, one line or several, the first of which has its number and its time;
* then follows what the run did, and in the end what it asks of the outside. Each part may be empty, but nothing is
  done without an answer, and a segment ends only where the run cannot go on without one;
* whatever answers, answers something that was asked and has no answer yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias, cast

from pgs_runtime.trace.lines import Members, NotALine, actor_of, is_run_id
from pgs_runtime.trace.nesting import Nest
from pgs_runtime.trace.traced_outside import (
    Abandoned,
    Ask,
    Awaited,
    Cancelled,
    Doubted,
    Event,
    Expired,
    Intended,
    Message,
    Place,
    Reconciled,
    Replied,
    Segment,
    Sent,
    Speaker,
    Spot,
    Untaken,
    Verdict,
)

Part: TypeAlias = Literal["events", "body", "asks"]
VERDICTS: tuple[Verdict, ...] = ("done", "retry", "give_up")


class Segments:
    """The segments so far; the last one is under way."""

    def __init__(self, nest: Nest, time: str) -> None:
        """`time`: when the run began."""
        self._nest = nest
        self._done: list[Segment] = []
        self._n, self._time = 0, time
        self._events: list[Event] = []
        self._asks: list[Ask] = []
        self._part: Part = "body"
        self._moves = True  # whether this segment has what the run goes on with

    def told(self) -> tuple[Segment, ...]:
        """All segments; the last one as far as it goes."""
        last = Segment(len(self._done), self._n, self._time, tuple(self._events), tuple(self._asks))
        return (*self._done, last)

    # --- parts of a segment ----------------------------------------------------------------------

    def body(self) -> None:
        """A line that tells what the run did."""
        if not self._moves:
            raise NotALine("goes on without an answer from outside")
        if self._part == "asks":
            raise NotALine("stands behind what the outside is asked")
        if self._part == "events":
            self._nest.turn()
        self._part = "body"

    def end(self, kind: str) -> None:
        """The last line. A fault can strike anywhere but before there is an answer."""
        if kind in ("FAULTED", "STOPPED") and self._moves:
            return
        self.body()

    def ask(self, line: Members, n: int, kind: str) -> None:
        """A line that tells what the outside is asked."""
        if not self._moves:
            raise NotALine("goes on without an answer from outside")
        if self._part != "asks":
            self._nest.turn()
        self._part = "asks"
        ask = _intended(line, n) if kind == "effect" else _awaited(line, n)
        self._nest.ask(ask)
        self._asks.append(ask)

    def event(self, line: Members, n: int, kind: str) -> None:
        """A line that tells what came from outside."""
        if line.has("segment"):
            self._begin(line, n)
        elif self._part != "events":
            raise NotALine("comes from outside and begins no segment")
        event = _EVENTS[kind](line, n, self._time)
        self._events.append(event)
        self._hear(event)

    def _begin(self, line: Members, n: int) -> None:
        if not self._nest.rests:
            raise NotALine("begins a segment where the one before it has not ended")
        self._done.append(self.told()[-1])
        if line.count("segment") != len(self._done):
            raise NotALine("has another number of a segment than the one that follows")
        self._n, self._time = n, line.moment("time")
        self._events, self._asks = [], []
        self._part, self._moves = "events", False

    # --- what came from outside ------------------------------------------------------------------

    def _hear(self, event: Event) -> None:
        if self._nest.cancelled and isinstance(event, Sent | Expired):
            raise NotALine("comes to a run that nobody wants any more")
        match event:
            case Cancelled():
                self._cancel()
            case Abandoned():
                self._nest.abandon()
                self._moves = True
            case Sent(spot=None):
                self._refuse(event)
            case Sent() | Expired():
                self._heard(event)
            case Replied() | Doubted() | Reconciled():
                self._settle(event)

    def _cancel(self) -> None:
        self._nest.cancel()
        self._moves = True

    def _refuse(self, sent: Sent) -> None:
        """An event that no wait took: told at each wait that could have."""
        named = {untaken.node for untaken in sent.refused}
        for pending in self._nest.waits():
            if pending.ask.spot.node in named:
                pending.events.append(sent)

    def _heard(self, event: Sent | Expired) -> None:
        spot = cast(Spot, event.spot)
        ask = self._nest.asked(spot).ask
        signals = ask.signals if isinstance(ask, Awaited) else ()
        if isinstance(event, Sent) and (event.outcome, event.event) not in signals:
            raise NotALine("is no signal that is waited for there")
        self._answer(spot, event)

    def _settle(self, event: Replied | Doubted | Reconciled) -> None:
        pending = self._nest.asked(event.spot)
        if isinstance(event, Doubted) and isinstance(pending.ask, Intended) and event.key != pending.ask.key:
            raise NotALine("has another key than the effect that it tells of")
        if isinstance(event, Reconciled) and not pending.exchange.in_doubt:
            raise NotALine("settles what is not in doubt")
        if isinstance(event, Replied) or (isinstance(event, Reconciled) and event.verdict == "done"):
            self._answer(event.spot, event)
            return
        pending.events.append(event)
        if isinstance(event, Reconciled) and event.verdict == "give_up":
            self._cancel()

    def _answer(self, spot: Spot, event: Event) -> None:
        self._nest.asked(spot).events.append(event)
        self._nest.answered(spot)
        self._moves = True


# --- lines ---------------------------------------------------------------------------------------


def place_of(line: Members) -> Place:
    """Within which nodes a line stands, and at which items of those."""
    parents = line.maybe("parent", list, [])
    iterations = line.maybe("iteration", list, [None] * len(parents))
    if len(iterations) != len(parents):
        raise NotALine("has not one `iteration` for each `parent`")
    for parent, iteration in zip(parents, iterations, strict=True):
        if not isinstance(parent, str) or not (iteration is None or (type(iteration) is int and iteration >= 0)):
            raise NotALine("has another kind of value at `parent` or `iteration` than the format")
    return tuple(zip(parents, iterations, strict=True))


def _spot(line: Members, of_step: bool = True) -> Spot:
    place = place_of(line)
    if not of_step:
        return Spot(place, line.take("node", str), "", False)
    undoing = line.maybe("undoing", bool, None)
    if undoing is False:
        raise NotALine("has another kind of value at `undoing` than the format")
    return Spot(place, line.take("node", str), line.take("step", str), bool(undoing))


def _intended(line: Members, n: int) -> Intended:
    delivery = line.maybe("delivery", str, "")
    if delivery not in ("", "at_least_once"):
        raise NotALine("has a `delivery` that the format does not know")
    return Intended(
        n=n,
        spot=_spot(line),
        side_effect=line.take("side_effect", str),
        operation=line.take("operation", str),
        key=line.take("key", str),
        inputs=line.value("inputs"),
        at_least_once=bool(delivery),
    )


def _awaited(line: Members, n: int) -> Awaited:
    signals: list[tuple[str, str]] = []
    for signal in line.each("signals"):
        signals.append((signal.take("name", str), signal.take("event", str)))
        signal.end()
    return Awaited(n, _spot(line, of_step=False), line.moment("due"), tuple(signals))


def _speaker(line: Members) -> Speaker:
    return Speaker(actor_of(line), line.take("authenticated_by", str))


def _sent(line: Members, n: int, time: str) -> Sent:
    by, event, fields = _speaker(line), line.take("event", str), line.value("fields")
    if not line.has("refused"):
        spot, message = _spot(line, of_step=False), _message(line)
        return Sent(n, time, by, event, fields, spot, line.take("outcome", str), (), message)
    refused: list[Untaken] = []
    for members in line.each("refused"):
        refused.append(
            Untaken(members.maybe("node", str, ""), members.maybe("signal", str, ""), members.take("why", str))
        )
        members.end()
    if not refused:
        raise NotALine("refuses an event without a reason")
    return Sent(n, time, by, event, fields, None, "", tuple(refused))


def _message(line: Members) -> Message | None:
    """The other run that emitted the event."""
    if not line.has("message"):
        return None
    members = line.inner("message")
    message = Message(members.take("run", str), members.take("workflow", str), members.count("n"))
    members.end()
    if not is_run_id(message.run):
        raise NotALine("has a message of a `run` that is no run id")
    return message


def _expired(line: Members, n: int, time: str) -> Expired:
    return Expired(n, time, _spot(line, of_step=False))


def _replied(line: Members, n: int, time: str) -> Replied:
    return Replied(n, time, _spot(line), line.take("outcome", str), line.value("outputs"))


def _doubted(line: Members, n: int, time: str) -> Doubted:
    return Doubted(n, time, _spot(line), line.take("key", str), line.take("why", str))


def _reconciled(line: Members, n: int, time: str) -> Reconciled:
    said = line.take("as", str)
    verdict = next((known for known in VERDICTS if known == said), None)
    if verdict is None:
        raise NotALine("has an `as` that the format does not know")
    outcome = line.take("outcome", str) if verdict == "done" else ""
    return Reconciled(n, time, _spot(line), verdict, outcome, _speaker(line), line.take("reason", str))


def _cancelled(line: Members, n: int, time: str) -> Cancelled:
    return Cancelled(n, time, _speaker(line), line.take("reason", str))


def _abandoned(line: Members, n: int, time: str) -> Abandoned:
    return Abandoned(n, time, _speaker(line), line.take("reason", str), line.take("code", str))


_EVENTS: Mapping[str, Callable[[Members, int, str], Event]] = MappingProxyType(
    {
        "signal": _sent,
        "expired": _expired,
        "reply": _replied,
        "doubt": _doubted,
        "reconciled": _reconciled,
        "cancel": _cancelled,
        "abandon": _abandoned,
    }
)
EVENTS = tuple(_EVENTS)
ASKS = ("effect", "suspend")

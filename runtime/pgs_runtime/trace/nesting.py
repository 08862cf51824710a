"""The lines of a run, put within the nodes that called: a tree by place that grows as a runtime grows it.

Laws:
* a line stands within the nodes that it names (`parent`, `iteration`), and what is called ends before what calls it;
* items of one node may take turns: each goes as far as it can until the outside must answer, then the next one,
  in order, once in a segment; a segment ends only where everything that has not ended waits for the outside;
* what no runtime writes is refused.

What came from outside, and where segments begin, is `pgs_runtime.trace.segments`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pgs_runtime.trace.lines import NotALine
from pgs_runtime.trace.traced import Asked, Inner, Passed, Returned
from pgs_runtime.trace.traced_outside import (
    EXPIRED,
    Ask,
    Awaited,
    Event,
    Exchange,
    Place,
    Reconciled,
    Replied,
    Sent,
    Spot,
)

Calling: TypeAlias = tuple[str, int | None]
"""A node that called, and the number of its item, None without one."""

_CALLING = ("call", "each")


@dataclass(slots=True)
class Pending:
    """Something that was asked of the outside; `open`: it has no answer yet, and somebody waits for one."""

    ask: Ask
    events: list[Event] = field(default_factory=list)
    open: bool = True

    @property
    def exchange(self) -> Exchange:
        return Exchange(self.ask, tuple(self.events), self.open)

    @property
    def outcome(self) -> str:
        """How it ended."""
        last = self.events[-1] if self.events else None
        if isinstance(last, Sent | Replied | Reconciled):
            return last.outcome
        return EXPIRED


@dataclass(slots=True)
class _Frame:
    """A workflow under way.

    Attributes:
        asks: what its node under way has asked of the outside.
        calling: its node that calls; with what it called, by item: under way, and ended.
        undone: the places in `passed` of nodes that were taken back; the last one was the last.
    """

    passed: list[Passed] = field(default_factory=list)
    asks: list[Pending] = field(default_factory=list)
    calling: str = ""
    open: dict[int | None, _Frame] = field(default_factory=dict)
    ended: dict[int | None, Inner] = field(default_factory=dict)
    undone: list[int] = field(default_factory=list)

    @property
    def rests(self) -> bool:
        """Whether nothing can go on here without an answer from outside."""
        if self.open:
            return all(inner.rests for inner in self.open.values())
        return any(pending.open for pending in self.asks)

    def opened(self, node: str, iteration: int | None) -> _Frame:
        """What a node of this frame calls, begun."""
        if self.asks or self.undone:
            raise NotALine("calls where something else is under way")
        if self.calling not in ("", node):
            raise NotALine("stands where the node that called before it has not ended")
        begun = len(self.open) + len(self.ended)
        alone = None in self.open or None in self.ended
        if alone or iteration != (begun if iteration is not None else None) or (begun and iteration is None):
            raise NotALine("stands at another item than the one that follows")
        self.calling = node
        self.open[iteration] = made = _Frame()
        return made

    def stop(self) -> None:
        """Leave the node under way where it is: nobody wants the run any more."""
        if self.calling:
            self.passed.append(self._unended())
        elif self.asks:
            spot = self.asks[0].ask.spot
            if spot.undoing:
                self.undone.append(_place_of_undone(self, spot.node))
            self.passed.append(_unanswered(self.asks))
        self.asks, self.calling, self.open, self.ended = [], "", {}, {}

    def told(self) -> tuple[Passed, ...]:
        """What was passed, with the node under way, whose outcome is ""."""
        if self.calling:
            return (*self.passed, self._unended())
        return (*self.passed, _unanswered(self.asks)) if self.asks else tuple(self.passed)

    def inside(self) -> tuple[Inner, ...]:
        """What the node under way has called, in the order of its items."""
        begun = {item: Inner(self.calling, "", item, frame.told(), None) for item, frame in self.open.items()}
        return tuple(inner for _, inner in sorted({**self.ended, **begun}.items(), key=lambda pair: pair[0] or 0))

    def _unended(self) -> Passed:
        kind = "call" if None in self.open or None in self.ended else "each"
        return Passed(0, kind, self.calling, "", "", (), (), None, None, self.inside())


def _unanswered(asks: Sequence[Pending]) -> Passed:
    first = asks[0].ask
    kind = "wait" if isinstance(first, Awaited) else "undo" if first.spot.undoing else "contract"
    asked = tuple(pending.exchange for pending in asks)
    return Passed(first.n, kind, first.spot.node, "", "", (), (), None, None, (), asked)


class Nest:
    """The nodes that were passed so far, each with what ran within it."""

    def __init__(self) -> None:
        self._top = _Frame()
        self._here: Place | None = None  # where the line before stands, within this part of the segment
        self._pending: dict[Spot, Pending] = {}
        self.cancelled = False
        self.abandoned = False  # the run is left as it stands: nothing follows but its end

    # --- nodes -----------------------------------------------------------------------------------

    def take(self, passed: Passed, place: Place) -> None:
        """A node's line."""
        frame = self._going(place, opens=passed.kind == "intent")
        if self.cancelled and not passed.undoes:
            raise NotALine("goes on with a run that nobody wants any more")
        if passed.kind in _CALLING:
            if frame.calling != passed.node and (frame.calling or passed.kind == "call"):
                raise NotALine("does not end the node that called before it")
            if frame.calling and (None in frame.ended) is not (passed.kind == "call"):
                raise NotALine("ends a node that called in another way")
            passed = passed._replace(inside=frame.inside())
        elif frame.calling:
            raise NotALine("stands where the node that called has not ended")
        elif passed.undoes:
            _take_back(frame, passed.node)
        elif frame.undone:
            raise NotALine("goes on where nodes are taken back")
        if (passed.kind == "intent") is bool(frame.passed):
            raise NotALine("is of a kind that does not stand there")
        passed = passed._replace(asks=_answered(frame.asks, passed))
        frame.passed.append(passed)
        frame.asks, frame.calling, frame.ended = [], "", {}

    def close(self, returned: Returned, workflow: str, place: Place) -> None:
        """The line that ends a workflow which was called."""
        if not place:
            raise NotALine("ends a workflow that nothing called")
        frame = self._going(place)
        if (returned.kind == "CANCELLED") is not self.cancelled:
            raise NotALine("ends a workflow as no run of this kind does")
        if frame.undone and returned.kind not in ("FAILED", "CANCELLED"):
            raise NotALine("ends a workflow of which nodes were taken back")
        if frame.asks or frame.calling:
            raise NotALine("stands where a node has not ended")
        node, iteration = place[-1]
        outer = self._found(place[:-1])
        del outer.open[iteration]
        outer.ended[iteration] = Inner(node, workflow, iteration, tuple(frame.passed), returned)

    def end(self, kind: str, place: Place) -> None:
        """The last line: an exit stands outside of every node, a fault where it struck."""
        if kind in ("FAULTED", "STOPPED"):
            if self._look(place) is None and place:
                self._found(place[:-1]).opened(*place[-1])
            return
        top = self._top
        if (kind == "CANCELLED") is not self.cancelled:
            raise NotALine("ends the run as no run of this kind does")
        if self.cancelled:
            self._abandon(top)
        if place or top.open or top.calling or top.asks:
            raise NotALine("ends the run within a node")
        if top.undone and kind not in ("FAILED", "CANCELLED"):
            raise NotALine("ends a run of which nodes were taken back")

    def done(self) -> tuple[Passed, ...]:
        """Everything that was passed; a node within which the trace stops has the outcome ""."""
        return self._top.told()

    # --- the outside -----------------------------------------------------------------------------

    @property
    def pending(self) -> tuple[Exchange, ...]:
        """What has no answer yet, in the order in which it was asked."""
        return tuple(pending.exchange for pending in self._pending.values())

    @property
    def rests(self) -> bool:
        """Whether a segment can end here."""
        return self._top.rests

    def turn(self) -> None:
        """Another part of a segment begins: what came from outside, what is done then, and what is asked then."""
        self._here = None

    def ask(self, ask: Ask) -> None:
        """Something is asked of the outside by the node under way at a place."""
        spot = ask.spot
        frame = self._going(spot.place)
        if self.cancelled and not spot.undoing:
            raise NotALine("goes on with a run that nobody wants any more")
        if not frame.passed or frame.calling:
            raise NotALine("stands where a node that called has not ended")
        if any((before.ask.spot.node, before.ask.spot.undoing) != (spot.node, spot.undoing) for before in frame.asks):
            raise NotALine("is asked by another node than the one under way")
        if isinstance(ask, Awaited) and frame.asks:
            raise NotALine("waits where something is asked")
        if spot.undoing:
            _place_of_undone(frame, spot.node)
        elif frame.undone or any(passed.node == spot.node for passed in frame.passed):
            raise NotALine("is asked by a node that has ended")
        frame.asks.append(pending := Pending(ask))
        self._pending[spot] = pending

    def asked(self, spot: Spot) -> Pending:
        """What was asked there and has no answer. A spot with a step is one of an effect, and else of a wait."""
        pending = self._pending.get(spot)
        if pending is None:
            raise NotALine("answers what nobody has asked")
        return pending

    def answered(self, spot: Spot) -> None:
        """That has its answer."""
        self._pending.pop(spot).open = False

    def waits(self) -> Iterator[Pending]:
        return (pending for pending in self._pending.values() if isinstance(pending.ask, Awaited))

    def cancel(self) -> None:
        """Nobody wants the run any more: what is under way stays where it is."""
        for pending in self._pending.values():
            pending.open = False
        self._pending.clear()
        self.cancelled = True
        self._stop(self._top)

    def abandon(self) -> None:
        """The run is left as it stands, at whatever place."""
        for pending in self._pending.values():
            pending.open = False
        self._pending.clear()
        self.cancelled = self.abandoned = True
        self._top.stop()

    def _stop(self, frame: _Frame) -> None:
        if not frame.open:
            frame.stop()
        for inner in frame.open.values():
            self._stop(inner)

    # --- places ----------------------------------------------------------------------------------

    def _going(self, place: Place, opens: bool = False) -> _Frame:
        """The frame of a place whose turn it is."""
        if self.abandoned:
            raise NotALine("goes on with a run that was left as it stands")
        frame = self._look(place)
        if frame is None:
            if not opens:
                raise NotALine("stands at another place than the line before it")
            frame = self._found(place[:-1]).opened(*place[-1])
        if self.cancelled:
            self._abandon(frame)
        if frame.open:
            raise NotALine("stands where the node that called has not ended")
        if any(pending.open for pending in frame.asks):
            raise NotALine("stands where the outside has not answered")
        for one, other in zip(self._here or (), place, strict=False):
            if one != other:
                if (one[1] or 0) > (other[1] or 0):
                    raise NotALine("stands at another place than the line before it")
                break
        self._here = place
        return frame

    def _abandon(self, frame: _Frame) -> None:
        """A node of which all that it called was cancelled has no line of its own."""
        if frame.calling and not frame.open:
            frame.stop()

    def _found(self, place: Place) -> _Frame:
        frame = self._look(place)
        if frame is None:
            raise NotALine("stands at another place than the line before it")
        return frame

    def _look(self, place: Place) -> _Frame | None:
        frame: _Frame | None = self._top
        for node, iteration in place:
            frame = frame.open.get(iteration) if frame and frame.calling == node else None
        return frame


def _place_of_undone(frame: _Frame, node: str) -> int:
    """Where a node was passed that may be taken back next: the last of all goes first."""
    before = frame.undone[-1] if frame.undone else len(frame.passed)
    for place in range(before - 1, -1, -1):
        passed = frame.passed[place]
        if passed.node == node and passed.kind in ("contract", "process", "call") and passed.outcome:
            return place
    raise NotALine("takes back what was not done before")


def _take_back(frame: _Frame, node: str) -> None:
    frame.undone.append(_place_of_undone(frame, node))


def _answered(asks: Sequence[Pending], passed: Passed) -> tuple[Exchange, ...]:
    """What a node has asked, which its line has to tell of."""
    for pending in asks:
        spot = pending.ask.spot
        if (spot.node, spot.undoing) != (passed.node, passed.undoes):
            raise NotALine("does not end the node that asked before it")
    if passed.kind == "wait":
        told = [(True, pending.ask.spot.step, pending.outcome) for pending in asks]
        own = [(True, "", passed.outcome)]
    else:
        told = [(isinstance(pending.ask, Awaited), pending.ask.spot.step, pending.outcome) for pending in asks]
        own = [(False, step.step, step.outcome) for step in passed.steps if isinstance(step, Asked)]
    if own != told:
        raise NotALine("tells of another answer from outside than the lines before it")
    return tuple(pending.exchange for pending in asks)

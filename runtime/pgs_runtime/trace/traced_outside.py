"""What a trace tells of the outside, once it is read: what was asked there, and what came from there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from pgs_snapshot.values import Value

Place: TypeAlias = tuple[tuple[str, int | None], ...]
"""Within which nodes something stands, outermost first, and at which item of each, None of a `call`."""
Verdict: TypeAlias = Literal["done", "retry", "give_up"]
UNKNOWN = "UNKNOWN"
"""How an effect ends that nobody knows about, where its author has said where that leads."""
UNREADABLE = "UNREADABLE"
"""How an effect ends that was answered, and nobody could read what."""
EXPIRED = "EXPIRED"
"""How a wait ends whose time is over."""


class Spot(NamedTuple):
    """Where something was asked: a place, a node there, and the step, "" of a wait; `undoing`: to take a node back."""

    place: Place
    node: str
    step: str
    undoing: bool

    @property
    def path(self) -> str:
        """`every[2]/pay`."""
        within = (name if item is None else f"{name}[{item}]" for name, item in self.place)
        return "/".join((*within, self.node))


class Intended(NamedTuple):
    """An external effect, recorded before it was asked for. `at_least_once`: the other side knows no keys."""

    n: int
    spot: Spot
    side_effect: str
    operation: str
    key: str
    inputs: Value
    at_least_once: bool


class Awaited(NamedTuple):
    """A wait that began. `signals`: pairs of a name and the event that it stands for."""

    n: int
    spot: Spot
    due: str
    signals: tuple[tuple[str, str], ...]


Ask: TypeAlias = Intended | Awaited


class Speaker(NamedTuple):
    """Who did something to a run, and who vouches for that."""

    actor: Mapping[str, Value]
    authenticated_by: str


class Untaken(NamedTuple):
    """Why a signal of a wait did not accept what was sent, to follow its name; both names are "" where none fits."""

    node: str
    signal: str
    why: str


class Message(NamedTuple):
    """Where an event comes from that another run emitted: that run, and which of its events it was."""

    run: str
    workflow: str
    n: int


class Sent(NamedTuple):
    """An event that somebody sent, or that another run emitted (`message`).

    `outcome`: the signal that accepted it, "" if none did, `refused` says why.
    """

    n: int
    time: str
    by: Speaker
    event: str
    fields: Value
    spot: Spot | None
    outcome: str
    refused: tuple[Untaken, ...]
    message: Message | None = None


class Expired(NamedTuple):
    """The time of a wait was over."""

    n: int
    time: str
    spot: Spot


class Replied(NamedTuple):
    """An external effect was answered."""

    n: int
    time: str
    spot: Spot
    outcome: str
    outputs: Value


class Doubted(NamedTuple):
    """Nobody knows whether an external effect took place, and it is left to a person."""

    n: int
    time: str
    spot: Spot
    key: str
    why: str


class Reconciled(NamedTuple):
    """A person said what became of an effect in doubt. `outcome`: of one that is done."""

    n: int
    time: str
    spot: Spot
    verdict: Verdict
    outcome: str
    by: Speaker
    reason: str


class Cancelled(NamedTuple):
    """A person said that nobody wants the run any more."""

    n: int
    time: str
    by: Speaker
    reason: str


class Abandoned(NamedTuple):
    """A person left the run as it stands. `code`: of what kept it from being gone on with."""

    n: int
    time: str
    by: Speaker
    reason: str
    code: str


Event: TypeAlias = Sent | Expired | Replied | Doubted | Reconciled | Cancelled | Abandoned


class Exchange(NamedTuple):
    """Something that was asked of the outside, with all that came from there about it, in order.

    `open`: there is no answer yet, and somebody waits for one.
    """

    ask: Ask
    events: tuple[Event, ...]
    open: bool

    @property
    def in_doubt(self) -> bool:
        """Whether the last that is known is that nobody knows."""
        told = [event for event in self.events if isinstance(event, Doubted | Reconciled | Replied)]
        return bool(told) and isinstance(told[-1], Doubted)


class Segment(NamedTuple):
    """What was committed at once: it began at line `n`, with what came from outside, and ended with what it asked.

    The first one, whose number is 0, began with the run.
    """

    number: int
    n: int
    time: str
    events: tuple[Event, ...]
    asks: tuple[Ask, ...]

"""What the core asks for: everything that it does not compute itself.

A request of the store is answered at once. What is asked of the outside (`Ask`) takes as long as it takes: the core
says that nothing goes on without it (`Suspended`), and everything that was done before is committed by then.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias

from pgs_runtime.core.expressions import Frame
from pgs_runtime.core.linked import Exit, External, Graph, Place, Reached, Storage, Wait
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Outcome, Value


class Cancelled(Exception):
    """Thrown into a walk that is suspended: nobody wants the run any more, and what it did is to be undone."""


@frozen
class Operation:
    """A request: perform an operation of a store with these inputs."""

    step: Storage
    inputs: dict[str, Value]


@frozen
class Entered:
    """A request: remember what was done so far, for a workflow begins here that may end FAILED."""

    graph: Graph
    place: Place


@frozen
class Left:
    """A request: that workflow has ended. `caller` is the node."""

    graph: Graph
    place: Place
    reached: Reached
    caller: str


@frozen
class Turn:
    """A request: what follows is done at this place, among several that take turns."""

    place: Place


@frozen
class Failed:
    """A request: drop what the workflow at this place has done since the last commit."""

    place: Place


@frozen
class TakenBack:
    """A request: what the workflow at this place had committed is taken back now, whatever fails around it."""

    place: Place


@frozen
class Spot:
    """Where something was asked: a place, a node there, and the step, "" of a wait; `undoing`: to take a node back."""

    place: Place
    node: str
    step: str = ""
    undoing: bool = False


class Ask:
    """Something asked of the outside. Whoever has the answer puts it into `reply`."""

    __slots__ = ("reply", "spot")

    def __init__(self, spot: Spot) -> None:
        self.spot = spot
        self.reply: Outcome | None = None


class Effect(Ask):
    """An operation of an external side effect; `binding` says what to do in doubt."""

    __slots__ = ("binding", "inputs", "step")

    def __init__(self, spot: Spot, step: External, inputs: dict[str, Value], binding: str) -> None:
        super().__init__(spot)
        self.step = step
        self.inputs = inputs
        self.binding = binding


class Waiting(Ask):
    """A wait, with the frame that its signals are judged in."""

    __slots__ = ("frame", "node")

    def __init__(self, spot: Spot, node: Wait, frame: Frame) -> None:
        super().__init__(spot)
        self.node = node
        self.frame = frame


@frozen
class Suspended:
    """A request: an answer to at least one of these."""

    asks: tuple[Ask, ...]


Request: TypeAlias = Operation | Entered | Left | Turn | Failed | TakenBack | Suspended
Walked: TypeAlias = tuple[Exit, bool]
"""The exit that was reached, and whether effects are left."""
Traversal: TypeAlias = Generator[Request, Outcome, Walked]


def answered(ask: Ask) -> Generator[Request, Outcome, Outcome]:
    """The answer to an ask, once it is there."""
    while ask.reply is None:
        yield Suspended((ask,))
    return ask.reply

"""A linked graph: what the core walks over. Everything that could be looked up by name has been."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pgs_runtime.core import expressions
from pgs_runtime.core.expressions import Frame, Judge
from pgs_runtime.redaction import Redact
from pgs_runtime.stores.overlay import Overlay
from pgs_snapshot.frozen import frozen
from pgs_snapshot.model import Compare, ExitKind
from pgs_snapshot.values import Outcome, Value

PAYLOAD, ACTOR, RUN, CONFIG, WITH = range(5)

Build: TypeAlias = Callable[[Frame], dict[str, Value]]
Problem: TypeAlias = dict[str, Value]
Taken: TypeAlias = Callable[[Value], tuple[Value, Sequence[Problem]]]
"""A value with its defaults, and why it is not taken, if it is not."""
Misfits: TypeAlias = Callable[[dict[str, Value]], tuple[Problem, ...]]
"""What of the inputs does not fit, and why; nothing when all of them do."""
Decided: TypeAlias = tuple[int, expressions.Seen]
"""The number of the case that held, and every comparison that was looked at."""
Perform: TypeAlias = Callable[[Overlay, dict[str, Value]], Outcome]
"""What answers an operation, outside of the core."""
Shown: TypeAlias = Mapping[str, Redact | None]
"""How the record shows outputs, by outcome: redacted, or (None) as they are."""

Parts: TypeAlias = tuple[bytes, bytes, bytes]
"""A line's canonical bytes before its number, between that and `prev`, and behind its run (`record`)."""


@frozen
class Edge:
    to: str
    arguments: Build | None


@frozen
class Transformation:
    """A step that computes."""

    name: str
    inputs: Build
    misfits: Misfits | None
    call: Callable[[dict[str, Value]], Outcome]
    next: Mapping[str, str | None]
    transform: str
    shown: Shown


@frozen
class Storage:
    """A step that asks a store. `redact` is for its inputs; `writes`: the operation may change something.

    `gate`: rules are judged here, of a contract before its steps (`opens`) or behind them (`closes`), or of an intent
    (`admits`); or what rules have said of a process is written (`commits`), and the signals that it has set become
    messages to the workflows in `tells`, by path.
    """

    name: str
    inputs: Build
    misfits: Misfits | None
    store: str
    operation: str
    perform: Perform
    writes: bool
    next: Mapping[str, str | None]
    redact: Redact | None
    shown: Shown
    gate: Literal["", "opens", "closes", "admits", "commits"] = ""
    tells: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@frozen
class Decision:
    """A step that chooses by cases. No operand of a comparison in `hidden` may be shown."""

    name: str
    decide: Callable[[Frame], tuple[Outcome, Decided]]
    next: Mapping[str, str | None]
    hidden: tuple[Compare, ...]


Send: TypeAlias = Callable[[str, str, dict[str, Value]], Outcome]
"""Asks an operation of somebody outside under a key. Raises `InDoubt` and `NotDone` of `pgs_snapshot.external`."""


@frozen
class External:
    """A step that asks somebody outside.

    Attributes:
        send: asks; also for what looks the effect up.
        writes: whether the operation changes something there.
        keyed: whether they know a key again, so that asking twice under it does no harm.
        outcomes: how it can end, and what of given outputs does not fit.
    """

    name: str
    inputs: Build
    misfits: Misfits | None
    side_effect: str
    operation: str
    send: Send
    writes: bool
    keyed: bool
    outcomes: Mapping[str, Taken]
    next: Mapping[str, str | None]
    redact: Redact | None
    shown: Shown


Step: TypeAlias = Transformation | Storage | Decision | External
Seen: TypeAlias = "dict[str, Value] | Decided"
Done: TypeAlias = tuple[Step, Outcome, Seen]
"""A step that ran, what it answered, and what it saw: its inputs, or of a decision the case and operands."""


@frozen
class Intent:
    """The admission gate. `admit` gives a visit with ACK, or with NACK and the reasons.

    `overrides` asks which of the rules named in `overridable` are overridden; None: none can be. `gate` judges whom and
    what it would admit.
    """

    id: str
    name: str
    admit: Callable[[Frame], Visit]
    next: Mapping[str, Edge]
    overridable: frozenset[str] = frozenset()
    overrides: Storage | None = None
    gate: Storage | None = None


@frozen
class Contract:
    """A contract at one node: its steps with the node's own inputs and edges.

    `redact` is for its inputs. `undo` takes back what it did; `undoing`: this is one. `told` is the recorder's: what
    it knows of lines that hold no value, by outcome and cases. `process`: it stands for a process.
    `opening` and `closing` judge what goes in, and what comes out of SUCCESS.
    """

    id: str
    name: str
    slot: int
    inputs: Build
    misfits: Misfits | None
    steps: tuple[Step, ...]
    outcomes: Mapping[str, Build]
    failure: str
    next: Mapping[str, Edge]
    redact: Redact | None
    shown: Shown
    undo: Contract | None = None
    undoing: bool = False
    process: bool = False
    opening: Storage | None = None
    closing: Storage | None = None
    told: dict[tuple[str | int, ...], Parts] = field(default_factory=dict, compare=False)


@frozen
class Callee:
    """A workflow as a node calls it: which one, and what it is given.

    Attributes:
        graph: the one that is called, for what the frame holds.
        inputs: its payload, before its defaults.
        redact: for what it is given.
    """

    graph: Callable[[Frame], Graph]
    inputs: Build
    redact: Redact | None


@frozen
class Call:
    """A workflow at one node. `shown` is for what its exits give, by name; `undo` takes back what it did."""

    id: str
    slot: int
    callee: Callee
    next: Mapping[str, Edge]
    shown: Shown
    undo: Contract | None = None


@frozen
class Each:
    """A workflow for every item of a list.

    Attributes:
        items: the list; `redact` is for it.
        item: the slot of the item, with its number in the next one.
        most: more items than that are not taken at all.
        stop: names of exits behind which no more items are taken.
        concurrent: no item waits for what the one before it asks of the outside.
    """

    id: str
    slot: int
    items: Callable[[Frame], Value]
    item: int
    callee: Callee
    most: int
    stop: frozenset[str]
    next: Mapping[str, Edge]
    redact: Redact | None
    shown: Shown
    concurrent: bool = False


@frozen
class Heard:
    """A signal that a wait accepts.

    Attributes:
        fields: the event with its defaults, and what of it does not fit.
        sender: the actor with its defaults, and what of it does not fit.
        others: who has acted at each node that says "not the same person", by node.
        match: fields that the event has to have.
        where: what has to hold of the event, in a frame that has it.
        redact: for the event.
    """

    name: str
    event: str
    fields: Taken
    sender: Taken
    others: Mapping[str, Callable[[Frame], Value]]
    match: Build
    where: Judge | None
    redact: Redact | None


@frozen
class Wait:
    """A node that waits for a signal, until a time.

    Attributes:
        until: that time, in µs since 1970 UTC, for a wait that begins in the segment at hand.
        heard: the slot that a signal's condition finds the event in.
    """

    id: str
    slot: int
    until: Callable[[Frame], int]
    heard: int
    signals: tuple[Heard, ...]
    next: Mapping[str, Edge]
    shown: Shown


@frozen
class Exit:
    """Where a run ends, under one of `names`. `redact` is for the result; each event has its own."""

    id: str
    kind: ExitKind | Literal["CANCELLED"]
    names: tuple[str, ...]
    reason: Callable[[Frame], Value]
    result: Build
    redact: Redact | None
    emit: Mapping[str, tuple[Build, Redact | None]]


@frozen
class Place:
    """Where a line stands: within which nodes, outermost first, and of each at which item (None: it is a call)."""

    parents: tuple[str, ...] = ()
    iterations: tuple[int | None, ...] = ()

    @property
    def outer(self) -> Place:
        """The place of the innermost of those nodes."""
        return Place(self.parents[:-1], self.iterations[:-1]) if len(self.parents) > 1 else TOP

    def holds(self, inner: Place) -> bool:
        """Whether another place is within this one, or this one itself."""
        depth = len(self.parents)
        return (inner.parents[:depth], inner.iterations[:depth]) == (self.parents, self.iterations)

    def within(self, node: str, iteration: int | None = None) -> Place:
        """The place of what `node`, which stands here, calls."""
        return Place((*self.parents, node), (*self.iterations, iteration))


TOP = Place()


@dataclass(slots=True)  # not frozen: there is one for every node that a run passes, and making it takes a quarter
class Visit:
    """One node, passed: what went in, what its steps did, and the outcome with its outputs.

    `refused`: why the payload, the actor or inputs were not taken. `target`: of a call, the workflow that was called;
    `left`: effects of it stand. `overridden`: what let it in although rules do not hold; None: nobody asked for that.
    `audit`: rules of its gate that do not hold.
    """

    node: Intent | Contract | Call | Each | Wait
    inputs: dict[str, Value]
    steps: list[Done]
    outcome: str
    outputs: dict[str, Value]
    refused: tuple[Problem, ...] = ()
    place: Place = TOP
    target: str = ""
    left: bool = False
    overridden: tuple[Problem, ...] | None = None
    audit: tuple[Problem, ...] = ()


@frozen
class Reached:
    """An exit that was reached: under which name, and what it gives and emits, in clear."""

    exit: Exit
    name: str
    result: dict[str, Value]
    emitted: dict[str, dict[str, Value]]


Visitor: TypeAlias = Callable[[Visit], None]
Node: TypeAlias = Contract | Call | Each | Wait | Exit
"""What stands behind the start."""


@frozen
class Graph:
    """A workflow, ready to run.

    Attributes:
        nodes: those behind the start.
        binding: "" without one.
        bindings: those of the workflows that it calls, however far.
        durable: a run of it can have more than one segment.
        veiled: something of a run of it, or of its configuration, can be hidden in its trace.
        outside: the external side effects that it, and what it calls, can ask.
        private: a run of it can meet values that carry a label.
    """

    workflow: str
    start: Intent
    nodes: Mapping[str, Node]
    slots: int
    binding: str = ""
    bindings: tuple[str, ...] = ()
    durable: bool = False
    veiled: bool = False
    outside: frozenset[str] = frozenset()
    private: bool = False

    @property
    def reach(self) -> tuple[str, ...]:
        """Its own binding, and those of what it calls."""
        return tuple(filter(None, (self.binding, *self.bindings)))

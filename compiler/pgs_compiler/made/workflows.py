"""The workflows of a machine: one for its start, one an event, one a timer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgs_compiler.declarations import (
    Bindings,
    CalleeSyntax,
    CallNodeSyntax,
    ContractNodeSyntax,
    Declaration,
    EdgeSyntax,
    ExitNodeSyntax,
    Intent,
    IntentNodeSyntax,
    Machine,
    NodeSyntax,
    ProcessNodeSyntax,
    Reference,
    Word,
    Workflow,
)
from pgs_compiler.machines import EntrySyntax, StateSyntax
from pgs_compiler.made import kept
from pgs_compiler.made.chains import Beginning, beginnings, entered
from pgs_compiler.made.kept import NOT_STARTED, header_of, made_name
from pgs_compiler.made.pieces import Pieces
from pgs_compiler.names import Name
from pgs_compiler.parts import replaced
from pgs_compiler.schemas.paths import Path
from pgs_compiler.schemas.syntax import FieldsSyntax, Property, record
from pgs_snapshot.model import ExitKind

_DOORS = {"start": "Start an instance of {}", "event": "{1} for an instance of {0}", "timer": "{1} of {0} is over"}


def declarations_of(machine: Machine) -> list[Declaration]:
    """Everything that a machine is made of."""
    found = kept.declarations_of(machine)
    for beginning in beginnings(machine):
        found += [_intent(machine, beginning), _Graph(machine, beginning).workflow()]
    return found


def _summary(machine: Machine, beginning: Beginning) -> str:
    code = machine.header.name.partition("::")[2]
    return _DOORS[beginning.kind].format(code, beginning.part.strip("_").replace("__", " for "))


def _intent(machine: Machine, beginning: Beginning) -> Intent:
    at = Pieces(beginning.word.place)
    payload = at.fields(instance=at.typed("string", minLength=1, maxLength=200))
    if beginning.kind == "timer":
        payload = at.fields(
            instance=at.typed("string", minLength=1, maxLength=200), version=at.typed("integer", minimum=1)
        )
    if beginning.fields is not None:
        event = Property("event", record(beginning.fields), True, at.place)
        payload = FieldsSyntax((*payload.fields, event), at.place)
    actors = list(beginning.actors)
    if beginning.by_itself:
        actors.append(at.name(made_name(machine, "AC"), "actor"))
    name = made_name(machine, "IN", beginning.part)
    return Intent(header_of(machine, "intent", name, _summary(machine, beginning)), payload, tuple(actors), ())


@dataclass(frozen=True, slots=True)
class _Graph:
    """Makes the graph of one beginning."""

    machine: Machine
    beginning: Beginning

    @property
    def at(self) -> Pieces:
        return Pieces(self.beginning.word.place)

    def workflow(self) -> Workflow:
        machine, at = self.machine, self.at
        name = made_name(machine, "WF", self.beginning.part)
        nodes = [*self._door(), *self._chains(), self._rest(), *self._ends()]
        header = header_of(machine, "workflow", name, _summary(machine, self.beginning))
        binding = at.name(made_name(machine, "RB"), "binding")
        return Workflow(header, binding, at.word("admit"), tuple(nodes), at.place)

    # --- the way in ------------------------------------------------------------------------------

    def _door(self) -> Iterator[NodeSyntax]:
        """The intent, and what finds out where the instance is."""
        at, kind = self.at, self.beginning.kind
        intent = at.name(made_name(self.machine, "IN", self.beginning.part), "intent")
        first = self._into(self.beginning.from_to[0][1], "ACK") if kind == "start" else at.edge("ACK", "at")
        yield IntentNodeSyntax(at.word("admit"), intent, (first, at.edge("NACK", "rejected")), at.place, "")
        if kind == "event":
            inputs = at.bindings(instance="$.payload.instance")
            yield self._contract("at", "__AT", inputs, (*self._found(), at.edge(NOT_STARTED, "not_started")))
        elif kind == "timer":
            inputs = at.bindings(instance="$.payload.instance", version="$.payload.version")
            still = self._into(self.beginning.from_to[0][1], "SUCCESS")
            yield self._contract("at", "__STILL", inputs, (still, at.edge("OVER", "over")))

    def _found(self) -> Iterator[EdgeSyntax]:
        """Where the event leads from each state."""
        led = dict(self.beginning.from_to)
        for state in self.machine.states:
            name = state.name.text
            if name in led:
                yield self._into(led[name], name)
            else:
                yield self.at.edge(name, "ignored" if self._ignored(state) else "not_handled")

    def _ignored(self, state: StateSyntax) -> bool:
        return state.ignores(self.beginning.word.text)

    def _into(self, state: str, outcome: str) -> EdgeSyntax:
        """The edge into a state: to its first entry, or to rest there."""
        entered = self.machine.state(state)
        if entered is not None and entered.entry:
            return self.at.edge(outcome, _node_of(state, 1))
        return self.at.edge(outcome, "rest", state=self.at.constant(state))

    # --- what is run -----------------------------------------------------------------------------

    def _chains(self) -> Iterator[NodeSyntax]:
        """The entries of every state that this beginning can lead to."""
        ways = dict.fromkeys(name for _, to in self.beginning.from_to for name in entered(self.machine, to))
        for name in ways:
            state = self.machine.state(name)
            for n, entry in enumerate(state.entry if state is not None else (), 1):
                if state is not None:
                    yield self._entry(state, n, entry)

    def _entry(self, state: StateSyntax, n: int, entry: EntrySyntax) -> NodeSyntax:
        at = Pieces(entry.runs.place)
        out = tuple(self._edge(state, n, outcome.outcome.text, outcome.event) for outcome in entry.next)
        placed = tuple(
            EdgeSyntax(written.outcome, edge.to, edge.arguments) for written, edge in zip(entry.next, out, strict=True)
        )
        id, inputs = at.word(_node_of(state.name.text, n)), self._inputs(entry.inputs)
        if entry.kind == "process":
            session = at.ref("$.payload.instance")
            return ProcessNodeSyntax(id, entry.runs, session, inputs, placed, entry.next_place, "")
        callee = CalleeSyntax(entry.runs, None, (), entry.runs.place)
        return CallNodeSyntax(id, callee, inputs, placed, entry.next_place, "")

    def _edge(self, state: StateSyntax, n: int, outcome: str, event: Word | None) -> EdgeSyntax:
        if event is None and n < len(state.entry):
            return self.at.edge(outcome, _node_of(state.name.text, n + 1))
        to = state.leads(event.text) if event is not None else None
        if to is not None:
            return self._into(to.text, outcome)
        return self.at.edge(outcome, "rest", state=self.at.constant(state.name.text))

    def _inputs(self, inputs: Bindings) -> Bindings:
        if inputs.whole is not None and inputs.whole.text == "$.event" and self.beginning.fields is None:
            return Bindings((), None, inputs.place, "none")
        return replaced(inputs, Reference, _from_payload)

    # --- the ends --------------------------------------------------------------------------------

    def _rest(self) -> NodeSyntax:
        at = self.at
        begun = self.beginning.kind == "start"
        inputs = at.bindings(
            instance="$.payload.instance",
            state="$.with.state",
            event=at.constant("START" if begun else self.beginning.word.text),
            since="$.run.time",
            run="$.run.id",
            version=at.constant(0) if begun else "$.results.at.version",
        )
        ends = (at.edge("SUCCESS", "done"), at.edge("STALE", "already_started" if begun else "overtaken"))
        return self._contract("rest", "__REST", inputs, ends)

    def _ends(self) -> Iterator[NodeSyntax]:
        at, kind = self.at, self.beginning.kind
        result = at.bindings(state="$.results.rest.state", version="$.results.rest.version")
        yield ExitNodeSyntax(at.word("done"), "COMPLETED", None, result, (), "")
        if kind == "start":
            yield self._exit("already_started", "DENIED")
        else:
            yield self._exit("overtaken", "DENIED")
        if kind == "event":
            led = dict(self.beginning.from_to)
            others = [state for state in self.machine.states if state.name.text not in led]
            if any(self._ignored(state) for state in others):
                yield self._exit("ignored", "COMPLETED")
            if not all(self._ignored(state) for state in others):
                yield self._exit("not_handled", "DENIED")
            yield self._exit("not_started", "DENIED")
        elif kind == "timer":
            yield self._exit("over", "COMPLETED")
        yield ExitNodeSyntax(at.word("rejected"), "REJECTED", None, None, (), "")

    def _exit(self, id: str, kind: ExitKind) -> NodeSyntax:
        return ExitNodeSyntax(self.at.word(id), kind, self.at.word(id.upper()), None, (), "")

    def _contract(self, id: str, part: str, inputs: Bindings, out: tuple[EdgeSyntax, ...]) -> NodeSyntax:
        at = self.at
        name: Name = at.name(made_name(self.machine, "CC", part), "contract")
        return ContractNodeSyntax(at.word(id), name, inputs, out, at.place, "")


def _node_of(state: str, n: int) -> str:
    return f"enter_{state.lower()}_{n}"


def _from_payload(found: Reference) -> Reference:
    """`$.event.amount` as the payload of a machine's workflow has it; the author's text stays."""
    path = found.path
    if path.root not in ("event", "instance"):
        return found
    ends = (len("$.") + len(path.root), *path.ends)
    return Reference(Path("payload", (path.root, *path.steps), ends), found.text, found.place)

"""What keeps a machine's instances: a cell an instance, a stream of all its steps, and the contracts over both."""

from __future__ import annotations

from dataclasses import replace

from pgs_compiler.declarations import (
    Actor,
    Binding,
    Bound,
    Contract,
    DecideStepSyntax,
    Declaration,
    Entity,
    Header,
    Machine,
    RecordForm,
    StepEdge,
    Store,
)
from pgs_compiler.machines import StateSyntax
from pgs_compiler.made.pieces import Pieces
from pgs_compiler.schemas.syntax import FieldsSyntax, record

STATE, EVENTS = "core::CS_STATE_V0", "core::CS_EVENTS_V0"
NOT_STARTED = "NOT_STARTED"

_INSTANCE, _VERSION = "$.inputs.instance", "$.steps.read.version"


def made_name(machine: Machine, prefix: str, part: str = "") -> str:
    """`bank::WF_SM_TRANSFER__CMD_TX_V0` for the part `__CMD_TX` of `bank::SM_TRANSFER_V0`."""
    stem, _, version = machine.header.name.partition("::")[2].rpartition("_V")
    return f"{machine.header.domain}::{prefix}_{stem}{part}_V{version}"


def header_of(machine: Machine, kind: str, name: str, summary: str) -> Header:
    return replace(machine.header, kind=kind, name=name, summary=summary, description="")


def declarations_of(machine: Machine) -> list[Declaration]:
    """The actor that the machine itself is, its stores with their entities and binding, and its contracts."""
    at, code = Pieces(machine.header.place), machine.header.name.partition("::")[2]

    def header(kind: str, prefix: str, summary: str, part: str = "") -> Header:
        return header_of(machine, kind, made_name(machine, prefix, part), summary)

    states = tuple(state.name.text for state in machine.states)
    time = at.typed("string", format="date-time")
    cell = at.fields(state=at.one_of(states), since=time, run=at.typed("string"))
    step = at.fields(state=at.one_of(states), event=at.typed("string"), at=time, run=at.typed("string"))
    cells, steps = made_name(machine, "ST"), made_name(machine, "ST", "__STEPS")
    return [
        Actor(header("actor", "AC", f"{code} itself: a time that is over, or a signal"), FieldsSyntax((), at.place)),
        Entity(header("entity", "EN", f"Where an instance of {code} is"), record(cell)),
        Entity(header("entity", "EN", f"A step of an instance of {code}", "__STEP"), record(step)),
        Store(
            header("store", "ST", f"The instances of {code}"),
            at.name(STATE, "side_effect"),
            at.name(made_name(machine, "EN"), "entity"),
            (at.word("READ"), at.word("WRITE")),
            (),
        ),
        Store(
            header("store", "ST", f"The steps of the instances of {code}", "__STEPS"),
            at.name(EVENTS, "side_effect"),
            at.name(made_name(machine, "EN", "__STEP"), "entity"),
            (at.word("APPEND"),),
            (),
        ),
        Binding(
            header("binding", "RB", f"Where the instances of {code} are kept"),
            (at.name(cells, "store"), at.name(steps, "store")),
            FieldsSyntax((), at.place),
        ),
        *_contracts(machine, at, states),
    ]


def _contracts(machine: Machine, at: Pieces, states: tuple[str, ...]) -> list[Contract]:
    found = [_rest(machine, at, states)]
    if machine.sent:
        found.append(_where(machine, at, states))
    if any(state.after for state in machine.states):
        found.append(_still(machine, at))
    return found


def _rest(machine: Machine, at: Pieces, states: tuple[str, ...]) -> Contract:
    """What lets an instance rest in a state, at the version of its cell that was found."""
    text, time = at.typed("string"), at.typed("string", format="date-time")
    cell = _record(at, {"state": "state", "since": "since", "run": "run"})
    step = _record(at, {"state": "state", "event": "event", "at": "since", "run": "run"})
    written = at.bindings(key=_INSTANCE, value=cell, expected="$.inputs.version")
    return Contract(
        _header(machine, "__REST", "Let an instance of {} rest in a state"),
        at.fields(
            instance=text,
            state=at.one_of(states),
            event=text,
            since=time,
            run=text,
            version=at.typed("integer", minimum=0),
        ),
        (
            at.operation("write", "WRITE", made_name(machine, "ST"), written),
            at.operation(
                "step", "APPEND", made_name(machine, "ST", "__STEPS"), at.bindings(stream=_INSTANCE, record=step)
            ),
        ),
        (at.outcome("SUCCESS", state="$.inputs.state", version="$.steps.write.version"), at.outcome("STALE")),
        at.place,
        None,
    )


def _where(machine: Machine, at: Pieces, states: tuple[str, ...]) -> Contract:
    """What says in which state an instance is: by its outcome."""
    nowhere = (StepEdge(at.word("NOT_FOUND"), at.word(NOT_STARTED)),)
    read = at.operation("read", "READ", made_name(machine, "ST"), at.bindings(key=_INSTANCE), nowhere)
    ends = (
        at.outcome(state.name.text, version=_VERSION) if _left(machine, state) else at.outcome(state.name.text)
        for state in machine.states
    )
    cases = tuple(at.case(state, "$.steps.read.value.state", at.constant(state)) for state in states)
    return Contract(
        _header(machine, "__AT", "The state in which an instance of {} is"),
        at.fields(instance=at.typed("string")),
        (read, DecideStepSyntax(at.word("state"), cases, ())),
        (*ends, at.outcome(NOT_STARTED)),
        at.place,
        None,
    )


def _left(machine: Machine, state: StateSyntax) -> bool:
    """Whether an event from outside leads on from a state."""
    return any(each.event.text in machine.sent for each in state.events)


def _still(machine: Machine, at: Pieces) -> Contract:
    """What says whether an instance has stayed where it was at a version of its cell."""
    over = (StepEdge(at.word("NOT_FOUND"), at.word("OVER")),)
    read = at.operation("read", "READ", made_name(machine, "ST"), at.bindings(key=_INSTANCE), over)
    cases = (at.case("SUCCESS", _VERSION, "$.inputs.version"), at.case("OVER"))
    return Contract(
        _header(machine, "__STILL", "Whether an instance of {} has stayed where it was"),
        at.fields(instance=at.typed("string"), version=at.typed("integer", minimum=0)),
        (read, DecideStepSyntax(at.word("still"), cases, ())),
        (at.outcome("SUCCESS", version=_VERSION), at.outcome("OVER")),
        at.place,
        None,
    )


def _header(machine: Machine, part: str, summary: str) -> Header:
    code = machine.header.name.partition("::")[2]
    return header_of(machine, "contract", made_name(machine, "CC", part), summary.format(code))


def _record(at: Pieces, sources: dict[str, str]) -> RecordForm:
    """A record of inputs, each under its name there."""
    bound = (Bound(at.word(name), at.ref(f"$.inputs.{source}")) for name, source in sources.items())
    return RecordForm(tuple(bound), at.place)

"""Waits, typed: until when, for which signals, and what each of them brings."""

from __future__ import annotations

from collections.abc import Mapping

from pgs_compiler.declarations import (
    Event,
    IntentNodeSyntax,
    SignalSyntax,
    WaitNodeSyntax,
    Word,
    Workflow,
)
from pgs_compiler.elaborate.bound import members
from pgs_compiler.elaborate.conditions import Conditions
from pgs_compiler.elaborate.intents import actor_schema
from pgs_compiler.elaborate.knowledge import Knowledge
from pgs_compiler.elaborate.scope import INSTANT
from pgs_compiler.elaborate.values import Elaborator, spoken
from pgs_compiler.parse.waits import EXPIRED
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import present_in, properties_of
from pgs_compiler.schemas.exact import closed
from pgs_compiler.schemas.fit import Verdict, fit
from pgs_snapshot.model import Expr, Schema, Signal
from pgs_snapshot.suggest import nearest

_ENDS: Mapping[str, Schema] = {"within": {"type": "string", "format": "duration"}, "until": INSTANT}
_SPOKEN = {"within": "a duration such as `P2D`", "until": "a time such as `2026-11-21T09:30:00Z`"}


def outputs_of(program: Program, node: WaitNodeSyntax) -> Mapping[str, Schema]:
    """What a wait gives: under a signal its event and who sent it; the time under every outcome."""
    found: dict[str, Schema] = {EXPIRED: closed({"time": INSTANT}, ("time",))}
    for signal in node.signals:
        found[signal.name.text] = closed(
            {
                "event": program.fields(program.get(signal.event, Event).fields),
                "actor": actor_schema(program, signal.senders),
                "time": INSTANT,
            },
            ("event", "actor", "time"),
        )
    return found


def deadline(values: Elaborator, node: WaitNodeSyntax) -> Expr | None:
    """When a wait is over, as the author states it."""
    typed = values.certain(node.until)
    if typed is None:
        return None
    which = node.deadline.text
    if fit(typed.schema, _ENDS[which]).verdict is not Verdict.FITS:
        values.report.add("T453", f"`{which}` is {_SPOKEN[which]}.", node.until.place, spoken(typed.schema))
    return typed.expr


def signal_of(values: Elaborator, heard: Elaborator, syntax: SignalSyntax) -> Signal:
    """One signal; `heard` has `$.event`, too."""
    program = values.program
    event = program.get(syntax.event, Event)
    match = _match(values, syntax, program.fields(event.fields), event.header.name)
    return Signal(
        name=syntax.name.text,
        event=event.header.name,
        actors=tuple(sorted(name.text for name in syntax.senders)),
        not_actor_of=tuple(sorted(word.text for word in syntax.not_actor_of)),
        match=match,
        where=Conditions(heard).condition(syntax.where) if syntax.where else None,
    )


def _match(values: Elaborator, syntax: SignalSyntax, fields: Schema, event: str) -> dict[str, Expr]:
    """The fields that have to be equal to something of the run's."""
    declared, found = properties_of(fields), dict[str, Expr]()
    for bound in members(values, syntax.match, fields) or ():
        name, typed = bound.name.text, values.certain(bound.value)
        if name not in declared:
            near = nearest(name, declared)
            message, hint = f"`{event}` has no field `{name}`.", f"Write `{near}`." if near else ""
            values.report.add("T452", message, bound.name.place, "", hint)
        elif name not in present_in(fields):
            message = f"`{name}` of `{event}` may be absent, so it does not tell runs apart."
            values.report.add("T452", message, bound.name.place, "optional")
        elif typed is not None:
            pairs = ((typed.schema, declared[name]), (declared[name], typed.schema))
            if all(fit(*pair).verdict is Verdict.CANNOT_FIT for pair in pairs):
                message = f"`{name}` of `{event}` never equals this value."
                values.report.add("T452", message, bound.value.place, spoken(typed.schema))
            found[name] = typed.expr
    return found


def others(values: Elaborator, workflow: Workflow, words: tuple[Word, ...], here: Knowledge) -> None:
    """`not_actor_of` names nodes that surely had an actor by now."""
    acting = [node.id.text for node in workflow.nodes if isinstance(node, IntentNodeSyntax | WaitNodeSyntax)]
    for word in words:
        why = ""
        if word.text not in acting:
            why = "is no intent and no wait, so nobody acted there"
        elif word.text not in here.ended:
            why = "has not been passed by then"
        elif word.text in here.maybe:
            why = "is not passed on every way to here"
        elif EXPIRED in here.ended[word.text]:
            why = "may have expired, and then nobody acted there"
        if why:
            near = nearest(word.text, [id for id in acting if id in here.ended]) if word.text not in acting else None
            values.report.add("F560", f"`{word.text}` {why}.", word.place, "", f"Write `{near}`." if near else "")

"""Signals: what somebody sends to a run that waits, judged by what the wait accepts.

A signal is accepted if its event fits, its sender may send it and has not acted where another person has to act, it has
what the wait matches, and the condition holds. The first that accepts, in the order in which the author wrote them, is
how the wait ends. Every signal is recorded, also one that is refused; of that only who sent it is shown.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from pgs_runtime.core.expressions import Missing
from pgs_runtime.core.linked import Heard
from pgs_runtime.core.requests import Waiting
from pgs_runtime.redaction import commit
from pgs_runtime.run.attempt import Event, Pending
from pgs_runtime.trace.record import shown, spotted
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.values import Outcome, Value, same
from pgs_snapshot.visible import visible


@frozen
class Sent:
    """A signal as it was sent.

    Attributes:
        event: the event's full name.
        actor: `id`, `type` and attributes.
        shown: the actor as the trace of a run shows it, for the run's secret.
        origin: the message of another run that it is, or None.
    """

    event: str
    fields: Value
    actor: dict[str, Value]
    shown: Callable[[bytes], Value]
    authenticated_by: str
    origin: Value = None


@frozen
class Word:
    """What somebody says of a run: who, as the run's trace shows it, and why."""

    by: Callable[[bytes], Value]
    authenticated_by: str
    reason: str

    def line(self, secret: bytes) -> dict[str, Value]:
        """Members of a line, for the run's secret."""
        return {"actor": self.by(secret), "authenticated_by": self.authenticated_by, "reason": self.reason}


@frozen
class Refused:
    """Why a signal of a wait does not accept what was sent: its node, its name, and a sentence's end."""

    node: str
    name: str
    why: str


def accepted(waits: Sequence[Pending], sent: Sent, time: str, secret: bytes) -> Event:
    """The event that a signal is for the first wait that accepts it; without a reply, no wait does.

    Args:
        secret: of the run that waits.

    Raises:
        SealBroken: Z902, the condition of a signal is about what is not there.
    """
    refused: list[Refused] = []
    for pending in waits:
        waiting = cast(Waiting, pending.ask)
        for signal in waiting.node.signals:
            if signal.event != sent.event:
                continue
            fields, _ = signal.fields(sent.fields)
            actor, _ = signal.sender(cast(Value, sent.actor))
            try:
                why = next(_refusals(signal, waiting, sent), "")
            except Missing as missing:  # no compiler writes that; the run goes on waiting
                message = f"`{waiting.node.id}` waits for `{signal.name}` by what is not there: {missing}."
                raise SealBroken("Z902", visible(message)) from missing
            if not why:
                reply = Outcome(signal.name, event=fields, actor=actor, time=time)
                line = {**_line(sent, secret), "outcome": signal.name, **spotted(pending.ask.spot)}
                line["fields"] = shown(fields, signal.redact, secret)
                return Event(line, pending.ask.spot, reply)
            refused.append(Refused(pending.ask.spot.node, signal.name, why))
    body = _line(sent, secret)
    body["fields"] = commit(sent.fields, secret)
    body["refused"] = [{"node": each.node, "signal": each.name, "why": each.why} for each in refused] or [
        {"why": "is not waited for"}
    ]
    return Event(body)


def matched(fields: dict[str, Value], secret: bytes) -> str:
    """What stands in the store for the fields that a run listens for: it can be compared, and not guessed from.

    Args:
        secret: the store's.
    """
    return hmac.digest(secret, canonical(["pgs-match/1", fields]), hashlib.sha256).hex()


def expired(pending: Pending, time: str) -> Event:
    """The event that a wait's time is over."""
    return Event({"kind": "expired", **spotted(pending.ask.spot)}, pending.ask.spot, Outcome("EXPIRED", time=time))


def _line(sent: Sent, secret: bytes) -> dict[str, Value]:
    line: dict[str, Value] = {
        "actor": sent.shown(secret),
        "authenticated_by": sent.authenticated_by,
        "event": sent.event,
        "kind": "signal",
    }
    return {**line, "message": sent.origin} if sent.origin is not None else line


def _refusals(signal: Heard, waiting: Waiting, sent: Sent) -> Iterator[str]:
    """Why a signal does not accept what was sent, to follow its name; no value of the event is told."""
    _, unadmitted = signal.sender(cast(Value, sent.actor))
    for problem in unadmitted:
        yield f"is not for this sender: `{problem['at']}` {problem['why']}"
    for node, acted in signal.others.items():
        if acted(waiting.frame) == sent.actor["id"]:
            yield f"is for somebody else than who acted at `{node}`"
    fields, misfits = signal.fields(sent.fields)
    for problem in misfits:
        yield f"does not take the event: `{problem['at'] or '/'}` {problem['why']}"
    if misfits:
        return
    event = cast("dict[str, Value]", fields)
    for name, wanted in signal.match(waiting.frame).items():
        if not same(event.get(name), wanted):
            yield f"is for another `{name}`"
    frame = [*waiting.frame]
    frame[waiting.node.heard] = fields
    if signal.where is not None and not signal.where(frame, []):
        yield "has a condition that does not hold"

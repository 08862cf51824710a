"""The outbox: what runs have emitted, and who listens for it.

Laws:
* a message is written in the transaction that emits it, and only if some run listens for its event at that moment;
* each run that listened then is told once, by the emitter's actor, and takes it or not as it would a signal;
* a message stays until all of them have been told, so a process that ends in between loses none;
* a message to a machine is one run, whose request id follows from the message, those of one run in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias, cast

import orjson

from pgs_runtime.faults import UNHIDDEN, Refusal
from pgs_runtime.run.intake import Intake
from pgs_runtime.run.live import LiveRuns
from pgs_runtime.run.signals import Sent, matched
from pgs_runtime.stores.port import TO_MACHINES, Message, Run, Store
from pgs_runtime.stores.sealing import is_sealed
from pgs_runtime.trace.lines import no_run
from pgs_snapshot.canonical import digest_of
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.values import Value

AUTHENTICATED_BY = "workflow"
"""Who vouches for the sender of a message: the run that emitted it, which has admitted its actor."""

_LATER = ("R082", "R150", "R175")
"""What keeps a run from beginning now and not for ever."""

Begin: TypeAlias = Callable[[Run, str, Value, str], str]
"""Runs a workflow of a machine of a run's snapshot, with a payload, under a request id: the id of its run."""
Addressee: TypeAlias = Callable[[Run], tuple[LiveRuns, Intake]]
"""How the runs of a run's snapshot are moved, and what becomes a signal to them."""


class Outbox:
    """Delivers the messages of a store."""

    def __init__(self, store: Store, addressee: Addressee, begin: Begin, secret: bytes) -> None:
        """`secret`: the store's."""
        self._begin = begin
        self._delivering = False
        self._store = store
        self._secret = secret
        self._addressee = addressee
        self._reached: dict[str, None] = {}

    def deliver(self) -> None:
        """Tell everybody who listened; a message to a run that is not to be had at this moment stays.

        What that leads to may have messages of its own: they are delivered with the others.
        """
        if not self._delivering:
            self._delivering = True
            try:
                self._deliver()
            finally:
                self._delivering = False

    def _deliver(self) -> None:
        tried: set[Message] = set()
        while messages := [each for each in self._store.messages() if each not in tried]:
            for message in messages:
                tried.add(message)
                if is_sealed(message.fields):  # it was erased before everybody was told
                    self._store.take_out(message)
                    continue
                if message.heard == TO_MACHINES:
                    told = [self._started(message)]
                else:
                    told = [self._tell(run, message) for run in addressees(self._store, message, self._secret)]
                if all(told):
                    self._store.take_out(message)

    def reached(self) -> tuple[str, ...]:
        """The ids of the runs that messages have moved since this was asked last."""
        reached = tuple(self._reached)
        self._reached.clear()
        return reached

    def _started(self, message: Message) -> bool:
        """Begin the run that a message to a machine is; False: it cannot begin at this moment."""
        emitter = self._store.run(message.run)
        if emitter is None:
            raise no_run(message.run)
        payload = cast(Value, orjson.loads(message.fields))
        try:
            id = self._begin(emitter, message.event, payload, f"signal:{message.run}:{message.n}")
        except (Refusal, SealBroken) as refused:
            return refused.code not in _LATER
        self._reached[id] = None
        return True

    def _tell(self, run: Run, message: Message) -> bool:
        """Tell a run of a message; False: it is not to be had at this moment."""
        if run.status == "RUNNING":
            return False
        emitter = self._store.run(message.run)
        if emitter is None:
            raise no_run(message.run)
        try:
            live, intake = self._addressee(run)
            live.deliver(run, sent(message, emitter, intake))
        except (Refusal, SealBroken) as refused:
            # Whoever goes on with that run is told why it cannot be; the message must not wait for it, unless what
            # keeps it can pass: another process, who is trusted, or what hides labelled values.
            return refused.code not in ("R082", "R115", UNHIDDEN)
        later = self._store.run(run.id)
        if later is not None and later.head != run.head:
            self._reached[run.id] = None
        return True


def addressees(store: Store, message: Message, secret: bytes) -> Iterator[Run]:
    """The runs that listen for an event with these fields, and did so when it was emitted."""
    fields = cast("dict[str, Value]", orjson.loads(message.fields))
    digests: dict[bytes, tuple[str, str]] = {}
    seen: set[str] = set()
    for listener in store.listeners(message.event):
        if listener.run not in message.heard:
            continue  # what it began to wait for later is nothing that was said before
        if listener.names not in digests:
            names = cast("list[str]", orjson.loads(listener.names))
            listened: dict[str, Value] = {name: fields.get(name) for name in names}
            # Who has waited since before there were secret digests has left a plain one.
            digests[listener.names] = matched(listened, secret), digest_of(listened)
        if listener.match in digests[listener.names] and listener.run not in seen:
            seen.add(listener.run)
            run = store.run(listener.run)
            if run is not None and run.id != message.run:
                yield run


def sent(message: Message, emitter: Run, intake: Intake) -> Sent:
    """A message as the signal that it is for who listens."""
    actor = cast("dict[str, Value]", orjson.loads(emitter.request.actor))
    origin: Value = {"n": message.n, "run": message.run, "workflow": emitter.request.workflow}
    fields = cast(Value, orjson.loads(message.fields))
    return Sent(message.event, fields, actor, partial(intake.who, actor), AUTHENTICATED_BY, origin)

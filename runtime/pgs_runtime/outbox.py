"""The outbox: what runs have emitted, and who listens for it.

Laws:
* a message is written in the transaction that emits it, and only if some run listens for its event at that moment;
* each run that listened then is told once, by the emitter's actor, and takes it or not as it would a signal;
* a message stays until all of them have been told, so a process that ends in between loses none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import orjson

from pgs_runtime.intake import Intake
from pgs_runtime.signals import Sent
from pgs_runtime.stores.port import Message, Run, Store
from pgs_snapshot.canonical import digest_of
from pgs_snapshot.values import Value

AUTHENTICATED_BY = "workflow"
"""Who vouches for the sender of a message: the run that emitted it, which has admitted its actor."""


def addressees(store: Store, message: Message) -> Iterator[Run]:
    """The runs that listen for an event with these fields, and did so when it was emitted."""
    fields = cast("dict[str, Value]", orjson.loads(message.fields))
    digests: dict[bytes, str] = {}
    seen: set[str] = set()
    for listener in store.listeners(message.event):
        if listener.run not in message.heard:
            continue  # what it began to wait for later is nothing that was said before
        if listener.names not in digests:
            names = cast("list[str]", orjson.loads(listener.names))
            digests[listener.names] = digest_of({name: fields.get(name) for name in names})
        if listener.match == digests[listener.names] and listener.run not in seen:
            seen.add(listener.run)
            run = store.run(listener.run)
            if run is not None and run.id != message.run:
                yield run


def sent(message: Message, emitter: Run, intake: Intake) -> Sent:
    """A message as the signal that it is for who listens."""
    actor = cast("dict[str, Value]", orjson.loads(emitter.request.actor))
    origin: Value = {"n": message.n, "run": message.run, "workflow": emitter.request.workflow}
    fields = cast(Value, orjson.loads(message.fields))
    return Sent(message.event, fields, actor, intake.who(actor), AUTHENTICATED_BY, origin)

"""Overrides: rules of an intent that do not count for a while, because somebody may say so and has said why.

They are records of one stream for each intent, which only grows: a grant, or the revocation of one. Whether one is in
force is computed from these records and the time that it is for a run, never from a clock.

Laws:
* a run counts on an override that was committed before it, that is not revoked, and that ends after the run's time;
* the protocol that runs says which rules may be overridden, by whom and for how long, and not the one that ran when the
  override was granted;
* nobody uses what they have granted;
* the stream is part of what a run has read, so a revocation that is committed first is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import orjson

from pgs_runtime.core.durations import later
from pgs_runtime.core.expressions import instant
from pgs_runtime.core.linked import Storage
from pgs_runtime.ports import timestamp
from pgs_runtime.stores.overlay import Overlay
from pgs_runtime.stores.port import Event, Store
from pgs_snapshot import model
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Outcome, Value

STORE = "pgs::OVERRIDES"
"""The store that the runtime keeps for them. No protocol can declare one of this name."""
LOOK = "LOOK"
"""What a run asks of it."""
SUCCESS = "SUCCESS"


@frozen
class Said:
    """Who said something of an override, why, and when (as a trace has times); `run`: the run that tells of it."""

    run: str
    by: dict[str, Value]
    authenticated_by: str
    reason: str
    at: str


@frozen
class Override:
    """A rule that is overridden.

    Attributes:
        id: the id of the run that granted it.
        said: who granted it, why and when.
        until: from then on it is over.
        only: the id of the one actor whom it is for, "" for all.
        snapshot: the id of the one that ran when it was granted.
        revoked: who took it back, if somebody did.
    """

    id: str
    intent: str
    rule: str
    said: Said
    until: str
    only: str
    snapshot: str
    revoked: Said | None = None

    def in_force(self, time: str) -> bool:
        return self.revoked is None and time < self.until

    def covers(self, allowed: model.BreakGlass, actor: str) -> bool:
        """Whether the protocol allows it to stand, and an actor of this id to use it."""
        most = timestamp(later(micros(self.said.at), allowed.within))
        permitted = self.said.by["type"] in allowed.by and self.until <= most
        return permitted and self.only in ("", actor) and self.said.by["id"] != actor

    def used(self) -> Value:
        """What the line of an intent tells of it."""
        told: dict[str, Value] = {"by": self.said.by, "override": self.id, "reason": self.said.reason}
        return {**told, "rule": self.rule, "until": self.until}


def micros(moment: str) -> int:
    """A time as a trace has it, in µs since 1970 UTC."""
    return instant(moment) // 1000


# --- the stream ----------------------------------------------------------------------------------


def granted(override: Override) -> bytes:
    """The record of a grant."""
    body: dict[str, Value] = {
        **_said(override.said),
        "does": "grant",
        "rule": override.rule,
        "snapshot": override.snapshot,
        "until": override.until,
    }
    return canonical({**body, "for": override.only} if override.only else body)


def revoked(id: str, said: Said) -> bytes:
    """The record of a revocation."""
    return canonical({**_said(said), "does": "revoke", "override": id})


def _said(said: Said) -> dict[str, Value]:
    return {
        "actor": said.by,
        "at": said.at,
        "authenticated_by": said.authenticated_by,
        "reason": said.reason,
    }


def overrides_of(intent: str, events: Iterable[Event]) -> tuple[Override, ...]:
    """What the records of an intent's stream say, in the order in which it was granted."""
    found: dict[str, Override] = {}
    for event in events:
        body = cast("dict[str, Value]", orjson.loads(event.body))
        said = Said(
            event.run,
            cast("dict[str, Value]", body["actor"]),
            str(body["authenticated_by"]),
            str(body["reason"]),
            str(body["at"]),
        )
        if body["does"] == "grant":
            rule, until, only = str(body["rule"]), str(body["until"]), str(body.get("for", ""))
            found[event.run] = Override(event.run, intent, rule, said, until, only, str(body["snapshot"]))
        else:
            id = str(body["override"])
            found[id] = _with_revocation(found[id], said)
    return tuple(found.values())


def _with_revocation(override: Override, said: Said) -> Override:
    parts = (override.id, override.intent, override.rule, override.said, override.until, override.only)
    return Override(*parts, override.snapshot, override.revoked or said)


def all_overrides(store: Store) -> tuple[Override, ...]:
    """Every override that was ever granted, by intent and then in the order in which it was."""
    return tuple(override for intent in store.streams(STORE) for override in of_intent(store, intent))


def of_intent(store: Store, intent: str) -> tuple[Override, ...]:
    return overrides_of(intent, store.events(STORE, intent, 1, store.length(STORE, intent) + 1))


# --- what a run asks -----------------------------------------------------------------------------


def lookup(intent: model.Intent) -> Storage | None:
    """What asks for overrides of an intent's rules, if any of them may be overridden.

    It is given the `rules` that do not hold, the `actor` and the `time`; it answers with all that it takes, or none.
    """
    if not intent.break_glass:
        return None
    allowed: Mapping[str, model.BreakGlass] = intent.break_glass

    def perform(overlay: Overlay, inputs: dict[str, Value]) -> Outcome:
        length = overlay.length(STORE, intent.name)
        known = overrides_of(intent.name, overlay.store.events(STORE, intent.name, 1, length + 1))
        actor, time = str(inputs["actor"]), str(inputs["time"])
        used: list[Value] = []
        for rule in cast("list[str]", inputs["rules"]):
            such = (each for each in known if each.rule == rule and each.in_force(time))
            first = next((each for each in such if each.covers(allowed[rule], actor)), None)
            if first is None:
                return Outcome(SUCCESS, overridden=[])
            used.append(first.used())
        return Outcome(SUCCESS, overridden=used)

    return Storage(
        name="overridden",
        inputs=lambda frame: {},
        misfits=None,
        store=STORE,
        operation=LOOK,
        perform=perform,
        writes=False,
        next={SUCCESS: None},
        redact=None,
        shown={SUCCESS: None},
    )

"""The interlock: once a rule of level S has acted, nothing runs over a store until somebody resets it.

It is one stream of records, which only grows: what engaged it, and who reset it and why. A run that is begun, or gone
on with, reads how long the stream is, so that none is committed which did not see what was committed before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import orjson

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.stores.overlay import Overlay
from pgs_runtime.stores.port import Append, Event, Store
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Value

INTERLOCK = "pgs::INTERLOCK"
"""The store that the runtime keeps for it. No protocol can declare one of this name."""
STREAM = "interlock"


@frozen
class Record:
    """What engaged the interlock, or reset it.

    Attributes:
        run: the run that tells of it.
        does: `engage` or `reset`.
        target: of an engagement, what broke the rule.
        rule: of an engagement, the author's line of it.
        by: of a reset, who did it.
        reason: of a reset, why.
        at: of a reset, when.
    """

    run: str
    does: str
    target: str = ""
    rule: str = ""
    by: str = ""
    reason: str = ""
    at: str = ""


def engage(overlay: Overlay, target: str, rule: str) -> None:
    """Engage the interlock with the segment at hand."""
    _append(overlay, {"does": "engage", "rule": rule, "target": target})


def release(overlay: Overlay, by: str, reason: str, at: str) -> None:
    """Reset it with the segment at hand."""
    _append(overlay, {"at": at, "by": by, "does": "reset", "reason": reason})


def history(store: Store) -> tuple[Record, ...]:
    """Everything that was ever recorded, the oldest first."""
    return _records(store.events(INTERLOCK, STREAM, 1, store.length(INTERLOCK, STREAM) + 1))


def engaged(store: Store) -> Record | None:
    """What keeps everything from running, if anything does."""
    length = store.length(INTERLOCK, STREAM)
    last = _records(store.events(INTERLOCK, STREAM, length, length + 1)) if length else ()
    return last[-1] if last and last[-1].does == "engage" else None


def demand_released(overlay: Overlay) -> None:
    """Refuse to go on while the interlock is engaged, in a segment that stands only if it still is not.

    Raises:
        Refusal: R175, it is.
    """
    if overlay.length(INTERLOCK, STREAM) == 0:
        return
    record = engaged(overlay.store)
    if record is not None:
        what = f"`{record.target}` broke the rule at `{record.rule}`, in the run `{record.run}`"
        message = f"Nothing runs while the interlock is engaged: {what}."
        hint = "Once the cause is mended: pgs_runtime interlock reset --by WHO --reason TEXT"
        raise Refusal("R175", message, ExitCode.STOPPED, hint=hint)


def _append(overlay: Overlay, body: dict[str, Value]) -> None:
    n = overlay.length(INTERLOCK, STREAM) + len(overlay.appended.get((INTERLOCK, STREAM), [])) + 1
    overlay.append(Append(INTERLOCK, STREAM, n, canonical(body), overlay.line))


def _records(events: Sequence[Event]) -> tuple[Record, ...]:
    return tuple(Record(event.run, **cast("dict[str, str]", orjson.loads(event.body))) for event in events)

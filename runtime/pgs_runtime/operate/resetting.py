"""resetting: whoever answers for it lets everything run again that a rule of level S has stopped.

The reset is a run of its own, whose trace tells who did it, why, and which rule of which run it was about.
"""

from __future__ import annotations

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.link.interlock import INTERLOCK, Record, engaged, release
from pgs_runtime.ports import run_id, timestamp
from pgs_runtime.run.by_hand import completed
from pgs_runtime.run.commits import commit
from pgs_runtime.run.grounds import Live
from pgs_runtime.runtime import Actor, Runtime
from pgs_runtime.stores.port import Run, Segment
from pgs_runtime.trace.record import FORMAT, RESET, Chain
from pgs_snapshot.canonical import canonical, digest
from pgs_snapshot.values import Value


def reset(runtime: Runtime, actor: Actor, by: str, reason: str) -> tuple[str, Record]:
    """Reset the interlock: the id of the run that tells of it, and what had engaged it.

    Args:
        by: who answers for it; the actor is who typed it.

    Raises:
        Refusal: R018; R086; R176, nobody or no reason is named, or the interlock is not engaged.
    """
    said = runtime.word(actor, reason).line(runtime.secret)
    if not by.strip() or not reason.strip():
        raise Refusal("R176", "The interlock is reset by somebody and for a reason.", ExitCode.USAGE)
    id, started = run_id(runtime.ports), timestamp(runtime.ports.clock())
    header: dict[str, Value] = {
        "actor": said["actor"],
        "authenticated_by": said["authenticated_by"],
        "fingerprint": dict(runtime.ports.fingerprint),
        "payload": {},
        "payload_digest": digest(canonical({})),
        "snapshot": runtime.snapshot.id,
        "started": started,
        "workflow": RESET,
    }

    def once(live: Live) -> tuple[Record, Segment]:
        record = engaged(live.store)
        if record is None:
            raise Refusal("R176", "The interlock is not engaged.", ExitCode.USAGE)
        chain = Chain(id)
        chain.add({"format": FORMAT, "header": dict(header), "kind": "run"})
        live.line = len(chain.lines)
        release(live, by, reason, started)
        told: dict[str, Value] = {"rule": record.rule, "stopped": record.run, "target": record.target}
        chain.add({**told, "by": by, "kind": "reset", "reason": said["reason"]})
        ending: dict[str, Value] = {"exit": "COMPLETED", "lines": 3, "name": "COMPLETED", "node": "released"}
        chain.add({**ending, "effects": {INTERLOCK: {"APPEND": 1}}, "kind": "exit"})
        return record, _segment(header, chain, live)

    record = commit(runtime.store, runtime.limits.value_bytes, once)
    if isinstance(record, Run):
        raise AssertionError(f"the run id {id} was given out twice")
    return id, record


def _segment(header: dict[str, Value], chain: Chain, live: Live) -> Segment:
    reads, writes = live.changes
    return Segment(run=completed(header, chain), expected=None, lines=tuple(chain.lines), reads=reads, writes=writes)

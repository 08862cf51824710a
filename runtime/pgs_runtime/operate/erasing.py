"""erasing: the key of a subject ends, and with it whatever was sealed for the subject, for good.

Laws:
* nothing of a subject is erased while a run of it goes on, which could not be gone on with any more;
* the key ends in the commit of a run of its own, whose trace tells of whom by an id alone, how much that was, and why;
* no line of any trace changes: what stands for an erased value there is a commitment that nobody can try values on.
"""

from __future__ import annotations

from collections.abc import Sequence

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.ports import run_id, timestamp
from pgs_runtime.run.by_hand import completed
from pgs_runtime.runtime import Actor, Runtime
from pgs_runtime.stores.port import LIVE, Committed, Delete, Erasure, Holding, Segment
from pgs_runtime.trace.record import ERASURE, FORMAT, Chain
from pgs_snapshot.canonical import canonical, digest
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible


@frozen
class Erased:
    """What became of a subject.

    Attributes:
        subject: its id.
        at: when its key ended.
        runs: how many runs belong to it.
        rows: how many values of stores were its.
        trace_id: of the run that tells of it; "" where that was done before.
    """

    subject: str
    at: str
    runs: int
    rows: int
    trace_id: str = ""


def erase(runtime: Runtime, name: str, actor: Actor, reason: str) -> Erased:
    """End the key of a subject, as its author names it, or `run:ID`; one that was erased before is told.

    Raises:
        Refusal: R018; R086; R130, a run of it goes on; R133, nothing belongs to it.
        StoreBusy, StoreUnusable: nothing was erased.
    """
    store = runtime.store
    said = runtime.word(actor, reason).line(runtime.secret)
    with store.exclusive():
        _, known = store.latest(runtime.secret, name)
        if known is None:
            message = f"Nothing belongs to `{visible(name[:80])}`."
            hint = "Type it as the run was given it, or `run:ID` for a run whose author names nobody."
            raise Refusal("R133", message, ExitCode.USAGE, hint=hint)
        runs = store.runs_of(known.id)
        if known.key is None:
            return Erased(known.id, known.erased, len(runs), 0)
        _demand_ended(runtime, runs)
        held = store.holding(bytes.fromhex(known.id))
        erased = Erased(known.id, timestamp(runtime.ports.clock()), len(runs), len(held), run_id(runtime.ports))
        if not isinstance(store.commit(_segment(runtime, erased, held, said)), Committed):
            raise AssertionError("nothing changes while the store is ours alone")
    store.scrub()
    return erased


def _demand_ended(runtime: Runtime, runs: Sequence[str]) -> None:
    found = (runtime.store.inner.run(run) for run in runs)
    live = [run.id for run in found if run is not None and run.status in LIVE]
    if live:
        told = ", ".join(f"`{run}`" for run in live[:5])
        more = f" and {len(live) - 5} more" if len(live) > 5 else ""
        message = f"Nothing was erased: {len(live)} run{'s' * (len(live) != 1)} of it go on: {told}{more}."
        hint = f"End them first: `pgs_runtime show {live[0]}` tells how, by `resume`, `cancel` or `abandon`."
        raise Refusal("R130", message, ExitCode.USAGE, hint=hint)


def _segment(runtime: Runtime, erased: Erased, held: Sequence[Holding], said: dict[str, Value]) -> Segment:
    header: dict[str, Value] = {
        "actor": said["actor"],
        "authenticated_by": said["authenticated_by"],
        "fingerprint": dict(runtime.ports.fingerprint),
        "payload": {},
        "payload_digest": digest(canonical({})),
        "snapshot": runtime.snapshot.id,
        "started": erased.at,
        "workflow": ERASURE,
    }
    chain = Chain(erased.trace_id)
    chain.add({"format": FORMAT, "header": header, "kind": "run"})
    told: dict[str, Value] = {"rows": erased.rows, "runs": erased.runs, "subject": erased.subject}
    chain.add({**told, "kind": "erase", "reason": said["reason"]})
    ending: dict[str, Value] = {"effects": {}, "exit": "COMPLETED", "lines": 3, "name": "COMPLETED", "node": "erased"}
    chain.add({**ending, "kind": "exit"})
    keys = tuple((place.store, place.key) for place in held if place.kind == "registry")
    return Segment(
        run=completed(header, chain),
        expected=None,
        lines=tuple(chain.lines),
        # What can be set anew is taken out; for good stands what was promised to stay, though nobody can read it.
        writes=tuple(Delete(place.store, place.key) for place in held if place.kind == "state"),
        erasure=Erasure(erased.subject, erased.at, keys),
    )

"""doctor: what there is to say of a store, its runs, snapshots, checkpoints and keys, and what to type about it.

Laws:
* it looks and changes nothing;
* it says of nothing that it is well that it did not look at;
* each finding has what to type or to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pgs_runtime.counted import counted
from pgs_runtime.evidence.at_hand import Evidence
from pgs_runtime.evidence.authentic import AHEAD, day_of, word_on
from pgs_runtime.evidence.covering import StoreCustody
from pgs_runtime.evidence.custody import Signed, contradiction, last_signed, newest_at, origin_in
from pgs_runtime.evidence.keeping import Place
from pgs_runtime.evidence.log import Log
from pgs_runtime.evidence.verify import Level, verify
from pgs_runtime.faults import Refusal
from pgs_runtime.link.interlock import history
from pgs_runtime.ports import timestamp
from pgs_runtime.run.outcomes import any_due
from pgs_runtime.stores.port import LIVE, Run, Store
from pgs_runtime.trace.lines import joined
from pgs_snapshot.frozen import frozen
from pgs_snapshot.statements import moment_text
from pgs_snapshot.trust import Trust, TrustedKey
from pgs_snapshot.visible import visible

STALE, SOON = timedelta(days=1), timedelta(days=30)
"""How old a checkpoint may be that does not cover everything; how long before its end a key is named."""

_OVER = ("revoked", "expired")
_NAMED = 5
_NEWEST = 3

Topic = Literal["store", "interlock", "runs", "snapshots", "checkpoint", "place", "keys", "evidence"]


@frozen
class Remark:
    """One thing that was looked at.

    `wrong`: it needs somebody; `do`: what to type, or what to do; `fatal`: the store cannot be relied on; `unseen`: it
    could not be looked at, or was not asked for.
    """

    topic: Topic
    says: str
    wrong: bool = False
    do: str = ""
    fatal: bool = False
    unseen: bool = False


@frozen
class Bench:
    """What is looked at, and when: the verifier's time, with its zone."""

    store: Store
    evidence: Evidence
    trust: Trust | None
    places: Sequence[Place]
    now: datetime


def examined(bench: Bench) -> Iterator[Remark]:
    """Everything that there is to say, in the order of the topics.

    Raises:
        StoreUnusable, StoreBusy: the store cannot be read.
    """
    problems = bench.store.check()
    yield Remark("store", "Its structures are sound.") if not problems else _unsound(problems)
    yield from _interlock(bench)
    yield from _runs(bench)
    yield from _snapshots(bench)
    yield from _checkpoint(bench)
    for place in bench.places:
        yield _place(bench, place)
    yield from _keys(bench)
    yield from _evidence(bench)


def _unsound(problems: Sequence[str]) -> Remark:
    more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
    return Remark("store", f"{visible(problems[0])}{more}.", True, "Restore a backup.", fatal=True)


# --- runs ----------------------------------------------------------------------------------------


def _interlock(bench: Bench) -> Iterator[Remark]:
    """Whether a rule of level S keeps everything from running; nothing is said where none ever has."""
    records = history(bench.store)
    if records and records[-1].does == "engage":
        says = f"`{visible(records[-1].run)}` engaged it, by the rule at `{visible(records[-1].rule)}`: nothing runs."
        do = "Mend the cause, then: pgs_runtime interlock reset --by WHO --reason TEXT"
        yield Remark("interlock", says, True, do)
    elif records:
        yield Remark("interlock", "It was engaged, and was reset.")


def _runs(bench: Bench) -> Iterator[Remark]:
    live = [run for status in LIVE for run in bench.evidence.runs(status)]
    waiting = sum(run.status == "WAITING" for run in live)
    yield Remark("runs", f"{counted(len(live), 'run')} under way, of which {waiting} wait.")
    found = [(run, told) for run in live if (told := _need(run, bench.now))]
    for run, (why, do) in found[:_NAMED]:
        yield Remark("runs", f"`{run.id}` {why}.", True, do)
    if len(found) > _NAMED:
        yield Remark("runs", f"{len(found) - _NAMED} more need somebody.", True, "pgs_runtime list --status RUNNING")


def _need(run: Run, now: datetime) -> tuple[str, str] | None:
    """Why a live run needs somebody, and what to type."""
    micros = int(now.timestamp() * 1_000_000)
    match run.status:
        case "RUNNING" if run.lease is None or run.lease.until <= micros:
            return "was left in the middle: no process moves it", f"pgs_runtime resume {run.id}"
        case "IN_DOUBT":
            return "is in doubt: a person has to find out what took place", f"pgs_runtime show {run.id}"
        case "WAITING" if any_due(run, timestamp(micros)):
            return "waits for what is overdue", f"pgs_runtime resume {run.id}"
    return None


def _snapshots(bench: Bench) -> Iterator[Remark]:
    known: dict[str, bool] = {}
    for run in bench.evidence.runs():
        if run.request.snapshot not in known:
            known[run.request.snapshot] = bench.evidence.knows(run.request.snapshot)
    lost = [id for id, whole in known.items() if not whole]
    whole = len(known) - len(lost)
    yield Remark(
        "snapshots", f"{whole} of {counted(len(known), 'snapshot')} that runs began with: at hand, and as sealed."
    )
    for id in lost[:_NAMED]:
        do = "Restore its folder in `snapshots` of the data root: its runs cannot be gone on with or done again."
        yield Remark("snapshots", f"`{id}` is not at hand, or was changed.", True, do)


# --- custody -------------------------------------------------------------------------------------

_SIGN = "pgs_runtime checkpoint --key FILE --to PLACE"


def _checkpoint(bench: Bench) -> Iterator[Remark]:
    log = Log(bench.store)
    try:
        last = last_signed(bench.store)
    except Refusal as refused:
        yield Remark("checkpoint", refused.message, True, refused.hint)
        return
    if last is None:
        yield Remark("checkpoint", f"None was ever signed; the log has {counted(log.size, 'commit')}.", True, _SIGN)
        return
    why = contradiction(log.size, last.checkpoint, log.roots([last.checkpoint.size]).get(last.checkpoint.size))
    if why:
        yield Remark("checkpoint", why, True, "Restore a backup, and find out who changed the store.")
        return
    signed = day_of(last.checkpoint.time)
    if signed is None or signed > bench.now + AHEAD:
        do = "Set the clock of whoever signs, and sign once something has come after."
        yield Remark("checkpoint", "The last one says that it was signed at a time that is still to come.", True, do)
        return
    age = bench.now - signed
    after = log.size - last.checkpoint.size
    says = f"The last one covers {counted(last.checkpoint.size, 'commit')} and is {_long(age)} old; {after} came after."
    stale = after > 0 and age >= STALE
    yield Remark("checkpoint", says, stale, _SIGN if stale else "")


def _place(bench: Bench, place: Place) -> Remark:
    name = visible(place.name)
    try:
        newest = newest_at(place, Log(bench.store), origin_in(bench.store))
        last = last_signed(bench.store)
    except Refusal as refused:
        return Remark("place", refused.message, True, refused.hint)
    if not place.readable:
        return Remark("place", f"`{name}` shows nothing of what it keeps.", unseen=True)
    if last is not None and newest < last.checkpoint.size:
        says = f"`{name}` has {counted(newest, 'commit')}, and the last checkpoint {last.checkpoint.size}."
        return Remark("place", says, True, f"pgs_runtime checkpoint --key FILE --to '{name}'")
    return Remark("place", f"`{name}` keeps a checkpoint of {counted(newest, 'commit')}, and the log continues it.")


def _keys(bench: Bench) -> Iterator[Remark]:
    if bench.trust is None:
        yield Remark("keys", "Not looked at: `--trust DIR` names the folder.", unseen=True)
        return
    last = _last(bench.store)
    used = frozenset(key.id for key in last.keys) if last else frozenset()
    for key in bench.trust.keys:
        yield _key(key, key.key.id in used, bench.now)
    why = word_on(last.note, last.checkpoint, bench.trust, bench.now).why if last else ""
    if why and not any(key.key.id in used and key.standing(bench.now) in _OVER for key in bench.trust.keys):
        yield Remark("keys", f"The last checkpoint {why}.", True, f"Sign with a key that is trusted: {_SIGN}")
    if not bench.trust.trusted("checkpoint", bench.now):
        do = "pgs_compiler keys new NAME --role checkpoint --owner WHO --trust DIR --out FILE"
        yield Remark("keys", "No key is trusted for checkpoints at this time.", True, do)


def _last(store: Store) -> Signed | None:
    try:
        return last_signed(store)
    except Refusal:  # that is told where checkpoints are
        return None


def _key(key: TrustedKey, used: bool, now: datetime) -> Remark:
    name = f"`{visible(key.name)}` ({', '.join(key.roles) or 'no role'})"
    rotate = "Make another, and sign with that: `pgs_compiler keys rotate`."
    match key.standing(now):
        case "revoked":
            since = moment_text(key.revoked or now)
            says = f"{name} was revoked as of {since}{', and signed the last checkpoint' if used else ''}."
            return Remark("keys", says, used, f"Sign with another key: {_SIGN}" if used else "")
        case "expired":
            until = moment_text(key.until or now)
            says = f"{name} expired on {until}{', and signed the last checkpoint' if used else ''}."
            return Remark("keys", says, used, rotate if used else "")
        case "early":
            return Remark("keys", f"{name} counts from {moment_text(key.since)} on.")
    last = min((at for at in (key.until, key.revoked) if at is not None), default=None)
    if last is not None and last - now <= SOON:
        ends = "expires" if last == key.until else "is revoked"
        return Remark("keys", f"{name} {ends} in {_long(last - now)}.", True, rotate)
    ends = f"until {moment_text(last)}" if last is not None else "without end"
    return Remark("keys", f"{name} is {_long(now - key.since)} old and counts {ends}.")


def _evidence(bench: Bench) -> Iterator[Remark]:
    """The level that the newest runs reach, of which the log tells which those are."""
    log = Log(bench.store)
    newest = dict.fromkeys(entry.run for entry in reversed(bench.store.log(max(log.size - 20, 0), log.size)))
    runs = [run for id in newest if (run := bench.store.run(id)) is not None and run.status not in LIVE][:_NEWEST]
    custody = StoreCustody(bench.store, bench.trust, bench.places, bench.now)
    for run in runs:
        try:
            verdict = verify(joined(bench.store.lines(run.id)), bench.evidence.knows, bench.store, custody=custody)
        except Refusal as refused:
            yield Remark("evidence", refused.message, True, refused.hint)
            return
        low = verdict.level < Level.ANCHORED
        why = f": {verdict.doubt}" if low and verdict.doubt else "."
        do = f"pgs_runtime export {run.id}, then pgs_runtime verify traces/{run.id}" if low else ""
        yield Remark("evidence", f"`{run.id}` is {verdict.level.label}{why}", low, do)


# --- words ---------------------------------------------------------------------------------------


def _long(span: timedelta) -> str:
    """A span of time in the largest unit that it has two of."""
    seconds = max(int(span.total_seconds()), 0)
    for unit, length in (("year", 31_557_600), ("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:,} {unit}s"
    return counted(seconds, "second")

"""What a store's log and checkpoints say of the last line of a run: the checks `log`, `checkpoint` and `witness`.

The log is read whole and its roots are computed, so a proof of inclusion or consistency is not needed here: they are
for those who do not have the log (`pgs_runtime.evidence.casefile`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pgs_runtime.counted import counted
from pgs_runtime.evidence.authentic import Word, word_on
from pgs_runtime.evidence.custody import checkpoint_at, contradiction, last_signed, origin_in
from pgs_runtime.evidence.keeping import Place
from pgs_runtime.evidence.log import Log
from pgs_runtime.evidence.verify import NO_KEYS_WHY, Check
from pgs_runtime.stores.port import Head, Store
from pgs_snapshot.frozen import frozen
from pgs_snapshot.notes import Checkpoint, Note
from pgs_snapshot.trust import Trust
from pgs_snapshot.visible import visible


@frozen
class Known:
    """A checkpoint that is at hand, and at which place; "": the store's own memory."""

    note: Note
    checkpoint: Checkpoint
    place: str


class StoreCustody:
    """The log of a store, held against the checkpoint that it remembers and those that are kept elsewhere."""

    def __init__(self, store: Store | None, trust: Trust | None, places: Sequence[Place], now: datetime) -> None:
        """`now` is the verifier's time, with its zone."""
        self._store = store
        self._trust = trust
        self._places = places
        self._now = now

    def __call__(self, run: str, head: Head) -> tuple[Check, Check, Check]:
        """The three checks of a run with this last line.

        Raises:
            Refusal: R120, R122, R123; StoreBusy, StoreUnusable.
        """
        if self._store is None:
            why = "No store was at hand, whose log a checkpoint could be of."
            return unknown("log", why), unknown("checkpoint", why), unknown("witness", why)
        log = Log(self._store)
        index = log.find(run, head)
        known = self._known(self._store, log, index)
        checked = _log(log, index, known, origin_in(self._store))
        covering = [each for each in known if index is not None and each.checkpoint.size > index]
        if checked.found != "held" or index is None or self._trust is None or not covering:
            why = self._why(checked, index, known)
            return checked, unknown("checkpoint", why), unknown("witness", why)
        words = [(each, word_on(each.note, each.checkpoint, self._trust, self._now)) for each in covering]
        return checked, checkpoint_check(words, index), witness_check(words)

    def _known(self, store: Store, log: Log, index: int | None) -> list[Known]:
        """What the store remembers, and of each place the first checkpoint that covers the commit, and the newest."""
        last = last_signed(store)
        known = [Known(last.note, last.checkpoint, "")] if last else []
        for place in self._places:
            sizes = place.sizes()
            covering = [size for size in sizes if size > (index if index is not None else log.size)]
            known += [Known(*checkpoint_at(place, size), place.name) for size in sorted({*covering[:1], *sizes[-1:]})]
        return known

    def _why(self, log: Check, index: int | None, known: Sequence[Known]) -> str:
        """Why nothing can be said of signatures."""
        if log.found != "held" or index is None:
            return "The log does not hold, so this says nothing."
        if self._trust is None:
            return NO_KEYS_WHY
        if not known:
            return "No checkpoint was signed of this log: `pgs_runtime checkpoint` signs one."
        newest = max(each.checkpoint.size for each in known)
        return f"No checkpoint covers commit {index + 1}: the newest is of {counted(newest, 'commit')}."


def unknown(name: str, why: str) -> Check:
    """A check that could not be made."""
    return Check(name, "not possible", why)


def _log(log: Log, index: int | None, known: Sequence[Known], origin: str) -> Check:
    roots = log.roots(each.checkpoint.size for each in known)
    for each in known:
        where = f" That is kept at `{visible(each.place)}`." if each.place else ""
        if each.checkpoint.origin != origin:
            return Check("log", "failed", f"The checkpoint is of another log, `{each.checkpoint.origin}`.{where}")
        why = contradiction(log.size, each.checkpoint, roots.get(each.checkpoint.size))
        if why:
            return Check("log", "failed", f"{why}{where}")
    if index is None:
        says = f"No commit of the log, which has {log.size:,}, is this run's with this last line."
        return Check("log", "failed", says)
    grown = f", and the log continues what was signed at {max(roots)}" if roots else ""
    return Check("log", "held", f"Commit {index + 1} of {log.size} is this run's with this last line{grown}.")


def checkpoint_check(words: Sequence[tuple[Known, Word]], index: int) -> Check:
    """Whether trusted keys signed one of these checkpoints, which cover a commit and are of one log."""
    for known, word in words:
        if not word.why:
            size, names = counted(known.checkpoint.size, "commit"), ", ".join(word.signers)
            says = f"The checkpoint of {size}, which covers commit {index + 1}, is signed by {names}."
            return Check("checkpoint", "held", says)
    known, word = words[0]
    says = f"The checkpoint of {counted(known.checkpoint.size, 'commit')} {word.why}."
    return Check("checkpoint", "failed", says)


def witness_check(words: Sequence[tuple[Known, Word]]) -> Check:
    """Whether somebody else has one of those that trusted keys signed."""
    for known, word in words:
        if not word.why and not word.unseen:
            size, names = counted(known.checkpoint.size, "commit"), ", ".join(word.witnesses)
            says = f"The checkpoint of {size} is cosigned by {names}."
            return Check("witness", "held", says)
    for known, word in words:
        if not word.why and known.place:
            size = counted(known.checkpoint.size, "commit")
            says = f"The checkpoint of {size} is kept at `{visible(known.place)}`."
            return Check("witness", "held", says)
    unseen = next((word.unseen for _, word in words if not word.why), "No trusted key signed a checkpoint.")
    return Check("witness", "not possible", f"{unseen} No place was named that keeps it.")

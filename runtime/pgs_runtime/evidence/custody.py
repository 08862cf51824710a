"""Checkpoints of a store's log: signed, remembered in the store, kept elsewhere, and proven to have grown.

Laws:
* nothing is signed that contradicts what was signed before: a log that has shrunk or forked is found and named;
* a checkpoint is remembered before anybody sees it, so two processes never sign two logs;
* before a checkpoint is kept at a place, the newest one there has to be one of this log.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import cast

import orjson

from pgs_runtime.counted import counted
from pgs_runtime.evidence.keeping import Place
from pgs_runtime.evidence.log import Log
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.stores.port import Store, StoreUnusable
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.merkle import Range
from pgs_snapshot.notes import Checkpoint, NotANote, Note, checkpoint_of, is_signed, origin_of, read_note, signed
from pgs_snapshot.signing import PublicKey, SigningKey, public_key
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

_FACT = "log:checkpoint"


@frozen
class Signed:
    """A checkpoint of this store's log: the note, what it says, the log up to there, and the keys that signed."""

    note: Note
    checkpoint: Checkpoint
    range: Range
    keys: tuple[PublicKey, ...]


def origin_in(store: Store) -> str:
    """The origin of the store's log."""
    id = store.meta("store")
    if id is None:
        raise StoreUnusable("altered", "The store has lost its `store`.")
    return origin_of(id)


def last_signed(store: Store) -> Signed | None:
    """The checkpoint that the store remembers, if one was ever signed.

    Raises:
        Refusal: R120, what it remembers is no checkpoint of its log.
    """
    fact = store.meta(_FACT)
    if fact is None:
        return None
    try:
        found = cast("dict[str, Value]", orjson.loads(fact))
        note = read_note(str(found["note"]).encode())
        checkpoint = checkpoint_of(note.text)
        peaks = tuple(bytes.fromhex(str(peak)) for peak in cast("list[Value]", found["peaks"]))
        keys = tuple(public_key(str(key)) for key in cast("list[Value]", found["keys"]))
    except (NotANote, orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise _forgotten() from error
    range = Range(checkpoint.size, peaks)
    sound = range.is_whole() and range.root() == checkpoint.root and checkpoint.origin == origin_in(store)
    if not sound or not all(is_signed(note, checkpoint.origin, key) for key in keys):
        raise _forgotten()
    return Signed(note, checkpoint, range, keys)


def _forgotten() -> Refusal:
    message = "What the store remembers of its last checkpoint is no checkpoint of its log: it was changed."
    return Refusal("R120", message, ExitCode.SEAL, hint="Restore a backup, and compare it with what is kept elsewhere.")


def sign(store: Store, keys: Sequence[SigningKey], now: Callable[[], int], *, quick: bool = False) -> Signed:
    """Sign the log as it is; where nothing came after the last checkpoint of these keys, that one.

    Args:
        now: seconds since 1970 (UTC).
        quick: read only what came after the last checkpoint. What was changed before it is then not found here, and
            is not signed either: the new checkpoint goes on from the old one.

    Raises:
        Refusal: R001, more keys than a checkpoint has signatures; R120; R121, the log has shrunk or forked since the
            last checkpoint.
    """
    signers = tuple({key.public.id: key for key in keys}.values())
    publics = tuple(key.public for key in signers)
    while True:
        fact, last = store.meta(_FACT), last_signed(store)
        log = Log(store)
        if last is not None:
            demand_grown(log, last.checkpoint, quick=quick)
            if last.checkpoint.size == log.size and set(publics) <= set(last.keys):
                return last
        grown = log.grown(last.range if last else Range(), log.size)
        if grown.size != log.size:
            raise StoreUnusable("altered", "The log of the store has a gap.", "Restore a backup.")
        checkpoint = Checkpoint(origin_in(store), grown.size, grown.root(), now())
        made = Signed(_readable(signed(checkpoint, signers)), checkpoint, grown, publics)
        if store.swap_meta(_FACT, fact, _fact(made)):
            return made


def _readable(note: Note) -> Note:
    """The note, if whoever is given it can read it: one that nobody can must not be remembered."""
    try:
        checkpoint_of(read_note(note.data()).text)
    except NotANote as error:
        raise Refusal("R001", f"The checkpoint {error}, so nobody would read it.", ExitCode.USAGE) from error
    return note


def _fact(made: Signed) -> bytes:
    return canonical(
        {
            "keys": [key.text for key in made.keys],
            "note": made.note.data().decode(),
            "peaks": [peak.hex() for peak in made.range.peaks],
        }
    )


def demand_grown(log: Log, before: Checkpoint, *, quick: bool = False) -> None:
    """Refuse a log that is no continuation of what was signed.

    Raises:
        Refusal: R121.
    """
    why = contradiction(log.size, before, None if quick else log.roots([before.size]).get(before.size))
    if why:
        hint = "Nothing was signed. Restore a backup, and find out who changed the store."
        raise Refusal("R121", why, ExitCode.SEAL, hint=hint)


def contradiction(size: int, before: Checkpoint, root: bytes | None) -> str:
    """Why a log of this size is no continuation of a checkpoint, in a sentence; "" if it is.

    Args:
        root: that of the log when it had the checkpoint's size; None: not known, and not asked about.
    """
    if size < before.size:
        return f"The log has shrunk: it has {counted(size, 'commit')}, and a checkpoint was signed of {before.size}."
    if root is not None and root != before.root:
        first = counted(before.size, "commit")
        return f"The log has forked: it does not begin with the {first} of which a checkpoint was signed."
    return ""


# --- places --------------------------------------------------------------------------------------


def newest_at(place: Place, log: Log, origin: str, known: Checkpoint | None = None) -> int:
    """The size of the newest checkpoint at a place, 0 if there is none; it is one of this log.

    Args:
        known: a checkpoint of the log that is taken for right; with one of its size, the log is not read.

    Raises:
        Refusal: R122, it is not; R123, the place cannot be used.
    """
    sizes = place.sizes()
    if not sizes:
        return 0
    kept = checkpoint_at(place, sizes[-1])[1]
    if kept.origin != origin:
        why = f"it keeps checkpoints of another log, `{visible(kept.origin)}`"
        raise _contradicted(place, why, "Name a place of its own for each store.")
    same = known is not None and known.size == kept.size
    root = known.root if known is not None and same else log.roots([kept.size]).get(kept.size)
    why = contradiction(log.size, kept, root)
    if why:
        raise _contradicted(place, f"{why[0].lower()}{why[1:-1]}", "Restore a backup, and find out who changed what.")
    return kept.size


def checkpoint_at(place: Place, size: int) -> tuple[Note, Checkpoint]:
    """The checkpoint of a size that is kept at a place.

    Raises:
        Refusal: R122, it is none; R123, the place cannot be used.
    """
    try:
        note = read_note(place.read(size))
        found = checkpoint_of(note.text)
    except NotANote as error:
        raise _contradicted(place, f"`{size}.checkpoint` {error}") from error
    if found.size != size:
        raise _contradicted(place, f"`{size}.checkpoint` is of {counted(found.size, 'commit')}")
    return note, found


def _contradicted(place: Place, why: str, hint: str = "See who wrote there.") -> Refusal:
    message = f"What is kept at `{visible(place.name)}` does not agree with the log: {why}."
    return Refusal("R122", message, ExitCode.SEAL, hint=hint)


def keep(made: Signed, place: Place) -> bool:
    """Keep a checkpoint at a place; False: one of the same size and root is there.

    Raises:
        Refusal: R122, another one of that size is there; R123.
    """
    size = made.checkpoint.size
    if size not in place.sizes():
        place.keep(size, made.note.data())
        return True
    if checkpoint_at(place, size)[1].root != made.checkpoint.root:
        raise _contradicted(place, f"`{size}.checkpoint` has another root")
    return False


def sign_and_keep(
    store: Store, keys: Sequence[SigningKey], places: Sequence[Place], now: Callable[[], int], *, quick: bool = False
) -> tuple[Signed, tuple[bool, ...]]:
    """Sign the log and keep the checkpoint at each place; which of them did not have it yet.

    Raises:
        Refusal: R120 to R123. Before anything is signed, unless a place lets nobody read.
    """
    last = last_signed(store) if quick else None
    for place in places:
        newest_at(place, Log(store), origin_in(store), last.checkpoint if last else None)
    made = sign(store, keys, now, quick=quick)
    return made, tuple(keep(made, place) for place in places)


# --- for a witness -------------------------------------------------------------------------------


def bundle(store: Store, old: int) -> bytes:
    """What a witness is given that has seen `old` commits: a proof and the last checkpoint.

    The form is the body of `add-checkpoint` (C2SP tlog-witness): `old SIZE`, hashes in base64, an empty line, the note.

    Raises:
        Refusal: R120; R121; R125, no checkpoint was signed yet, or only of fewer commits.
    """
    last = last_signed(store)
    if last is None:
        raise Refusal("R125", "No checkpoint was signed of this log.", ExitCode.USAGE, hint=_SIGN)
    size = last.checkpoint.size
    if old > size:
        message = f"The last checkpoint is of {counted(size, 'commit')}, and the proof is to begin at {old}."
        raise Refusal("R125", message, ExitCode.USAGE, hint=_SIGN)
    log = Log(store)
    demand_grown(log, last.checkpoint)
    proof = (b64encode(each).decode() for each in log.consistency(old, size))
    lines = "".join(f"{line}\n" for line in (f"old {old}", *proof, ""))
    return lines.encode() + last.note.data()


_SIGN = "Sign one: `pgs_runtime checkpoint --key FILE --to PLACE`."

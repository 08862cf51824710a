"""A witness: it cosigns the checkpoints of a log that it has only the proofs of, and never of two logs that differ.

Laws:
* it cosigns only what a trusted key signed and what continues all that it has cosigned before;
* what it has seen is on its disk before its cosignature leaves;
* one folder is one log, and one witness at a time works in it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from pgs_runtime.counted import counted
from pgs_runtime.evidence.custody import checkpoint_at
from pgs_runtime.evidence.keeping import Folder
from pgs_runtime.faults import ExitCode, Refusal
from pgs_snapshot.frozen import frozen
from pgs_snapshot.merkle import grown_from
from pgs_snapshot.notes import Checkpoint, NotANote, Note, bytes_of, checkpoint_of, cosigned, is_signed, read_note
from pgs_snapshot.signing import SigningKey
from pgs_snapshot.trust import Trust

_OLD = re.compile(r"old (0|[1-9][0-9]{0,15})")
_STEPS = 63


@frozen
class Bundle:
    """A checkpoint, and the proof that it continues the log of `old` commits."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint


def read_bundle(data: bytes) -> Bundle:
    """What a witness is given, read.

    Raises:
        Refusal: R126, it is no such thing.
    """
    head, gap, rest = data.partition(b"\n\n")
    lines = head.decode(errors="replace").split("\n")
    old, steps = _OLD.fullmatch(lines[0]), [bytes_of(line) for line in lines[1:]]
    proof = tuple(step for step in steps if step is not None and len(step) == 32)
    if not gap or old is None or len(proof) != len(steps) or len(proof) > _STEPS:
        hint = "It is made by `pgs_runtime checkpoint --proof-from SIZE`."
        raise _refused("R126", "That is no proof with a checkpoint.", hint)
    try:
        note = read_note(rest)
        return Bundle(int(old[1]), proof, note, checkpoint_of(note.text))
    except NotANote as error:
        raise _refused("R126", f"The checkpoint {error}.") from error


def witnessed(bundle: Bundle, trust: Trust, key: SigningKey, seen: Folder, now: datetime) -> Note:
    """The checkpoint with a cosignature, once it is remembered among those that were `seen`.

    Raises:
        Refusal: R122, R123, by the folder; R127, it contradicts what was seen, or no trusted key signed it;
            R128, the proof begins at another size than the last that was seen.
    """
    origin = bundle.checkpoint.origin
    if not any(is_signed(bundle.note, origin, each.key) for each in trust.trusted("checkpoint", now)):
        raise _refused("R127", "No key that is trusted for checkpoints signed this one.")
    with seen.alone():
        sizes = seen.sizes()
        last = checkpoint_at(seen, sizes[-1])[1] if sizes else None
        _demand_continued(bundle, last)
        note = cosigned(bundle.note, key, int(now.astimezone(UTC).timestamp()))
        _demand_readable(note)
        if bundle.checkpoint.size not in sizes:
            seen.keep(bundle.checkpoint.size, note.data())
    return note


def _demand_readable(note: Note) -> None:
    """Refuse a note that has no room for a cosignature: nobody would read it with one more."""
    try:
        read_note(note.data())
    except NotANote as error:
        raise _refused("R126", f"With a cosignature the checkpoint {error}.") from error


def _demand_continued(bundle: Bundle, last: Checkpoint | None) -> None:
    size, root = bundle.checkpoint.size, bundle.checkpoint.root
    old = last.size if last else 0
    if last is not None and bundle.checkpoint.origin != last.origin:
        raise _refused("R127", f"This witness has seen another log, `{last.origin}`.", "Name another folder for it.")
    if size < old:
        found = counted(size, "commit")
        raise _refused("R127", f"The checkpoint is of {found}, and one of {old:,} was seen: the log has shrunk.")
    if last is not None and size == old:
        if root != last.root:
            raise _refused("R127", f"Another log of {counted(size, 'commit')} was seen: the log has forked.")
        return
    if bundle.old != old:
        hint = f"Ask for one: `pgs_runtime checkpoint --proof-from {old}`."
        message = f"The proof begins behind {counted(bundle.old, 'commit')}, and {old:,} were seen last."
        raise Refusal("R128", message, ExitCode.USAGE, hint=hint)
    if last is not None and not grown_from(old, size, last.root, root, bundle.proof):
        message = (
            f"The proof does not show that the log of {counted(size, 'commit')} begins with the {old:,} that were seen."
        )
        raise _refused("R127", message, "Unless the proof is damaged, the log has forked.")


def _refused(code: str, message: str, hint: str = "") -> Refusal:
    return Refusal(code, message, ExitCode.SEAL, hint=hint)

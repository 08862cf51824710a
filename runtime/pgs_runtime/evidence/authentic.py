"""Whose word a checkpoint is: which trusted keys signed it and which witnesses cosigned it, as of a moment.

Laws:
* a name or key that stands in a note is a hint: every trusted key is tried, and no other counts;
* a key counts at the time that the checkpoint says. Its holder could say any time, so a key that was revoked counts
  no more at all, unless a witness that counts saw the checkpoint before;
* a witness is somebody else: a key of whoever signed the checkpoint is none;
* keys of one holder count once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pgs_snapshot.frozen import frozen
from pgs_snapshot.notes import Checkpoint, Note, cosigned_at, is_signed
from pgs_snapshot.statements import moment_text
from pgs_snapshot.trust import Role, Trust, TrustedKey
from pgs_snapshot.visible import visible

AHEAD = timedelta(minutes=10)
"""How much later than the verifier's clock a time may be that somebody else's clock said."""


@frozen
class Word:
    """What trusted keys say of a checkpoint.

    Attributes:
        signers, witnesses: the names of the keys that count, one for each holder.
        why: if too few signed it, why, to stand behind `The checkpoint of 12 commits `; else "".
        unseen: if too few witnesses cosigned it, why, in a sentence; else "".
    """

    signers: tuple[str, ...]
    witnesses: tuple[str, ...]
    why: str
    unseen: str


def word_on(note: Note, checkpoint: Checkpoint, trust: Trust, now: datetime) -> Word:
    """Judge the signatures of a checkpoint. `now` is the verifier's time, with its zone."""
    seen = {key.key.id: min(times) for key in trust.of("witness") if (times := _seen(note, key, now))}
    by_origin = {key.key.id: key.origin for key in trust.keys}
    made = [key for key in trust.keys if is_signed(note, checkpoint.origin, key.key)]
    earliest = min((at for id, at in seen.items() if by_origin[id] not in {key.origin for key in made}), default=None)
    reasons = {key.key.id: _objection(key, checkpoint, now, earliest) for key in made}
    signers = [key for key in made if not reasons[key.key.id]]
    own = {key.origin for key in signers}
    witnesses = [key for key in trust.of("witness") if key.key.id in seen and key.origin not in own]
    return Word(
        _names(signers),
        _names(witnesses),
        _too_few(signers, made, reasons, _threshold(trust, "checkpoint")),
        _unseen(witnesses, _threshold(trust, "witness")),
    )


def _seen(note: Note, key: TrustedKey, now: datetime) -> list[datetime]:
    """When a witness cosigned the note, as far as its word counts."""
    if key.revoked is not None and key.revoked <= now:
        return []
    times = [day_of(time) for time in cosigned_at(note, key.key)]
    return [at for at in times if at is not None and at <= now + AHEAD and key.standing(at) == "valid"]


def _objection(key: TrustedKey, checkpoint: Checkpoint, now: datetime, seen: datetime | None) -> str:
    """Why a key's signature does not count; "" if it does. `seen`: when a witness had seen it."""
    name, at = f"`{visible(key.name)}`", day_of(checkpoint.time)
    if "checkpoint" not in key.roles:
        return f"is signed by {name}, which is not trusted for checkpoints"
    if at is None or at > now + AHEAD:
        return "says that it was signed at a time that is still to come"
    if key.revoked is not None and key.revoked <= now and (seen is None or seen >= key.revoked):
        return f"is signed by {name}, which was revoked as of {moment_text(key.revoked)}"
    match key.standing(at):
        case "early":
            return f"is signed by {name} before its time, which begins at {moment_text(key.since)}"
        case "expired":
            return f"is signed by {name} after its time, which ended at {moment_text(key.until or key.since)}"
        case "revoked":
            return f"is signed by {name} after it was revoked"
    return ""


def _too_few(signers: list[TrustedKey], made: list[TrustedKey], reasons: dict[str, str], threshold: int) -> str:
    if len({key.origin for key in signers}) >= threshold:
        return ""
    objection = next((reasons[key.key.id] for key in made if reasons[key.key.id]), "")
    if objection:
        return objection
    if not signers:
        return "is signed by no key that is trusted here"
    return f"is signed by {len(signers)} of the {threshold} holders that the policy demands"


def _unseen(witnesses: list[TrustedKey], threshold: int) -> str:
    found = len({key.origin for key in witnesses})
    if found >= threshold:
        return ""
    return f"{found} of the {threshold} witnesses that the policy demands cosigned it." if found else _NOBODY


_NOBODY = "No witness that is trusted here cosigned it."


def _threshold(trust: Trust, role: Role) -> int:
    demanded = trust.policy.roles.get(role)
    return demanded.threshold if demanded is not None else 1


def _names(keys: Iterable[TrustedKey]) -> tuple[str, ...]:
    return tuple({key.origin: f"`{visible(key.name)}`" for key in keys}.values())


def day_of(seconds: int) -> datetime | None:
    """The moment, if there is such a one in the calendar."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None

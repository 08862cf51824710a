"""Rotation: the holder of a key vouches for the next one, so that who trusts the old one comes to trust the new.

A statement about the new key, in an envelope that both keys have signed: the old one, for it vouches; the new one, so
that nobody can say of another's key that it is his own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pgs_snapshot.dsse import Envelope, EnvelopeRefused, read_envelope
from pgs_snapshot.frozen import frozen
from pgs_snapshot.signing import PublicKey, SigningKey, public_key
from pgs_snapshot.statements import Subject, moment, moment_text, read_statement, stated

Role = Literal["snapshot", "checkpoint", "witness"]
ROLES: tuple[Role, ...] = ("snapshot", "checkpoint", "witness")

ROTATION = "urn:pgs:rotation:v1"


@frozen
class _Predicate:
    key: str
    old: str
    owner: str
    roles: tuple[Role, ...]
    since: str
    until: str | None


@dataclass(frozen=True, slots=True)
class Rotation:
    """What the holder of the key with the id `old` says of the next one; `envelope` has who signed it."""

    old: str
    key: PublicKey
    owner: str
    roles: tuple[Role, ...]
    since: datetime
    until: datetime | None
    envelope: Envelope

    def signed_by(self, old: PublicKey) -> bool:
        """Whether the old key and the new one have signed this."""
        return old.id == self.old and len(self.envelope.signers((old, self.key))) == 2


def rotated(
    keys: tuple[SigningKey, SigningKey], owner: str, roles: tuple[Role, ...], since: datetime, until: datetime | None
) -> Envelope:
    """The envelope in which the first of two keys vouches for the second."""
    old, new = keys
    ends = moment_text(until) if until else None
    predicate = _Predicate(new.public.text, old.public.id, owner, roles, moment_text(since), ends)
    return stated(Subject(owner, new.public.id), ROTATION, predicate).signed(old).signed(new)


def read_rotation(data: bytes) -> Rotation:
    """The rotation that an envelope holds. Whether the old key is trusted, and has signed it, is for the caller.

    Raises:
        EnvelopeRefused: it is none.
    """
    envelope = read_envelope(data)
    subject, said = read_statement(envelope, ROTATION, _Predicate)
    try:
        key, since = public_key(said.key), moment(said.since)
        until = moment(said.until) if said.until else None
    except ValueError as error:
        raise EnvelopeRefused(f"holds what {error}") from None
    if subject.sha256 != key.id or said.old == key.id or (until is not None and until <= since):
        raise EnvelopeRefused("does not speak of the key that it holds, or of no time")
    return Rotation(said.old, key, said.owner, said.roles, since, until, envelope)

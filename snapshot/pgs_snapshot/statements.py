"""in-toto statements (v1) in DSSE envelopes: something is said of what a digest names.

Laws:
* the type of the envelope, of the statement and of its predicate are all compared before anything else is read;
* a statement has one subject with one digest, SHA-256.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TypeVar

from pgs_snapshot.codec import CodecRefused, decode, encode
from pgs_snapshot.dsse import Envelope, EnvelopeRefused, payload_of, value_of
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

T = TypeVar("T")

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_HEX = re.compile(r"[0-9a-f]{64}")
_MEMBERS = {"_type", "predicate", "predicateType", "subject"}


class OtherType(EnvelopeRefused):
    """An envelope is one of another kind: what it says is not said of this."""


@frozen
class Subject:
    """What is spoken of: a name for people, and the SHA-256, 64 hex digits, that means it."""

    name: str
    sha256: str


def stated(subject: Subject, predicate_type: str, predicate: object) -> Envelope:
    """An envelope without signatures that says a predicate (an object of a frozen class) of a subject."""
    statement: Value = {
        "_type": STATEMENT_TYPE,
        "predicate": encode(predicate),
        "predicateType": predicate_type,
        "subject": [{"digest": {"sha256": subject.sha256}, "name": subject.name}],
    }
    return Envelope(PAYLOAD_TYPE, payload_of(statement), ())


def read_statement(envelope: Envelope, predicate_type: str, kind: type[T]) -> tuple[Subject, T]:
    """The subject, and the predicate of a class, of which an envelope speaks; who signed it is another question.

    Raises:
        OtherType: it is an envelope, statement or predicate of another type.
        EnvelopeRefused: it does not have the form of the class.
    """
    _demand("payloadType", envelope.payload_type, PAYLOAD_TYPE)
    value = value_of(envelope.payload)
    if not isinstance(value, dict) or value.keys() != _MEMBERS:
        raise OtherType("holds no statement")
    _demand("_type", value["_type"], STATEMENT_TYPE)
    _demand("predicateType", value["predicateType"], predicate_type)
    try:
        return _subject(value["subject"]), decode(kind, value["predicate"])
    except CodecRefused as refused:
        raise EnvelopeRefused(f"has another predicate: {visible(str(refused))}") from None


def _demand(member: str, found: Value, expected: str) -> None:
    if found != expected:
        raise OtherType(f"has the `{member}` `{visible(str(found)[:80])}`, not `{expected}`")


def _subject(value: Value) -> Subject:
    match value:
        case [{"digest": {"sha256": str(sha256), **others}, "name": str(name), **more}] if not others and not more:
            if _HEX.fullmatch(sha256):
                return Subject(name, sha256)
    raise EnvelopeRefused("does not speak of one subject with one sha256")


def moment(text: str) -> datetime:
    """The moment of a text of the form `2026-01-31T08:00:00Z`.

    Raises:
        ValueError: it has another form, or there is no such day.
    """
    if not _MOMENT.fullmatch(text):
        raise ValueError("is no moment like `2026-01-31T08:00:00Z`")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is no day of the calendar") from None


def moment_text(at: datetime) -> str:
    """A moment in that form; what is less than a second is left out."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

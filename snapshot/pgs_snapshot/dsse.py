"""DSSE envelopes (secure-systems-lab/dsse 1.0.2): a payload with its type, and signatures over both.

Laws:
* what is signed is `pae(type, payload)`, so no signature over one type is one over another;
* the bytes that are verified are the bytes that are read: they are decoded from base64 once;
* an envelope has one form, canonical JSON with padded base64, and a limited size;
* `keyid` is a hint for people. Who signed is found by trying every key that is trusted.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import cast

import orjson

from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.jsontext import JsonLimits, JsonRefused, read_json
from pgs_snapshot.signing import SIGNATURE_BYTES, PublicKey, SigningKey, strict_base64
from pgs_snapshot.values import Value

MAX_ENVELOPE = 64 << 10
MAX_SIGNATURES = 32
_LIMITS = JsonLimits(size=MAX_ENVELOPE, depth=8)


class EnvelopeRefused(ValueError):
    """Bytes are no envelope; the message says why, to stand behind the name of the file."""


@frozen
class Signature:
    """A signature, of 64 bytes, and what it says of its key, which may be wrong."""

    keyid: str
    signature: bytes


@frozen
class Envelope:
    """A payload of a type, and who says so."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    def signers(self, keys: Iterable[PublicKey]) -> tuple[PublicKey, ...]:
        """Those of the keys, each once, of which a signature is here."""
        signed = pae(self.payload_type, self.payload)
        made = {each.signature for each in self.signatures}
        return tuple(key for key in dict.fromkeys(keys) if any(key.verify(each, signed) for each in sorted(made)))

    def signed(self, key: SigningKey) -> Envelope:
        """The envelope with a signature more; with the same, if this key has signed it."""
        made = Signature(key.public.id, key.sign(pae(self.payload_type, self.payload)))
        others = tuple(each for each in self.signatures if each != made)
        return Envelope(self.payload_type, self.payload, (*others, made))


def pae(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding: what is signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def written(envelope: Envelope) -> bytes:
    """The bytes of an envelope, without a line break at the end."""
    return canonical(
        {
            "payload": base64.b64encode(envelope.payload).decode(),
            "payloadType": envelope.payload_type,
            "signatures": [
                {"keyid": each.keyid, "sig": base64.b64encode(each.signature).decode()} for each in envelope.signatures
            ],
        }
    )


def read_envelope(data: bytes) -> Envelope:
    """The envelope that these bytes are.

    Raises:
        EnvelopeRefused: they are larger than an envelope, of another form, or hold another member.
    """
    try:
        value = read_json(data, _LIMITS)
    except JsonRefused as refused:
        raise EnvelopeRefused(f"is no JSON: {refused}") from None
    if canonical(value) != data:
        raise EnvelopeRefused("is not canonical JSON")
    members = _members(value, ("payload", "payloadType", "signatures"))
    payload_type, signatures = members["payloadType"], members["signatures"]
    if not isinstance(payload_type, str) or not isinstance(signatures, list):
        raise EnvelopeRefused("has members of other types")
    if not 1 <= len(signatures) <= MAX_SIGNATURES:
        raise EnvelopeRefused(f"has {len(signatures)} signatures, and 1 to {MAX_SIGNATURES} are read")
    return Envelope(payload_type, _bytes(members["payload"], "payload"), tuple(map(_signature, signatures)))


def payload_of(value: Value) -> bytes:
    """The payload that stands for a value: its canonical JSON."""
    return canonical(value)


def value_of(payload: bytes) -> Value:
    """The value that a payload stands for.

    Raises:
        EnvelopeRefused: it is not canonical JSON.
    """
    try:
        value = cast(Value, orjson.loads(payload))
        written = canonical(value)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        raise EnvelopeRefused("holds a payload that is no JSON") from None
    if written != payload:
        raise EnvelopeRefused("holds a payload that is not canonical JSON")
    return value


def _signature(value: Value) -> Signature:
    members = _members(value, ("keyid", "sig"))
    keyid, made = members["keyid"], _bytes(members["sig"], "sig")
    if not isinstance(keyid, str) or len(made) != SIGNATURE_BYTES:
        raise EnvelopeRefused(f"has a signature that is not {SIGNATURE_BYTES} bytes with a keyid")
    return Signature(keyid, made)


def _members(value: Value, names: tuple[str, ...]) -> dict[str, Value]:
    if not isinstance(value, dict) or value.keys() != set(names):
        raise EnvelopeRefused(f"does not hold {', '.join(f'`{name}`' for name in names)} and nothing else")
    return value


def _bytes(value: Value, name: str) -> bytes:
    try:
        return strict_base64(value if isinstance(value, str) else "?")
    except ValueError as error:
        raise EnvelopeRefused(f"has a `{name}` that {error}") from None

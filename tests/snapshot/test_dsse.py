"""Envelopes: the encoding as it is published, and that an envelope has one form."""

from __future__ import annotations

import json

import pytest

from pgs_snapshot.canonical import canonical
from pgs_snapshot.dsse import MAX_ENVELOPE, Envelope, EnvelopeRefused, Signature, pae, read_envelope, written
from pgs_snapshot.signing import new_key
from pgs_snapshot.values import Value

KEY, OTHER = new_key(), new_key()
SIGNED = Envelope("text/plain", b"hello", ()).signed(KEY)


def test_the_encoding_is_that_of_the_specification() -> None:
    # The test vector of the DSSE protocol's own page.
    published = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert pae("http://example.com/HelloWorld", b"hello world") == published
    assert pae("", b"") == b"DSSEv1 0  0 "
    assert pae("é", b"\x00\n") == "DSSEv1 2 é 2 \x00\n".encode()  # lengths are of bytes


def test_an_envelope_is_read_as_it_was_written() -> None:
    assert read_envelope(written(SIGNED)) == SIGNED
    both = SIGNED.signed(OTHER)
    assert read_envelope(written(both)) == both
    assert both.signers([KEY.public, OTHER.public]) == (KEY.public, OTHER.public)
    assert both.signed(KEY).signatures == (both.signatures[1], both.signatures[0])


def test_who_signed_is_found_by_the_keys_and_not_by_what_a_signature_says() -> None:
    lying = Envelope(SIGNED.payload_type, SIGNED.payload, (Signature(OTHER.public.id, SIGNED.signatures[0].signature),))
    assert lying.signers([OTHER.public]) == ()
    assert lying.signers([KEY.public]) == (KEY.public,)


def test_a_key_counts_once_however_often_it_signed_or_is_asked_about() -> None:
    (made,) = SIGNED.signatures
    twice = Envelope(SIGNED.payload_type, SIGNED.payload, (made, made, Signature("another", made.signature)))
    assert twice.signers([KEY.public, KEY.public]) == (KEY.public,)


def test_a_signature_over_one_type_is_none_over_another() -> None:
    other = Envelope("text/html", SIGNED.payload, SIGNED.signatures)
    assert other.signers([KEY.public]) == ()


def changed(**members: Value) -> bytes:
    return canonical(json.loads(written(SIGNED)) | members)


SIGNATURE = json.loads(written(SIGNED))["signatures"][0]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is no JSON"),
        (b"[]", "does not hold"),
        (written(SIGNED) + b"\n", "is not canonical JSON"),
        (json.dumps(json.loads(written(SIGNED))).encode(), "is not canonical JSON"),
        (written(SIGNED).replace(b'{"payload"', b'{"payload":"aGk=","payload"'), "is no JSON"),
        (changed(more=1), "does not hold"),
        (changed(payload="aGVsbG8"), "has a `payload` that is not base64"),
        (changed(payload="aGVsbG9="), "has a `payload` that is not the one base64 of its bytes"),
        (changed(payload="aGVs bG8="), "has a `payload` that is not base64"),
        (changed(payload="_-8="), "has a `payload` that is not base64"),
        (changed(payload=7), "has a `payload` that is not base64"),
        (changed(payloadType=None), "has members of other types"),
        (changed(signatures=[]), "has 0 signatures"),
        (changed(signatures=[SIGNATURE] * 33), "has 33 signatures"),
        (changed(signatures=[SIGNATURE | {"sig": "AAAA"}]), "has a signature that is not 64 bytes"),
        (changed(signatures=[SIGNATURE | {"cert": "x"}]), "does not hold `keyid`, `sig` and nothing else"),
        (changed(signatures=[{"sig": SIGNATURE["sig"]}]), "does not hold `keyid`, `sig` and nothing else"),
        (changed(payload="A" * MAX_ENVELOPE), "is no JSON: more than"),
    ],
)
def test_an_envelope_in_another_form_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(EnvelopeRefused, match=why):
        read_envelope(data)

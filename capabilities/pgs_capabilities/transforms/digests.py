"""Digests of content.

Laws:
* equal content has one digest, on every machine and for ever; other content has, as far as anybody knows, another;
* a digest covers all of the content and nothing else. Content that can be guessed can be found again by its digest.
"""

from __future__ import annotations

import hashlib

from pgs_snapshot.canonical import canonical, digest_of
from pgs_snapshot.values import Outcome, Value


def digest(data: Value) -> dict[str, Value]:
    """The SHA-256 of the canonical JSON (RFC 8785) of a value: `digest`, 64 hex digits."""
    return {"digest": digest_of(data)}


def digest_text(text: str, algorithm: str) -> dict[str, Value]:
    """A digest of the UTF-8 bytes of a text: `digest`, hex digits.

    Args:
        text: any text.
        algorithm: SHA256, SHA512, SHA3_256, SHA3_512 or BLAKE2B, whose digest has 512 bits.
    """
    return {"digest": _hex(text.encode(), algorithm)}


def digest_hex(data: str, algorithm: str) -> dict[str, Value] | Outcome:
    """A digest of bytes that hex digits write, with `0x` before them or not: `digest`, or NOT_HEX.

    Args:
        data: an even number of hex digits, large or small.
        algorithm: as of `digest_text`.
    """
    try:
        content = bytes.fromhex(data.removeprefix("0x"))
    except ValueError:
        return Outcome("NOT_HEX")
    # `fromhex` passes over white space.
    return {"digest": _hex(content, algorithm)} if data.isalnum() or not data else Outcome("NOT_HEX")


def merkle_root(leaves: list[Value]) -> dict[str, Value]:
    """The root of the Merkle tree (RFC 9162 section 2.1.1) over the canonical JSON of values: `root`, 64 hex digits."""
    if not leaves:
        return {"root": hashlib.sha256(b"").hexdigest()}
    level = [hashlib.sha256(b"\0" + canonical(leaf)).digest() for leaf in leaves]
    for _ in range(len(leaves).bit_length()):
        pairs = [hashlib.sha256(b"\1" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = [*pairs, level[-1]] if len(level) % 2 else pairs
    return {"root": level[0].hex()}


def _hex(data: bytes, algorithm: str) -> str:
    if algorithm == "SHA256":
        return hashlib.sha256(data).hexdigest()
    if algorithm == "SHA512":
        return hashlib.sha512(data).hexdigest()
    if algorithm == "SHA3_256":
        return hashlib.sha3_256(data).hexdigest()
    if algorithm == "SHA3_512":
        return hashlib.sha3_512(data).hexdigest()
    return hashlib.blake2b(data).hexdigest()

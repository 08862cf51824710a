"""Digests, encodings, addresses."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import json
import struct
import uuid
import zlib
from contextlib import suppress
from urllib.parse import parse_qs, quote, urlsplit

from pgs_snapshot.canonical import canonical, digest_of
from pgs_snapshot.values import Value

_SPACE = uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


def fingerprint(value: Value) -> dict[str, str]:
    return {"digest": digest_of(value), "size": str(len(canonical(value)))}


def sha(text: str) -> dict[str, str]:
    return {"digest": hashlib.sha256(text.encode()).hexdigest()}


def sha_of_json(value: Value) -> dict[str, str]:
    hasher = hashlib.new("sha3_256")
    hasher.update(json.dumps(value, sort_keys=True).encode())
    return {"digest": hasher.hexdigest()}


def signed(text: str, key: str) -> dict[str, str]:
    return {"mac": hmac.new(key.encode(), text.encode(), "sha256").hexdigest()}


def named(name: str) -> dict[str, str]:
    return {"uuid": str(uuid.uuid5(_SPACE, name))}


def encoded(text: str) -> dict[str, str]:
    return {"base64": base64.urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")}


def decoded(text: str) -> dict[str, str | None]:
    try:
        return {"text": base64.b64decode(text, validate=True).decode()}
    except (binascii.Error, UnicodeDecodeError):
        return {"text": None}


def private(address: str) -> dict[str, bool]:
    return {"private": ipaddress.ip_address(address).is_private}


def query(url: str) -> dict[str, Value]:
    parts = urlsplit(url)
    return {"host": parts.hostname, "query": {key: values[-1] for key, values in sorted(parse_qs(parts.query).items())}}


def path(parts: list[str]) -> dict[str, str]:
    return {"path": "/".join(quote(part, safe="") for part in parts)}


def checksum(text: str) -> dict[str, int]:
    return {"crc": zlib.crc32(text.encode())}


def unpacked(text: str) -> dict[str, int]:
    major, minor = struct.unpack(">HH", bytes.fromhex(text))
    return {"major": major, "minor": minor}


def number_in(text: str) -> dict[str, int]:
    number = 0
    with suppress(ValueError):
        number = int(text)
    return {"number": number}

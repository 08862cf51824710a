"""What a run needs to be told from outside: the time, entropy, and what it runs on. Tests bring their own."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta

import pgs_snapshot
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen

_ALPHABET = "0123456789abcdefghijklmnopqrstuv"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def fingerprint() -> dict[str, str]:
    """What a replay must find again: the engine, the interpreter and its tables of characters."""
    return {
        "engine": pgs_snapshot.__version__,
        "implementation": sys.implementation.name,
        "python": platform.python_version(),
        "unicode": unicodedata.unidata_version,
    }


@frozen
class Ports:
    """The outside.

    Attributes:
        clock: µs since 1970 UTC.
        entropy: that many random bytes.
        fingerprint: what the run runs on.
        sleep: waits for seconds, between two tries of an external effect.
        elapsed: µs since some moment, whatever becomes of the clock; what a run may take is measured with it.
        doubles: by the reference of an implementation, what is called in its place.
    """

    clock: Callable[[], int] = field(default=lambda: time.time_ns() // 1000)
    entropy: Callable[[int], bytes] = os.urandom
    fingerprint: Mapping[str, str] = field(default_factory=fingerprint)
    sleep: Callable[[float], None] = time.sleep
    elapsed: Callable[[], int] = field(default=lambda: time.monotonic_ns() // 1000)
    doubles: Mapping[str, Callable[..., object]] = field(default_factory=dict)

    def loading(self, load: Callable[[str], Callable[..., object]]) -> Callable[[str], Callable[..., object]]:
        """A loader of implementations that gives the double of one that has one."""
        return lambda reference: self.doubles.get(reference) or load(reference)


def timestamp(micros: int) -> str:
    """RFC 3339 UTC with milliseconds: `2026-03-01T09:00:00.000Z`."""
    moment = _EPOCH + timedelta(milliseconds=micros // 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def run_id(ports: Ports) -> str:
    """A UUIDv7 (RFC 9562) as 26 characters of base32hex in small letters (RFC 4648); ids sort by time."""
    random = int.from_bytes(ports.entropy(10), "big")
    millis = ports.clock() // 1000 & (1 << 48) - 1
    uuid = millis << 80 | 0x7 << 76 | (random >> 62 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return _base32(uuid)


def request_run_id(store: bytes, workflow: str, request: str) -> str:
    """The id of the run that a request id stands for in one store: the same for every retry."""
    text = canonical([store.decode(), workflow, request])
    return _base32(int.from_bytes(hashlib.sha256(text).digest()[:16], "big"))


def _base32(number: int) -> str:
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))

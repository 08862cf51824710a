"""Sealing: values that belong to somebody, encrypted under keys that can be erased.

Laws:
* what is sealed begins with a NUL, with which no canonical JSON begins, so that it is told apart from what is clear;
* it says to whom it belongs, by ids, and opens only while every one of them has a key;
* it opens only where it was put: what and where it is goes into its tag (associated data).

A sealed value is NUL, a byte with the version, two with the number of its subjects, their ids of 32 bytes each, a nonce
of 12 bytes, and AES-256-GCM's output (NIST SP 800-38D). Its key is HMAC-SHA-256 (RFC 2104) over the ids and keys of
all its subjects, as HKDF extracts one (RFC 5869): without any one of them nobody computes it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pgs_runtime.faults import BREAKS, unhidden
from pgs_runtime.stores.port import StoreUnusable
from pgs_runtime.stores.records import Subject
from pgs_snapshot.canonical import canonical
from pgs_snapshot.values import Value

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_MARK = b"\x00\x01"
_ID, _NONCE = 32, 12
_BLOB, _COMMITMENT = b"pgs-sealed/1 value", b"pgs-sealed/1 commitment"
MOST = 0xFFFF
"""Subjects that one value can belong to."""


class Keys:
    """The keys of those whom the labelled values of one run belong to; they only become more.

    Attributes:
        secret: what commitments of the run are made under: it is gone when one of the keys is.
    """

    __slots__ = ("_held", "secret")

    def __init__(self, subjects: Iterable[Subject] = (), secret: bytes = b"") -> None:
        """`secret`: for a run that belongs to nobody."""
        self._held: dict[str, bytes] = {}
        self.secret = secret
        self.take({subject.id: subject.key or b"" for subject in subjects})

    def take(self, keys: Mapping[str, bytes]) -> None:
        """Belong to these, too."""
        if keys.keys() - self._held.keys():
            self._held |= keys
            self.secret = _derived(self._held, _COMMITMENT)

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """All of them, in the order of their ids."""
        return tuple(Subject(id, key) for id, key in sorted(self._held.items()))


def subject_id(secret: bytes, name: str, life: int = 0) -> str:
    """The id of a subject in a store with this secret. `life`: how often it was erased before."""
    return hmac.digest(secret, canonical(["pgs-subject/1", name, life]), hashlib.sha256).hex()


def seal(clear: bytes, subjects: Iterable[Subject], where: Value) -> bytes:
    """A value, sealed for some subjects, at the place that it is put to.

    Raises:
        Fault: R134, it cannot be sealed.
    """
    keys = {subject.id: subject.key or b"" for subject in subjects}
    ids = b"".join(bytes.fromhex(id) for id in sorted(keys))
    head = _MARK + len(keys).to_bytes(2, "big") + ids
    try:
        nonce = secrets.token_bytes(_NONCE)
        return head + nonce + _cipher(_derived(keys, _BLOB)).encrypt(nonce, clear, head + canonical(where))
    except (*BREAKS, ImportError, OSError) as broken:
        raise unhidden(broken) from None


def is_sealed(data: bytes) -> bool:
    """Whether a value is sealed. What comes out of a `Vault` is so only if it was erased."""
    return data[:1] == b"\x00"


def subjects_of(data: bytes) -> tuple[str, ...]:
    """The ids of those whom a sealed value belongs to, in their order.

    Raises:
        StoreUnusable: it is sealed in a way that is not known here.
    """
    count = int.from_bytes(data[2:4], "big")
    end = 4 + count * _ID
    if data[:2] != _MARK or not count or len(data) < end + _NONCE:
        raise StoreUnusable("corrupt", "The store holds a value that is sealed in an unknown way.")
    return tuple(data[first : first + _ID].hex() for first in range(4, end, _ID))


def opened(data: bytes, keys: Mapping[str, bytes], where: Value) -> bytes:
    """What was sealed, with the keys of all its subjects.

    Raises:
        StoreUnusable: it is not what was sealed, or not where it was put.
    """
    from cryptography.exceptions import InvalidTag  # with what it opens: see _cipher

    end = 4 + len(keys) * _ID
    nonce, sealed = data[end : end + _NONCE], data[end + _NONCE :]
    try:
        return _cipher(_derived(keys, _BLOB)).decrypt(nonce, sealed, data[:end] + canonical(where))
    except InvalidTag as broken:
        raise StoreUnusable(
            "altered",
            "The store holds a sealed value that was altered, or moved to another place.",
            "Restore the store from a backup.",
        ) from broken


def _derived(keys: Mapping[str, bytes], purpose: bytes) -> bytes:
    material = b"".join(bytes.fromhex(id) + key for id, key in sorted(keys.items()))
    return hmac.digest(purpose, material, hashlib.sha256)


def _cipher(key: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # 20 ms, only where something is labelled

    return AESGCM(key)

"""`pgs_runtime` with a redactor that breaks: `python -m tests.durable.breaking NUMBER ARGUMENTS`.

The commitment with this number breaks, with a text that holds the value.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pgs_runtime import redaction
from pgs_runtime.__main__ import main
from pgs_runtime.stores import sealing
from pgs_snapshot.canonical import canonical
from pgs_snapshot.values import Value


class Breaking:
    """Stands for what makes bytes of a labelled value; `asked`: how often that was."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._numbers = count()
        self.asked = 0

    def __call__(self, value: Value) -> bytes:
        self.asked += 1
        if next(self._numbers) == self._at:
            raise ValueError(repr(value))
        return canonical(value)


class Unsealing:
    """Stands for the cipher of sealed values, and breaks when it encrypts for the time with this number."""

    def __init__(self, at: int) -> None:
        self._at = at
        self.asked = 0

    def __call__(self, key: bytes) -> Unsealing:
        self._whole = AESGCM(key)
        return self

    def encrypt(self, nonce: bytes, clear: bytes, bound: bytes) -> bytes:
        self.asked += 1
        if self.asked - 1 == self._at:
            raise OverflowError(repr(clear))
        return self._whole.encrypt(nonce, clear, bound)

    def decrypt(self, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
        return self._whole.decrypt(nonce, sealed, bound)


def put_cipher(cipher: Callable[[bytes], object]) -> None:
    """Have values sealed by this."""
    vars(sealing)["_cipher"] = cipher


def put(canonical: Callable[[Value], bytes]) -> None:
    """Have commitments made of these bytes."""
    vars(redaction)["canonical"] = canonical


if __name__ == "__main__":
    put(Breaking(int(sys.argv.pop(1))))
    main()

"""Ed25519 as RFC 8032 has it, in the standard library's arithmetic: slow, and for checking public signatures alone."""

from __future__ import annotations

import hashlib
from functools import lru_cache

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


@lru_cache
def ed25519(public: bytes, signature: bytes, data: bytes) -> bool:  # RFC 8032, 5.1.7
    def point(raw: bytes) -> tuple[int, int]:
        y = int.from_bytes(raw, "little") & (2**255 - 1)
        x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
        root = pow(x2, (P + 3) // 8, P)
        x = root if root * root % P == x2 else root * pow(2, (P - 1) // 4, P) % P
        if len(raw) != 32 or y >= P or x * x % P != x2 or (raw[31] >> 7 and not x):
            raise ValueError("no point")
        return (P - x if x & 1 != raw[31] >> 7 else x), y

    def add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
        (x, y), (u, v), k = a, b, D * a[0] * b[0] * a[1] * b[1] % P
        return (x * v + u * y) * pow(1 + k, -1, P) % P, (y * v + x * u) * pow(1 - k, -1, P) % P

    def times(n: int, a: tuple[int, int]) -> tuple[int, int]:
        half = times(n // 2, a) if n else (0, 1)
        return add(add(half, half), a) if n & 1 else add(half, half) if n else half

    try:
        a, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    except ValueError:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + data).digest(), "little") % L
    base = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    return len(signature) == 64 and s < L and times(s, base) == add(r, times(k, a))

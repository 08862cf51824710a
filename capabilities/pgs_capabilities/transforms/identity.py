"""Identifiers that follow from content.

Laws:
* equal content gives equal identifiers, on every machine and for ever;
* the identifier covers all of the content and nothing else: no clock, no counter, no chance.

16 hex digits are 64 bits. Two contents can meet there, by accident after some four thousand million of them
and by effort sooner; so a registry keyed by such an identifier compares values and answers CONFLICT.
"""

from __future__ import annotations

import hashlib
import hmac

from pgs_snapshot.canonical import canonical, digest_of
from pgs_snapshot.values import Value

_DIGITS = 16


def generate_id(prefix: str, data: Value) -> dict[str, Value]:
    """`<prefix>_` and the first 16 hex digits of the SHA-256 of the content's canonical JSON (RFC 8785).

    What is neither an object nor a list is taken as `{"value": data}`.
    """
    content: Value = data if isinstance(data, dict | list) else {"value": data}
    return {"id": f"{prefix}_{digest_of(content)[:_DIGITS]}"}


def keyed_digest(key: str, data: Value) -> dict[str, Value]:
    """The HMAC-SHA-256 (RFC 2104) of the content's canonical JSON under the UTF-8 bytes of the key, 64 hex digits."""
    return {"digest": hmac.digest(key.encode(), canonical(data), hashlib.sha256).hex()}

"""Values within sentences."""

from __future__ import annotations

import json
from collections.abc import Callable

from pgs_runtime.redaction import REDACTED
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

MOST = 160
"""Characters of a value within a sentence."""

Code = Callable[[str], str]
"""Sets a piece of data off from the words around it."""


def words_for(value: Value, code: Code) -> str:
    """A value within a sentence: short, and in words where only a commitment or a digest is on record."""
    if isinstance(value, dict):
        commitment, large, size = value.get(REDACTED), value.get("$digest"), value.get("size")
        if isinstance(commitment, str) and len(value) == 1:
            return f"a redacted value, commitment {code(commitment[:12])}"
        if isinstance(large, str) and isinstance(size, int) and len(value) == 2:
            return f"a value of {size} bytes, SHA-256 {code(large[:12])}"
    text = visible(json.dumps(value, ensure_ascii=False, sort_keys=True))
    return code(text if len(text) <= MOST else text[: MOST - 1] + "…")

"""What one call of an implementation knows, for tests that call it by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pgs_snapshot.values import Value

KEY = "4f" * 32


@dataclass(frozen=True, slots=True)
class Known:
    settings: Mapping[str, Value]
    key: str = KEY
    timeout: float = 10.0

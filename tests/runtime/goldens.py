"""Texts that are kept under `tests/data/traces` and rewritten only on request: `PGS_REWRITE_GOLDENS=1`."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "traces"


def golden(name: str, text: str, folder: Path = FOLDER) -> str:
    """What is kept under this name; on request, the text itself, which is kept from then on."""
    file = folder / name
    if os.environ.get("PGS_REWRITE_GOLDENS"):
        file.write_bytes(text.encode())
    return file.read_bytes().decode()

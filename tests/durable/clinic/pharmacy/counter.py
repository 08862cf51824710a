"""A pharmacy that does what a folder says.

`closed` is there: nobody answers; `lost`: no answer comes back; `gone`: there is nothing to send.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pgs_snapshot.external import InDoubt, NotDone, Outside
from pgs_snapshot.values import Outcome


class Counter:
    """Hands medicines out, and takes them back."""

    SETTINGS: ClassVar[dict[str, object]] = {
        "type": "object",
        "properties": {"folder": {"type": "string"}},
        "required": ["folder"],
        "additionalProperties": False,
    }

    def __init__(self, outside: Outside) -> None:
        self._folder = Path(str(outside.settings["folder"]))

    def reserve(self, *, patient: str, amount: int) -> Outcome:
        self._answer()
        return Outcome("REFUSED") if amount > 100 else Outcome("SUCCESS", shelf=f"shelf of {patient}")

    def send(self, *, shelf: str) -> Outcome:
        self._answer()
        if (self._folder / "gone").exists():
            return Outcome("GONE")
        return Outcome("SUCCESS", batch=f"batch of the {shelf}")

    def take_back(self, *, thing: str) -> Outcome:
        self._answer()
        return Outcome("SUCCESS")

    def _answer(self) -> None:
        if (self._folder / "closed").exists():
            raise NotDone("The pharmacy is closed.")
        if (self._folder / "lost").exists():
            raise InDoubt("The answer of the pharmacy was lost.")

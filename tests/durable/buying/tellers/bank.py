"""A bank whose ledger is a file: what it was asked for stays there, whatever becomes of who asked."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import ClassVar

from pgs_snapshot.external import InDoubt, NotDone, Outside
from pgs_snapshot.values import Outcome


class Bank:
    """Pays, once for a key.

    The folder says how it behaves: `down` is there: nobody answers; `lossy`: the answer to what was paid is lost, once;
    `slow`: it keeps who asks waiting.
    """

    SETTINGS: ClassVar[dict[str, object]] = {
        "type": "object",
        "properties": {"folder": {"type": "string"}},
        "required": ["folder"],
        "additionalProperties": False,
    }

    def __init__(self, outside: Outside) -> None:
        self._key = outside.key
        self._folder = Path(str(outside.settings["folder"]))

    def pay(self, *, price: int) -> Outcome:
        if (self._folder / "down").exists():
            raise NotDone("The bank is closed.")
        with (self._folder / "asked").open("a") as asked:
            asked.write(f"{self._key}\n")
        self._keep_waiting()
        if price > 100:
            return Outcome("DECLINED")
        place = self._folder / f"{self._key}.paid"
        try:
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            pass
        else:
            os.write(descriptor, str(price).encode())
            os.close(descriptor)
        lossy = self._folder / "lossy"
        if lossy.exists():
            lossy.unlink()
            raise InDoubt("The answer of the bank was lost.")
        return Outcome("SUCCESS", receipt=f"R-{self._key[:8]}")

    def _keep_waiting(self) -> None:
        """Be busy until somebody says `go`."""
        if (self._folder / "slow").exists():
            (self._folder / "busy").touch()
            while not (self._folder / "go").exists():
                time.sleep(0.01)

    def find(self) -> Outcome:
        if not (self._folder / f"{self._key}.paid").exists():
            return Outcome("NOT_FOUND")
        return Outcome("SUCCESS", receipt=f"R-{self._key[:8]}")


class Refunds:
    """Pays back, once for a receipt."""

    SETTINGS = Bank.SETTINGS

    def __init__(self, outside: Outside) -> None:
        self._folder = Path(str(outside.settings["folder"]))

    def refund(self, *, receipt: str) -> Outcome:
        if (self._folder / "down").exists():
            raise NotDone("The bank is closed.")
        (self._folder / f"{receipt}.refunded").write_text("")
        return Outcome("SUCCESS")

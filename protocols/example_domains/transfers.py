"""Sending money by a service that keeps each order under its key."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from typing import ClassVar

from pgs_snapshot.external import InDoubt, NotDone, Outside
from pgs_snapshot.values import Outcome


class Transfers:
    """The operations of `payments::CS_TRANSFER_V0`: orders by PUT and looks up by GET, both at the key."""

    SETTINGS: ClassVar[dict[str, object]] = {
        "type": "object",
        "properties": {"host": {"type": "string"}, "port": {"type": "integer"}},
        "required": ["host", "port"],
        "additionalProperties": False,
    }

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def send(self, *, beneficiary: dict[str, str], amount: int, currency: str, reference: str) -> Outcome:
        """Have a beneficiary paid."""
        order = {"to": beneficiary, "amount": amount, "currency": currency, "reference": reference}
        return self._asked("PUT", {"send": order})

    def recall(self, *, receipt: str) -> Outcome:
        """Have what was sent given back."""
        return self._asked("PUT", {"recall": receipt})

    def find(self) -> Outcome:
        """What became of the order under this key."""
        return self._asked("GET", None)

    def _asked(self, method: str, order: dict[str, object] | None) -> Outcome:
        host, port = str(self._outside.settings["host"]), int(str(self._outside.settings["port"]))
        connection = HTTPConnection(host, port, timeout=self._outside.timeout)
        try:
            connection.connect()
        except OSError:
            raise NotDone("The service takes no connection.") from None
        try:
            headers = {"Idempotency-Key": self._outside.key, "Content-Type": "application/json"}
            body = None if order is None else json.dumps(order)
            connection.request(method, f"/orders/{self._outside.key}", body, headers)
            reply = connection.getresponse()
            told = json.loads(reply.read())
        except (OSError, HTTPException, ValueError):
            raise InDoubt("The service was asked, and no answer came that can be read.") from None
        finally:
            connection.close()
        if reply.status == 402:
            return Outcome("DECLINED")
        if reply.status != 200 or not isinstance(told, dict):
            raise InDoubt("The service answered neither yes nor no.")
        if told.get("declined"):
            return Outcome("DECLINED")
        return Outcome("SUCCESS", receipt=f"R-{told['number']}") if "number" in told else Outcome("NOT_FOUND")

"""A courier that keeps a parcel under the key that it was ordered by, and can be asked for it."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from typing import ClassVar

from pgs_snapshot.external import InDoubt, NotDone, Outside
from pgs_snapshot.values import Outcome


class Courier:
    """Orders by PUT, looks up by GET, both at the key."""

    SETTINGS: ClassVar[dict[str, object]] = {
        "type": "object",
        "properties": {"port": {"type": "integer"}, "token": {"type": "string", "secret": True}},
        "required": ["port"],
        "additionalProperties": False,
    }

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def order(self, *, parcel: str) -> Outcome:
        return self._asked("PUT", {"parcel": parcel})

    def find(self) -> Outcome:
        return self._asked("GET", None)

    def _asked(self, method: str, body: dict[str, object] | None) -> Outcome:
        port = int(str(self._outside.settings["port"]))
        connection = HTTPConnection("localhost", port, timeout=self._outside.timeout)
        try:
            connection.connect()
        except OSError:
            raise NotDone("The courier does not answer.") from None
        try:
            headers = {"Idempotency-Key": self._outside.key}
            connection.request(method, f"/parcels/{self._outside.key}", json.dumps(body) if body else None, headers)
            reply = connection.getresponse()
            told = json.loads(reply.read())
        except (OSError, HTTPException, ValueError):
            raise InDoubt("The courier was asked, and no answer came that can be read.") from None
        finally:
            connection.close()
        if reply.status != 200:
            raise InDoubt("The courier answered neither yes nor no.")
        return Outcome("SUCCESS", number=told["number"]) if "number" in told else Outcome("NOT_FOUND")

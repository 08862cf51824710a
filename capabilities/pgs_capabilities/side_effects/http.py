"""Call a service by HTTP.

Laws:
* what can be reached is what the operator's settings name: a host, a path below which all requests stay, the methods;
* no redirect is followed, no proxy of the environment is used, and nothing of one call is left for the next;
* every try of one call sends the same bytes, under the same `Idempotency-Key`, to endpoints that recognise keys; to
  others go only methods that are idempotent by themselves (RFC 9110 section 9.2.2);
* NotDone is said while the other side cannot have the header of the request, or when it says that it did nothing;
* a status is an outcome where it settles what happened: 2xx and most of 4xx. After 3xx and 5xx nobody knows: a gateway
  answers 502, 503 and 504 as well when the service behind it has done what was asked;
* what the other side answers is JSON within the value domain and within a size, or it is not handed on.

`http.client` of the standard library sends and reads: what decides here is at which byte an exchange broke off, and the
larger clients hide that behind retries and pools of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Final, cast
from urllib.parse import quote, urlencode, urlsplit

from pgs_capabilities.side_effects.wire import Deadline, connected, cut, secured, trusting
from pgs_snapshot.canonical import canonical
from pgs_snapshot.external import InDoubt, NotDone, Outside
from pgs_snapshot.jsontext import JsonLimits, JsonRefused, read_json
from pgs_snapshot.values import Outcome, Value

METHODS = ("POST", "PUT", "PATCH", "DELETE")
_IDEMPOTENT = ("PUT", "DELETE", "GET")
_MAX_BYTES = 2**20
_NOT_DONE = (401, 407, 408, 421, 425, 429)  # it says that it did nothing, and another time it may
_NOT_THERE = (404, 410)
_BUSY = 409  # draft-ietf-httpapi-idempotency-key-header: the same key is being worked on
_OURS = "host|connection|content-length|content-type|transfer-encoding|te|trailer|upgrade|expect|accept|accept-encoding"
_PORT = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_HEADER: Mapping[str, Value] = {
    "pattern": "^[A-Za-z0-9-]{1,80}$",
    "not": {"pattern": f"^(?i:{_OURS}|idempotency-key)$"},
}
_ENDPOINT: Mapping[str, Value] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["url"],
    "properties": {
        "url": {
            "type": "string",
            "pattern": rf"^https?://([A-Za-z0-9][A-Za-z0-9.-]{{0,252}}|\[[0-9A-Fa-f:.]+\])(:{_PORT})?(/[A-Za-z0-9._~-]+)*/?$",
        },
        "methods": {"type": "array", "items": {"enum": [*METHODS, "GET"]}, "uniqueItems": True},
        "headers": {
            "type": "object",
            "propertyNames": dict(_HEADER),
            "additionalProperties": {"type": "string", "secret": True, "pattern": "^[!-~]([ -~]*[!-~])?$"},
        },
        "keyed": {"type": "boolean"},
        "in_doubt": {"type": "array", "items": {"type": "integer", "minimum": 400, "maximum": 499}},
        "ca_file": {"type": "string"},
        "max_bytes": {"type": "integer", "minimum": 0, "maximum": 64 * 2**20},
        "connect_seconds": {"type": "number", "exclusiveMinimum": 0},
    },
}


class Http:
    """The operations of `core::CS_HTTP_CALL_V0`."""

    SETTINGS: Final[Mapping[str, Value]] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["endpoints"],
        "properties": {"endpoints": {"type": "object", "additionalProperties": dict(_ENDPOINT)}},
    }

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def call(self, *, endpoint: str, method: str, path: list[str], body: Value = None) -> Outcome:
        """Have something done: SUCCESS or CLIENT_ERROR with `status` and `body`, or UNREADABLE with the `status`.

        Args:
            path: the segments below the endpoint's, as they are; they are escaped here.
            body: sent as JSON; None for none.
        """
        answer = self._exchange(_Asked(endpoint, method, _below(path), None if body is None else canonical(body)))
        if answer.status >= 400:
            return Outcome("CLIENT_ERROR", status=answer.status, **answer.told())
        if answer.unreadable:
            return Outcome("UNREADABLE", status=answer.status)
        return Outcome("SUCCESS", status=answer.status, **answer.told())

    def fetch(self, *, endpoint: str, path: list[str], query: list[dict[str, str]]) -> Outcome:
        """Read something: SUCCESS with the `body`, NOT_FOUND, or CLIENT_ERROR or UNREADABLE with the `status`."""
        asked = urlencode([(item["name"], item["value"]) for item in query])
        try:
            answer = self._exchange(_Asked(endpoint, "GET", _below(path) + (f"?{asked}" if asked else ""), None))
        except InDoubt as doubt:
            raise NotDone(doubt.why) from None  # who only reads does nothing
        if answer.status in _NOT_THERE:
            return Outcome("NOT_FOUND")
        if answer.status >= 400:
            return Outcome("CLIENT_ERROR", status=answer.status)
        if answer.unreadable or answer.empty:
            return Outcome("UNREADABLE", status=answer.status)
        return Outcome("SUCCESS", **answer.told())

    def _exchange(self, asked: _Asked) -> _Answer:
        """One request and its answer.

        Raises:
            NotDone, InDoubt: as the head of this module says.
        """
        endpoint = self._endpoint(asked)
        with self._connection(endpoint) as connection:
            try:
                _send(connection, endpoint, asked, self._outside.key)
                response = connection.getresponse()
                answer = _read(response, cast(int, endpoint.get("max_bytes", _MAX_BYTES)))
            except (OSError, ValueError, HTTPException):  # a ValueError of the length of a part that is no number
                if not connection.begun:
                    raise NotDone("The other side broke off before it had the request.") from None
                raise InDoubt("The other side has the request, and its answer did not come.") from None
        _settle(answer.status, asked.method, endpoint)
        return answer

    def _endpoint(self, asked: _Asked) -> Mapping[str, Value]:
        endpoints = cast("Mapping[str, Mapping[str, Value]]", self._outside.settings["endpoints"])
        endpoint = endpoints.get(asked.endpoint)
        if endpoint is None:
            raise NotDone("The settings name no such endpoint.")
        if asked.method not in cast("list[Value]", endpoint.get("methods", [*METHODS, "GET"])):
            raise NotDone("The settings do not allow this method at this endpoint.")
        if asked.method not in _IDEMPOTENT and not endpoint.get("keyed"):
            raise NotDone("The settings do not say that this endpoint is `keyed`, and this method needs that.")
        return endpoint

    @contextmanager
    def _connection(self, endpoint: Mapping[str, Value]) -> Iterator[_Connection]:
        url = urlsplit(cast(str, endpoint["url"]))
        host, secure = cast(str, url.hostname), url.scheme == "https"
        port = url.port or (443 if secure else 80)
        context = trusting(cast("str | None", endpoint.get("ca_file"))) if secure else None
        deadline = Deadline(self._outside.timeout)
        patience = min(cast(float, endpoint.get("connect_seconds", deadline.left())), deadline.left())
        plain = connected(host, port, Deadline(patience))
        with cut(plain, deadline):
            plain.settimeout(deadline.left())
            connection = _Connection(host, port)
            connection.default_port = 443 if secure else 80
            connection.sock = secured(plain, host, context) if context else plain
            try:
                yield connection
            finally:
                connection.close()


@dataclass(frozen=True, slots=True)
class _Asked:
    """`target`: the path below the endpoint's, and the query, escaped."""

    endpoint: str
    method: str
    target: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class _Answer:
    """`unreadable`: what came with the status is no JSON of the value domain, or too much."""

    status: int
    body: Value = None
    empty: bool = False
    unreadable: bool = False

    def told(self) -> dict[str, Value]:
        return {} if self.empty or self.unreadable else {"body": self.body}


class _Connection(HTTPConnection):
    """A connection that knows whether the other side may have a whole header."""

    begun = False

    def send(self, data: object) -> None:
        """The header's last line goes by itself: who has not got that has not been asked for anything."""
        if isinstance(data, bytes) and not self.begun:
            super().send(data[:-2])
            self.begun = True
            data = data[-2:]
        super().send(cast(bytes, data))


# --- the request ---------------------------------------------------------------------------------


def _below(path: list[str]) -> str:
    """Segments as a path: each stays one, whatever it holds.

    Raises:
        NotDone: one means another place than below.
    """
    if any(segment in ("", ".", "..") or "/" in segment or "\\" in segment for segment in path):
        raise NotDone("A segment of the path is empty, `.`, `..`, or holds a slash.")
    return "".join(f"/{quote(segment, safe='')}" for segment in path)


def _send(connection: _Connection, endpoint: Mapping[str, Value], asked: _Asked, key: str) -> None:
    base = urlsplit(cast(str, endpoint["url"])).path.rstrip("/")
    headers = cast("Mapping[str, str]", endpoint.get("headers", {}))
    connection.putrequest(asked.method, base + asked.target or "/", skip_accept_encoding=True)
    connection.putheader("Accept", "application/json")
    connection.putheader("Accept-Encoding", "identity")
    connection.putheader("Connection", "close")
    if asked.method != "GET":
        connection.putheader("Idempotency-Key", key)
    if asked.body is not None:
        connection.putheader("Content-Type", "application/json")
    if asked.body is not None or asked.method != "GET":
        connection.putheader("Content-Length", str(len(asked.body or b"")))
    for name in sorted(headers):
        connection.putheader(name, str(headers[name]))
    connection.endheaders()
    if asked.body:
        connection.send(asked.body)


# --- the answer ----------------------------------------------------------------------------------


def _settle(status: int, method: str, endpoint: Mapping[str, Value]) -> None:
    """Leave it at a status that says what happened.

    Raises:
        NotDone, InDoubt: it says that nothing did, or does not say.
    """
    doubtful = cast("list[Value]", endpoint.get("in_doubt", [_BUSY] if endpoint.get("keyed") else []))
    if status in _NOT_DONE:
        raise NotDone(f"The other side answered {status}, so it did nothing.")
    if method != "GET" and status in doubtful:
        raise InDoubt(f"The other side answered {status}, after which nobody knows.")
    if not 200 <= status < 300 and not 400 <= status < 500:
        raise InDoubt(f"The other side answered {status}, after which nobody knows.")


def _read(response: HTTPResponse, most: int) -> _Answer:
    """The status, and the body if it is all there.

    Raises:
        HTTPException, OSError: it is not.
    """
    data = response.read(most + 1)
    if len(data) > most:
        return _Answer(response.status, unreadable=True)
    if response.length:
        raise HTTPException("it broke off")
    if not data:
        return _Answer(response.status, empty=True)
    kind = response.headers.get_content_type() if "Content-Type" in response.headers else "application/json"
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding.lower() != "identity" or not (kind == "application/json" or kind.endswith("+json")):
        return _Answer(response.status, unreadable=True)
    try:
        body = read_json(data, JsonLimits(size=most))
    except JsonRefused:
        return _Answer(response.status, unreadable=True)
    if response.length is None and not response.chunked and type(body) in (int, float):
        return _Answer(
            response.status, unreadable=True
        )  # nothing says how long it is: perhaps the first digits of more
    return _Answer(response.status, body)

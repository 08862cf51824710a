"""A service on loopback that recognises keys and keeps a ledger, and can refuse, delay, repeat or lose its answers."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal, TypeAlias

from pgs_snapshot.values import Value
from tests.parties.mail import server_tls

JSON: Mapping[str, str] = {"Content-Type": "application/json"}
End: TypeAlias = Literal["", "at once", "in the request", "without an answer", "in the answer", "never", "drop by drop"]
"""Where the service breaks off: as a connection comes, within the request's body, where the answer should begin, or
half way through its body; or it says nothing and keeps the connection, or answers a byte at a time, without an end."""


@dataclass(frozen=True, slots=True)
class Mood:
    """What the service does on one connection.

    Attributes:
        takes: whether what is asked for happens.
        body: sent as it is; None for the answer that belongs to the request.
        raw: sent instead of an answer of HTTP.
    """

    takes: bool = True
    end: End = ""
    status: int = 200
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    target: str
    headers: Mapping[str, str]  # by their names in small letters
    body: Value

    @property
    def key(self) -> str:
        return self.headers.get("idempotency-key", "")


class ServiceParty:
    """The service: `with ServiceParty() as party:` it takes connections at `party.url`.

    Attributes:
        moods: of the connections to come, one for each; afterwards it is in an ordinary one.
        asked: every whole request, in the order in which they came.
        done: what happened, by key: what is asked for again under a key gets the first answer, and happens once.
    """

    def __init__(self, secure: bool = False) -> None:
        self.moods: list[Mood] = []
        self.asked: list[Asked] = []
        self.done: dict[str, Value] = {}
        self.over = threading.Event()
        self._secure = secure

    def __enter__(self) -> ServiceParty:
        self._server = _Server(self)
        if self._secure:
            listening = server_tls("party").wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
            self._server.socket = listening
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"{'https' if self._secure else 'http'}://localhost:{self.port}"

    def answer(self, asked: Asked, takes: bool) -> Value:
        """What an ordinary answer holds; a request without a key is a reading, or happens every time."""
        self.asked.append(asked)
        if asked.method == "GET" or not takes:
            return {"done": len(self.done)}
        key = asked.key or f"request {len(self.asked)}"
        return self.done.setdefault(key, {"number": len(self.done) + 1})


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for every connection to be over
    party: ServiceParty

    def __init__(self, party: ServiceParty) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.party = party

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the midst is what is looked for here."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Server

    def handle(self) -> None:
        party = self.server.party
        self._party, self._mood = party, party.moods.pop(0) if party.moods else Mood()
        if self._mood.end == "at once":
            self._break_off()
        else:
            self.handle_one_request()

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""

    def _answered(self) -> None:
        if self._mood.end == "in the request":
            self.rfile.read(min(1, int(self.headers.get("Content-Length", 0))))
            self._break_off()
            return
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, json.loads(data) if data else None)
        own = self._party.answer(asked, self._mood.takes)
        body = json.dumps(own).encode() if self._mood.body is None else self._mood.body
        match self._mood.end:
            case "without an answer":
                self._break_off()
            case "never":
                self._party.over.wait(60)
            case "drop by drop":
                self._drip()
            case _:
                self._write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answered

    def _write(self, body: bytes) -> None:
        if self._mood.raw:
            self.wfile.write(self._mood.raw)
            return
        self.send_response(self._mood.status)
        for name, value in {"Content-Length": str(len(body)), **self._mood.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self._mood.end == "in the answer":
            self.wfile.write(body[: len(body) // 2])
            self._break_off()
            return
        self.wfile.write(body)

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not self._party.over.wait(0.05):
            self.wfile.write(b" ")

    def _break_off(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # with a reset
        self.close_connection = True

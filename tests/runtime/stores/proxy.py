"""A way to a server that breaks where a test wants it to."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

COMMIT = re.compile(rb"COMMIT\x00")  # and not READ COMMITTED


@dataclass(slots=True)
class Cut:
    """Where the way breaks.

    Attributes:
        at: the number of the client's message, from 1, or None: the first that commits.
        where: whether the server still gets it; the client never gets an answer.
        closed: whether nobody gets through from then on.
    """

    at: int | None = None
    where: Literal["before", "behind"] = "behind"
    closed: bool = False


class Proxy:
    """Passes on bytes from a port of its own. `cut` breaks once; `happened` tells whether it has."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut: Cut | None = None
        self.happened = False
        self._seen = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, cut: Cut) -> None:
        """Break as told; messages are counted from now on."""
        self._seen, self.happened, self.cut = 0, False, cut

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # closing alone does not wake whoever waits in accept
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # it ends when the listener is closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                threading.Thread(target=self._to_server, args=(client, server), daemon=True).start()
                threading.Thread(target=_pass, args=(server, client), daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(1 << 16):
                self._seen += 1
                cut = self.cut
                if cut is None or not (COMMIT.search(data) if cut.at is None else self._seen == cut.at):
                    server.sendall(data)
                    continue
                self.cut, self.happened = None, True
                if cut.closed:
                    self.close()
                client.shutdown(socket.SHUT_RDWR)
                if cut.where == "behind":
                    server.sendall(data)
                break
        _end(server)


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    _end(target)


def _end(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()

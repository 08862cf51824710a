"""A connection to another party: made within a time, and cut when that is over, whatever the other side does.

A timeout of a socket starts anew with every byte that comes; a party that sends one byte a minute would hold a run for
ever. So a connection is shut down from aside when its time is over, and whoever waits on it sees it end. Only the
look-up of a name has the time that the system's resolver takes.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from time import monotonic

from pgs_snapshot.external import NotDone


class Deadline:
    """The end of the time that a call may take."""

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds

    def left(self) -> float:
        """The seconds until then.

        Raises:
            NotDone: none; so it is only asked before anything is sent.
        """
        seconds = self._end - monotonic()
        if seconds <= 0:
            raise NotDone("The time was over before anything was asked.")
        return seconds


def connected(host: str, port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first of a host's addresses that takes one.

    Raises:
        NotDone: none does, or there is no such name.
    """
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # the latter of a label that no name can have
        raise NotDone("The name of the other side is not known.") from None
    for family, kind, protocol, _, address in addresses:
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(deadline.left())
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a request is sent in two parts
            return connection
        except OSError:
            connection.close()
        except NotDone:
            connection.close()
            raise
    raise NotDone("The other side takes no connection.")


def trusting(ca_file: str | None) -> ssl.SSLContext:
    """TLS that checks certificates and names, by a file's authorities or the system's.

    Raises:
        NotDone: the file cannot be read, or holds none.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError:
        raise NotDone("The file with trusted certificates cannot be used.") from None


def secured(connection: socket.socket, host: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    """The connection with TLS on it.

    Raises:
        NotDone: the other side's certificate is not trusted, or it does not speak TLS.
    """
    try:
        return context.wrap_socket(connection, server_hostname=host)
    except ssl.SSLCertVerificationError:
        raise NotDone("The certificate of the other side is not trusted.") from None
    except OSError:
        raise NotDone("No secure connection came about.") from None


@contextmanager
def cut(connection: socket.socket, deadline: Deadline) -> Iterator[None]:
    """Within, the connection is shut down when the time is over; behind, it is closed."""
    with closing(connection), closing(connection.dup()) as twin:  # TLS takes the connection itself over
        timer = threading.Timer(deadline.left(), _shut, (twin,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was faster, which the call sees by itself

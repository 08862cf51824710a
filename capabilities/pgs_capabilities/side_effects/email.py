"""Send an e-mail by a mail server.

Laws:
* every try of one e-mail sends the same bytes, under the same Message-ID, which follows from the key;
* NotDone is said while the server cannot have the whole e-mail: until the line that ends it is sent, or when the
  server says itself that it did not take it for now;
* REFUSED is said when the server refuses this e-mail for good: its sender, its recipient or its content;
* between the end of the e-mail and the server's answer lies the doubt: a server that took it may be unable to say so.

A server recognises no keys, so an e-mail that is in doubt and asked for again may arrive twice. Sources: RFC 5321
(SMTP), RFC 5322 (the message), RFC 4954 (AUTH).
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final, cast

from pgs_capabilities.side_effects.wire import Deadline, connected, cut, secured, trusting
from pgs_snapshot.external import InDoubt, NotDone, Outside
from pgs_snapshot.values import Outcome, Value

_PORTS: Mapping[str, int] = {"tls": 465, "starttls": 587, "none": 25}
_POLICY = SMTP.clone(cte_type="7bit")  # every server takes seven bits
_DOT = re.compile(rb"(?m)^\.")
_PRINTABLE = "^[ -~]+$"  # what every way to log in can encode
_NO_ACCESS = 530  # RFC 4954: it wants a login, which is for the operator, and says nothing of the e-mail


class Email:
    """The operation of `core::CS_SEND_EMAIL_V0`."""

    SETTINGS: Final[Mapping[str, Value]] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["host", "from"],
        "properties": {
            "host": {"type": "string", "pattern": "^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}$"},
            "port": {"type": "integer", "minimum": 1, "maximum": 65535},
            "security": {"enum": ["starttls", "tls", "none"], "default": "starttls"},
            "ca_file": {"type": "string"},
            "user": {"type": "string", "pattern": _PRINTABLE},
            "password": {"type": "string", "secret": True, "pattern": _PRINTABLE},
            "from": {"type": "string", "format": "email"},
            "hello": {"type": "string", "format": "hostname"},
        },
        "dependentRequired": {"user": ["password"], "password": ["user"]},
        "if": {"required": ["password"]},
        "then": {"properties": {"security": {"enum": ["starttls", "tls"]}}},
    }

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def send(
        self, *, to: str, subject: str, text: str, reply_to: str | None = None, date: str | None = None
    ) -> Outcome:
        """Send an e-mail to one recipient: SUCCESS with the `message_id`, or REFUSED.

        Args:
            date: when it was written (RFC 3339); without one, the first server says when it came.
        """
        sender = cast(str, self._outside.settings["from"])
        message_id = f"<{self._outside.key}@{sender.rpartition('@')[2]}>"
        message = EmailMessage(_POLICY)
        message["From"] = sender
        message["To"] = to
        if reply_to is not None:
            message["Reply-To"] = reply_to
        if date is not None:
            message["Date"] = datetime.fromisoformat(date)
        message["Message-ID"] = message_id
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence answers it
        message["Subject"] = subject
        message.set_content(text)
        with self._server() as server:
            content = message.as_bytes()
            taken = _offered(server, sender, to, len(content)) and _delivered(server, content)
            with suppress(OSError, smtplib.SMTPException):  # what was agreed on stands without a farewell
                server.putcmd("QUIT")
        return Outcome("SUCCESS", message_id=message_id) if taken else Outcome("REFUSED")

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        """A server that is ready for an e-mail."""
        settings = self._outside.settings
        host, security = cast(str, settings["host"]), cast(str, settings.get("security", "starttls"))
        sender = cast(str, settings["from"])
        port = cast(int, settings.get("port", _PORTS[security]))
        context = trusting(cast("str | None", settings.get("ca_file"))) if security != "none" else None
        deadline = Deadline(self._outside.timeout)
        connection = connected(host, port, deadline)
        with cut(connection, deadline):
            server = smtplib.SMTP(local_hostname=cast(str, settings.get("hello", sender.rpartition("@")[2])))
            server.sock = secured(connection, host, context) if context and security == "tls" else connection
            try:
                with _before():
                    _expect(server.getreply(), 220)
                    server.ehlo_or_helo_if_needed()
                    if context and security == "starttls":
                        _ask_for_tls(server)
                        _begin_anew(server, secured(connection, host, context))
                    if "password" in settings:
                        server.login(cast(str, settings["user"]), cast(str, settings["password"]))
                yield server
            finally:
                server.close()


# --- the dialogue --------------------------------------------------------------------------------


@contextmanager
def _before() -> Iterator[None]:
    """What goes wrong within has gone wrong before the server had the e-mail."""
    try:
        yield
    except smtplib.SMTPAuthenticationError:
        raise NotDone("The mail server does not take the account.") from None
    except smtplib.SMTPNotSupportedError:
        raise NotDone("The mail server has no way to log in that is known here.") from None
    except (OSError, ValueError, smtplib.SMTPException):
        raise NotDone("The mail server broke off before it had the e-mail.") from None


def _ask_for_tls(server: smtplib.SMTP) -> None:
    """RFC 3207. `SMTP.starttls` checks the host's name only if it has connected by itself."""
    if not server.has_extn("starttls"):
        raise NotDone("The mail server offers no secure connection.")
    _expect(server.docmd("STARTTLS"), 220)


def _begin_anew(server: smtplib.SMTP, connection: ssl.SSLSocket) -> None:
    """Forget whatever was said, or sent ahead, before the handshake."""
    server.sock = connection
    server.file = None
    server.ehlo_resp = server.helo_resp = None
    server.esmtp_features = {}
    server.ehlo_or_helo_if_needed()


def _offered(server: smtplib.SMTP, sender: str, recipient: str, size: int) -> bool:
    """Name sender and recipient, and ask to send the content: whether the server wants it."""
    with _before():
        options = [f"size={size}"] if server.has_extn("size") else []
        return (
            _agreed(server.mail(sender, options), 250)
            and _agreed(server.rcpt(recipient), 250, 251)
            and _agreed(server.docmd("DATA"), 354)
        )


def _delivered(server: smtplib.SMTP, content: bytes) -> bool:
    """Send the content: whether the server took it.

    Raises:
        InDoubt: it has all of it, and its answer is not there.
    """
    with _before():
        server.send(_DOT.sub(b"..", content))  # RFC 5321 section 4.5.2
    try:
        server.send(b".\r\n")
        code, _ = server.getreply()
    except (OSError, smtplib.SMTPException):
        raise InDoubt("The mail server has the e-mail, and its answer did not come.") from None
    if 200 <= code < 300:
        return True
    if 400 <= code < 600:
        return _agreed((code, b""))
    raise InDoubt("The mail server has the e-mail, and its answer is none that is known.")


def _agreed(reply: tuple[int, bytes], *wanted: int) -> bool:
    """Whether a reply is one of those wanted, and not a refusal for good."""
    code = reply[0]
    if code in wanted:
        return True
    if 500 <= code < 600 and code != _NO_ACCESS:
        return False
    raise NotDone("The mail server does not take the e-mail for now.")


def _expect(reply: tuple[int, bytes], wanted: int) -> None:
    if reply[0] != wanted:
        raise NotDone("The mail server is not ready.")

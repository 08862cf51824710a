"""A mail server on loopback that keeps what it takes, and that can refuse, delay or break off at every stage.

Its dialogue is aiosmtpd's, so that what a client sends is read by somebody else than the client's author.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, TypeAlias

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

CERTIFICATES = Path(__file__).parent / "certificates"
Stage: TypeAlias = Literal["GREETING", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "CONTENT", "END"]
Mood: TypeAlias = Mapping[Stage, str]
"""What the server does at which stage of one connection: one of these, or a reply such as `451 later`.

The stage CONTENT is in the midst of the e-mail, END after its last line.
"""
CUT = "cut"  # break off
HANG = "hang"  # say nothing more
LOSE = "lose"  # at END: take the e-mail, and break off without an answer
SILENT = "silent"  # at END: take the e-mail, and say nothing more
DRIP = "drip"  # at END: take the e-mail, and answer line after line without an end


@dataclass(frozen=True, slots=True)
class Taken:
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    secure: bool
    account: str | None


class MailParty:
    """The server: `with MailParty() as party:` it takes connections at `party.port`.

    Attributes:
        moods: of the connections to come, one for each; afterwards it is in none.
        taken: every e-mail that it took, also those whose sender does not know.
    """

    def __init__(
        self,
        security: Literal["none", "starttls", "tls"] = "none",
        account: tuple[str, str] = ("", ""),
        certificate: str = "party",
    ) -> None:
        """`account`: a name and its password; `certificate`: one of the folder's."""
        self.moods: list[Mood] = []
        self.taken: list[Taken] = []
        self.port = 0
        self.account = account
        self._security = security
        self._tls = None if security == "none" else server_tls(certificate)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._dialogues: list[_Dialogue] = []

    def __enter__(self) -> MailParty:
        self._thread.start()
        self._run(self._open()).result()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._run(self._close()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: asyncio._CoroutineLike[None]) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _open(self) -> None:
        tls = self._tls if self._security == "tls" else None
        self._server = await self._loop.create_server(self._dialogue, "127.0.0.1", 0, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        for dialogue in self._dialogues:
            dialogue.break_off()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for _ in range(10):  # transports take some turns to say goodbye
            await asyncio.sleep(0)

    def _dialogue(self) -> _Dialogue:
        mood = self.moods.pop(0) if self.moods else {}
        dialogue = _Dialogue(self, mood, self._loop, self._tls if self._security == "starttls" else None)
        self._dialogues.append(dialogue)
        return dialogue

    def knows(self, login: LoginPassword) -> bool:
        return (login.login.decode(), login.password.decode()) == self.account


class _Dialogue(SMTP):
    """One connection."""

    def __init__(
        self, party: MailParty, mood: Mood, loop: asyncio.AbstractEventLoop, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(
            _Keeper(self),
            hostname="localhost",
            loop=loop,
            tls_context=tls,
            authenticator=self._admits,
            auth_require_tls=False,
        )
        self._party = party
        self._mood = mood
        self._greeted = False

    def break_off(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    async def push(self, status: str | bytes) -> None:
        if not self._greeted:
            self._greeted = True
            if await self._does("GREETING"):
                return
        await super().push(status)

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._does("EHLO"):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if not await self._does("STARTTLS"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        if not await self._does("AUTH"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if await self._does("MAIL"):
            return
        assert self.session is not None
        if self._party.account[0] and not self.session.authenticated:
            await self.push("530 log in first")
        else:
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not await self._does("RCPT"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if await self._does("DATA"):
            return
        if "CONTENT" in self._mood:
            await self.push("354 go on")
            await self._reader.read(1)
            await self._does("CONTENT")
            return
        await super().smtp_DATA(arg)

    async def end(self, session: Session, envelope: Envelope) -> str:
        """What is answered to a whole e-mail."""
        doing = self._mood.get("END", "")
        if not doing or doing in (LOSE, SILENT, DRIP):
            account = session.auth_data.login.decode() if session.authenticated else None
            content = bytes(envelope.original_content or b"")
            taken = Taken(str(envelope.mail_from), tuple(envelope.rcpt_tos), content, bool(session.ssl), account)
            self._party.taken.append(taken)
        if doing == DRIP:
            while True:
                await self.push("250-and")
                await asyncio.sleep(0.05)
        await self._does("END", quiet=True)
        return doing or "250 taken"

    async def _does(self, stage: Stage, quiet: bool = False) -> bool:
        """Whether something else than usual was done at a stage."""
        doing = self._mood.get(stage)
        if doing in (CUT, LOSE):
            self.break_off()
            await asyncio.sleep(3600)  # until this is cancelled with the connection
        elif doing in (HANG, SILENT):
            await asyncio.sleep(3600)
        elif doing and not quiet:
            await self.push(doing)
        return bool(doing)

    def _admits(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword
    ) -> AuthResult:
        known = self._party.knows(login)
        return AuthResult(success=known, handled=False, auth_data=login if known else None)


class _Keeper:
    """What aiosmtpd hands whole e-mails to; it looks for every `handle_…`, which a dialogue has, too."""

    def __init__(self, dialogue: _Dialogue) -> None:
        self._dialogue = dialogue

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return await self._dialogue.end(session, envelope)


def server_tls(certificate: str) -> ssl.SSLContext:
    """TLS of a party: `party` is for localhost, `elsewhere` for another name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{certificate}.pem", CERTIFICATES / f"{certificate}.key")
    return context

"""`core::CS_SEND_EMAIL_V0`: for every place at which a mail server can break off, who knows what."""

from __future__ import annotations

import socket
from email import message_from_bytes
from email.policy import default
from typing import Literal

import pytest

from pgs_capabilities.side_effects.email import Email
from pgs_snapshot.external import InDoubt, NotDone
from pgs_snapshot.validation import validator
from pgs_snapshot.values import Outcome, Value
from tests.capabilities.operations import fits, operation, takes
from tests.parties.mail import CERTIFICATES, CUT, DRIP, HANG, LOSE, SILENT, MailParty, Mood, Stage
from tests.parties.outside import KEY, Known

SEND = operation("core::CS_SEND_EMAIL_V0", "SEND")
TRUSTED, OTHERS = (str(CERTIFICATES / name) for name in ("party.pem", "elsewhere.pem"))
EMAIL: dict[str, str] = {"to": "ada@example.net", "subject": "Your order", "text": "It is on its way.\n"}
MESSAGE_ID = f"<{KEY}@example.org>"
BEFORE: tuple[Stage, ...] = ("GREETING", "EHLO", "MAIL", "RCPT", "DATA")
ABOUT_THE_EMAIL: tuple[Stage, ...] = ("MAIL", "RCPT", "DATA", "END")


def settings(party: MailParty, **more: Value) -> dict[str, Value]:
    stated: dict[str, Value] = {"host": "localhost", "port": party.port, "from": "shop@example.org", "security": "none"}
    stated |= more
    assert validator(Email.SETTINGS).is_valid(stated)
    return stated


def send(party: MailParty, timeout: float = 10.0, email: dict[str, str] = EMAIL, **more: Value) -> Outcome:
    outcome = Email(Known(settings(party, **more), timeout=timeout)).send(**email)
    assert fits(SEND, outcome)
    return outcome


def test_an_email_arrives_under_an_id_that_follows_from_the_key() -> None:
    with MailParty() as party:
        assert send(party) == Outcome("SUCCESS", message_id=MESSAGE_ID)
    (taken,) = party.taken
    message = message_from_bytes(taken.content, policy=default)
    assert (taken.sender, taken.recipients) == ("shop@example.org", ("ada@example.net",))
    assert dict(message.items()) == {
        "From": "shop@example.org",
        "To": "ada@example.net",
        "Message-ID": MESSAGE_ID,
        "Auto-Submitted": "auto-generated",
        "Subject": "Your order",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "7bit",
        "MIME-Version": "1.0",
    }
    assert message.get_content().splitlines() == ["It is on its way."]


def test_every_try_sends_the_same_bytes() -> None:
    email = {**EMAIL, "reply_to": "help@example.org", "date": "2026-11-21T09:30:00.5Z", "subject": "Grüße " * 40}
    with MailParty() as party:
        for _ in range(2):
            send(party, email=email)
    assert party.taken[0].content == party.taken[1].content
    message = message_from_bytes(party.taken[0].content, policy=default)
    assert (message["Reply-To"], message["Date"]) == ("help@example.org", "Sat, 21 Nov 2026 09:30:00 +0000")
    assert message["Subject"] == "Grüße " * 40


@pytest.mark.parametrize(
    "text",
    [".\n..\n.hidden\n", "a\r\n.\r\nMAIL FROM:<x@example.org>\r\n", "ü" * 4000, "x" * 5000, "\n", "no end", "a\rb\n"],
)
def test_a_text_arrives_as_it_is_and_ends_nothing_before_its_end(text: str) -> None:
    with MailParty() as party:
        send(party, email={**EMAIL, "text": text})
    (taken,) = party.taken
    assert max(map(len, taken.content.split(b"\r\n"))) <= 998
    got = message_from_bytes(taken.content, policy=default).get_content()
    assert got.splitlines() == text.splitlines()


@pytest.mark.parametrize("injected", ["a\r\nBcc: eve@example.com", "a\nb", "a\rb", "a\u2028b", "a\x00b"])
def test_no_line_break_gets_into_a_header(injected: str) -> None:
    assert not takes(SEND, {**EMAIL, "subject": injected})
    for name in ("to", "reply_to"):
        assert not takes(SEND, {**EMAIL, name: f"ada@example.net{injected}"})
    assert takes(SEND, {**EMAIL, "subject": "Grüße, \t".strip()})
    with MailParty() as party, pytest.raises(ValueError, match="linefeed or carriage return"):
        Email(Known(settings(party))).send(**{**EMAIL, "subject": "a\r\nBcc: eve@example.com"})
    assert party.taken == []


# --- who knows what ------------------------------------------------------------------------------


def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        stated: dict[str, Value] = {"host": "127.0.0.1", "port": free.getsockname()[1], "from": "shop@example.org"}
        with pytest.raises(NotDone, match="takes no connection"):
            Email(Known({**stated, "security": "none"})).send(**EMAIL)


def test_a_name_that_nobody_has_is_no_doubt() -> None:
    stated: dict[str, Value] = {"host": "nowhere.invalid", "from": "shop@example.org", "security": "none"}
    with pytest.raises(NotDone, match="name of the other side"):
        Email(Known(stated)).send(**EMAIL)


@pytest.mark.parametrize("stage", BEFORE)
@pytest.mark.parametrize("doing", [CUT, HANG, "421 closing"])
def test_what_breaks_off_before_the_email_is_not_done(stage: Stage, doing: str) -> None:
    if (stage, doing) == ("EHLO", "421 closing"):
        doing = CUT  # whoever does not know EHLO is greeted by HELO
    with MailParty() as party:
        party.moods.append({stage: doing})
        with pytest.raises(NotDone):
            send(party, timeout=0.3 if doing == HANG else 10.0)
    assert party.taken == []


def test_what_breaks_off_within_the_email_is_not_done() -> None:
    with MailParty() as party:
        party.moods.append({"CONTENT": CUT})
        with pytest.raises(NotDone, match="before it had the e-mail"):
            send(party, email={**EMAIL, "text": "It is on its way.\n" * 500_000})
    assert party.taken == []


@pytest.mark.parametrize("stage", ABOUT_THE_EMAIL)
def test_a_refusal_for_now_is_not_done_and_one_for_good_an_outcome(stage: Stage) -> None:
    with MailParty() as party:
        party.moods += [{stage: "451 later"}, {stage: "554 no"}]
        with pytest.raises(NotDone, match="for now"):
            send(party)
        assert send(party) == Outcome("REFUSED")
    assert party.taken == []


@pytest.mark.parametrize("mood", [{"GREETING": "554 no service"}, {"MAIL": "530 log in"}])
def test_a_refusal_of_the_operator_is_none_of_the_email(mood: Mood) -> None:
    with MailParty() as party:
        party.moods.append(mood)
        with pytest.raises(NotDone):
            send(party)


@pytest.mark.parametrize(("doing", "arrived"), [(LOSE, 1), (SILENT, 1), (DRIP, 1), (CUT, 0), (HANG, 0)])
def test_between_the_end_of_the_email_and_the_answer_nobody_knows(doing: str, arrived: int) -> None:
    with MailParty() as party:
        party.moods.append({"END": doing})
        with pytest.raises(InDoubt, match="its answer did not come"):
            send(party, timeout=10.0 if doing in (LOSE, CUT) else 0.5)
    assert len(party.taken) == arrived


@pytest.mark.parametrize("answer", ["354 go on", "999 what", "is that so", "250 " + "x" * 10_000])
def test_an_answer_that_means_nothing_leaves_the_doubt(answer: str) -> None:
    with MailParty() as party:
        party.moods.append({"END": answer})
        with pytest.raises(InDoubt):
            send(party)


def test_an_answer_is_believed_although_the_server_goes_away_right_behind_it() -> None:
    with MailParty() as party:
        party.moods.append({"END": "250 taken\r\n221 gone"})
        assert send(party) == Outcome("SUCCESS", message_id=MESSAGE_ID)


# --- safety of the way ---------------------------------------------------------------------------


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_account_logs_in_on_a_connection_that_is_trusted(security: Literal["starttls", "tls"]) -> None:
    account: dict[str, Value] = {"user": "shop", "password": "correct horse", "security": security}
    with MailParty(security, ("shop", "correct horse")) as party:
        assert send(party, **account, ca_file=TRUSTED).name == "SUCCESS"
        for mistake, why in (
            ({"ca_file": OTHERS}, "not trusted"),
            ({"ca_file": "/nowhere.pem"}, "cannot be used"),
            ({"ca_file": TRUSTED, "password": "wrong"}, "does not take the account"),
        ):
            with pytest.raises(NotDone, match=why) as told:
                send(party, **{**account, **mistake})
            assert told.value.__suppress_context__  # a traceback would show what was sent
    assert [(taken.secure, taken.account) for taken in party.taken] == [(security == "starttls", "shop")]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_for_another_name_is_not_trusted(security: Literal["starttls", "tls"]) -> None:
    with MailParty(security, certificate="elsewhere") as party, pytest.raises(NotDone, match="not trusted"):
        send(party, security=security, ca_file=OTHERS)
    assert party.taken == []


def test_a_server_without_a_secure_connection_gets_nothing() -> None:
    with MailParty() as party:
        with pytest.raises(NotDone, match="offers no secure connection"):
            send(party, security="starttls", ca_file=TRUSTED)
        with pytest.raises(NotDone, match="No secure connection"):
            send(party, security="tls", ca_file=TRUSTED)
    assert party.taken == []


@pytest.mark.parametrize(
    "stated",
    [
        {},
        {"host": "mail.example.org"},
        {"host": "mail.example.org", "from": "no address"},
        {"host": "a\nb", "from": "shop@example.org"},
        {"host": "mail.example.org", "from": "shop@example.org", "user": "shop"},
        {"host": "mail.example.org", "from": "shop@example.org", "user": "shop", "password": "x", "security": "none"},
        {"host": "mail.example.org", "from": "shop@example.org", "user": "shop", "password": "pässwort"},
        {"host": "mail.example.org", "from": "shop@example.org", "sender": "x"},
    ],
)
def test_settings_that_cannot_hold_are_refused(stated: dict[str, Value]) -> None:
    assert not validator(Email.SETTINGS).is_valid(stated)

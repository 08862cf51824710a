"""`core::CS_HTTP_CALL_V0`: what can be reached, and wherever an exchange can break off, who knows what."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import get_args

import pytest

from pgs_capabilities.side_effects.http import Http
from pgs_snapshot.external import InDoubt, NotDone
from pgs_snapshot.validation import validator
from pgs_snapshot.values import Outcome, Value
from tests.capabilities.operations import fits, operation, takes
from tests.parties.mail import CERTIFICATES
from tests.parties.outside import KEY, Known
from tests.parties.service import End, Mood, ServiceParty

CALL, FETCH = (operation("core::CS_HTTP_CALL_V0", name) for name in ("CALL", "FETCH"))
ORDER: dict[str, Value] = {"order": 7}
DONE = Outcome("SUCCESS", status=200, body={"number": 1})


def known(party: ServiceParty, timeout: float = 10.0, **more: Value) -> Known:
    endpoint: dict[str, Value] = {"url": f"{party.url}/v1", "keyed": True, **more}
    stated: dict[str, Value] = {"endpoints": {"ledger": endpoint}}
    assert validator(Http.SETTINGS).is_valid(stated)
    return Known(stated, timeout=timeout)


def call(outside: Known, method: str = "POST", path: tuple[str, ...] = ("orders",), body: Value = ORDER) -> Outcome:
    outcome = Http(outside).call(endpoint="ledger", method=method, path=[*path], body=body)
    assert fits(CALL, outcome)
    return outcome


def fetch(outside: Known, path: tuple[str, ...] = ("orders",), query: Mapping[str, str] | None = None) -> Outcome:
    asked = [{"name": name, "value": value} for name, value in (query or {}).items()]
    outcome = Http(outside).fetch(endpoint="ledger", path=[*path], query=asked)
    assert fits(FETCH, outcome)
    return outcome


def test_a_call_carries_its_key_and_asking_again_does_nothing_twice() -> None:
    with ServiceParty() as party:
        outside = known(party, headers={"Authorization": "Bearer x"})
        assert [call(outside), call(outside)] == [DONE, DONE]
        assert party.done == {KEY: {"number": 1}}
        first, second = party.asked
    assert first == second
    assert (first.method, first.target, first.body) == ("POST", "/v1/orders", ORDER)
    assert dict(first.headers) == {
        "host": f"localhost:{party.port}",
        "accept": "application/json",
        "accept-encoding": "identity",
        "authorization": "Bearer x",
        "connection": "close",
        "content-length": "11",
        "content-type": "application/json",
        "idempotency-key": KEY,
    }


def test_a_reading_carries_no_key_and_does_nothing() -> None:
    with ServiceParty() as party:
        assert fetch(known(party), query={"q": "a&b=ü", "n": "1"}) == Outcome("SUCCESS", body={"done": 0})
        (asked,) = party.asked
    assert (asked.method, asked.target, asked.key) == ("GET", "/v1/orders?q=a%26b%3D%C3%BC&n=1", "")
    assert "content-length" not in asked.headers


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_call_without_a_body_says_that_it_has_none(method: str) -> None:
    with ServiceParty() as party:
        assert call(known(party), method, body=None).name == "SUCCESS"
        (asked,) = party.asked
    assert (asked.method, asked.body, asked.headers["content-length"]) == (method, None, "0")
    assert "content-type" not in asked.headers


# --- what can be reached -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ((), "/v1"),
        (("a b", "ü?#%&;=+@:"), "/v1/a%20b/%C3%BC%3F%23%25%26%3B%3D%2B%40%3A"),
        (("http:", "evil.example"), "/v1/http%3A/evil.example"),
        (("...", "..a", ".b"), "/v1/.../..a/.b"),
    ],
)
def test_a_segment_stays_one_whatever_it_holds(path: tuple[str, ...], target: str) -> None:
    given: dict[str, Value] = {"endpoint": "ledger", "method": "PUT", "path": [*path], "body": ORDER}
    assert takes(CALL, given)
    with ServiceParty() as party:
        call(known(party), "PUT", path)
        assert [asked.target for asked in party.asked] == [target]


@pytest.mark.parametrize("segment", ["", ".", "..", "a/b", "../x", "a\\b", "/", "a\r\nHost: x", "a\0"])
def test_no_segment_leads_out_of_the_endpoint(segment: str) -> None:
    given: dict[str, Value] = {"endpoint": "ledger", "method": "PUT", "path": [segment], "body": ORDER}
    assert not takes(CALL, given)
    with ServiceParty() as party:
        if "\r" in segment or "\0" in segment:
            call(known(party), "PUT", (segment,))
            assert "\r" not in party.asked[0].target
        else:
            with pytest.raises(NotDone, match="segment"):
                call(known(party), "PUT", (segment,))
            assert party.asked == []


def test_only_what_the_settings_name_is_asked() -> None:
    with ServiceParty() as party:
        refusals = {
            "no such endpoint": Http(Known({"endpoints": {}})),
            "does not say|do not say": Http(known(party, keyed=False)),
            "do not allow": Http(known(party, methods=["GET", "PUT"])),
        }
        for why, http in refusals.items():
            with pytest.raises(NotDone, match=why):
                http.call(endpoint="ledger", method="POST", path=[])
        assert party.asked == []
        assert call(known(party, keyed=False), "PUT") == DONE
        assert call(known(party, methods=["PUT"]), "PUT") == DONE


def test_a_redirect_is_not_followed() -> None:
    with ServiceParty() as elsewhere, ServiceParty() as party:
        for status in (301, 302, 303, 307, 308):
            party.moods += [Mood(status=status, headers={"Location": f"{elsewhere.url}/v1/orders"})] * 2
            with pytest.raises(InDoubt, match=str(status)):
                call(known(party))
            with pytest.raises(NotDone, match=str(status)):
                fetch(known(party))
        assert elsewhere.asked == []


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with ServiceParty() as proxy, ServiceParty() as party:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert call(known(party)) == DONE
        assert proxy.asked == []


def test_a_secure_endpoint_is_asked_only_if_it_is_trusted() -> None:
    with ServiceParty(secure=True) as party:
        assert call(known(party, ca_file=str(CERTIFICATES / "party.pem"))) == DONE
        for ca_file, why in (("elsewhere.pem", "not trusted"), ("nothing.pem", "cannot be used")):
            with pytest.raises(NotDone, match=why):
                call(known(party, ca_file=str(CERTIFICATES / ca_file)))
        assert len(party.asked) == 1
    with ServiceParty() as plain, pytest.raises(NotDone, match="No secure connection"):
        call(known(plain, url=plain.url.replace("http:", "https:")))


# --- who knows what ------------------------------------------------------------------------------


def test_where_nobody_listens_nothing_was_asked() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(NotDone, match="takes no connection"):
            call(Known({"endpoints": {"ledger": {"url": url, "keyed": True}}}))
    for host in ("nowhere.invalid", "x" * 64):
        with pytest.raises(NotDone, match="name of the other side"):
            call(Known({"endpoints": {"ledger": {"url": f"http://{host}", "keyed": True}}}))


@pytest.mark.parametrize("end", [end for end in get_args(End) if end not in ("", "at once")])
def test_what_breaks_off_when_the_header_is_sent_is_in_doubt(end: End) -> None:
    with ServiceParty() as party:
        party.moods += [Mood(end=end)] * 2
        soon = end in ("never", "drop by drop")
        with pytest.raises(InDoubt, match="its answer did not come"):
            call(known(party, timeout=0.5 if soon else 10.0))
        assert len(party.done) == (0 if end == "in the request" else 1)
        with pytest.raises(NotDone):
            fetch(known(party, timeout=0.5 if soon else 10.0))
        assert call(known(party)) == DONE  # under the same key it is the first effect, and the only one
        assert len(party.done) == 1


def test_what_breaks_off_as_it_begins_is_done_by_asking_again() -> None:
    with ServiceParty() as party:
        party.moods.append(Mood(end="at once"))
        with pytest.raises((InDoubt, NotDone)):  # as the reset comes after the header or before
            call(known(party))
        assert party.done == {}
        assert call(known(party)) == DONE


def test_a_call_without_any_time_asks_nothing() -> None:
    with ServiceParty() as party:
        with pytest.raises(NotDone, match="time was over"):
            call(known(party, timeout=0))
        assert party.asked == []


def test_what_breaks_off_before_the_header_is_whole_is_not_done() -> None:
    long = ("x" * 200,) * 60_000  # more than the buffers of both sides hold, so that the break is seen
    with ServiceParty() as party:
        party.moods.append(Mood(end="at once"))
        with pytest.raises(NotDone):
            call(known(party), path=long)
        assert party.asked == []


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_a_success_is_one_with_what_it_says(status: int) -> None:
    with ServiceParty() as party:
        party.moods.append(Mood(status=status))
        assert call(known(party)) == Outcome("SUCCESS", status=status, body={"number": 1})


@pytest.mark.parametrize("status", [400, 402, 403, 404, 410, 422, 451])
def test_a_client_error_is_an_outcome(status: int) -> None:
    with ServiceParty() as party:
        party.moods += [Mood(takes=False, status=status, body=b'{"why":"no"}')] * 2
        assert call(known(party)) == Outcome("CLIENT_ERROR", status=status, body={"why": "no"})
        gone = status in (404, 410)
        assert fetch(known(party)) == (Outcome("NOT_FOUND") if gone else Outcome("CLIENT_ERROR", status=status))
        party.moods.append(Mood(takes=False, status=status, body=b"<h1>no</h1>", headers={"Content-Type": "text/html"}))
        assert call(known(party)) == Outcome("CLIENT_ERROR", status=status)


@pytest.mark.parametrize("status", [401, 407, 408, 421, 425, 429])
def test_an_answer_that_it_did_nothing_is_not_done(status: int) -> None:
    with ServiceParty() as party:
        party.moods.append(Mood(takes=False, status=status))
        with pytest.raises(NotDone, match=f"answered {status}, so it did nothing"):
            call(known(party))


@pytest.mark.parametrize("status", [101, 304, 500, 501, 502, 503, 504, 599])
def test_an_answer_that_says_nothing_of_the_effect_leaves_the_doubt(status: int) -> None:
    with ServiceParty() as party:
        party.moods.append(Mood(status=status, body=b""))
        with pytest.raises(InDoubt, match=f"answered {status}"):
            call(known(party))


def test_a_conflict_is_in_doubt_where_keys_are_recognised_unless_the_settings_say_otherwise() -> None:
    conflict = Outcome("CLIENT_ERROR", status=409, body={})
    with ServiceParty() as party:
        party.moods += [Mood(takes=False, status=409, body=b"{}")] * 4
        with pytest.raises(InDoubt, match="409"):
            call(known(party))
        assert call(known(party, in_doubt=[])) == conflict
        assert call(known(party, keyed=False), "PUT") == conflict
        assert fetch(known(party)) == Outcome("CLIENT_ERROR", status=409)
        party.moods.append(Mood(takes=False, status=422))
        with pytest.raises(InDoubt, match="422"):
            call(known(party, in_doubt=[409, 422]))


# --- what is handed on ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"a":1,"a":2}', b"NaN", b"1e400", b"9007199254740993", b"\xff", b'"\\ud800"', b"[" * 100 + b"]" * 100],
)
def test_what_is_no_json_of_the_value_domain_is_not_handed_on(body: bytes) -> None:
    with ServiceParty() as party:
        party.moods += [Mood(body=body)] * 2
        assert call(known(party)) == Outcome("UNREADABLE", status=200)
        assert fetch(known(party)) == Outcome("UNREADABLE", status=200)


@pytest.mark.parametrize("headers", [{"Content-Type": "text/html"}, {"Content-Encoding": "gzip"}])
def test_what_is_of_another_kind_is_not_handed_on(headers: dict[str, str]) -> None:
    with ServiceParty() as party:
        party.moods.append(Mood(body=b"{}", headers=headers))
        assert call(known(party)) == Outcome("UNREADABLE", status=200)


def test_more_than_the_settings_allow_is_not_handed_on() -> None:
    with ServiceParty() as party:
        party.moods += [Mood(body=b'"xx"')] * 2
        assert call(known(party, max_bytes=4)) == Outcome("SUCCESS", status=200, body="xx")
        assert call(known(party, max_bytes=3)) == Outcome("UNREADABLE", status=200)


def test_no_body_is_told_from_null() -> None:
    with ServiceParty() as party:
        party.moods += [Mood(body=b""), Mood(body=b"null"), Mood(status=204, body=b""), Mood(body=b"")]
        assert call(known(party)) == Outcome("SUCCESS", status=200)
        assert call(known(party)) == Outcome("SUCCESS", status=200, body=None)
        assert call(known(party)) == Outcome("SUCCESS", status=204)
        assert fetch(known(party)) == Outcome("UNREADABLE", status=200)


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n[1]", Outcome("SUCCESS", status=200, body=[1])),
        (b"HTTP/1.1 200 OK\r\n\r\n12", Outcome("UNREADABLE", status=200)),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1",
            Outcome("SUCCESS", status=200, body=1),
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n", None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n1\r\n0\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1", None),
        (b"HTTP/1.1 20", None),
        (b"SSH-2.0-OpenSSH\r\n", None),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n", None),
        (b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000 + b"\r\n\r\n", None),
    ],
)
def test_an_answer_counts_if_it_is_whole(raw: bytes, outcome: Outcome | None) -> None:
    with ServiceParty() as party:
        party.moods.append(Mood(raw=raw))
        if outcome is None:
            with pytest.raises(InDoubt):
                call(known(party))
        else:
            assert call(known(party)) == outcome


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "endpoint",
    [
        {},
        {"url": "ftp://example.org"},
        {"url": "https://user:pass@example.org"},
        {"url": "https://example.org/?a=b"},
        {"url": "https://example.org/#a"},
        {"url": "https://example.org/a b"},
        {"url": "https://example.org\r\n"},
        {"url": "https://.example.org"},
        {"url": "https://example.org:0"},
        {"url": "https://example.org:65536"},
        {"url": "https://example.org", "method": "GET"},
        {"url": "https://example.org", "methods": ["TRACE"]},
        {"url": "https://example.org", "headers": {"Host": "x"}},
        {"url": "https://example.org", "headers": {"idempotency-KEY": "x"}},
        {"url": "https://example.org", "headers": {"Content-Length": "1"}},
        {"url": "https://example.org", "headers": {"A B": "x"}},
        {"url": "https://example.org", "headers": {"A": "x\r\nB: y"}},
        {"url": "https://example.org", "in_doubt": [200]},
        {"url": "https://example.org", "max_bytes": -1},
        {"url": "https://example.org", "connect_seconds": 0},
    ],
)
def test_settings_that_cannot_hold_are_refused(endpoint: dict[str, Value]) -> None:
    assert not validator(Http.SETTINGS).is_valid({"endpoints": {"ledger": endpoint}})


def test_settings_may_say_everything_that_there_is() -> None:
    endpoint: dict[str, Value] = {
        "url": "https://[2001:db8::1]:8443/api/v1/",
        "methods": ["GET", "POST"],
        "headers": {"Authorization": "Bearer x", "X-Tenant": "a"},
        "keyed": True,
        "in_doubt": [409],
        "ca_file": "/etc/ssl/own.pem",
        "max_bytes": 0,
        "connect_seconds": 0.5,
    }
    assert validator(Http.SETTINGS).is_valid({"endpoints": {"ledger": endpoint}})

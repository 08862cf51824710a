"""Payloads that two readers take differently, that cost too much, or that nobody declared: refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pgs_runtime.__main__ import cli
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Outcome, Runtime
from pgs_snapshot.jsontext import read_json
from pgs_snapshot.values import Value
from tests.end_to_end.programs import LITTLE_MEMORY, Installation, agrees, operator

BEHAVE = "trouble::WF_BEHAVE_V0"
SUITE = {
    name: base64.b64decode(text)
    for name, text in json.loads(
        (Path(__file__).parents[1] / "data" / "jsontestsuite" / "parsing.json").read_bytes()
    ).items()
}


@pytest.mark.parametrize(
    ("payload", "code", "where"),
    [
        pytest.param(b'{"amount":1,"amount":1000000}', "J106", "/amount", id="JSN-01"),
        pytest.param(b'{"a":NaN}', "J108", "/a", id="JSN-02-NaN"),
        pytest.param(b'{"a":[-Infinity]}', "J108", "/a/0", id="JSN-02-Infinity"),
        pytest.param(b'{"a":1e400}', "J107", "/a", id="JSN-02-overflow"),
        pytest.param(b'{"id":9007199254740993}', "J107", "/id", id="JSN-03-big"),
        pytest.param(b'{"id":' + b"9" * 5000 + b"}", "J107", "/id", id="JSN-03-5000-digits"),
        pytest.param(b'{"s":"\\ud800"}', "J109", "/s", id="JSN-04"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, "J105", "line 1, column 65", id="JSN-05"),
        pytest.param(b'{"name":"a\\u0000b"}', "J110", "/name", id="JSN-07-NUL"),
        pytest.param(b'{"name":"a\x01b"}', "J103", "line 1, column 11", id="JSN-07-control"),
    ],
)
def test_jsn_a_payload_outside_the_domain_starts_no_run(
    payload: bytes, code: str, where: str, trouble: Installation
) -> None:
    answer = trouble.run(BEHAVE, payload, "--json", within=LITTLE_MEMORY)
    error = answer.error()
    assert (answer.code, error["code"], error["where"]) == (5, code, where)
    assert error["message"].endswith(".")
    assert trouble.untouched()


def test_jsn_03_a_number_that_is_too_large_is_to_be_sent_as_a_text(trouble: Installation) -> None:
    answer = trouble.run(BEHAVE, b'{"id":9007199254740993}')
    assert (answer.code, answer.out) == (5, "")
    assert "send it as a string" in answer.err


@pytest.mark.parametrize(
    ("payload", "within"),
    [("-", f"yes aaaaaaaa | {{ {LITTLE_MEMORY}; }}"), ("/dev/zero", LITTLE_MEMORY)],
    ids=["input-without-end", "file-without-end"],
)
def test_jsn_06_a_payload_beyond_the_limit_is_refused_without_reading_on(
    payload: str, within: str, trouble: Installation
) -> None:
    answer = trouble.runtime("run", "--wf", BEHAVE, "--payload", payload, "--json", within=within)
    assert (answer.code, answer.error()["code"]) == (5, "J101")
    assert trouble.untouched()


@pytest.mark.parametrize("room", [0, 1])
def test_jsn_06_the_limit_is_a_mebibyte_to_the_byte(room: int, trouble: Installation) -> None:
    payload = b'{"how":"complete"}'.ljust((1 << 20) + room)
    assert trouble.run(BEHAVE, payload).code == (5 if room else 0)


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        pytest.param({"is_admin": True}, {"at": "/is_admin", "why": "is not declared"}, id="JSN-08"),
        pytest.param({"amount": True}, {"at": "/amount", "why": "is not an integer"}, id="JSN-09-bool"),
        pytest.param({"amount": "1"}, {"at": "/amount", "why": "is not an integer"}, id="JSN-09-text"),
        pytest.param({"amount": 1.5}, {"at": "/amount", "why": "is not an integer"}, id="JSN-09-fraction"),
        pytest.param({"amount": None}, {"at": "/amount", "why": "is not an integer"}, id="JSN-09-null"),
        pytest.param({"flags": []}, {"at": "/flags", "why": "is not an object"}, id="JSN-09-list"),
        pytest.param({"names": {}}, {"at": "/names", "why": "is not a list"}, id="JSN-09-object"),
        pytest.param({"names": [1]}, {"at": "/names/0", "why": "is not a string"}, id="JSN-09-item"),
    ],
)
def test_jsn_what_nobody_declared_is_rejected_with_its_place_in_the_trace(
    member: dict[str, Value], problem: dict[str, str], trouble: Installation
) -> None:
    outcome, lines = run(trouble, json.dumps({"how": "complete", **member}).encode())
    assert (outcome.kind, outcome.exit_code, outcome.effects) == ("REJECTED", 5, {})
    assert json.loads(lines[1])["refused"] == [problem]


def test_jsn_08_a_rejection_has_a_run_and_a_trace(trouble: Installation) -> None:
    answer = trouble.run(BEHAVE, b'{"how":"complete","is_admin":true}', "--json")
    assert (answer.code, answer.json()["kind"], answer.err) == (5, "REJECTED", "")
    assert agrees(answer, trouble)
    assert trouble.runs() == [("REJECTED", "REJECTED")]


@pytest.mark.parametrize("number", [b"1.0", b"1e0", b"10e-1", b"0.1e1"])
def test_jsn_10_one_number_in_two_spellings_gives_the_same_trace(
    number: bytes, trouble: Installation, tmp_path: Path
) -> None:
    payload = b'{"how":"complete","amount":%b,"share":%b,"flags":{"n":%b}}'
    spelled, plain = (payload % ((spelling,) * 3) for spelling in (number, b"1"))
    other = Installation(trouble.workspace, tmp_path / "other")
    assert run(trouble, spelled)[1] == run(other, plain)[1]


@pytest.mark.parametrize("payload", [b"", b" ", b"\xff", b"{", b'"', b"nul", b"{}x", b"\xef\xbb\xbf{}"])
def test_jsn_what_is_no_json_starts_no_run(payload: bytes, trouble: Installation) -> None:
    result = invoke(trouble, payload)
    assert (result[0], result[1][0]) == (5, "J")
    assert trouble.untouched()


def test_jsn_11_every_text_of_the_suite_is_refused_or_decided_and_nothing_breaks(
    trouble: Installation,
) -> None:
    ends = {name: invoke(trouble, data) for name, data in SUITE.items()}
    assert {code for code, _ in ends.values()} == {5}
    rejected = {name for name, (_, reason) in ends.items() if reason == "REJECTED"}
    assert not any(name.startswith("n_") for name in rejected)
    assert len([name for name in rejected if name.startswith("y_")]) > 80
    assert trouble.runs() == [("REJECTED", "REJECTED")] * len(rejected)


def run(place: Installation, payload: bytes) -> tuple[Outcome, tuple[bytes, ...]]:
    """The outcome and the trace of a run at a fixed time with a fixed id."""
    ports = Ports(clock=lambda: 1_700_000_000_000_000, entropy=bytes)
    with Runtime.open(place.workspace, place.data, ports=ports) as runtime:
        outcome = runtime.run(BEHAVE, read_json(payload), operator(runtime))
        return outcome, runtime.trace(outcome.trace_id)


def invoke(place: Installation, payload: bytes) -> tuple[int, str]:
    """Run the command in this process; its exit code, and the code of the error or how the run ended."""
    places = ["--workspace", str(place.workspace), "--data-root", str(place.data)]
    line = ["run", "--wf", BEHAVE, "--payload", "-", "--no-picture", "--json", *places]
    result = CliRunner().invoke(cli, line, input=payload)
    assert isinstance(result.exception, SystemExit)
    answer = json.loads(result.stdout)
    return result.exit_code, answer["error"]["code"] if "error" in answer else answer["kind"]

"""A run that waits goes on with the snapshot that it began with only while whoever signed that is trusted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pgs_runtime.faults import Refusal
from pgs_runtime.runtime import Actor, Runtime
from pgs_snapshot.exchange import write_snapshot
from pgs_snapshot.folder import open_snapshot
from pgs_snapshot.seal import SIGNATURE
from tests.end_to_end.programs import Answer, Installation, compiled, recompile
from tests.end_to_end.test_signatures import Signers
from tests.snapshot.trusted import write_policy

WAITING = Path(__file__).parent / "waiting"
ASK, AGREED, CLERK = "waiting::WF_ASK_V0", "waiting::EV_AGREED_V0", "waiting::AC_CLERK_V0"


@pytest.fixture
def signers(tmp_path: Path) -> Signers:
    shutil.copytree(WAITING, tmp_path / "workspace")
    write_snapshot(tmp_path / "workspace" / "protocol_snapshot", compiled(tmp_path / "workspace"))
    found = Signers(Installation(tmp_path / "workspace", tmp_path / "data"), tmp_path)
    found.new("ada")
    found.new("bob")
    return found


def asked(signers: Signers, *options: str | Path) -> str:
    """A run that waits; its id."""
    answer = signers.place.run(ASK, b'{"what":"a chair"}', "--actor", "AC_CLERK_V0", "--json", *options)
    assert answer.code == 13, answer
    return str(answer.json()["trace_id"])


def agree(signers: Signers, run: str) -> Answer:
    line = ["signal", run, "--event", AGREED, "--actor", CLERK, "--trust", signers.trust, "--json"]
    return signers.place.runtime(*line)


def begun(signers: Signers) -> tuple[str, Path]:
    """A run that began with version 1, by Ada, where version 2, by Bob, runs now; and the copy of version 1."""
    signers.sign("ada")
    run = asked(signers, "--trust", signers.trust)
    (copy,) = (signers.place.data / "snapshots").iterdir()
    recompile(signers.place, version="2")
    signers.sign("bob")
    return run, copy


def test_a_run_goes_on_with_what_was_signed_by_who_is_trusted(signers: Signers) -> None:
    run, _ = begun(signers)
    answer = agree(signers, run)
    assert (answer.code, answer.json()["kind"]) == (0, "COMPLETED")


def test_seal_09_no_run_goes_on_with_what_a_revoked_key_has_signed(signers: Signers) -> None:
    run, copy = begun(signers)
    assert signers.keys("revoke", "ada", "--reason", "stolen").code == 0
    lines = (
        ["signal", run, "--event", AGREED, "--actor", CLERK],
        ["cancel", run, "--reason", "x", "--actor", CLERK],
        ["resume", run],
    )
    for line in lines:
        answer = signers.place.runtime(*line, "--trust", signers.trust, "--json")
        assert (answer.code, answer.error()["code"]) == (3, "R115"), line
        assert answer.error()["message"].startswith(
            f"Runs that began with the snapshot `{copy.name}` do not go on with it [Z926]: The key `ada` was revoked"
        )
        assert f"pgs_compiler sign --anew --key FILE {copy}" in answer.error()["hint"]
    assert signers.place.runs() == [("WAITING", "")]
    # What others asked for goes on.
    assert signers.place.runtime("resume", "--trust", signers.trust).code == 3
    asked(signers, "--trust", signers.trust)
    # The way out that does nothing of what is not trusted.
    left = signers.place.runtime("abandon", run, "--reason", "not trusted", "--actor", CLERK, "--trust", signers.trust)
    assert left.code == 0, left.err
    assert ("CANCELLED", "ABANDONED") in signers.place.runs()
    trace = (signers.place.workspace / "traces" / run / f"{run}.jsonl").read_text(encoding="utf-8")
    assert '"code":"R115"' in trace
    assert signers.place.runtime("verify", signers.place.workspace / "traces" / run).code == 0


def test_once_somebody_who_is_trusted_signs_the_copy_its_runs_go_on(signers: Signers) -> None:
    run, copy = begun(signers)
    signers.keys("revoke", "ada", "--reason", "stolen")
    assert agree(signers, run).code == 3
    assert signers.place.compiler("sign", "--anew", "--key", signers.key("bob"), copy).code == 0
    assert agree(signers, run).code == 0


def test_a_copy_takes_on_the_signatures_of_who_has_signed_anew(signers: Signers) -> None:
    signers.sign("ada")
    run = asked(signers, "--trust", signers.trust)
    signers.sign("bob", "--anew")
    asked(signers, "--trust", signers.trust)
    (copy,) = (signers.place.data / "snapshots").iterdir()
    here = signers.place.workspace / "protocol_snapshot"
    assert (copy / SIGNATURE).read_bytes() == (here / SIGNATURE).read_bytes()
    recompile(signers.place, version="2")
    signers.sign("bob")
    signers.keys("revoke", "ada", "--reason", "stolen")
    assert agree(signers, run).code == 0


def test_what_began_without_signature_does_not_go_on_where_one_is_demanded(signers: Signers) -> None:
    run = asked(signers)
    recompile(signers.place, version="2")
    signers.sign("bob")
    answer = agree(signers, run)
    assert (answer.code, answer.error()["code"]) == (3, "R115")
    assert "[Z920]: `waiting` is not signed, and the policy demands that." in answer.error()["message"]
    write_policy(signers.trust, roles={"snapshot": {"not_after": "ignored", "required": False, "threshold": 1}})
    assert agree(signers, run).code == 0


@pytest.mark.parametrize("begins", ["expired", "versions", "pins", "not_after"])
def test_what_is_said_of_beginning_is_not_asked_of_a_run_that_has_begun(begins: str, signers: Signers) -> None:
    roles: dict[str, object] = {"snapshot": {"not_after": "ignored", "required": True, "threshold": 1}}
    write_policy(signers.trust, roles=roles)
    signers.sign("ada", *(["--not-after", "2026-01-31"] if begins == "not_after" else []))
    run = asked(signers, "--trust", signers.trust)
    recompile(signers.place, version="2")
    signers.sign("bob")
    if begins == "expired":
        file = signers.trust / "keys" / "ada.json"
        file.write_bytes(
            file.read_bytes().replace(b'"since":"2', b'"since":"1').replace(b"}", b',"until":"2020-01-01T00:00:00Z"}')
        )
    elif begins == "versions":
        write_policy(signers.trust, roles=roles, versions={"waiting": 2})
    elif begins == "pins":
        now = open_snapshot(signers.place.workspace / "protocol_snapshot").manifest.root
        write_policy(signers.trust, roles=roles, pins={"waiting": [now]})
    else:
        write_policy(signers.trust, roles={"snapshot": {"not_after": "enforced", "required": True, "threshold": 1}})
    answer = agree(signers, run)
    assert answer.code == 0, answer


def test_the_library_judges_what_runs_began_with_as_well(signers: Signers) -> None:
    run, _ = begun(signers)
    signers.keys("revoke", "ada", "--reason", "stolen")
    clerk = Actor(CLERK, "eve", {})
    with Runtime.open(signers.place.workspace, signers.place.data, trust=signers.trust) as runtime:
        with pytest.raises(Refusal) as refused:
            runtime.signal(run, AGREED, {}, clerk)
        assert refused.value.code == "R115"
        assert runtime.trace(run)
        assert runtime.abandon(run, clerk, "Ada is not trusted").kind == "CANCELLED"
    with Runtime.open(signers.place.workspace, signers.place.data) as runtime:  # nobody asks
        assert runtime.origin(run)[0] == ASK


def test_nobody_is_erased_with_a_snapshot_that_is_not_trusted(signers: Signers) -> None:
    run = asked(signers)
    line = ["erase", f"run:{run}", "--reason", "asked for", "--actor", CLERK, "--trust", signers.trust, "--json"]
    answer = signers.place.runtime(*line)
    assert (answer.code, answer.error()["code"]) == (3, "Z920")

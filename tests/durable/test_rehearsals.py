"""What is told before anything is done, and what is kept: settings, dry runs, and the state of the stores."""

from __future__ import annotations

from pathlib import Path

from tests.durable.depot import NOTES, Depot
from tests.durable.test_commands import ORDER, doubtful, refused, tree, waiting
from tests.durable.test_whole_runs import CHARGE, MAIL
from tests.end_to_end.programs import Answer, Installation, recompile

# --- settings ------------------------------------------------------------------------------------


def test_settings_that_are_missing_or_unsafe_are_refused_before_anything_runs(depot: Depot) -> None:
    def answer(text: str | None, mode: int = 0o600) -> Answer:
        depot.settings.unlink(missing_ok=True)
        if text is not None:
            depot.settings.write_text(text)
            depot.settings.chmod(mode)
        return depot.run("WF_PARCEL_V0", {"order": "o1"}, "--json")

    section = '{"shipping::CS_COURIER_V0": {"port": 1, "token": %s}}'
    for text, mode, code in (
        (None, 0o600, "R019"),
        ("{", 0o600, "R067"),
        ("[]", 0o600, "R067"),
        ("{}", 0o600, "R068"),
        ('{"shipping::CS_COURIER_V0": {"prot": 1}}', 0o600, "R068"),
        (section % '{"env": "NOT_SET"}', 0o600, "R068"),
        (section % '"hush-hush"', 0o644, "R069"),
        ("{}", 0o666, "R069"),
    ):
        refusal = answer(text, mode)
        assert (refusal.code, refusal.error()["code"]) == (2, code)
        assert "hush-hush" not in refusal.out + refusal.err
    assert depot.place.runs() == []
    assert (depot.service.asked, depot.place.traces()) == ([], [])


def test_settings_lie_in_the_data_root_unless_another_file_is_named(depot: Depot) -> None:
    line = ["run", "--wf", "shipping::WF_PARCEL_V0", "--payload", "-", "--no-picture", "--json"]
    bare = depot.place.runtime(*line, stdin=b'{"order":"o1"}')
    assert (bare.code, bare.error()["code"]) == (2, "R068")
    assert bare.error()["hint"] == f'Add `"shipping::CS_COURIER_V0": {{…}}` to {depot.place.data / "settings.json"}.'
    depot.settings.rename(depot.place.data / "settings.json")
    assert depot.place.runtime(*line, stdin=b'{"order":"o1"}').code == 0


# --- a rehearsal ---------------------------------------------------------------------------------


def rehearsed(depot: Depot, workflow: str, payload: object, *options: str) -> Answer:
    """A dry run, after which every file is as it was and nobody was asked."""
    before, asked = tree(depot.place.workspace.parent), len(depot.service.asked)
    answer = depot.run(workflow, payload, "--dry-run", *options)
    assert tree(depot.place.workspace.parent) == before
    assert (len(depot.service.asked), depot.mail.taken) == (asked, [])
    return answer


def test_a_rehearsal_where_nothing_was_ever_run_makes_nothing(depot: Depot) -> None:
    text = rehearsed(depot, "WF_ORDER_V0", ORDER)
    assert (text.code, text.out.splitlines()) == (
        0,
        [
            "It would ask the outside here",
            '  asks     charge: CALL of core::CS_HTTP_CALL_V0, {"body": {"amount": 5, "order": "o1"}, '
            '"endpoint": "bank", "method": "POST", "path": ["charges"]}',
            "  way      admit ACK",
            "Nothing was written, and nobody was asked.",
        ],
    )
    told = rehearsed(depot, "WF_CHARGE_LEFT_V0", CHARGE, "--json").json()
    assert (told["kind"], told["exit_code"], told["dry_run"]) == ("RUNNING", 0, True)
    assert (told["effects"], told["path"]) == ({NOTES: {"APPEND": 1}}, [["admit", "ACK"], ["note", "SUCCESS"]])
    assert depot.place.untouched()


def test_a_rehearsal_decides_as_the_run_would_over_what_is_kept(depot: Depot) -> None:
    waiting(depot)
    sent = rehearsed(depot, "WF_TELL_LEFT_V0", MAIL, "--json").json()
    assert [(ask["node"], ask["operation"], ask["inputs"]["to"], ask["delivery"]) for ask in sent["asks"]] == [
        ("tell", "SEND", "ada@example.org", "at_least_once")
    ]
    assert "key" not in sent["asks"][0]
    no = rehearsed(depot, "WF_TELL_LEFT_V0", CHARGE)
    assert (no.code, no.out.splitlines()[:2]) == (
        5, ["It would end REJECTED", "  why      `/amount` is not declared; `/to` is required, and not there"],
    )  # fmt: skip
    for payload, options, exit_code, code in (
        (ORDER, ["--actor", "AC_NOBODY_V0"], 5, "R018"),
        (ORDER, ["--request-id", "no id"], 2, "R009"),
        (ORDER, ["--settings", "nowhere.json"], 2, "R019"),
    ):
        answer = rehearsed(depot, "WF_ORDER_V0", payload, "--json", *options)
        assert (answer.code, answer.error()["code"]) == (exit_code, code)


def test_a_rehearsal_of_a_request_that_was_made_tells_the_answer_of_its_run(depot: Depot) -> None:
    id = waiting(depot, ORDER, "--request-id", "r1")
    text = rehearsed(depot, "WF_ORDER_V0", ORDER, "--request-id", "r1")
    assert (text.code, text.out.splitlines()[:2]) == (
        13, [f"It would be answered as before, by the run {id}", "WAITING (answered before)"],
    )  # fmt: skip
    told = rehearsed(depot, "WF_ORDER_V0", ORDER, "--request-id", "r1", "--json").json()
    assert (told["dry_run"], told["repeated"], told["trace_id"]) == (True, True, id)
    other = rehearsed(depot, "WF_ORDER_V0", {**ORDER, "amount": 6}, "--request-id", "r1", "--json")
    assert (other.code, other.error()["code"]) == (5, "R015")


def test_a_rehearsal_of_an_older_snapshot_is_refused_as_its_run_is(depot: Depot) -> None:
    recompile(depot.place, version="3")
    waiting(depot)
    recompile(depot.place, version="2")
    assert rehearsed(depot, "WF_ORDER_V0", ORDER, "--json").error()["code"] == "R053"


# --- what the stores hold ------------------------------------------------------------------------


def test_state_is_listed_read_and_written_out_and_taken_back_in(depot: Depot, tmp_path: Path) -> None:
    doubtful(depot)
    assert depot.command("state", "ls").out == f"     1  {NOTES}\n"
    assert depot.command("state", "ls", "--json").json() == {NOTES: 1}
    assert depot.command("state", "ls", NOTES).out == "     1  o1\n"
    assert depot.command("state", "ls", NOTES, "--json").json() == {"o1": 1}
    assert depot.command("state", "get", NOTES, "o1").out == '{"what":"ORDERED"}\n'
    whole = depot.command("state", "get", NOTES, "o1", "--json").json()
    assert whole == {"key": "o1", "store": NOTES, "values": [{"what": "ORDERED"}]}
    near = depot.command("state", "ls", "shipping::ST_NOTE_V0", "--json")
    nothing = "Nothing was ever written to a store `shipping::ST_NOTE_V0`."
    refused(near, 2, "R088", nothing, f"Is it `{NOTES}`?")
    absent = depot.command("state", "get", NOTES, "o2")
    assert (absent.code, absent.err) == (2, f"error[R088]: `{NOTES}` holds nothing under `o2`.\n")
    assert depot.command("state", "get", NOTES, "o2", "--json").error()["code"] == "R088"
    out = tmp_path / "out"
    written = depot.command("state", "export", out, "--json").json()["files"]
    assert written == [str(out / "events" / "shipping__ST_NOTES_V0.jsonl"), str(out / "state.json")]
    assert Path(written[0]).read_bytes() == b'{"n":1,"record":{"what":"ORDERED"},"stream":"o1"}\n'
    assert Path(written[1]).read_bytes() == b'{"shipping::ST_NOTES_V0":{"o1":[{"what":"ORDERED"}]}}\n'
    full = depot.command("state", "export", out, "--json")
    assert (full.code, full.error()["message"]) == (2, f"`{out}` is not empty.")
    second = Installation(depot.place.workspace, tmp_path / "second")
    assert second.runtime("state", "load", written[1]).code == 0
    assert second.runtime("state", "export", tmp_path / "again").code == 0
    assert tree(tmp_path / "again") == tree(out)

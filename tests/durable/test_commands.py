"""The commands for live runs, as somebody types them: what they say, as text and as JSON, and how they end."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.durable.depot import NOTES, Depot
from tests.durable.test_whole_runs import CHARGE
from tests.end_to_end.programs import Answer, recompile
from tests.parties.service import Mood

ORDER = {"order": "o1", "amount": 5, "to": "ada@example.org", "until": "2096-01-01T00:00:00Z"}
PAST = {**ORDER, "until": "2026-01-01T00:00:00Z"}
PACKED = b'{"order":"o1","boxes":2}'
NOBODY = "01jika0fk0fspot9kmeon63qe9"
OF_A_RUN = (["show"], ["resume"], ["export"], ["cancel", "--reason", "r"], ["reconcile", "--retry", "--reason", "r"])
NEXT = "`pgs_runtime list` lists those that there are."


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, with its bytes."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def waiting(depot: Depot, order: object = ORDER, *options: str) -> str:
    answer = depot.run("WF_ORDER_V0", order, "--json", *options)
    assert (answer.code, answer.json()["kind"]) == (13, "WAITING")
    return str(answer.json()["trace_id"])


def doubtful(depot: Depot) -> str:
    depot.service.moods.append(Mood(end="without an answer"))
    answer = depot.run("WF_CHARGE_LEFT_V0", CHARGE, "--json")
    assert (answer.code, answer.json()["kind"]) == (12, "IN_DOUBT")
    return str(answer.json()["trace_id"])


def signal(depot: Depot, id: str, payload: bytes = PACKED, *options: str) -> Answer:
    line = ["signal", id, "--event", "EV_PACKED_V0", "--payload", "-", "--json", "--no-picture", *options]
    return depot.command(*line, stdin=payload)


def refused(answer: Answer, exit_code: int, code: str, message: str, hint: str = "") -> None:
    error = answer.error()
    assert (answer.code, error["code"], error["message"], error["hint"]) == (exit_code, code, message, hint)


# --- where there is nothing ----------------------------------------------------------------------


def test_where_nothing_was_ever_run_nothing_is_found_and_nothing_is_made(depot: Depot) -> None:
    assert depot.command("list").out == ""
    assert depot.command("list", "--json").json() == {"runs": []}
    assert depot.command("resume").out == "There is nothing to go on with.\n"
    assert depot.command("resume", "--json").json() == {"refused": [], "runs": []}
    assert depot.command("state", "ls").out == ""
    assert depot.command("state", "ls", "--json").json() == {}
    for line in OF_A_RUN:
        refused(depot.command(*line, NOBODY, "--json"), 2, "R014", f"There is no run `{NOBODY}` in this store.", NEXT)
    refused(signal(depot, NOBODY), 2, "R014", f"There is no run `{NOBODY}` in this store.", NEXT)
    nothing = depot.command("state", "get", NOTES, "o1")
    assert (nothing.code, nothing.err) == (
        2,
        f"error[R088]: Nothing was ever written to a store `{NOTES}`.\n  hint: None of the stores holds anything.\n",
    )
    assert depot.place.untouched()


def test_what_is_no_id_and_a_run_that_there_is_not_are_refused_alike_by_every_command(depot: Depot) -> None:
    waiting(depot)
    for line in OF_A_RUN:
        refused(depot.command(*line, NOBODY, "--json"), 2, "R014", f"There is no run `{NOBODY}` in this store.", NEXT)
        refused(depot.command(*line, "../x", "--json"), 2, "R063", "`../x` is not the id of a run.", NEXT)
    refused(signal(depot, "../x"), 2, "R063", "`../x` is not the id of a run.", NEXT)


# --- waiting -------------------------------------------------------------------------------------


def test_a_run_that_waits_says_so_and_what_somebody_can_do(depot: Depot) -> None:
    text = depot.run("WF_ORDER_V0", ORDER)
    id = str(depot.only_run()["id"])
    assert (text.code, text.out.splitlines()[:4]) == (
        13,
        [
            "WAITING",
            "  changed  core::CS_HTTP_CALL_V0 CALL × 1",
            "  waits    packed: PACKED (shipping::EV_PACKED_V0), until 2096-01-01T00:00:00.000Z",
            f"  next     pgs_runtime show {id}",
        ],
    )
    assert depot.command("list").out == f"{id}  WAITING      shipping::WF_ORDER_V0\n"
    assert depot.command("list", "--status", "IN_DOUBT").out == ""
    shown = depot.command("show", id).out.splitlines()
    assert shown[:3] == text.out.splitlines()[:3]
    assert [line.split()[0] for line in shown[3:]] == ["run", "of", "snapshot", "next", "next", "next"]
    assert shown[6].startswith(f"  next     Send PACKED: pgs_runtime signal {id} --event shipping::EV_PACKED_V0 ")
    told = depot.command("show", id, "--json").json()
    assert (told["status"], told["exit"], told["exit_code"], told["lines"]) == ("WAITING", None, 13, 6)
    assert told["waits"] == [
        {
            "due": "2096-01-01T00:00:00.000Z",
            "node": "packed",
            "signals": [{"event": "shipping::EV_PACKED_V0", "name": "PACKED"}],
        }
    ]
    assert [step.partition(":")[0] for step in told["next"]] == [
        "Send PACKED", "When the time is over, go on", "If nobody wants it any more, end it",
    ]  # fmt: skip


MISFITS = "`PACKED` of `packed` does not take the event: "
BAD_SIGNALS = (
    (b'{"order":"o2","boxes":2}', [], "`PACKED` of `packed` is for another `order`."),
    (b"{}", [], f"{MISFITS}`/boxes` is required, and not there."),
    (b'{"order":"o1","boxes":0}', [], f"{MISFITS}`/boxes` is below 1."),
    (b"[1]", [], f"{MISFITS}`/` is not an object."),
    (PACKED, ["--event", "EV_OTHER_V0"], "`shipping::EV_OTHER_V0` is not waited for."),
)


def test_a_signal_that_nobody_can_use_is_refused_and_recorded_and_the_run_waits_on(depot: Depot) -> None:
    id = waiting(depot)
    for payload, options, why in BAD_SIGNALS:
        answer = signal(depot, id, payload, *options)
        assert (answer.code, answer.json()["kind"]) == (5, "WAITING")
        assert (answer.error()["code"], answer.error()["message"]) == ("R083", f"The signal was refused: {why}")
    for payload, options, code in ((b'{"order":', [], "J103"), (PACKED, ["--actor", "AC_NOBODY_V0"], "R018")):
        answer = signal(depot, id, payload, *options)
        assert (answer.code, answer.error()["code"]) == (5, code)
    bare = depot.command("signal", id, "--event", "shipping::EV_PACKED_V0", "--no-picture")
    said = f"error[R083]: The signal was refused: {MISFITS}`/boxes` is required, and not there.\n"
    assert (bare.code, bare.err, bare.out.splitlines()[0]) == (5, said, "WAITING")
    missing = depot.command("signal", id, "--event", "EV_PACKED_V0", "--payload", "nowhere.json")
    assert (missing.code, missing.err) == (
        2, "error[R019]: `nowhere.json` cannot be read: No such file or directory.\n",
    )  # fmt: skip
    assert depot.command("signal", id, "--json").error()["message"] == "`--event` is missing."
    with depot.runtime() as runtime:
        assert depot.whole(runtime, id)[6:] == ["signal refused"] * (len(BAD_SIGNALS) + 1)
    assert depot.mail.taken == []


def test_a_signal_moves_the_run_to_its_end_and_then_there_is_nothing_to_signal(depot: Depot) -> None:
    id = waiting(depot, ORDER, "--request-id", "r1")
    answer = signal(depot, id)
    assert (answer.code, answer.json()["kind"], answer.json()["result"]) == (0, "COMPLETED", {"boxes": 2})
    assert len(depot.mail.taken) == 1
    hint = f"`pgs_runtime show {id}` tells how it stands."
    for again in (signal(depot, id), depot.command("cancel", id, "--reason", "late", "--json")):
        assert (again.code, again.error()["code"], again.error()["hint"]) == (2, "R084", hint)
    word = depot.command("reconcile", id, "--retry", "--reason", "r", "--json")
    refused(word, 2, "R085", f"Nothing of the run `{id}` is in doubt: it is COMPLETED.", hint)
    assert depot.command("resume", id, "--no-picture").code == 0
    repeated = depot.run("WF_ORDER_V0", ORDER, "--request-id", "r1", "--json").json()
    assert (repeated["repeated"], repeated["trace_id"], repeated["result"]) == (True, id, {"boxes": 2})
    assert (len(depot.mail.taken), len(depot.service.asked)) == (1, 1)


def test_cs_04_a_request_id_finds_a_run_that_waits_and_is_good_for_one_payload(depot: Depot) -> None:
    id = waiting(depot, ORDER, "--request-id", "r1")
    again = depot.run("WF_ORDER_V0", ORDER, "--request-id", "r1")
    assert (again.code, again.out.splitlines()[0]) == (13, "WAITING (answered before)")
    told = depot.run("WF_ORDER_V0", ORDER, "--request-id", "r1", "--json").json()
    assert (told["trace_id"], told["repeated"], told["waits"][0]["node"]) == (id, True, "packed")
    other = depot.run("WF_ORDER_V0", {**ORDER, "amount": 6}, "--request-id", "r1", "--json")
    assert (other.code, other.error()["code"], len(depot.service.asked)) == (5, "R015", 1)
    assert depot.command("show", id, "--json").json()["request_id"] == "r1"
    assert "  asked as r1\n" in depot.command("show", id).out


def test_cancelling_takes_back_and_is_told_with_0_and_the_run_with_130(depot: Depot) -> None:
    id = waiting(depot, ORDER, "--request-id", "r1")
    assert depot.command("cancel", id, "--json").error()["message"] == "`--reason` is missing."
    answer = depot.command("cancel", id, "--reason", "not wanted", "--no-picture")
    assert (answer.code, answer.out.splitlines()[0]) == (0, "CANCELLED")
    with depot.runtime() as runtime:
        assert depot.notes(runtime) == ["PAY_BACK"]
        assert depot.whole(runtime, id)[-2:] == ["undo charge SUCCESS", "cancelled"]
    again = depot.run("WF_ORDER_V0", ORDER, "--request-id", "r1", "--json")
    assert (again.code, again.json()["kind"], again.json()["repeated"]) == (130, "CANCELLED", True)
    assert depot.command("resume", id, "--no-picture").code == 130


# --- going on ------------------------------------------------------------------------------------


@pytest.mark.tampers("a kept answer is changed, so that one run cannot be gone on with")
def test_resuming_all_goes_on_with_what_it_can_and_tells_of_what_it_cannot(depot: Depot) -> None:
    over, waits = [waiting(depot, {**PAST, "order": name}) for name in ("o1", "o2")], waiting(depot)
    diverges = waiting(depot, {**PAST, "order": "o3"})
    tamper(depot, diverges)
    answer = depot.command("resume", "--no-picture", "--json")
    message = f"The run `{diverges}` does not do again what its record says: it ends within the segment of line 4."
    hint = "Run it with the versions that its header names."
    assert (answer.code, answer.json()) == (
        9,
        {
            "refused": [
                {"error": {"code": "R081", "hint": hint, "message": message, "where": ""}, "trace_id": diverges}
            ],
            "runs": [{"exit": "NOT_PACKED", "kind": "FAILED", "trace_id": id} for id in sorted(over)],
        },
    )
    assert answer.err == f"error[R081]: {message}\n  hint: {hint}\n"
    text = depot.command("resume", "--no-picture")
    assert (text.code, text.out, text.err) == (9, "", answer.err)
    for line in (["resume", diverges], ["cancel", diverges, "--reason", "r"]):
        refused(depot.command(*line, "--json"), 9, "R081", message, hint)
    stands = {run["id"]: run["status"] for run in depot.command("list", "--json").json()["runs"]}
    assert stands == {**dict.fromkeys(over, "FAILED"), waits: "WAITING", diverges: "WAITING"}
    with depot.runtime() as runtime:
        assert depot.whole(runtime, over[0])[-2:] == ["undo charge SUCCESS", "exit late NOT_PACKED"]
    assert sorted(path.stem for path in depot.place.workspace.glob("traces/*/*.jsonl")) == sorted(stands)


@pytest.mark.tampers("a kept answer is changed, so that the run diverges")
def test_a_run_that_diverges_is_abandoned_as_it_stands_and_nothing_is_asked_or_taken_back(depot: Depot) -> None:
    id = waiting(depot)
    line = ["abandon", id, "--reason", "the bank was asked"]
    can = "can be gone on with, or cancelled, so it is not abandoned."
    hint = f"`pgs_runtime show {id}` tells what can be done."
    refused(depot.command(*line, "--json"), 2, "R141", f"The run `{id}` {can}", hint)
    tamper(depot, id)
    answer = depot.command(*line)
    assert (answer.code, answer.out.splitlines()[:2]) == (
        0, ["CANCELLED ABANDONED", "  changed  core::CS_HTTP_CALL_V0 CALL × 1"],
    )  # fmt: skip
    assert (len(depot.service.asked), depot.mail.taken) == (1, [])
    assert depot.command("verify", trace_file(depot, id)).code == 0
    account = trace_file(depot, id).with_suffix(".md").read_text()
    assert "left the run as it stands, which could not be gone on with (`R081`)" in account
    assert "Nothing more was taken back." in account
    examined = depot.command("examine", trace_file(depot, id))
    assert (examined.code, examined.out.splitlines()[0]) == (0, f"{id}  CANCELLED, left as it stands")
    assert "undone by hand" in examined.out
    for later in ("abandon", "cancel"):
        again = depot.command(later, id, "--reason", "r", "--json")
        refused(again, 2, "R084", f"The run `{id}` has ended CANCELLED: there is nothing to cancel.", STANDS.format(id))
    assert depot.command("resume", "--json").json() == {"refused": [], "runs": []}


STANDS = "`pgs_runtime show {}` tells how it stands."


@pytest.mark.tampers("the snapshot is taken away")
def test_a_run_whose_snapshot_is_gone_for_good_is_abandoned(depot: Depot) -> None:
    id, doubt = waiting(depot, PAST), doubtful(depot)
    root = str(depot.command("show", id, "--json").json()["snapshot"])
    recompile(depot.place, version="2")
    assert depot.run("WF_CHARGE_KEYED_V0", CHARGE).code == 0
    shutil.rmtree(depot.place.data / "snapshots" / root)
    answer = depot.command("abandon", id, "--reason", "the disk is lost", "--json")
    assert (answer.code, answer.json()["kind"], answer.json()["exit"]) == (0, "CANCELLED", "ABANDONED")
    assert answer.json()["effects"] == {"core::CS_HTTP_CALL_V0": {"CALL": 1}}
    last = depot.command("abandon", doubt, "--reason", "so is this", "--no-picture")
    assert (last.code, last.out.splitlines()[:2]) == (
        0, ["CANCELLED ABANDONED", "  changed  shipping::ST_NOTES_V0 APPEND × 1"],
    )  # fmt: skip
    examined = depot.command("examine", trace_file(depot, doubt), "--json").json()
    assert [each["node"] for each in examined["unknown"]] == ["charge"]
    assert examined["outside"][-1]["code"] == "Z901"
    with depot.runtime() as runtime:
        assert [status for status, _ in depot.effects(runtime, doubt)] == ["IN_DOUBT"]
        assert runtime.store.check() == ()


def tamper(depot: Depot, id: str) -> None:
    """Change the answer that is kept of the bank, as somebody can who owns the file."""
    with closing(sqlite3.connect(depot.place.data / "state.db")) as raw:
        (law,) = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'kept_update'").fetchone()
        raw.execute("DROP TRIGGER kept_update")
        changed = raw.execute(
            "UPDATE kept SET body = CAST(replace(CAST(body AS TEXT), '[\"SUCCESS\",', '[\"CLIENT_ERROR\",') AS BLOB)"
            " WHERE run = ? AND instr(CAST(body AS TEXT), '[\"SUCCESS\",')",
            (id,),
        )
        assert changed.rowcount == 1
        raw.execute(law)
        raw.commit()


def test_a_run_goes_on_with_the_snapshot_that_it_began_with(depot: Depot) -> None:
    id = waiting(depot)
    before = depot.only_run()["snapshot"]
    source = depot.place.workspace / "shipping.yaml"
    source.write_text(
        source.read_text()
        .replace("is packed\nbinding", "is put into boxes\nbinding")
        .replace("subject: Your order is packed", "subject: Another text")
    )
    recompile(depot.place, version="2")
    answer = depot.command("signal", id, "--event", "EV_PACKED_V0", "--payload", "-", "--json", stdin=PACKED)
    assert (answer.code, answer.json()["kind"], depot.only_run()["snapshot"]) == (0, "COMPLETED", before)
    assert sorted(Path(path).suffix for path in answer.json()["trace"]) == [".jsonl", ".md", ".png"]
    assert b"Subject: Your order is packed" in depot.mail.taken[0].content


def test_a_run_whose_snapshot_is_gone_stays_where_it_is(depot: Depot) -> None:
    id, other = waiting(depot, PAST), "WF_CHARGE_KEYED_V0"
    root = str(depot.only_run()["snapshot"])
    recompile(depot.place, version="2")
    assert depot.run(other, CHARGE).code == 0
    (depot.place.data / "snapshots" / root).rename(depot.place.data / "elsewhere")
    answer = depot.command("resume", id, "--json")
    assert (answer.code, answer.error()["code"], depot.command("show", id, "--json").code) == (3, "Z901", 0)
    everything = depot.command("resume", "--json")
    assert (everything.code, [each["trace_id"] for each in everything.json()["refused"]]) == (3, [id])
    assert everything.err.startswith(f"error[Z901] ({id}")
    (depot.place.data / "elsewhere").rename(depot.place.data / "snapshots" / root)
    assert depot.command("resume", id, "--no-picture").code == 1


def test_the_files_of_a_run_that_another_one_moves_are_made_as_well(depot: Depot) -> None:
    id, other = waiting(depot), waiting(depot, {**ORDER, "order": "o2"})
    before = trace_file(depot, other).read_bytes()
    packed = depot.run("WF_PACK_V0", {"order": "o1", "boxes": 2}, "--json")
    assert (packed.code, packed.json()["kind"], len(depot.mail.taken)) == (0, "COMPLETED", 1)
    assert b'"kind":"exit"' in trace_file(depot, id).read_bytes().splitlines()[-1]
    assert depot.command("verify", trace_file(depot, id)).code == 0
    assert trace_file(depot, other).read_bytes() == before
    blocked = trace_file(depot, other).parent
    shutil.rmtree(blocked)
    blocked.symlink_to(depot.place.data)
    unwritten = depot.run("WF_PACK_V0", {"order": "o2", "boxes": 1}, "--json")
    assert (unwritten.code, unwritten.json()["kind"], "error[R062]" in unwritten.err) == (14, "COMPLETED", True)
    assert depot.command("show", other, "--json").json()["status"] == "COMPLETED"


def trace_file(depot: Depot, id: str) -> Path:
    return depot.place.workspace / "traces" / id / f"{id}.jsonl"


# --- in doubt ------------------------------------------------------------------------------------


def test_an_effect_in_doubt_is_shown_with_its_key_and_what_can_be_said_of_it(depot: Depot) -> None:
    id = doubtful(depot)
    (key,) = depot.service.done
    shown = depot.command("show", id).out.splitlines()
    assert shown[:3] == [
        "IN_DOUBT",
        "  changed  shipping::ST_NOTES_V0 APPEND × 1",
        f"  in doubt charge: CALL of core::CS_HTTP_CALL_V0, key {key}",
    ]
    told = depot.command("show", id, "--json").json()
    assert told["doubts"] == [
        {"key": key, "node": "charge", "operation": "CALL", "side_effect": "core::CS_HTTP_CALL_V0", "step": "charge"}
    ]
    assert [step.rpartition(" ")[2] for step in told["next"]] == ["OUTCOME", "--retry", "--give-up"]


ONE_OF = "One of `--done`, `--retry` and `--give-up` says what became of it."
MISFIT = "The outputs do not fit `SUCCESS` of `CALL`: `/status` is required, and not there."
BAD_WORDS = (
    ([], 2, "R001", ONE_OF),
    (["--retry", "--give-up"], 2, "R001", ONE_OF),
    (["--retry", "--outputs", "-"], 2, "R001", "`--outputs` says what it gave, and goes with `--done`."),
    (["--done", "NO"], 2, "R085", "`CALL` does not end so."),
    (["--done", "UNKNOWN"], 2, "R085", "`CALL` does not end so."),
    (["--done", "SUCCESS"], 5, "R085", MISFIT),
    (["--done", "SUCCESS", "--outputs", "x"], 2, "R019", "`x` cannot be read: No such file or directory."),
    (["--retry", "--key", "0" * 64], 2, "R085", f"No effect `{'0' * 64}` is in doubt."),
    (["--retry", "--actor", "AC_NOBODY_V0"], 5, "R018", "The snapshot has no actor `AC_NOBODY_V0`."),
)


def test_a_word_about_an_effect_that_cannot_be_so_changes_nothing(depot: Depot) -> None:
    id = doubtful(depot)
    before = tree(depot.place.data)
    for words, exit_code, code, message in BAD_WORDS:
        answer = depot.command("reconcile", id, "--reason", "r", "--json", *words)
        assert (answer.code, answer.error()["code"], answer.error()["message"]) == (exit_code, code, message)
    assert tree(depot.place.data) == before
    assert len(depot.service.asked) == 1


@pytest.mark.parametrize(
    ("words", "kind", "charged"),
    [
        (["--retry"], "COMPLETED", 2),
        (["--done", "CLIENT_ERROR", "--outputs", "-"], "FAILED", 1),
        (["--give-up"], "CANCELLED", 1),
    ],
)
def test_a_word_about_an_effect_is_recorded_and_the_run_goes_on(
    depot: Depot, words: list[str], kind: str, charged: int
) -> None:
    id = doubtful(depot)
    (key,) = depot.service.done
    line = ["reconcile", id, "--reason", "called the bank", "--key", key, "--json", "--no-picture", *words]
    answer = depot.command(*line, stdin=b'{"status":422}')
    assert (answer.code, answer.json()["kind"]) == (1 if kind == "FAILED" else 0, kind)
    assert (len(depot.service.asked), list(depot.service.done)) == (charged, [key])
    with depot.runtime() as runtime:
        said = next(line for line in map(json.loads, runtime.trace(id)) if line["kind"] == "reconciled")
        assert depot.notes(runtime) == ["ORDERED"] + ["GIVEN_UP"] * (kind != "COMPLETED")
    assert (said["reason"], said["actor"]["type"], said["authenticated_by"]) == (
        "called the bank", "core::AC_OPERATOR_V0", "local",
    )  # fmt: skip


# --- files of a live run -------------------------------------------------------------------------


def test_the_files_of_a_live_run_are_made_again_and_are_the_beginning_of_those_of_its_end(depot: Depot) -> None:
    id = waiting(depot)
    folder = depot.place.workspace / "traces" / id
    first = (folder / f"{id}.jsonl").read_bytes()
    for file in folder.iterdir():
        file.unlink()
    answer = depot.command("export", id, "--no-picture")
    assert (answer.code, (folder / f"{id}.jsonl").read_bytes()) == (0, first)
    assert "WAITING, not ended" in (folder / f"{id}.md").read_text()
    judged = depot.command("verify", folder, "--level", "self-consistent")
    assert (judged.code, "The run goes on: it is WAITING." in judged.out) == (0, True)
    assert signal(depot, id).code == 0
    last = (folder / f"{id}.jsonl").read_bytes()
    assert last.startswith(first)
    assert depot.command("verify", folder).code == 0
    assert depot.command("export", id, "--json", "--no-picture").code == 0
    assert (folder / f"{id}.jsonl").read_bytes() == last

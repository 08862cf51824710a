"""Whole runs against a bank, a courier and a mail server that lose, refuse, delay and repeat: what is left everywhere.

Of each: how the run ends, what its trace tells, the effect in the store, and what the other side has in its books.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from pgs_runtime.examine.text import as_text
from pgs_runtime.faults import ExitCode
from pgs_runtime.trace.reading import trace_of
from pgs_snapshot.values import Outcome
from tests.durable.depot import Depot
from tests.parties.mail import CUT, DRIP, LOSE, SILENT
from tests.parties.mail import Mood as Post
from tests.parties.service import Mood

CHARGE = {"order": "o1", "amount": 5}
MAIL = {"order": "o1", "to": "ada@example.org"}
KEYED, LEFT = "shipping::WF_CHARGE_KEYED_V0", "shipping::WF_CHARGE_LEFT_V0"
AGAIN, ONCE = "shipping::WF_TELL_AGAIN_V0", "shipping::WF_TELL_LEFT_V0"
PARCEL = "shipping::WF_PARCEL_V0"

BEFORE = ["run", "intent admit ACK", "contract note SUCCESS", "effect charge"]
DONE = [*BEFORE, "reply charge SUCCESS", "contract charge SUCCESS", "exit done COMPLETED"]
REFUSED = [
    *BEFORE, "reply charge CLIENT_ERROR", "contract charge REFUSED", "undo note SUCCESS", "exit failed REFUSED",
]  # fmt: skip
TWICE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}" * 2


@dataclass(frozen=True)
class Bank:
    """How the bank behaves at first.

    Attributes:
        knows: whether anybody knows, from that alone, what came of it.
        asked: how often it is asked under a policy that asks again.
        charged: whether the first call has charged.
    """

    moods: tuple[Mood, ...]
    knows: bool
    asked: int
    charged: bool


BANKS = {
    "answers": Bank((), True, 1, True),
    "answers twice": Bank((Mood(raw=TWICE),), True, 1, True),
    "has too much to do": Bank((Mood(False, status=429), Mood(False, status=429)), True, 3, False),
    "breaks off in the request": Bank((Mood(False, end="in the request"),), False, 1, False),
    "loses the answer": Bank((Mood(end="without an answer"),), False, 2, True),
    "loses half of the answer": Bank((Mood(end="in the answer"),), False, 2, True),
    "does not answer in time": Bank((Mood(end="never"),), False, 2, True),
    "answers without an end": Bank((Mood(end="drop by drop"),), False, 2, True),
    "fails after it has done it": Bank((Mood(status=500),), False, 2, True),
    "fails before": Bank((Mood(False, status=503),), False, 2, False),
    "is still at work on it": Bank((Mood(status=409),), False, 2, True),
    "answers garbage": Bank((Mood(raw=b"\x00\xff\r\n\r\n"),), False, 2, True),
    "loses two answers": Bank((Mood(end="without an answer"), Mood(end="in the answer")), False, 3, True),
}


@pytest.mark.parametrize("bank", BANKS.values(), ids=BANKS)
def test_crash_04_what_is_asked_for_again_under_its_key_is_charged_once(depot: Depot, bank: Bank) -> None:
    depot.service.moods += bank.moods
    with depot.runtime() as runtime:
        run = runtime.run(KEYED, CHARGE, depot.actor(runtime))
        assert (run.kind, run.exit_code) == ("COMPLETED", ExitCode.DONE)
        assert run.effects == {"core::CS_HTTP_CALL_V0": {"CALL": 1}, "shipping::ST_NOTES_V0": {"APPEND": 1}}
        assert depot.whole(runtime, run) == DONE
        ((status, key),) = depot.effects(runtime, run.trace_id)
    assert (status, list(depot.service.done), len(depot.service.asked)) == ("DONE", [key], bank.asked)
    assert {asked.key for asked in depot.service.asked} == {key}
    assert len({str(asked) for asked in depot.service.asked}) == 1  # every try sends the same


@pytest.mark.parametrize("bank", BANKS.values(), ids=BANKS)
def test_what_is_left_to_a_person_is_asked_for_once_where_nobody_knows(depot: Depot, bank: Bank) -> None:
    depot.service.moods += bank.moods
    with depot.runtime() as runtime:
        run = runtime.run(LEFT, CHARGE, depot.actor(runtime))
        ((status, key),) = depot.effects(runtime, run.trace_id)
        lines = depot.whole(runtime, run)
        if bank.knows:
            assert (run.kind, status, len(depot.service.asked)) == ("COMPLETED", "DONE", bank.asked)
            return
        assert (run.kind, run.exit_code, status) == ("IN_DOUBT", ExitCode.IN_DOUBT, "IN_DOUBT")
        assert lines == [*BEFORE, "doubt charge"]
        assert [doubt["key"] for doubt in run.doubts] == [key]
        assert (list(depot.service.done), len(depot.pauses)) == ([key] if bank.charged else [], 0)
        depot.service.moods.clear()
        ended = runtime.reconcile(run.trace_id, "retry", depot.actor(runtime), "asked at the bank")
        assert ended.kind == "COMPLETED"
        told = [*BEFORE, "doubt charge", "reconciled charge retry", *DONE[4:]]
        assert depot.whole(runtime, run.trace_id) == told
        assert depot.effects(runtime, run.trace_id) == [("DONE", key)]
    assert list(depot.service.done) == [key]


@pytest.mark.parametrize("workflow", [KEYED, LEFT])
def test_what_the_other_side_refuses_for_good_is_an_answer_and_what_was_done_before_is_undone(
    depot: Depot, workflow: str
) -> None:
    depot.service.moods.append(Mood(False, status=422))
    with depot.runtime() as runtime:
        run = runtime.run(workflow, CHARGE, depot.actor(runtime))
        assert (run.kind, run.exit, run.exit_code) == ("FAILED", "REFUSED", ExitCode.FAILED)
        assert depot.whole(runtime, run) == REFUSED
        assert depot.notes(runtime) == ["ORDERED", "GIVEN_UP"]
        assert [status for status, _ in depot.effects(runtime, run.trace_id)] == ["DONE"]
    assert (depot.service.done, len(depot.service.asked)) == ({}, 1)


@pytest.mark.parametrize("workflow", [KEYED, LEFT])
def test_an_answer_of_which_only_the_status_can_be_read_is_an_answer(depot: Depot, workflow: str) -> None:
    depot.service.moods.append(Mood(body=b"<html>"))
    with depot.runtime() as runtime:
        run = runtime.run(workflow, CHARGE, depot.actor(runtime))
        assert (run.kind, run.result) == ("COMPLETED", {"status": 200})
        assert depot.whole(runtime, run) == [*BEFORE, "reply charge UNREADABLE", *DONE[5:]]
    assert (len(depot.service.asked), len(depot.service.done)) == (1, 1)


def test_what_was_answered_and_could_not_be_read_may_have_taken_place_and_is_undone(depot: Depot) -> None:
    depot.service.moods.append(Mood(body=b"<html>"))
    order = {**CHARGE, "to": "ada@example.org", "until": "2096-01-01T00:00:00Z"}
    with depot.runtime() as runtime:
        run = runtime.run("shipping::WF_ORDER_V0", order, depot.actor(runtime))
        assert (run.kind, run.effects) == ("WAITING", {})
        ended = runtime.cancel(run.trace_id, depot.actor(runtime), "not wanted")
        assert (ended.kind, depot.notes(runtime)) == ("CANCELLED", ["PAY_BACK"])
        assert depot.whole(runtime, run)[-2:] == ["undo charge SUCCESS", "cancelled"]
        text = as_text(trace_of(runtime.trace(run.trace_id)), runtime.snapshot)
    assert "  core::CS_HTTP_CALL_V0 CALL: nobody knows whether it took place" in text.splitlines()
    assert len(depot.service.done) == 1


@pytest.mark.parametrize("workflow", [KEYED, LEFT])
def test_who_is_not_there_is_tried_three_times_and_then_a_person_is_asked(depot: Depot, workflow: str) -> None:
    depot.tell(CS_HTTP_CALL_V0={"endpoints": {"bank": {"url": "http://localhost:1", "keyed": True}}})
    with depot.runtime() as runtime:
        run = runtime.run(workflow, CHARGE, depot.actor(runtime))
        assert (run.kind, depot.pauses) == ("IN_DOUBT", [0.1, 0.2])
        assert depot.whole(runtime, run) == [*BEFORE, "doubt charge"]
    depot.tell()
    with depot.runtime() as runtime:
        assert runtime.reconcile(run.trace_id, "retry", depot.actor(runtime), "it is open again").kind == "COMPLETED"
        ((status, key),) = depot.effects(runtime, run.trace_id)
    assert (status, list(depot.service.done)) == ("DONE", [key])


def test_a_person_who_gives_up_has_it_undone_and_nothing_is_asked_any_more(depot: Depot) -> None:
    depot.service.moods.append(Mood(False, end="in the request"))
    with depot.runtime() as runtime:
        run = runtime.run(LEFT, CHARGE, depot.actor(runtime))
        ended = runtime.reconcile(run.trace_id, "give_up", depot.actor(runtime), "not on the statement")
        assert (ended.kind, depot.notes(runtime)) == ("CANCELLED", ["ORDERED", "GIVEN_UP"])
        assert depot.whole(runtime, run.trace_id)[5:] == ["reconciled charge give_up", "undo note SUCCESS", "cancelled"]
        assert [status for status, _ in depot.effects(runtime, run.trace_id)] == ["FAILED"]
    assert depot.service.done == {}


# --- looked up -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moods", "methods"),
    [
        ([], ["PUT"]),
        ([Mood(end="without an answer")], ["PUT", "GET"]),
        ([Mood(end="never")], ["PUT", "GET"]),
        ([Mood(end="in the answer")], ["PUT", "GET"]),
        ([Mood(end="without an answer"), Mood(end="in the answer")], ["PUT", "GET", "GET"]),
        ([Mood(False, end="in the request")], ["GET", "PUT"]),
    ],
    ids=["answers", "lost", "late", "half", "lost twice", "never came"],
)
def test_what_can_be_looked_up_is_looked_up_before_it_is_asked_for_again(
    depot: Depot, moods: list[Mood], methods: list[str]
) -> None:
    depot.service.moods += moods
    with depot.runtime() as runtime:
        run = runtime.run(PARCEL, {"order": "o1"}, depot.actor(runtime))
        assert (run.kind, run.result) == ("COMPLETED", {"number": 1})
        assert depot.whole(runtime, run) == [
            "run", "intent admit ACK", "effect parcel", "reply parcel SUCCESS", "contract parcel SUCCESS",
            "exit done COMPLETED",
        ]  # fmt: skip
        ((status, key),) = depot.effects(runtime, run.trace_id)
    assert (status, list(depot.service.done), depot.service.methods) == ("DONE", [key], methods)


def test_what_cannot_even_be_looked_up_is_in_doubt_and_not_asked_for_again(depot: Depot) -> None:
    depot.service.moods += [Mood(end="without an answer"), *[Mood(False, status=500)] * 9]
    with depot.runtime() as runtime:
        run = runtime.run(PARCEL, {"order": "o1"}, depot.actor(runtime))
        assert (run.kind, depot.whole(runtime, run)[2:]) == ("IN_DOUBT", ["effect parcel", "doubt parcel"])
    assert (depot.service.methods, len(depot.service.done)) == (["PUT", "GET", "GET"], 1)


# --- e-mail --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """How the mail server behaves at first; `knows` as of a bank.

    `came`: how many e-mails come where it is sent again, and where it is not.
    """

    moods: tuple[Post, ...]
    knows: bool
    came: tuple[int, int]


SERVERS = {
    "takes it": Server((), True, (1, 1)),
    "is busy": Server(({"MAIL": "451 later"}, {"GREETING": "421 later"}), True, (1, 1)),
    "breaks off before": Server(({"RCPT": CUT}, {"DATA": CUT}), True, (1, 1)),
    "breaks off after it has it": Server(({"END": LOSE},), False, (2, 1)),
    "breaks off and forgets it": Server(({"END": CUT},), False, (1, 0)),
    "takes it and says nothing": Server(({"END": SILENT},), False, (2, 1)),
    "answers without an end": Server(({"END": DRIP},), False, (2, 1)),
}
TOLD = [
    "run", "intent admit ACK", "effect tell", "reply tell SUCCESS", "contract tell SUCCESS", "exit done COMPLETED",
]  # fmt: skip


@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS)
def test_an_email_that_may_be_sent_twice_is_the_same_each_time(depot: Depot, server: Server) -> None:
    depot.mail.moods += server.moods
    with depot.runtime() as runtime:
        run = runtime.run(AGAIN, MAIL, depot.actor(runtime))
        ((status, key),) = depot.effects(runtime, run.trace_id)
        assert (run.kind, run.result) == ("COMPLETED", {"message_id": f"<{key}@example.org>"})
        assert (depot.whole(runtime, run), status) == (TOLD, "DONE")
    assert len(depot.mail.taken) == server.came[0]
    assert len({taken.content for taken in depot.mail.taken}) == 1
    assert f"Message-ID: <{key}@example.org>".encode() in depot.mail.taken[0].content


@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS)
def test_an_email_that_is_sent_once_is_in_doubt_where_nobody_knows(depot: Depot, server: Server) -> None:
    depot.mail.moods += server.moods
    with depot.runtime() as runtime:
        run = runtime.run(ONCE, MAIL, depot.actor(runtime))
        assert run.kind == ("COMPLETED" if server.knows else "IN_DOUBT")
        assert depot.whole(runtime, run) == (TOLD if server.knows else [*TOLD[:3], "doubt tell"])
        assert len(depot.mail.taken) == server.came[1]
        if not server.knows:
            ((status, key),) = depot.effects(runtime, run.trace_id)
            assert status == "IN_DOUBT"
            gave = Outcome("SUCCESS", message_id=f"<{key}@example.org>")
            ended = runtime.reconcile(run.trace_id, "done", depot.actor(runtime), "she has it", told=gave)
            assert (ended.kind, len(depot.mail.taken)) == ("COMPLETED", server.came[1])


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "END"])
def test_an_email_that_is_refused_for_good_is_not_sent_again(depot: Depot, stage: str) -> None:
    depot.mail.moods.append({stage: "550 nobody here"})  # type: ignore[dict-item]
    with depot.runtime() as runtime:
        run = runtime.run(AGAIN, MAIL, depot.actor(runtime))
        assert (run.kind, run.exit, depot.mail.taken) == ("DENIED", "NO_SUCH_ADDRESS", [])
        assert depot.whole(runtime, run)[3:5] == ["reply tell REFUSED", "contract tell REFUSED"]


# --- implementations that break their word -------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"number":"one"}', "FIND of shipping::CS_COURIER_V0 gave outputs that `SUCCESS` does not declare."),
        (b"[]", "ORDER of shipping::CS_COURIER_V0"),
        (b"5", "FIND of shipping::CS_COURIER_V0 raised TypeError"),
    ],
    ids=["another type", "an outcome that is not declared", "an exception"],
)
def test_cs_06_an_implementation_that_breaks_its_word_leaves_its_effect_in_doubt(
    depot: Depot, body: bytes, why: str
) -> None:
    depot.service.moods += [Mood(body=body)] * 9
    with depot.runtime() as runtime:
        run = runtime.run(PARCEL, {"order": "o1"}, depot.actor(runtime))
        assert (run.kind, depot.whole(runtime, run)[2:]) == ("IN_DOUBT", ["effect parcel", "doubt parcel"])
        said = json.loads(runtime.trace(run.trace_id)[-1])["why"]
        depot.service.moods.clear()
        ended = runtime.reconcile(run.trace_id, "retry", depot.actor(runtime), "mended")
        assert (ended.kind, ended.result) == ("COMPLETED", {"number": 1})
    assert why in said

"""What is told of runs that wait, ask the outside and take back: in words, in pictures, and nothing labelled."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from pgs_runtime.examine.account import account
from pgs_runtime.examine.dealings import steps
from pgs_runtime.examine.reasons import Meaning
from pgs_runtime.examine.text import as_json, as_text, hints
from pgs_runtime.trace.reading import trace_of
from pgs_snapshot.drawing import mermaid, svg
from pgs_snapshot.drawing.picture import Picture, picture_of
from pgs_snapshot.values import Value
from tests.durable.ward import ANN, BEA, CONSENT, LABELLED, NURSE, RUNS, Ward, nurse, snapshot, ward_of
from tests.runtime.goldens import golden
from tests.runtime.test_account import HEADINGS, HOSTILE, poisoned, tokens
from tests.runtime.till import rechained

FOLDER = Path(__file__).parents[1] / "data" / "durable_traces"
KEPT = ("waiting", "in_doubt", "reconciled", "taken_back", "cancelled", "round_ended")
OWN_HEADINGS = [*HEADINGS, "What came from outside, and when", "How it goes on"]


def told(name: str) -> str:
    return account(ward_of(name).trace, snapshot())


def shown(name: str) -> str:
    return as_text(ward_of(name).trace, snapshot())


def masked(name: str, text: str) -> str:
    """Without what changes with every version of the compiler."""
    return text.replace(snapshot().id, "SNAPSHOT").replace(ward_of(name).trace.head, "HEAD")


def drawn(name: str) -> Picture:
    trace = ward_of(name).trace
    state = trace.ending.kind if trace.ending else trace.state
    return picture_of(snapshot().graph(trace.header.workflow), trace.way, trace.header.run, trace.taken_back, state)


# --- in words ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KEPT)
def test_what_is_told_of_a_run_is_what_is_kept(name: str) -> None:
    for form, text in ((".md", told(name)), (".txt", shown(name) + "\n")):
        text = masked(name, text)
        assert text == golden(f"{name}{form}", text, FOLDER)


def test_nothing_is_kept_that_is_not_told() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}{form}" for name in KEPT for form in (".md", ".txt")}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("waiting", "It is **WAITING** at `consent` until 2026-03-02 at 09:00:00.000 UTC for `GIVEN`"),
        ("waiting", "`GIVEN` takes another person than who acted at `admit`"),
        ("waiting", "refused, because `GIVEN` of `consent` is for another `ward`; `WITHHELD` of `consent`"),
        ("expired", "What decided that: `consent` (`clinic.yaml:8`) ended as `EXPIRED`, because its time was over."),
        ("treated", "sent `clinic::EV_CONSENT_V0`: accepted as `GIVEN`"),
        (
            "told_by_a_run",
            "of `clinic::WF_CONSENT_V0`, asked for by `bea` as `clinic::AC_NURSE_V0` (the run that emitted",
        ),
        ("told_by_a_run", "emitted `clinic::EV_CONSENT_V0`: accepted as `GIVEN`"),
        ("in_doubt", "nobody knows what became of `RESERVE` of `clinic::CS_PHARMACY_V0` at `reserve`."),
        ("in_doubt", "nobody knows yet whether it took place"),
        ("reconciled", "said that it took place and ended as `SUCCESS`, for the reason `I called them up`"),
        ("reconciled", "the other side does not know a key again, so it may be done more than once"),
        ("taken_back", "taken back later by `clinic::CC_STRIKE_V0`, outcome `SUCCESS`"),
        ("taken_back", "What it changed stands, and what takes some of it back stands beside it."),
        ("taken_back", "`APPEND` for `W1`, by `chart`, which was taken back later"),
        ("taken_back", "`APPEND` for `W1`, by `chart`, to take it back"),
        ("taking_back", "3. **`second`** — Treat a patient, if another nurse consents"),
        ("cancelled", "cancelled the run, for the reason `the patient went home`. The run ended **CANCELLED**."),
        ("cancelled", "by `send`, within `first`, which was taken back later"),
        ("taking_back_given_up", "said that it did not take place and is left so"),
        ("cancelled_in_doubt", "`RESERVE`, by `reserve`; nobody knows whether it took place"),
        ("given_up", "said that it did not take place and nobody wants the run any more"),
        ("round_ended", "- item 1: `clinic::WF_TREAT_V0` ended COMPLETED at `done`"),
        ("round_ended", "The event `clinic::EV_TREATED_V0`, emitted within `every[2]`:"),
        ("round", "- item 2: it has not ended"),
    ],
)
def test_the_account_says_what_came_of_what_was_asked(name: str, sentence: str) -> None:
    assert sentence in told(name)


def test_an_effect_that_a_person_has_settled_is_not_told_as_unknown() -> None:
    assert "nobody knows whether" not in told("given_up").partition("## What changed")[2]


def test_items_are_told_in_their_order_whenever_they_ran() -> None:
    text = told("round_ended")
    places = [text.index(f"- item {number}:") for number in range(3)]
    assert places == sorted(places)


# --- how it goes on ------------------------------------------------------------------------------


def test_a_live_run_comes_with_the_commands_that_go_on_with_it() -> None:
    ward = ward_of("waiting")
    found = [step.command for step in steps(ward.trace, Meaning(snapshot(), ward.trace.header.workflow))]
    run = ward.run
    assert found == [
        f"pgs_runtime signal {run} --event {CONSENT} --payload FILE --actor {NURSE}",
        f"pgs_runtime signal {run} --event {CONSENT} --payload FILE --actor {NURSE}",
        f"pgs_runtime resume {run}",
        f"pgs_runtime cancel {run} --reason TEXT --actor AC_NAME",
    ]
    doubt = ward_of("in_doubt")
    key = doubt.trace.pending[0].ask.key  # type: ignore[union-attr]
    choices = [step.command.rpartition("--actor AC_NAME ")[2] for step in steps(doubt.trace, Meaning(None, ""))]
    assert choices == ["--done OUTCOME", "--retry", "--give-up"]
    assert all(f"--key {key}" in hint for hint in hints(doubt.trace))


def test_what_is_being_taken_back_can_be_left_as_it_is() -> None:
    told = [step.command for step in steps(ward_of("taking_back").trace, Meaning(None, ""))]
    assert [command.rpartition(" ")[2] for command in told] == ["OUTCOME", "--retry", "--give-up"]


def test_a_name_in_a_trace_is_one_word_of_the_command_that_is_told() -> None:
    ward = ward_of("waiting")

    def change(bodies: list[dict[str, Value]]) -> None:
        bodies[2]["signals"] = [{"event": "x; rm -rf ~ $(id)", "name": "GIVEN"}]

    (first, *_) = steps(trace_of(rechained(ward.lines, change)), Meaning(None, ""))
    assert shlex.split(first.command)[4] == "x; rm -rf ~ $(id)"


@pytest.mark.parametrize("name", RUNS)
def test_every_run_that_goes_on_or_did_not_complete_comes_with_what_to_do(name: str) -> None:
    trace = ward_of(name).trace
    assert bool(hints(trace)) is not (trace.ending is not None and trace.ending.kind == "COMPLETED")


# --- for programs --------------------------------------------------------------------------------


def test_programs_are_told_how_a_run_stands_and_what_came_from_outside() -> None:
    body = json.loads(as_json(ward_of("waiting").trace, snapshot()))
    assert body["state"] == "WAITING"
    (pending,) = body["pending"]
    assert (pending["at"], pending["due"]) == ("consent", "2026-03-02T09:00:00.000Z")
    assert [(event["kind"], event["actor"]["id"]) for event in body["outside"]] == [
        ("signal", "ann"),
        ("signal", "bea"),
    ]
    assert body["outside"][0]["refused"][0]["why"] == "is for somebody else than who acted at `admit`"
    assert "ended" not in body
    cancelled = json.loads(as_json(ward_of("cancelled").trace, snapshot()))
    assert (cancelled["ended"]["kind"], cancelled["taken_back"]) == ("CANCELLED", ["first"])
    assert [event["kind"] for event in cancelled["outside"]][-2:] == ["cancel", "reply"]
    unknown = json.loads(as_json(ward_of("cancelled_in_doubt").trace, snapshot()))["unknown"]
    assert unknown == [{"node": "reserve", "operation": "RESERVE", "side_effect": "clinic::CS_PHARMACY_V0"}]


# --- in pictures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status", "stands"),
    [
        ("waiting", "WAITING at consent", {"consent": "last"}),
        ("in_doubt", "IN_DOUBT at reserve", {"reserve": "last"}),
        ("treated", "COMPLETED at done", {}),
        ("taken_back", "FAILED at gone, GONE", {"chart": "undone", "reserve": "undone"}),
        ("taking_back", "IN_DOUBT before failed", {}),
        ("cancelled", "CANCELLED at second", {"first": "undone", "second": "last"}),
        ("round", "WAITING at every", {"every": "last"}),
    ],
)
def test_a_picture_marks_where_a_run_is_and_what_was_taken_back(name: str, status: str, stands: dict[str, str]) -> None:
    picture = drawn(name)
    assert picture.status == f"{status} · run {ward_of(name).run}"
    assert {box.id: box.stands for box in picture.boxes if box.stands} == stands


# --- nothing is obeyed ---------------------------------------------------------------------------


def poison(bodies: list[dict[str, Value]]) -> None:
    """Put hostile text wherever a durable trace has free text that can be anything."""
    for body in bodies:
        for name in ("reason", "why", "key", "operation", "side_effect", "fields", "target", "authenticated_by"):
            if name in body:
                body[name] = HOSTILE if name == "key" else poisoned(body[name])
        if "actor" in body:
            body["actor"] = {"id": HOSTILE, "type": HOSTILE, HOSTILE: HOSTILE}
        if body["kind"] == "signal" and "refused" in body:
            body["event"] = HOSTILE
            refused: list[Value] = [{"node": "consent", "signal": HOSTILE, "why": HOSTILE}, {"why": HOSTILE}]
            body["refused"] = refused


@pytest.mark.parametrize("name", ["waiting", "in_doubt", "given_up", "taken_back", "cancelled"])
def test_no_data_of_the_outside_is_obeyed_by_a_reader_or_a_terminal(name: str) -> None:
    trace = trace_of(rechained(ward_of(name).lines, poison))
    for known in (snapshot(), None):
        text = account(trace, known)
        found = tokens(text)
        kinds = {token.type for token in found}
        assert not {"link_open", "html_block", "html_inline", "table_open", "hr", "code_block", "image"} & kinds
        titles = [after.content for token, after in pairwise(found) if token.type == "heading_open"]
        assert [title for title in titles[1:] if title not in OWN_HEADINGS] == []
        assert all(character.isprintable() or character == "\n" for character in text)
        assert all(line.isprintable() for line in as_text(trace, known).split("\n"))
        assert as_json(trace, known).isascii()


# --- what carries a label is not told ------------------------------------------------------------


def all_of(ward: Ward) -> Iterator[str]:
    """Everything that tells of a run but its result, which is for the caller alone."""
    trace = ward.trace
    yield from (line.decode() for line in ward.lines)
    for known in (snapshot(), None):
        yield account(trace, known)
        yield as_text(trace, known)
        yield as_json(trace, known)
    picture = picture_of(snapshot().graph(trace.header.workflow), trace.way, ward.run, trace.taken_back, trace.state)
    yield svg.draw(picture)
    yield mermaid.draw(picture)
    outcome = ward.runtime.resume(ward.run)
    yield repr((outcome.waits, outcome.doubts, outcome.message))


@pytest.mark.parametrize("name", RUNS)
def test_nothing_tells_what_carries_a_label(name: str) -> None:
    for text in all_of(ward_of(name)):
        assert LABELLED not in text


@pytest.mark.parametrize(
    "note",
    [{LABELLED: LABELLED}, [LABELLED, 1], {"ward": {LABELLED: 1}}, f"{LABELLED} {'x' * 5000}"],
)
def test_an_event_that_does_not_fit_tells_nothing_of_what_it_holds(note: Value) -> None:
    ward = Ward()
    ward.treat()
    why = ward.says(note=note)
    for text in (why, *all_of(ward)):
        assert LABELLED not in text


@pytest.mark.parametrize("licence", [{LABELLED: 1}, [LABELLED], 3, None, LABELLED])
def test_a_sender_who_is_not_admitted_tells_nothing_of_what_he_is(licence: Value) -> None:
    ward = Ward()
    ward.treat()
    sender = nurse("dot")
    sender = type(sender)(sender.type, sender.id, {"licence": licence, "other": LABELLED})
    why = ward.says(sender)
    assert why
    for text in (why, *all_of(ward)):
        assert LABELLED not in text


def test_fields_that_nobody_declared_are_not_told() -> None:
    ward = Ward()
    ward.treat()
    fields: Value = {"ward": "W1", "given": True, "note": "x", "other": {LABELLED: LABELLED}}
    _, why = ward.runtime.signal(ward.run, CONSENT, fields, BEA)
    assert why
    _, other = ward.runtime.signal(ward.run, "clinic::EV_OTHER_V0", {LABELLED: LABELLED}, ANN)
    for text in (why, other, *all_of(ward)):
        assert LABELLED not in text

"""What `why` says of runs that wait, are in doubt, were ended by people, or belong to somebody who was erased."""

from __future__ import annotations

import pytest

from pgs_runtime.faults import Refusal
from pgs_runtime.operate.state import load_state
from pgs_runtime.why.texts import why_text
from tests.durable.ward import ANN, LABELLED, Ward, ward_of

CID = "`cid` as `clinic::AC_NURSE_V0` (the operating system's user at a command line)"
UNASKED = "A person ended the run: no payload decided that."
UNENDED = "The run has not ended, so nothing can be said of other payloads."


def paragraphs(ward: Ward, run: str = "") -> list[str]:
    return why_text(ward.runtime.why(run or ward.run)).split("\n\n")


@pytest.mark.parametrize(
    ("name", "stands", "decided"),
    [
        (
            "waiting",
            "It is `WAITING` at `consent` until 2026-03-02 at 09:00:00.000 UTC for `GIVEN` (`clinic::EV_CONSENT_V0`) "
            "or `WITHHELD` (`clinic::EV_CONSENT_V0`).",
            "`admit` decided so far: it ended as `ACK`, and that led to `consent`.",
        ),
        (
            "in_doubt",
            "It is `IN_DOUBT`: nobody knows what became of `RESERVE` of `clinic::CS_PHARMACY_V0` at `reserve`.",
            "`consent` decided so far: it ended as `GIVEN`, and that led to `chart`.",
        ),
        (
            "taking_back",
            "It is `IN_DOUBT`: nobody knows what became of `TAKE_BACK` of `clinic::CS_PHARMACY_V0` at `first`.",
            "`second` decided so far: it ended as `WITHHELD`, and that led to `failed`.",
        ),
    ],
)
def test_of_a_run_that_goes_on_it_is_told_where_it_stands_and_what_decided_so_far(
    name: str, stands: str, decided: str
) -> None:
    head, first, *_, last = paragraphs(ward_of(name))
    assert head.splitlines()[0].split("  ")[1] == "has not ended"
    assert head.splitlines()[1].endswith(stands)
    assert first.startswith(decided)
    assert last == UNENDED


@pytest.mark.parametrize(
    ("name", "head", "who"),
    [
        (
            "cancelled",
            "CANCELLED",
            f"On 2026-03-01 at 09:02:00.000 UTC, {CID} cancelled the run, for the reason `the patient went home`.",
        ),
        (
            "left",
            "CANCELLED, left as it stands",
            f"On 2026-03-01 at 09:02:00.000 UTC, {CID} left the run as it stands, which could not be gone on with "
            "(`R081`), for the reason `the disk is lost`.",
        ),
        (
            "given_up",
            "CANCELLED",
            f"On 2026-03-01 at 09:02:00.000 UTC, {CID} said that it did not take place and nobody wants the run any "
            "more, for the reason `I called them up`.",
        ),
    ],
)
def test_of_a_run_that_a_person_has_ended_it_is_told_who_when_and_why(name: str, head: str, who: str) -> None:
    first, *others = paragraphs(ward_of(name))
    assert first.split("  ")[1] == head
    assert (others[0], others[-1]) == (who, UNASKED)
    assert not any("decided it" in each for each in others)


def test_of_a_wait_whose_time_was_over_it_is_told_when_that_was_and_when_it_was_seen() -> None:
    assert paragraphs(ward_of("expired"))[1].splitlines()[1:] == [
        "  Its time was over.",
        "  That was seen on 2026-03-03 at 09:00:00.000 UTC, and the wait was until 2026-03-02 at 09:00:00.000 UTC.",
    ]


def test_an_actor_of_whom_something_is_hidden_keeps_nobody_from_saying_what_would_have_led_elsewhere() -> None:
    assert paragraphs(ward_of("failed"))[-1] == (
        "No payload that is admitted could have led elsewhere: nothing of the payload is compared on the way."
    )


def test_of_somebody_who_was_erased_the_decisions_are_told_and_that_no_more_can_be() -> None:
    ward = Ward()
    ward.treat()
    ward.says()
    before = paragraphs(ward)
    ward.runtime.erase(f"run:{ward.run}", ANN, "asked for")
    after = paragraphs(ward)
    assert after[:-1] == before[:-1]
    assert after[-1] == (
        "The record does not show what it takes to do the run again: it belongs to somebody who was erased."
    )
    assert LABELLED not in "".join(after)


def test_what_was_loaded_or_erased_was_decided_by_nothing() -> None:
    ward = Ward()
    ward.treat()
    ward.says()
    ward.runtime.erase(f"run:{ward.run}", ANN, "asked for")
    (erasure,) = [run.id for run in ward.runtime.store.runs() if run.request.workflow == "pgs::ERASURE"]
    loaded = load_state(ward.runtime, {}, ANN).trace_id
    for run, acted in ((loaded, "loaded rows"), (erasure, "erased somebody")):
        with pytest.raises(Refusal) as refused:
            ward.runtime.why(run)
        assert (refused.value.code, refused.value.message) == (
            "R160",
            f"Somebody {acted} here: no workflow ran, and nothing was decided.",
        )

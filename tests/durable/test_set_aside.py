"""Waivers and overrides of runs that are under way: what a run rests on, and what time it is for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path

import pytest

from pgs_compiler.compiler import compile_workspace
from pgs_compiler.waivers import Policy
from pgs_runtime.examine.account import account
from pgs_runtime.examine.text import as_json
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Actor, Grant, Outcome, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.trace.reading import trace_of
from pgs_runtime.waivers.lived_with import as_text
from pgs_snapshot.canonical import digest
from pgs_snapshot.seal import SealBroken, verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from tests.runtime.protocol import sealed

HIRING = Path(__file__).parent / "hiring"
HIRE, PAY, OTHER = "hiring::WF_HIRE_V0", "hiring::IN_PAY_V0", "hiring::WF_OTHER_V0"
AGREED = "hiring::EV_AGREED_V0"
ANN, HEAD = Actor("hiring::AC_CLERK_V0", "ann", {}), Actor("hiring::AC_HEAD_V0", "hal", {})
HOUR = 3_600_000_000
DAY = 24 * HOUR


def compiled() -> Snapshot:
    found = compile_workspace(HIRING, policy=Policy(today=date(2026, 1, 1)))
    assert found.files is not None
    return Snapshot(verify(dict(found.files)))


@dataclass
class Office:
    """A store, a clock that stands, and processes over it, each a runtime of its own."""

    snapshot: Snapshot
    now: int = 1_772_355_600_000_000  # 2026-03-01 at 09:00
    store: MemoryStore = field(default_factory=lambda: MemoryStore(lambda size: b"s" * size))
    numbers: count[int] = field(default_factory=count)

    def process(self) -> Runtime:
        def chance(size: int) -> bytes:
            return digest(str(next(self.numbers)).encode()).encode()[:size]

        return Runtime(self.snapshot, self.store, Ports(clock=lambda: self.now, entropy=chance))

    def hire(self, pay: int = 500) -> Outcome:
        return self.process().run(HIRE, {"pay": pay}, ANN)

    def grant(self, until: str) -> str:
        return self.process().override(Grant(PAY, "USUAL", until), HEAD, "A star is hired")

    def agree(self, run: Outcome) -> Outcome:
        outcome, why = self.process().signal(run.trace_id, AGREED, {}, ANN)
        assert why == ""
        return outcome

    def lines(self, run: Outcome) -> list[dict[str, Value]]:
        return [json.loads(line) for line in self.process().trace(run.trace_id)]


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return compiled()


@pytest.fixture
def office(snapshot: Snapshot) -> Office:
    return Office(snapshot)


def refused(act: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act()
    return caught.value


# --- waivers ---------------------------------------------------------------------------------------

RESTS_ON: dict[str, Value] = {
    "at": "EV_HIRED_V0",
    "owner": "dora",
    "reason": "Nobody listens to it before summer",
    "rule": "A801",
    "until": "2026-03-01",
}


def test_the_header_lists_the_waivers_of_errors_and_a_waiver_of_a_warning_that_has_ended_stops_nothing(
    office: Office,
) -> None:
    run = office.hire()
    header = office.lines(run)[0]["header"]
    assert isinstance(header, dict)
    assert (run.kind, header["waivers"]) == ("WAITING", [RESTS_ON])
    trace = trace_of(office.process().trace(run.trace_id))
    assert (
        "- The snapshot rests on the waiver of `A801` at `EV_HIRED_V0` until 2026-03-01; `dora` answers for it: "
        "Nobody listens to it before summer"
    ) in account(trace)
    assert json.loads(as_json(trace))["waivers"] == [RESTS_ON]


def test_no_run_begins_from_the_day_after_and_a_run_under_way_goes_on(office: Office) -> None:
    run = office.hire(pay=1)
    known = office.process().run(HIRE, {"pay": 1}, ANN, request_id="r-1")
    office.now += 15 * HOUR - 1000  # the last moment of the last day
    assert office.hire().kind == "WAITING"
    office.now += 1000
    for begin in (office.hire, lambda: office.process().dry_run(HIRE, {"pay": 1}, ANN)):
        refusal = refused(begin)
        assert (refusal.code, refusal.exit_code) == ("R150", ExitCode.STOPPED)
        assert refusal.message == (
            "The snapshot rests on the waiver of `A801` at `EV_HIRED_V0`, which ended on 2026-03-01; `dora` answers "
            "for it. No run begins on it any more."
        )
    assert office.process().run(HIRE, {"pay": 1}, ANN, request_id="r-1").trace_id == known.trace_id
    assert (office.agree(run).kind, office.agree(run).kind) == ("WAITING", "COMPLETED")


def test_what_is_waived_is_listed_with_what_has_ended(office: Office) -> None:
    assert (
        as_text(office.process().waivers())
        == """\
Findings that the snapshot lives with
  A801  EV_HIRED_V0  error    until 2026-03-01         dora: Nobody listens to it before summer
  F513  IN_OTHER_V0  warning  until 2026-02-01  ended  dora: Nobody is let in before summer

Rules that were overridden
  none"""
    )
    office.now += DAY
    assert "until 2026-03-01  ENDED, no run begins  dora" in as_text(office.process().waivers())


@pytest.mark.parametrize(
    "listed",
    [
        {},
        [RESTS_ON | {"until": "soon"}],
        [RESTS_ON | {"error": False}],
        [RESTS_ON | {"owner": 1}],
        [RESTS_ON | {"more": "x"}],
        [{"rule": "A801"}],
        ["A801"],
    ],
)
def test_waivers_that_no_compiler_wrote_are_refused(listed: Value) -> None:
    with pytest.raises(SealBroken, match="lists no waivers as a compiler writes them"):
        sealed(project={"waivers": listed}).waivers()


# --- overrides --------------------------------------------------------------------------------------


def admitted(office: Office, run: Outcome) -> Value:
    """What the line of the inner intent says."""
    (line,) = [line for line in office.lines(run) if line.get("target") == PAY]
    return line.get("overridden")


def test_an_override_that_was_granted_while_a_run_waited_counts_for_what_it_does_then(office: Office) -> None:
    run = office.hire()
    office.now += HOUR
    id = office.grant("2026-03-01T12:00:00Z")
    assert office.agree(run).kind == "WAITING"
    used = admitted(office, run)
    assert isinstance(used, list)
    assert [each["override"] for each in used if isinstance(each, dict)] == [id]


def test_an_override_that_ended_while_a_run_waited_does_not_count_although_the_run_began_before(office: Office) -> None:
    office.grant("2026-03-01T12:00:00Z")
    run = office.hire()
    office.now += 3 * HOUR
    assert office.agree(run).exit == "TOO_MUCH"
    assert admitted(office, run) == []


def test_a_run_that_has_used_an_override_goes_on_in_any_process_after_that_was_revoked(office: Office) -> None:
    id = office.grant("2026-03-01T12:00:00Z")
    run = office.hire()
    office.agree(run)
    office.process().revoke(id, HEAD, "The star went elsewhere")
    assert office.agree(run).kind == "COMPLETED"


@pytest.mark.tampers("the store says of an override what was not kept")
def test_a_run_whose_override_is_missing_from_what_was_kept_does_not_go_on(office: Office) -> None:
    """The answer about overrides is kept like any other, and believed only if it gives the recorded lines."""
    id = office.grant("2026-03-01T12:00:00Z")
    run = office.hire()
    office.agree(run)
    kept = office.store.kept(run.trace_id)
    assert any(id.encode() in segment.body for segment in kept)
    office.store.kept = lambda run: tuple(  # type: ignore[method-assign]
        segment._replace(body=segment.body.replace(id.encode(), b"0" * 26)) for segment in kept
    )
    refusal = refused(lambda: office.agree(run))
    assert (refusal.code, refusal.exit_code) == ("R081", ExitCode.DIVERGED)
    assert office.process().replay(run.trace_id).exit_code == ExitCode.DIVERGED


def test_a_run_that_has_used_an_override_is_done_again_when_that_has_ended(office: Office) -> None:
    office.grant("2026-03-01T12:00:00Z")
    run = office.hire()
    office.agree(run)
    office.now += 2 * DAY
    office.agree(run)
    assert office.process().replay(run.trace_id).verified

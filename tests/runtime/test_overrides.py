"""Breaking the glass: a rule does not count where its protocol allows that, for a while, and everybody sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import orjson
import pytest

from pgs_runtime.evidence.verify import Level, verify
from pgs_runtime.examine.account import account
from pgs_runtime.examine.text import as_json, as_text
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.ports import Ports
from pgs_runtime.replay.replay import replay
from pgs_runtime.runtime import Actor, Grant, Outcome, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Committed, Conflict, Fenced, Segment, Store
from pgs_runtime.trace.lines import joined
from pgs_runtime.trace.reading import trace_of
from pgs_runtime.trace.record import Chain
from pgs_runtime.waivers.lived_with import as_text as listed
from pgs_runtime.waivers.overrides import STORE
from pgs_snapshot import model
from pgs_snapshot.canonical import canonical
from pgs_snapshot.model import BreakGlass, Compare, Literal_, Ref
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.values import Value
from tests.runtime.protocol import (
    ADA,
    COUNT,
    FINGERPRINT,
    INTENT,
    REJECTED,
    TEXT,
    WORKFLOW,
    actor,
    admit,
    ends,
    fields,
    graph,
    intent,
    memory,
    sealed,
)

HEAD = "desk::AC_HEAD_V0"
GRACE = Actor(HEAD, "grace", {"floor": "first"})
SMALL = Compare("le", (Ref(0, ("n",)), Literal_(10)))
FEW = Compare("le", (Ref(0, ("m",)), Literal_(10)))
OTHERS = Compare("ne", (Ref(0, ("by",)), Literal_("nobody")))
NINE = "2026-03-01T09:00:00.000Z"
TEN = "2026-03-01T10:00:00.000Z"
HOUR = 3_600_000_000


def gate(within: str = "PT4H", by: tuple[str, ...] = (HEAD,)) -> model.Intent:
    """Small and few may be overridden, and that somebody asks may not."""
    asked = intent(fields(n=COUNT, m=COUNT, by=TEXT), SMALL, FEW, OTHERS)
    allowed = BreakGlass(by, within)
    return replace(asked, rules=("SMALL", "FEW", "OTHERS"), break_glass={"SMALL": allowed, "FEW": allowed})


class Desk:
    """Runtimes over one store, with a clock that stands until it is set."""

    def __init__(self, store: Store | None = None, *artifacts: object) -> None:
        self.now = 1_772_355_600_000_000  # 2026-03-01 at 09:00
        self.store = store or memory()
        seeds = iter(range(1000))
        self.ports = Ports(
            clock=lambda: self.now, entropy=lambda size: bytes([next(seeds)] * size), fingerprint=FINGERPRINT
        )
        self.runtime = self.over(*(artifacts or (gate(),)))

    def over(self, *artifacts: object) -> Runtime:
        flow = graph(admit("done"), ends("done"), REJECTED)
        return Runtime(sealed(actor(fields(floor=TEXT), HEAD), flow, *artifacts), self.store, self.ports)

    def grant(self, rule: str = "SMALL", until: str = TEN, only: str = "", who: Actor = GRACE) -> str:
        return self.runtime.override(Grant(INTENT, rule, until, only), who, "The bridge is closed")

    def ask(self, n: int = 100, m: int = 1, by: str = "ada", who: Actor = ADA) -> Outcome:
        return self.runtime.run(WORKFLOW, {"n": n, "m": m, "by": by}, who)

    def line(self, outcome: Outcome) -> dict[str, Value]:
        """What the trace says of the intent."""
        line: dict[str, Value] = orjson.loads(self.runtime.trace(outcome.trace_id)[1])
        return {name: line[name] for name in ("outcome", "overridden", "refused") if name in line}


def refused(act: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act()
    return caught.value


# --- what an override does ------------------------------------------------------------------------


def test_without_an_override_a_rule_keeps_a_request_out_and_the_trace_says_that_none_was_found() -> None:
    desk = Desk()
    outcome = desk.ask()
    broken: Value = {"name": "SMALL", "rule": "desk.yaml:10"}
    assert desk.line(outcome) == {"outcome": "NACK", "overridden": [], "refused": [broken]}
    assert outcome.message == "the rule `SMALL` at `desk.yaml:10` does not hold"


def test_an_overridden_rule_is_recorded_and_not_hidden() -> None:
    desk = Desk()
    id = desk.grant()
    outcome = desk.ask()
    assert outcome.kind == "COMPLETED"
    used = {
        "by": {"id": "grace", "type": HEAD},
        "override": id,
        "reason": "The bridge is closed",
        "rule": "SMALL",
        "until": TEN,
    }
    assert desk.line(outcome) == {"outcome": "ACK", "overridden": [used]}


def test_a_request_that_keeps_every_rule_uses_no_override_and_reads_none() -> None:
    desk = Desk()
    desk.grant()
    assert desk.line(desk.ask(n=1)) == {"outcome": "ACK"}


def test_an_override_is_over_at_its_very_moment_whatever_process_asks() -> None:
    desk = Desk()
    desk.grant()
    desk.now += HOUR - 1000
    assert desk.ask().kind == "COMPLETED"
    desk.now += 1000
    assert desk.ask().kind == "REJECTED"
    assert [each.state for each in desk.runtime.waivers().overrides] == ["ended"]


def test_an_override_does_not_count_in_another_store() -> None:
    here, there = Desk(), Desk()
    here.grant()
    assert (here.ask().kind, there.ask().kind) == ("COMPLETED", "REJECTED")


def test_nobody_uses_what_they_have_granted() -> None:
    desk = Desk()
    desk.grant()
    themselves = replace(ADA, id="grace")
    assert (desk.ask(who=themselves).kind, desk.ask().kind) == ("REJECTED", "COMPLETED")


def test_an_override_can_be_for_one_actor_alone() -> None:
    desk = Desk()
    desk.grant(only="ada")
    assert (desk.ask().kind, desk.ask(who=replace(ADA, id="bob")).kind) == ("COMPLETED", "REJECTED")


def test_every_rule_that_does_not_hold_has_to_be_overridden() -> None:
    desk = Desk()
    desk.grant("SMALL")
    assert desk.line(desk.ask(m=100))["overridden"] == []
    desk.grant("FEW")
    outcome = desk.ask(m=100)
    used = desk.line(outcome)["overridden"]
    assert isinstance(used, list)
    assert [dict(each)["rule"] for each in used if isinstance(each, dict)] == ["SMALL", "FEW"]


def test_a_rule_that_cannot_be_overridden_the_schema_and_the_actors_stand_as_they_are() -> None:
    desk = Desk()
    desk.grant()
    for outcome in (desk.ask(by="nobody"), desk.ask(who=GRACE), desk.runtime.run(WORKFLOW, {"n": 100}, ADA)):
        assert outcome.kind == "REJECTED"
        assert "overridden" not in desk.line(outcome)


@pytest.mark.parametrize("stricter", [gate(within="PT30M"), gate(by=("desk::AC_CLERK_V0",))], ids=["within", "by"])
def test_the_protocol_that_runs_says_what_may_be_overridden(stricter: model.Intent) -> None:
    desk = Desk()
    desk.grant()
    desk.runtime = desk.over(stricter)
    assert desk.ask().kind == "REJECTED"


# --- taking it back -------------------------------------------------------------------------------


def test_what_is_revoked_does_not_count_any_more_and_what_used_it_stands() -> None:
    desk = Desk()
    id, used = desk.grant(), desk.ask()
    before = desk.runtime.trace(used.trace_id)
    desk.runtime.revoke(id, replace(GRACE, id="mary"), "Open again")
    assert (desk.ask().kind, desk.runtime.trace(used.trace_id)) == ("REJECTED", before)
    (only,) = desk.runtime.waivers().overrides
    assert (only.state, [use.run for use in only.used]) == ("revoked", [used.trace_id])


class Meanwhile(MemoryStore):
    """A store in which something else is committed right before the next commit."""

    meanwhile: Callable[[], object] | None = None

    def commit(self, segment: Segment) -> Committed | Conflict | Fenced:
        act, self.meanwhile = self.meanwhile, None
        if act is not None:
            act()
        return super().commit(segment)


def test_a_revocation_that_is_committed_first_wins() -> None:
    store = Meanwhile()
    desk = Desk(store)
    id = desk.grant()
    store.meanwhile = lambda: desk.runtime.revoke(id, GRACE, "Open again")
    assert desk.ask().kind == "REJECTED"


def test_a_grant_that_is_committed_first_counts() -> None:
    store = Meanwhile()
    desk = Desk(store)
    store.meanwhile = desk.grant
    assert desk.ask().kind == "COMPLETED"


def test_an_override_is_revoked_once() -> None:
    store = Meanwhile()
    desk = Desk(store)
    id = desk.grant()
    store.meanwhile = lambda: desk.runtime.revoke(id, GRACE, "Open again")
    refusal = refused(lambda: desk.runtime.revoke(id, GRACE, "Open again"))
    assert (refusal.code, refusal.exit_code) == ("R156", ExitCode.USAGE)
    assert store.length(STORE, INTENT) == 2


def test_what_has_ended_or_never_was_cannot_be_revoked() -> None:
    desk = Desk()
    id = desk.grant()
    desk.now += HOUR
    assert refused(lambda: desk.runtime.revoke(id, GRACE, "Late")).message.endswith(f"has ended at {TEN}.")
    assert refused(lambda: desk.runtime.revoke("x", GRACE, "Never")).code == "R156"
    assert refused(lambda: desk.runtime.revoke(id, ADA, "Not mine")).code == "R153"


# --- who may grant what ---------------------------------------------------------------------------

WHO = {"other": Actor(HEAD, "grace", {}), "clerk": ADA, "none": Actor("desk::AC_NONE_V0", "x", {})}


@pytest.mark.parametrize(
    ("grant", "who", "reason", "code", "exit"),
    [
        (Grant("desk::IN_OTHER_V0", "SMALL", TEN), GRACE, "x", "R151", ExitCode.USAGE),
        (Grant(INTENT, "TALL", TEN), GRACE, "x", "R151", ExitCode.USAGE),
        (Grant(INTENT, "OTHERS", TEN), GRACE, "x", "R152", ExitCode.REJECTED),
        (Grant(INTENT, "SMALL", TEN), WHO["clerk"], "x", "R153", ExitCode.REJECTED),
        (Grant(INTENT, "SMALL", TEN), WHO["other"], "x", "R153", ExitCode.REJECTED),
        (Grant(INTENT, "SMALL", TEN, "grace"), GRACE, "x", "R153", ExitCode.REJECTED),
        (Grant(INTENT, "SMALL", "soon"), GRACE, "x", "R154", ExitCode.REJECTED),
        (Grant(INTENT, "SMALL", NINE), GRACE, "x", "R154", ExitCode.REJECTED),
        (Grant(INTENT, "SMALL", "2026-03-01T13:00:00.001Z"), GRACE, "x", "R154", ExitCode.REJECTED),
        (Grant(INTENT, "SMALL", TEN), GRACE, " \n", "R155", ExitCode.REJECTED),
        (Grant(INTENT, "SMALL", TEN), GRACE, "x" * 1001, "R086", ExitCode.REJECTED),
    ],
)
def test_what_is_not_allowed_is_refused_and_leaves_nothing(
    grant: Grant, who: Actor, reason: str, code: str, exit: ExitCode
) -> None:
    desk = Desk()
    refusal = refused(lambda: desk.runtime.override(grant, who, reason))
    assert (refusal.code, refusal.exit_code) == (code, exit)
    assert (desk.store.runs(), desk.store.log_size(), desk.store.length(STORE, INTENT)) == ((), 0, 0)


def test_it_may_last_for_as_long_as_the_protocol_says_and_its_end_can_be_told_in_any_zone() -> None:
    desk = Desk()
    desk.grant(until="2026-03-01T14:00:00+01:00")
    (only,) = desk.runtime.waivers().overrides
    assert only.override.until == "2026-03-01T13:00:00.000Z"


# --- what tells of it -----------------------------------------------------------------------------


def test_a_grant_and_a_revocation_are_runs_with_traces_that_verify() -> None:
    desk = Desk()
    id = desk.grant(only="ada")
    taken = desk.runtime.revoke(id, GRACE, "Open again")
    for run, does in ((id, "grant"), (taken, "revoke")):
        lines = desk.runtime.trace(run)
        verdict = verify(joined(lines), lambda snapshot: True, desk.store)
        trace = trace_of(lines)
        assert (verdict.level, trace.header.workflow) == (Level.ANCHORED, "pgs::OVERRIDE")
        assert trace.glass is not None
        assert (trace.glass.does, trace.glass.reason in account(trace)) == (does, True)
        assert trace.glass.reason in as_text(trace)


def test_the_account_says_it_in_a_sentence_before_anything_else() -> None:
    desk = Desk()
    id = desk.grant()
    trace = trace_of(desk.runtime.trace(desk.ask().trace_id))
    sentence = (
        f"- The rule `SMALL` of `{INTENT}` did not hold and did not count: `grace` as `{HEAD}` had overridden it until "
        f"2026-03-01 at 10:00:00.000 UTC (`{id}`): The bridge is closed"
    )
    told = account(trace)
    assert 0 < told.index(sentence) < told.index("## What was asked")
    assert "Set aside\n  The rule SMALL of" in as_text(trace)
    examined = orjson.loads(as_json(trace))
    assert [(each["rule"], each["override"]) for each in examined["overridden"]] == [("SMALL", id)]


def test_what_is_overridden_is_listed_with_the_runs_that_used_it() -> None:
    desk = Desk()
    id = desk.grant(only="ada")
    run = desk.ask().trace_id
    assert (
        listed(desk.runtime.waivers())
        == f"""\
Findings that the snapshot lives with
  none

Rules that were overridden
  {id}  in force, until {TEN}, for ada alone
    SMALL of {INTENT}
    granted  {NINE} by grace as {HEAD} (local)
             The bridge is closed
    used by  {run}  COMPLETED  {WORKFLOW}, asked by ada"""
    )


def test_a_trace_that_tells_of_another_override_than_the_store_does_not_verify() -> None:
    desk = Desk()
    desk.grant()
    lines = desk.runtime.trace(desk.ask().trace_id)
    forged = Chain(str(orjson.loads(lines[0])["run"]))
    for line in lines:
        members = orjson.loads(line.replace(b"The bridge is closed", b"The bridge is gone"))
        forged.add({name: value for name, value in members.items() if name not in ("digest", "n", "prev", "run")})
    verdict = verify(joined(forged.lines), lambda snapshot: True, desk.store)
    found = {check.name: check.found for check in verdict.checks}
    assert (verdict.level, found["store"], found["override"]) == (Level.COMPLETE, "failed", "failed")


def test_what_is_tried_beforehand_counts_on_overrides_and_writes_nothing() -> None:
    desk = Desk()
    desk.grant()
    before = desk.store.log_size()
    rehearsed = desk.runtime.dry_run(WORKFLOW, {"n": 100, "m": 1, "by": "ada"}, ADA)
    assert (rehearsed.exit_code, desk.store.log_size()) == (ExitCode.DONE, before)


# --- done again -----------------------------------------------------------------------------------


@pytest.mark.parametrize("overridden", [False, True])
def test_a_run_that_asked_for_overrides_is_done_again_from_its_lines_alone(overridden: bool) -> None:
    desk = Desk()
    if overridden:
        desk.grant()
    lines = desk.runtime.trace(desk.ask().trace_id)
    desk.now += 9 * HOUR
    done = replay(lines, lambda id: desk.runtime.snapshot, None, FINGERPRINT)
    assert (done.verified, done.difference) == (True, None)


def test_a_run_whose_line_has_lost_its_override_is_not_done_again_as_it_was() -> None:
    desk = Desk()
    desk.grant()
    lines = desk.runtime.trace(desk.ask().trace_id)
    without = orjson.loads(lines[1])
    del without["overridden"]
    done = replay([lines[0], canonical(without), *lines[2:]], lambda id: desk.runtime.snapshot, None, FINGERPRINT)
    assert not done.verified


def test_what_somebody_said_of_a_rule_is_no_workflow_that_could_be_done_again() -> None:
    desk = Desk()
    id = desk.grant()
    assert refused(lambda: desk.runtime.replay(id)).code == "R103"


# --- a snapshot that no compiler wrote ------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"rules": ("SMALL",)},
        {"rules": ("SMALL", "SMALL", "FEW")},
        {"break_glass": {"": BreakGlass((HEAD,), "PT4H")}},
        {"break_glass": {"TALL": BreakGlass((HEAD,), "PT4H")}},
        {"break_glass": {"SMALL": BreakGlass(("desk::AC_NONE_V0",), "PT4H")}},
        {"break_glass": {"SMALL": BreakGlass((HEAD,), "for ever")}},
    ],
)
def test_rules_and_overrides_that_mean_nothing_are_refused(changed: dict[str, Value]) -> None:
    desk = Desk(None, replace(gate(), **changed))  # type: ignore[arg-type]
    with pytest.raises(SealBroken, match="says what no compiler writes"):
        desk.ask()

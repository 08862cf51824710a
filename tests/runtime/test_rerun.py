"""A recorded run done again with something changed: what it does then, and how much of that is certain."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from pgs_runtime.ports import timestamp
from pgs_runtime.replay.archive import Filed, against
from pgs_runtime.replay.rerun import Changes, Known, Rerun, known_by_doing, known_by_lines, rerun
from pgs_runtime.replay.workbench import Workbench, trying
from pgs_runtime.run.grounds import Answered
from pgs_runtime.run.journal import recorded, told
from pgs_runtime.runtime import Actor, Grant, Runtime
from pgs_runtime.trace.lines import joined
from pgs_snapshot import model
from pgs_snapshot.model import BreakGlass, Compare, Literal_, Ref
from pgs_snapshot.values import Outcome, Value
from tests.durable.ward import ward_of
from tests.runtime import till
from tests.runtime.desk import PAYLOAD, SOURCE, artifacts, desk, order, place
from tests.runtime.protocol import INTENT, WORKFLOW, actor, fields, intent, memory, opened, ports


def known(runtime: Runtime, payload: Value) -> Known:
    lines = runtime.trace(place(runtime, payload).trace_id)
    return known_by_lines(WORKFLOW, told(None, lines))


def again(runtime: Runtime, payload: Value, changes: Changes) -> Rerun:
    with trying(runtime.snapshot) as bench:
        return rerun(bench, known(runtime, payload), changes)


def test_with_nothing_changed_it_is_the_recorded_run() -> None:
    runtime = desk()
    lines = runtime.trace(place(runtime, order(n=4)).trace_id)
    with trying(runtime.snapshot) as bench:
        made = rerun(bench, known_by_lines(WORKFLOW, told(None, lines)))
    assert (made.kind, made.name, made.result) == ("COMPLETED", "COMPLETED", {"before": 0, "list": [1], "n": 5})
    assert (made.lines[1:5], made.certain, made.unrecorded) == (lines[1:5], True, 0)


def test_another_payload_leads_another_way_and_what_it_asks_anew_is_said() -> None:
    made = again(desk(), order(n=4), Changes(payload={**order(n=101)}))
    assert (made.kind, made.name, made.way[-1]) == ("DENIED", "TOO_MANY", ("choose", "DENIED"))
    assert (made.unrecorded, made.rests) == (1, ("REGISTER of desk::ST_ORDERS_V0",))
    assert (made.certain, made.untold) == (False, "")


def test_another_answer_of_a_store_leads_another_way() -> None:
    made = again(desk(), order(n=4), Changes(answers={1: Answered("CONFLICT", {}, 0)}))
    assert (made.kind, made.name, made.way[-1], made.certain) == ("DENIED", "CONFLICT", ("book", "CONFLICT"), True)


def test_another_actor_is_refused_where_only_some_may_ask() -> None:
    made = again(desk(), order(n=4), Changes(actor={"id": "eve", "type": "desk::AC_STRANGER_V0"}))
    assert (made.kind, made.way) == ("REJECTED", (("admit", "NACK"),))


def test_a_workflow_that_is_not_there_cannot_be_told() -> None:
    with trying(till.open_till().snapshot) as bench:
        made = rerun(bench, known(desk(), order(n=4)))
    assert (made.kind, made.certain, made.untold) == ("", False, f"The snapshot has no workflow `{WORKFLOW}`.")


def test_another_reply_of_the_outside_and_a_question_that_was_never_asked() -> None:
    ward = ward_of("treated")
    run = ward.runtime.store.run(ward.run)
    assert run is not None
    with Workbench(ward.runtime.snapshot, ward.runtime.store) as own:
        graph = own.graph(run.request.workflow)
        assert graph is not None
        found = known_by_doing(own, graph, recorded(run, ward.lines, ward.runtime.store.kept(run.id)))
    with trying(ward.runtime.snapshot, ward.runtime.store) as bench:
        same = rerun(bench, found)
        assert (same.kind, same.certain, same.unrecorded) == ("COMPLETED", True, 0)
        spots = [event.spot for outer in found.outer for event, asked in outer.events if event.spot and asked]
        refused = rerun(bench, found, Changes(replies={spots[0]: Outcome("NO_SUCH_OUTCOME")}))
        assert (refused.kind, refused.untold.endswith("asks or waits for what was not recorded.")) == ("", True)


def test_a_run_that_its_machine_ended_is_told_to_end_in_no_way() -> None:
    hours = count(0, 3_600_000_000)
    slow = replace(ports(), elapsed=lambda: next(hours))
    runtime = Runtime(desk().snapshot, memory(), slow)
    run = place(runtime, order(n=4)).trace_id
    with trying(runtime.snapshot) as bench:
        tried = against(bench, iter([Filed(joined(runtime.trace(run)), None)]), lambda id: None)
    assert (tried.runs, tried.changes) == (1, 0)
    assert tried.untold == {run: "Its machine ended it (R033), and not its protocol."}


HEAD = "desk::AC_HEAD_V0"
HOUR = 3_600_000_000


def overridden(granted: bool) -> Runtime:
    """A desk that takes no order above 3, unless that is overridden, and an order of 4."""
    small = Compare("le", (Ref(0, ("n",)), Literal_(3)))
    asked = replace(intent(PAYLOAD, small), rules=("SMALL",), break_glass={"SMALL": BreakGlass((HEAD,), "PT4H")})
    others = [each for each in artifacts() if not isinstance(each, model.Intent)]
    runtime = opened(*others, asked, actor(fields(), HEAD), source=SOURCE)
    if granted:
        until = timestamp(runtime.ports.clock() + HOUR)
        runtime.override(Grant(INTENT, "SMALL", until, ""), Actor(HEAD, "grace", {}), "the shelf is full")
    return runtime


@pytest.mark.parametrize(("granted", "kind"), [(True, "COMPLETED"), (False, "REJECTED")])
def test_what_was_asked_about_overrides_is_answered_as_it_was(granted: bool, kind: str) -> None:
    """Each answer of the stores goes to who asked for it, also behind the one about overrides."""
    runtime = overridden(granted)
    found = known(runtime, order(n=4))
    with trying(runtime.snapshot) as bench:
        made = rerun(bench, found)
        assert (made.kind, made.certain, made.unrecorded) == (kind, True, 0)
        other = rerun(bench, found, Changes(payload={**order(n=5)}))
    assert (other.kind, other.rests) == (kind, ("REGISTER of desk::ST_ORDERS_V0",) if granted else ())

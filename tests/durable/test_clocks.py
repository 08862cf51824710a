"""Clocks that jump, and runs that begin in the same moment: order, ids and limits do not depend on the time of day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, cycle, repeat
from pathlib import Path

import pytest

from pgs_runtime.faults import ExitCode
from pgs_runtime.ports import Ports
from pgs_runtime.runtime import Actor, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.workspace.settings import read_settings
from tests.durable.depot import Depot
from tests.durable.shop import ADA, BEGAN, BEN, DECIDED, HOUR, Shop, lines, notes, told
from tests.durable.test_whole_runs import AGAIN, MAIL
from tests.parties.mail import LOSE

DAY, YEAR = 24 * HOUR, 365 * 24 * HOUR
NOTE, BUY, RETRY = "buying::WF_NOTE_V0", "buying::WF_BUY_V0", "buying::WF_PAY_RETRY_V0"
ASKED = {"title": "T", "price": 5}


def jumping(shop: Shop, jumps: Iterator[int]) -> Runtime:
    """A process whose clock is somewhere else whenever it is read."""
    ports = Ports(clock=lambda: BEGAN + next(jumps), fingerprint={"engine": "test"}, sleep=shop.pauses.append)
    store = shop.store()
    shop.opened.append(store)
    return Runtime(shop.snapshot, store, ports, read_settings(shop.settings))


JUMPS: dict[str, Callable[[], Iterator[int]]] = {
    "back a day": lambda: chain([0] * 4, repeat(-DAY)),
    "forward a year": lambda: chain([0] * 4, repeat(YEAR)),
    "to and fro": lambda: cycle([0, YEAR, -DAY]),
}


@pytest.mark.parametrize("jumps", JUMPS.values(), ids=JUMPS)
@pytest.mark.parametrize("workflow", [NOTE, RETRY])
def test_clk_01_a_clock_that_jumps_in_the_midst_of_a_run_changes_nothing_but_what_time_it_is(
    shop: Shop, workflow: str, jumps: Callable[[], Iterator[int]]
) -> None:
    undisturbed = shop.runtime()
    expected = told(undisturbed, undisturbed.run(workflow, ASKED, ADA))
    runtime = jumping(shop, jumps())
    run = runtime.run(workflow, ASKED, ADA)
    assert (run.kind, run.exit_code, told(runtime, run)) == ("COMPLETED", ExitCode.DONE, expected)
    assert [line["n"] for line in lines(runtime, run)] == list(range(len(expected)))
    assert notes(runtime.store, "T") == ["ORDERED", "ORDERED"]
    assert (runtime.store.check(), shop.paid) == ((), [5] * 2 * (workflow == RETRY))


def test_clk_01_who_agrees_on_the_day_before_agrees(shop: Shop) -> None:
    run = shop.runtime().run(BUY, ASKED, ADA)
    shop.now -= DAY
    runtime = shop.runtime()
    ended, refused = runtime.signal(run.trace_id, DECIDED, {"title": "T", "agreed": True}, BEN)
    assert (ended.kind, refused, shop.paid) == ("COMPLETED", "", [5])
    assert [line["n"] for line in lines(runtime, run)] == list(range(len(lines(runtime, run))))


def test_clk_01_a_lease_is_no_longer_for_a_clock_that_was_ahead(shop: Shop) -> None:
    shop.now += YEAR
    run = shop.runtime().run(BUY, ASKED, ADA)
    shop.now -= YEAR
    ended, _ = shop.runtime().signal(run.trace_id, DECIDED, {"title": "T", "agreed": True}, BEN)
    assert ended.kind == "COMPLETED"


def test_clk_02_runs_of_one_payload_in_one_moment_are_runs_of_their_own(shop: Shop) -> None:
    runtime = shop.runtime()
    runs = [runtime.run(NOTE, {"title": "T"}, ADA) for _ in range(20)]
    assert len({run.trace_id for run in runs}) == 20
    assert len({line["digest"] for run in runs for line in lines(runtime, run)[-1:]}) == 20
    again = [runtime.run(NOTE, {"title": "T"}, ADA, request_id="once").trace_id for _ in range(3)]
    assert len({*again}) == 1
    assert notes(runtime.store, "T") == ["ORDERED"] * 21


def test_clk_02_two_processes_that_begin_in_one_moment_share_no_id(shop: Shop, tmp_path: Path) -> None:
    ports = Ports(clock=lambda: BEGAN)
    people: list[Actor] = [ADA, BEN]
    store = MemoryStore()
    settings = read_settings(shop.settings)
    ids = [Runtime(shop.snapshot, store, ports, settings).run(NOTE, {"title": "T"}, who).trace_id for who in people]
    assert len({*ids}) == 2
    assert len({id[:9] for id in ids}) == 1  # the moment, which is the same


def test_clk_03_the_time_of_a_run_is_read_once_and_every_try_is_told_the_same(depot: Depot) -> None:
    depot.mail.moods += [{"END": LOSE}, {"END": LOSE}]
    with depot.runtime() as runtime:
        run = runtime.run(AGAIN, MAIL, depot.actor(runtime))
        read = [line for line in lines(runtime, run) if line["kind"] == "effect"]
    assert (run.kind, len(depot.mail.taken)) == ("COMPLETED", 3)
    assert len({taken.content for taken in depot.mail.taken}) == 1
    assert [line["inputs"]["date"] for line in read] == [lines_began(runtime, run.trace_id)]  # type: ignore[index, call-overload]


def lines_began(runtime: Runtime, id: str) -> str:
    """When a run began, as its first line tells."""
    header = lines(runtime, id)[0]["header"]
    assert isinstance(header, dict)
    return str(header["started"])

"""What happens in between: two who go on with one run, one who was stopped, one who writes what another has read."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.run.leases import is_gone, own
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.port import Committed, Conflict, Fenced, Segment
from pgs_runtime.stores.sqlite import SqliteStore
from tests.durable.crowds import Told, crowd
from tests.durable.shop import ADA, BEN, CORA, DECIDED, HOUR, Shop, lines, notes, told

PAY, SUSPEND, BUY, TWO = (f"buying::WF_{name}_V0" for name in ("PAY_RETRY", "PAY_SUSPEND", "BUY", "BUY_TWO"))
ASKED = {"title": "T", "price": 5}
YES = {"title": "T", "agreed": True}


def killed_at_the_bank(shop: Shop, work: Callable[[Runtime], object]) -> None:
    """Do this in a process that is killed while the bank keeps it waiting."""
    shop.behaves("slow")
    child = os.fork()
    if child == 0:
        try:
            work(shop.runtime())
        finally:
            os._exit(1)
    while not (shop.bank / "busy").exists():
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    shop.behaves("busy", yes=False)
    shop.behaves("slow", yes=False)


def test_of_two_who_find_a_run_whose_process_is_gone_one_goes_on_with_it(shop: Shop) -> None:
    """The lease of who is gone lasts longer than a new one, because of what it asked for."""
    killed_at_the_bank(shop, lambda runtime: runtime.run(PAY, ASKED, ADA))
    one, other = shop.runtime(), shop.runtime()
    (run,) = one.store.runs()
    assert run.lease is not None
    assert run.lease.until > shop.now + 60_000_000
    assert one._mover.claimed(run) is not None
    assert other._mover.claimed(run) is None


def test_who_was_stopped_before_it_asked_does_not_ask_when_somebody_else_may_have(shop: Shop) -> None:
    """It is stopped behind its intent; another process takes the run, asks, and ends, and its lease runs out too."""
    passed: list[str] = []

    def clock() -> int:
        watcher = shop.opened[0] if shop.opened else None
        if watcher is not None and not passed and any(run.status == "RUNNING" for run in watcher.runs()):
            passed.append("")
            shop.now += HOUR
            assert shop.runtime()._mover.claimed(watcher.runs()[0]) is not None
            shop.now += HOUR
        return shop.now

    runtime = shop.runtime(clock)
    with pytest.raises(Refusal, match="Another process moves"):
        runtime.run(SUSPEND, ASKED, ADA)
    assert (passed, shop.asked) == ([""], 0)


def test_what_is_left_to_a_person_stays_so_when_the_process_ends_that_settles_the_rest(shop: Shop) -> None:
    shop.behaves("down")
    run = shop.runtime().run("buying::WF_PAY_ALL_V0", {"prices": [3, 4]}, ADA)
    keys = [str(doubt["key"]) for doubt in run.doubts]
    shop.behaves("down", yes=False)
    killed_at_the_bank(shop, lambda runtime: runtime.reconcile(run.trace_id, "retry", BEN, "open again", keys[1]))
    runtime = shop.runtime()
    stands = runtime.resume(run.trace_id)
    assert (stands.kind, [doubt["key"] for doubt in stands.doubts], shop.paid) == ("IN_DOUBT", [keys[0]], [4])
    ended = runtime.reconcile(run.trace_id, "retry", BEN, "open again")
    assert (ended.kind, shop.paid) == ("COMPLETED", [3, 4])


@pytest.mark.parametrize("how", ["cancel", "give_up"])
def test_an_undo_that_is_given_up_leaves_the_others_to_be_done(shop: Shop, how: str) -> None:
    runtime = shop.runtime()
    run = runtime.run(TWO, {"title": "T", "second": "S", "price": 7}, ADA)
    assert runtime.signal(run.trace_id, DECIDED, YES, BEN)[0].kind == "WAITING"
    shop.behaves("down")
    stands, _ = runtime.signal(run.trace_id, DECIDED, {"title": "S", "agreed": False}, CORA)
    assert (stands.kind, [doubt["node"] for doubt in stands.doubts]) == ("IN_DOUBT", ["first"])
    if how == "cancel":
        ended = shop.runtime().cancel(run.trace_id, BEN, "no")
    else:
        ended = shop.runtime().reconcile(run.trace_id, "give_up", BEN, "no")
    assert (ended.kind, shop.refunded) == ("CANCELLED", 0)
    assert told(runtime, run)[-1] == "cancelled"


class Crossed(SqliteStore):
    """A store to which another process writes, just before this one commits the end of a run that failed, so often."""

    def __init__(self, shop: Shop, times: int) -> None:
        super().__init__(shop.folder / "data" / "state.db")
        self.shop = shop
        self.left = times

    def commit(self, segment: Segment) -> Committed | Conflict | Fenced:
        if self.left and segment.run.status == "FAILED":
            self.left -= 1
            runtime = self.shop.runtime()
            assert runtime.run("buying::WF_NOTE_V0", {"title": "T"}, ADA).kind == "COMPLETED"
            runtime.close()
        return super().commit(segment)


@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_a_later_segment_that_another_writer_crosses_is_made_again_and_nothing_is_asked_again(
    shop: Shop, times: int
) -> None:
    store = Crossed(shop, times)
    runtime = shop.runtime(store=store)
    run = runtime.run(BUY, {"title": "T", "price": 500}, ADA, request_id="one")
    ended, refused = runtime.signal(run.trace_id, DECIDED, YES, BEN)
    assert (ended.kind, ended.exit, refused, store.left, shop.asked) == ("FAILED", "DECLINED", "", 0, 1)
    assert notes(store, "T") == ["ORDERED", *["ORDERED"] * times, "GIVEN_UP"]
    assert told(runtime, run) == [
        "run", "intent admit ACK", "suspend decide",
        "signal decide AGREED", "wait decide AGREED", "contract note SUCCESS", "effect pay",
        "reply pay DECLINED", "contract pay DECLINED", "undo note SUCCESS", "exit declined DECLINED",
    ]  # fmt: skip
    assert store.check() == ()


def test_conc_01_a_request_that_comes_again_while_the_bank_is_asked_is_told_that_it_runs(shop: Shop) -> None:
    shop.runtime().close()
    shop.behaves("slow")
    child = os.fork()
    if child == 0:
        try:
            code = 0 if shop.runtime().run(PAY, ASKED, ADA, request_id="once").kind == "COMPLETED" else 1
        finally:
            os._exit(code)
    while not (shop.bank / "busy").exists():
        time.sleep(0.01)
    runtime = shop.runtime()
    again = runtime.run(PAY, ASKED, ADA, request_id="once")
    assert (again.kind, again.exit_code, again.repeated) == ("RUNNING", ExitCode.BUSY, True)
    with pytest.raises(Refusal, match="Another process moves"):
        runtime.resume(again.trace_id)
    (shop.bank / "go").touch()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    ended = runtime.run(PAY, ASKED, ADA, request_id="once")
    assert (ended.kind, ended.repeated, ended.trace_id, shop.asked) == ("COMPLETED", True, again.trace_id, 1)


def test_a_signal_and_the_end_of_its_time_at_once_are_one_of_both(shop: Shop) -> None:
    runs = [shop.runtime().run(BUY, ASKED, ADA).trace_id for _ in range(12)]
    due = shop.now + 48 * HOUR

    def turn(runtime: Runtime, worker: int, number: int) -> Told:
        shop.now = due - 1 if worker % 2 else due
        try:
            if worker % 2:
                return {"refused": runtime.signal(runs[number], DECIDED, YES, BEN)[1]}
            return {"kind": runtime.resume(runs[number]).kind}
        except Refusal as refused:
            return {"code": refused.code}

    found = crowd(shop, workers=4, turns=12, turn=turn)
    assert {item["code"] for item in found.told if "code" in item} <= {"R082", "R084"}
    runtime = shop.runtime()
    ends = [[line["kind"] for line in lines(runtime, run) if line["kind"] in ("signal", "expired")] for run in runs]
    assert all(end in (["signal"], ["expired"]) for end in ends)
    assert (
        len(shop.paid)
        == sum(end == ["signal"] for end in ends)
        == sum(item.get("refused") == "" for item in found.told)
    )


def test_a_cancel_and_a_signal_at_once_are_one_after_the_other(shop: Shop) -> None:
    runs = [shop.runtime().run(BUY, ASKED, ADA).trace_id for _ in range(12)]

    def turn(runtime: Runtime, worker: int, number: int) -> Told:
        try:
            if worker % 2:
                return {"refused": runtime.signal(runs[number], DECIDED, YES, BEN)[1]}
            return {"kind": runtime.cancel(runs[number], CORA, "no").kind}
        except Refusal as refused:
            return {"code": refused.code}

    found = crowd(shop, workers=4, turns=12, turn=turn)
    assert {item["code"] for item in found.told if "code" in item} <= {"R082", "R084"}
    runtime = shop.runtime()
    kinds = [runtime.resume(run).kind for run in runs]
    assert set(kinds) <= {"COMPLETED", "CANCELLED"}
    assert len(shop.paid) == kinds.count("COMPLETED")
    for run in runs:
        assert [line["kind"] in ("signal", "cancel") for line in lines(runtime, run)].count(True) == 1


def test_clk_01_a_clock_that_jumps_changes_no_order_and_ends_no_run(shop: Shop) -> None:
    jumps = iter([0, HOUR * 30, -HOUR * 50, HOUR * 24 * 400, -HOUR * 24 * 500] * 1000)

    def clock() -> int:
        return shop.now + next(jumps)

    runtime = shop.runtime(clock)
    run = runtime.run(PAY, ASKED, ADA)
    assert (run.kind, shop.asked) == ("COMPLETED", 1)
    assert [line["n"] for line in lines(runtime, run)] == list(range(7))
    assert runtime.store.check() == ()


def test_a_process_that_may_not_be_looked_at_is_not_gone(tmp_path_factory: pytest.TempPathFactory) -> None:
    """As where /proc hides the processes of others."""
    hiding = tmp_path_factory.mktemp("proc")
    (hiding / "sys/kernel/random").mkdir(parents=True)
    (hiding / "sys/kernel/random/boot_id").write_text("boot\n")
    (hiding / "self/ns").mkdir(parents=True)
    (hiding / "self/ns/pid").symlink_to("pid:[1]")
    assert not is_gone(f"boot/1:{os.getpid()}:7:00", hiding)
    assert not is_gone("boot/1:1:7:00", hiding), "it is of another user, or of ours"
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    assert is_gone(f"boot/1:{child}:7:00", hiding)
    assert own(b"x").count(":") == 3

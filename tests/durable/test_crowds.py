"""Several processes at one data root: nothing is lost, nothing is twice, and nobody is told of a lock."""

from __future__ import annotations

import os
import signal
import time

import orjson
import pytest

from pgs_runtime.faults import Refusal
from pgs_runtime.run.leases import is_gone, own
from pgs_runtime.runtime import Runtime
from tests.durable.crowds import Told, crowd
from tests.durable.shop import ADA, BEN, COUNTS, DECIDED, NOTES, Shop, lines, notes

COUNT, NOTE, BUY = "buying::WF_COUNT_V0", "buying::WF_NOTE_V0", "buying::WF_BUY_V0"


def test_two_processes_lose_nothing_of_what_they_were_told(shop: Shop) -> None:
    shop.runtime().store.log_size()

    def turn(runtime: Runtime, worker: int, number: int) -> Told:
        noted = runtime.run(NOTE, {"title": f"T{number % 7}"}, ADA)
        counted = runtime.run(COUNT, {"key": f"{worker}-{number}"}, ADA)
        return {"ids": [noted.trace_id, counted.trace_id], "kinds": [noted.kind, counted.kind]}

    found = crowd(shop, workers=2, turns=100, turn=turn)
    store = shop.runtime().store
    assert {kind for told in found.told for kind in told["kinds"]} == {"COMPLETED"}  # type: ignore[attr-defined]
    ids = sorted(id for told in found.told for id in told["ids"])  # type: ignore[attr-defined]
    assert ids == sorted(run.id for run in store.runs(limit=1000))
    assert len(set(ids)) == 400
    assert sum(len(notes(store, title)) for title in store.streams(NOTES)) == 200
    assert len(store.scan("state", COUNTS).cells) == 200
    assert store.log_size() == 400
    assert store.check() == ()


def test_a_key_that_everybody_wants_counts_every_one_of_them(shop: Shop) -> None:
    shop.runtime().store.log_size()

    def turn(runtime: Runtime, worker: int, number: int) -> Told:
        return {"n": runtime.run(COUNT, {"key": "hot"}, ADA).result["n"]}

    found = crowd(shop, workers=8, turns=15, turn=turn)
    assert sorted(told["n"] for told in found.told) == list(range(1, 121))  # type: ignore[type-var]
    cell = shop.runtime().store.get("state", COUNTS, "hot")
    assert cell is not None
    assert cell.version == 120


def test_conc_01_one_request_that_several_send_at_once_makes_one_run(shop: Shop) -> None:
    shop.runtime().store.log_size()

    def turn(runtime: Runtime, worker: int, number: int) -> Told:
        outcome = runtime.run(NOTE, {"title": "T"}, ADA, request_id=f"request-{number}")
        return {"id": outcome.trace_id, "kind": outcome.kind, "number": number}

    found = crowd(shop, workers=4, turns=10, turn=turn)
    by_number = {told["number"]: {other["id"] for other in found.told if other["number"] == told["number"]}
                 for told in found.told}  # fmt: skip
    assert [len(ids) for ids in by_number.values()] == [1] * 10
    assert len(notes(shop.runtime().store, "T")) == 10


def test_one_of_several_signals_at_once_is_how_a_wait_ends(shop: Shop) -> None:
    ids = [shop.runtime().run(BUY, {"title": "T", "price": 5}, ADA).trace_id for _ in range(6)]

    def turn(runtime: Runtime, worker: int, number: int) -> Told:
        try:
            outcome, refused = runtime.signal(ids[number], DECIDED, {"title": "T", "agreed": True}, BEN)
        except Refusal as error:
            return {"refused": error.code}
        return {"refused": refused, "kind": outcome.kind}

    found = crowd(shop, workers=4, turns=6, turn=turn)
    accepted = [told for told in found.told if told["refused"] == ""]
    assert len(accepted) == 6
    assert {told["refused"] for told in found.told} <= {"", "R082", "R084"}
    assert shop.paid == [5] * 6
    runtime = shop.runtime()
    for id in ids:
        assert runtime.resume(id).kind == "COMPLETED"
        assert [line["kind"] for line in lines(runtime, id)].count("signal") == 1


def test_conc_02_who_was_stopped_past_its_lease_and_comes_back_writes_nothing(shop: Shop) -> None:
    """The bank keeps a worker busy until another one has finished its run."""
    shop.runtime().store.log_size()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            shop.behaves("slow")
            runtime = shop.runtime()
            try:
                runtime.run("buying::WF_PAY_RETRY_V0", {"title": "T", "price": 5}, ADA, request_id="once")
                os.write(write, b"done")
            except Refusal as refused:
                os.write(write, refused.code.encode())
        finally:
            os._exit(0)
    os.close(write)
    while not (shop.bank / "busy").exists():
        time.sleep(0.01)
    os.kill(child, signal.SIGSTOP)
    shop.behaves("slow", yes=False)
    runtime = shop.runtime()
    (run,) = runtime.store.runs()
    with pytest.raises(Refusal, match="Another process moves"):
        runtime.resume(run.id)
    shop.now += 3600 * 1_000_000
    ended = runtime.resume(run.id)
    assert (ended.kind, shop.paid) == ("COMPLETED", [5])
    before = runtime.trace(run.id)
    os.kill(child, signal.SIGCONT)
    (shop.bank / "go").touch()
    with open(read, "rb") as told:
        assert told.read() in (b"done", b"R082")
    os.waitpid(child, 0)
    assert runtime.trace(run.id) == before
    assert orjson.loads(before[-1])["kind"] == "exit"
    assert shop.paid == [5]


def test_a_lease_of_a_process_that_is_gone_holds_nobody_off() -> None:
    here = own(b"x")
    assert not is_gone(here)
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    machine, _, rest = here.rpartition(":")[0].partition(":")
    assert is_gone(f"{machine}:{child}:{rest.partition(':')[2]}:00")
    assert is_gone(f"{machine}:{os.getpid()}:1:00"), "the number was given to another process"
    assert not is_gone(f"another:{child}:1:00"), "nobody can tell that of another machine"
    assert not is_gone("::00")

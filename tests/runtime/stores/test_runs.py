"""A run moves only forward, and only by who holds its lease, on every backend."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgs_runtime.stores.errors import LawBroken
from pgs_runtime.stores.port import Store
from pgs_runtime.stores.records import (
    ENDED,
    LIVE,
    LONGEST_LEASE,
    CellRead,
    Conflict,
    Effect,
    Expected,
    Fenced,
    Head,
    Insert,
    Kept,
    Lease,
    Listener,
    Marks,
    Message,
    Segment,
    Status,
    Timing,
)
from tests.runtime.stores.segments import (
    ACTORS,
    WORKFLOW,
    affecting,
    asked,
    bind,
    committed,
    dump,
    first,
    following,
    reading,
    timed,
)


def test_a_run_is_read_as_it_was_committed(store: Store) -> None:
    segment = first("r1", status="WAITING", key="request 7")
    run = replace(segment.run, lease=Lease("worker 1", 50), epoch=3, answer=b"{}")
    assert committed(store, replace(segment, run=run)) == run
    assert store.run_by_request(WORKFLOW, "request 7") == run
    assert store.run_by_request("another::WF_V0", "request 7") is None


def test_a_later_segment_moves_the_run_and_keeps_what_was_asked(store: Store) -> None:
    run = committed(store, first("r1", status="RUNNING"))
    segment = following(run)
    forged = replace(segment.run, request=asked(payload=b'{"other":1}'), exit="DONE", answer=b'{"exit":"DONE"}')
    moved = committed(store, replace(segment, run=forged))
    assert moved == replace(forged, request=run.request)


@pytest.mark.parametrize("status", ENDED)
def test_an_ended_run_never_changes(store: Store, status: Status) -> None:
    run = committed(store, first("r1", status=status))
    before = dump(store)
    with pytest.raises(LawBroken):
        store.commit(following(run))
    assert store.claim("r1", Lease("worker", 9), now=0) is None
    assert dump(store) == before


@pytest.mark.parametrize("status", LIVE)
def test_a_live_run_goes_on_to_any_state(store: Store, status: Status) -> None:
    for target in (*LIVE, *ENDED):
        run = committed(store, first(f"to {target}", status=status))
        assert committed(store, following(run, status=target)).status == target


@pytest.mark.parametrize(
    "expected",
    [
        Expected(Head(0, "r1 head 1"), 0),
        Expected(Head(1, "another digest"), 0),
        Expected(Head(1, "r1 head 1"), 1),
    ],
)
def test_a_segment_that_left_from_elsewhere_is_fenced(store: Store, expected: Expected) -> None:
    run = committed(store, first("r1", status="RUNNING"))
    line = expected.head.line + 1
    segment = Segment(replace(run, head=Head(line, "new")), expected, (b"x",))
    before = dump(store)
    assert store.commit(segment) == Fenced(run)
    assert dump(store) == before


def test_a_segment_of_a_run_that_is_not_there_is_fenced(store: Store) -> None:
    assert store.commit(following(first("r1", status="RUNNING").run)) == Fenced(None)


def test_a_run_that_exists_is_not_begun_again(store: Store) -> None:
    run = bind(store, "r1", "a")
    assert store.commit(first("r1", Insert(ACTORS, "b", b"1", 1))) == Fenced(run)
    assert store.get("registry", ACTORS, "b") is None


def test_a_request_id_makes_one_run_in_its_workflow(store: Store) -> None:
    run = committed(store, first("r1", key="k"))
    assert store.commit(first("r2", key="k")) == Fenced(run)
    assert store.run("r2") is None
    elsewhere = first("r3", key="k")
    request = replace(elsewhere.run.request, workflow="another::WF_V0")
    committed(store, replace(elsewhere, run=replace(elsewhere.run, request=request)))
    committed(store, first("r4"))
    committed(store, first("r5"))


def test_where_the_run_is_comes_before_what_was_read(store: Store) -> None:
    run = bind(store, "r1", "a")
    read = CellRead("registry", ACTORS, "a", 0)
    assert store.commit(reading(first("r1"), read)) == Fenced(run)
    assert store.commit(reading(first("r2"), read)) == Conflict(read)


def test_a_claim_raises_the_epoch_and_fences_off_the_former_owner(store: Store) -> None:
    run = committed(store, first("r1", status="RUNNING"))
    mine = store.claim("r1", Lease("a", 100), now=0)
    assert mine == replace(run, epoch=1, lease=Lease("a", 100))
    assert store.claim("r1", Lease("b", 200), now=99) is None
    theirs = store.claim("r1", Lease("b", 200), now=100)
    assert theirs == replace(run, epoch=2, lease=Lease("b", 200))
    assert store.commit(following(mine)) == Fenced(theirs)
    assert committed(store, following(theirs)).lease is None


def test_an_owner_may_claim_its_own_run_again(store: Store) -> None:
    committed(store, first("r1", status="WAITING"))
    store.claim("r1", Lease("a", 100), now=0)
    again = store.claim("r1", Lease("a", 150), now=50)
    assert again is not None
    assert (again.epoch, again.lease, again.status) == (2, Lease("a", 150), "WAITING")
    assert store.claim("no such run", Lease("a", 1), now=0) is None


def test_a_claim_that_names_the_epoch_is_refused_once_another_one_came_first(store: Store) -> None:
    run = committed(store, first("r1", status="RUNNING"))
    mine = store.claim("r1", Lease("a", 100), now=0, seen=run.epoch)
    assert mine == replace(run, epoch=1, lease=Lease("a", 100))
    assert store.claim("r1", Lease("b", 200), now=100, seen=run.epoch) is None
    assert store.claim("r1", Lease("a", 200), now=0, seen=run.epoch) is None
    assert store.run("r1") == mine
    theirs = store.claim("r1", Lease("b", 200), now=100, seen=1)
    assert theirs == replace(run, epoch=2, lease=Lease("b", 200))


def test_a_lease_from_a_clock_that_has_jumped_holds_nobody_off(store: Store) -> None:
    committed(store, first("r1", status="RUNNING"))
    store.claim("r1", Lease("a", 100 + LONGEST_LEASE), now=LONGEST_LEASE)
    assert store.claim("r1", Lease("b", 200), now=100) is None
    theirs = store.claim("r1", Lease("b", 200), now=99)
    assert theirs is not None
    assert theirs.lease == Lease("b", 200)


def test_what_a_segment_takes_is_kept_in_their_order(store: Store) -> None:
    run = committed(store, replace(first("r1", status="WAITING"), kept=b"one"))
    later = committed(store, following(run, status="WAITING"))
    committed(store, replace(following(later), kept=b"three"))
    assert store.kept("r1") == (Kept(0, b"one"), Kept(3, b"three"))
    assert store.kept("r2") == ()


def test_a_message_is_kept_for_who_listens_at_that_moment(store: Store) -> None:
    heard = (Listener("r1", "EV", b"[]", ""), Listener("r1", "EV_B", b'["x"]', "d"))
    run = committed(store, replace(first("r1", status="WAITING"), listeners=heard))
    committed(store, replace(first("r2"), messages=(Message("r2", 0, "EV", b"{}"), Message("r2", 1, "EV_C", b"{}"))))
    assert store.listeners("EV") == heard[:1]
    assert store.messages() == (Message("r2", 0, "EV", b"{}", ("r1",)),)
    later = committed(store, replace(following(run, status="WAITING"), listeners=heard[1:]))
    assert (store.listeners("EV"), store.listeners("EV_B")) == ((), heard[1:])
    committed(store, replace(first("r3"), messages=(Message("r3", 0, "EV", b"{}"),)))
    store.take_out(Message("r2", 0, "EV", b"{}"))
    store.take_out(Message("r2", 0, "EV", b"{}"))
    assert store.messages() == ()
    other = committed(store, replace(first("é", status="WAITING"), listeners=(heard[1]._replace(run="é"),)))
    committed(store, replace(first("r4"), messages=(Message("r4", 0, "EV_B", b"{}"),)))
    assert store.messages() == (Message("r4", 0, "EV_B", b"{}", ("r1", "é")),)
    committed(store, replace(following(other), listeners=()))
    committed(store, replace(following(later), listeners=()))
    assert store.listeners("EV_B") == ()


def test_the_epoch_never_falls(store: Store) -> None:
    committed(store, first("r1", status="RUNNING"))
    claimed = store.claim("r1", Lease("a", 100), now=0)
    assert claimed is not None
    segment = following(claimed)
    with pytest.raises(LawBroken):
        store.commit(replace(segment, run=replace(segment.run, epoch=0)))


def test_runs_are_listed_in_pages_by_the_bytes_of_their_ids(store: Store) -> None:
    ids = ["A", "Z", "a", "b", "é", "\uff5e", "\U0001f600"]
    for n, id in enumerate(reversed(ids)):
        committed(store, first(id, status="WAITING" if n % 2 else "DENIED"))
    pages: list[str] = []
    while page := store.runs(after=pages[-1] if pages else "", limit=3):
        pages += [run.id for run in page]
    assert pages == ids
    assert [run.id for run in store.runs(status="WAITING")] == ["Z", "b", "\uff5e"]
    assert [run.id for run in store.runs(after="Z", status="WAITING", limit=1)] == ["b"]


def test_a_segment_whose_head_is_not_its_last_line_cannot_be_made() -> None:
    segment = first("r1")
    with pytest.raises(LawBroken):
        replace(segment, lines=())
    with pytest.raises(LawBroken):
        replace(segment, lines=(*segment.lines, b"one more"))
    with pytest.raises(LawBroken):
        timed(segment, Timing(2, 0, 0))
    with pytest.raises(LawBroken):
        timed(segment, Timing(1, 0, 0), Timing(1, 5, 5))
    for marks in (Marks(0, (1, 2, 3, 4)), Marks(1, (1, 2, 3))):
        with pytest.raises(LawBroken):
            replace(segment, timing=marks)


INTENT = Effect("key", "r1", 1, "INTENT", b'{"to":"a"}')


def test_an_effect_is_an_intent_before_it_is_done(store: Store) -> None:
    run = committed(store, affecting(first("r1", status="RUNNING"), INTENT))
    assert store.effect("key") == INTENT
    doubtful = committed(store, affecting(following(run, status="IN_DOUBT"), replace(INTENT, status="IN_DOUBT")))
    done = replace(INTENT, status="DONE", response=b'{"ok":true}')
    committed(store, affecting(following(doubtful), replace(done, line=3)))
    assert store.effects("r1") == (done,)
    assert store.effects("r2") == ()


@pytest.mark.parametrize(
    "effects",
    [
        (INTENT,),
        (replace(INTENT, key="never intended", status="DONE"),),
        (replace(INTENT, request=b"another", status="DONE"),),
        (replace(INTENT, run="another", status="DONE"),),
        (replace(INTENT, status="DONE"), replace(INTENT, status="FAILED")),
        (replace(INTENT, status="DONE"), INTENT),
        (replace(INTENT, key="new"), replace(INTENT, key="new")),
    ],
)
def test_an_effect_is_intended_once_and_settled_once(store: Store, effects: tuple[Effect, ...]) -> None:
    run = committed(store, affecting(first("r1", status="RUNNING"), INTENT))
    before = dump(store)
    with pytest.raises(LawBroken):
        store.commit(affecting(following(run), *effects))
    assert dump(store) == before


def test_the_effects_of_a_run_are_listed_in_the_order_of_their_lines(store: Store) -> None:
    effects = [replace(INTENT, key=key, line=line) for key, line in (("z", 0), ("b", 1), ("a", 1))]
    committed(store, affecting(first("r1", status="RUNNING"), *effects))
    assert [effect.key for effect in store.effects("r1")] == ["z", "a", "b"]


def test_the_runs_that_tell_something_are_found_by_the_bytes_of_their_lines(store: Store) -> None:
    for run in ("r2", "r1", "R3"):
        committed(store, first(run, status="RUNNING"))
    (line, *_) = store.lines("r1")
    assert store.telling(line) == ("r1",)
    assert store.telling(b" line 1") == ("R3", "r1", "r2")
    assert store.telling(b'"overridden":[{') == ()
    assert store.telling(b"\xff\x00%_'") == ()

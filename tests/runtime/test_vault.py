"""The vault: what is sealed opens where it was put, for whom it belongs to, and never once one of them is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import StoreUnusable
from pgs_runtime.stores.records import (
    Append,
    Effect,
    Erasure,
    Fenced,
    Insert,
    Kept,
    Listener,
    Message,
    Put,
    Segment,
    Subject,
)
from pgs_runtime.stores.sealing import Keys, is_sealed, opened, seal, subject_id, subjects_of
from pgs_runtime.vault.vault import Vault, vault_over
from pgs_snapshot.values import Value
from tests.runtime.stores.segments import ACTORS, EVENTS, LIMITS, committed, first, following

ADA, BOB = Subject("a" * 64, b"a" * 32), Subject("b" * 64, b"b" * 32)
KEYS = {ADA.id: b"a" * 32, BOB.id: b"b" * 32}
HERE: Value = ["state", "store", "key"]
AT = "2026-03-01T09:00:00.000Z"


# --- one value -----------------------------------------------------------------------------------


@given(st.binary(max_size=100), st.sets(st.sampled_from([ADA, BOB]), min_size=1))
def test_what_is_sealed_opens_to_what_it_was(clear: bytes, subjects: set[Subject]) -> None:
    data = seal(clear, subjects, HERE)
    assert is_sealed(data)
    assert subjects_of(data) == tuple(sorted(subject.id for subject in subjects))
    assert opened(data, {subject.id: KEYS[subject.id] for subject in subjects}, HERE) == clear
    assert seal(clear, subjects, HERE) != data


def test_what_was_altered_or_moved_does_not_open() -> None:
    data = seal(b"{}", [ADA], HERE)
    for place in range(len(data)):
        altered = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(StoreUnusable):
            opened(altered, {id: KEYS.get(id, KEYS[ADA.id]) for id in subjects_of(altered)}, HERE)
    with pytest.raises(StoreUnusable, match="moved to another place"):
        opened(data, {ADA.id: KEYS[ADA.id]}, ["state", "store", "other"])


@pytest.mark.parametrize("wrong", [b"\0", b"\0\1\0\0" + bytes(90), b"\0\2\0\1" + bytes(90), b"\0\1\0\5" + bytes(90)])
def test_what_is_sealed_in_no_known_way_is_told(wrong: bytes) -> None:
    with pytest.raises(StoreUnusable, match="unknown way"):
        subjects_of(wrong)


def test_the_secret_of_a_run_follows_from_all_of_its_keys() -> None:
    assert Keys((), b"store").secret == b"store"
    one, both = Keys([ADA]), Keys([ADA, BOB])
    assert len({one.secret, both.secret, Keys([BOB]).secret, Keys([Subject(ADA.id, BOB.key)]).secret}) == 4
    one.take({BOB.id: KEYS[BOB.id]})
    assert (one.secret, one.subjects) == (both.secret, (ADA, BOB))


def test_an_id_tells_nothing_without_the_secret_and_every_life_has_another() -> None:
    ids = {subject_id(secret, name, life) for secret in (b"s", b"t") for name in ("C1", "C2") for life in (0, 1)}
    assert len(ids) == 8
    assert all(len(id) == 64 for id in ids)


# --- a store -------------------------------------------------------------------------------------

CLEAR = b'"zq8"'
WRITES = (Insert(ACTORS, "k", CLEAR, 1), Append(EVENTS, "s", 1, CLEAR, 1), Put(LIMITS, "k", CLEAR, 1, 1))
PRIVATE = frozenset({ACTORS, EVENTS, LIMITS})


def whole(id: str, *subjects: Subject, private: frozenset[str] = PRIVATE) -> Segment:
    """A first segment with something in every place that can hold a value."""
    segment = first(id, *WRITES, status="WAITING", key="q")
    request = replace(segment.run.request, payload=CLEAR, actor=CLEAR)
    return replace(
        segment,
        run=replace(segment.run, request=request, answer=CLEAR),
        effects=(Effect("e", id, 1, "INTENT", CLEAR),),
        kept=CLEAR,
        listeners=(Listener(id, "EV", b"[]", ""),),
        messages=(Message(id, 0, "EV", CLEAR),),
        subjects=subjects,
        private=private,
    )


def settled(vault: Vault, *subjects: Subject) -> None:
    """The run of `whole`, ended, with its effect done."""
    run = vault.run("r1")
    assert run is not None
    last = following(run)
    done = Effect("e", "r1", 1, "DONE", CLEAR, CLEAR)
    committed(vault, replace(last, run=replace(last.run, answer=CLEAR), effects=(done,), subjects=subjects))


def values(store: Vault | MemoryStore) -> list[bytes | None]:
    """Every value of the run `r1`."""
    run = store.run("r1")
    assert run is not None
    cells = [*store.scan("registry", ACTORS).cells, *store.scan("state", LIMITS).cells]
    events, effects = store.events(EVENTS, "s", 0, 9), store.effects("r1")
    return [
        *(run.request.payload, run.request.actor, run.answer),
        *(each.value for each in cells),
        *(each.body for each in (*events, *store.kept("r1"))),
        *(each.fields for each in store.messages()),
        *(each.request for each in effects),
        *(each.response for each in effects),
    ]


def test_everything_of_a_run_with_subjects_is_sealed_below_and_clear_above() -> None:
    store = MemoryStore()
    vault = vault_over(store)
    assert vault_over(vault) is vault
    committed(vault, whole("r1", ADA, BOB))
    settled(vault, ADA, BOB)
    assert set(values(vault)) == {CLEAR}
    assert len(values(vault)) == 10
    assert all(value is not None and is_sealed(value) and b"zq8" not in value for value in values(store))
    cell, effect = vault.get("registry", ACTORS, "k"), vault.effect("e")
    assert cell is not None
    assert effect is not None
    assert (cell.value, cell.subjects, effect.request) == (CLEAR, (ADA.id, BOB.id), CLEAR)
    assert vault.run_by_request(whole("r1").run.request.workflow, "q") == vault.run("r1") == vault.runs()[0]
    again = vault.commit(whole("r2", ADA, BOB))
    assert isinstance(again, Fenced)
    assert again.run == vault.run("r1")


def test_everything_of_a_run_without_subjects_stays_as_it_is() -> None:
    store = MemoryStore()
    committed(vault_over(store), whole("r1"))
    settled(vault_over(store))
    assert set(values(store)) == {CLEAR}


def test_a_store_that_takes_no_labels_is_written_in_clear() -> None:
    store = MemoryStore()
    committed(vault_over(store), whole("r1", ADA, private=frozenset({ACTORS})))
    cell = store.get("state", LIMITS, "k")
    assert cell is not None
    assert cell.value == CLEAR


@pytest.mark.parametrize("erased", [ADA, BOB])
def test_whichever_key_ends_everything_of_the_run_is_gone(erased: Subject) -> None:
    store = MemoryStore()
    vault = vault_over(store)
    committed(vault, whole("r1", ADA, BOB))
    settled(vault, ADA, BOB)
    below = values(store)
    committed(vault, replace(first("r9"), erasure=Erasure(erased.id, AT)))
    assert values(vault) == below == values(store)
    cell = vault.get("state", LIMITS, "k")
    assert cell is not None
    assert cell.subjects == ()
    assert vault.kept("r1") == store.kept("r1") != (Kept(0, CLEAR),)


def test_behind_an_erasure_a_name_begins_a_new_life() -> None:
    vault = Vault(MemoryStore())
    id, known = vault.latest(b"s", "C1")
    assert known is None
    assert id == subject_id(b"s", "C1")
    committed(vault, replace(first("r1"), subjects=(Subject(id, b"k" * 32),)))
    assert vault.latest(b"s", "C1") == (id, Subject(id, b"k" * 32))
    committed(vault, replace(first("r2"), erasure=Erasure(id, AT)))
    assert vault.latest(b"s", "C1") == (subject_id(b"s", "C1", 1), Subject(id, None, AT))

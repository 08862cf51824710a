"""When what hides labelled values breaks, nothing is written in clear: the run ends as a fault, or stands where it was.

Every commitment that is made on the way of a run breaks in its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from pgs_runtime.evidence.verify import Level, verify
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.refusals import refusal_of
from pgs_runtime.stores import sealing
from pgs_runtime.stores.port import LIVE
from pgs_runtime.stores.postgres import PostgresStore
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.stores.sqlite_file import SqliteOptions
from pgs_runtime.trace.lines import joined
from pgs_snapshot.canonical import canonical
from tests.durable.breaking import Breaking, Unsealing, put, put_cipher
from tests.durable.test_planted_labels import SECRETS, files_with_secrets, left_behind, rows_of, secrets_in
from tests.durable.ward import BEA, CONSENT, Ward
from tests.postgres import Server

CIPHER = vars(sealing)["_cipher"]
FAST = SqliteOptions(mode="fast")


@contextmanager
def breaking(at: int) -> Iterator[Breaking]:
    broken = Breaking(at)
    put(broken)
    try:
        yield broken
    finally:
        put(canonical)


def lived(ward: Ward, run: Callable[[Ward], None]) -> Refusal | None:
    """What a ward was refused in what it goes through."""
    try:
        run(ward)
    except Refusal as refused:
        return refused
    return None


def treated(ward: Ward) -> None:
    """A treatment as far as it gets, with an event that is refused on the way."""
    ward.treat()
    if ward.trace.ending is None:
        ward.says(ward="W2")
        ward.says()


def gone_round(ward: Ward) -> None:
    """Calls in a loop, one of which fails and is taken back."""
    ward.go_round("W1", "W2")
    if ward.trace.ending is None:
        ward.says(ward="W2")
        ward.behaves("gone")
        ward.runtime.signal(ward.run, CONSENT, {"ward": "W1", "given": True, "note": "zq8 note"}, BEA)


@pytest.mark.parametrize("way", [treated, gone_round])
def test_whichever_commitment_breaks_nothing_is_written_in_clear(way: Callable[[Ward], None], tmp_path: Path) -> None:
    with breaking(-1) as whole:
        assert lived(Ward(), way) is None
    assert whole.asked > 10
    ends = set()
    for at in range(whole.asked):
        folder = tmp_path / str(at)
        with closing(SqliteStore(folder / "data" / "state.db", FAST)) as store:
            ward = Ward(store=store)
            with breaking(at):
                refused = lived(ward, way)
            code = refused.code if refused else ""
            assert not secrets_in(
                f"{refused!r} {refused and (refused.where, refused.hint, refused.__cause__)}".encode()
            )
            runs = ward.runtime.store.runs()
            assert code == "R134" or [run.exit for run in runs] == ["R134"], at
            # Whatever stands can be gone on with: what broke was not of the run.
            for run in runs:
                if run.status in LIVE:
                    ward.runtime.resume(run.id)
            ends.add(runs[0].status if runs else "")
            # Nobody can compute what broke; everything else is computed again.
            assert all(ward.runtime.replay(run.id).verified for run in runs), at
            assert not files_with_secrets(folder)
            left_behind(ward, folder)
    assert ends >= {"", "FAULTED"}


@contextmanager
def unsealing(at: int) -> Iterator[Unsealing]:
    broken = Unsealing(at)
    put_cipher(broken)
    try:
        yield broken
    finally:
        put_cipher(CIPHER)


@pytest.mark.parametrize("way", [treated, gone_round])
def test_whichever_seal_breaks_nothing_is_written_and_the_run_stands_at_its_last_commit(
    way: Callable[[Ward], None], tmp_path: Path
) -> None:
    with unsealing(-1) as whole:
        assert lived(Ward(), way) is None
    assert whole.asked > 10
    stood = set()
    for at in range(whole.asked):
        folder = tmp_path / str(at)
        with closing(SqliteStore(folder / "data" / "state.db", FAST)) as store:
            ward = Ward(store=store)
            with unsealing(at):
                refused = lived(ward, way)
            assert refused is not None
            assert (refused.code, refused.exit_code) == ("R134", ExitCode.FAULT)
            assert refused.message == "What carries a label could not be hidden (OverflowError)."
            assert not secrets_in(f"{refused!r} {refused.where} {refused.hint} {refused.__cause__}".encode())
            runs = ward.runtime.store.runs()
            for run in runs:
                verdict = verify(joined(store.lines(run.id)), None, store)
                assert verdict.level >= Level.SELF_CONSISTENT
                if run.status == "RUNNING":
                    # Whoever is told knows which run was left.
                    assert f"pgs_runtime resume {run.id}" in refusal_of(refused).hint
                ward.runtime.resume(run.id)
            stood.add(runs[0].status if runs else "")
            assert not files_with_secrets(folder)
            left_behind(ward, folder)
    assert stood == {"", "RUNNING", "WAITING"}


def test_a_package_that_cannot_be_loaded_seals_nothing(tmp_path: Path) -> None:
    def missing(key: bytes) -> object:
        raise ModuleNotFoundError("No module named 'cryptography'")

    with closing(SqliteStore(tmp_path / "state.db", FAST)) as store:
        put_cipher(missing)
        try:
            refused = lived(Ward(store=store), treated)
        finally:
            put_cipher(CIPHER)
        assert refused is not None
        assert (refused.code, refused.message) == (
            "R134",
            "What carries a label could not be hidden (ModuleNotFoundError).",
        )
        assert store.runs() == ()


@pytest.mark.parametrize("breaks", [breaking, unsealing])
def test_while_a_run_is_done_again_it_is_told_what_broke_and_the_run_stands(
    breaks: Callable[[int], AbstractContextManager[object]],
) -> None:
    ward = Ward()
    ward.treat()
    head = ward.runtime.head(ward.run)
    with breaks(0):
        refused = lived(ward, Ward.says)
    assert refused is not None
    assert (refused.code, refused.exit_code) == ("R134", ExitCode.FAULT)
    assert ward.runtime.head(ward.run) == head
    with breaking(0), pytest.raises(Refusal) as replayed:
        ward.runtime.replay(ward.run)
    assert replayed.value.code == "R134"
    ward.says()
    assert ward.runtime.replay(ward.run).difference is None


@pytest.mark.parametrize("breaks", [breaking, unsealing])
def test_a_message_waits_until_what_it_tells_can_be_hidden(
    breaks: Callable[[int], AbstractContextManager[Breaking | Unsealing]],
) -> None:
    with breaks(-1) as whole:
        ward = Ward()
        ward.treat()
        told_before = whole.asked
        consented(ward)
    assert whole.asked > told_before
    states = set()
    for at in range(told_before, whole.asked):
        ward = Ward()
        with breaks(at):
            ward.treat()
            refused = lived(ward, consented)
        if refused is not None:  # it was not said, or the run that says it ended before
            assert refused.code == "R134"
            continue
        run = ward.runtime.store.run(ward.run)
        assert run is not None
        states.add(run.status)
        for each in [*ward.runtime.interrupted()]:
            ward.runtime.resume(each)
        ward.runtime.deliver()
        assert ward.runtime.store.messages() == ()
        emitters = [run for run in ward.runtime.store.runs() if run.request.workflow.endswith("CONSENT_V0")]
        told = [line for line in ward.lines if b'"kind":"signal"' in line]
        assert [run.exit for run in emitters] == (["COMPLETED"] if told else ["R134"])
        assert len(told) < 2
    assert {"WAITING", "RUNNING"} <= states


def treated_and_told(ward: Ward) -> None:
    ward.treat()
    consented(ward)


def consented(ward: Ward) -> None:
    """Another run says what the treatment waits for."""
    ward.now += 60_000_000
    ward.runtime.run("clinic::WF_CONSENT_V0", {"ward": "W1", "note": "zq8 note"}, BEA)


def test_a_message_that_nobody_could_be_told_yet_tells_nothing_in_a_database(postgres: Server) -> None:
    at = next(at for at in range(99) if waiting_message(Ward(), at))
    address = postgres.address()
    with closing(PostgresStore(address)) as store:
        ward = Ward(store=store)
        assert waiting_message(ward, at)
        found = list(rows_of(postgres, address.schema))
        assert [table for table, _ in found].count("outbox") == 1
        assert not [table for table, row in found if secrets_in(row)]
        assert not postgres.holding(*SECRETS)
        ward.runtime.deliver()
        assert ward.runtime.store.messages() == ()


def waiting_message(ward: Ward, at: int) -> bool:
    """Whether a message waits where the seal with this number breaks."""
    with unsealing(at):
        lived(ward, treated_and_told)
    return bool(ward.runtime.store.messages())

"""When what hides labelled values breaks, nothing is written in clear: the run ends as a fault, or stands where it was.

Every commitment that is made on the way of a run breaks in its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pgs_runtime.faults import Refusal
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.stores.sqlite_file import SqliteOptions
from pgs_snapshot.canonical import canonical
from tests.durable.breaking import Breaking, put
from tests.durable.test_planted_labels import files_with_secrets, left_behind, secrets_in
from tests.durable.ward import BEA, CONSENT, Ward

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
            # R081: while it was done again, so that it was not gone on with.
            assert code in ("R134", "R081") or [run.exit for run in runs] == ["R134"], at
            assert code != "R081" or ward.runtime.resume(ward.run).kind in ("WAITING", "COMPLETED")
            ends.add(runs[0].status if runs else "")
            # Nobody can compute what broke; everything else is computed again.
            assert all(ward.runtime.replay(run.id).verified for run in runs), at
            assert not files_with_secrets(folder)
            left_behind(ward, folder)
    assert ends >= {"", "FAULTED"}

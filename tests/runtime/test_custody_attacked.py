"""Checkpoints by too many keys, by one key twice, and by a clock that goes backwards."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pgs_runtime.evidence.authentic import word_on
from pgs_runtime.evidence.casefile import written
from pgs_runtime.evidence.casefile_judge import judge_casefile
from pgs_runtime.evidence.casefile_make import make_casefile
from pgs_runtime.evidence.custody import bundle, last_signed, sign, sign_and_keep
from pgs_runtime.evidence.keeping import Folder
from pgs_runtime.evidence.witness import read_bundle, witnessed
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.runtime import Runtime
from pgs_snapshot.notes import SIGNATURES, NotANote, Note, read_note, signed
from pgs_snapshot.signing import SigningKey, key_of_seed
from pgs_snapshot.trust import read_trust
from tests.runtime.casefiles import Shelf
from tests.runtime.custodian import NOTARY, NOW, OPERATOR, SECONDS, trust_in, trusted
from tests.runtime.till import PAID, open_till, paid
from tests.snapshot.trusted import add_key, write_policy


@pytest.fixture
def till() -> Runtime:
    till = open_till()
    paid(till, PAID)
    return till


def many(count: int) -> list[SigningKey]:
    return [key_of_seed(number.to_bytes(32, "big")) for number in range(1000, 1000 + count)]


def test_one_key_that_is_named_twice_signs_once(till: Runtime) -> None:
    made = sign(till.store, [OPERATOR, OPERATOR], lambda: SECONDS)
    assert len(made.note.signatures) == 1
    assert [key.id for key in made.keys] == [OPERATOR.public.id]


def test_more_keys_than_a_note_has_signatures_sign_nothing_and_are_not_remembered(till: Runtime) -> None:
    with pytest.raises(Refusal) as refused:
        sign(till.store, many(SIGNATURES + 1), lambda: SECONDS)
    assert (refused.value.code, refused.value.exit_code) == ("R001", ExitCode.USAGE)
    assert refused.value.message == "The checkpoint has more than 64 signatures, so nobody would read it."
    assert last_signed(till.store) is None
    sign(till.store, many(SIGNATURES), lambda: SECONDS)
    found = last_signed(till.store)
    assert found is not None
    assert len(found.note.signatures) == SIGNATURES


def test_a_clock_that_says_what_no_checkpoint_can_say_signs_nothing(till: Runtime) -> None:
    for time in (-5, 10**12):
        with pytest.raises(Refusal) as refused:
            sign(till.store, [OPERATOR], lambda time=time: time)
        assert refused.value.message == "The checkpoint says no time, so nobody would read it."
    assert last_signed(till.store) is None


def test_a_witness_does_not_cosign_what_has_no_room_for_it(till: Runtime, tmp_path: Path) -> None:
    sign(till.store, [OPERATOR, *many(SIGNATURES - 1)], lambda: SECONDS)
    (tmp_path / "seen").mkdir()
    trust, seen = trusted(tmp_path / "trust"), Folder("seen", tmp_path / "seen")
    with pytest.raises(Refusal) as refused:
        witnessed(read_bundle(bundle(till.store, 0)), trust, NOTARY, seen, NOW)
    assert refused.value.message == "With a cosignature the checkpoint has more than 64 signatures."
    assert list((tmp_path / "seen").iterdir()) == []


def test_a_case_file_of_a_checkpoint_with_more_signatures_at_two_places_is_read(till: Runtime, tmp_path: Path) -> None:
    made = sign(till.store, [OPERATOR], lambda: SECONDS)
    full = signed(made.checkpoint, many(SIGNATURES))
    run = till.store.run(till.store.runs()[0].id)
    assert run is not None
    case = make_casefile(till.store, run, till.snapshot, [Shelf(full)])
    assert [len(point.note.signatures) for point in case.points] == [SIGNATURES]
    assert judge_casefile(written(case), trusted(tmp_path / "trust"), (), NOW).level.label == "authentic"


def test_ten_thousand_signatures_below_a_checkpoint_are_refused_at_little_cost(till: Runtime) -> None:
    made = sign(till.store, [OPERATOR], lambda: SECONDS).note
    data = Note(made.text, made.signatures * 10_000).data()
    tracemalloc.start()
    with pytest.raises(NotANote):
        read_note(data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1 << 20


def test_a_key_of_two_roles_is_no_witness_of_what_it_signed(till: Runtime, tmp_path: Path) -> None:
    folder = trust_in(tmp_path / "trust")
    (folder / "keys" / "operator.json").unlink()
    add_key(folder, "operator", OPERATOR.public, roles=["checkpoint", "witness"])
    (tmp_path / "seen").mkdir()
    made = sign(till.store, [OPERATOR], lambda: SECONDS)
    given, seen = read_bundle(bundle(till.store, 0)), Folder("seen", tmp_path / "seen")
    note = witnessed(given, read_trust(folder), OPERATOR, seen, NOW)
    word = word_on(note, made.checkpoint, read_trust(folder), NOW)
    assert (word.signers, word.witnesses, word.why) == (("`operator`",), (), "")
    write_policy(folder, roles={"checkpoint": {"not_after": "ignored", "required": True, "threshold": 2}})
    assert word_on(note, made.checkpoint, read_trust(folder), NOW).why == (
        "is signed by 1 of the 2 holders that the policy demands"
    )


@pytest.mark.parametrize("back", [1, 3600, 365 * 86_400])
def test_a_clock_that_goes_backwards_signs_what_grew_and_proves_as_before(
    back: int, till: Runtime, tmp_path: Path
) -> None:
    kept = Folder("kept", tmp_path)
    sign_and_keep(till.store, [OPERATOR], [kept], lambda: SECONDS)
    paid(till, PAID)
    again, new = sign_and_keep(till.store, [OPERATOR], [kept], lambda: SECONDS - back)
    assert (again.checkpoint.size, again.checkpoint.time, new) == (2, SECONDS - back, (True,))
    run = till.store.run(till.store.runs()[0].id)
    assert run is not None
    case = make_casefile(till.store, run, till.snapshot, [kept])
    assert [point.checkpoint.time for point in case.points] == [SECONDS, SECONDS - back]
    verdict = judge_casefile(written(case), trusted(tmp_path / "trust"), (), NOW)
    assert verdict.level.label == "authentic"


def test_what_a_clock_that_was_ahead_has_signed_counts_again_once_the_log_has_grown(
    till: Runtime, tmp_path: Path
) -> None:
    trust = trusted(tmp_path / "trust")
    ahead = sign(till.store, [OPERATOR], lambda: SECONDS + 86_400)
    at = datetime.fromtimestamp(SECONDS, UTC)
    assert word_on(ahead.note, ahead.checkpoint, trust, at).why == (
        "says that it was signed at a time that is still to come"
    )
    assert word_on(ahead.note, ahead.checkpoint, trust, at + timedelta(days=1)).why == ""
    assert sign(till.store, [OPERATOR], lambda: SECONDS) == ahead  # nothing came after
    paid(till, PAID)
    mended = sign(till.store, [OPERATOR], lambda: SECONDS)
    assert word_on(mended.note, mended.checkpoint, trust, at).why == ""

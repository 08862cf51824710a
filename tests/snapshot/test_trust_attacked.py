"""A trust directory that changes while it is read, goes round in circles, or names one holder several times."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from pgs_snapshot.canonical import canonical
from pgs_snapshot.dsse import MAX_SIGNATURES, Envelope, EnvelopeRefused, Signature, read_envelope, written
from pgs_snapshot.signing import new_key
from pgs_snapshot.trust import TrustRefused, holders, read_trust
from tests.snapshot.trusted import add_key, day, key_members, revoke, rotate, trust_folder, write_policy

A, B, C, D = (new_key() for _ in range(4))
NOW = day("2026-01-01")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return trust_folder(tmp_path / "trust")


def trusted(folder: Path) -> set[str]:
    """The ids of the keys that may sign snapshots now."""
    return {key.key.id for key in read_trust(folder).trusted("snapshot", NOW)}


def ids(*keys: object) -> set[str]:
    return {key.public.id for key in keys}  # type: ignore[attr-defined]


# --- what changes while it is read -----------------------------------------------------------------


@contextmanager
def changing(step: Callable[[int], None]) -> Iterator[None]:
    """Take one step after another, until the end of the block."""
    stop = threading.Event()

    def go() -> None:
        number = 0
        while not stop.is_set():
            step(number)
            number += 1

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def readings(folder: Path, step: Callable[[int], None]) -> set[frozenset[str] | str]:
    """Everything that is found in a folder that changes: the names of trusted keys, or the code of a refusal."""
    found: set[frozenset[str] | str] = set()
    with changing(step):
        for _ in range(300):
            try:
                found.add(frozenset(key.name for key in read_trust(folder).trusted("snapshot", NOW)))
            except TrustRefused as refused:
                found.add(refused.code)
    return found


def test_a_key_that_comes_and_goes_is_trusted_or_not_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    add_key(folder, "a", A.public)
    away, here = tmp_path / "b.json", folder / "keys" / "b.json"
    away.write_bytes(canonical(key_members(B.public)))

    def step(number: int) -> None:
        (here if number % 2 else away).rename(away if number % 2 else here)

    assert readings(folder, step) <= {frozenset("a"), frozenset("ab"), "R113"}


def test_a_file_that_is_replaced_is_the_one_or_the_other(folder: Path, tmp_path: Path) -> None:
    add_key(folder, "a", A.public)

    def step(number: int) -> None:
        write = tmp_path / "next"
        write.write_bytes(
            canonical(key_members((A, B)[number % 2].public, roles=[("snapshot", "witness")[number % 2]]))
        )
        write.rename(folder / "keys" / "a.json")

    assert readings(folder, step) <= {frozenset("a"), frozenset()}


def test_a_file_that_is_being_written_is_refused_until_it_is_whole(folder: Path) -> None:
    add_key(folder, "a", A.public)
    data = canonical(key_members(B.public))

    def step(number: int) -> None:
        (folder / "keys" / "b.json").write_bytes(data[: number % (len(data) + 1)])

    assert readings(folder, step) <= {frozenset("a"), frozenset("ab"), "R114"}
    (folder / "keys" / "b.json").write_bytes(data)
    assert trusted(folder) == ids(A, B)


def test_while_keys_are_revoked_no_revoked_one_comes_back(folder: Path) -> None:
    keys = [new_key() for _ in range(40)]
    for number, key in enumerate(keys):
        add_key(folder, f"k{number:02}", key.public)
    done: list[int] = []

    def step(number: int) -> None:
        if number < len(keys):
            path = folder / "revoked" / f"{keys[number].public.id}.json"
            said = {"by": "Ada", "format": "pgs-trust/1", "id": keys[number].public.id, "reason": "lost"}
            whole = folder.parent / "next"
            whole.write_bytes(canonical({**said, "since": "2020-01-01T00:00:00Z"}))
            whole.rename(path)
            done.append(number)

    with changing(step):
        while len(done) < len(keys):
            before = {f"k{number:02}" for number in done}
            assert not before & {key.name for key in read_trust(folder).trusted("snapshot", NOW)}
    assert trusted(folder) == set()


def test_a_folder_that_is_exchanged_is_one_of_the_two(folder: Path, tmp_path: Path) -> None:
    add_key(folder, "a", A.public)
    other = trust_folder(tmp_path / "other")
    add_key(other, "b", B.public)
    third = tmp_path / "third"

    def step(number: int) -> None:
        del number
        folder.rename(third)
        other.rename(folder)
        third.rename(other)

    assert readings(folder, step) <= {frozenset("a"), frozenset("b"), "R113"}


# --- roles and holders -----------------------------------------------------------------------------


def test_a_key_of_two_roles_counts_in_both_and_stands_for_one_holder(folder: Path) -> None:
    add_key(folder, "a", A.public, roles=["snapshot", "checkpoint"])
    trust = read_trust(folder)
    assert [key.name for role in ("snapshot", "checkpoint", "witness") for key in trust.trusted(role, NOW)] == [  # type: ignore[arg-type]
        "a",
        "a",
    ]
    add_key(folder, "a2", A.public, roles=["witness"])
    with pytest.raises(TrustRefused) as refused:
        read_trust(folder)
    assert refused.value.code == "R114"
    (folder / "keys" / "a2.json").unlink()
    add_key(folder, "b", B.public, roles=["snapshot", "snapshot"])
    with pytest.raises(TrustRefused) as refused:
        read_trust(folder)
    assert refused.value.message == "`keys/b.json` names no role, or one twice."


def test_one_signer_under_many_names_is_one(folder: Path) -> None:
    add_key(folder, "a", A.public)
    add_key(folder, "b", B.public)
    envelope = Envelope("text/plain", b"hello", ()).signed(A)
    (made,) = envelope.signatures
    many = Envelope("text/plain", b"hello", tuple(Signature(str(number), made.signature) for number in range(32)))
    keys = {key.key: key for key in read_trust(folder).trusted("snapshot", NOW)}
    assert holders(keys[key] for key in read_envelope(written(many)).signers(keys)) == 1


def test_ten_thousand_signatures_are_refused_at_little_cost() -> None:
    envelope = Envelope("text/plain", b"hello", ()).signed(A)
    many = Envelope("text/plain", b"hello", envelope.signatures * 10_000)
    data = written(many)
    tracemalloc.start()
    with pytest.raises(EnvelopeRefused):
        read_envelope(data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4 * len(data)
    few = Envelope("text/plain", b"hello", envelope.signatures * (MAX_SIGNATURES + 1))
    with pytest.raises(EnvelopeRefused) as refused:
        read_envelope(written(few))
    assert str(refused.value) == f"has {MAX_SIGNATURES + 1} signatures, and 1 to {MAX_SIGNATURES} are read"


# --- rotations -------------------------------------------------------------------------------------


def test_keys_that_vouch_for_each_other_in_a_circle_have_one_holder(folder: Path) -> None:
    add_key(folder, "a", A.public)
    rotate(folder, A, B)
    rotate(folder, B, A)
    assert trusted(folder) == ids(A, B)
    assert holders(read_trust(folder).keys) == 1


def test_a_circle_that_begins_nowhere_is_trusted_by_nobody(folder: Path) -> None:
    for old, new in ((A, B), (B, C), (C, A)):
        rotate(folder, old, new)
    assert trusted(folder) == set()
    rotate(folder, D, D)
    with pytest.raises(TrustRefused) as refused:
        read_trust(folder)
    assert refused.value.code == "R114"


def test_a_circle_through_a_revoked_key_ends_there(folder: Path) -> None:
    add_key(folder, "a", A.public)
    for old, new in ((A, B), (B, C), (C, A)):
        rotate(folder, old, new)
    revoke(folder, B.public)
    assert trusted(folder) == ids(A)
    revoke(folder, A.public)
    assert trusted(folder) == set()


def test_a_key_that_vouches_for_two_makes_no_second_holder(folder: Path) -> None:
    add_key(folder, "a", A.public)
    rotate(folder, A, B)
    rotate(folder, A, C)
    rotate(folder, C, D)
    assert trusted(folder) == ids(A, B, C, D)
    assert holders(read_trust(folder).keys) == 1
    for name, key in (("b", B), ("c", C), ("d", D)):
        add_key(folder, name, key.public, owner=name)
    assert holders(read_trust(folder).keys) == 1


def test_two_holders_who_vouch_for_each_other_are_one(folder: Path) -> None:
    add_key(folder, "a", A.public, owner="Ada")
    add_key(folder, "b", B.public, owner="Bob")
    assert holders(read_trust(folder).keys) == 2
    rotate(folder, B, A)
    rotate(folder, A, B)
    assert holders(read_trust(folder).keys) == 1


@pytest.mark.parametrize("since", ["2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z"])
def test_a_key_that_is_revoked_at_whatever_time_vouches_for_nobody(since: str, folder: Path) -> None:
    add_key(folder, "a", A.public)
    rotate(folder, A, B)
    rotate(folder, B, C)
    revoke(folder, A.public, since)
    assert trusted(folder) == (ids(A) if since > "2026" else set())


def test_a_revocation_counts_from_its_moment_on(folder: Path) -> None:
    add_key(folder, "a", A.public, since="2024-01-01T00:00:00Z")
    revoke(folder, A.public, "2026-06-01T00:00:00Z")
    (key,) = read_trust(folder).keys
    at = day("2026-06-01")
    second = timedelta(seconds=1)
    assert [key.standing(moment) for moment in (day("2023-01-01"), at - second, at, at + second)] == [
        "early",
        "valid",
        "revoked",
        "revoked",
    ]
    (folder / "revoked" / f"{A.public.id}.json").unlink()
    revoke(folder, A.public, "2023-06-01T00:00:00Z")  # before the key began
    (key,) = read_trust(folder).keys
    assert key.standing(day("2026-01-01")) == "revoked"
    assert key.standing(day("2023-01-01")) == "early"


def test_a_revocation_of_a_key_that_is_not_known_meets_it_when_it_comes(folder: Path) -> None:
    revoke(folder, B.public)
    add_key(folder, "a", A.public)
    rotate(folder, A, B)
    assert trusted(folder) == ids(A)
    add_key(folder, "b", B.public)
    write_policy(folder)
    assert trusted(folder) == ids(A)


def test_a_thousand_files_are_read_and_one_more_ends_all_trust(folder: Path) -> None:
    add_key(folder, "ada", A.public)
    revoke(folder, B.public)
    said = (folder / "revoked" / f"{B.public.id}.json").read_text(encoding="utf-8")
    for number in range(999):
        id = f"{number:064x}"
        (folder / "revoked" / f"{id}.json").write_text(said.replace(B.public.id, id), encoding="utf-8")
    assert trusted(folder) == ids(A)
    revoke(folder, C.public)
    with pytest.raises(TrustRefused) as refused:
        read_trust(folder)
    assert (refused.value.code, refused.value.message) == ("R113", "`revoked/` holds more than 1,000 files.")

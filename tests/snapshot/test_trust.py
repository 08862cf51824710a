"""The trust directory: what is read, what is refused, and which keys count at which moment."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pgs_snapshot.canonical import canonical
from pgs_snapshot.dsse import Envelope, read_envelope, written
from pgs_snapshot.signing import new_key
from pgs_snapshot.trust import TrustRefused, holders, read_trust
from tests.snapshot.trusted import (
    FORMAT,
    SNAPSHOT,
    add_key,
    day,
    key_members,
    revoke,
    rotate,
    trust_folder,
    write_policy,
)

A, B, C = new_key(), new_key(), new_key()
NOW = day("2026-01-01")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return trust_folder(tmp_path / "trust")


def names(folder: Path, at: str = "2026-01-01") -> list[str]:
    return [key.name for key in read_trust(folder).trusted("snapshot", day(at))]


def refusal(folder: Path) -> tuple[str, str]:
    with pytest.raises(TrustRefused) as refused:
        read_trust(folder)
    return refused.value.code, refused.value.message


def test_a_key_counts_in_its_roles_and_from_one_moment_to_before_another(folder: Path) -> None:
    add_key(folder, "a", A.public, since="2025-01-01T00:00:00Z", until="2026-06-01T00:00:00Z")
    add_key(folder, "b", B.public, roles=["checkpoint", "witness"])
    trust = read_trust(folder)
    (a,) = trust.trusted("snapshot", NOW)
    assert (a.name, a.owner, a.key, a.origin) == ("a", "Ada", A.public, A.public.id)
    assert [key.name for key in trust.trusted("witness", NOW)] == ["b"]
    assert a.standing(day("2024-12-31")) == "early"
    assert a.standing(day("2025-01-01")) == "valid"
    assert a.standing(day("2026-06-01")) == "expired"


def test_a_revocation_meets_the_key_from_its_moment_on_under_whatever_name(folder: Path) -> None:
    add_key(folder, "a", A.public)
    revoke(folder, A.public, since="2026-01-01T00:00:00Z")
    assert names(folder, "2025-12-31") == ["a"]
    assert names(folder, "2026-01-01") == []
    (folder / "keys" / "a.json").rename(folder / "keys" / "fresh.json")
    assert names(folder) == []
    assert [key.name for key in read_trust(folder).of("snapshot")] == ["fresh"]


def test_a_key_stands_once(folder: Path) -> None:
    add_key(folder, "a", A.public)
    add_key(folder, "b", A.public, owner="Bob")
    assert refusal(folder) == ("R114", "`b` is the same key as `a`; a key stands once.")


def test_who_trusts_the_old_key_comes_to_trust_the_next_ones_as_one_holder(folder: Path) -> None:
    add_key(folder, "a", A.public, until="2025-01-01T00:00:00Z")
    rotate(folder, A, B, since="2024-06-01")
    rotate(folder, B, C, since="2025-06-01")
    trust = read_trust(folder)
    assert {key.key for key in trust.trusted("snapshot", NOW)} == {B.public, C.public}
    assert {key.origin for key in trust.keys} == {A.public.id}
    assert holders(trust.keys) == 1


def test_a_key_that_another_vouches_for_and_that_stands_in_a_file_as_well_has_the_same_holder(folder: Path) -> None:
    add_key(folder, "a", A.public)
    add_key(folder, "b", B.public)
    add_key(folder, "c", C.public)
    assert holders(read_trust(folder).keys) == 3
    rotate(folder, A, B)
    rotate(folder, B, C)
    assert holders(read_trust(folder).keys) == 1


def test_a_revoked_key_and_one_out_of_its_time_vouch_for_nobody(folder: Path) -> None:
    add_key(folder, "a", A.public, since="2024-01-01T00:00:00Z", until="2025-01-01T00:00:00Z")
    rotate(folder, A, B, since="2025-01-01")
    assert len(read_trust(folder).keys) == 1
    rotate(folder, A, B, since="2024-12-31")
    assert len(read_trust(folder).keys) == 2
    revoke(folder, A.public, since="2030-01-01T00:00:00Z")
    assert len(read_trust(folder).keys) == 1


def test_a_rotation_gives_no_role_that_the_old_key_has_not(folder: Path) -> None:
    add_key(folder, "a", A.public)
    rotate(folder, A, B, roles=("snapshot", "witness"))
    trust = read_trust(folder)
    assert [key.roles for key in trust.keys] == [("snapshot",), ("snapshot",)]
    assert trust.trusted("witness", NOW) == ()


def test_a_rotation_that_one_of_the_two_has_not_signed_counts_nothing(folder: Path) -> None:
    add_key(folder, "a", A.public)
    file = rotate(folder, A, B)
    whole = read_envelope(file.read_bytes())
    for signature in whole.signatures:
        file.write_bytes(written(Envelope(whole.payload_type, whole.payload, (signature,))))
        assert len(read_trust(folder).keys) == 1
    file.write_bytes(written(whole))
    assert len(read_trust(folder).keys) == 2


def test_a_rotation_cannot_make_the_key_of_another_ones_own(folder: Path) -> None:
    add_key(folder, "a", A.public)
    add_key(folder, "b", B.public, owner="Bob")
    file = rotate(folder, A, B)
    whole = read_envelope(file.read_bytes())
    forged = Envelope(whole.payload_type, whole.payload, ()).signed(A).signed(C)
    file.write_bytes(written(forged))
    assert holders(read_trust(folder).keys) == 2


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("README.md", "`README.md` is not of a trust directory."),
        ("keys/a.pem", "`keys/a.pem` is not of a trust directory."),
        ("keys/.a.json.swp", "`keys/.a.json.swp` is not of a trust directory."),
        ("more/a.json", "`more` is not of a trust directory."),
    ],
)
def test_what_is_not_known_is_refused(path: str, message: str, folder: Path) -> None:
    (folder / path).parent.mkdir(exist_ok=True)
    (folder / path).write_bytes(b"{}")
    assert refusal(folder) == ("R113", message)


def test_links_pipes_and_what_is_too_large_are_refused(folder: Path, tmp_path: Path) -> None:
    add_key(folder, "a", A.public)
    file = folder / "keys" / "a.json"
    elsewhere = file.rename(tmp_path / "a.json")
    file.symlink_to(elsewhere)
    assert refusal(folder) == ("R113", "`keys/a.json` is a symbolic link.")
    file.unlink()
    os.mkfifo(file)
    assert refusal(folder) == ("R113", "`keys/a.json` is no file.")
    file.unlink()
    file.mkdir()
    assert refusal(folder) == ("R113", "`keys/a.json` is no file.")
    file.rmdir()
    file.write_bytes(b" " * 65537)
    assert refusal(folder) == ("R113", "`keys/a.json` is larger than 65,536 bytes.")
    file.unlink()
    (folder / "keys").rename(tmp_path / "keys")
    (folder / "keys").symlink_to(tmp_path / "keys")
    assert refusal(folder) == ("R113", "`keys` is a symbolic link, or no folder.")
    (tmp_path / "link").symlink_to(folder)
    assert refusal(tmp_path / "link")[0] == "R113"
    assert refusal(tmp_path / "missing")[0] == "R113"


def test_what_everybody_may_write_to_is_not_trusted(folder: Path) -> None:
    add_key(folder, "a", A.public)
    for path in (folder, folder / "keys", folder / "keys" / "a.json", folder / "policy.json"):
        mode = path.stat().st_mode
        path.chmod(mode | 0o002)
        assert refusal(folder)[0] == "R113"
        path.chmod(mode)
    assert names(folder) == ["a"]


def test_nothing_is_trusted_without_a_policy(folder: Path) -> None:
    (folder / "policy.json").unlink()
    assert refusal(folder) == ("R113", f"`{folder}` holds no `policy.json`, so it is no trust directory.")


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"more": 1}, "`keys/a.json` does not have its form: /more: is not known here."),
        ({"format": "pgs-trust/2"}, "`keys/a.json` has another format than `pgs-trust/1`: `pgs-trust/2`."),
        ({"key": "AAAA"}, "`keys/a.json`: the key has 3 bytes, and a key has 32."),
        ({"roles": []}, "`keys/a.json` names no role, or one twice."),
        ({"roles": ["snapshot", "snapshot"]}, "`keys/a.json` names no role, or one twice."),
        (
            {"roles": ["root"]},
            "`keys/a.json` does not have its form: /roles/0: is none of checkpoint, snapshot, witness.",
        ),
        ({"since": "2026-02-30T00:00:00Z"}, "`keys/a.json`: what should be its time is no day of the calendar."),
        (
            {"since": "2026-01-01T00:00:00+01:00"},
            "`keys/a.json`: what should be its time is no moment like `2026-01-31T08:00:00Z`.",
        ),
        ({"until": "2020-01-01T00:00:00Z"}, "`keys/a.json`: its time ends before it begins."),
        ({"until": None}, "`keys/a.json` does not have its form: /until: is written out and says nothing."),
    ],
)
def test_a_key_file_has_its_form(members: dict[str, object], why: str, folder: Path) -> None:
    add_key(folder, "a", A.public, **members)  # type: ignore[arg-type]
    assert refusal(folder) == ("R114", why)


def test_a_key_file_is_canonical_and_its_name_is_one(folder: Path) -> None:
    file = folder / "keys" / "a.json"
    file.write_text(json.dumps(key_members(A.public)), encoding="utf-8")
    assert refusal(folder) == ("R114", "`keys/a.json` is not canonical JSON, as `pgs_compiler keys` writes it.")
    file.write_bytes(canonical(key_members(A.public)).replace(b'{"format"', b'{"format":"x","format"'))
    assert refusal(folder)[0] == "R114"
    file.unlink()
    add_key(folder, "a b", A.public)
    assert refusal(folder) == ("R114", "`keys/a b.json` has a name that no key has.")


def test_a_revocation_and_a_rotation_are_named_by_the_key(folder: Path) -> None:
    add_key(folder, "a", A.public)
    revoke(folder, A.public)
    file = folder / "revoked" / f"{A.public.id}.json"
    file = file.rename(file.with_name("a.json"))
    assert refusal(folder) == ("R114", "`revoked/a.json` is not named by the id of the key that it revokes.")
    file.unlink()
    file = rotate(folder, A, B)
    file.rename(file.with_name("b.dsse.json"))
    assert refusal(folder) == ("R114", "`rotations/b.dsse.json` is not named by the id of the key that it is about.")


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ({"roles": {"root": SNAPSHOT}}, "`policy.json` names a role `root` that there is not."),
        ({"roles": {"snapshot": {**SNAPSHOT, "threshold": 0}}}, "`policy.json` has a threshold of less than one."),
        (
            {"roles": {"snapshot": {**SNAPSHOT, "not_after": "perhaps"}}},
            "`policy.json` does not have its form: /roles/snapshot/not_after: is none of enforced, ignored, required.",
        ),
        ({"versions": {"shop": -1}}, "`policy.json` has a version below 0 of `shop`."),
        ({"pins": {"shop": ["abc"]}}, "`policy.json` pins `shop` to what is no id of a snapshot."),
        ({"pins": {"shop": []}}, "`policy.json` pins `shop` to what is no id of a snapshot."),
        ({"more": True}, "`policy.json` does not have its form: /more: is not known here."),
    ],
)
def test_a_policy_has_its_form(policy: dict[str, object], why: str, folder: Path) -> None:
    write_policy(folder, **policy)  # type: ignore[arg-type]
    assert refusal(folder) == ("R114", why)


def test_a_role_of_which_the_policy_says_nothing_is_not_decided_by_a_default(folder: Path) -> None:
    trust = read_trust(folder)
    assert trust.demanded("snapshot").threshold == 1
    with pytest.raises(TrustRefused, match="says nothing about the role `witness`"):
        trust.demanded("witness")
    assert trust.policy.format == FORMAT

"""Signatures of snapshots: what counts, and every way in which none does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest

from pgs_snapshot.canonical import canonical
from pgs_snapshot.dsse import Envelope, Signature, payload_of, written
from pgs_snapshot.endorsed import PREDICATE, claimed, judge, statement_of
from pgs_snapshot.exchange import NotReplaceable, put_signature, write_snapshot
from pgs_snapshot.folder import open_snapshot
from pgs_snapshot.seal import CODES, MAX_SIGNATURE, SIGNATURE, SealBroken, Sealed, verify
from pgs_snapshot.signing import SigningKey, new_key
from pgs_snapshot.statements import PAYLOAD_TYPE, Subject, stated
from pgs_snapshot.trust import TrustedKey, read_trust
from pgs_snapshot.values import Value
from tests.snapshot.small import snapshot
from tests.snapshot.trusted import SNAPSHOT, add_key, day, revoke, rotate, trust_folder, write_policy

A, B, C = new_key(), new_key(), new_key()
NOW = day("2026-01-01")
FILES = snapshot()
ROOT = verify(FILES).root
STATEMENT = statement_of(verify(FILES).manifest)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = trust_folder(tmp_path / "trust")
    add_key(folder, "ada", A.public)
    add_key(folder, "bob", B.public, owner="Bob")
    return folder


def sealed(envelope: Envelope | bytes | None = None, files: Mapping[str, bytes] = FILES) -> Sealed:
    data = written(envelope) if isinstance(envelope, Envelope) else envelope
    return verify(dict(files) | ({SIGNATURE: data} if data is not None else {}))


def signed(*keys: SigningKey, over: Envelope = STATEMENT) -> Envelope:
    for key in keys:
        over = over.signed(key)
    return over


def judged(folder: Path, envelope: Envelope | bytes | None, at: datetime = NOW) -> list[str]:
    return [key.name for key in judge(sealed(envelope), read_trust(folder), at)]


def refusal(folder: Path, envelope: Envelope | bytes | None, at: datetime = NOW) -> tuple[str, str]:
    with pytest.raises(SealBroken) as refused:
        judge(sealed(envelope), read_trust(folder), at)
    assert refused.value.code in CODES
    return refused.value.code, refused.value.message


def test_a_signature_of_a_trusted_key_over_this_snapshot_counts(folder: Path) -> None:
    assert judged(folder, signed(A)) == ["ada"]
    assert judged(folder, signed(B, A)) == ["ada", "bob"]
    (key,) = judge(sealed(signed(A)), read_trust(folder), NOW)
    assert isinstance(key, TrustedKey)


def test_what_is_signed_is_an_in_toto_statement_about_the_root() -> None:
    assert STATEMENT.payload_type == "application/vnd.in-toto+json"
    assert json.loads(STATEMENT.payload) == {
        "_type": "https://in-toto.io/Statement/v1",
        "predicate": {"compiler": "0.1.0", "name": "bank", "version": 1},
        "predicateType": "urn:pgs:snapshot:v1",
        "subject": [{"digest": {"sha256": ROOT}, "name": "bank"}],
    }
    assert STATEMENT.payload == canonical(json.loads(STATEMENT.payload))


def test_seal_09_a_signature_that_is_demanded_and_missing(folder: Path) -> None:
    assert refusal(folder, None) == ("Z920", "`bank` is not signed, and the policy demands that.")
    write_policy(folder, roles={"snapshot": {**SNAPSHOT, "required": False}})
    assert judged(folder, None) == []
    assert refusal(folder, signed(C))[0] == "Z922"  # one that is there is judged, demanded or not


def test_seal_09_a_signature_by_a_key_that_nobody_trusts(folder: Path) -> None:
    expected = ("Z922", "No signature is by a key that is trusted with snapshots.")
    assert refusal(folder, signed(C)) == expected
    add_key(folder, "carol", C.public, roles=["checkpoint"])
    expected = ("Z922", "`carol` may not sign snapshots: it is a key for checkpoint.")
    assert refusal(folder, signed(C)) == expected


def test_seal_09_a_signature_by_a_revoked_key_under_whatever_name(folder: Path) -> None:
    revoke(folder, A.public, since="2025-06-01T00:00:00Z")
    expected = ("Z926", "The key `ada` was revoked on 2025-06-01T00:00:00Z.")
    assert refusal(folder, signed(A)) == expected
    (folder / "keys" / "ada.json").unlink()
    add_key(folder, "fresh", A.public, owner="Somebody else", since="2025-12-01T00:00:00Z")
    assert refusal(folder, signed(A)) == ("Z926", "The key `fresh` was revoked on 2025-06-01T00:00:00Z.")
    assert judged(folder, signed(A, B)) == ["bob"]


def test_seal_09_a_signature_that_is_none(folder: Path) -> None:
    bytes_of_b = signed(B).signatures[0].signature
    forged = Envelope(PAYLOAD_TYPE, STATEMENT.payload, (Signature(A.public.id, bytes(64)),))
    expected = ("Z921", "The signature that says it is by `ada` is not one over this statement.")
    assert refusal(folder, forged) == expected
    edited = STATEMENT.payload.replace(b'"version":1', b'"version":9')
    assert refusal(folder, Envelope(PAYLOAD_TYPE, edited, signed(A).signatures)) == expected
    # What a signature says of its key decides nothing: one by B that says it is by A is by B.
    assert judged(folder, Envelope(PAYLOAD_TYPE, STATEMENT.payload, (Signature(A.public.id, bytes_of_b),))) == ["bob"]
    assert judged(folder, Envelope(PAYLOAD_TYPE, STATEMENT.payload, (Signature("", bytes_of_b),))) == ["bob"]


@pytest.mark.parametrize("data", [b"", b"{}", b"null", written(signed(A)) + b"\n", b"\xff" * 100])
def test_seal_09_an_envelope_that_is_none(data: bytes, folder: Path) -> None:
    code, message = refusal(folder, data)
    assert code == "Z921"
    assert message.startswith(f"`{SIGNATURE}` ")


def test_seal_10_a_valid_signature_over_another_type_is_refused(folder: Path) -> None:
    checkpoint = Envelope("application/vnd.pgs.checkpoint", STATEMENT.payload, ()).signed(A)
    assert refusal(folder, checkpoint) == (
        "Z923",
        "`manifest.dsse.json` has the `payloadType` `application/vnd.pgs.checkpoint`, "
        "not `application/vnd.in-toto+json`.",
    )
    relabelled = Envelope(PAYLOAD_TYPE, checkpoint.payload, checkpoint.signatures)
    assert refusal(folder, relabelled)[0] == "Z921"  # the type is signed with the payload
    for value in (
        {**json.loads(STATEMENT.payload), "predicateType": "urn:pgs:rotation:v1"},
        {**json.loads(STATEMENT.payload), "_type": "https://in-toto.io/Statement/v0.1"},
        {"root": ROOT},
    ):
        assert refusal(folder, Envelope(PAYLOAD_TYPE, payload_of(value), ()).signed(A))[0] == "Z923"


def test_seal_10_a_rotation_that_was_signed_is_no_signature_of_a_snapshot(folder: Path) -> None:
    rotation = rotate(folder, A, C).read_bytes()
    assert refusal(folder, rotation)[0] == "Z923"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"subject": [{"digest": {"sha256": "0" * 64}, "name": "bank"}]}, "Z924"),
        ({"subject": [{"digest": {"sha256": ROOT}, "name": "shop"}]}, "Z924"),
        ({"predicate": {"compiler": "0.1.0", "name": "bank", "version": 2}}, "Z924"),
        ({"predicate": {"compiler": "9", "name": "bank", "version": 1}}, "Z924"),
        ({"predicate": {"compiler": "0.1.0", "name": "bank"}}, "Z921"),
        ({"predicate": {"compiler": "0.1.0", "name": "bank", "version": 1, "more": 1}}, "Z921"),
        ({"predicate": {"compiler": "0.1.0", "name": "bank", "version": 1, "not_after": "soon"}}, "Z921"),
        ({"subject": [{"digest": {"sha1": "0" * 40}, "name": "bank"}]}, "Z921"),
        ({"subject": [{"digest": {"md5": "0", "sha256": ROOT}, "name": "bank"}]}, "Z921"),
        ({"subject": []}, "Z921"),
        ({"subject": [{"digest": {"sha256": ROOT}, "name": "bank"}] * 2}, "Z921"),
    ],
)
def test_a_statement_of_another_snapshot_or_in_another_form_is_refused(
    members: dict[str, Value], code: str, folder: Path
) -> None:
    value = {**json.loads(STATEMENT.payload), **members}
    assert refusal(folder, Envelope(PAYLOAD_TYPE, payload_of(value), ()).signed(A))[0] == code


def test_seal_11_a_threshold_counts_holders_and_not_signatures(folder: Path) -> None:
    write_policy(folder, roles={"snapshot": {**SNAPSHOT, "threshold": 2}})
    (made,) = signed(A).signatures
    twice = Envelope(PAYLOAD_TYPE, STATEMENT.payload, (made, made, Signature("another", made.signature)))
    expected = "1 of the 2 holders that the policy demands have signed: `ada`."
    assert refusal(folder, twice) == ("Z928", expected)
    assert judged(folder, signed(A, B)) == ["ada", "bob"]
    revoke(folder, B.public)
    assert refusal(folder, signed(A, B)) == ("Z928", f"{expected} Not counted: `bob` (revoked).")


def test_seal_11_keys_that_one_holder_has_made_of_one_another_count_once(folder: Path) -> None:
    write_policy(folder, roles={"snapshot": {**SNAPSHOT, "threshold": 2}})
    rotate(folder, A, C)
    assert refusal(folder, signed(A, C))[0] == "Z928"
    add_key(folder, "carol", C.public, owner="Carol")
    assert refusal(folder, signed(A, C))[0] == "Z928"
    assert len(judged(folder, signed(C, B))) == 2


def test_a_key_counts_only_in_its_time_whatever_the_clock_says(folder: Path) -> None:
    add_key(folder, "carol", C.public, since="2025-01-01T00:00:00Z", until="2026-01-01T00:00:00Z")
    assert judged(folder, signed(C), day("2025-12-31")) == ["carol"]
    assert refusal(folder, signed(C), day("2026-01-01")) == (
        "Z925",
        "The key `carol` has expired: it counted until 2026-01-01T00:00:00Z.",
    )
    assert refusal(folder, signed(C), day("2024-12-31")) == (
        "Z925",
        "The key `carol` does not count before 2025-01-01T00:00:00Z.",
    )


def test_who_trusts_the_old_key_takes_what_the_next_one_signed(folder: Path) -> None:
    rotate(folder, A, C)
    assert judged(folder, signed(C)) == ["ada"]


def test_seal_15_a_statement_that_has_expired_is_refused_where_the_policy_asks(folder: Path) -> None:
    dated = signed(A, over=statement_of(sealed().manifest, day("2025-06-01")))
    assert judged(folder, dated, day("2025-05-31")) == ["ada"]
    expected = ("Z927", "The statement has expired: it held until 2025-06-01T00:00:00Z.")
    assert refusal(folder, dated) == expected
    write_policy(folder, roles={"snapshot": {**SNAPSHOT, "not_after": "ignored"}})
    assert judged(folder, dated) == ["ada"]
    write_policy(folder, roles={"snapshot": {**SNAPSHOT, "not_after": "required"}})
    expected = ("Z927", "The statement has no last moment, and the policy demands one.")
    assert refusal(folder, signed(A)) == expected


def test_seal_15_an_envelope_without_end_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(SealBroken, match="is larger than 65,536 bytes") as refused:
        sealed(b" " * (MAX_SIGNATURE + 1))
    assert refused.value.code == "Z911"
    write_snapshot(tmp_path / "snapshot", FILES)
    with open(tmp_path / "snapshot" / SIGNATURE, "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(SealBroken) as refused:
        open_snapshot(tmp_path / "snapshot")
    assert refused.value.code == "Z911"


def test_seal_05_a_version_below_the_lowest_and_an_id_that_is_not_pinned_are_refused(folder: Path) -> None:
    write_policy(folder, versions={"bank": 2, "shop": 9})
    expected = ("Z929", "Version 1 of `bank` is older than the policy lets run: 2 or later.")
    assert refusal(folder, signed(A)) == expected
    write_policy(folder, versions={"bank": 1}, pins={"bank": ["0" * 64]})
    code, message = refusal(folder, signed(A))
    assert (code, message) == ("Z905", f"`bank` is none of the snapshots that the policy pins: found `{ROOT}`.")
    write_policy(folder, pins={"bank": ["0" * 64, ROOT]})
    assert judged(folder, signed(A)) == ["ada"]
    assert refusal(folder, None)[0] == "Z920"  # a pin stands for no signature


def test_every_byte_of_a_signed_envelope_counts(folder: Path) -> None:
    data = written(signed(A))
    trust = read_trust(folder)
    accepted = []
    for index in range(len(data)):
        changed = bytearray(data)
        changed[index] ^= 1 << (index % 8)
        try:
            judge(sealed(bytes(changed)), trust, NOW)
        except SealBroken:
            continue
        accepted.append(index)
    hint = data.index(b'"keyid":"') + len(b'"keyid":"')
    assert set(accepted) <= set(range(hint, hint + 64))  # which is a hint, and decides nothing


# --- the folder ----------------------------------------------------------------------------------


def test_signatures_stay_with_what_they_are_over_and_go_with_it(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    write_snapshot(place, FILES)
    put = put_signature(place, lambda found: written(statement_of(found.manifest).signed(A)))
    assert put.signature == written(signed(A))
    assert open_snapshot(place).signature == written(signed(A))
    assert not write_snapshot(place, FILES)
    assert open_snapshot(place).signature == written(signed(A))
    assert write_snapshot(place, snapshot(2))
    assert open_snapshot(place).signature is None
    (place / SIGNATURE).write_bytes(written(signed(A)))
    assert claimed(open_snapshot(place)) == ()  # it is over another snapshot
    assert write_snapshot(place, snapshot(2))
    assert not (place / SIGNATURE).exists()


def test_signatures_that_are_written_with_a_snapshot_stand_in_place_of_others(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    write_snapshot(place, FILES | {SIGNATURE: written(signed(A))})
    assert claimed(open_snapshot(place)) == (A.public.id,)
    write_snapshot(place, FILES | {SIGNATURE: written(signed(B))})
    assert claimed(open_snapshot(place)) == (B.public.id,)


def test_a_damaged_snapshot_is_not_signed(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    write_snapshot(place, FILES)
    (place / "index.json").write_bytes(b'{"more":1}')
    with pytest.raises(SealBroken):
        put_signature(place, lambda found: written(statement_of(found.manifest).signed(A)))
    assert not (place / SIGNATURE).exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["snapshot"]


def test_a_folder_of_something_else_with_a_signature_is_not_replaced(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    write_snapshot(place, FILES)
    (place / SIGNATURE).write_bytes(b"{}")
    (place / "notes.txt").write_bytes(b"mine")
    with pytest.raises(NotReplaceable, match=r"notes\.txt"):
        write_snapshot(place, snapshot(2))


def test_a_signature_names_the_predicate_of_snapshots() -> None:
    assert json.loads(stated(Subject("bank", ROOT), PREDICATE, Subject("a", "b")).payload)["predicateType"] == PREDICATE

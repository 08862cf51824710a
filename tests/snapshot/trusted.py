"""Trust directories for tests: keys, revocations, rotations and a policy, written as the commands write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pgs_snapshot.canonical import canonical
from pgs_snapshot.dsse import written
from pgs_snapshot.rotation import Role, rotated
from pgs_snapshot.signing import PublicKey, SigningKey
from pgs_snapshot.values import Value

FORMAT = "pgs-trust/1"
SNAPSHOT: dict[str, Value] = {"not_after": "enforced", "required": True, "threshold": 1}


def day(text: str) -> datetime:
    """The beginning of a day, like `2026-01-31`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def trust_folder(folder: Path, **policy: Value) -> Path:
    """A trust directory that demands one signature of snapshots, unless members of the policy say something else."""
    for name in ("keys", "revoked", "rotations"):
        (folder / name).mkdir(parents=True)
    write_policy(folder, **policy)
    return folder


def write_policy(folder: Path, **policy: Value) -> None:
    members: dict[str, Value] = {"format": FORMAT, "roles": {"snapshot": SNAPSHOT}, **policy}
    (folder / "policy.json").write_text(json.dumps(members, indent=2), encoding="utf-8")


def key_members(key: PublicKey, /, **members: Value) -> dict[str, Value]:
    said: Mapping[str, Value] = {
        "format": FORMAT,
        "key": key.text,
        "owner": "Ada",
        "roles": ["snapshot"],
        "since": "2020-01-01T00:00:00Z",
    }
    return {**said, **members}


def add_key(folder: Path, name: str, key: PublicKey, /, **members: Value) -> None:
    (folder / "keys" / f"{name}.json").write_bytes(canonical(key_members(key, **members)))


def revoke(folder: Path, key: PublicKey, since: str = "2020-01-01T00:00:00Z") -> None:
    said: Value = {"by": "Ada", "format": FORMAT, "id": key.id, "reason": "lost", "since": since}
    (folder / "revoked" / f"{key.id}.json").write_bytes(canonical(said))


def rotate(
    folder: Path,
    old: SigningKey,
    new: SigningKey,
    roles: tuple[Role, ...] = ("snapshot",),
    since: str = "2024-01-01",
) -> Path:
    file = folder / "rotations" / f"{new.public.id}.dsse.json"
    file.write_bytes(written(rotated((old, new), "Ada", roles, day(since), None)))
    return file

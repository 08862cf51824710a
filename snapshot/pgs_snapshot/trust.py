"""The trust directory: whose signatures count, for what, from when, until when, and how many of them it takes.

    policy.json                 by role what is demanded, and by snapshot the lowest version and the ids
    keys/NAME.json              a public key, its owner, its roles, its time
    revoked/ID.json             a key that counts no more, since when, why, and who says so
    rotations/ID.dsse.json      a key that another one vouches for

Laws:
* nothing of it is a default: a folder without policy is refused, and so is everything that is not known here;
* a key is known by its bytes: under whatever name it stands, a revocation meets it;
* whether a key counts is a question about a moment, and the caller names the moment;
* keys that vouch for one another have one holder, so they count once (`TrustedKey.origin`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from pgs_snapshot.dsse import EnvelopeRefused
from pgs_snapshot.rotation import ROLES, Role, Rotation, read_rotation
from pgs_snapshot.signing import PublicKey, public_key
from pgs_snapshot.statements import moment
from pgs_snapshot.trust_files import (
    ENDINGS,
    KEYS,
    POLICY,
    REVOKED,
    ROTATIONS,
    KeyFile,
    Policy,
    RolePolicy,
    TrustRefused,
    files_of,
    key_file,
    policy_of,
    revoked_file,
)
from pgs_snapshot.visible import visible

__all__ = ["ROLES", "Policy", "Role", "RolePolicy", "Standing", "Trust", "TrustRefused", "TrustedKey", "read_trust"]

Standing = Literal["valid", "early", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A key of the directory.

    Attributes:
        name: of its file; of one that stands in no file, of the key that vouches for it.
        owner: who holds it.
        roles: what it may sign.
        since, until: it counts from the one to before the other; None: without end.
        revoked: it counts no more from then on; None: it was not revoked.
        origin: an id that all keys of one holder share, as far as they vouch for one another.
    """

    name: str
    owner: str
    roles: tuple[Role, ...]
    key: PublicKey
    since: datetime
    until: datetime | None
    revoked: datetime | None
    origin: str

    def standing(self, at: datetime) -> Standing:
        """Whether the key counts at a moment, and else why not; a revocation is told before anything else."""
        if self.revoked is not None and at >= self.revoked:
            return "revoked"
        if at < self.since:
            return "early"
        return "expired" if self.until is not None and at >= self.until else "valid"


@dataclass(frozen=True, slots=True)
class Trust:
    """A trust directory, read. `keys` are sorted by name, revoked ones among them."""

    keys: tuple[TrustedKey, ...]
    policy: Policy

    def of(self, role: Role) -> tuple[TrustedKey, ...]:
        """Every key that may sign in a role, at whatever time, revoked ones among them."""
        return tuple(key for key in self.keys if role in key.roles)

    def trusted(self, role: Role, at: datetime) -> tuple[TrustedKey, ...]:
        """The keys whose signatures count in a role at a moment, which has a time zone."""
        return tuple(key for key in self.of(role) if key.standing(at) == "valid")

    def demanded(self, role: Role) -> RolePolicy:
        """What is demanded of signatures in a role.

        Raises:
            TrustRefused: R114, the policy says nothing about it.
        """
        found = self.policy.roles.get(role)
        if found is None:
            raise TrustRefused("R114", f"`{POLICY}` says nothing about the role `{role}`.", POLICY)
        return found


def holders(keys: Iterable[TrustedKey]) -> int:
    """How many holders these keys have: what a threshold counts."""
    return len({key.origin for key in keys})


def read_trust(folder: Path) -> Trust:
    """Read a trust directory, whole.

    Raises:
        TrustRefused: R113, it is not there, holds a link, something unknown or too much, or everybody may write to it;
            R114, a file does not have its form.
    """
    files = files_of(folder)
    policy = policy_of(files.pop(POLICY))
    listed: list[tuple[str, KeyFile]] = []
    rotations: list[Rotation] = []
    revoked: dict[str, datetime] = {}
    for path, data in files.items():
        place, _, name = path.partition("/")
        if place == KEYS:
            listed.append((name.removesuffix(ENDINGS[KEYS]), key_file(path, data)))
        elif place == REVOKED:
            file = revoked_file(path, data)
            revoked[file.id] = moment(file.since)
        else:
            rotations.append(_rotation(path, data))
    found = _followed(_listed(listed, revoked), rotations, revoked)
    return Trust(tuple(sorted(found.values(), key=lambda key: (key.name, key.key.id))), policy)


def _rotation(path: str, data: bytes) -> Rotation:
    try:
        rotation = read_rotation(data)
    except EnvelopeRefused as refused:
        raise TrustRefused("R114", f"`{visible(path)}` {refused}.", path) from None
    if path != f"{ROTATIONS}/{rotation.key.id}{ENDINGS[ROTATIONS]}":
        raise TrustRefused("R114", f"`{visible(path)}` is not named by the id of the key that it is about.", path)
    return rotation


def _listed(files: Iterable[tuple[str, KeyFile]], revoked: Mapping[str, datetime]) -> dict[str, TrustedKey]:
    """The keys that stand in files, by id."""
    found: dict[str, TrustedKey] = {}
    for name, file in files:
        key = public_key(file.key)
        if key.id in found:
            message = f"`{name}` is the same key as `{found[key.id].name}`; a key stands once."
            raise TrustRefused("R114", message, f"{KEYS}/{name}.json")
        until = moment(file.until) if file.until is not None else None
        since, ended = moment(file.since), revoked.get(key.id)
        found[key.id] = TrustedKey(name, file.owner, file.roles, key, since, until, ended, key.id)
    return found


def _followed(
    found: dict[str, TrustedKey], rotations: Iterable[Rotation], revoked: Mapping[str, datetime]
) -> dict[str, TrustedKey]:
    """The keys, and those that they vouch for, however far."""
    waiting = sorted(rotations, key=lambda each: (each.since, each.key.id))
    while ready := [each for each in waiting if _vouches(found.get(each.old), each)]:
        waiting = [each for each in waiting if each not in ready]
        for rotation in ready:
            old, known = found[rotation.old], found.get(rotation.key.id)
            if known is None:
                roles = tuple(role for role in rotation.roles if role in old.roles)
                since, until, ended = rotation.since, rotation.until, revoked.get(rotation.key.id)
                key = rotation.key
                found[key.id] = TrustedKey(old.name, rotation.owner, roles, key, since, until, ended, old.origin)
            else:  # it stands in a file as well, and that says what it may; that both have one holder is news
                alike = [id for id, each in found.items() if each.origin == known.origin]
                found |= {id: replace(found[id], origin=old.origin) for id in alike}
    return found


def _vouches(old: TrustedKey | None, rotation: Rotation) -> bool:
    """Whether the old key has signed this and is trusted with it.

    One that was revoked vouches for nobody: when a statement was signed, only the signer says.
    """
    if old is None or old.revoked is not None or old.standing(rotation.since) != "valid":
        return False
    return rotation.signed_by(old.key)

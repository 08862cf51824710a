"""Writing into a trust directory: a key, the next key, the end of a key. Nothing that stands there is written over."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from pgs_snapshot.canonical import canonical
from pgs_snapshot.codec import encode
from pgs_snapshot.dsse import written
from pgs_snapshot.rotation import ROLES, Role, rotated
from pgs_snapshot.signing import PublicKey, SigningKey
from pgs_snapshot.statements import moment_text
from pgs_snapshot.trust import Trust, TrustedKey, TrustRefused, read_trust
from pgs_snapshot.trust_files import FORMAT, KEYS, POLICY, REVOKED, ROTATIONS, KeyFile, RevokedFile, key_file

_DEMANDED = {"not_after": "enforced", "required": True, "threshold": 1}


class NotWritten(Exception):
    """A trust directory cannot be given what it should be; the message says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a new key file says besides the key."""

    name: str
    owner: str
    roles: tuple[Role, ...]
    since: datetime
    until: datetime | None


def prepare(folder: Path, entry: Entry, key: PublicKey) -> None:
    """Make the trust directory if there is none, and see that it can take a key.

    Raises:
        NotWritten: it cannot.
        TrustRefused: what is there is no trust directory.
    """
    if not os.path.lexists(folder / POLICY):
        try:
            if os.path.lexists(folder) and any(folder.iterdir()):
                raise NotWritten(f"`{folder}` holds something, and no `{POLICY}`: it is no trust directory.")
            for name in (KEYS, REVOKED, ROTATIONS):
                (folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NotWritten(f"The trust directory `{folder}` cannot be made: {error.strerror}.") from None
        roles = dict.fromkeys(sorted(ROLES), _DEMANDED)
        _create(folder / POLICY, orjson.dumps({"format": FORMAT, "roles": roles}, option=orjson.OPT_INDENT_2) + b"\n")
    known = {each.name: each.key for each in read_trust(folder).keys if (folder / _path(each.name)).exists()}
    if entry.name in known:
        raise NotWritten(f"A key `{entry.name}` stands there already; a key is ended by `keys revoke`.")
    if key in known.values():
        same = next(name for name, each in known.items() if each == key)
        raise NotWritten(f"This key stands there already, as `{same}`.")
    key_file(_path(entry.name), _key_bytes(entry, key))


def add(folder: Path, entry: Entry, key: PublicKey) -> None:
    """Write a key that `prepare` found in order.

    Raises:
        NotWritten: it cannot be written.
    """
    (folder / KEYS).mkdir(exist_ok=True)
    _create(folder / _path(entry.name), _key_bytes(entry, key))


def follow(folder: Path, old: SigningKey, new: SigningKey, entry: Entry) -> None:
    """Write the next key of a holder, and the statement by which who trusts the old one comes to trust it.

    Raises:
        NotWritten: the old key cannot vouch, or something cannot be written.
    """
    add(folder, entry, new.public)
    (folder / ROTATIONS).mkdir(exist_ok=True)
    statement = rotated((old, new), entry.owner, entry.roles, entry.since, entry.until)
    _create(folder / ROTATIONS / f"{new.public.id}.dsse.json", written(statement))


def revoke(folder: Path, key: TrustedKey, said: tuple[datetime, str, str]) -> None:
    """End a key: from when on, why, and who says so.

    Raises:
        NotWritten: it was ended already, or it cannot be written.
    """
    since, reason, by = said
    (folder / REVOKED).mkdir(exist_ok=True)
    file = RevokedFile(by, FORMAT, key.key.id, reason, moment_text(since))
    _create(folder / REVOKED / f"{key.key.id}.json", canonical(encode(file)))


def vouching(trust: Trust, key: PublicKey, at: datetime) -> TrustedKey:
    """The key of the directory that has these bytes and may vouch for another.

    Raises:
        NotWritten: there is none, or it may not.
    """
    found = next((each for each in trust.keys if each.key == key), None)
    if found is None:
        raise NotWritten(f"The trust directory does not have this key (`{key.id}`).")
    if found.revoked is not None or found.standing(at) != "valid":
        how = "was revoked" if found.revoked is not None else f"is {found.standing(at)}"
        raise NotWritten(f"The key `{found.name}` {how}, and vouches for nobody. Make another: `keys new`.")
    return found


def named(trust: Trust, name: str) -> TrustedKey:
    """The key of a name or an id.

    Raises:
        NotWritten: there is none, or several that one vouches for have this name.
    """
    found = [key for key in trust.keys if name in (key.name, key.key.id)]
    if len(found) != 1:
        known = ", ".join(f"`{key.name}`" for key in trust.keys)
        why = "several keys; name the id" if found else f"no key. There are: {known or 'none'}"
        raise NotWritten(f"By `{name}` there is {why}.")
    return found[0]


def _path(name: str) -> str:
    return f"{KEYS}/{name}.json"


def _key_bytes(entry: Entry, key: PublicKey) -> bytes:
    until = moment_text(entry.until) if entry.until else None
    return canonical(encode(KeyFile(FORMAT, key.text, entry.owner, entry.roles, moment_text(entry.since), until)))


def _create(path: Path, data: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except FileExistsError:
        raise NotWritten(f"`{path}` is there already, and stays as it is.") from None
    except OSError as error:
        raise NotWritten(f"`{path}` cannot be written: {error.strerror}.") from None


__all__ = ["Entry", "NotWritten", "TrustRefused", "add", "follow", "named", "prepare", "revoke", "vouching"]

"""The files of a trust directory: their forms, read strictly, and nothing else beside them."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeVar, cast

from pgs_snapshot.canonical import canonical
from pgs_snapshot.codec import CodecRefused, decode
from pgs_snapshot.frozen import frozen
from pgs_snapshot.jsontext import JsonLimits, JsonRefused, read_json
from pgs_snapshot.rotation import ROLES, Role
from pgs_snapshot.signing import public_key
from pgs_snapshot.statements import moment
from pgs_snapshot.visible import visible

T = TypeVar("T")
Aged = Literal["ignored", "enforced", "required"]

FORMAT = "pgs-trust/1"
POLICY = "policy.json"
KEYS, REVOKED, ROTATIONS = "keys", "revoked", "rotations"
ENDINGS: Mapping[str, str] = MappingProxyType({KEYS: ".json", REVOKED: ".json", ROTATIONS: ".dsse.json"})
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
ID = re.compile(r"[0-9a-f]{64}")
MAX_FILE, MAX_FILES = 64 << 10, 1000
_OTHERS_WRITE = 0o002

TRUST_CODES: Mapping[str, str] = MappingProxyType({"R113": "trust-folder", "R114": "trust-file"})
"""Why a trust directory cannot be relied on: a stable code and its name."""


class TrustRefused(Exception):
    """A trust directory is not one, so nothing is trusted.

    Attributes:
        code: a key of `TRUST_CODES`.
        message: one sentence, names in backticks.
        path: the file that it is about, within the folder; "" for the whole.
    """

    def __init__(self, code: str, message: str, path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path


@frozen
class KeyFile:
    """`keys/NAME.json`: who holds a key and what it may sign, from a moment on and, if said, until before another."""

    format: str
    key: str
    owner: str
    roles: tuple[Role, ...]
    since: str
    until: str | None


@frozen
class RevokedFile:
    """`revoked/ID.json`: the key of this id counts no more since a moment; who says so, and why."""

    by: str
    format: str
    id: str
    reason: str
    since: str


@frozen
class RolePolicy:
    """What is demanded of signatures in a role.

    `required`: something without a signature is refused. `threshold`: how many holders have to have signed.
    `not_after`: a statement's last moment is `ignored`, `enforced` where it has one, or `required` and enforced.
    """

    not_after: Aged
    required: bool
    threshold: int


@frozen
class Policy:
    """`policy.json`: by role what is demanded; by name of a snapshot the lowest version, and the ids, that may run."""

    format: str
    roles: Mapping[str, RolePolicy]
    pins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)


def files_of(folder: Path) -> dict[str, bytes]:
    """The bytes of every file of a trust directory, by path. No link is followed, and nothing unknown is passed over.

    Raises:
        TrustRefused: R113.
    """
    found: dict[str, bytes] = {}
    with _opened(str(folder), os.O_DIRECTORY, str(folder)) as descriptor:
        for name in _names(descriptor, ""):
            if name in ENDINGS:
                with _opened(name, os.O_DIRECTORY, name, descriptor) as inner:
                    for each in _names(inner, f"{name}/"):
                        if not each.endswith(ENDINGS[name]):
                            raise TrustRefused("R113", f"`{name}/{visible(each)}` is not of a trust directory.")
                        _take(found, f"{name}/{each}", each, inner)
            elif name == POLICY:
                _take(found, name, name, descriptor)
            else:
                raise TrustRefused("R113", f"`{visible(name)}` is not of a trust directory.", name)
    if POLICY not in found:
        raise TrustRefused("R113", f"`{visible(str(folder))}` holds no `{POLICY}`, so it is no trust directory.")
    return found


def policy_of(data: bytes) -> Policy:
    """What `policy.json` demands: any strict JSON, for people write it.

    Raises:
        TrustRefused: R114.
    """
    policy = _decoded(Policy, POLICY, data, written_by_us=False)
    wrong = [f"names a role `{visible(role)}` that there is not" for role in policy.roles if role not in ROLES]
    wrong += ["has a threshold of less than one" for demanded in policy.roles.values() if demanded.threshold < 1]
    wrong += [f"has a version below 0 of `{visible(name)}`" for name, least in policy.versions.items() if least < 0]
    wrong += [
        f"pins `{visible(name)}` to what is no id of a snapshot"
        for name, ids in policy.pins.items()
        if not ids or not all(map(ID.fullmatch, ids))
    ]
    if wrong:
        raise TrustRefused("R114", f"`{POLICY}` {wrong[0]}.", POLICY)
    return policy


def key_file(path: str, data: bytes) -> KeyFile:
    """What a file under `keys` says.

    Raises:
        TrustRefused: R114.
    """
    file = _decoded(KeyFile, path, data)
    if not NAME.fullmatch(path.removeprefix(f"{KEYS}/").removesuffix(ENDINGS[KEYS])):
        raise TrustRefused("R114", f"`{visible(path)}` has a name that no key has.", path)
    try:
        public_key(file.key)
    except ValueError as error:
        raise TrustRefused("R114", f"`{path}`: the key {error}.", path) from None
    _demand_time(path, file.since, file.until)
    if not file.roles or len(set(file.roles)) != len(file.roles):
        raise TrustRefused("R114", f"`{path}` names no role, or one twice.", path)
    return file


def revoked_file(path: str, data: bytes) -> RevokedFile:
    """What a file under `revoked` says.

    Raises:
        TrustRefused: R114.
    """
    file = _decoded(RevokedFile, path, data)
    _demand_time(path, file.since, None)
    if not ID.fullmatch(file.id) or path != f"{REVOKED}/{file.id}{ENDINGS[REVOKED]}":
        raise TrustRefused("R114", f"`{visible(path)}` is not named by the id of the key that it revokes.", path)
    return file


def _demand_time(path: str, since: str, until: str | None) -> None:
    try:
        begins, ends = moment(since), moment(until) if until is not None else None
    except ValueError as error:
        raise TrustRefused("R114", f"`{path}`: what should be its time {error}.", path) from None
    if ends is not None and ends <= begins:
        raise TrustRefused("R114", f"`{path}`: its time ends before it begins.", path)


def _decoded(kind: type[T], path: str, data: bytes, *, written_by_us: bool = True) -> T:
    try:
        value = read_json(data, JsonLimits(size=MAX_FILE, depth=8))
        decoded = decode(kind, value)
    except (JsonRefused, CodecRefused) as refused:
        message = f"`{visible(path)}` does not have its form: {visible(str(refused))}."
        raise TrustRefused("R114", message, path) from None
    found = cast("dict[str, object]", value)["format"]
    if found != FORMAT:
        message = f"`{visible(path)}` has another format than `{FORMAT}`: `{visible(str(found)[:40])}`."
        raise TrustRefused("R114", message, path)
    if written_by_us and canonical(value) != data:
        raise TrustRefused("R114", f"`{visible(path)}` is not canonical JSON, as `pgs_compiler keys` writes it.", path)
    return decoded


# --- the folder ----------------------------------------------------------------------------------


def _names(descriptor: int, prefix: str) -> list[str]:
    names = sorted(os.listdir(descriptor))
    if len(names) > MAX_FILES:
        raise TrustRefused("R113", f"`{prefix or '.'}` holds more than {MAX_FILES:,} files.")
    return names


def _take(found: dict[str, bytes], path: str, name: str, within: int) -> None:
    with _opened(name, os.O_NONBLOCK, path, within) as descriptor:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise TrustRefused("R113", f"`{visible(path)}` is no file.", path)
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            raise TrustRefused("R113", f"`{visible(path)}` is larger than {MAX_FILE:,} bytes.", path)
        found[path] = data


@contextmanager
def _opened(name: str, flags: int, path: str, within: int | None = None) -> Iterator[int]:
    """A descriptor of a file or folder that is no symbolic link, and that not everybody may write to."""
    shown = visible(path)
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | flags, dir_fd=within)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            more = ", or no folder" if flags & os.O_DIRECTORY else ""
            raise TrustRefused("R113", f"`{shown}` is a symbolic link{more}.", path) from None
        raise TrustRefused("R113", f"`{shown}` cannot be read: {error.strerror}.", path) from None
    try:
        if os.fstat(descriptor).st_mode & _OTHERS_WRITE:
            raise TrustRefused("R113", f"Everybody may write to `{shown}`, so nothing in it can be trusted.", path)
        yield descriptor
    finally:
        os.close(descriptor)

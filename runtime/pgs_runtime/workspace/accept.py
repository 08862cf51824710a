"""Accepting a snapshot: a copy in the data root, so that old traces can be replayed; versions only grow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.stores.port import Store, StoreUnusable
from pgs_runtime.stores.postgres_address import Address
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.stores.sqlite_file import SqliteOptions, cause_of
from pgs_runtime.workspace.settings import FILE, Settings, no_settings, read_settings
from pgs_snapshot.folder import open_snapshot
from pgs_snapshot.seal import SIGNATURE
from pgs_snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from pgs_runtime.stores.postgres import PostgresStore

STATE = "state.db"
_COPIES = "snapshots"
_VERSION = "snapshot_version:"


def store_in(data_root: Path, address: Address | None = None) -> Store:
    """The store of a data root: a file in it, or at an address; a new one only where no snapshot was ever accepted.

    Raises:
        StoreUnusable: an address needs a package that is not installed.
    """
    if address is None:
        return SqliteStore(data_root / STATE, SqliteOptions(companion=_COPIES))
    return _postgres_at(address, data_root, make=True)


def found_in(data_root: Path, address: Address | None = None) -> Store | None:
    """The store of a data root, or None where there is none; nothing is made.

    Raises:
        StoreUnusable, StoreBusy: whether there is one cannot be found out.
    """
    if address is None:
        return store_in(data_root) if (data_root / STATE).is_file() else None
    store = _postgres_at(address, data_root, make=False)
    return store if store.exists() else None


def kept_in(data_root: Path, address: Address | None = None) -> Store | None:
    """The store that runs of a data root are kept in, or None where nothing was ever run; nothing is made.

    Raises:
        StoreUnusable: there was one and it is lost, as its first use tells; or there is no telling.
    """
    if address is None:
        used = os.path.lexists(data_root / STATE) or os.path.lexists(data_root / _COPIES)
        return store_in(data_root) if used else None
    return found_in(data_root, address)


def _postgres_at(address: Address, data_root: Path, *, make: bool) -> PostgresStore:
    try:  # what only this store needs comes with it: psycopg is no part of the default install
        from pgs_runtime.stores.postgres import PostgresStore
        from pgs_runtime.stores.postgres_session import PostgresOptions
    except ImportError as error:
        if "psycopg" not in str(error) and "pq wrapper" not in str(error):
            raise
        raise StoreUnusable(
            "unsupported",
            "A store in PostgreSQL needs the package `psycopg`.",
            "Type `pip install 'pgs-python[postgres]'`.",
        ) from error
    return PostgresStore(address, PostgresOptions(make=make, companion=data_root / _COPIES))


def own_settings(data_root: Path) -> Settings:
    """What the operator says about the outside in the data root, if anything.

    Raises:
        Refusal: by `read_settings`.
    """
    file = data_root / FILE
    return read_settings(file) if file.exists() else no_settings(file)


def accept(snapshot: Snapshot, store: Store, data_root: Path) -> None:
    """Keep a verified copy, and remember the version as the newest of its name.

    Raises:
        Refusal: a newer version of this snapshot was accepted here before.
        StoreUnusable: the copy cannot be kept.
    """
    name, version = snapshot.sealed.manifest.name, str(snapshot.sealed.manifest.version).encode()
    while True:
        known = demand_newest(snapshot, store)
        _keep(snapshot, data_root)  # first: a version that could not be kept must not keep older ones out
        if version == known or store.swap_meta(f"{_VERSION}{name}", known, version):
            return


def demand_newest(snapshot: Snapshot, store: Store) -> bytes | None:
    """The newest version that was accepted of a snapshot's name, or None; it is not newer than this one.

    Raises:
        Refusal: R053, it is.
    """
    name, version = snapshot.sealed.manifest.name, snapshot.sealed.manifest.version
    known = store.meta(f"{_VERSION}{name}")
    if known is not None and version < int(known):
        raise Refusal(
            "R053",
            f"Version {version} of `{name}` is older than version {int(known)}, which was accepted here.",
            ExitCode.SEAL,
            hint="Compile with a higher `version` in pgs.yaml.",
        )
    return known


def _keep(snapshot: Snapshot, data_root: Path) -> None:
    copy = copy_of(data_root, snapshot.id)
    if copy.parent.is_symlink():
        raise StoreUnusable("unsafe", f"`{copy.parent}` is a symbolic link.", "Put the folder itself there.")
    signature = snapshot.sealed.signature
    if copy.is_dir() and (signature is None or _has(copy, signature)):
        return  # it is verified whenever it is used, not at every start
    from pgs_snapshot.exchange import NotReplaceable, write_snapshot  # 4 ms, once for a snapshot

    try:
        data_root.mkdir(mode=0o700, parents=True, exist_ok=True)  # a store in a database has made none
        copy.parent.mkdir(mode=0o700, exist_ok=True)
        write_snapshot(copy, snapshot.sealed.files())
    except (NotReplaceable, OSError) as error:
        raise _unkept(copy, error if isinstance(error, OSError) else None) from error


def _has(copy: Path, signature: bytes) -> bool:
    """Whether a copy has these signatures, and not those from before it was signed anew."""
    file = copy / SIGNATURE
    return file.is_file() and file.read_bytes() == signature


def _unkept(copy: Path, error: OSError | None) -> StoreUnusable:
    if error is None:
        message = f"The snapshot cannot be kept at `{copy}`: something else is there."
        return StoreUnusable("permission", message, "See what is there, or name another data root.")
    cause = cause_of(error)
    message = f"The snapshot cannot be kept at `{copy}`: {(error.strerror or 'refused').lower()}."
    room, other = "Free some disk space; what was committed stands.", "Name a data root that you may write to."
    hint = room if cause == "full" else other
    return StoreUnusable(cause, message, hint)


def accepted(data_root: Path, id: str) -> Snapshot:
    """A snapshot that was accepted earlier, verified again.

    Raises:
        SealBroken: it is not there, or not what it was.
    """
    return Snapshot(open_snapshot(copy_of(data_root, id), pin=id))


def copy_of(data_root: Path, id: str) -> Path:
    """The folder in which a data root keeps a snapshot."""
    return data_root / _COPIES / id


def fact(store: Store, key: str) -> bytes:
    """A fact that every store has about itself."""
    fact = store.meta(key)
    if fact is None:
        raise StoreUnusable("altered", f"The store has lost its `{key}`.")
    return fact

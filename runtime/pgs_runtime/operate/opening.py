"""Opening what is there: the runtime over a store that has runs, or one that only rehearses. Nothing is made."""

from __future__ import annotations

from pathlib import Path

from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Store
from pgs_runtime.stores.postgres_address import Address
from pgs_runtime.workspace.accept import demand_newest, kept_in, own_settings
from pgs_runtime.workspace.settings import read_settings
from pgs_runtime.workspace.trusting import going_on
from pgs_snapshot.snapshot import Snapshot


def found(
    snapshot: Snapshot,
    data_root: Path,
    address: Address | None = None,
    settings: Path | None = None,
    trust: Path | None = None,
) -> Runtime | None:
    """As `Runtime.over`, for runs that are there: None where nothing was ever run; the snapshot is not accepted.

    Raises:
        StoreUnusable, StoreBusy: the store cannot be opened, or was lost.
    """
    store = kept_in(data_root, address)
    return None if store is None else _over(snapshot, store, data_root, settings, trust)


def rehearsing(
    snapshot: Snapshot,
    data_root: Path,
    address: Address | None = None,
    settings: Path | None = None,
    trust: Path | None = None,
) -> Runtime:
    """As `Runtime.over`, for `dry_run`: what is kept is read, and the snapshot is not accepted.

    Raises:
        Refusal: the store has accepted a newer version of the snapshot.
        StoreUnusable, StoreBusy: the store cannot be opened, or was lost.
    """
    store = kept_in(data_root, address) or MemoryStore()
    try:
        demand_newest(snapshot, store)
    except BaseException:
        store.close()
        raise
    return _over(snapshot, store, data_root, settings, trust)


def looking(snapshot: Snapshot, data_root: Path, address: Address | None = None) -> Runtime:
    """As `found`, and over an empty store where nothing was ever run.

    Raises:
        StoreUnusable, StoreBusy: the store cannot be opened, or was lost.
    """
    return _over(snapshot, kept_in(data_root, address) or MemoryStore(), data_root, None, None)


def _over(snapshot: Snapshot, store: Store, data_root: Path, settings: Path | None, trust: Path | None) -> Runtime:
    try:
        outside = read_settings(settings) if settings else own_settings(data_root)
        return Runtime(snapshot, store, settings=outside, accepted=going_on(data_root, trust))
    except BaseException:
        store.close()
        raise

"""Where a store is: how its file is journalled, how large it is, and how much room is left."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from pgs_runtime.evidence.doctor import Remark
from pgs_runtime.stores.postgres_address import Address
from pgs_runtime.stores.sqlite_file import SqliteOptions, journal_of
from pgs_snapshot.visible import visible

_LEAST = 256 << 20


def housed(file: Path, address: Address | None) -> tuple[Remark, ...]:
    """What there is to say of the place of a store that can be used: its file, or an address.

    The journal is the one that a store is opened with; under another it is not opened.
    """
    if address is not None:
        return (Remark("store", "It is in PostgreSQL: look after room and backups there."),)
    size = sum(part.stat().st_size for part in (file, file.with_name(f"{file.name}-wal")) if part.exists())
    free = shutil.disk_usage(file.parent).free
    journal, synchronous = journal_of(SqliteOptions().mode, sqlite3.sqlite_version_info)
    says = f"`{visible(str(file))}`: {_bytes(size)}, journal {journal}, synchronous {synchronous}, {_bytes(free)} free."
    full = free < max(_LEAST, size)
    return (Remark("store", says, full, "Free some disk space: a store that is full refuses runs." if full else ""),)


def _bytes(count: int) -> str:
    amount, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.0f} {unit}" if amount >= 10 or unit == "B" else f"{amount:.1f} {unit}"

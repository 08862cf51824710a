"""Opens the file of a SQLite store: where it may lie, how it is journalled, whose it is."""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Literal, TypeAlias

from pgs_runtime.stores import schema
from pgs_runtime.stores.errors import Cause, StoreUnusable

Mode: TypeAlias = Literal["durable", "fast"]
Version: TypeAlias = tuple[int, int, int]

_OLDEST: Version = (3, 37, 0)  # STRICT tables
_NETWORK = {"9p", "afs", "beegfs", "ceph", "cifs", "glusterfs", "lustre", "nfs", "nfs4", "smb3", "smbfs"}
_NETWORK |= {"fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"}

_CAUSES: dict[int, Cause] = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EROFS: "readonly",
    errno.EIO: "io",
}


def filesystem_of(path: Path, table: Path = Path("/proc/mounts")) -> str:
    """The type of the file system that holds `path`, as Linux names it; "" where that cannot be told.

    Args:
        path: need not exist.
        table: what is mounted, in the form of fstab(5).
    """
    try:
        mounts = table.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
    place = path.resolve()
    found, kind = Path("/"), ""
    for mount in mounts.splitlines():
        fields = mount.split()
        point = Path(fields[1].replace("\\040", " "))
        # A later mount on the same point hides the earlier one.
        if place.is_relative_to(point) and point.is_relative_to(found):
            found, kind = point, fields[2]
    return kind


@dataclass(frozen=True, slots=True)
class SqliteOptions:
    """How to open a SQLite store.

    Attributes:
        mode: `durable` survives a power cut; `fast` may forget the last runs on power loss.
        patience: how long to wait for other processes, in seconds.
        entropy: gives so many random bytes, for a new store's id and secret.
        filesystem: names the type of the file system that holds a path.
        library: the version of the SQLite library.
        companion: a folder beside the file; where something is in it there was a store, and none is made anew.
    """

    mode: Mode = "durable"
    patience: float = 10.0
    entropy: Callable[[int], bytes] = secrets.token_bytes
    filesystem: Callable[[Path], str] = filesystem_of
    library: Version = sqlite3.sqlite_version_info
    companion: str = ""


def journal_of(mode: Mode, library: Version) -> tuple[Literal["WAL", "TRUNCATE"], Literal["FULL", "NORMAL"]]:
    """The journal mode and synchronous level for a mode under a version of the library.

    SQLite before 3.51.3 could corrupt a database when a checkpoint raced with a reset of the write-ahead log
    (sqlite.org/wal.html, "The WAL-reset bug"); the fix was taken back into 3.50.7 and 3.44.6.
    """
    if mode == "fast":
        return "WAL", "NORMAL"
    repaired = (
        library >= (3, 51, 3)
        or (3, 50, 7) <= library < (3, 51, 0)
        or (3, 44, 6) <= library < (3, 45, 0)
    )  # fmt: skip
    return ("WAL" if repaired else "TRUNCATE"), "FULL"


def connect(path: Path, options: SqliteOptions) -> sqlite3.Connection:
    """Open the store at an absolute path, and make it if there is none.

    Raises:
        StoreUnusable: the place is unsafe, the file is not ours, or this system cannot keep our promises.
        sqlite3.Error: SQLite refused; `sqlite_faults.explained` tells why.
    """
    journal, synchronous = journal_of(options.mode, options.library)
    _demand_support(path, journal, options)
    # Looked at first: where another process makes the store at this moment, the companion comes after it.
    used = bool(options.companion) and _is_filled(path.parent / options.companion)
    if used and not path.exists():
        raise _lost(path, "missing", options)
    _make_place(path)
    _demand_safety(path)
    connection = sqlite3.connect(path, timeout=options.patience, isolation_level=None)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA secure_delete = ON")  # a key that has ended must not stay in a free page
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA fullfsync = ON")  # where fsync alone does not reach the disk (macOS)
        _establish(connection, path, options, used)
        _demand_privacy(path)
        got = _journal(connection, journal, options.patience)
        if got != journal:
            raise StoreUnusable("unsupported", f"The store `{path}` is journalled as {got}, not as {journal}.")
    except BaseException:
        connection.close()
        raise
    return connection


def cause_of(error: OSError) -> Cause:
    """Which kind of trouble of a store an error of the file system is."""
    return _CAUSES.get(error.errno or 0, "permission")


def _journal(connection: sqlite3.Connection, journal: str, patience: float) -> str:
    """Set the journal mode; the mode that there is now.

    To change it takes the file for oneself, and where that could deadlock SQLite gives up without waiting.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            got: str = connection.execute(f"PRAGMA journal_mode = {journal}").fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(0.01)
        else:
            return got.upper()


def _demand_support(path: Path, journal: str, options: SqliteOptions) -> None:
    if options.library < _OLDEST:
        running, oldest = (".".join(map(str, version)) for version in (options.library, _OLDEST))
        raise StoreUnusable(
            "unsupported",
            f"The store needs SQLite {oldest} or newer, and this Python has {running}.",
            "Use a Python that brings a newer SQLite.",
        )
    kind = options.filesystem(path.parent) if journal == "WAL" else ""
    if kind in _NETWORK:
        raise StoreUnusable(
            "unsupported",
            f"The store `{path}` lies on a network file system (`{kind}`), where a write-ahead log breaks.",
            "Put the data root on a local disk.",
        )


def _make_place(path: Path) -> None:
    """Make the folders 0700 and the file 0600, whatever the umask.

    The file is only opened when it is new: closing any descriptor of a file drops this process's locks on it.
    """
    if path.parent.is_symlink():
        raise _linked(path.parent)
    try:
        for folder in reversed([folder for folder in path.parents if not folder.exists()]):
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                folder.chmod(0o700)
        with suppress(FileExistsError):
            created = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            os.fchmod(created, 0o600)
            os.close(created)
    except OSError as error:
        why = (error.strerror or "refused").lower()
        raise StoreUnusable(
            cause_of(error), f"The store `{path}` cannot be made: {why}.", "Name a data root that you may write to."
        ) from error


def _demand_safety(path: Path) -> None:
    """Refuse what lets another user swap or edit the store or the side files that SQLite trusts."""
    if path.parent.stat().st_mode & stat.S_IWOTH:
        raise _exposed(path.parent)
    for suffix in ("", "-journal", "-wal", "-shm"):
        name = Path(f"{path}{suffix}")
        try:
            mode = name.lstat().st_mode
        except FileNotFoundError:
            continue
        if stat.S_ISLNK(mode):
            raise _linked(name)
        if not stat.S_ISREG(mode):
            raise StoreUnusable("foreign", f"`{name}` is not a file.", "Name another data root.")
        if mode & stat.S_IWOTH:
            raise _exposed(name)


def _demand_privacy(path: Path) -> None:
    """Refuse a store that every user can read; SQLite gives its side files the same mode."""
    if path.stat().st_mode & stat.S_IROTH and path.parent.stat().st_mode & stat.S_IXOTH:
        message = f"Everybody may read `{path}`, which holds what labels keep out of traces."
        raise StoreUnusable("unsafe", message, f"Type `chmod o-r {quote(str(path))}`.")


def _linked(place: Path) -> StoreUnusable:
    return StoreUnusable("unsafe", f"`{place}` is a symbolic link.", "Name the folder of the file itself.")


def _exposed(place: Path) -> StoreUnusable:
    return StoreUnusable("unsafe", f"Everybody may write to `{place}`.", f"Type `chmod o-w {quote(str(place))}`.")


def _is_filled(folder: Path) -> bool:
    if folder.is_symlink():  # it is refused where it is used
        return False
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        message = f"`{folder}` cannot be read: {(error.strerror or 'refused').lower()}."
        raise StoreUnusable(cause_of(error), message, "Make it readable for you.") from error


def _lost(path: Path, how: str, options: SqliteOptions) -> StoreUnusable:
    beside = path.parent / options.companion
    return StoreUnusable(
        "altered",
        f"The store `{path}` is {how}, and what stands in `{options.companion}` beside it says that there was one.",
        "Restore the file from a backup, or name with `--store` the store in PostgreSQL that it was. "
        f"To begin with nothing, take away `{beside}` too.",
    )


def _establish(connection: sqlite3.Connection, path: Path, options: SqliteOptions, used: bool) -> None:
    """Make the schema in an empty file, or bring an older one up to date; `used` says that it was no empty one."""
    # Looked at within one transaction: another process may be making the store, or migrating it, at this moment.
    with _rolled_back(connection, "BEGIN"):
        found = _accepted(connection, path)
    if used and found == 0:
        raise _lost(path, "empty", options)
    if found < len(schema.MIGRATIONS):
        with _rolled_back(connection, "BEGIN IMMEDIATE"):
            _accepted(connection, path)
            if found == 0:
                path.chmod(0o600)  # it stood there before, empty
            schema.migrate(connection, {"store": options.entropy(16).hex().encode(), "secret": options.entropy(32)})
            connection.execute("COMMIT")


@contextmanager
def _rolled_back(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _accepted(connection: sqlite3.Connection, path: Path) -> int:
    """The schema number of a database that may be opened, or migrated and then opened."""
    newest = len(schema.MIGRATIONS)
    found = schema.number(connection)
    if found is None:
        raise StoreUnusable("foreign", f"`{path}` is another program's database.", "Name another data root.")
    if found > newest:
        raise StoreUnusable(
            "newer",
            f"The store `{path}` has schema {found}, and this program knows schemas up to {newest}.",
            "Upgrade pgs-python, or name another data root.",
        )
    if not schema.has_schema(connection, found):
        raise StoreUnusable(
            "altered",
            f"The tables or triggers of the store `{path}` were altered from outside.",
            "Restore the file from a backup.",
        )
    return found

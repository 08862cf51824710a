"""Where a SQLite store may lie, how it is made, and what is refused with which cause."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pgs_runtime.stores.errors import LawBroken, StoreBusy, StoreUnusable
from pgs_runtime.stores.records import Insert
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.stores.sqlite_faults import explained
from pgs_runtime.stores.sqlite_file import Mode, SqliteOptions, Version, filesystem_of, journal_of
from tests.runtime.stores.segments import ACTORS, bind, committed, dump, first


@contextmanager
def umask(mask: int) -> Iterator[None]:
    former = os.umask(mask)
    try:
        yield
    finally:
        os.umask(former)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refusal(path: Path, options: SqliteOptions | None = None) -> StoreUnusable:
    """Why opening the store there is refused."""
    store = SqliteStore(path, options or SqliteOptions())
    with pytest.raises(StoreUnusable) as caught:
        store.meta("store")
    store.close()
    return caught.value


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
@pytest.mark.parametrize("mode", ["durable", "fast"])
def test_folders_and_files_are_for_their_owner_alone_whatever_the_umask(tmp_path: Path, mask: int, mode: Mode) -> None:
    path = tmp_path / "a" / "b" / "state.db"
    with umask(mask), closing(SqliteStore(path, SqliteOptions(mode=mode))) as store:
        bind(store, "r1", "a")
        assert [mode_of(folder) for folder in (path.parent, path.parent.parent)] == [0o700, 0o700]
        files = {file.name: mode_of(file) for file in path.parent.iterdir()}
    side = ["state.db-shm", "state.db-wal"] if mode == "fast" else ["state.db-journal"]
    assert files == dict.fromkeys(["state.db", *side], 0o600)


def test_a_folder_that_everybody_may_write_to_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o1777)
    refused = refusal(path)
    assert (refused.cause, refused.hint) == ("unsafe", f"Type `chmod o-w {path.parent}`.")
    path.parent.chmod(0o755)
    with closing(SqliteStore(path)) as store:
        bind(store, "r1", "a")


def test_a_file_that_everybody_may_read_is_refused_where_everybody_gets_to_it(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        bind(store, "r1", "a")
    path.chmod(0o644)
    SqliteStore(path).run("r1")  # the folder is closed to others
    path.parent.chmod(0o755)
    refused = refusal(path)
    assert (refused.cause, refused.hint) == ("unsafe", f"Type `chmod o-r {path}`.")
    assert str(refused) == f"Everybody may read `{path}`, which holds what labels keep out of traces."


def test_a_file_that_everybody_may_write_to_is_refused(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.meta("store")
    path.chmod(0o666)
    assert refusal(path).cause == "unsafe"


@pytest.mark.parametrize("suffix", ["", "-journal", "-wal", "-shm"])
def test_a_symbolic_link_in_the_place_of_a_file_is_refused(tmp_path: Path, path: Path, suffix: str) -> None:
    path.parent.mkdir()
    target = tmp_path / "elsewhere"
    Path(f"{path}{suffix}").symlink_to(target)
    refused = refusal(path)
    assert refused.cause == "unsafe"
    assert f"`{path}{suffix}`" in str(refused)
    assert not target.exists()


def test_a_folder_in_the_place_of_the_file_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    assert refusal(path).cause == "foreign"


def test_a_file_in_the_place_of_the_folder_is_refused(path: Path) -> None:
    path.parent.write_text("", encoding="utf-8")
    refused = refusal(path)
    assert (refused.cause, str(refused)) == (
        "permission",
        f"The store `{path}` cannot be made: not a directory.",
    )


@pytest.mark.parametrize("content", [b"hello", b"hello" * 1000, b"\0" * 4096, b"SQLite format 3\0"])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    assert refusal(path).cause == "foreign"
    assert path.read_bytes() == content


@pytest.mark.parametrize("statement", ["CREATE TABLE t (x)", "PRAGMA application_id = 7"])
def test_the_database_of_another_program_is_refused_and_left_as_it_is(path: Path, statement: str) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(statement)
    content = path.read_bytes()
    assert refusal(path).cause == "foreign"
    assert path.read_bytes() == content


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    with closing(SqliteStore(path)) as store:
        bind(store, "r1", "a")


def test_nothing_is_opened_or_made_before_the_first_use(path: Path) -> None:
    SqliteStore(path).close()
    assert not path.parent.exists()


@pytest.mark.parametrize(
    ("library", "expected"),
    [
        ((3, 37, 0), "TRUNCATE"),
        ((3, 40, 1), "TRUNCATE"),
        ((3, 44, 5), "TRUNCATE"),
        ((3, 44, 6), "WAL"),
        ((3, 44, 9), "WAL"),
        ((3, 45, 0), "TRUNCATE"),
        ((3, 45, 7), "TRUNCATE"),
        ((3, 50, 6), "TRUNCATE"),
        ((3, 50, 7), "WAL"),
        ((3, 51, 0), "TRUNCATE"),
        ((3, 51, 2), "TRUNCATE"),
        ((3, 51, 3), "WAL"),
        ((3, 52, 0), "WAL"),
        ((4, 0, 0), "WAL"),
    ],
)
def test_durable_uses_a_write_ahead_log_only_where_the_library_is_repaired(library: Version, expected: str) -> None:
    assert journal_of("durable", library) == (expected, "FULL")
    assert journal_of("fast", library) == ("WAL", "NORMAL")


@pytest.mark.parametrize(
    ("mode", "library", "journal", "synchronous"),
    [
        ("durable", (3, 40, 1), "truncate", 2),
        ("durable", (3, 51, 3), "wal", 2),
        ("fast", (3, 40, 1), "wal", 1),
    ],
)
def test_the_connection_has_the_modes_of_the_table(
    path: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode, library: Version, journal: str, synchronous: int
) -> None:
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def kept(database: Path, *, timeout: float, isolation_level: None) -> sqlite3.Connection:
        opened.append(connect(database, timeout=timeout, isolation_level=isolation_level))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", kept)
    with closing(SqliteStore(path, SqliteOptions(mode=mode, library=library))) as store:
        bind(store, "r1", "a")
        found = [opened[0].execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert found == [journal, synchronous]


def test_a_store_changes_its_mode_when_it_is_opened_again(path: Path) -> None:
    modes: list[Mode] = ["durable", "fast", "durable"]
    for n, mode in enumerate(modes):
        with closing(SqliteStore(path, SqliteOptions(mode=mode))) as store:
            bind(store, f"r{n}", f"a{n}")
            assert store.count("registry", ACTORS).rows == n + 1
            assert Path(f"{path}-wal").exists() == (mode == "fast")


def test_a_library_without_strict_tables_is_refused(path: Path) -> None:
    refused = refusal(path, SqliteOptions(library=(3, 36, 9)))
    assert refused.cause == "unsupported"
    assert "3.36.9" in str(refused)
    assert not path.parent.exists()


@pytest.mark.parametrize(
    ("mode", "library", "refused"),
    [("fast", (3, 40, 1), True), ("durable", (3, 51, 3), True), ("durable", (3, 40, 1), False)],
)
def test_a_write_ahead_log_on_a_network_file_system_is_refused(
    path: Path, mode: Mode, library: Version, refused: bool
) -> None:
    options = SqliteOptions(mode=mode, library=library, filesystem=lambda folder: "nfs4")
    if refused:
        assert refusal(path, options).cause == "unsupported"
    else:
        with closing(SqliteStore(path, options)) as store:
            bind(store, "r1", "a")


def test_the_file_system_is_that_of_the_innermost_and_latest_mount(tmp_path: Path) -> None:
    table = tmp_path / "mounts"
    (tmp_path / "my data").mkdir()
    shown = f"{tmp_path}/my\\040data"
    table.write_text(
        f"/dev/a / ext4 rw 0 0\nhost:/x {tmp_path} nfs4 rw 0 0\n/dev/b {shown} xfs rw 0 0\nshm {shown} tmpfs rw 0 0\n",
        encoding="utf-8",
    )
    assert filesystem_of(Path("/"), table) == "ext4"
    assert filesystem_of(tmp_path / "not there yet", table) == "nfs4"
    assert filesystem_of(tmp_path / "my data" / "deeper", table) == "tmpfs"
    assert filesystem_of(tmp_path, tmp_path / "no table") == ""


def test_the_id_and_the_secret_come_from_the_given_entropy(path: Path) -> None:
    with closing(SqliteStore(path, SqliteOptions(entropy=lambda size: b"\7" * size))) as store:
        assert (store.meta("store"), store.meta("secret")) == (b"07" * 16, b"\7" * 32)
    with closing(SqliteStore(path)) as store:
        assert store.meta("secret") == b"\7" * 32


# --- damage --------------------------------------------------------------------------------------


@pytest.fixture
def filled(path: Path) -> bytes:
    """The bytes of a store with some hundred rows, closed."""
    with closing(SqliteStore(path)) as store:
        for n in range(40):
            bind(store, f"r{n:03d}", f"a{n:03d}", b"x" * 300)
    return path.read_bytes()


def damage(path: Path, content: bytes) -> StoreUnusable | None:
    """What reading and checking everything in a damaged file is refused with, if at all."""
    path.write_bytes(content)
    with closing(SqliteStore(path)) as store:
        try:
            dump(store)
            problems = store.check()
        except StoreUnusable as refused:
            return refused
    return StoreUnusable("corrupt", problems[0]) if problems else None


def test_a_page_whose_head_is_destroyed_is_never_overlooked(path: Path, filled: bytes) -> None:
    size = 4096
    for page in range(1, len(filled) // size):
        start = page * size
        flipped = bytes(byte ^ 0xFF for byte in filled[start : start + 8])
        refused = damage(path, filled[:start] + flipped + filled[start + 8 :])
        assert refused is not None, page
        assert refused.cause == "corrupt"


def test_a_flipped_byte_anywhere_is_no_traceback(path: Path, filled: bytes) -> None:
    step = len(filled) // 90  # spread over all pages, at ever other offsets
    places = [*range(0, 100, 3), *range(100, len(filled), step - step % 2 + 1)]
    causes = {damage(path, filled[:n] + bytes([filled[n] ^ 0x81]) + filled[n + 1 :]) for n in places}
    assert any(refused is not None and refused.cause == "corrupt" for refused in causes)


def test_a_file_cut_short_is_corrupt(path: Path, filled: bytes) -> None:
    refused = damage(path, filled[: len(filled) // 2])
    assert refused is not None
    assert refused.cause == "corrupt"
    assert "backup" in refused.hint or "page" in str(refused)


def test_text_that_is_not_utf_8_is_corrupt(path: Path, filled: bytes) -> None:
    refused = damage(path, filled.replace(b"r007", b"r\xff07"))
    assert refused is not None
    assert refused.cause == "corrupt"


def test_a_corrupt_store_stays_refused_until_it_is_opened_again(path: Path, filled: bytes) -> None:
    path.write_bytes(filled.replace(b"r007", b"r\xff07"))
    with closing(SqliteStore(path)) as store:
        with pytest.raises(StoreUnusable) as first_time:
            store.runs()
        path.write_bytes(filled)
        with pytest.raises(StoreUnusable) as second_time:
            store.meta("store")
        assert second_time.value is first_time.value
    with closing(SqliteStore(path)) as store:
        assert len(store.runs()) == 40


# --- what SQLite reports -------------------------------------------------------------------------


def explanation(connection: sqlite3.Connection, *statements: str) -> object:
    *before, last = statements
    for statement in before:
        connection.execute(statement)
    with pytest.raises(sqlite3.Error) as caught:
        connection.execute(last)
    return explained(caught.value, Path("/x/state.db"), connection)


def test_a_full_disk_is_told_from_other_troubles() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as raw:
        grow = "INSERT INTO t VALUES (zeroblob(100000))"
        reason = explanation(raw, "CREATE TABLE t (x)", "PRAGMA max_page_count = 5", grow)
    assert isinstance(reason, StoreUnusable)
    assert (reason.cause, str(reason)) == ("full", "The store `/x/state.db` has no room left (SQLITE_FULL).")


def test_a_read_only_file_is_told_from_other_troubles(path: Path, filled: bytes) -> None:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)) as raw:
        reason = explanation(raw, "INSERT INTO meta VALUES ('k', x'00')")
    assert isinstance(reason, StoreUnusable)
    assert reason.cause == "readonly"


def test_a_place_that_cannot_be_opened_is_told_from_other_troubles(tmp_path: Path) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as raw:
        reason = explanation(raw, f"ATTACH '{tmp_path}/none/x.db' AS x")
    assert isinstance(reason, StoreUnusable)
    assert reason.cause == "permission"


def test_locks_and_laws_are_not_troubles_of_the_store() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as raw:
        raw.execute("CREATE TABLE t (x NOT NULL)")
        assert isinstance(explanation(raw, "INSERT INTO t VALUES (NULL)"), LawBroken)
    locked = sqlite3.OperationalError("database is locked")
    locked.sqlite_errorcode, locked.sqlite_errorname = sqlite3.SQLITE_BUSY_SNAPSHOT, "SQLITE_BUSY_SNAPSHOT"
    assert isinstance(explained(locked, Path("/x"), None), StoreBusy)


def test_what_sqlite_calls_by_no_known_name_is_passed_on_with_that_name() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as raw:
        reason = explanation(raw, "SELECT missing")
        assert explanation(raw, "SELECT ?") is None
    assert isinstance(reason, StoreUnusable)
    assert (reason.cause, reason.hint) == ("unknown", "")
    assert "`SQLITE_ERROR`: no such column: missing." in str(reason)


def test_a_write_that_the_system_refuses_ends_the_use_of_the_store(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        bind(store, "r1", "a")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, path.stat().st_size))
            limited = SqliteStore(path)
            with pytest.raises(StoreUnusable) as caught:
                committed(limited, first("r2", Insert(ACTORS, "b", b"x" * 2**20, 1)))
            code = 0 if caught.value.cause in ("io", "full") else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with closing(SqliteStore(path)) as store:
        assert (store.run("r2"), store.get("registry", ACTORS, "b"), store.check()) == (None, None, ())
        bind(store, "r2", "b")

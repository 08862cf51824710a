"""Which server a PostgreSQL store is kept on, which are refused and with which words, and who may see its password."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from pgs_runtime.stores.errors import StoreUnusable
from pgs_runtime.stores.postgres import PostgresStore
from pgs_runtime.stores.postgres_address import Address, Mode, NoAddress, address_of, is_address
from pgs_runtime.stores.postgres_session import PostgresOptions
from tests.postgres import GUARDED, Server
from tests.runtime.stores.segments import bind

SECRET = "geheim-und-lang"  # noqa: S105


def refusal(address: Address, options: PostgresOptions | None = None) -> StoreUnusable:
    """Why opening the store there is refused."""
    store = PostgresStore(address, options or PostgresOptions())
    with pytest.raises(StoreUnusable) as caught:
        store.meta("store")
    store.close()
    return caught.value


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that is started again with other settings."""
    server = Server()
    yield server
    server.remove()


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_pg_05_a_server_that_would_forget_is_refused_unless_the_mode_is_fast(server: Server, setting: str) -> None:
    address = server.address()
    server.stop()
    server.start(**{setting: "off"})
    try:
        refused = refusal(address)
        assert refused.cause == "unsupported"
        assert str(refused) == (
            f"The store `{address.shown}` cannot keep its promises: `{setting}` is off: a commit would not survive"
            " a power cut."
        )
        assert refused.hint == (
            f"Set `{setting} = on` on the server, or add `mode=fast` to the address, which promises less."
        )
        with closing(PostgresStore(replace(address, mode="fast"))) as store:
            bind(store, "r1", "a")
    finally:
        server.stop(signal.SIGINT)  # in order, or it might indeed have forgotten
        server.start()
    with closing(PostgresStore(address)) as store:
        assert store.run("r1") is not None


def test_pg_05_a_setting_of_the_role_or_the_database_is_seen_as_well(postgres: Server) -> None:
    address = postgres.address()
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE careless LOGIN SUPERUSER")
        connection.execute("ALTER ROLE careless SET synchronous_commit = off")
    careless = replace(address, parameters={**address.parameters, "user": "careless"})
    assert refusal(careless).cause == "unsupported"


@pytest.mark.parametrize("mode", get_args(Mode))
def test_pg_05_a_standby_is_refused(server: Server, mode: Mode) -> None:
    address = server.address(mode=mode)
    server.stop()
    server.standby_signal.touch()
    server.start()
    try:
        refused = refusal(address)
        assert refused.cause == "unsupported"
        assert "it is a standby" in str(refused)
    finally:
        server.stop()
        server.standby_signal.unlink()
        server.start()


def test_pg_05_nothing_is_left_in_a_session_that_a_pooler_could_give_to_somebody_else(postgres: Server) -> None:
    address = postgres.address(application_name="watched")
    with closing(PostgresStore(address)) as store, postgres.connect() as connection:
        bind(store, "r1", "a")
        with store.exclusive():
            store.get("registry", "x", "y")
        pid = "SELECT pid FROM pg_stat_activity WHERE application_name = 'watched'"
        assert connection.execute(f"SELECT count(*) FROM pg_locks WHERE pid IN ({pid})").fetchone() == (0,)
        session = store._session
        assert session is not None
        held = session.execute(
            """SELECT (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors WHERE name <> ''),
                (SELECT count(*) FROM pg_settings WHERE source = 'session' AND name <> 'application_name')"""
        )
        assert held.fetchone() == (0, 0, 0)


def test_a_database_in_another_encoding_is_refused(postgres: Server) -> None:
    with postgres.connect() as connection:
        connection.execute("CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'")
    address = postgres.address()
    refused = refusal(replace(address, parameters={**address.parameters, "dbname": "bytes"}))
    assert (refused.cause, "SQL_ASCII" in str(refused)) == ("unsupported", True)


# --- what stands in the schema -------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE t (x bigint)",
        "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE meta (key text, value text)",
        "CREATE TABLE meta (name text)",
        "CREATE TABLE meta (key bigint, value bytea)",
    ],
)
def test_a_schema_of_another_program_is_refused_and_left_as_it_is(postgres: Server, statement: str) -> None:
    address = postgres.address()
    with postgres.connect() as connection:
        connection.execute(f"CREATE SCHEMA {address.schema}")
        connection.execute(f"SET search_path = {address.schema}")
        connection.execute(statement)
        refused = refusal(address)
        assert refused.cause == "foreign"
        assert f"`{address.schema}`" in str(refused)
        tables = "SELECT count(*) FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'"
        assert connection.execute(tables, (address.schema,)).fetchone() == (int("TABLE" in statement),)


def test_an_empty_schema_becomes_a_store_and_another_schema_another_one(postgres: Server) -> None:
    address = postgres.address()
    with postgres.connect() as connection:
        connection.execute(f"CREATE SCHEMA {address.schema}")
    with closing(PostgresStore(address)) as store, closing(PostgresStore(postgres.address())) as other:
        bind(store, "r1", "a")
        assert (other.run("r1"), other.meta("store") == store.meta("store")) == (None, False)


def test_nothing_is_opened_or_made_before_the_first_use_or_where_a_store_is_only_looked_for(postgres: Server) -> None:
    address = postgres.address()
    PostgresStore(address).close()
    with closing(PostgresStore(address, PostgresOptions(make=False))) as store:
        assert not store.exists()
    with postgres.connect() as connection:
        found = connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", (address.schema,))
        assert found.fetchone() == (0,)
    with closing(PostgresStore(address)) as store:
        bind(store, "r1", "a")
    with closing(PostgresStore(address, PostgresOptions(make=False))) as store:
        assert store.exists()


def test_a_store_that_accepted_snapshots_is_not_made_anew(postgres: Server, tmp_path: Path) -> None:
    companion = tmp_path / "snapshots"
    options = PostgresOptions(companion=companion)
    address = postgres.address()
    with closing(PostgresStore(address, options)) as store:
        bind(store, "r1", "a")
    (companion / "id").mkdir(parents=True)
    with closing(PostgresStore(address, options)) as store:
        assert store.run("r1") is not None
    refused = refusal(postgres.address(), options)
    assert refused.cause == "altered"
    assert f"`{companion}`" in refused.hint


def test_a_user_who_may_not_make_a_store_is_told_and_may_use_one_by_grants(postgres: Server) -> None:
    address = postgres.address()
    plain = replace(address, parameters={**address.parameters, "user": "plain"})
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE plain LOGIN")
        refused = refusal(plain)
        assert refused.cause == "permission"
        with closing(PostgresStore(address)) as store:
            bind(store, "r1", "a")
        assert refusal(plain).cause == "permission"
        connection.execute(f"GRANT USAGE ON SCHEMA {address.schema} TO plain")
        rights = "SELECT, INSERT, UPDATE, DELETE"
        connection.execute(f"GRANT {rights} ON ALL TABLES IN SCHEMA {address.schema} TO plain")
        with closing(PostgresStore(plain)) as store:
            bind(store, "r2", "b")
            with store.exclusive():
                bind(store, "r3", "c")


# --- passwords -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guarded(postgres: Server) -> Address:
    """A store whose user needs a password, which is not in its address."""
    with postgres.connect() as connection:
        connection.execute(f"CREATE ROLE {GUARDED} LOGIN SUPERUSER PASSWORD '{SECRET}'")
    address = postgres.address()
    return replace(address, parameters={**address.parameters, "user": GUARDED})


def test_a_password_comes_from_the_address_or_the_environment(
    guarded: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = refusal(guarded)
    assert (refused.cause, "no password supplied" in str(refused)) == ("unreachable", True)
    with closing(PostgresStore(replace(guarded, password=SECRET))) as store:
        bind(store, "r1", "a")
    monkeypatch.setenv("PGPASSWORD", SECRET)
    with closing(PostgresStore(guarded)) as store:
        assert store.run("r1") is not None


@pytest.mark.parametrize("wrong", [{"password": f"{SECRET}x"}, {"password": SECRET, "port": "1"}])
def test_no_message_and_no_repr_shows_a_password(guarded: Address, wrong: dict[str, str]) -> None:
    port = wrong.get("port", guarded.parameters["port"])
    url = f"postgresql://{GUARDED}:{wrong['password']}@127.0.0.1:{port}/tests"
    address = address_of(url)
    refused = refusal(address)
    shown = [str(refused), refused.hint, repr(refused), repr(address), address.shown, repr(PostgresStore(address))]
    assert not [text for text in shown if SECRET in text]
    assert refused.__cause__ is None
    assert refused.__suppress_context__


# --- addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "parameters", "shown"),
    [
        ("postgresql://", {}, "postgresql:///"),
        ("postgres://db.example.org", {"host": "db.example.org"}, "postgresql://db.example.org/"),
        (
            "postgresql://ada@db:5433/books",
            {"user": "ada", "host": "db", "port": "5433", "dbname": "books"},
            "postgresql://db:5433/books",
        ),
        (
            "postgresql://a%40b:p%2Fw@[::1]:5432/d%20b?sslmode=require",
            {"user": "a@b", "host": "::1", "port": "5432", "dbname": "d b", "sslmode": "require"},
            "postgresql://[::1]:5432/d%20b",
        ),
        (
            "postgresql://one:1,two:2/books?target_session_attrs=read-write",
            {"host": "one,two", "port": "1,2", "dbname": "books", "target_session_attrs": "read-write"},
            "postgresql://one:1,two:2/books",
        ),
        (
            "postgresql:///books?host=/run/postgresql&schema=other",
            {"host": "/run/postgresql", "dbname": "books"},
            "postgresql:///books?host=/run/postgresql&schema=other",
        ),
    ],
)
def test_an_address_is_read_and_shown_without_its_user(url: str, parameters: dict[str, str], shown: str) -> None:
    address = address_of(url)
    assert (dict(address.parameters), address.shown) == (parameters, shown)


def test_an_address_names_schema_and_mode_or_has_the_usual_ones() -> None:
    assert (address_of("postgresql://h/d").schema, address_of("postgresql://h/d").mode) == ("pgs", "durable")
    named = address_of("postgresql://h/d?schema=pgs_2&mode=fast")
    assert (named.schema, named.mode) == ("pgs_2", "fast")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "postgresql:",
        "mysql://h/d",
        "postgresql://u:hun@ter@h/d",
        "postgresql://u:hun/ter@h/d",
        "postgresql://u:hun:ter@h/d",
        "postgresql://u:p@h/d#x",
        "postgresql://h:port/d",
        "postgresql://h:0/d",
        "postgresql://h:65536/d",
        "postgresql://h/d?schema=",
        "postgresql://h/d?schema=Big",
        "postgresql://h/d?schema=pg_x",
        "postgresql://h/d?schema=a%22b",
        "postgresql://h/d?mode=off",
        "postgresql://h/d?mode",
        "postgresql://h/d?schema=a&schema=b",
        "postgresql://h/d?password=x",
        "postgresql://h/d?options=-c",
        "postgresql://h/d?hostaddr=1.2.3.4",
        "postgresql://h/d%00",
        "postgresql://u%00@h/d",
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(NoAddress) as caught:
        address_of(url)
    assert "hun" not in str(caught.value)
    assert "ter@" not in str(caught.value)


def test_an_address_is_told_from_other_texts() -> None:
    assert is_address("postgres://h") and is_address("postgresql://u:p@h")  # noqa: PT018
    assert not is_address("data") and not is_address("postgresql") and not is_address("sqlite:///x")  # noqa: PT018


def test_a_child_of_a_fork_leaves_the_connection_of_its_parent_alone(postgres: Server) -> None:
    with closing(PostgresStore(postgres.address(mode="fast"))) as store:
        bind(store, "r1", "a")
        child = os.fork()
        if child == 0:
            store.close()
            del store
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        bind(store, "r2", "b")

"""What carries a label in runs that wait, ask the outside and take back: no byte that they leave behind tells it.

Searched are whatever lies under the data root or in the database, while the store is open and behind that, the files
of traces, what is told and drawn of runs, and what leaves a store unless it is revealed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from psycopg import sql

from pgs_runtime.examine.account import account
from pgs_runtime.examine.export import export
from pgs_runtime.examine.stock import Stock
from pgs_runtime.examine.text import as_json, as_text, hints
from pgs_runtime.faults import Refusal
from pgs_runtime.stores.port import Store
from pgs_runtime.stores.postgres import PostgresStore
from pgs_runtime.stores.sqlite import SqliteStore
from pgs_runtime.trace.reading import trace_of
from pgs_snapshot.drawing import mermaid, svg
from pgs_snapshot.drawing.picture import picture_of
from pgs_snapshot.values import Outcome as Told
from pgs_snapshot.values import Value
from tests.durable.ward import BEA, CONSENT, LABELLED, RUNS, Ward
from tests.postgres import Server

NAMES = ("Jo", "Al", "W1", "W2", "W3", "licence", "note", "shelf", "other")
SECRETS = [f"{LABELLED} {name}".encode() for name in NAMES] + [b"shelf of ", b"batch of the "]
"""Longer than `LABELLED`, which random bytes hold by chance."""
OTHER = f"{LABELLED} other"
SPOILT: tuple[Value, ...] = ({OTHER: OTHER}, [OTHER], {"ward": OTHER, "given": True, "note": "a"}, OTHER)


def _refused(ward: Ward) -> None:
    """Events and answers of shapes that nobody declared, and an event for another ward."""
    ward.treat()
    for note in SPOILT[:2]:
        assert ward.says(note=note)
    for fields in SPOILT:
        told = ""
        try:
            told = ward.runtime.signal(ward.run, CONSENT, fields, BEA)[1]
        except Refusal as refused:
            told = f"{refused} {refused.where} {refused.hint}"
        assert told
        assert LABELLED not in told
    ward.behaves("lost")
    ward.says()
    for answer in (Told("SUCCESS", shelf={OTHER: 1}), Told("SUCCESS", **{OTHER: "a"}), Told(OTHER)):
        with pytest.raises(Refusal) as doubted:
            ward.reconcile("done", answer)
        assert LABELLED not in f"{doubted.value} {doubted.value.hint}".replace(f"`{OTHER}`", "")


def _misfitting(ward: Ward) -> None:
    """Payloads of shapes that nobody declared; the name of a member that stands in nothing labelled is no secret."""
    treatment: dict[str, Value] = {"ward": "W1", "patient": {OTHER: OTHER}, "amount": 5}
    payloads: list[Value] = [treatment, {**treatment, "patient": [OTHER]}, {**treatment, "patients": OTHER}]
    for payload in [*payloads, [OTHER], OTHER]:
        assert LABELLED not in ward.ask("WF_TREAT_V0", payload).message


def _undone(ward: Ward) -> None:
    """What the pharmacy gives in doubt while a treatment is taken back, and is taken back then."""
    RUNS["taking_back"](ward)
    ward.behaves("lost", False)
    ward.reconcile("retry")


WAYS: Mapping[str, Callable[[Ward], None]] = {**RUNS, "refused": _refused, "misfitting": _misfitting, "undone": _undone}


def secrets_in(data: bytes, secrets: Sequence[bytes] = SECRETS) -> list[bytes]:
    return [secret for secret in secrets if secret in data or secret.hex().encode() in data]


def files_with_secrets(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and secrets_in(file.read_bytes())]


def told(ward: Ward, run: str, folder: Path) -> Iterator[str]:
    """Everything that tells of a run but its result, which is for the caller alone."""
    snapshot = ward.runtime.snapshot
    lines = ward.runtime.trace(run)
    trace = trace_of(lines)
    yield from (line.decode() for line in lines)
    yield from (account(trace, snapshot), account(trace), as_text(trace, snapshot), as_json(trace, snapshot))
    yield from hints(trace)
    state = trace.ending.kind if trace.ending else trace.state
    picture = picture_of(snapshot.graph(trace.header.workflow), trace.way, run, trace.taken_back, state)
    yield from (svg.draw(picture), mermaid.draw(picture))
    export(ward.runtime, folder / "traces", run, picture=False)


def left_behind(ward: Ward, folder: Path) -> None:
    """Look at all that a ward has left behind but the bytes of its store."""
    for run in ward.runtime.store.runs():
        for text in told(ward, run.id, folder):
            assert not secrets_in(text.encode()), text
    (folder / "out").mkdir()
    Stock(ward.runtime.store).export(folder / "out" / "all")
    assert not files_with_secrets(folder)


@pytest.mark.parametrize("way", WAYS)
def test_no_file_tells_what_a_durable_run_was_given_or_answered_under_a_label(way: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    store: Store
    with closing(SqliteStore(data / "state.db")) as store:
        ward = Ward(store=store)
        WAYS[way](ward)
        assert not files_with_secrets(data)
        left_behind(ward, tmp_path)
    assert not files_with_secrets(tmp_path)


def test_the_search_finds_what_is_written_in_clear(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "state.db")) as store:
        store.swap_meta("a", None, SECRETS[0])
        assert files_with_secrets(tmp_path)


def rows_of(postgres: Server, schema: str) -> Iterator[tuple[str, bytes]]:
    """Every row of every table of a schema, as the server writes it out."""
    with postgres.connect() as connection:
        query = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s"
        tables = [name for (name,) in connection.execute(query, (schema,))]
        assert {"runs", "kept", "effects", "events", "outbox"} <= {*tables}
        for table in tables:
            line = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(schema, table))
            with connection.cursor().copy(line) as copy:
                yield from ((table, bytes(row)) for row in copy)


@pytest.mark.parametrize("way", WAYS)
def test_no_table_and_no_file_of_a_database_tells_what_stands_under_a_label(way: str, postgres: Server) -> None:
    address = postgres.address()
    with closing(PostgresStore(address)) as store:
        ward = Ward(store=store)
        WAYS[way](ward)
        assert not [table for table, row in rows_of(postgres, address.schema) if secrets_in(row)]
        assert not postgres.holding(*SECRETS)


def test_the_search_of_a_database_finds_what_is_written_in_clear(postgres: Server, tmp_path: Path) -> None:
    address, planted = postgres.address(), b"zq9 planted"  # not one of those that others look for
    with closing(PostgresStore(address)) as store:
        ward = Ward(store=store)
        RUNS["reconciled"](ward)
        left_behind(ward, tmp_path)
        store.swap_meta("a", None, planted)
        found = [table for table, row in rows_of(postgres, address.schema) if secrets_in(row, [planted])]
        assert found == ["meta"]
        assert postgres.holding(planted)

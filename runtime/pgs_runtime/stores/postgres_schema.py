"""The tables of the PostgreSQL store, their laws as triggers, and the way from one schema number to the next.

They are those of SQLite (`schema`), and differ in this:
* an index takes at most some 2,700 bytes, and a key may have any length: keyed tables have a column `place`, the
  SHA-256 of the key, which a trigger sets, and are unique by that;
* `writers` has no rows: writers lock it, one at a time, so that no law has to be checked against what another
  transaction has not committed yet;
* TRUNCATE is refused like DELETE.

Whoever owns the schema can also drop a trigger: that is noticed at the next connection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TypeAlias

from pgs_runtime.stores.postgres_objects import Index, Law, Object, Table, never, refuse

_ENDED = "('COMPLETED', 'DENIED', 'REJECTED', 'FAILED', 'FAULTED', 'STOPPED', 'CANCELLED')"
_LIVE = "('RUNNING', 'WAITING', 'IN_DOUBT')"
_PLACE = "  NEW.place := sha256(convert_to(NEW.{key}, 'UTF8'));"


def _laws(*statements: str) -> str:
    return "\n".join(statements)


def _counted(table: str, event: str, rows: int) -> Law:
    row = "OLD" if event == "DELETE" else "NEW"
    body = f"""  INSERT INTO $.counters AS c (kind, store, rows, changes) VALUES ('{table}', {row}.store, {rows}, 1)
    ON CONFLICT (kind, store) DO UPDATE SET rows = c.rows + {rows}, changes = c.changes + 1;"""
    match event:
        case "INSERT":
            return Law(table, "after INSERT", body)
        case "UPDATE":
            return Law(table, "after UPDATE", body)
        case _:
            return Law(table, "after DELETE", body)


_META: tuple[Object, ...] = (
    Table("meta", "key text, value bytea", ("key",)),
    Law(
        "meta",
        "UPDATE",
        _laws(
            refuse("the store keeps its id and its secret", "OLD.key IN ('store', 'secret') OR NEW.key <> OLD.key"),
            refuse(
                "the schema number only grows",
                "OLD.key = 'schema' AND convert_from(NEW.value, 'UTF8')::bigint"
                " <= convert_from(OLD.value, 'UTF8')::bigint",
            ),
        ),
    ),
    *never("meta", "a fact", "DELETE", "TRUNCATE"),
    Table("writers", "nobody bigint?", ()),
)

_COUNTERS: tuple[Object, ...] = (
    Table("counters", "kind text, store text, rows bigint, changes bigint", ("kind", "store")),
    Law(
        "counters",
        "UPDATE",
        refuse(
            "a store's changes are counted one by one",
            "NEW.kind <> OLD.kind OR NEW.store <> OLD.store OR NEW.changes <> OLD.changes + 1",
        ),
    ),
    *never("counters", "a counter", "DELETE", "TRUNCATE"),
)

_REGISTRY: tuple[Object, ...] = (
    Table("registry", "store text, place bytea, key text, value bytea, run text, line bigint", ("store", "place")),
    Law("registry", "INSERT", _PLACE.format(key="key")),
    *never("registry", "a registry row", "UPDATE", "DELETE", "TRUNCATE"),
    _counted("registry", "INSERT", 1),
)

_EVENTS: tuple[Object, ...] = (
    Table(
        "events",
        "store text, place bytea, stream text, n bigint, body bytea, run text, line bigint",
        ("store", "place", "n"),
    ),
    Index("events_streams", "events", ("store",), "n = 1"),
    Law(
        "events",
        "INSERT",
        _laws(
            _PLACE.format(key="stream"),
            refuse(
                "the events of a stream are numbered without a gap",
                "NEW.n IS DISTINCT FROM (SELECT coalesce(max(n), 0) + 1 FROM $.events"
                " WHERE store = NEW.store AND place = NEW.place)",
            ),
        ),
    ),
    *never("events", "an event", "UPDATE", "DELETE", "TRUNCATE"),
    _counted("events", "INSERT", 1),
)

_NEXT_CHANGE = (
    "NEW.change <> coalesce((SELECT changes FROM $.counters WHERE kind = 'state' AND store = NEW.store), 0) + 1"
)

_STATE: tuple[Object, ...] = (
    Table(
        "state",
        "store text, place bytea, key text, value bytea, version bigint, change bigint, run text, line bigint",
        ("store", "place"),
    ),
    Index("state_keys", "state", ("store", '"left"(key, 300)')),
    Law(
        "state",
        "INSERT",
        _laws(
            _PLACE.format(key="key"),
            refuse("the version of a state cell counts its writes", "NEW.version <> 1"),
            refuse("a write to a state cell is its store's next change", _NEXT_CHANGE),
        ),
    ),
    Law(
        "state",
        "UPDATE",
        _laws(
            refuse(
                "a state key never changes",
                "NEW.store <> OLD.store OR NEW.key <> OLD.key OR NEW.place <> OLD.place",
            ),
            refuse("the version of a state cell counts its writes", "NEW.version <> OLD.version + 1"),
            refuse("a write to a state cell is its store's next change", _NEXT_CHANGE),
        ),
    ),
    *never("state", "what a store counts", "TRUNCATE"),
    _counted("state", "INSERT", 1),
    _counted("state", "UPDATE", 0),
    _counted("state", "DELETE", -1),
)

_TRACE: tuple[Object, ...] = (
    Table("trace", "run text, n bigint, line bytea", ("run", "n")),
    Law(
        "trace",
        "INSERT",
        _laws(
            refuse(
                "the lines of a trace are numbered without a gap",
                "NEW.n <> (SELECT coalesce(max(n), -1) + 1 FROM $.trace WHERE run = NEW.run)",
            ),
            refuse(
                "an ended run never changes",
                f"EXISTS (SELECT 1 FROM $.runs WHERE run = NEW.run AND status IN {_ENDED})",
            ),
        ),
    ),
    *never("trace", "a trace line", "UPDATE", "DELETE", "TRUNCATE"),
    Table("timing", "run text, line bigint, at bigint, took bigint", ("run", "line")),
    Table("log", "n bigint, run text, line bigint, digest text", ("n",)),
    Index("log_runs", "log", ("run",)),
    Law(
        "log",
        "INSERT",
        refuse(
            "the entries of the log are numbered without a gap",
            "NEW.n <> (SELECT coalesce(max(n), -1) + 1 FROM $.log)",
        ),
    ),
    *never("log", "an entry of the log", "UPDATE", "DELETE", "TRUNCATE"),
)

_LAST_LINE = "NEW.line IS DISTINCT FROM (SELECT max(n) FROM $.trace WHERE run = NEW.run)"
_KNOWN_STATUS = refuse(
    "a run has one of the states that there are", f"NEW.status NOT IN {_LIVE} AND NEW.status NOT IN {_ENDED}"
)
_ASKED = ("run", "workflow", "snapshot", "fingerprint", "request", "payload", "payload_digest", "actor")

_RUNS: tuple[Object, ...] = (
    Table(
        "runs",
        "run text, workflow text, snapshot text, fingerprint text, request text?, payload bytea, payload_digest text,"
        " actor bytea, status text, line bigint, digest text, exit text?, answer bytea?, epoch bigint, owner text?,"
        " until bigint?",
        ("run",),
    ),
    Index("runs_request", "runs", ("workflow", "request"), "request IS NOT NULL", unique=True),
    Index("runs_live", "runs", ("status", "run"), f"status IN {_LIVE}"),
    Law("runs", "INSERT", _laws(_KNOWN_STATUS, refuse("the head of a run is its last line", _LAST_LINE))),
    Law(
        "runs",
        "UPDATE",
        _laws(
            refuse(
                "what was asked never changes",
                "ROW({}) IS DISTINCT FROM ROW({})".format(
                    ", ".join(f"NEW.{name}" for name in _ASKED), ", ".join(f"OLD.{name}" for name in _ASKED)
                ),
            ),
            refuse("an ended run never changes", f"OLD.status NOT IN {_LIVE}"),
            refuse(
                "the head of a run only grows",
                "NEW.line < OLD.line OR (NEW.line = OLD.line AND NEW.digest <> OLD.digest)",
            ),
            refuse("the head of a run is its last line", _LAST_LINE),
            refuse("the epoch of a run only grows", "NEW.epoch < OLD.epoch"),
            _KNOWN_STATUS,
        ),
    ),
    *never("runs", "a run", "DELETE", "TRUNCATE"),
)

_EFFECTS: tuple[Object, ...] = (
    Table("effects", "key text, run text, line bigint, status text, request bytea, response bytea?", ("key",)),
    Index("effects_run", "effects", ("run", "line", "key")),
    Law("effects", "INSERT", refuse("an effect starts as an intent", "NEW.status <> 'INTENT'")),
    Law(
        "effects",
        "UPDATE",
        _laws(
            refuse(
                "the intent of an effect never changes",
                "ROW(NEW.key, NEW.run, NEW.line, NEW.request)"
                " IS DISTINCT FROM ROW(OLD.key, OLD.run, OLD.line, OLD.request)",
            ),
            refuse("a settled effect never changes", "OLD.status IN ('DONE', 'FAILED')"),
            refuse("an effect is never intended again", "NEW.status = 'INTENT'"),
            refuse(
                "an effect has one of the states that there are", "NEW.status NOT IN ('DONE', 'FAILED', 'IN_DOUBT')"
            ),
        ),
    ),
    *never("effects", "an effect", "DELETE", "TRUNCATE"),
)

_KEPT: tuple[Object, ...] = (
    Table("kept", "run text, line bigint, body bytea", ("run", "line")),
    *never("kept", "what is kept of a segment", "UPDATE", "DELETE", "TRUNCATE"),
)

_OUTBOX: tuple[Object, ...] = (
    Table("listeners", "run text, event text, names bytea, match text", ()),
    Index("listeners_run", "listeners", ("run",)),
    Index("listeners_event", "listeners", ("event", "run")),
    Table("outbox", "run text, n bigint, event text, fields bytea, heard text", ("run", "n")),
    *never("outbox", "a message", "UPDATE", "TRUNCATE"),
)

_SUBJECTS: tuple[Object, ...] = (
    Table("subjects", "id text, key bytea?, erased text?", ("id",)),
    Law(
        "subjects",
        "INSERT",
        refuse("a subject begins with a key", "NEW.key IS NULL OR NEW.erased IS NOT NULL"),
    ),
    Law(
        "subjects",
        "UPDATE",
        _laws(
            refuse(
                "a subject's key only ends, and once",
                "NEW.id <> OLD.id OR OLD.key IS NULL OR NEW.key IS NOT NULL OR NEW.erased IS NULL",
            ),
            refuse(
                "a subject is not erased while a run of it goes on",
                "EXISTS (SELECT 1 FROM $.concerns c JOIN $.runs r ON r.run = c.run"
                f" WHERE c.subject = OLD.id AND r.status IN {_LIVE})",
            ),
        ),
    ),
    *never("subjects", "a subject", "DELETE", "TRUNCATE"),
    Table("concerns", "subject text, run text", ("subject", "run")),
    Law(
        "concerns",
        "INSERT",
        refuse(
            "no run belongs to a subject that was erased",
            "NOT EXISTS (SELECT 1 FROM $.subjects WHERE id = NEW.subject AND key IS NOT NULL)",
        ),
    ),
    *never("concerns", "whom a run belongs to", "UPDATE", "DELETE", "TRUNCATE"),
    Table("gone", "store text, place bytea, key text", ("store", "place")),
    Law(
        "gone",
        "INSERT",
        _laws(
            _PLACE.format(key="key"),
            refuse(
                "a registry key that was erased is bound",
                "NOT EXISTS (SELECT 1 FROM $.registry WHERE store = NEW.store AND place = NEW.place)",
            ),
        ),
    ),
    Law(
        "gone",
        "after INSERT",
        "  UPDATE $.counters SET rows = rows - 1, changes = changes + 1 WHERE kind = 'registry' AND store = NEW.store;",
    ),
    *never("gone", "what was erased", "UPDATE", "DELETE", "TRUNCATE"),
)

Steps: TypeAlias = Sequence[Sequence[Object]]

_FIRST = (*_META, *_COUNTERS, *_REGISTRY, *_EVENTS, *_STATE, *_TRACE, *_RUNS, *_EFFECTS)
MIGRATIONS: Steps = (_FIRST, _KEPT, _OUTBOX, _SUBJECTS)
"""What leads from schema number i to i + 1. Once released, an item never changes."""


def objects(number: int, steps: Steps = MIGRATIONS) -> Iterator[Object]:
    """What a store of a schema number holds."""
    return chain.from_iterable(steps[:number])

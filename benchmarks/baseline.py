"""The same work by hand: what a Python programmer would write who needs no protocol, no replay and no proof.

The trace lines have the bytes of the engine's own (`tests/benchmarks` holds that), and SQLite is set as the
store sets it. What is left out is what the engine does on top: sealing, checks of outputs, read sets and
conflicts, laws as triggers, the record of the run itself, timing, the log of heads, and that labelled values
stand encrypted under keys which can be erased: by hand they stand in clear, and one secret is for all.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

import orjson
from jsonschema_rs import Draft202012Validator

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Commits: TypeAlias = Literal["three commits", "one commit"]

ACTORS = "blockchain::ST_ACTORS_V0"
EVENTS = "blockchain::ST_IDENTITY_EVENTS_V0"

_NAME: Json = {"type": "string", "minLength": 1, "maxLength": 200}
_PAYLOAD: dict[str, Json] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["actor_record"],
    "properties": {
        "actor_record": {
            "type": "object",
            "additionalProperties": False,
            "required": ["email_registration", "first_name", "last_name"],
            "properties": {
                "email_registration": {"type": "string", "format": "email", "maxLength": 254},
                "first_name": _NAME,
                "last_name": _NAME,
            },
        }
    },
}
_VALIDATOR = Draft202012Validator(_PAYLOAD, validate_formats=True)

_TABLES = """
CREATE TABLE IF NOT EXISTS registry (
  store TEXT, key TEXT, value BLOB, PRIMARY KEY (store, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
  store TEXT, stream TEXT, n INTEGER, body BLOB, PRIMARY KEY (store, stream, n)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS trace (
  run TEXT, n INTEGER, line BLOB, PRIMARY KEY (run, n)
) WITHOUT ROWID;
"""
_APPEND = """INSERT INTO events SELECT ?, ?, coalesce(max(n), 0) + 1, ? FROM events
    WHERE store = ? AND stream = ? RETURNING n"""


def now() -> str:
    """The time as RFC 3339 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def text_of(value: Json) -> bytes:
    """Canonical JSON, for values without fractions and with keys of the Basic Multilingual Plane."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


Belonging: TypeAlias = tuple[list[Json], bytes]
"""The ids of those whom the labelled values of a run belong to, and the secret of its commitments."""

_NOBODY: Belonging = (["0" * 64], secrets.token_bytes(32))


@dataclass(frozen=True, slots=True)
class Facts:
    """What every run is told, and where its identifier and its time come from."""

    workflow: str = "blockchain::WF_REGISTER_ACTOR_UNVERIFIED_V0"
    snapshot: str = "0" * 64
    actor: Mapping[str, str] = field(default_factory=lambda: {"id": "benchmark", "type": "core::AC_OPERATOR_V0"})
    fingerprint: Mapping[str, str] = field(default_factory=lambda: {"python": sys.version.partition(" ")[0]})
    belongs: Callable[[], Belonging] = lambda: _NOBODY
    identify: Callable[[], str] = lambda: uuid.uuid4().hex
    time: Callable[[], str] = now


class Trace:
    """Lines of one run, each with the digest of the one before."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.lines: list[bytes] = []
        self.head = ""

    def add(self, body: dict[str, Json]) -> None:
        body["n"], body["prev"], body["run"] = len(self.lines), self.head, self.run
        text = text_of(body)
        self.head = hashlib.sha256(text).hexdigest()
        self.lines.append(b'{"digest":"%b",%b' % (self.head.encode(), text[1:]))


def connect(path: Path, journal: str, synchronous: str) -> sqlite3.Connection:
    """A database with the settings of the engine's store, in which every statement is its own transaction."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.executescript(_TABLES)
    return connection


def save(connection: sqlite3.Connection, trace: Trace) -> None:
    """Write the lines of a run."""
    rows = [(trace.run, n, line) for n, line in enumerate(trace.lines)]
    connection.executemany("INSERT INTO trace VALUES (?, ?, ?)", rows)


class Registration:
    """Registers actors, each with a trace.

    With three commits each effect is durable by itself, then the trace is; with one commit all or nothing.
    """

    def __init__(self, connection: sqlite3.Connection, commits: Commits, facts: Facts) -> None:
        self._connection = connection
        self._commits = commits
        self._facts = facts
        self._subjects, self._secret = _NOBODY

    def run(self, payload: Json) -> Trace:
        """Register an actor, if the payload is one."""
        trace = Trace(self._facts.identify())
        if self._commits == "one commit":
            self._connection.execute("BEGIN IMMEDIATE")
            self._register(trace, payload)
        else:
            self._register(trace, payload)
            self._connection.execute("BEGIN IMMEDIATE")
        save(self._connection, trace)
        self._connection.execute("COMMIT")
        return trace

    def _register(self, trace: Trace, payload: Json) -> None:
        started = self._facts.time()
        self._subjects, self._secret = self._facts.belongs()
        self._open(trace, payload, started)
        if not isinstance(payload, dict) or not self._admit(trace, payload):
            trace.add(
                {
                    "effects": {},
                    "exit": "REJECTED",
                    "kind": "exit",
                    "lines": 3,
                    "name": "REJECTED",
                    "node": "rejected",
                }
            )
            return
        record = payload["actor_record"]
        actor_id = self._name(trace, record)
        outcome = self._insert(trace, actor_id, record)
        if outcome == "CONFLICT":
            trace.add(
                {
                    "effects": {},
                    "exit": "DENIED",
                    "kind": "exit",
                    "lines": 5,
                    "name": "IDENTITY_CONFLICT",
                    "node": "conflict",
                }
            )
            return
        self._append(trace, actor_id, "REGISTERED" if outcome == "SUCCESS" else "SEEN_AGAIN", started)
        registered: dict[str, Json] = {ACTORS: {"REGISTER": 1}} if outcome == "SUCCESS" else {}
        trace.add(
            {
                "effects": {**registered, EVENTS: {"APPEND": 1}},
                "emitted": {"blockchain::EV_ACTOR_REGISTERED_V0": {"actor_id": actor_id}},
                "exit": "COMPLETED",
                "kind": "exit",
                "lines": 6,
                "name": "COMPLETED",
                "node": "done",
                "result": {"actor_id": actor_id},
            }
        )

    def _open(self, trace: Trace, payload: Json, started: str) -> None:
        shown = self._hidden_record(payload["actor_record"]) if isinstance(payload, dict) else None
        trace.add(
            {
                "format": "pgs-trace/1",
                "header": {
                    "actor": dict(self._facts.actor),
                    "authenticated_by": "local",
                    "fingerprint": dict(self._facts.fingerprint),
                    "payload": {"actor_record": shown},
                    "payload_digest": self._hidden(payload),
                    "snapshot": self._facts.snapshot,
                    "started": started,
                    "subjects": self._subjects,
                    "workflow": self._facts.workflow,
                },
                "kind": "run",
            }
        )

    def _admit(self, trace: Trace, payload: Json) -> bool:
        body: dict[str, Json] = {
            "kind": "intent",
            "node": "admit",
            "outcome": "ACK",
            "target": "blockchain::IN_REGISTER_ACTOR_V0",
        }
        fits = _VALIDATOR.is_valid(payload)
        if not fits:
            body["outcome"] = "NACK"
            body["refused"] = [
                {
                    "at": "".join(f"/{part}" for part in error.instance_path),
                    "why": f"is not of the format {error.kind.value}",
                }
                for error in _VALIDATOR.iter_errors(payload)
            ]
        trace.add(body)
        return fits

    def _name(self, trace: Trace, record: Json) -> str:
        actor_id = f"AC_{hashlib.sha256(text_of(record)).hexdigest()[:16]}"
        trace.add(
            {
                "inputs": self._hidden({"actor_record": record}),
                "kind": "contract",
                "node": "name_actor",
                "outcome": "SUCCESS",
                "outputs": {"actor_id": actor_id},
                "steps": [
                    {
                        "outcome": "SUCCESS",
                        "outputs": {"id": actor_id},
                        "step": "name",
                        "transform": "core::CT_GENERATE_ID_V0",
                    }
                ],
                "target": "blockchain::CC_GENERATE_ACTOR_ID_V0",
            }
        )
        return actor_id

    def _insert(self, trace: Trace, actor_id: str, record: Json) -> str:
        value = text_of(record)
        row = (ACTORS, actor_id, value)
        outcome = "SUCCESS"
        if not self._connection.execute("INSERT OR IGNORE INTO registry VALUES (?, ?, ?)", row).rowcount:
            held = self._connection.execute(
                "SELECT value FROM registry WHERE store = ? AND key = ?", row[:2]
            ).fetchone()
            outcome = "ALREADY_EXISTS" if held == (value,) else "CONFLICT"
        outputs: dict[str, Json] = {}
        if outcome != "CONFLICT":
            outputs["address"] = hashlib.sha256(text_of([ACTORS, actor_id])).hexdigest()
        inputs: Json = {"key": actor_id, "value": self._hidden_record(record)}
        trace.add(
            {
                "inputs": self._hidden({"actor_id": actor_id, "actor_record": record}),
                "kind": "contract",
                "node": "register",
                "outcome": outcome,
                "steps": [
                    {
                        "inputs": inputs,
                        "operation": "REGISTER",
                        "outcome": outcome,
                        "outputs": outputs,
                        "step": "insert",
                        "store": ACTORS,
                    }
                ],
                "target": "blockchain::CC_REGISTER_ACTOR_V0",
            }
        )
        return outcome

    def _append(self, trace: Trace, actor_id: str, kind: str, at: str) -> None:
        by = self._facts.actor["id"]
        record: Json = {"actor_id": actor_id, "at": at, "by": by, "kind": kind}
        row = (EVENTS, actor_id, text_of(record), EVENTS, actor_id)
        ((number,),) = self._connection.execute(_APPEND, row).fetchall()
        trace.add(
            {
                "inputs": hashlib.sha256(text_of({"actor_id": actor_id, "by": by, "kind": kind})).hexdigest(),
                "kind": "contract",
                "node": "record",
                "outcome": "SUCCESS",
                "steps": [
                    {
                        "inputs": {"record": record, "stream": actor_id},
                        "operation": "APPEND",
                        "outcome": "SUCCESS",
                        "outputs": {"n": number},
                        "step": "append",
                        "store": EVENTS,
                    }
                ],
                "target": "blockchain::CC_APPEND_ACTOR_EVENT_V0",
            }
        )

    def _hidden(self, value: Json) -> dict[str, Json]:
        """A commitment in place of personal data."""
        return {"$redacted": hmac.digest(self._secret, text_of(value), "sha256").hex()}

    def _hidden_record(self, record: Json) -> Json:
        return {name: self._hidden(value) for name, value in record.items()} if isinstance(record, dict) else record


# --- a chain of nodes ------------------------------------------------------------------------------------


Node: TypeAlias = tuple[Callable[[], str], Mapping[str, str]]


def chain(length: int) -> dict[str, Node]:
    """Nodes that do nothing, by name, each with the node that follows on its outcome."""
    return {f"n{i}": (_nothing, {"SUCCESS": f"n{i + 1}"}) for i in range(length)}


def walk(trace: Trace, nodes: Mapping[str, Node], start: str) -> str:
    """Go from node to node, with a line for each; the name after the last."""
    at = start
    while at in nodes:
        action, following = nodes[at]
        outcome = action()
        trace.add(
            {
                "kind": "contract",
                "node": at,
                "outcome": outcome,
                "steps": [{"case": 0, "outcome": outcome, "step": "choose"}],
                "target": "chains::CC_NOTHING_V0",
            }
        )
        at = following[outcome]
    return at


def hand_on(trace: Trace, nodes: Mapping[str, Node], start: str, given: dict[str, Json]) -> str:
    """The same, where each node takes what the one before gave, and gives it."""
    at = start
    while at in nodes:
        action, following = nodes[at]
        outcome = action()
        trace.add(
            {
                "inputs": hashlib.sha256(text_of(given)).hexdigest(),
                "kind": "contract",
                "node": at,
                "outcome": outcome,
                "outputs": given,
                "steps": [{"case": 0, "outcome": outcome, "step": "choose"}],
                "target": "chains::CC_HAND_ON_V0",
            }
        )
        given = {"number": given["number"]}
        at = following[outcome]
    return at


def _nothing() -> str:
    return "SUCCESS"


# --- a program ---------------------------------------------------------------------------------------------


def main() -> None:
    """Register the actor in a file: `baseline.py PAYLOAD DATABASE JOURNAL SYNCHRONOUS`."""
    payload, database, journal, synchronous = sys.argv[1:]
    connection = connect(Path(database), journal, synchronous)
    trace = Registration(connection, "one commit", Facts()).run(orjson.loads(Path(payload).read_bytes()))
    connection.close()
    last = orjson.loads(trace.lines[-1])
    sys.stdout.write(json.dumps({"exit": last["exit"], "result": last.get("result"), "trace_id": trace.run}) + "\n")


if __name__ == "__main__":
    main()

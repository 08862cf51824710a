"""State from outside: an operator's file of values by store, written by a run of its own with a trace.

The file is one JSON object: a store's full name to its rows. Rows are values by key, or lists of records by
stream where the store is append-only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias, cast

from pgs_runtime.faults import ExitCode, Refusal, hint_of_unknown
from pgs_runtime.link.places import WITHDRAWN, Access, Keyed, Mutable, Stream, place_of
from pgs_runtime.ports import run_id, timestamp
from pgs_runtime.redaction import commit as commit_to
from pgs_runtime.run.by_hand import completed
from pgs_runtime.run.commits import commit
from pgs_runtime.runtime import Actor, Runtime
from pgs_runtime.stores.overlay import Overlay
from pgs_runtime.stores.port import Run, Segment
from pgs_runtime.stores.sealing import Keys
from pgs_runtime.trace.record import FORMAT, LOAD, Chain
from pgs_runtime.vault.belonging import Belonging
from pgs_snapshot import model
from pgs_snapshot.defaults import filler
from pgs_snapshot.frozen import frozen
from pgs_snapshot.places import Taken
from pgs_snapshot.problems import problems
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.validation import validator
from pgs_snapshot.values import Value, escape, same
from pgs_snapshot.visible import visible


@frozen
class Loaded:
    """What a load wrote: rows by store, and the id of the run that tells of it."""

    trace_id: str
    rows: dict[str, int]


def load_state(runtime: Runtime, document: Value, actor: Actor, subject: str = "") -> Loaded:
    """Write every row of a state document, or nothing.

    A key of an idempotent store that holds the same value already is left as it is; a mutable key is set.

    Args:
        subject: whom what is labelled in the rows belongs to, as intents name them; the load alone if nobody is named.

    Raises:
        Refusal: an unknown store, a value that does not fit its entity or is too large, a bound key with
            another value, a stream that is not empty. Nothing was written.
    """
    if not isinstance(document, dict):
        raise _refused("", "A state document is an object: stores by full name.")
    run = run_id(runtime.ports)
    private = frozenset(name for name in document if runtime.snapshot.clears(name))
    if subject and not private:
        message = f"Nothing of this can belong to `{visible(subject[:80])}`: none of the stores takes what is labelled."
        raise _refused("", message, "Leave `--subject` out.")
    belonging = Belonging(runtime.store, runtime.secret, runtime.ports.entropy)
    now = belonging.of(run, [subject] if subject else ())
    started = timestamp(runtime.ports.clock())

    def once(overlay: Overlay) -> tuple[Loaded, Segment]:
        subjects = now() if private else ()
        keys = Keys(subjects, runtime.secret)
        header = _header(runtime, actor, document, keys, started)
        chain = Chain(run, keys)
        chain.add({"format": FORMAT, "header": header, "kind": "run"})
        rows = {name: _write(runtime, overlay, name, document, chain) for name in sorted(document)}
        chain.add(_ending(rows, len(chain.lines) + 1))
        segment = _segment(runtime, header, chain, overlay)
        return Loaded(run, rows), replace(segment, subjects=subjects, private=private)

    loaded = commit(runtime.store, runtime.limits.value_bytes, once)
    if isinstance(loaded, Run):
        raise AssertionError(f"the run id {run} was given out twice")
    return loaded


def _write(runtime: Runtime, overlay: Overlay, name: str, document: dict[str, Value], chain: Chain) -> int:
    """Write the rows of one store, and tell of them; how many there were to write."""
    overlay.line = len(chain.lines)
    before = len(overlay.writes)
    _load(runtime.snapshot, overlay, name, document)
    written = len(overlay.writes) - before
    chain.add({"kind": "load", "rows": written, "store": name})
    return written


def _ending(rows: dict[str, int], lines: int) -> dict[str, Value]:
    effects: dict[str, Value] = {name: {"LOAD": count} for name, count in rows.items() if count}
    return {
        "effects": effects,
        "exit": "COMPLETED",
        "kind": "exit",
        "lines": lines,
        "name": "COMPLETED",
        "node": "loaded",
    }


def _segment(runtime: Runtime, header: dict[str, Value], chain: Chain, overlay: Overlay) -> Segment:
    return Segment(
        run=completed(header, chain),
        expected=None,
        lines=tuple(chain.lines),
        reads=tuple(overlay.reads),
        writes=tuple(overlay.writes),
    )


def _header(runtime: Runtime, actor: Actor, document: Value, keys: Keys, started: str) -> dict[str, Value]:
    header: dict[str, Value] = {
        "actor": {"id": actor.id, "type": actor.type},
        "authenticated_by": actor.authenticated_by,
        "fingerprint": dict(runtime.ports.fingerprint),
        "payload": {},  # the rows are in the stores, and a second copy would outlive their erasure
        "payload_digest": cast(Value, commit_to(document, keys.secret)),  # they may carry labels
        "snapshot": runtime.snapshot.id,
        "started": started,
        "workflow": LOAD,
    }
    if keys.subjects:
        header["subjects"] = [subject.id for subject in keys.subjects]
    return header


def _load(snapshot: Snapshot, overlay: Overlay, name: str, document: dict[str, Value]) -> None:
    at, rows = f"/{escape(name)}", document[name]
    if name in snapshot.names("artifacts/context") and isinstance(rows, dict):
        _load_context(snapshot.context(name), overlay, rows, at)
        return
    if name.endswith(WITHDRAWN) and name.removesuffix(WITHDRAWN) in snapshot.names("artifacts/store"):
        _withdraw(snapshot.store(name.removesuffix(WITHDRAWN)), overlay, rows, at)
        return
    known = (*snapshot.names("artifacts/store"), *snapshot.names("artifacts/context"))
    if name not in known:
        raise _refused(at, f"The snapshot has no store `{visible(name)}`.", hint_of_unknown(name, known))
    store = snapshot.store(name)
    if not isinstance(rows, dict):
        raise _refused(at, f"The rows of `{name}` are an object: values by key, or records by stream.")
    fitting = _fitter(store.schema, store.entity)
    access = Access(name, store.entity, holds=lambda value: True, writes=True)  # `fitting` has judged it
    place = place_of(overlay, store.semantics, access)
    for key in sorted(rows):
        where = f"{at}/{escape(key)}"
        if isinstance(place, Stream):
            _load_stream(store, place, key, _fitting_all(rows[key], fitting, where), where)
        elif isinstance(place, Keyed) and place.is_withdrawn(key) and _names(document.get(name + WITHDRAWN), key):
            continue  # as the document tells
        elif isinstance(place, Keyed):
            _load_key(store, place, key, fitting(rows[key], where), where)
        else:
            place.put(key, fitting(rows[key], where), None)


def _load_context(context: model.Context, overlay: Overlay, rows: dict[str, Value], at: str) -> None:
    """Set fields of instances: each key is a session and a path, `main/domain.accounts`."""
    stored = {path: field for path, field in context.fields.items() if field.zone == "data"}
    place = Mutable(overlay, Access(context.name, context.name, holds=lambda value: True, writes=True))
    for key in sorted(rows):
        session, slash, path = key.rpartition("/")
        where = f"{at}/{escape(key)}"
        if not slash or path not in stored:
            message = f"`{visible(path)}` is no field of `{context.name}` that is stored."
            hint = f"A key is a session and a path, such as `{session or 'main'}/{next(iter(stored), 'domain.field')}`."
            raise _refused(where, message, hint)
        fitting = _fitter(stored[path].schema, f"{context.name} {path}")
        place.put(key, fitting(rows[key], where), None)


def _names(rows: Value, key: str) -> bool:
    return isinstance(rows, dict) and key in rows


def _withdraw(store: model.Store, overlay: Overlay, rows: Value, at: str) -> None:
    """Withdraw keys that are bound, as an export tells them: an object of nulls."""
    place = place_of(overlay, store.semantics, Access(store.name, store.entity, holds=lambda value: True, writes=True))
    if not isinstance(place, Keyed) or not isinstance(rows, dict):
        raise _refused(at, f"The rows of `{store.name}{WITHDRAWN}` are an object: null by key of an idempotent store.")
    for key in sorted(rows):
        if place.find(key) is not None:
            place.withdraw(key)
        elif not place.is_withdrawn(key):
            raise _refused(f"{at}/{escape(key)}", f"`{visible(key)}` of `{store.name}` is not bound.")


def _load_stream(store: model.Store, place: Stream, stream: str, records: list[Value], where: str) -> None:
    if place.length(stream):
        message = f"The stream `{visible(stream)}` of `{store.name}` is not empty, and it only grows."
        raise _refused(where, message)
    for record in records:
        place.append(stream, record)


def _load_key(store: model.Store, place: Keyed, key: str, value: Value, where: str) -> None:
    held = place.find(key)
    if held is None:
        try:
            place.insert(key, value)
        except Taken:
            message = f"`{visible(key)}` of `{store.name}` was withdrawn or erased, and stays taken."
            raise _refused(where, message) from None
    elif not same(held.value, value):
        raise _refused(where, f"`{visible(key)}` of `{store.name}` holds another value, for ever.")


Fitting: TypeAlias = Callable[[Value, str], Value]
"""A value with its defaults, if it fits; the text says where it stands."""


def _fitter(schema: model.Schema, name: str) -> Fitting:
    fill, check = filler(schema), validator(schema)

    def fitting(stated: Value, where: str) -> Value:
        value = fill(stated) if fill else stated
        found = problems(check, value)
        if found:
            message = f"This does not fit `{name}`: it {found[0]['why']}."
            raise _refused(f"{where}{found[0]['at']}", message)
        return value

    return fitting


def _fitting_all(records: Value, fitting: Fitting, where: str) -> list[Value]:
    if not isinstance(records, list):
        raise _refused(where, "A stream is a list of records.")
    return [fitting(record, f"{where}/{number}") for number, record in enumerate(records)]


def _refused(where: str, message: str, hint: str = "") -> Refusal:
    return Refusal("R016", message, ExitCode.REJECTED, where, hint)

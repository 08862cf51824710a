"""The case file (`pgs-casefile/1`, `docs/custody.md`): a run with all that shows what it is, in one file.

Laws:
* it has one form, canonical JSON, with no member more and none less than its format names;
* what it says that it states is computed from what is in it, and a file that says more or less is none;
* the keys in it are those that made its signatures. Whether they are trusted, nothing in it says.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pgs_runtime.evidence.granting import told_in
from pgs_runtime.trace.lines import LIMITS, NotALine
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.jsontext import JsonLimits, JsonRefused, read_json
from pgs_snapshot.notes import (
    COSIGNATURE_BYTES,
    Checkpoint,
    NotANote,
    Note,
    bytes_of,
    checkpoint_of,
    cosigned_at,
    is_signed,
    read_note,
)
from pgs_snapshot.signing import PublicKey, public_key
from pgs_snapshot.values import Value

FORMAT = "pgs-casefile/1"
_SIZE = LIMITS.size
_JSON = JsonLimits(_SIZE, LIMITS.depth)

Role: TypeAlias = str

STATES: tuple[tuple[str, str], ...] = (
    (
        "always",
        "Each line of the trace follows from the one before it: none was changed, dropped or added by accident.",
    ),
    ("ended", "The trace is whole: its last line ends the run and counts the lines."),
    ("manifest", "The manifest is that of the snapshot that the trace names."),
    ("files", "The files are those that the manifest lists, so that the run can be done again elsewhere."),
    ("envelope", "If you trust a key that signed the snapshot: its holder said that this one may run."),
    (
        "checkpoint",
        "If you trust a key that signed a checkpoint: its holder had this run, with this last line, in the log then.",
    ),
    ("checkpoints", "The log only grew from the first checkpoint to the last."),
    (
        "cosigned",
        "If you trust a witness that cosigned a checkpoint: it has seen this one, and none that contradicts it.",
    ),
    (
        "overrides",
        "If you trust a key that signed a checkpoint: its holder had every override that let a request in, before it.",
    ),
)
DOES_NOT_STATE: tuple[tuple[str, str], ...] = (
    ("open", "How the run ends: it had not ended when this file was made."),
    ("no manifest", "What the run was to do: nothing of its snapshot is here."),
    ("no files", "What the snapshot says: its files have to come from elsewhere."),
    ("envelope", "When the snapshot was signed: its signatures have no date."),
    ("no envelope", "Who lets the snapshot run: no signature of it is here."),
    ("no checkpoint", "That the trace was not written anew as a whole: no checkpoint covers it."),
    ("not cosigned", "That anybody but the owner of the log has seen it: no witness signed."),
    ("overrides", "That nobody had taken an override back before it was used."),
    ("no overrides", "That an override that let a request in was ever granted: what granted it is not here."),
    ("always", "Whose the keys are: the reader has to know which ones to trust, and when they were revoked."),
    ("always", "That what was asked of the outside took place there: the trace has the answers as they came."),
    ("always", "That every run was recorded: what never came into the log leaves no gap in it."),
    ("always", "That what was entered was true, or the clock right: the trace has both as they came."),
    ("always", "What stands behind a digest or a commitment of the trace."),
)
"""What a case file states, and does not: by a fact about it, a sentence."""


class NotACaseFile(ValueError):
    """Some bytes are no case file; the message follows `The file `."""


@frozen
class Point:
    """A checkpoint, the proof that the run's commit is in it, and that it continues the one before it in the file."""

    note: Note
    checkpoint: Checkpoint
    inclusion: tuple[bytes, ...]
    consistency: tuple[bytes, ...]


@frozen
class Granted:
    """A run that granted an override: its lines, its leaf in the log, and the proof under the first checkpoint."""

    lines: tuple[bytes, ...]
    commit: int
    inclusion: tuple[bytes, ...]


@frozen
class CaseFile:
    """What a case file holds.

    Attributes:
        lines: of the trace, as a store keeps them.
        run: the id that the file says the trace has.
        commit: the number of the run's leaf in the log, counted from 0; 0 where there are no points.
        points: from the smallest to the largest.
        manifest, envelope: of the snapshot, as they lie in its folder; None: not here.
        files: of the snapshot, by path, without these two; empty: not here.
        keys: what signed the checkpoints, by role.
        overrides: of those that let a request of the run in, what granted them; empty: there are none, or not here.
    """

    lines: tuple[bytes, ...]
    run: str
    commit: int
    points: tuple[Point, ...]
    manifest: bytes | None
    envelope: bytes | None
    files: Mapping[str, bytes]
    keys: tuple[tuple[Role, PublicKey], ...]
    overrides: tuple[Granted, ...] = ()

    def facts(self) -> frozenset[str]:
        """What the sentences depend on.

        Raises:
            NotALine: a line of the trace is none.
        """
        ended = read_json(self.lines[-1], _JSON)
        kind = ended.get("kind") if isinstance(ended, dict) else None
        blobs = [signature.blob for point in self.points for signature in point.note.signatures]
        used = "overrides" if self.overrides else "no overrides" if told_in(self.lines) else "not overridden"
        return frozenset(
            {
                "always",
                used,
                "ended" if kind in ("exit", "fault", "cancelled") else "open",
                "manifest" if self.manifest is not None else "no manifest",
                "files" if self.files else "no files",
                "envelope" if self.envelope is not None else "no envelope",
                "checkpoint" if self.points else "no checkpoint",
                "checkpoints" if len(self.points) > 1 else "one checkpoint",
                "cosigned" if any(len(blob) == COSIGNATURE_BYTES for blob in blobs) else "not cosigned",
            }
        )


def written(case: CaseFile) -> bytes:
    """The bytes of a case file."""
    stated, unstated = sentences(case)
    body: dict[str, Value] = {
        "does_not_state": [*unstated],
        "format": FORMAT,
        "keys": [{"key": key.text, "role": role} for role, key in case.keys],
        "run": case.run,
        "states": [*stated],
        "trace": [line.decode() for line in case.lines],
    }
    if case.points:
        body["log"] = {"checkpoints": [_point_members(point) for point in case.points], "commit": case.commit}
    if case.overrides:
        body["overrides"] = [_granted_members(granted) for granted in case.overrides]
    if case.manifest is not None:
        snapshot: dict[str, Value] = {"manifest": case.manifest.decode()}
        if case.envelope is not None:
            snapshot["envelope"] = case.envelope.decode()
        if case.files:
            snapshot["files"] = {path: b64encode(data).decode() for path, data in case.files.items()}
        body["snapshot"] = snapshot
    return canonical(body)


def sentences(case: CaseFile) -> tuple[list[str], list[str]]:
    """What a case file states, and what it does not."""
    facts = case.facts()
    stated, unstated = ([says for fact, says in table if fact in facts] for table in (STATES, DOES_NOT_STATE))
    return stated, unstated


def _point_members(point: Point) -> Value:
    proofs = {"consistency": point.consistency, "inclusion": point.inclusion}
    hashes: dict[str, Value] = {name: [b64encode(each).decode() for each in proof] for name, proof in proofs.items()}
    return {**hashes, "note": point.note.data().decode()}


def _granted_members(granted: Granted) -> Value:
    inclusion: list[Value] = [b64encode(each).decode() for each in granted.inclusion]
    return {"commit": granted.commit, "inclusion": inclusion, "trace": [line.decode() for line in granted.lines]}


# --- reading -------------------------------------------------------------------------------------


def read_casefile(data: bytes) -> CaseFile:
    """The case file that these bytes are. Whether its trace and proofs hold is not asked here.

    Raises:
        NotACaseFile: they are none.
    """
    try:
        value = read_json(data, _JSON)
    except JsonRefused as refused:
        raise NotACaseFile(f"is no JSON as case files have it: {refused.why}") from refused
    if canonical(value) != data:
        raise NotACaseFile("is written in another form than the canonical one")
    body = _object(value, "does_not_state format keys run states trace", "log overrides snapshot")
    if body["format"] != FORMAT:
        raise NotACaseFile(f"has another format than `{FORMAT}`")
    commit, points = _log(body["log"]) if "log" in body else (0, ())
    manifest, envelope, files = _snapshot(body["snapshot"]) if "snapshot" in body else (None, None, {})
    overrides = _overrides(body["overrides"], commit, points) if "overrides" in body else ()
    run, keys = _text(body["run"]), _keys(body["keys"], points)
    case = CaseFile(_lines(body["trace"]), run, commit, points, manifest, envelope, files, keys, overrides)
    try:
        said = sentences(case)
    except (JsonRefused, NotALine) as refused:
        raise NotACaseFile("has a line of its trace that is none") from refused
    if (body["states"], body["does_not_state"]) != said:
        raise NotACaseFile("says other than what it holds")
    return case


def _lines(value: Value) -> tuple[bytes, ...]:
    lines = tuple(_text(line).encode() for line in _list(value))
    if not lines or any(b"\n" in line for line in lines):
        raise NotACaseFile("has a trace without lines, or with two in one")
    return lines


def _overrides(value: Value, commit: int, points: Sequence[Point]) -> tuple[Granted, ...]:
    found: list[Granted] = []
    for each in _list(value):
        members = _object(each, "commit inclusion trace")
        before = members["commit"]
        if type(before) is not int or not points or not 0 <= before < commit:
            raise NotACaseFile("has an override that no checkpoint covers, or that came after the run")
        found.append(Granted(_lines(members["trace"]), before, _hashes(members["inclusion"])))
    if not found:
        raise NotACaseFile("has overrides that are none")
    return tuple(found)


def _log(value: Value) -> tuple[int, tuple[Point, ...]]:
    members = _object(value, "checkpoints commit")
    commit = members["commit"]
    points = tuple(_point(each) for each in _list(members["checkpoints"]))
    if type(commit) is not int or not points:
        raise NotACaseFile("has a log without commit or checkpoint")
    sizes = [point.checkpoint.size for point in points]
    if sizes != sorted(set(sizes)) or not 0 <= commit < sizes[0]:
        raise NotACaseFile("has checkpoints that do not cover the commit, or in another order than that of their sizes")
    if len({point.checkpoint.origin for point in points}) > 1 or points[0].consistency:
        raise NotACaseFile("has checkpoints of two logs, or a proof from before the first")
    return commit, points


def _point(value: Value) -> Point:
    members = _object(value, "consistency inclusion note")
    try:
        note = read_note(_text(members["note"]).encode())
        return Point(note, checkpoint_of(note.text), _hashes(members["inclusion"]), _hashes(members["consistency"]))
    except NotANote as error:
        raise NotACaseFile(f"has a checkpoint that {error}") from error


def _hashes(value: Value) -> tuple[bytes, ...]:
    hashes = [bytes_of(_text(each)) for each in _list(value)]
    found = tuple(each for each in hashes if each is not None and len(each) == 32)
    if len(found) != len(hashes):
        raise NotACaseFile("has a proof of something else than hashes")
    return found


def _snapshot(value: Value) -> tuple[bytes, bytes | None, Mapping[str, bytes]]:
    members = _object(value, "manifest", "envelope files")
    files: dict[str, bytes] = {}
    if "files" in members:
        found = members["files"]
        if not isinstance(found, dict) or not found:
            raise NotACaseFile("has files of the snapshot that are none")
        for path, encoded in found.items():
            data = bytes_of(_text(encoded))
            if data is None:
                raise NotACaseFile("has a file of the snapshot that is not in base64")
            files[path] = data
    envelope = _text(members["envelope"]).encode() if "envelope" in members else None
    return _text(members["manifest"]).encode(), envelope, files


def _keys(value: Value, points: Sequence[Point]) -> tuple[tuple[Role, PublicKey], ...]:
    """The keys, each of which made a signature here."""
    keys: list[tuple[Role, PublicKey]] = []
    for each in _list(value):
        members = _object(each, "key role")
        try:
            role, key = _text(members["role"]), public_key(_text(members["key"]))
        except ValueError as error:
            raise NotACaseFile(f"has a key that {error}") from error
        if not any(made_by(role, key, point) for point in points):
            raise NotACaseFile("has a key that signed nothing in it")
        keys.append((role, key))
    if keys != sorted(set(keys), key=lambda key: (key[0], key[1].text)):
        raise NotACaseFile("has its keys in another order, or one twice")
    return tuple(keys)


def made_by(role: Role, key: PublicKey, point: Point) -> bool:
    """Whether a key signed a checkpoint, in a role."""
    if role == "witness":
        return bool(cosigned_at(point.note, key))
    return role == "checkpoint" and is_signed(point.note, point.checkpoint.origin, key)


def _object(value: Value, needed: str, allowed: str = "") -> dict[str, Value]:
    names = set(needed.split())
    if not isinstance(value, dict) or not names <= value.keys() <= names | set(allowed.split()):
        raise NotACaseFile(f"has another object where one with {needed.replace(' ', ', ')} is due")
    return value


def _list(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise NotACaseFile("has something else where a list is due")
    return value


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise NotACaseFile("has something else where a text is due")
    return value

"""Case files for tests: good ones of every level, and every way to change one, with the level that is left."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from pgs_runtime.evidence.casefile import CaseFile, Point, written
from pgs_runtime.evidence.casefile_make import make_casefile, without_files
from pgs_runtime.evidence.custody import last_signed, sign
from pgs_runtime.evidence.keeping import Place
from pgs_snapshot import dsse
from pgs_snapshot.canonical import canonical
from pgs_snapshot.endorsed import statement_of
from pgs_snapshot.notes import Checkpoint, Note, cosigned, signed
from pgs_snapshot.seal import read_manifest
from pgs_snapshot.signing import PublicKey, SigningKey
from pgs_snapshot.statements import moment_text
from tests.runtime.custodian import AUTHOR, LOST, NOTARY, NOW, OPERATOR, RETIRED, SECONDS, STRANGER
from tests.runtime.till import PAID, TOO_MUCH, open_till, paid, rechained

Kept = tuple[str, ...]
YEAR = 365 * 86_400
IN_TIME = SECONDS - YEAR
"""Before the retired key expired and the lost one was lost."""


class Shelf:
    """A place in memory."""

    name, readable = "shelf", True

    def __init__(self, *notes: Note) -> None:
        self.notes = {int(note.text.split("\n")[1]): note.data() for note in notes}

    def sizes(self) -> tuple[int, ...]:
        return tuple(sorted(self.notes))

    def read(self, size: int) -> bytes:
        return self.notes[size]

    def keep(self, size: int, data: bytes) -> None:
        self.notes[size] = data


def signed_by(*keys: SigningKey, witness: SigningKey | None = None, time: int = SECONDS) -> CaseFile:
    """The case file of the first of two runs, whose log was signed; without the files of the snapshot."""
    till = open_till()
    first = till.store.run(paid(till, PAID).trace_id)
    paid(till, TOO_MUCH)
    note = sign(till.store, keys or [OPERATOR], lambda: time).note
    kept = [Shelf(cosigned(note, witness, time))] if witness else []
    assert first is not None
    return without_files(make_casefile(till.store, first, till.snapshot, kept))


def grown(with_files: bool = False, run: int = 0) -> CaseFile:
    """The case file of one of five runs, with checkpoints of three and five commits."""
    till = open_till()
    runs = [paid(till, PAID).trace_id for _ in range(3)]
    shelf: Place = Shelf(sign(till.store, [OPERATOR], lambda: SECONDS).note)
    runs += [paid(till, TOO_MUCH).trace_id for _ in range(2)]
    sign(till.store, [OPERATOR], lambda: SECONDS + 60)
    found = till.store.run(runs[run])
    assert found is not None
    case = make_casefile(till.store, found, till.snapshot, [shelf])
    return case if with_files else without_files(case)


def unsigned(run: int = 0) -> CaseFile:
    """The case file of a run of which there is no checkpoint."""
    till = open_till()
    runs = [paid(till, payment).trace_id for payment in (PAID, TOO_MUCH)]
    assert last_signed(till.store) is None
    found = till.store.run(runs[run])
    assert found is not None
    return without_files(make_casefile(till.store, found, till.snapshot))


def endorsed(*keys: SigningKey, not_after: datetime | None = None) -> CaseFile:
    """A case file that a witness cosigned, with a snapshot that these keys have signed."""
    case = signed_by(witness=NOTARY)
    assert case.manifest is not None
    envelope = statement_of(read_manifest(case.manifest), not_after)
    for key in keys:
        envelope = envelope.signed(key)
    return replace(case, envelope=dsse.written(envelope))


def envelopes() -> Mapping[str, tuple[bytes, str, str]]:
    """By name: a file, what is found of the signatures of its snapshot, and what is said."""
    good = endorsed(AUTHOR)
    other = read_manifest(another_snapshot())
    assert good.manifest is not None
    by_another = replace(read_manifest(good.manifest), compiler="9.9.9")
    elsewhere, altered = (dsse.written(statement_of(each).signed(AUTHOR)) for each in (other, by_another))
    untrusted = "No signature is by a key that is trusted with snapshots."
    lost = "The manifest does not hold, so this says nothing."
    none = "No signature of the snapshot is in the file."
    until = NOW - timedelta(days=1)
    told = f"`manifest.dsse.json` speaks of another snapshot: `till`, `{other.root}`."
    same = f"`manifest.dsse.json` speaks of another snapshot: `till`, `{by_another.root}`."
    return {
        "signed": (written(good), "held", "The snapshot is signed by `author`, and may run now."),
        "signed by a stranger as well": (
            written(endorsed(STRANGER, AUTHOR)), "held", "The snapshot is signed by `author`, and may run now."
        ),
        "not signed": (written(signed_by(witness=NOTARY)), "not possible", none),
        "signed by a stranger": (written(endorsed(STRANGER)), "failed", untrusted),
        "signed by a key of another role": (
            written(endorsed(OPERATOR)), "failed", "`operator` may not sign snapshots: it is a key for checkpoint."
        ),
        "expired": (
            written(endorsed(AUTHOR, not_after=until)),
            "failed",
            f"The statement has expired: it held until {moment_text(until)}.",
        ),
        "none at all": (
            written(replace(good, envelope=b"{}")),
            "failed",
            "`manifest.dsse.json` does not hold `payload`, `payloadType`, `signatures` and nothing else.",
        ),
        "of another snapshot": (written(replace(good, envelope=elsewhere)), "failed", told),
        "with another compiler": (written(replace(good, envelope=altered)), "failed", same),
        "the manifest of another snapshot": (
            written(replace(good, manifest=another_snapshot())), "not possible", lost
        ),
    }  # fmt: skip


# --- changes -------------------------------------------------------------------------------------


def body(case: CaseFile, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The file after a change of its members, in canonical form."""
    members = json.loads(written(case))
    change(members)
    return canonical(members)


def lines(change: Callable[[list[bytes]], object]) -> bytes:
    """The file after a change of its trace, without chaining it again, and with sentences that fit."""
    case = grown()
    changed = list(case.lines)
    change(changed)
    return written(replace(case, lines=tuple(changed)))


def chained(change: Callable[[list[dict[str, Any]]], None]) -> bytes:
    """The file after a change of its trace, chained again."""
    case = grown()
    return written(replace(case, lines=rechained(case.lines, change)))


def pointed(change: Callable[[list[Point]], object]) -> bytes:
    """The file after a change of its checkpoints and proofs; without keys, which may have signed nothing then."""
    case = grown()
    points = list(case.points)
    change(points)
    return written(replace(case, points=tuple(points), keys=()))


def resigned(at: int = 0, **members: Any) -> bytes:
    """The file with another checkpoint, properly signed."""

    def change(points: list[Point]) -> None:
        old = points[at].checkpoint
        new = Checkpoint(*(members.get(name, getattr(old, name)) for name in ("origin", "size", "root", "time")))
        points[at] = replace(points[at], note=signed(new, [OPERATOR]), checkpoint=new)

    return pointed(change)


def hinted(*keys: tuple[str, PublicKey]) -> bytes:
    return written(replace(grown(), keys=keys))


def proof(name: str, change: Callable[[tuple[bytes, ...]], tuple[bytes, ...]], at: int = 1) -> bytes:
    """The file after a change of a proof."""

    def change_point(points: list[Point]) -> None:
        points[at] = replace(points[at], **{name: change(getattr(points[at], name))})

    return pointed(change_point)


def manifest(old: bytes, new: bytes) -> bytes:
    case = grown(with_files=True)
    assert case.manifest is not None
    assert old in case.manifest
    return written(replace(case, manifest=case.manifest.replace(old, new, 1)))


def files(change: Callable[[dict[str, bytes]], object]) -> bytes:
    case = grown(with_files=True)
    changed = dict(case.files)
    change(changed)
    return written(replace(case, files=changed))


def notes(case: CaseFile) -> Kept:
    """The checkpoints of a case file, as they might be kept elsewhere."""
    return tuple(point.note.data().decode() for point in case.points)


def forked() -> Kept:
    """What is kept elsewhere of the same size, and another log."""
    old = grown().points[1].checkpoint
    other = Checkpoint(old.origin, old.size, b"\x07" * 32, old.time)
    return (signed(other, [OPERATOR]).data().decode(),)


def another_snapshot() -> bytes:
    """The manifest of another snapshot, which is sound."""
    return open_till(summary="Print another receipt").snapshot.sealed.files()["manifest.json"]


def respelt(line: bytes) -> bytes:
    return json.dumps(dict(reversed(json.loads(line).items())), separators=(",", ":")).encode()


@cache
def corpus() -> Mapping[str, tuple[bytes, Kept, str]]:
    """By name: a file, what is kept elsewhere, and the level that it has for who trusts as `custodian` says."""
    other = grown(run=1)
    first_twice = signed_by(OPERATOR, RETIRED, time=IN_TIME)
    return {
        # good ones
        "no checkpoint": (written(unsigned()), (), "complete"),
        "signed": (written(signed_by()), (), "authentic"),
        "two checkpoints": (written(grown()), (), "authentic"),
        "with the files of the snapshot": (written(grown(with_files=True)), (), "authentic"),
        "the last run": (written(grown(run=2)), (), "authentic"),
        "cosigned": (written(signed_by(witness=NOTARY)), (), "witnessed"),
        "kept elsewhere": (written(grown()), notes(grown()), "witnessed"),
        "an old checkpoint is kept elsewhere": (written(grown()), notes(grown())[:1], "witnessed"),
        "one of another size is kept elsewhere": (written(signed_by()), notes(grown()), "authentic"),
        "a key that expired since": (written(signed_by(RETIRED, time=IN_TIME)), (), "authentic"),
        "two keys": (written(first_twice), (), "authentic"),
        "a lost key, cosigned before": (written(signed_by(LOST, witness=NOTARY, time=IN_TIME)), (), "witnessed"),
        "without snapshot": (written(replace(grown(), manifest=None)), (), "complete"),
        "with the signatures of a snapshot": (written(replace(grown(), envelope=b"{}")), (), "authentic"),
        "a hint less": (hinted(), (), "authentic"),
        # the trace
        "a line is edited": (
            lines(lambda all: all.__setitem__(2, all[2].replace(b"SUCCESS", b"FAILURE"))), (), "broken"
        ),
        "a line is dropped": (lines(lambda all: all.pop(2)), (), "broken"),
        "the first line is dropped": (lines(lambda all: all.pop(0)), (), "broken"),
        "lines are swapped": (lines(lambda all: all.insert(2, all.pop(3))), (), "broken"),
        "a line is doubled": (lines(lambda all: all.insert(3, all[2])), (), "broken"),
        "a line is inserted": (lines(lambda all: all.insert(3, other.lines[3])), (), "broken"),
        "two runs are spliced": (lines(lambda all: all.__setitem__(slice(3, None), other.lines[3:])), (), "broken"),
        "a line is written otherwise": (lines(lambda all: all.__setitem__(2, respelt(all[2]))), (), "broken"),
        "a blank in a line": (lines(lambda all: all.__setitem__(2, all[2].replace(b":", b": ", 1))), (), "broken"),
        "a carriage return": (lines(lambda all: all.__setitem__(2, all[2] + b"\r")), (), "broken"),
        "a member twice": (
            lines(lambda all: all.__setitem__(2, all[2].replace(b"{", b'{"digest":"",', 1))), (), "broken"
        ),
        "the tail is cut": (lines(lambda all: all.pop()), (), "self-consistent"),
        "the end counts other lines": (chained(lambda all: all[-1].update(lines=9)), (), "self-consistent"),
        "re-chained": (
            chained(lambda all: all[0]["header"].update(started="2020-01-01T00:00:00.000Z")), (), "complete"
        ),
        "re-chained outcome": (chained(lambda all: all[2].update(outcome="TOO_MUCH")), (), "complete"),
        "re-chained under another run": (body(grown(), lambda all: all.update(run="0" * 26)), (), "broken"),
        "replaced by another run": (
            written(replace(grown(), lines=other.lines, run=other.run)), (), "complete"
        ),
        "replaced under the same name": (written(replace(grown(), lines=other.lines)), (), "broken"),
        "no lines": (body(grown(), lambda all: all.update(trace=[])), (), "broken"),
        # checkpoints and keys
        "wrong key": (written(signed_by(STRANGER)), (), "complete"),
        "a key of another role": (written(signed_by(AUTHOR)), (), "complete"),
        "a witness as signer": (written(signed_by(NOTARY)), (), "complete"),
        "expired key": (written(signed_by(RETIRED)), (), "complete"),
        "revoked key": (written(signed_by(LOST)), (), "complete"),
        "revoked key, dated back": (written(signed_by(LOST, time=IN_TIME)), (), "complete"),
        "revoked key, cosigned too late": (written(signed_by(LOST, witness=NOTARY)), (), "complete"),
        "cosigned by a stranger": (written(signed_by(witness=STRANGER)), (), "authentic"),
        "cosigned by the signer": (written(signed_by(witness=OPERATOR)), (), "authentic"),
        "cosigned at a time to come": (
            written(
                replace(
                    (case := signed_by()),
                    points=(replace(case.points[0], note=cosigned(case.points[0].note, NOTARY, SECONDS + YEAR)),),
                )
            ),
            (),
            "authentic",
        ),
        "signed at a time to come": (resigned(0, time=SECONDS + YEAR), (), "authentic"),
        "all signed at a time to come": (written(signed_by(time=SECONDS + YEAR)), (), "complete"),
        "forked from what is kept elsewhere": (written(grown()), forked(), "complete"),
        "a stranger keeps it": (written(signed_by(STRANGER)), notes(signed_by(STRANGER)), "complete"),
        "another root": (resigned(0, root=b"\x00" * 32), (), "complete"),
        "another last root": (resigned(1, root=b"\x00" * 32), (), "complete"),
        "another size": (resigned(0, size=4), (), "complete"),
        "an old checkpoint that does not cover it": (
            body(grown(run=2), lambda all: all["log"].update(commit=3)), (), "broken"
        ),
        "another log": (resigned(0, origin="pgs/other"), (), "broken"),
        "checkpoints in another order": (pointed(lambda all: all.reverse()), (), "broken"),
        "a checkpoint twice": (pointed(lambda all: all.append(all[1])), (), "broken"),
        "the first checkpoint is dropped": (pointed(lambda all: all.pop(0)), (), "broken"),
        "the last checkpoint is dropped": (pointed(lambda all: all.pop(1)), (), "authentic"),
        "another commit": (body(grown(), lambda all: all["log"].update(commit=1)), (), "complete"),
        "a commit below 0": (body(grown(), lambda all: all["log"].update(commit=-1)), (), "broken"),
        "a step of a proof is dropped": (proof("inclusion", lambda all: all[1:]), (), "complete"),
        "a step of a proof is added": (proof("inclusion", lambda all: (*all, all[0])), (), "complete"),
        "steps of a proof are swapped": (proof("inclusion", lambda all: tuple(reversed(all))), (), "complete"),
        "a step of growth is dropped": (proof("consistency", lambda all: all[1:]), (), "complete"),
        "no proof of growth": (proof("consistency", lambda all: ()), (), "complete"),
        "growth from nothing": (proof("consistency", lambda all: (b"\x00" * 32,), at=0), (), "broken"),
        "a hash that is too short": (proof("inclusion", lambda all: (all[0][:-1], *all[1:])), (), "broken"),
        "a hint that signed nothing": (hinted(("checkpoint", STRANGER.public)), (), "broken"),
        "a hint of another role": (hinted(("witness", OPERATOR.public)), (), "broken"),
        "a hint twice": (hinted(*[("checkpoint", OPERATOR.public)] * 2), (), "broken"),
        # the snapshot
        "a manifest is changed": (manifest(b'"version":1', b'"version":2'), (), "complete"),
        "a manifest is no JSON": (manifest(b"{", b""), (), "complete"),
        "the manifest of another snapshot": (written(replace(grown(), manifest=another_snapshot())), (), "complete"),
        "a file of the snapshot is changed": (files(lambda all: all.update({"project.json": b"[]"})), (), "complete"),
        "a file of the snapshot is dropped": (files(lambda all: all.pop("project.json")), (), "complete"),
        "a file of the snapshot is added": (files(lambda all: all.update({"more.json": b"{}"})), (), "complete"),
        # the file
        "a sentence is dropped": (body(grown(), lambda all: all["does_not_state"].pop()), (), "broken"),
        "a sentence is added": (body(grown(), lambda all: all["states"].append("All is well.")), (), "broken"),
        "an unknown member": (body(grown(), lambda all: all.update(more=1)), (), "broken"),
        "a member is missing": (body(grown(), lambda all: all.pop("keys")), (), "broken"),
        "another format": (body(grown(), lambda all: all.update(format="pgs-casefile/2")), (), "broken"),
        "written otherwise": (json.dumps(json.loads(written(grown())), indent=1).encode(), (), "broken"),
        "cut": (written(grown())[:-1], (), "broken"),
        "empty": (b"", (), "broken"),
        "something else": (b"[]", (), "broken"),
    }  # fmt: skip

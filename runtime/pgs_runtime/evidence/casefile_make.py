"""Making a case file of a run: its lines, its snapshot, and what checkpoints there are that cover it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import orjson

from pgs_runtime.evidence.casefile import CaseFile, Granted, Point, made_by, written
from pgs_runtime.evidence.custody import Signed, checkpoint_at, contradiction, last_signed, origin_in
from pgs_runtime.evidence.granting import told_in
from pgs_runtime.evidence.keeping import Place
from pgs_runtime.evidence.log import Log
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.stores.port import Run, Store, StoreUnusable
from pgs_snapshot.merkle import EMPTY
from pgs_snapshot.notes import SIGNATURES, Checkpoint, Note, checkpoint_of
from pgs_snapshot.seal import MANIFEST, SIGNATURE
from pgs_snapshot.signing import PublicKey
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.trust import Trust
from pgs_snapshot.visible import visible


def make_casefile(
    store: Store, run: Run, snapshot: Snapshot | None, places: Sequence[Place] = (), trust: Trust | None = None
) -> CaseFile:
    """The case file of a run as it stands, with the files of its snapshot; `without_files` leaves those out.

    Args:
        snapshot: the one that ran, if it is at hand.
        places: where checkpoints are kept; of each the first that covers the run and the newest are taken.
        trust: whose public keys are put beside the signatures that they made; the store knows those of the operator.

    Raises:
        Refusal: R120; R121, a checkpoint contradicts the log; R122, R123.
        StoreUnusable, StoreBusy.
    """
    log = Log(store)
    index = log.find(run.id, run.head)
    if index is None:
        raise StoreUnusable("altered", f"The log of the store has no commit of the run `{run.id}`.")
    last = last_signed(store)
    points = _points(log, index, list(_notes(last, places, index)), origin_in(store))
    sealed = snapshot.sealed.files() if snapshot is not None else {}
    lines = store.lines(run.id)
    return CaseFile(
        lines=lines,
        run=run.id,
        commit=index if points else 0,
        points=points,
        manifest=sealed.get(MANIFEST),
        envelope=sealed.get(SIGNATURE),
        files={path: data for path, data in sealed.items() if path not in (MANIFEST, SIGNATURE)},
        keys=_keys(points, last, trust),
        overrides=_overrides(store, log, lines, points[0].checkpoint.size) if points else (),
    )


def without_files(case: CaseFile) -> CaseFile:
    """The same, without the files of the snapshot."""
    return replace(case, files={})


def write_casefile(case: CaseFile, file: Path) -> None:
    """Write a case file to a new file that its owner alone can read.

    Raises:
        Refusal: R129, it cannot be written, or something is there.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with open(os.open(file, flags, 0o600), "wb") as opened:
            opened.write(written(case))
            opened.flush()
            os.fsync(opened.fileno())
    except FileExistsError as error:
        message = f"`{visible(str(file))}` is there already, and a case file is never overwritten."
        raise Refusal("R129", message, ExitCode.OUTPUT, hint="Name another file.") from error
    except OSError as error:
        message = f"`{visible(str(file))}` cannot be written: {error.strerror}."
        raise Refusal("R129", message, ExitCode.OUTPUT) from error


def _notes(last: Signed | None, places: Sequence[Place], index: int) -> Iterator[tuple[Note, Checkpoint]]:
    """The checkpoints at hand that cover a commit."""
    if last is not None and last.checkpoint.size > index:
        yield last.note, last.checkpoint
    for place in places:
        covering = [size for size in place.sizes() if size > index]
        for size in sorted({*covering[:1], *covering[-1:]}):
            yield checkpoint_at(place, size)


def _points(log: Log, index: int, notes: Sequence[tuple[Note, Checkpoint]], origin: str) -> tuple[Point, ...]:
    roots = log.roots(checkpoint.size for _, checkpoint in notes)
    by_size: dict[int, tuple[Note, Checkpoint]] = {}
    for note, checkpoint in notes:
        why = contradiction(log.size, checkpoint, roots.get(checkpoint.size, EMPTY))
        if checkpoint.origin != origin:
            why = f"A checkpoint is of another log, `{checkpoint.origin}`."
        if why:
            raise Refusal("R121", why, ExitCode.SEAL, hint="`pgs_runtime doctor` tells more.")
        known = by_size.get(checkpoint.size)
        chosen = _joined(known[0], note) if known else note
        by_size[checkpoint.size] = chosen, checkpoint_of(chosen.text)
    points: list[Point] = []
    for size, (note, checkpoint) in sorted(by_size.items()):
        before = points[-1].checkpoint.size if points else size
        consistency = log.consistency(before, size) if points else []
        points.append(Point(note, checkpoint, tuple(log.inclusion(index, size)), tuple(consistency)))
    return tuple(points)


def _overrides(store: Store, log: Log, lines: Sequence[bytes], size: int) -> tuple[Granted, ...]:
    """What granted the overrides that a trace tells of; nothing where the store does not have all of them."""
    found: list[Granted] = []
    for told in told_in(lines):
        run = store.run(str(orjson.loads(told)[0]["override"]))
        index = log.find(run.id, run.head) if run is not None else None
        if run is None or index is None:
            return ()
        found.append(Granted(store.lines(run.id), index, tuple(log.inclusion(index, size))))
    return tuple(found)


def _joined(one: Note, other: Note) -> Note:
    """One of two notes over the same tree: with the signatures of both, if they say the same; else that with more."""
    if one.text == other.text:
        signatures = tuple(dict.fromkeys((*one.signatures, *other.signatures)))
        return Note(one.text, signatures[:SIGNATURES])
    return max(one, other, key=lambda note: len(note.signatures))


def _keys(points: Sequence[Point], last: Signed | None, trust: Trust | None) -> tuple[tuple[str, PublicKey], ...]:
    known = {("checkpoint", key) for key in (last.keys if last else ())}
    known |= {(role, each.key) for each in (trust.keys if trust else ()) for role in ("checkpoint", "witness")}
    made = {(role, key) for role, key in known if any(made_by(role, key, point) for point in points)}
    return tuple(sorted(made, key=lambda key: (key[0], key[1].text)))

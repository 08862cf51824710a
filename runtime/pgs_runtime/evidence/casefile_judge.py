"""What a case file proves to somebody who has nothing else but keys that they trust, and perhaps a kept checkpoint.

The levels are those of `pgs_runtime.evidence.verify`. Without a store there is no `anchored` of its own: that the run
is in the log is shown by a proof, which is worth as much as the signature over the checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from pgs_runtime.counted import counted
from pgs_runtime.evidence.authentic import word_on
from pgs_runtime.evidence.casefile import CaseFile, NotACaseFile, Point, read_casefile
from pgs_runtime.evidence.covering import Known, checkpoint_check, unknown, witness_check
from pgs_runtime.evidence.custody import checkpoint_at
from pgs_runtime.evidence.granting import shown_by, told_in
from pgs_runtime.evidence.keeping import Place
from pgs_runtime.evidence.log import leaf
from pgs_runtime.evidence.verify import CHECKS, NO_KEYS_WHY, Check, Level, Verdict, verify
from pgs_runtime.stores.port import Head
from pgs_runtime.trace.lines import joined, members_of
from pgs_snapshot.endorsed import judge_manifest, signed_statement
from pgs_snapshot.merkle import grown_from, leaf_hash, shown_in
from pgs_snapshot.seal import MANIFEST, SealBroken, read_manifest
from pgs_snapshot.seal import verify as verify_seal
from pgs_snapshot.trust import Trust
from pgs_snapshot.trust_files import POLICY
from pgs_snapshot.visible import visible


def judge_casefile(data: bytes, trust: Trust | None, places: Sequence[Place], now: datetime) -> Verdict:
    """Judge the bytes of a case file. `now` is the verifier's time, with its zone.

    Raises:
        Refusal: R122, R123, by a place.
    """
    try:
        case = read_casefile(data)
    except NotACaseFile as error:
        after = "The file is no case file, so this says nothing."
        skipped = tuple(unknown(name, after) for name in CHECKS if name != "store")
        return Verdict(Level.BROKEN, (Check("file", "failed", f"The file {error}."), *skipped), 0, 1)
    custody = _Custody(case, trust, places, now)
    traced = verify(joined(case.lines), custody=custody)
    if traced.level is Level.BROKEN:
        return Verdict(Level.BROKEN, _without_store(traced), traced.lines, traced.broken)
    if traced.run != case.run:
        wrong = Check("file", "failed", "The file names another run than its trace.")
        return Verdict(Level.BROKEN, (wrong, *_without_store(traced)), traced.lines, 1)
    snapshot = _snapshot(case)
    # Whether what is here grants what was used is asked in place of whether a store has it.
    own = {"override": (), "snapshot": (snapshot, _signature(case, snapshot, trust, now), *_overrides(case))}
    told = (check for each in _without_store(traced) for check in own.get(each.name, (each,)))
    checks = (Check("file", "held", "It is a case file, and says of itself what it holds."), *told)
    return Verdict(_level(traced.level, checks), checks, traced.lines, 0, traced.run, traced.head)


def _without_store(verdict: Verdict) -> tuple[Check, ...]:
    return tuple(check for check in verdict.checks if check.name != "store")


def _level(traced: Level, checks: Sequence[Check]) -> Level:
    held = {check.name for check in checks if check.found == "held"}
    unknown = any(check.name == "override" and check.found != "held" for check in checks)
    if traced < Level.COMPLETE or unknown or not {"snapshot", "log", "checkpoint"} <= held:
        return min(traced, Level.COMPLETE)
    return Level.WITNESSED if "witness" in held else Level.AUTHENTIC


def _snapshot(case: CaseFile) -> Check:
    """Whether what is here of the snapshot is of the one that the trace names."""
    header = _header(case.lines[0])
    if case.manifest is None:
        return unknown("snapshot", f"Nothing of the snapshot `{visible(header[:64])}` is in the file.")
    try:
        manifest = read_manifest(case.manifest)
        if manifest.root != header:
            return Check("snapshot", "failed", f"The manifest is that of another snapshot, `{manifest.root}`.")
        if case.files:
            verify_seal({**case.files, MANIFEST: case.manifest}, header)
    except SealBroken as broken:
        return Check("snapshot", "failed", broken.message)
    what = "and its files are whole" if case.files else "whose files are not here"
    return Check("snapshot", "held", f"The manifest is that of the snapshot `{header}`, {what}.")


def _signature(case: CaseFile, snapshot: Check, trust: Trust | None, now: datetime) -> Check:
    """Whether a trust directory lets what is here of the snapshot run now."""
    if case.manifest is None or case.envelope is None:
        return unknown("signature", "No signature of the snapshot is in the file.")
    if snapshot.found != "held":
        return unknown("signature", "The manifest does not hold, so this says nothing.")
    manifest = read_manifest(case.manifest)
    try:
        if trust is None:
            signed_statement(manifest, case.envelope)
            return unknown("signature", NO_KEYS_WHY)
        if "snapshot" not in trust.policy.roles:
            return unknown("signature", f"`{POLICY}` says nothing about the role `snapshot`.")
        signers = judge_manifest(manifest, case.envelope, trust, now)
    except SealBroken as broken:
        return Check("signature", "failed", broken.message)
    names = ", ".join(dict.fromkeys(f"`{visible(key.name)}`" for key in signers))
    return Check("signature", "held", f"The snapshot is signed by {names}, and may run now.")


def _overrides(case: CaseFile) -> tuple[Check, ...]:
    """Whether what is here granted the overrides that the trace tells of, in the log and before the run."""
    told = told_in(case.lines)
    if not told and not case.overrides:
        return ()
    if not case.overrides:
        return (unknown("override", "What granted the overrides that let the request in is not in the file."),)
    if tuple(shown_by(each.lines) for each in case.overrides) != told:
        says = "What is here does not grant the overrides that the trace tells of, and no others."
        return (Check("override", "failed", says),)
    first = case.points[0].checkpoint
    for each in case.overrides:
        last = members_of(each.lines[-1])
        hashed = leaf_hash(leaf(str(last["run"]), Head(len(each.lines) - 1, str(last["digest"]))))
        if not shown_in(hashed, each.commit, first.size, each.inclusion, first.root):
            says = f"The proof does not show the override `{last['run']}` to be commit {each.commit + 1}."
            return (Check("override", "failed", says),)
    return (Check("override", "held", "Every override that let the request in was in the log before the run was."),)


class _Custody:
    """The proofs and checkpoints of a case file, and what is kept elsewhere."""

    def __init__(self, case: CaseFile, trust: Trust | None, places: Sequence[Place], now: datetime) -> None:
        self._case = case
        self._trust = trust
        self._places = places
        self._now = now

    def __call__(self, run: str, head: Head) -> tuple[Check, Check, Check]:
        case = self._case
        if not case.points:
            why = "No checkpoint is in the file."
            return unknown("log", why), unknown("checkpoint", why), unknown("witness", why)
        kept = self._kept(case.points)
        log = _log(case, leaf_hash(leaf(run, head)), kept)
        if log.found != "held" or self._trust is None:
            why = NO_KEYS_WHY if log.found == "held" else "The log does not hold, so this says nothing."
            return log, unknown("checkpoint", why), unknown("witness", why)
        known = [*(Known(point.note, point.checkpoint, "") for point in case.points), *kept]
        words = [(each, word_on(each.note, each.checkpoint, self._trust, self._now)) for each in known]
        return log, checkpoint_check(words, case.commit), witness_check(words)

    def _kept(self, points: Sequence[Point]) -> list[Known]:
        """What is kept elsewhere of the sizes that are in the file: others cannot be compared without the log."""
        sizes = {point.checkpoint.size for point in points}
        return [
            Known(*checkpoint_at(place, size), place.name)
            for place in self._places
            for size in place.sizes()
            if size in sizes
        ]


def _log(case: CaseFile, hashed: bytes, kept: Sequence[Known]) -> Check:
    for point in case.points:
        size, root = point.checkpoint.size, point.checkpoint.root
        if not shown_in(hashed, case.commit, size, point.inclusion, root):
            says = f"The proof does not show this last line to be commit {case.commit + 1} of {size}."
            return Check("log", "failed", says)
    for before, after in pairwise(case.points):
        old, new = before.checkpoint, after.checkpoint
        if not grown_from(old.size, new.size, old.root, new.root, after.consistency):
            says = f"The proof does not show that the log only grew from {counted(old.size, 'commit')} to {new.size}."
            return Check("log", "failed", says)
    own = {point.checkpoint.size: point.checkpoint for point in case.points}
    for each in kept:
        mine = own[each.checkpoint.size]
        if (mine.origin, mine.root) != (each.checkpoint.origin, each.checkpoint.root):
            says = f"Another log of {counted(mine.size, 'commit')} is kept at `{visible(each.place)}`: it has forked."
            return Check("log", "failed", says)
    sizes = [point.checkpoint.size for point in case.points]
    grown = f", and the log only grew from {sizes[0]} to {sizes[-1]}" if len(sizes) > 1 else ""
    return Check("log", "held", f"Commit {case.commit + 1} of {sizes[0]} is this run's with this last line{grown}.")


def _header(line: bytes) -> str:
    """The snapshot that a header names."""
    header = members_of(line).get("header")
    return str(header.get("snapshot")) if isinstance(header, dict) else ""

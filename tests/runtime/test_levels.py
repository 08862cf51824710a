"""Every way to change a trace or the store behind it, and the level from which on it is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from pgs_runtime.evidence.covering import StoreCustody
from pgs_runtime.evidence.custody import sign
from pgs_runtime.evidence.verify import Level, Verdict, verify
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Head, LogEntry
from pgs_runtime.trace.lines import joined
from pgs_snapshot.notes import Checkpoint, Note, cosigned, signed
from pgs_snapshot.signing import SigningKey
from pgs_snapshot.trust import Trust, read_trust
from tests.runtime.casefiles import IN_TIME, Shelf, respelt
from tests.runtime.custodian import AUTHOR, LOST, NOTARY, NOW, OPERATOR, RETIRED, SECONDS, STRANGER, trust_in
from tests.runtime.till import PAID, TOO_MUCH, memory_of, open_till, paid, rechained


@dataclass
class Scene:
    """Five runs, checkpoints of three and five commits, of which the latter is remembered; and what is verified."""

    till: Runtime = field(default_factory=open_till)
    runs: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    lines: tuple[bytes, ...] = ()
    kept: list[Shelf] = field(default_factory=list)

    @property
    def store(self) -> MemoryStore:
        return memory_of(self.till)

    def verdict(self, trust: Trust | None) -> Verdict:
        custody = StoreCustody(self.store, trust, self.kept, NOW)
        return verify(joined(self.lines), lambda id: id == self.till.snapshot.id, self.store, custody=custody)

    def remember(self, *keys: SigningKey, time: int = SECONDS) -> None:
        """Let the store remember a checkpoint of all that it has, by other keys, as its owner can."""
        self.store._meta.pop("log:checkpoint", None)
        self.notes.append(sign(self.store, keys, lambda: time).note)

    def recorded(self, change: Callable[[list[dict[str, Any]]], None]) -> None:
        """Write the run anew, in the trace, the store and the log, as its owner can."""
        forged = rechained(self.lines, change)
        run = json.loads(self.lines[0])["run"]
        self.lines = forged
        self.store._lines[run] = list(forged)
        head = Head(len(forged) - 1, json.loads(forged[-1])["digest"])
        self.store._runs[run] = replace(self.store._runs[run], head=head)
        at = next(entry.n for entry in self.store._log if entry.run == run)
        self.store._log[at] = LogEntry(at, run, head)


def scene() -> Scene:
    made = Scene()
    for count, payments in ((3, (PAID, PAID, PAID)), (5, (TOO_MUCH, TOO_MUCH))):
        made.runs += [paid(made.till, payment).trace_id for payment in payments]
        made.notes.append(sign(made.store, [OPERATOR], lambda: SECONDS).note)
        assert made.store.log_size() == count
    made.lines = made.till.trace(made.runs[1])
    return made


Change = Callable[[Scene], object]


def lines(change: Callable[[list[bytes]], object]) -> Change:
    """A change of the trace that is verified, and of nothing else."""

    def apply(made: Scene) -> None:
        changed = list(made.lines)
        change(changed)
        made.lines = tuple(changed)

    return apply


def spliced(made: Scene) -> None:
    made.lines = (*made.lines[:3], *made.till.trace(made.runs[0])[3:])


def rechain(made: Scene) -> None:
    made.lines = rechained(made.lines, earlier)


def earlier(bodies: list[dict[str, Any]]) -> None:
    bodies[0]["header"]["started"] = "2020-01-01T00:00:00.000Z"


def elsewhere(*kept: int) -> Change:
    """Keep checkpoints elsewhere."""
    return lambda made: made.kept.append(Shelf(*(made.notes[at] for at in kept)))


def delete_run(made: Scene) -> None:
    run = made.runs[1]
    del made.store._runs[run], made.store._lines[run]
    made.store._log[:] = [LogEntry(n, e.run, e.head) for n, e in enumerate(x for x in made.store._log if x.run != run)]


def replace_run(made: Scene) -> None:
    """Another run in the place of this one, sound and whole."""
    made.lines = made.till.trace(paid(made.till, PAID).trace_id)
    last = made.store._log.pop()
    made.store._log[1] = LogEntry(1, last.run, last.head)


def after(made: Scene) -> None:
    """The run of which the trace is came after the last checkpoint."""
    made.lines = made.till.trace(paid(made.till, PAID).trace_id)


def both(*changes: Change) -> Change:
    def apply(made: Scene) -> None:
        for change in changes:
            change(made)

    return apply


def forged_note(key: SigningKey, **members: Any) -> Change:
    """A checkpoint of the same size kept elsewhere, of another log."""

    def apply(made: Scene) -> None:
        own = {"origin": made.notes[0].text.split("\n")[0], "size": 3, "root": b"\x01" * 32, "time": SECONDS}
        made.kept.append(Shelf(signed(Checkpoint(**{**own, **members}), [key])))

    return apply


BROKEN, CONSISTENT, COMPLETE, ANCHORED, AUTHENTIC, WITNESSED = Level

CASES: dict[str, tuple[Change, Level]] = {
    "nothing": (lambda made: None, AUTHENTIC),
    "nothing, and kept elsewhere": (elsewhere(0, 1), WITNESSED),
    "nothing, and an old checkpoint kept elsewhere": (elsewhere(0), WITNESSED),
    "nothing, and cosigned": (
        lambda made: made.kept.append(Shelf(cosigned(made.notes[1], NOTARY, SECONDS))), WITNESSED
    ),
    "later commits": (lambda made: paid(made.till, PAID), AUTHENTIC),
    # the trace alone
    "edit": (lines(lambda all: all.__setitem__(2, all[2].replace(b"SUCCESS", b"FAILURE"))), BROKEN),
    "drop": (lines(lambda all: all.pop(2)), BROKEN),
    "swap": (lines(lambda all: all.insert(2, all.pop(3))), BROKEN),
    "duplicate": (lines(lambda all: all.insert(3, all[2])), BROKEN),
    "insert": (lines(lambda all: all.insert(3, b"{}")), BROKEN),
    "order of members": (lines(lambda all: all.__setitem__(2, respelt(all[2]))), BROKEN),
    "white space": (lines(lambda all: all.__setitem__(2, all[2].replace(b":", b": ", 1))), BROKEN),
    "CRLF": (lines(lambda all: all.__setitem__(slice(None), [line + b"\r" for line in all])), BROKEN),
    "duplicate member": (lines(lambda all: all.__setitem__(2, all[2].replace(b"{", b'{"digest":"",', 1))), BROKEN),
    "splice two runs": (spliced, BROKEN),
    "truncate the tail": (lines(lambda all: all.pop()), CONSISTENT),
    "truncate more of the tail": (lines(lambda all: all.__delitem__(slice(2, None))), CONSISTENT),
    "re-chain": (rechain, COMPLETE),
    # the trace and the store, by its owner
    "re-chain in the store as well": (lambda made: made.recorded(earlier), COMPLETE),
    "replace a run by another": (replace_run, COMPLETE),
    "delete a run": (delete_run, COMPLETE),
    "truncate the log": (lambda made: made.store._log.__delitem__(slice(4, None)), COMPLETE),
    "fork the log": (
        lambda made: made.store._log.__setitem__(4, LogEntry(4, made.runs[4], Head(1, "0" * 64))), COMPLETE
    ),
    # and the checkpoint, by its owner, who has the key: only what others keep tells
    "sign the forged log": (both(lambda made: made.recorded(earlier), lambda made: made.remember(OPERATOR)), AUTHENTIC),
    "sign the forged log, of which another is kept elsewhere": (
        both(elsewhere(0), lambda made: made.recorded(earlier), lambda made: made.remember(OPERATOR)), COMPLETE
    ),
    "delete a run, of which a checkpoint is kept elsewhere": (
        both(elsewhere(1), delete_run, lambda made: made.remember(OPERATOR)), COMPLETE
    ),
    # checkpoints and keys
    "no checkpoint": (lambda made: made.store._meta.pop("log:checkpoint"), ANCHORED),
    "old checkpoint": (after, ANCHORED),
    "old checkpoint, kept elsewhere": (both(elsewhere(0, 1), after), ANCHORED),
    "wrong key": (lambda made: made.remember(STRANGER), ANCHORED),
    "wrong key, kept elsewhere": (both(lambda made: made.remember(STRANGER), elsewhere(2)), ANCHORED),
    "key of another role": (lambda made: made.remember(AUTHOR), ANCHORED),
    "key of a witness": (lambda made: made.remember(NOTARY), ANCHORED),
    "expired key": (lambda made: made.remember(RETIRED), ANCHORED),
    "key that expired since": (lambda made: made.remember(RETIRED, time=IN_TIME), AUTHENTIC),
    "revoked key": (lambda made: made.remember(LOST), ANCHORED),
    "revoked key, dated back": (lambda made: made.remember(LOST, time=IN_TIME), ANCHORED),
    "a forged checkpoint of the log, kept elsewhere": (forged_note(OPERATOR), COMPLETE),
    "a checkpoint of another log, kept elsewhere": (forged_note(OPERATOR, origin="pgs/other"), COMPLETE),
    "a checkpoint of a longer log, kept elsewhere": (forged_note(OPERATOR, size=9), COMPLETE),
}  # fmt: skip
"""By name: what was done, and the highest level that is left."""


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    return read_trust(trust_in(tmp_path_factory.mktemp("levels") / "trust"))


@pytest.mark.tampers("the store says of a run what did not happen")
@pytest.mark.parametrize("name", CASES)
def test_trc_01_to_04_a_change_is_found_at_the_level_that_promises_it(name: str, trust: Trust) -> None:
    change, left = CASES[name]
    made = scene()
    change(made)
    verdict = made.verdict(trust)
    assert verdict.level is left, [check.says for check in verdict.checks]
    for asked in Level:
        assert (verdict.exit_code(asked) == 0) == (asked <= left)


@pytest.mark.tampers("the store says of a run what did not happen")
@pytest.mark.parametrize("name", CASES)
def test_trc_03_without_keys_nothing_is_authentic(name: str) -> None:
    change, left = CASES[name]
    made = scene()
    change(made)
    verdict = made.verdict(None)
    assert verdict.level is min(left, Level.ANCHORED)


@pytest.mark.parametrize("name", [name for name, (_, left) in CASES.items() if left == BROKEN])
def test_trc_01_the_first_bad_line_is_told(name: str, trust: Trust) -> None:
    made = scene()
    CASES[name][0](made)
    assert made.verdict(trust).broken == {"CRLF": 1, "insert": 4, "duplicate": 4, "splice two runs": 4}.get(name, 3)


def says(verdict: Verdict, name: str) -> tuple[str, str]:
    (check,) = (check for check in verdict.checks if check.name == name)
    return check.found, check.says


@pytest.mark.parametrize(
    ("name", "check", "outcome", "told"),
    [
        ("nothing", "log", "held", "Commit 2 of 5 is this run's with this last line, and the log continues what was"),
        (
            "nothing",
            "checkpoint",
            "held",
            "The checkpoint of 5 commits, which covers commit 2, is signed by `operator`.",
        ),
        ("nothing", "witness", "not possible", "No witness that is trusted here cosigned it."),
        ("nothing, and cosigned", "witness", "held", "The checkpoint of 5 commits is cosigned by `notary`."),
        ("old checkpoint", "checkpoint", "not possible", "No checkpoint covers commit 6: the newest is of 5 commits."),
        ("no checkpoint", "checkpoint", "not possible", "No checkpoint was signed of this log"),
        (
            "truncate the log",
            "log",
            "failed",
            "The log has shrunk: it has 4 commits, and a checkpoint was signed of 5.",
        ),
        ("fork the log", "log", "failed", "The log has forked: it does not begin with the 5 commits"),
        ("re-chain", "log", "failed", "No commit of the log, which has 5, is this run's with this last line."),
        ("a checkpoint of another log, kept elsewhere", "log", "failed", "That is kept at `shelf`."),
        ("expired key", "checkpoint", "failed", "by `retired` after its time"),
    ],
)
def test_what_was_found_is_said(name: str, check: str, outcome: str, told: str, trust: Trust) -> None:
    made = scene()
    CASES[name][0](made)
    found, sentence = says(made.verdict(trust), check)
    assert (found, told in sentence) == (outcome, True), sentence


def test_a_policy_that_demands_two_holders_is_kept_to(tmp_path: Path) -> None:
    folder = trust_in(tmp_path / "trust")
    policy = json.loads((folder / "policy.json").read_text(encoding="utf-8"))
    demanded: Sequence[str] = ("checkpoint", "witness")
    policy["roles"] |= {role: {"not_after": "ignored", "required": True, "threshold": 2} for role in demanded}
    (folder / "policy.json").write_text(json.dumps(policy), encoding="utf-8")
    made = scene()
    assert says(made.verdict(read_trust(folder)), "checkpoint") == (
        "failed",
        "The checkpoint of 5 commits is signed by 1 of the 2 holders that the policy demands.",
    )
    made.remember(OPERATOR, RETIRED, time=IN_TIME)
    made.kept.append(Shelf(cosigned(made.notes[-1], NOTARY, SECONDS)))
    verdict = made.verdict(read_trust(folder))
    assert verdict.level is Level.WITNESSED
    assert says(verdict, "witness")[1] == "The checkpoint of 5 commits is kept at `shelf`."


def test_without_a_store_the_log_says_nothing(trust: Trust) -> None:
    made = scene()
    verdict = verify(joined(made.lines), lambda id: True, custody=StoreCustody(None, trust, [], NOW))
    assert verdict.level is Level.COMPLETE
    assert {says(verdict, name)[0] for name in ("log", "checkpoint", "witness")} == {"not possible"}

"""The clinic of `clinic`, ready to run, and what becomes of treatments there: live runs and ended ones, by name.

Whatever carries a label begins with `LABELLED`. Clock, entropy and fingerprint are always the same.
"""

from __future__ import annotations

import atexit
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from types import MappingProxyType

from pgs_compiler.compiler import compile_workspace
from pgs_runtime.ports import Ports
from pgs_runtime.run.live import Verdict
from pgs_runtime.run.outcomes import Outcome
from pgs_runtime.run.signals import Word
from pgs_runtime.runtime import Actor, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.port import Store
from pgs_runtime.trace.reading import Trace, trace_of
from pgs_runtime.workspace.settings import read_settings
from pgs_snapshot.canonical import digest
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Outcome as Told
from pgs_snapshot.values import Value

LABELLED = "zq8"
BEGAN = 1_772_355_600_000_000  # 2026-03-01T09:00:00Z, in µs since 1970
DAY = 86_400_000_000
PHARMACY, CONSENT, NURSE = "clinic::CS_PHARMACY_V0", "clinic::EV_CONSENT_V0", "clinic::AC_NURSE_V0"


def nurse(name: str) -> Actor:
    return Actor(NURSE, name, {"licence": f"{LABELLED} licence of {name}"})


ANN, BEA, CID = map(nurse, ("ann", "bea", "cid"))


CLINIC = Path(__file__).parent / "clinic"


@cache
def snapshot(workspace: Path = CLINIC) -> Snapshot:
    found = compile_workspace(workspace)
    assert [finding.message for finding in found.findings if finding.rule.severity == "error"] == []
    assert found.files is not None
    return Snapshot(verify(dict(found.files)))


@dataclass
class Ward:
    """A store, a pharmacy in a folder, and a time; `run` is the treatment at hand."""

    folder: Path = field(default_factory=lambda: Path(mkdtemp(prefix="ward-")))
    now: int = BEGAN
    run: str = ""
    sealed: Snapshot = field(default_factory=snapshot)
    store: Store = field(default_factory=lambda: MemoryStore(lambda size: b"s" * size))

    def __post_init__(self) -> None:
        atexit.register(rmtree, self.folder)
        settings = self.folder / "settings.json"
        settings.write_text(json.dumps({PHARMACY: {"folder": str(self.folder)}}))
        settings.chmod(0o600)
        seeds = count()
        ports = Ports(
            clock=lambda: self.now,
            entropy=lambda size: digest(str(next(seeds)).encode()).encode()[:size],
            fingerprint={"engine": "0", "implementation": "cpython", "python": "3", "unicode": "1"},
            sleep=lambda seconds: None,
        )
        self.runtime = Runtime(self.sealed, self.store, ports, read_settings(settings))

    @property
    def lines(self) -> tuple[bytes, ...]:
        return self.runtime.trace(self.run)

    @property
    def trace(self) -> Trace:
        return trace_of(self.lines)

    def behaves(self, how: str, yes: bool = True) -> None:
        """Make the pharmacy `closed`, `lost` or `gone`, or well again."""
        (self.folder / how).touch() if yes else (self.folder / how).unlink()

    def ask(self, workflow: str, payload: Value) -> Outcome:
        outcome = self.runtime.run(f"clinic::{workflow}", payload, ANN)
        self.run = outcome.trace_id
        return outcome

    def treat(self, amount: int = 5) -> Outcome:
        return self.ask("WF_TREAT_V0", {"ward": "W1", "patient": f"{LABELLED} Jo", "amount": amount})

    def treat_two(self) -> Outcome:
        payload: Value = {"ward": "W1", "patient": f"{LABELLED} Jo", "other": f"{LABELLED} Al", "amount": 5}
        return self.ask("WF_TWO_V0", payload)

    def go_round(self, *wards: str) -> Outcome:
        patients: list[Value] = [{"ward": ward, "patient": f"{LABELLED} {ward}", "amount": 5} for ward in wards]
        return self.ask("WF_ROUND_V0", {"patients": patients})

    def says(self, by: Actor = BEA, ward: str = "W1", given: bool = True, note: Value = f"{LABELLED} note") -> str:
        """Send a consent, a minute later; why it was refused."""
        self.now += 60_000_000
        fields: Value = {"ward": ward, "given": given, "note": note}
        return self.runtime.signal(self.run, CONSENT, fields, by)[1]

    def reconcile(self, verdict: Verdict, told: Told | None = None) -> None:
        self.now += 60_000_000
        key = self.trace.pending[0].ask.key  # type: ignore[union-attr]
        self.runtime.reconcile(self.run, verdict, CID, "I called them up", key, told)

    def cancel(self) -> None:
        self.now += 60_000_000
        self.runtime.cancel(self.run, CID, "the patient went home")

    def leave(self) -> None:
        """Leave the run as it stands, as if it diverged."""
        self.now += 60_000_000
        run = self.runtime.store.run(self.run)
        assert run is not None
        self.runtime.live.abandon(
            run, Word(lambda secret: {"id": "cid", "type": NURSE}, "local", "the disk is lost"), "R081"
        )


# --- what becomes of treatments ------------------------------------------------------------------


def _waiting(ward: Ward) -> None:
    ward.treat()
    for by, where in ((ANN, "W1"), (BEA, "W2")):
        assert ward.says(by, where)


def _treated(ward: Ward) -> None:
    _waiting(ward)
    ward.says()


def _told_by_a_run(ward: Ward) -> None:
    ward.treat()
    ward.now += 60_000_000
    ward.runtime.run("clinic::WF_CONSENT_V0", {"ward": "W1", "note": f"{LABELLED} note"}, BEA)


def _expired(ward: Ward) -> None:
    ward.treat()
    ward.now += 2 * DAY
    ward.runtime.resume(ward.run)


def _in_doubt(ward: Ward) -> None:
    ward.treat()
    ward.behaves("lost")
    ward.says()


def _reconciled(ward: Ward) -> None:
    _in_doubt(ward)
    ward.reconcile("retry")
    ward.reconcile("done", Told("SUCCESS", shelf=f"{LABELLED} shelf"))
    ward.behaves("lost", False)
    ward.reconcile("retry")


def _given_up(ward: Ward) -> None:
    _in_doubt(ward)
    ward.reconcile("give_up")


def _taken_back(ward: Ward) -> None:
    ward.treat()
    ward.behaves("gone")
    ward.says()


def _taking_back(ward: Ward) -> None:
    ward.treat_two()
    ward.says()
    ward.behaves("lost")
    ward.says(given=False)


def _taking_back_given_up(ward: Ward) -> None:
    _taking_back(ward)
    ward.reconcile("give_up")


def _cancelled_twice(ward: Ward) -> None:
    """The second time while what the first one takes back is in doubt, which then is left so."""
    ward.treat_two()
    ward.says()
    ward.behaves("lost")
    ward.cancel()
    ward.cancel()


def _second_waits(ward: Ward) -> None:
    ward.treat_two()
    ward.says()


def _cancelled(ward: Ward) -> None:
    _second_waits(ward)
    ward.cancel()


def _cancelled_in_doubt(ward: Ward) -> None:
    _in_doubt(ward)
    ward.cancel()


def _round(ward: Ward) -> None:
    ward.go_round("W1", "W2", "W3")
    ward.says(ward="W2")
    ward.says(ward="W1", given=False)


def _round_ended(ward: Ward) -> None:
    _round(ward)
    ward.says(ward="W3")


def _round_cancelled(ward: Ward) -> None:
    ward.go_round("W1", "W2", "W3")
    ward.behaves("closed")
    ward.says(ward="W3")
    ward.says(ward="W1")
    ward.behaves("closed", False)
    ward.cancel()


def _left(ward: Ward) -> None:
    _second_waits(ward)
    ward.leave()


def _left_in_doubt(ward: Ward) -> None:
    _in_doubt(ward)
    ward.leave()


def _left_while_taking_back(ward: Ward) -> None:
    _taking_back(ward)
    ward.leave()


def _round_left(ward: Ward) -> None:
    _round(ward)
    ward.leave()


def _failed(ward: Ward) -> None:
    ward.ask("WF_GREET_AND_FAIL_V0", {"ward": "W1"})


RUNS: Mapping[str, Callable[[Ward], None]] = MappingProxyType(
    {
        "waiting": _waiting,
        "treated": _treated,
        "told_by_a_run": _told_by_a_run,
        "expired": _expired,
        "in_doubt": _in_doubt,
        "reconciled": _reconciled,
        "given_up": _given_up,
        "taken_back": _taken_back,
        "taking_back": _taking_back,
        "taking_back_given_up": _taking_back_given_up,
        "cancelled_twice": _cancelled_twice,
        "second_waits": _second_waits,
        "cancelled": _cancelled,
        "cancelled_in_doubt": _cancelled_in_doubt,
        "round": _round,
        "round_ended": _round_ended,
        "round_cancelled": _round_cancelled,
        "left": _left,
        "left_in_doubt": _left_in_doubt,
        "left_while_taking_back": _left_while_taking_back,
        "round_left": _round_left,
        "failed": _failed,
    }
)
"""Runs by what becomes of them."""


@cache
def ward_of(name: str) -> Ward:
    """The ward after a run of `RUNS`."""
    ward = Ward()
    RUNS[name](ward)
    return ward

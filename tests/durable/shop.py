"""The bookshop of `buying`, ready to run: with a clock that stands where a test puts it, and a bank in a folder."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path

import orjson

from pgs_compiler.compiler import compile_workspace
from pgs_runtime.ports import Ports
from pgs_runtime.run.outcomes import Outcome
from pgs_runtime.runtime import Actor, Runtime
from pgs_runtime.stores.port import Store
from pgs_runtime.workspace.settings import read_settings
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value

BUYING = Path(__file__).parent / "buying"
NOTES, COUNTS = "buying::ST_NOTES_V0", "buying::ST_COUNTS_V0"
DECIDED, WITHDRAWN = "buying::EV_DECIDED_V0", "buying::EV_WITHDRAWN_V0"
BEGAN = 1_772_355_600_000_000  # 2026-03-01T09:00:00Z, in µs since 1970
HOUR = 3_600_000_000


def person(name: str) -> Actor:
    return Actor("core::AC_OPERATOR_V0", name, {})


ADA, BEN, CORA, DAN = map(person, ("ada", "ben", "cora", "dan"))


def files(workspace: Path = BUYING) -> dict[str, bytes]:
    """The files of the shop's snapshot."""
    found = compile_workspace(workspace)
    assert [finding.message for finding in found.findings] == []
    assert found.files is not None
    return dict(found.files)


@dataclass
class Shop:
    """A store, a bank, and a time.

    Attributes:
        pauses: the seconds between tries that were slept, which takes no time here.
        made: the folder has a bank already.
    """

    snapshot: Snapshot
    store: Callable[[], Store]
    folder: Path
    now: int = BEGAN
    pauses: list[float] = field(default_factory=list)
    opened: list[Store] = field(default_factory=list)
    ids: count[int] = field(default_factory=count)
    made: bool = False

    def __post_init__(self) -> None:
        self.bank.mkdir(exist_ok=self.made)
        settings = {f"buying::{code}": {"folder": str(self.bank)} for code in EXTERNAL}
        self.settings.write_text(json.dumps(settings))
        self.settings.chmod(0o600)

    @property
    def bank(self) -> Path:
        return self.folder / "bank"

    @property
    def settings(self) -> Path:
        return self.folder / "settings.json"

    def runtime(self, clock: Callable[[], int] | None = None, store: Store | None = None) -> Runtime:
        """What a process has; each knows only what is in the store."""
        store = store or self.store()
        self.opened.append(store)
        ports = Ports(
            clock=clock or (lambda: self.now),
            entropy=lambda size: (os.getpid() << 32 | next(self.ids)).to_bytes(size, "big"),
            fingerprint={"engine": "test"},
            sleep=self.pauses.append,
        )
        return Runtime(self.snapshot, store, ports, read_settings(self.settings))

    def differences(self) -> list[tuple[str, object]]:
        """What is not the same when each run of the store is done again."""
        if not self.opened:
            return []
        runtime = self.runtime()
        replayed = [runtime.replay(run.id) for run in runtime.store.runs(limit=10_000)]
        return [(each.run, each.difference) for each in replayed if not each.verified]

    def behaves(self, how: str, yes: bool = True) -> None:
        """Make the bank `down` or `lossy`, or well again."""
        (self.bank / how).touch() if yes else (self.bank / how).unlink()

    @property
    def paid(self) -> list[int]:
        """What the bank has been paid."""
        return sorted(int(place.read_text()) for place in self.bank.glob("*.paid"))

    @property
    def asked(self) -> int:
        """How often the bank was asked to pay, whatever came of it."""
        asked = self.bank / "asked"
        return len(asked.read_text().splitlines()) if asked.exists() else 0

    @property
    def refunded(self) -> int:
        return len(list(self.bank.glob("*.refunded")))


EXTERNAL = ("CS_PAYMENT_V0", "CS_REFUND_V0", "CS_TRANSFER_V0")


def chance(size: int) -> bytes:
    """Bytes for a store's id and secret, the same each time."""
    return hashlib.sha256(b"%d" % size).digest()[:size]


def sealed(made: dict[str, bytes]) -> Snapshot:
    return Snapshot(verify(made))


def lines(runtime: Runtime, run: Outcome | str) -> list[dict[str, Value]]:
    """The lines of a run's trace, each of which follows from the one before."""
    found = [orjson.loads(line) for line in runtime.trace(run if isinstance(run, str) else run.trace_id)]
    for before, line in pairwise(found):
        assert line["prev"] == before["digest"]
    return found


def told(runtime: Runtime, run: Outcome | str) -> list[str]:
    """What each line tells, in short: within what, kind, node, and how it came out."""
    return [_short(line) for line in lines(runtime, run)]


def _short(line: dict[str, Value]) -> str:
    parents, iterations = line.get("parent", []), line.get("iteration")
    within = [
        name if at is None else f"{name}[{at}]"
        for name, at in zip(parents, iterations or [None] * len(parents), strict=True)  # type: ignore[arg-type]
    ]
    fault = line.get("fault")
    how = line.get("outcome") or line.get("name") or line.get("as") or ""
    if isinstance(fault, dict):
        how = str(fault["code"])
    if "refused" in line:
        how = "refused"
    return " ".join(filter(None, ["/".join(within), str(line["kind"]), str(line.get("node", "")), str(how)]))


def notes(store: Store, title: str) -> list[str]:
    """What the shop has noted about a title."""
    return [orjson.loads(event.body)["what"] for event in store.events(NOTES, title, 1, 1000)]


def dump(store: Store) -> dict[str, object]:
    """Everything that a store says of its runs and state, but for leases, epochs and clocks."""
    runs = store.runs(limit=10_000)
    effects = [effect for run in runs for effect in store.effects(run.id)]
    return {
        "runs": [(run.id, run.status, run.head, run.exit, run.answer) for run in runs],
        "lines": [store.lines(run.id) for run in runs],
        "effects": [(item.key, item.line, item.status, item.request, item.response) for item in effects],
        "notes": {stream: notes(store, stream) for stream in store.streams(NOTES)},
        "tallies": store.tallies(),
        "log": [(entry.run, entry.head) for entry in store.log(0, store.log_size())],
    }

"""verify: how much is known about a trace. Each level takes the one before it for granted.

| level | what was found |
| --- | --- |
| self-consistent | each line has its number, its own digest and the digest of the line before |
| complete | the last line is the end of the run, and counts the lines |
| anchored | the store has this run with this very last line, and the snapshot that ran is known |
| authentic | a trusted key signed a checkpoint of the log that has this last line, and the log did not change since |
| witnessed | somebody else keeps that checkpoint or cosigned it |

Laws:
* a check that could not be made is said, and never counts as one that held;
* nothing is believed that can be computed, and the same bytes give the same verdict.

The trace of a run that goes on is no more than self-consistent: its end is still to come. The store tells it from one
that was cut.

Self-consistent and complete say that nobody changed the trace by accident. Whoever changes it on purpose can
chain it again; only what was kept elsewhere, in the store, tells. Whoever owns the store can change it as well; only
what was signed before, and what others keep, tells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import IntEnum
from types import MappingProxyType
from typing import Literal, TypeAlias

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.stores.port import LIVE, Head, Store
from pgs_runtime.trace.lines import LIMITS, NotALine, TraceLimits, is_run_id, members_of, split
from pgs_runtime.trace.record import FORMAT
from pgs_runtime.waivers.overrides import all_overrides
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible


class Level(IntEnum):
    """How much is known; `BROKEN` is nothing."""

    BROKEN = 0
    SELF_CONSISTENT = 1
    COMPLETE = 2
    ANCHORED = 3
    AUTHENTIC = 4
    WITNESSED = 5

    @property
    def label(self) -> str:
        """`self-consistent`."""
        return self.name.lower().replace("_", "-")


LEVELS: Mapping[str, Level] = MappingProxyType({level.label: level for level in Level if level})
"""The levels that can be asked for, by label."""

ENDS = ("exit", "fault", "cancelled")
"""The kinds of a last line."""

CHECKS = ("lines", "end", "snapshot", "store", "log", "checkpoint", "witness")

Found: TypeAlias = Literal["held", "failed", "not possible"]


@frozen
class Check:
    """A check by its name, one of `CHECKS`, `override`, or of a case file `file` or `signature`; what was found."""

    name: str
    found: Found
    says: str


Custody: TypeAlias = Callable[[str, Head], tuple[Check, Check, Check]]
"""Judges by checkpoints whether a run had a last line: the checks `log`, `checkpoint` and `witness`."""

NO_KEYS_WHY = "No keys were at hand to judge signatures with: `--trust DIR` names them."
_NOTHING = "Neither keys nor checkpoints were at hand: `--trust DIR` and `--kept PLACE` name them."
NO_KEYS: tuple[Check, ...] = tuple(Check(name, "not possible", _NOTHING) for name in CHECKS[-3:])
"""Those of a verifier who has nothing to judge by."""


@frozen
class Verdict:
    """What is known about a trace.

    Attributes:
        run, head: the run's id and the last line's digest, "" unless the trace is self-consistent.
        broken: the first line of the file that is not what it should be, counted from 1; 0: there is none.
    """

    level: Level
    checks: tuple[Check, ...]
    lines: int
    broken: int
    run: str = ""
    head: str = ""

    @property
    def doubt(self) -> str:
        """The first thing that was found wrong, in a sentence; "" if nothing was."""
        return next((check.says for check in self.checks if check.found == "failed"), "")

    def exit_code(self, asked: Level) -> ExitCode:
        """How a program ends that was asked for a level."""
        return ExitCode.DONE if self.level >= asked else ExitCode.SEAL


def verify(
    data: bytes,
    knows: Callable[[str], bool] | None = None,
    store: Store | None = None,
    limits: TraceLimits = LIMITS,
    custody: Custody | None = None,
) -> Verdict:
    """Judge the bytes of a `.jsonl` file.

    Args:
        knows: whether a snapshot of this id is here, unchanged; None where there are no snapshots to ask for.
        store: the store that the run was in, if it is at hand.
        custody: what is known of checkpoints, if anything is.

    Raises:
        StoreBusy, StoreUnusable: by the store.
        Refusal: R120, R122, R123, by custody.
    """
    try:
        lines = split(data, limits)
        chain = _followed(lines, limits)
    except _Broken as broken:
        return _nothing(str(broken), broken.line, data.count(b"\n"))
    except Refusal as refused:
        return _nothing(refused.message, int(refused.where.removeprefix("line ") or "1"), data.count(b"\n"))
    last = chain[-1]
    checks = (
        Check("lines", "held", f"Each of the {len(lines)} lines follows from the one before it."),
        _end(last, len(lines), store),
        _snapshot(chain[0], knows),
        _store(lines, last, store),
        *_overrides(chain, store),
        *(custody(str(last["run"]), Head(len(lines) - 1, str(last["digest"]))) if custody else NO_KEYS),
    )
    return Verdict(_level(checks), checks, len(lines), 0, str(last["run"]), str(last["digest"]))


def _level(checks: Sequence[Check]) -> Level:
    held = {check.name for check in checks if check.found == "held"}
    if "end" not in held:
        return Level.SELF_CONSISTENT
    forked = any(check.name == "log" and check.found == "failed" for check in checks)
    unknown = any(check.name == "override" and check.found != "held" for check in checks)
    if forked or unknown or not {"snapshot", "store"} <= held:
        return Level.COMPLETE
    if not {"log", "checkpoint"} <= held:
        return Level.ANCHORED
    return Level.WITNESSED if "witness" in held else Level.AUTHENTIC


def _nothing(why: str, line: int, lines: int) -> Verdict:
    after = "The lines are not sound, so this says nothing."
    skipped = tuple(Check(name, "not possible", after) for name in CHECKS[1:])
    return Verdict(Level.BROKEN, (Check("lines", "failed", why), *skipped), lines, line)


# --- lines ---------------------------------------------------------------------------------------


class _Broken(Exception):
    """A line is not what it should be."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"Line {line} {why}.")
        self.line = line


def _followed(lines: Sequence[bytes], limits: TraceLimits) -> list[dict[str, Value]]:
    """The members of all lines, each checked against the one before."""
    chain: list[dict[str, Value]] = []
    for number, line in enumerate(lines, start=1):
        try:
            members = members_of(line, limits)
            _check(members, chain)
        except NotALine as wrong:
            raise _Broken(number, str(wrong)) from wrong
        chain.append(members)
    return chain


def _check(members: Mapping[str, Value], before: Sequence[Mapping[str, Value]]) -> None:
    number = members.get("n")
    if number != len(before) or isinstance(number, bool):
        raise NotALine(f"does not have the number {len(before)}")
    if before:
        if members.get("run") != before[0]["run"]:
            raise NotALine("belongs to another run")
        if members.get("prev") != before[-1]["digest"]:
            raise NotALine("does not follow: its `prev` is not the digest of the line before")
        if before[-1]["kind"] in ENDS:
            raise NotALine("stands after the end of the run")
    else:
        _check_header(members)
    if (members.get("kind") == "run") is bool(before) or not isinstance(members.get("kind"), str):
        raise NotALine("is of a kind that does not stand there")
    rest = {name: value for name, value in members.items() if name != "digest"}
    if members.get("digest") != hashlib.sha256(canonical(rest)).hexdigest():
        raise NotALine("was changed: its `digest` is that of another line")


def _check_header(members: Mapping[str, Value]) -> None:
    if members.get("format") != FORMAT:
        shown = visible(str(members.get("format"))[:40])
        raise NotALine(f"has the format `{shown}`; this version reads `{FORMAT}`")
    if not is_run_id(str(members.get("run"))) or not isinstance(members.get("header"), dict):
        raise NotALine("is no header of a run")
    if members.get("prev") != "":
        raise NotALine("is the first and has a digest before it")


# --- what lies beyond the lines ------------------------------------------------------------------


def _end(last: Mapping[str, Value], count: int, store: Store | None) -> Check:
    if last["kind"] not in ENDS:
        run = store.run(str(last["run"])) if store is not None else None
        if run is not None and run.status in LIVE and run.head.digest == last["digest"]:
            why = f"The run goes on: it is {run.status}. Nothing is missing so far, and the end is still to come."
            return Check("end", "not possible", why)
        why = "The last line is not the end of the run: the trace was cut, or the run goes on."
        return Check("end", "failed", why)
    counted = last.get("lines")
    if counted != count or isinstance(counted, bool):
        return Check("end", "failed", f"There are {count} lines, and the last one counts another number.")
    return Check("end", "held", f"The last line ends the run and counts {count} lines.")


def _snapshot(first: Mapping[str, Value], knows: Callable[[str], bool] | None) -> Check:
    header = first["header"]
    id = header.get("snapshot") if isinstance(header, dict) else None
    if not isinstance(id, str):
        return Check("snapshot", "failed", "The header names no snapshot.")
    shown = visible(id[:64])
    if knows is None:
        return Check("snapshot", "not possible", f"No snapshot was at hand to compare `{shown}` with.")
    if not knows(id):
        return Check("snapshot", "not possible", f"The snapshot `{shown}` is not known here.")
    return Check("snapshot", "held", f"The snapshot `{shown}` is known here.")


def _store(lines: Sequence[bytes], last: Mapping[str, Value], store: Store | None) -> Check:
    if store is None:
        return Check("store", "not possible", "No store was at hand to compare with.")
    id = str(last["run"])
    run = store.run(id)
    if run is None:
        return Check("store", "failed", f"The store has no run `{id}`.")
    if (run.head.line, run.head.digest) == (len(lines) - 1, last["digest"]):
        return Check("store", "held", "The store has this run with the same last line.")
    kept = store.lines(id)
    differs = next((n for n, pair in enumerate(zip(lines, kept, strict=False), start=1) if pair[0] != pair[1]), 0)
    if differs:
        return Check("store", "failed", f"The store has another line {differs}.")
    return Check("store", "failed", f"The store has {len(kept)} lines of this run, and here are {len(lines)}.")


def _overrides(chain: Sequence[Mapping[str, Value]], store: Store | None) -> Iterator[Check]:
    """Whether the store has the overrides that let a request in, as the trace tells of them."""
    lists = [line["overridden"] for line in chain if "overridden" in line]
    told = [used for listed in lists if isinstance(listed, list) for used in listed]
    if not told:
        return
    if store is None:
        yield Check("override", "not possible", "No store was at hand to look for the overrides in.")
        return
    known = [override.used() for override in all_overrides(store)]
    missing = next((used for used in told if used not in known), None)
    if missing is None:
        yield Check("override", "held", "The store has every override that let the request in.")
        return
    id = visible(str(missing.get("override") if isinstance(missing, dict) else missing)[:40])
    yield Check("override", "failed", f"The store has no override `{id}` as the trace tells of it.")

"""replay --against: archived runs on another snapshot, and which of them would end otherwise.

Laws:
* runs are taken one after the other, and of each only how it differs is held;
* nothing is claimed of a run whose end rests on what its record does not tell, or that nobody can tell the end of;
* nothing is written: not in the archive, not in a store.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias, cast

import orjson

from pgs_runtime.evidence.verify import verify
from pgs_runtime.faults import ExitCode, Refusal, status_of_fault
from pgs_runtime.files import read_file
from pgs_runtime.replay.contrast import Members, contrast, way_of
from pgs_runtime.replay.rerun import Known, Rerun, known_by_doing, known_by_lines, rerun
from pgs_runtime.replay.workbench import OF_THE_MACHINE, Workbench
from pgs_runtime.run.grounds import Diverged
from pgs_runtime.run.journal import Untold, is_erased, recorded, told
from pgs_runtime.stores.port import Store
from pgs_runtime.trace.lines import LIMITS, joined, run_of, split
from pgs_runtime.trace.reading import trace_of
from pgs_runtime.workspace.accept import STATE
from pgs_snapshot.values import Value, same
from pgs_snapshot.visible import visible

Way: TypeAlias = tuple[tuple[str, str], ...]
_HIDDEN = b'"$redacted":'
HOLDS = "Name a folder with `ID/ID.jsonl` or `*.jsonl`, or a data root."


class Filed(NamedTuple):
    """An archived trace, and the store that has its run, if one is at hand.

    Attributes:
        name: of the file; "" of a run of the store.
        unread: why the file cannot be read; "": it can.
    """

    data: bytes
    store: Store | None
    name: str = ""
    unread: str = ""


class End(NamedTuple):
    """How a run ends: the exit's kind and name, what it gives, and at which node; "" of a fault or a cancelled run."""

    kind: str
    name: str
    result: Value
    node: str = ""


class Change(NamedTuple):
    """How runs change: exit kind and name and the way before and after, and the line from which they part.

    Attributes:
        line: counted from 1; `at` is a JSON Pointer (RFC 6901) into it.
    """

    workflow: str
    before: tuple[str, str]
    after: tuple[str, str]
    way_before: Way
    way_after: Way
    line: int
    node: str
    at: str


class Tried:
    """What came of it.

    Attributes:
        runs: how many were looked at; loads of rows, and what was said about a rule, are none.
        changed: equal changes with the runs that they befall, certain ones.
        resting: ids of runs whose end rests on what was not recorded, with what that is; and whether it would change.
        untold: ids of runs whose end cannot be told, with the reason; where there is no id, the name of the file.
        other_way: how many go another way to the same end.
    """

    def __init__(self) -> None:
        self.runs = 0
        self.changed: dict[Change, list[str]] = {}
        self.resting: dict[str, tuple[tuple[str, ...], bool]] = {}
        self.untold: dict[str, str] = {}
        self.other_way = 0

    @property
    def changes(self) -> int:
        return sum(map(len, self.changed.values()))

    @property
    def exit_code(self) -> ExitCode:
        """1 if a run ends otherwise, or would if the shadow is right."""
        moved = self.changed or any(changes for _, changes in self.resting.values())
        return ExitCode.FAILED if moved else ExitCode.DONE


Benches: TypeAlias = Callable[[str], "Workbench | None"]
"""The bench of a snapshot that made runs, over their store; None: that snapshot is not at hand."""


def against(bench: Workbench, filed: Iterator[Filed], benches: Benches) -> Tried:
    """Try archived runs on the snapshot of a bench."""
    tried = Tried()
    for each in filed:
        verdict = verify(each.data, store=each.store)
        if verdict.broken:
            tried.runs += 1
            tried.untold[each.name or f"trace {tried.runs}"] = each.unread or verdict.doubt
            continue
        try:
            lines = split(each.data)
            trace = trace_of(lines)  # what is chained well may still be no trace
        except Refusal as refused:
            tried.runs += 1
            tried.untold[verdict.run] = refused.message
            continue
        if trace.is_operators:
            continue
        tried.runs += 1
        if trace.ending is not None and verdict.doubt:
            tried.untold[verdict.run] = verdict.doubt
        else:
            _try(tried, bench, lines, each.store, benches)
    return tried


def _try(tried: Tried, bench: Workbench, lines: Sequence[bytes], store: Store | None, benches: Benches) -> None:
    members = [cast(Members, orjson.loads(line)) for line in lines]
    run, header = str(members[0]["run"]), cast(Members, members[0]["header"])
    before = _end(members[-1])
    if before is None or before.name in OF_THE_MACHINE:
        why = (
            f"Its machine ended it ({before.name}), and not its protocol."
            if before
            else "It has not ended, as far as its trace tells."
        )
        tried.untold[run] = why
        return
    try:
        known = known_of(lines, store, benches)
    except (Untold, Diverged) as why:
        tried.untold[run] = f"The record does not show it: {why}."
        return
    made = rerun(bench, known)
    after = End(made.kind, made.name, made.result)
    # What is hidden of a result is no part of it: the labels of a snapshot may be others.
    gave = before.result if known.result is None else known.result
    changes = not (before[:2] == after[:2] and same(gave, after.result))
    if made.untold:
        tried.untold[run] = made.untold
    elif made.rests:
        tried.resting[run] = made.rests, changes
    elif changes:
        change = _change(str(header["workflow"]), before, after, lines, made)
        tried.changed.setdefault(change, []).append(run)
    elif way_of(members) != made.way or before.node != _node(made):
        tried.other_way += 1


def known_of(lines: Sequence[bytes], store: Store | None, benches: Benches) -> Known:
    """What the record of a run tells, from its lines if they show it, for `pgs_runtime.replay.rerun`.

    Args:
        store: the one that has the run, if it is at hand.

    Raises:
        Untold, Diverged: it does not tell enough.
    """
    first = orjson.loads(lines[0])
    workflow, snapshot = str(first["header"]["workflow"]), str(first["header"]["snapshot"])
    run = store.run(str(first["run"])) if store is not None else None
    kept = store.kept(run.id) if store is not None and run is not None else ()
    if run is not None and is_erased(run, kept):
        raise Untold("it belongs to somebody who was erased")
    if not kept and not any(_HIDDEN in line for line in lines):
        return known_by_lines(workflow, told(None, lines, run))
    if run is None:
        raise Untold("something is hidden, and its store is not at hand")
    old = benches(snapshot)
    graph = old.graph(workflow) if old else None
    if old is None or graph is None:
        raise Untold("something is hidden, and the snapshot that made it is not at hand")
    # Of what is hidden where nothing was kept, payload and actor, the store has both.
    return known_by_doing(old, graph, recorded(run, lines, kept) if kept else told(graph, lines, run))


def _end(last: Members) -> End | None:
    """How a last line tells that a run has ended; None: it goes on."""
    match last["kind"]:
        case "exit":
            return End(str(last["exit"]), str(last["name"]), last.get("result", {}), str(last["node"]))
        case "fault":
            fault = cast(Members, last["fault"])
            return End(status_of_fault(cast(int, fault["exit_code"])), str(fault["code"]), {})
        case "cancelled":
            return End("CANCELLED", "CANCELLED", {})
    return None


def _node(made: Rerun) -> str:
    """The exit at which a run ends now, as `End` names it."""
    last = cast(Members, orjson.loads(made.lines[-1]))
    return str(last["node"]) if last["kind"] == "exit" else ""


def _change(workflow: str, before: End, after: End, lines: Sequence[bytes], made: Rerun) -> Change:
    found = contrast(lines, made.lines)
    parting = found.parting
    line, node, at = (parting.line, parting.node, parting.at) if parting else (len(lines), "", "")
    return Change(workflow, before[:2], after[:2], found.first.way, made.way, line, node, at)


# --- where runs are filed ------------------------------------------------------------------------


def filed_in(folder: Path, own: Store | None, beside: Callable[[str], Store | None]) -> Iterator[Filed]:
    """The traces of a folder, or the runs of the data root that it is.

    Args:
        own: the store, where the folder is a data root.
        beside: the store that has a run, if one is at hand.

    Raises:
        Refusal: R019, the folder cannot be read.
    """
    if own is not None:
        after = ""
        while page := own.runs(after):
            yield from (Filed(joined(own.lines(run.id)), own) for run in page)
            after = page[-1].id
        return
    for file in _files(folder):
        try:
            data = read_file(file, LIMITS.size)
        except OSError as error:
            yield Filed(b"", None, file.name, f"It cannot be read: {error.strerror}.")
        else:
            yield Filed(data, beside(run_of(data)), file.name)


def is_data_root(folder: Path) -> bool:
    return os.path.isfile(folder / STATE)  # `is_file` may raise


def _files(folder: Path) -> Iterator[Path]:
    """`ID/ID.jsonl` and `*.jsonl`, in the order of names."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise _unread(folder, error) from error
    for name in names:
        inner = folder / name / f"{name}.jsonl"
        if name.endswith(".jsonl"):
            yield folder / name
        elif _is_there(inner):
            yield inner


def _is_there(file: Path) -> bool:
    try:
        return stat.S_ISREG(file.stat().st_mode)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
            return False
        raise _unread(file, error) from error


def _unread(file: Path, error: OSError) -> Refusal:
    message = f"`{visible(str(file))}` cannot be read: {error.strerror}."
    return Refusal("R019", message, ExitCode.USAGE, hint=HOLDS)

"""replay: a recorded run done again, from its first line to its last, over the answers that were recorded.

Laws:
* nothing is written, nobody is asked, and no implementation of a store or of the outside is called;
* another snapshot than the recorded one is refused before the first node;
* lines are compared byte for byte, and the first that differs is told with what differs there;
* on another engine, Python or table of characters nothing is ever called verified.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import cast

import orjson

from pgs_runtime.core.linked import Graph
from pgs_runtime.core.requests import Effect, Waiting
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.replay.causes import Difference, first_difference, of_header, of_payload
from pgs_runtime.replay.workbench import Workbench, fault_of
from pgs_runtime.run.attempt import NOWHERE, Attempt, Ended, Event, Paused, Pending
from pgs_runtime.run.grounds import Diverged, Recorded
from pgs_runtime.run.journal import Part, Recording, Untold, demand_hidden, is_erased, recorded, told
from pgs_runtime.run.signals import Sent, accepted, expired
from pgs_runtime.stores.port import Kept, Run, Store
from pgs_runtime.trace.record import ERASURE, LOAD, OVERRIDE, RESET, Narrator
from pgs_runtime.vault.vault import vault_over
from pgs_snapshot.frozen import frozen
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Outcome, Value
from pgs_snapshot.visible import visible


@frozen
class Replayed:
    """What came of doing a run again.

    Attributes:
        lines: how many were recorded.
        ended: whether the run has; else it was done again as far as it has come.
        difference: the first; None: there is none.
        elsewhere: what this process runs on otherwise: by name, what was recorded, and what is here.
    """

    run: str
    workflow: str
    snapshot: str
    lines: int
    ended: bool
    difference: Difference | None
    elsewhere: Mapping[str, tuple[str, str]]

    @property
    def verified(self) -> bool:
        """Whether the record is what this snapshot makes of these answers, on what it ran on."""
        return self.difference is None and not self.elsewhere

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.DONE if self.difference is None else ExitCode.DIVERGED


Snapshots = Callable[[str], "Snapshot | None"]
"""The snapshot of an id, verified, if it is at hand."""


class Replaying:
    """Runs of one store, or of none, done again; each snapshot is linked for them once."""

    def __init__(self, snapshots: Snapshots, store: Store | None) -> None:
        """Args:
        store: the one that has the runs, if it is at hand; it is only read.
        """
        self._snapshots = snapshots
        self._store = vault_over(store) if store is not None else None
        self._benches: dict[tuple[str, bool], Workbench] = {}

    def __enter__(self) -> Replaying:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bench in self._benches.values():
            bench.close()

    def replay(
        self, lines: Sequence[bytes], fingerprint: Mapping[str, str], allow_other_runtime: bool = False
    ) -> Replayed:
        """Do one of them again, as `replay` does."""
        first = orjson.loads(lines[0])
        header = cast("dict[str, Value]", first["header"])
        if header["workflow"] in (LOAD, ERASURE, RESET):
            message = "What an operator loaded, erased or reset is not done again: it is not in the trace."
            raise Refusal("R103", message, ExitCode.USAGE)
        if header["workflow"] == OVERRIDE:
            message = "Somebody has said something about a rule here, and no workflow ran that could be run again."
            raise Refusal("R103", message, ExitCode.USAGE)
        elsewhere = _elsewhere(cast("dict[str, str]", header["fingerprint"]), fingerprint)
        if elsewhere and not allow_other_runtime:
            raise _other_runtime(elsewhere)
        snapshot = self._snapshots(str(header["snapshot"]))
        if snapshot is None or snapshot.id != header["snapshot"]:
            raise _other_snapshot(str(header["snapshot"]), snapshot)
        run = self._store.run(str(first["run"])) if self._store is not None else None
        bench = self._bench(snapshot, run is not None)
        graph = bench.graph(str(header["workflow"]))
        if graph is None:
            why = "The snapshot has no such workflow."
            difference: Difference | None = Difference(1, "", "definition", "/header/workflow", None, None, why)
        else:
            difference = _done_again(bench, graph, lines, run, self._store)
        if difference is not None and elsewhere and difference.cause == "definition":
            difference = replace(difference, cause="fingerprint", why="What it runs on makes something else of it.")
        ended = orjson.loads(lines[-1])["kind"] in ("exit", "fault", "cancelled")
        workflow, id = str(header["workflow"]), snapshot.id
        return Replayed(str(first["run"]), workflow, id, len(lines), ended, difference, elsewhere)

    def _bench(self, snapshot: Snapshot, kept: bool) -> Workbench:
        key = snapshot.id, kept
        if key not in self._benches:
            self._benches[key] = Workbench(snapshot, self._store if kept else None)
        return self._benches[key]


def replay(
    lines: Sequence[bytes],
    snapshots: Snapshots,
    store: Store | None,
    fingerprint: Mapping[str, str],
    allow_other_runtime: bool = False,
) -> Replayed:
    """Do a recorded run again. Whether its lines are sound was asked before, of `pgs_runtime.evidence.verify`.

    Args:
        store: the one that has the run, if it is at hand; it is only read.
        fingerprint: what this process runs on.

    Raises:
        Refusal: R100, another engine or Python; R101, the snapshot is not at hand; R102, the lines do not show
            everything, and the store is not at hand; R103, no workflow ran; R132, it was erased.
        SealBroken: the snapshot says what no compiler writes.
    """
    with Replaying(snapshots, store) as replaying:
        return replaying.replay(lines, fingerprint, allow_other_runtime)


def _demand_unerased(run: Run, kept: Sequence[Kept]) -> None:
    """Refuse a run of which something can be read by nobody any more.

    Raises:
        Refusal: R132.
    """
    if is_erased(run, kept):
        message = (
            f"ERASED: the run `{run.id}` belongs to somebody whose key was erased, and can be done again by nobody."
        )
        hint = f"`pgs_runtime verify traces/{run.id}` still tells whether its record is whole."
        raise Refusal("R132", message, ExitCode.DIVERGED, hint=hint)


def recording_of(graph: Graph, lines: Sequence[bytes], run: Run | None, store: Store | None) -> Recording:
    """What a run was given and answered, from its store, or from its lines where they show everything.

    Raises:
        Refusal: R102, neither has it; R132, it was erased.
    """
    kept = store.kept(run.id) if run is not None and store is not None else ()
    if run is not None:
        _demand_unerased(run, kept)
    try:
        return recorded(run, lines, kept) if run is not None and kept else told(graph, lines, run)
    except Untold as untold:
        raise not_shown(str(untold)) from untold
    except Diverged as diverged:
        raise not_shown(str(diverged)) from diverged


def not_shown(why: str) -> Refusal:
    """The lines do not show everything."""
    message = f"The lines of this trace do not show everything that it takes to do the run again: {why}."
    return Refusal("R102", message, ExitCode.USAGE, hint="Name the store that has the run: `--data-root`, `--store`.")


def _done_again(
    bench: Workbench, graph: Graph, lines: Sequence[bytes], run: Run | None, store: Store | None
) -> Difference | None:
    header = cast("dict[str, Value]", orjson.loads(lines[0])["header"])
    if run is None and (difference := of_payload(header)) is not None:
        return difference
    recording = recording_of(graph, lines, run, store)
    difference = of_header(header, bench.header(graph, recording)) or _again(bench, graph, recording)
    alone = not (run and store and store.kept(run.id))
    if difference is not None and alone and difference.line == len(lines):
        last = orjson.loads(lines[-1])
        if difference.at.split("/")[1:2] in (["effects"], ["rolled_back"]) or "fault" in last:
            raise not_shown("which operations changed something, and what stores answered where it broke off")
    return difference


def _again(bench: Workbench, graph: Graph, recording: Recording) -> Difference | None:
    lines = recording.lines
    last = orjson.loads(lines[-1])
    fault = fault_of(last["fault"]) if last["kind"] == "fault" else None
    attempt = Attempt(graph, recording.given, bench.shop)
    result: Paused | Ended | None = None
    for number, part in enumerate(recording.parts):
        ground = Recorded(part.answers, nowhere=bool(fault and fault.code == NOWHERE))
        bench.machine.stands_on(ground, fault, len(lines) - 1)
        try:
            if number == 0:
                result = attempt.start(ground)
            elif isinstance(result, Paused):
                result = attempt.resume(ground, part.time, _events(bench, result, part, attempt.keys.secret))
            if result is not None:
                demand_hidden(result, fault)
        except Diverged as diverged:
            return first_difference(lines[: len(attempt.made)], attempt.made, part.line) or _unanswered(
                lines, len(attempt.made), str(diverged)
            )
        end = recording.parts[number + 1].line if number + 1 < len(recording.parts) else len(lines)
        difference = first_difference(lines[:end], attempt.made, part.line)
        if difference is not None:
            return difference
    return None


def _events(bench: Workbench, paused: Paused, part: Part, secret: bytes) -> list[Event]:
    """What a segment began with, told again from the answers themselves.

    Raises:
        Diverged: one of them answers what nobody has asked.
    """
    made: list[Event] = []
    for event in part.events:
        pending = next((each for each in paused.pending if each.ask.spot == event.spot), None)
        if event.spot is not None and pending is None:
            raise Diverged(f"`{event.spot.node}` is answered, and has not asked")
        if pending is not None and event.reply is not None:
            if isinstance(pending.ask, Waiting) and event.line["kind"] == "signal":
                line = _signal(bench, paused, event, (part.time, secret))
            else:
                line = _line(pending, event, part.time, secret)
            event = replace(event, line=line)
        made.append(event)
    return made


def _line(pending: Pending, event: Event, time: str, secret: bytes) -> dict[str, Value]:
    """What is told of the answer of somebody outside, of who said it, or of time that was over."""
    ask, reply = pending.ask, cast(Outcome, event.reply)
    if not isinstance(ask, Effect):
        return expired(pending, time).line
    if event.line["kind"] == "reconciled":
        return {**event.line, "outcome": reply.name}
    return Narrator().replied(ask, reply, secret) if reply.name in ask.step.shown else event.line


def _signal(bench: Workbench, paused: Paused, event: Event, now: tuple[str, bytes]) -> dict[str, Value]:
    """What is told of a signal that was accepted. `now`: the time, and the secret of the run."""
    line, reply = event.line, cast(Outcome, event.reply)
    fields, actor = reply.outputs["event"], cast("dict[str, Value]", reply.outputs["actor"])

    def shown(secret: bytes) -> Value:
        # What is kept has the defaults of attributes, too, which nobody has sent.
        names = cast("dict[str, Value]", line["actor"]).keys()
        return {name: value for name, value in bench.who(actor, secret).items() if name in names}

    sent = Sent(str(line["event"]), fields, actor, shown, str(line["authenticated_by"]), line.get("message"))
    return accepted([each for each in paused.pending if isinstance(each.ask, Waiting)], sent, *now).line


def _unanswered(lines: Sequence[bytes], n: int, why: str) -> Difference:
    """The record has no answer to what is asked where line `n`, from 0, would be made."""
    line = orjson.loads(lines[min(n, len(lines) - 1)])
    return Difference(n + 1, str(line.get("node", "")), "context", "", None, None, f"{why[0].upper()}{why[1:]}.")


def _elsewhere(was: Mapping[str, str], now: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    names = sorted({*was, *now})
    pairs = {name: (str(was.get(name, "")), str(now.get(name, ""))) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _other_runtime(elsewhere: Mapping[str, tuple[str, str]]) -> Refusal:
    told = "; ".join(f"{name} {was or 'none'}, here {now or 'none'}" for name, (was, now) in elsewhere.items())
    message = f"The run was made on another runtime than this one: {visible(told)}."
    hint = "Use that one, or type `--allow-other-runtime` to look whether this one does the same."
    return Refusal("R100", message, ExitCode.DIVERGED, hint=hint)


def _other_snapshot(wanted: str, found: Snapshot | None) -> Refusal:
    here = f", and here is `{found.id}`" if found is not None else ""
    message = f"The run was made by the snapshot `{visible(wanted[:64])}`, which is not at hand{here}."
    hint = "Name the workspace that holds it, or the data root that has accepted it."
    return Refusal("R101", message, ExitCode.DIVERGED, hint=hint)

"""`resume` without an id: every run that was left in the middle, one after the other; one in trouble keeps no other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from pgs_runtime.commands.desk import Desk
from pgs_runtime.commands.surface import complain_of, error_of, say
from pgs_runtime.examine.answers import told_of, told_on_a_line
from pgs_runtime.examine.export import export
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.refusals import refusal_of
from pgs_runtime.runtime import Outcome, Runtime
from pgs_runtime.workspace.accept import accept
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.streams import output_to_error

ELSEWHERE = "R082"


def resume_all(runtime: Runtime, desk: Desk) -> ExitCode:
    """Go on with every run that nobody moves, and with machines whose time is over, and tell of each.

    The exit code is that of the first that cannot. A store that breaks or stays busy ends it all.
    """
    told = _Told(runtime, desk)
    for id in list(runtime.interrupted()):
        with told.of(id):
            told.moved(_resumed(runtime, id))
    for each in list(runtime.machines.due()):
        with told.of(f"{each.machine} {each.instance}", {"instance": each.instance, "machine": each.machine}):
            accept(runtime.snapshot, runtime.store, desk.data)  # as for every run that begins
            with output_to_error():
                outcome = runtime.machines.fire(each)
            told.moved(None if outcome.repeated else outcome)
    with output_to_error():
        runtime.deliver()
    for id in runtime.reached():
        with told.of(id):
            told.export(id)
    tell(told.runs, told.refused, desk.as_json)
    return told.code


class _Told:
    """What has been told of so far."""

    def __init__(self, runtime: Runtime, desk: Desk) -> None:
        self.code = ExitCode.DONE
        self.runs: list[dict[str, object]] = []
        self.refused: list[dict[str, object]] = []
        self._runtime = runtime
        self._desk = desk

    @contextmanager
    def of(self, id: str, about: dict[str, str] | None = None) -> Iterator[None]:
        """Tell why something cannot be gone on with; nothing else waits for it.

        Args:
            about: what the answer in JSON calls it; the run `id` unless given.
        """
        try:
            yield
        except (Refusal, SealBroken) as error:
            why = refusal_of(error)
            self.code = self.code or why.exit_code
            self.refused.append({"error": error_of(why), **(about or {"trace_id": id})})
            complain_of(why, within=id)

    def moved(self, outcome: Outcome | None) -> None:
        """Tell of a run, unless nothing was done with it."""
        if outcome is None:
            return
        self.runs.append(told_of(outcome))
        if not self._desk.as_json:
            say(told_on_a_line(outcome))
        self.export(outcome.trace_id)

    def export(self, id: str) -> None:
        export(self._runtime, self._desk.root / "traces", id, self._desk.picture)


def tell(moved: list[dict[str, object]], refused: list[dict[str, object]], as_json: bool) -> None:
    """Say at the end what was not said of each run."""
    if as_json:
        say(json.dumps({"refused": refused, "runs": moved}, sort_keys=True))
    elif not moved and not refused:
        say("There is nothing to go on with.")


def _resumed(runtime: Runtime, id: str) -> Outcome | None:
    """How a run stands that was gone on with; None: there was nothing to do, or another process does it."""
    before = runtime.head(id)
    try:
        with output_to_error():
            outcome = runtime.resume(id)
    except Refusal as refused:
        if refused.code == ELSEWHERE:
            return None
        raise
    return outcome if runtime.head(id) != before else None

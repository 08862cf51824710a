"""Live runs, moved by what comes from outside: a signal, a time that is over, a person's word, a process that ended.

Each of these begins a segment. Two that come at once are taken one after the other: the second finds the run where
the first one left it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, cast

import orjson

from pgs_runtime.core.linked import Graph
from pgs_runtime.core.requests import Effect
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.ports import Ports, timestamp
from pgs_runtime.run.abandoning import as_it_stands, refuse_what_goes_on
from pgs_runtime.run.attempt import Event
from pgs_runtime.run.journey import Journey, Mover, Standing, elsewhere, settled_row
from pgs_runtime.run.outcomes import any_due
from pgs_runtime.run.signals import Sent, Word, accepted, expired
from pgs_runtime.stores import port
from pgs_runtime.stores.port import ENDED, Committed, Run, Store
from pgs_runtime.trace.record import spotted
from pgs_snapshot.frozen import frozen
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.values import Outcome, Value

AGAIN = 8  # times that a run is looked at again which others move at the same moment

_HINDERED = ("R081", "R140")
"""What keeps a run from being gone on with, or cancelled, for good."""
_SHOW = "`pgs_runtime show {}` tells how it stands."

Verdict: TypeAlias = Literal["done", "retry", "give_up"]
"""What a person says of an effect in doubt: it took place; it did not, ask again; it did not, and nobody wants it."""


@frozen
class Heard:
    """What became of a signal: where the run stands now, and why it was refused, "" if it was not."""

    standing: Standing
    refused: str


class LiveRuns:
    """The live runs of one snapshot."""

    def __init__(self, store: Store, mover: Mover, graph: Callable[[str], Graph], ports: Ports) -> None:
        self._store = store
        self._mover = mover
        self._graph = graph
        self._ports = ports

    def resume(self, run: Run) -> Standing:
        """Go on with a run that a process left in the middle, or whose time is over; any other stays as it is.

        Raises:
            Refusal: R081, it diverges; R082, another process moves it.
        """
        if run.status == "RUNNING":
            claimed = self._mover.claimed(run)
            if claimed is None:
                later = self._now(run)
                if later.status in ENDED:
                    return Standing(later, None)
                raise elsewhere(run.id)
            return self._mover.move(self._mover.continued(self._graph(run.request.workflow), claimed))
        now = self._ports.clock()
        if run.status not in ("WAITING", "IN_DOUBT") or not any_due(run, timestamp(now)):
            return Standing(run, None)
        journey = self._mover.continued(self._graph(run.request.workflow), run)
        over = [each for each in journey.waits if each.due <= now]
        return self._on(journey, [expired(each, timestamp(now)) for each in over])

    def resume_left(self, run: Run) -> Standing:
        """Go on with a run whose process has ended in the middle; any other stays as it is.

        Raises:
            Refusal: R081, it diverges.
        """
        if run.status != "RUNNING" or not self._mover.is_left(run):
            return Standing(run, None)
        try:
            return self.resume(run)
        except Refusal as refused:
            if refused.code != "R082":
                raise
            return Standing(self._now(run), None)

    def signal(self, run: Run, sent: Sent) -> Heard:
        """Give a signal to a run that waits; the wait's time goes before it.

        Raises:
            Refusal: R081; R082; R084, the run does not wait.
        """
        for _ in range(AGAIN):
            journey = self._waiting(run)
            now = self._ports.clock()
            over = [each for each in journey.waits if each.due <= now]
            if over:
                standing = self._on(journey, [expired(each, timestamp(now)) for each in over])
                run = self._now(run)
                if run.status not in ("WAITING", "IN_DOUBT"):
                    return Heard(standing, "The time of the wait was over.")
                continue
            event = accepted(journey.waits, sent, timestamp(now), journey.attempt.keys.secret)
            moved = self._mover.go_on(journey, [event])
            if moved is not None:
                run = moved.run
                continue
            return Heard(self._mover.move(journey), _why(event))
        raise elsewhere(run.id)

    def deliver(self, run: Run, sent: Sent) -> None:
        """Give a message of another run to a run that may listen for it, once; one that does not take it sees nothing.

        Raises:
            Refusal: R081; R082.
        """
        for _ in range(AGAIN):
            if run.status not in ("WAITING", "IN_DOUBT") or self._has(run, sent.origin):
                return
            journey = self._mover.continued(self._graph(run.request.workflow), run)
            now = self._ports.clock()
            over = [each for each in journey.waits if each.due <= now]
            if over:
                self._on(journey, [expired(each, timestamp(now)) for each in over])
            else:
                event = accepted(journey.waits, sent, timestamp(now), journey.attempt.keys.secret)
                if event.reply is None:
                    return
                if self._mover.go_on(journey, [event]) is None:
                    self._mover.move(journey)
                    return
            run = self._now(run)
        raise elsewhere(run.id)

    def _has(self, run: Run, origin: Value) -> bool:
        """Whether a run has taken this message."""
        signals = (orjson.loads(line) for line in self._store.lines(run.id) if b'"message":' in line)
        return any(line["kind"] == "signal" and line.get("message") == origin for line in signals)

    def cancel(self, run: Run, word: Word) -> Standing:
        """End a run that stands still; what it did is undone as its protocol says for one that fails.

        Raises:
            Refusal: R081; R082; R084, the run does not stand still; R140, it cannot be taken back
                where it stands.
        """
        for _ in range(AGAIN):
            if run.status == "RUNNING":
                raise elsewhere(run.id)
            if run.status not in ("WAITING", "IN_DOUBT"):
                raise _not_still(run)
            journey = self._mover.continued(self._graph(run.request.workflow), run)
            _demand_whole(journey)
            event = Event({"kind": "cancel", **word.line(journey.attempt.keys.secret)}, cancels=True)
            rows = [self._given_up(journey, each.key) for each in journey.effects]
            moved = self._mover.go_on(journey, [event], rows)
            if moved is None:
                return self._mover.move(journey)
            run = moved.run
        raise elsewhere(run.id)

    def abandon(self, run: Run, word: Word, why: str = "") -> Run:
        """End a run as it stands that cannot be gone on with; nothing is done again, and nothing is taken back.

        Args:
            why: the code of what is known to keep the run from being gone on with; "": that is to be found out.

        Raises:
            Refusal: R082; R084, the run has ended; R141, it can be gone on with or cancelled.
        """
        for _ in range(AGAIN):
            if run.status in ENDED:
                raise _not_still(run)
            if run.status == "RUNNING" and not self._mover.is_left(run):
                raise elsewhere(run.id)
            code = why or self._hindered(run)
            ours = self._mover.claimed(run) if run.status == "RUNNING" else run
            if ours is not None:
                segment = as_it_stands(self._store, ours, self._mover.said_of(ours, word), code, self._ports.clock())
                if isinstance(self._store.commit(segment), Committed):
                    return segment.run
            run = self._now(run)
        raise elsewhere(run.id)

    def _hindered(self, run: Run) -> str:
        """The code of what keeps a run from being gone on with and from being cancelled.

        Raises:
            Refusal: R141, nothing does; or what an operator has to mend.
        """
        try:
            journey = self._mover.continued(self._graph(run.request.workflow), run)
            if run.status != "RUNNING":
                _demand_whole(journey)
        except (Refusal, SealBroken) as hindered:
            if hindered.code in _HINDERED or isinstance(hindered, SealBroken):
                return hindered.code
            raise
        raise refuse_what_goes_on(run)

    def reconcile(self, run: Run, key: str, verdict: Verdict, outcome: Outcome | None, word: Word) -> Standing:
        """Say what became of an effect in doubt.

        Args:
            outcome: how it ended, if it is `done`.

        Raises:
            Refusal: R081; R082; R085, there is no such effect in doubt, or it cannot have ended so; R140, it is given
                up where the run cannot be taken back.
        """
        for _ in range(AGAIN):
            if run.status != "IN_DOUBT":
                raise _not_in_doubt(run, "")
            journey = self._mover.continued(self._graph(run.request.workflow), run)
            pending = next((each for each in journey.effects if key in ("", each.key)), None)
            if pending is None or (key == "" and len(journey.effects) > 1):
                raise _not_in_doubt(run, key)
            ask = cast(Effect, pending.ask)
            said = word.line(journey.attempt.keys.secret)
            line: dict[str, Value] = {"as": verdict, "kind": "reconciled", **said, **spotted(ask.spot)}
            rows: list[port.Effect] = []
            event = Event(line)
            if verdict == "done":
                told = _fitting(ask, outcome)
                line["outcome"] = told.name
                event = Event(line, ask.spot, told)
                rows = [settled_row(run.id, pending.line, ask, pending.key, told)]
                journey.left.discard(pending.key)
            elif verdict == "retry":
                journey.left.discard(pending.key)
            else:
                _demand_whole(journey)
                event = Event(line, cancels=True)
                rows = [self._given_up(journey, each.key) for each in journey.effects]
            moved = self._mover.go_on(journey, [event], rows)
            if moved is None:
                return self._mover.move(journey)
            run = moved.run
        raise elsewhere(run.id)

    def _on(self, journey: Journey, events: list[Event]) -> Standing:
        return self._mover.go_on(journey, events) or self._mover.move(journey)

    def _now(self, run: Run) -> Run:
        return self._store.run(run.id) or run

    def _waiting(self, run: Run) -> Journey:
        if run.status in ("WAITING", "IN_DOUBT"):
            journey = self._mover.continued(self._graph(run.request.workflow), run)
            if journey.waits:
                return journey
        if run.status == "RUNNING":
            raise elsewhere(run.id)
        message = f"The run `{run.id}` does not wait for a signal: it is {run.status}."
        raise Refusal("R084", message, ExitCode.USAGE, hint=_SHOW.format(run.id))

    def _given_up(self, journey: Journey, key: str) -> port.Effect:
        pending = next(each for each in journey.effects if each.key == key)
        row = settled_row(journey.run.id, pending.line, cast(Effect, pending.ask), key, None)
        return port.Effect(row.key, row.run, row.line, "FAILED", row.request, None)


def _demand_whole(journey: Journey) -> None:
    """Refuse to take back a run in the middle of a call that has acted, and whose `undo` is for what it gave."""
    halfway = journey.attempt.moment.halfway
    if halfway:
        message = (
            f"`{halfway}` has acted and has not ended, so nothing can take it back yet: its `undo` is for its end."
        )
        hint = f"Let it end first; `pgs_runtime show {journey.run.id}` tells what it waits for."
        raise Refusal("R140", message, ExitCode.USAGE, hint=hint)


def _fitting(ask: Effect, outcome: Outcome | None) -> Outcome:
    """The outcome that a person names, if the operation can end so."""
    declared = ask.step.outcomes
    if outcome is None or outcome.name not in declared:
        known = ", ".join(sorted(declared))
        raise Refusal("R085", f"`{ask.step.operation}` does not end so.", ExitCode.USAGE, hint=f"It ends as {known}.")
    filled, misfits = declared[outcome.name](cast(Value, outcome.outputs))
    if misfits:
        where = str(misfits[0]["at"])
        what = f"`{where}`" if where else "the whole"
        message = f"The outputs do not fit `{outcome.name}` of `{ask.step.operation}`: {what} {misfits[0]['why']}."
        raise Refusal("R085", message, ExitCode.REJECTED, where)
    return Outcome(outcome.name, **cast("dict[str, Value]", filled))


def _why(event: Event) -> str:
    """Why a signal was refused, in a sentence; "" if it was not."""
    refused = cast("list[dict[str, Value]]", event.line.get("refused", []))
    told = [f"`{each['signal']}` of `{each['node']}` {each['why']}" if "signal" in each else "" for each in refused]
    if refused and not any(told):
        return f"`{event.line['event']}` is not waited for."
    return "; ".join(told) + "." if told else ""


def _not_still(run: Run) -> Refusal:
    message = f"The run `{run.id}` has ended {run.status}: there is nothing to cancel."
    return Refusal("R084", message, ExitCode.USAGE, hint=_SHOW.format(run.id))


def _not_in_doubt(run: Run, key: str) -> Refusal:
    if run.status != "IN_DOUBT":
        message = f"Nothing of the run `{run.id}` is in doubt: it is {run.status}."
        return Refusal("R085", message, ExitCode.USAGE, hint=_SHOW.format(run.id))
    message = f"Several effects of the run `{run.id}` are in doubt." if not key else f"No effect `{key}` is in doubt."
    return Refusal("R085", message, ExitCode.USAGE, hint=f"`pgs_runtime show {run.id}` lists them with their keys.")

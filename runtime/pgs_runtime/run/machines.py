"""Machines: instances that are started, told of events, and that go on by themselves when a time is over.

Laws:
* an instance is moved by runs of the workflows that its machine was made into, and by nothing else;
* the time of a stay is over once: the request id of its run follows from instance, version and time, so that whoever
  finds it over, and however often, begins the same run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias, cast

import orjson

from pgs_runtime.core.durations import later
from pgs_runtime.faults import ExitCode, Refusal, hint_of_unknown
from pgs_runtime.run.intake import Actor
from pgs_runtime.run.outcomes import Outcome
from pgs_runtime.stores.port import LIVE, Cell, Run, Store
from pgs_runtime.waivers.overrides import micros
from pgs_snapshot import model
from pgs_snapshot.frozen import frozen
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

AUTHENTICATED_BY = "machine"
"""Who vouches for what a machine sends to itself: the machine."""

LAST = 10  # steps that are told of an instance

Running: TypeAlias = Callable[[str, Value, Actor, str | None], Outcome]
"""Runs a workflow with a payload, for an actor, under a request id."""


@frozen
class Due:
    """A time of an instance: what follows once it is over.

    Attributes:
        version: of the instance's stay in its state.
        after: the duration, as the machine says it.
        at: when it is over, µs since 1970 UTC.
        event: by which the state `to` follows; "" where it follows by itself.
        run: the run that followed already, as far as that was looked up; "" where none has.
    """

    machine: str
    instance: str
    version: int
    after: str
    at: int
    event: str
    to: str
    workflow: str
    run: str = ""

    @property
    def request_id(self) -> str:
        named = hashlib.sha256(self.instance.encode()).hexdigest()
        return f"time:{named}:{self.version}"


@frozen
class Step:
    """A step of an instance: the event, or the time that was over, and the state that it came to rest in."""

    at: str
    event: str
    state: str
    run: str


@frozen
class Instance:
    """Where an instance is, since when, and the times of its state, the first to be over first."""

    machine: str
    instance: str
    state: str
    since: str
    version: int
    run: str
    final: bool
    times: tuple[Due, ...]


class Machines:
    """The machines of one snapshot over one store."""

    def __init__(self, snapshot: Snapshot, store: Store, run: Running, clock: Callable[[], int]) -> None:
        self._snapshot = snapshot
        self._store = store
        self._run = run
        self._clock = clock

    def names(self) -> tuple[str, ...]:
        """The full names of all machines, sorted."""
        return self._snapshot.names("artifacts/machine")

    def machine(self, name: str) -> model.Machine:
        """A machine by its name, in full or without its domain where one machine is called so.

        Raises:
            Refusal: R180, there is no such machine.
        """
        known = self.names()
        found = [each for each in known if each == name or each.endswith(f"::{name}")]
        if len(found) != 1:
            hint = hint_of_unknown(name, known)
            raise Refusal("R180", f"The snapshot has no machine `{visible(name)}`.", ExitCode.USAGE, hint=hint)
        return self._snapshot.machine(found[0])

    # --- what moves them -------------------------------------------------------------------------

    def start(self, name: str, instance: str, actor: Actor, request_id: str | None = None) -> Outcome:
        """Start an instance: its initial state is entered.

        Raises:
            Refusal: R180; as by `Runtime.run`.
        """
        return self._run(self.machine(name).start, {"instance": instance}, actor, request_id)

    def send(
        self, name: str, instance: str, event: str, actor: Actor, fields: Value = None, request_id: str | None = None
    ) -> Outcome:
        """Send an event to an instance.

        Args:
            fields: what the event carries; None for nothing.

        Raises:
            Refusal: R180; R181, nobody sends such an event; as by `Runtime.run`.
        """
        machine = self.machine(name)
        if event not in machine.sent:
            message = f"Nobody sends `{visible(event)}` to `{machine.name}`."
            raise Refusal("R181", message, ExitCode.USAGE, hint=hint_of_unknown(event, machine.sent))
        payload: dict[str, Value] = {"instance": instance}
        if fields is not None and fields != {}:
            payload["event"] = fields
        elif self._carries(machine.events[event]):
            payload["event"] = {}
        return self._run(machine.events[event], payload, actor, request_id)

    def fire(self, due: Due) -> Outcome:
        """Let follow what follows when a time is over.

        Raises:
            Refusal: as by `Runtime.run`.
        """
        machine = self._snapshot.machine(due.machine)
        actor = Actor(machine.actor, machine.name, {}, AUTHENTICATED_BY)
        payload: Value = {"instance": due.instance, "version": due.version}
        return self._run(due.workflow, payload, actor, due.request_id)

    def signalled(self, workflow: str, payload: Value, request_id: str) -> Outcome:
        """Let follow what follows a signal.

        Args:
            workflow: of a machine, for the event that the signal stands for.

        Raises:
            Refusal: as by `Runtime.run`.
        """
        of = next(each for each in map(self._snapshot.machine, self.names()) if workflow in each.events.values())
        return self._run(workflow, payload, Actor(of.actor, of.name, {}, AUTHENTICATED_BY), request_id)

    def due(self) -> Iterator[Due]:
        """The times that are over, of every instance the first that nothing has followed yet."""
        now = self._clock()
        for name in self.names():
            machine = self._snapshot.machine(name)
            if any(state.after for state in machine.states.values()):
                for instance in self._instances(machine):
                    first = self._first(instance, now)
                    if first is not None:
                        yield first

    def _first(self, instance: Instance, now: int) -> Due | None:
        """The first time of an instance that is over and that nothing has followed; None while something follows."""
        for due in instance.times:
            run = self._followed(due) if due.at <= now else None
            if run is None or run.status in LIVE:
                return due if run is None and due.at <= now else None
        return None

    def _followed(self, due: Due) -> Run | None:
        return self._store.run_by_request(due.workflow, due.request_id)

    # --- where they are --------------------------------------------------------------------------

    def instance(self, name: str, instance: str) -> Instance:
        """Where an instance is.

        Raises:
            Refusal: R180; R182, nobody has started such an instance.
        """
        machine = self.machine(name)
        cell = self._store.get("state", machine.store, instance)
        if cell is None:
            message = f"Nobody has started an instance `{visible(instance)}` of `{machine.name}`."
            raise Refusal(
                "R182", message, ExitCode.USAGE, hint=f"`pgs_runtime machine list {machine.name}` lists them."
            )
        told = self._told(machine, cell)
        runs = [(due, self._followed(due)) for due in told.times]
        return replace(told, times=tuple(replace(due, run=run.id) if run else due for due, run in runs))

    def instances(self, name: str) -> tuple[Instance, ...]:
        """Every instance of a machine, in the order of their names.

        Raises:
            Refusal: R180.
        """
        return tuple(self._instances(self.machine(name)))

    def steps(self, name: str, instance: str, most: int = LAST) -> tuple[Step, ...]:
        """The last steps of an instance, the latest last.

        Raises:
            Refusal: R180.
        """
        store = self.machine(name).steps
        length = self._store.length(store, instance)
        events = self._store.events(store, instance, max(1, length - most + 1), length + 1)
        records = (cast("dict[str, str]", orjson.loads(event.body)) for event in events)
        return tuple(Step(record["at"], record["event"], record["state"], record["run"]) for record in records)

    def _instances(self, machine: model.Machine) -> Iterator[Instance]:
        for cell in self._store.scan("state", machine.store).cells:
            yield self._told(machine, cell)

    def _told(self, machine: model.Machine, cell: Cell) -> Instance:
        value = cast("dict[str, str]", orjson.loads(cell.value))
        name, since = value["state"], value["since"]
        state = machine.states.get(name)  # None: another snapshot had a machine of this name with other states
        after = state.after if state is not None else {}
        times = [
            Due(
                machine.name,
                cell.key,
                cell.version,
                each,
                later(micros(since), each),
                timer.event,
                timer.to,
                timer.workflow,
            )
            for each, timer in after.items()
        ]
        times.sort(key=lambda due: due.at)
        final = state is not None and state.final
        return Instance(machine.name, cell.key, name, since, cell.version, cell.run, final, tuple(times))

    def _carries(self, workflow: str) -> bool:
        """Whether the event of a workflow has fields."""
        graph = self._snapshot.graph(workflow)
        intent = next(node.intent for node in graph.nodes if isinstance(node, model.IntentNode))
        return "event" in cast("dict[str, Value]", self._snapshot.intent(intent).payload.get("properties", {}))

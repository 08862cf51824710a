"""Staging: one scene of a snapshot, run in memory, with a clock that is told and doubles for all that is outside.

Laws:
* nothing leaves: every implementation of an external side effect has a double, whether the scene tells of it or not;
* the same scene gives the same answer, ids among it: time and entropy come from the scene and from counting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from threading import Lock
from typing import cast

import orjson

from pgs_runtime.core.expressions import Missing, instant
from pgs_runtime.examine.stock import Stock
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.operate.actors import local_actor
from pgs_runtime.operate.state import load_state
from pgs_runtime.ports import Ports, timestamp
from pgs_runtime.runtime import Actor, Outcome, Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_snapshot.external import InDoubt, Outside
from pgs_snapshot.frozen import frozen
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Outcome as Told
from pgs_snapshot.values import Value, same

BEGINS = "2026-03-01T09:00:00Z"
UNKNOWN = "UNKNOWN"
Object = dict[str, Value]


@frozen
class Moment:
    """Something that happens after the start: time passes, and somebody may say something.

    Attributes:
        at: when, or None: at once.
        event: the full name of an event, "" where only time passes.
    """

    at: str | None = None
    event: str = ""
    fields: Value = None
    actor: Mapping[str, Value] = field(default_factory=dict)


@frozen
class Double:
    """How one call of an operation ends; with `inputs`, one that has these among its own. `UNKNOWN`: nobody learns."""

    side_effect: str
    operation: str
    outcome: str
    outputs: Mapping[str, Value] = field(default_factory=dict)
    inputs: Mapping[str, Value] = field(default_factory=dict)


@frozen
class Scene:
    """What is run. `actor` and those of moments: `type`, `id` and attributes, each of which may be missing.

    `again`: the run is done again from its record, to see whether that is the same.
    """

    workflow: str
    payload: Value
    actor: Mapping[str, Value] = field(default_factory=dict)
    state: Mapping[str, Value] = field(default_factory=dict)
    config: Mapping[str, Value] = field(default_factory=dict)
    clock: str = BEGINS
    doubles: tuple[Double, ...] = ()
    moments: tuple[Moment, ...] = ()
    again: bool = False


@dataclass(slots=True)
class _Cast:
    """The doubles of a scene, each of which answers one effect, however often that is asked for."""

    doubles: tuple[Double, ...]
    taken: dict[int, tuple[str, str]] = field(default_factory=dict)
    unanswered: dict[str, None] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    """Keys of effects of which nobody learns; who looks one up learns nothing, either, unless a double answers that."""
    lock: Lock = field(default_factory=Lock)

    def answer(self, names: frozenset[str], operation: str, key: str, inputs: Mapping[str, Value]) -> object:
        with self.lock:  # effects at once are asked for by several threads
            found = self._found(names, operation, key, inputs)
            if found is None and key not in self.doubtful:
                self.unanswered[f"{operation} of {' or '.join(sorted(names))}"] = None
            if found is None or found.outcome == UNKNOWN:
                self.doubtful.add(key)
                raise InDoubt("No double says how this ended.")
        return Told(found.outcome, **found.outputs)

    def _found(self, names: frozenset[str], operation: str, key: str, inputs: Mapping[str, Value]) -> Double | None:
        for number, double in enumerate(self.doubles):
            if self.taken.get(number) == (operation, key):
                return double
        for number, double in enumerate(self.doubles):
            fits = double.side_effect in names and double.operation == operation and number not in self.taken
            if fits and all(name in inputs and same(inputs[name], value) for name, value in double.inputs.items()):
                self.taken[number] = (operation, key)
                return double
        return None


def staged(snapshot: Snapshot, scene: Scene) -> Object:
    """Run a scene: how it ended, its trace, and what the stores hold then; or why it could not be run.

    Returns:
        `refused`: None, or `at` (`state`, `run`, or `moments/0`), `code`, `message`, `hint`. Unless it could not begin:
        `exit`, `kind`, `result`, `effects`, `message`; `lines`; `state` as `state load` takes it. `heard`: for each
        moment "", or why its signal was refused; `unused`: the numbers of doubles that nobody asked; `unanswered`: what
        was asked and no double answers. `differs`: "", or where the run done again is another, if that was asked.
    """
    try:
        now = [_micros(scene.clock)]
    except Refusal as refused:
        return {"refused": _told("clock", refused)}
    company = _Cast(scene.doubles)
    store = MemoryStore(_entropy())
    ports = Ports(
        clock=lambda: now[0],
        entropy=_entropy(),
        sleep=lambda seconds: None,
        elapsed=lambda: 0,
        doubles=_doubles(snapshot, company),
    )
    with Runtime(snapshot, store, ports) as runtime:
        return _played(runtime, scene, now, company)


def _played(runtime: Runtime, scene: Scene, now: list[int], company: _Cast) -> Object:
    heard: list[Value] = []
    outcome: Outcome | None = None
    at, refusal = "state", None
    domain = scene.workflow.partition("::")[0]
    try:
        actor = _actor(runtime, scene.actor, domain)
        if scene.state:
            load_state(runtime, dict(scene.state), actor)
        at = "run"
        outcome = runtime.run(scene.workflow, scene.payload, actor, config=dict(scene.config))
        for number, moment in enumerate(scene.moments):
            at = f"moments/{number}"
            now[0] = _later(moment.at, now[0]) if moment.at else now[0]
            outcome, why = _moved(runtime, outcome, moment, domain)
            heard.append(why)
    except Refusal as refused:
        refusal = _told(at, refused)
    answer: Object = {
        "heard": heard,
        "refused": refusal,
        "unanswered": list(company.unanswered),
        "unused": [number for number in range(len(company.doubles)) if number not in company.taken],
    }
    if outcome is None:
        return answer
    differs = _again(runtime, outcome.trace_id) if scene.again else ""
    return answer | _ended(runtime, outcome) | {"differs": differs}


def _moved(runtime: Runtime, outcome: Outcome, moment: Moment, domain: str) -> tuple[Outcome, str]:
    if not moment.event:
        return runtime.resume(outcome.trace_id), ""
    return runtime.signal(outcome.trace_id, moment.event, moment.fields, _actor(runtime, moment.actor, domain))


def _again(runtime: Runtime, run: str) -> str:
    """Where the run done again is another, as a sentence, or ""."""
    try:
        found = runtime.replay(run).difference
    except Refusal as refused:
        return f"It cannot be done again: {refused.message}"
    return f"Line {found.line} differs at `{found.at}`. {found.why}" if found is not None else ""


def _ended(runtime: Runtime, outcome: Outcome) -> Object:
    whole = Stock(runtime.store, reveal=True).whole()
    return {
        "effects": cast(Value, outcome.effects),
        "exit": outcome.exit,
        "kind": outcome.kind,
        "lines": [orjson.loads(line) for line in runtime.trace(outcome.trace_id)],
        "message": outcome.message,
        "result": outcome.result,
        "state": orjson.loads(whole),
    }


def _actor(runtime: Runtime, given: Mapping[str, Value], domain: str) -> Actor:
    named = {name: value for name, value in given.items() if name != "type"}
    return local_actor(runtime.snapshot, str(given.get("type", "")), named, "tester", domain)


def _micros(moment: str) -> int:
    try:
        return instant(moment) // 1000
    except Missing:
        raise Refusal("R016", f"`{moment}` is no moment.", ExitCode.REJECTED, hint=f"Write it as `{BEGINS}`.") from None


def _later(moment: str, now: int) -> int:
    then = _micros(moment)
    if then < now:
        raise Refusal("R016", f"It is {timestamp(now)} by then, and time does not go back.", ExitCode.REJECTED)
    return then


def _told(at: str, refused: Refusal) -> Object:
    return {"at": at, "code": refused.code, "hint": refused.hint, "message": refused.message, "where": refused.where}


def _entropy() -> Callable[[int], bytes]:
    numbers = count()

    def entropy(size: int) -> bytes:
        return hashlib.shake_256(b"%d" % next(numbers)).digest(size)

    return entropy


# --- doubles -------------------------------------------------------------------------------------


def _doubles(snapshot: Snapshot, company: _Cast) -> dict[str, Callable[..., object]]:
    """By implementation. Side effects that share one share their doubles: a call does not say for which it is."""
    names: dict[str, set[str]] = {}
    operations: dict[str, set[str]] = {}
    for name in snapshot.names("artifacts/side_effect"):
        sealed = snapshot.side_effect(name)
        names.setdefault(sealed.implementation, set()).add(name)
        operations.setdefault(sealed.implementation, set()).update(sealed.operations)
    return {
        reference: _double(frozenset(names[reference]), operations[reference], company) for reference in sorted(names)
    }


def _double(names: frozenset[str], operations: Iterable[str], company: _Cast) -> Callable[..., object]:
    """A class of which the runtime makes one for each call, as it does of an implementation."""

    def initialised(self: object, outside: Outside) -> None:
        self.outside = outside  # type: ignore[attr-defined]

    def method(operation: str) -> Callable[..., object]:
        def asked(self: object, **inputs: Value) -> object:
            outside = cast(Outside, self.outside)  # type: ignore[attr-defined]
            return company.answer(names, operation, outside.key, inputs)

        return asked

    methods = {operation.lower(): method(operation) for operation in operations}
    return type("Double", (), {"__init__": initialised, **methods})


def scene_of(given: Object) -> Scene:
    """A scene as JSON tells it."""
    scene = Scene(**cast("dict[str, object]", given))  # type: ignore[arg-type]
    doubles = tuple(Double(**each) for each in cast("list[dict[str, object]]", given.get("doubles", [])))  # type: ignore[arg-type]
    moments = tuple(Moment(**each) for each in cast("list[dict[str, object]]", given.get("moments", [])))  # type: ignore[arg-type]
    return replace(scene, doubles=doubles, moments=moments)

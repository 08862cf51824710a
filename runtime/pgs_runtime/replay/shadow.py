"""What a run stands on that may go another way than the recorded one: its record, and a shadow of the stores.

Laws:
* what was asked before with the same inputs gets the answer that it got, in the order in which it was given, as long
  as nothing else was written to the store than then;
* anything else is done in memory, over the little that the record tells of the stores;
* an answer that rests on what the record does not tell is noted, unless nothing can follow from it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from typing import NamedTuple, TypeAlias, cast

from pgs_runtime.core.linked import Storage
from pgs_runtime.faults import Fault
from pgs_runtime.run.grounds import SUCCESS, Answered
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.stores.overlay import Held, Overlay, row_key
from pgs_runtime.stores.port import Read, Write
from pgs_runtime.trace.record import shown
from pgs_snapshot import model
from pgs_snapshot.canonical import canonical
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Outcome, Value

Idle: TypeAlias = frozenset[tuple[str, str, str]]
"""Steps from whose answers nothing follows: by name, store and operation."""

_REGISTRY = "pgs_capabilities.side_effects.registry:Registry"
_STATE = "pgs_capabilities.side_effects.state:State"
_EVENTS = "pgs_capabilities.side_effects.events:Events"
HYDRATE, COMMIT = "HYDRATE", "COMMIT"
"""The operations by which a process reads its context, and writes what it has changed."""
_FIRST_SLOT = 3  # of a contract: inputs, run and config come before its steps


class Asked(NamedTuple):
    """What a store was asked, and what it answered. `inputs` as a trace shows those that hide nothing."""

    store: str
    operation: str
    inputs: Value
    answer: Answered


class Shadow(Overlay):
    """A ground for one run. `rests`: what was answered from the shadow alone, as `store operation` of a step."""

    def __init__(self, snapshot: Snapshot, known: Sequence[Asked], idle: Idle) -> None:
        super().__init__(MemoryStore(_nothing), snapshot.limits().value_bytes)
        self.rests: list[str] = []
        self.unrecorded = 0
        self._idle = idle
        self._strayed: set[str] = set()  # stores in which something else was written than in the record
        self._told: dict[tuple[str, str, bytes], deque[Answered]] = {}
        for asked in known:
            key = asked.store, asked.operation, canonical(asked.inputs)
            self._told.setdefault(key, deque()).append(asked.answer)
            self._learn(snapshot, asked)

    def answer(self, step: Storage, inputs: dict[str, Value]) -> Outcome:
        told = self._told.get((step.store, step.operation, canonical(shown(inputs, None, b""))))
        if told and told[0].outcome in ("", *step.next) and (step.store not in self._strayed or step.writes):
            answer = told.popleft()
            if step.writes and answer.outcome == SUCCESS:
                with suppress(Fault):  # what it wrote is seen by what comes after, as far as the shadow can tell
                    step.perform(self, inputs)
            return answer.told()
        self.unrecorded += 1
        if step.writes:
            self._strayed.add(step.store)
        reads = len(self.reads)
        answer_now = step.perform(self, inputs)
        if len(self.reads) > reads and (step.name, step.store, step.operation) not in self._idle:
            self.rests.append(f"{step.operation} of {step.store}")
        return answer_now

    @property
    def changes(self) -> tuple[tuple[Read, ...], tuple[Write, ...]]:
        return (), ()

    def keep(self, write: Callable[[Overlay], None]) -> None:
        """Nothing is kept of what is only tried."""

    def _learn(self, snapshot: Snapshot, asked: Asked) -> None:
        """Take down what an answer tells of how a key or a stream was before the run."""
        inputs, outcome, outputs = asked.inputs, asked.answer.outcome, asked.answer.outputs
        if not isinstance(inputs, dict):
            return
        if asked.operation == HYDRATE and asked.store in snapshot.names("artifacts/context"):
            for path, value in cast("dict[str, Value]", outputs.get("fields", {})).items():
                where = "state", asked.store, row_key(str(inputs.get("session")), path)
                self.cells.setdefault(where, Held(canonical(value), 1))  # type: ignore[arg-type]
        if asked.store not in snapshot.names("artifacts/store"):
            return
        kind = snapshot.store(asked.store).implementation
        key, stream = inputs.get("key"), inputs.get("stream")
        if kind == _EVENTS and isinstance(stream, str) and isinstance(outputs.get("n"), int):
            before = cast(int, outputs["n"]) - (asked.operation == "APPEND")
            self._lengths.setdefault((asked.store, stream), before)
        elif kind in (_REGISTRY, _STATE) and isinstance(key, str):
            found = _before(asked.operation, outcome, inputs, outputs)
            if found is not _UNKNOWN:
                table = "registry" if kind == _REGISTRY else "state"
                self.cells.setdefault((table, asked.store, key), found)  # type: ignore[arg-type]


_UNKNOWN = Held(b"", -1)


def _before(operation: str, outcome: str, inputs: Mapping[str, Value], outputs: Mapping[str, Value]) -> Held | None:
    """What a key held before an operation that ended so; `_UNKNOWN`: that cannot be told."""
    match operation, outcome:
        case (("READ" | "RESOLVE"), "SUCCESS"):
            return Held(canonical(outputs["value"]), cast(int, outputs.get("version", 1)))
        case (("READ" | "RESOLVE" | "EXISTS" | "DELETE"), "NOT_FOUND"):
            return None
        case "REGISTER", "SUCCESS":
            return None
        case "REGISTER", "ALREADY_EXISTS":
            return Held(canonical(inputs["value"]), 1)
        case "WRITE", "SUCCESS" if outputs.get("version") == 1:
            return None
    return _UNKNOWN


def idle_steps(snapshot: Snapshot, workflow: str) -> Idle:
    """The steps of a workflow, and of what it calls, whose operation can end in one way and gives what nobody takes."""
    found: set[tuple[str, str, str]] = set()
    busy: set[tuple[str, str, str]] = set()
    for contract in _contracts(snapshot, workflow, set()):
        used = {slot for step in (contract.steps, contract.outcomes) for slot in _slots(step)}
        for number, step in enumerate(contract.steps):
            if isinstance(step, model.OperationStep):
                operation = snapshot.store(step.store).operations[step.operation]
                idle = len(operation.outcomes) == 1 and _FIRST_SLOT + 2 * number not in used
                (found if idle else busy).add((step.name, step.store, step.operation))
    return frozenset(found - busy) | {("commit", context, COMMIT) for context in _contexts(snapshot, workflow, set())}


def _contexts(snapshot: Snapshot, workflow: str, seen: set[str]) -> Iterator[str]:
    """The contexts that processes of a workflow, and of what it calls, write to; how a write ends is decided before."""
    if workflow in seen:
        return
    seen.add(workflow)
    for node in snapshot.graph(workflow).nodes:
        if isinstance(node, model.ProcessNode):
            yield snapshot.process(node.process).context
        for callee in node.call.workflows if isinstance(node, model.CallNode | model.EachNode) else ():
            yield from _contexts(snapshot, callee, seen)


def _contracts(snapshot: Snapshot, workflow: str, seen: set[str]) -> Iterator[model.Contract]:
    if workflow in seen:
        return
    seen.add(workflow)
    for node in snapshot.graph(workflow).nodes:
        if isinstance(node, model.ContractNode):
            yield snapshot.contract(node.contract)
        if isinstance(node, model.ContractNode | model.ProcessNode | model.CallNode) and node.undo is not None:
            yield snapshot.contract(node.undo.contract)
        if isinstance(node, model.CallNode | model.EachNode):
            for callee in node.call.workflows:
                yield from _contracts(snapshot, callee, seen)


def _slots(item: object) -> Iterator[int]:
    """Every slot that something sealed refers to."""
    if isinstance(item, model.Ref | model.Query):
        yield item.slot
    elif isinstance(item, Mapping):
        for value in item.values():
            yield from _slots(value)
    elif isinstance(item, tuple | list):
        for value in item:
            yield from _slots(value)
    elif is_dataclass(item) and not isinstance(item, type):
        for field in fields(item):
            yield from _slots(getattr(item, field.name))


def _nothing(size: int) -> bytes:
    return bytes(size)

"""A trace, read: from the bytes of a `.jsonl` file to what happened (format `pgs-trace/1`, `docs/trace.md`).

Laws:
* a line or member that the format does not know is refused: an account that leaves something out is none;
* whatever the bytes are, the answer is a trace or a `Refusal`.

Whether the lines are those that were written is not asked here but in `pgs_runtime.verify`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar, cast

from pgs_runtime.record import FORMAT
from pgs_runtime.trace_lines import LIMITS, NotALine, TraceLimits, is_run_id, members_of, refusal, split
from pgs_runtime.trace_nesting import Nest, Spot
from pgs_runtime.traced import (
    Computed,
    Decided,
    Ending,
    Header,
    Inner,
    Loaded,
    Looked,
    Passed,
    Problem,
    Returned,
    Step,
    Stored,
    Trace,
)
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

T = TypeVar("T")

__all__ = [
    "Computed", "Decided", "Ending", "Header", "Inner", "Loaded", "Looked", "Passed", "Problem", "Returned", "Step",
    "Stored", "Trace",
]  # fmt: skip
"""What this module gives on; its own functions are for all to use, too."""

OPERATORS = ("eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "matches", "exists")
_KINDS = ("COMPLETED", "DENIED", "REJECTED", "FAILED")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


# --- from lines to a trace -----------------------------------------------------------------------


def read_trace(data: bytes, limits: TraceLimits = LIMITS) -> Trace:
    """Read the bytes of a `.jsonl` file.

    Raises:
        Refusal: R055, they are no trace of the format that this version reads.
    """
    return trace_of(split(data, limits), limits)


def trace_of(lines: Sequence[bytes], limits: TraceLimits = LIMITS) -> Trace:
    """Read lines as a store keeps them, without their ends.

    Raises:
        Refusal: R055, they are no trace of the format that this version reads.
    """
    reading = _Reading()
    for number, line in enumerate(lines, start=1):
        try:
            reading.take(_Members(members_of(line, limits)), number - 1)
        except NotALine as wrong:
            raise refusal(f"Line {number} {wrong}.", f"line {number}") from wrong
    if reading.header is None:
        raise refusal("The trace has no lines.")
    return Trace(
        header=reading.header,
        passed=reading.nest.done(),
        loaded=tuple(reading.loaded),
        ending=reading.ending,
        lines=len(lines),
        head=reading.head,
    )


class _Members:
    """The members of an object, each taken once and with its kind."""

    def __init__(self, members: Value) -> None:
        if not isinstance(members, dict):
            raise NotALine("holds something else where an object is due")
        self._left = dict(members)

    def take(self, name: str, kind: type[T]) -> T:
        if name not in self._left:
            raise NotALine(f"has no `{name}`")
        return self.maybe(name, kind, cast(T, None))

    def maybe(self, name: str, kind: type[T], otherwise: T) -> T:
        if name not in self._left:
            return otherwise
        value = self._left.pop(name)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise NotALine(f"has another kind of value at `{name}` than the format")
        return value

    def value(self, name: str) -> Value:
        return self._left.pop(name, None)

    def count(self, name: str) -> int:
        number = self.take(name, int)
        if number < 0:
            raise NotALine(f"has a number below 0 at `{name}`")
        return number

    def inner(self, name: str) -> _Members:
        return _Members(self.take(name, dict))

    def each(self, name: str) -> list[_Members]:
        return [_Members(item) for item in self.maybe(name, list, [])]

    def end(self) -> None:
        if self._left:
            raise NotALine(f"has a member `{visible(min(self._left)[:40])}`, which {FORMAT} does not know")


class _Reading:
    """What was read so far."""

    def __init__(self) -> None:
        self.header: Header | None = None
        self.nest = Nest()
        self.loaded: list[Loaded] = []
        self.ending: Ending | None = None
        self.head = ""

    def take(self, line: _Members, n: int) -> None:
        self.head, _, run = line.take("digest", str), line.take("prev", str), line.take("run", str)
        if line.take("n", int) != n:
            raise NotALine(f"has another number than {n}")
        kind = line.take("kind", str)
        if self.header is None:
            self.header = _header(line, kind, run)
        elif run != self.header.run:
            raise NotALine("belongs to another run")
        elif self.ending is not None:
            raise NotALine("stands after the end of the run")
        elif kind in ("intent", "contract", "call", "each"):
            self.nest.take(_passed(line, n, kind), _place(line))
        elif kind == "return":
            workflow, place = line.take("target", str), _place(line)
            self.nest.close(_returned(line, n), workflow, place)
        elif kind == "load":
            self.loaded.append(Loaded(n, line.take("store", str), line.count("rows")))
        elif kind in ("exit", "fault"):
            place = _place(line)
            self.nest.end(place, kind == "fault")
            within = tuple(node for node, _ in place)
            self.ending = _exit(line, n) if kind == "exit" else _fault(line, n)._replace(within=within)
        else:
            raise NotALine(f"is of the kind `{visible(kind[:40])}`, which {FORMAT} does not know there")
        line.end()


def _header(line: _Members, kind: str, run: str) -> Header:
    if kind != "run":
        raise NotALine("is not the header of a run")
    format = line.take("format", str)
    if format != FORMAT:
        raise NotALine(f"has the format `{visible(format[:40])}`; this version reads `{FORMAT}`")
    if not is_run_id(run):
        raise NotALine("has a `run` that is no run id")
    members = line.inner("header")
    header = Header(
        run=run,
        workflow=members.take("workflow", str),
        snapshot=members.take("snapshot", str),
        started=members.take("started", str),
        actor=members.take("actor", dict),
        authenticated_by=members.take("authenticated_by", str),
        payload=members.value("payload"),
        payload_digest=members.value("payload_digest"),
        fingerprint=members.take("fingerprint", dict),
        config=members.maybe("config", dict, {}),
        request_id=members.maybe("request_id", str, ""),
        configs=members.maybe("configs", dict, {}),
    )
    members.end()
    if not _MOMENT.fullmatch(header.started):
        raise NotALine("has another form of time at `started` than the format")
    return header


def _passed(line: _Members, n: int, kind: str) -> Passed:
    return Passed(
        n=n,
        kind=kind,
        node=line.take("node", str),
        target=line.take("target", str) if kind != "each" else "",
        outcome=line.take("outcome", str),
        steps=tuple(_step(step) for step in line.each("steps")),
        refused=tuple(_problem(problem) for problem in line.each("refused")),
        inputs=line.value("inputs"),
        outputs=line.value("outputs"),
    )


def _place(line: _Members) -> list[Spot]:
    """Within which nodes a line stands, and at which items of those."""
    parents = line.maybe("parent", list, [])
    iterations = line.maybe("iteration", list, [None] * len(parents))
    if len(iterations) != len(parents):
        raise NotALine("has not one `iteration` for each `parent`")
    for parent, iteration in zip(parents, iterations, strict=True):
        if not isinstance(parent, str) or not (iteration is None or (type(iteration) is int and iteration >= 0)):
            raise NotALine("has another kind of value at `parent` or `iteration` than the format")
    return list(zip(parents, iterations, strict=True))


def _returned(line: _Members, n: int) -> Returned:
    kind = line.take("exit", str)
    if kind not in _KINDS:
        raise NotALine(f"ends at an exit that is none of {', '.join(_KINDS)}")
    return Returned(
        n=n,
        kind=kind,
        name=line.take("name", str),
        node=line.take("node", str),
        result=line.maybe("result", dict, {}),
        emitted=line.maybe("emitted", dict, {}),
        undone=_undone(line),
    )


def _problem(problem: _Members) -> Problem:
    found = Problem(*(problem.maybe(name, str, "") for name in ("at", "why", "rule", "step")))
    problem.end()
    return found


def _step(members: _Members) -> Step:
    step, outcome = members.take("step", str), members.take("outcome", str)
    done: Step
    case = members.maybe("case", int, -1)
    transform = members.maybe("transform", str, "")
    if case >= 0:
        looked = tuple(_looked(item) for item in members.each("operands"))
        done = Decided(step, outcome, case, looked)
    elif transform:
        done = Computed(step, outcome, transform, members.value("outputs"))
    else:
        store, operation = members.take("store", str), members.take("operation", str)
        inputs, outputs = members.value("inputs"), members.value("outputs")
        done = Stored(step, outcome, store, operation, inputs, outputs)
    members.end()
    return done


def _looked(members: _Members) -> Looked:
    looked = Looked(members.take("op", str), tuple(members.take("of", list)), members.take("held", bool))
    members.end()
    if looked.op not in OPERATORS or len(looked.of) != (0 if looked.op == "exists" else 2):
        raise NotALine("has a comparison that the format does not know")
    return looked


def _exit(line: _Members, n: int) -> Ending:
    kind = line.take("exit", str)
    if kind not in _KINDS:
        raise NotALine(f"ends at an exit that is none of {', '.join(_KINDS)}")
    return Ending(
        n=n,
        kind=kind,
        name=line.take("name", str),
        node=line.take("node", str),
        result=line.maybe("result", dict, {}),
        emitted=line.maybe("emitted", dict, {}),
        effects=_effects(line),
        lines=line.count("lines"),
        undone=_undone(line),
        why="",
        exit_code=None,
    )


def _fault(line: _Members, n: int) -> Ending:
    fault = line.inner("fault")
    ending = Ending(
        n=n,
        kind="FAULTED",
        name=fault.take("code", str),
        node=line.take("node", str),
        result={},
        emitted={},
        effects=_effects(line),
        lines=line.count("lines"),
        undone=_undone(line),
        why=fault.take("why", str),
        exit_code=fault.count("exit_code"),
    )
    fault.end()
    return ending


def _effects(line: _Members) -> dict[str, dict[str, int]]:
    effects: dict[str, dict[str, int]] = {}
    for store, counts in line.take("effects", dict).items():
        members = _Members(counts)
        effects[store] = {operation: members.count(operation) for operation in counts}
    return effects


def _undone(line: _Members) -> bool:
    """Whether effects were dropped. The lines that told of them are all before this one."""
    rolled_back = line.maybe("rolled_back", dict, {})
    if not rolled_back:
        return False
    members = _Members(rolled_back)
    members.count("from")
    members.count("to")
    members.end()
    return True

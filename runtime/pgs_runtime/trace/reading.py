"""A trace, read: from the bytes of a `.jsonl` file to what happened (format `pgs-trace/1`, `docs/trace.md`).

Laws:
* a line or member that the format does not know is refused: an account that leaves something out is none;
* whatever the bytes are, the answer is a trace or a `Refusal`.

Whether the lines are those that were written is not asked here but in `pgs_runtime.evidence.verify`.
"""

from __future__ import annotations

from collections.abc import Sequence

from pgs_runtime.faults import ExitCode, status_of_fault
from pgs_runtime.trace.glass import glass_of, overridden_of, waivers_of
from pgs_runtime.trace.lines import (
    LIMITS,
    Members,
    NotALine,
    TraceLimits,
    actor_of,
    is_run_id,
    is_subject_id,
    members_of,
    refusal,
    split,
)
from pgs_runtime.trace.nesting import Nest
from pgs_runtime.trace.record import ABANDONED, FORMAT
from pgs_runtime.trace.segments import ASKS, EVENTS, Segments, place_of
from pgs_runtime.trace.traced import (
    Asked,
    Computed,
    Decided,
    Ending,
    Erased,
    Glass,
    Header,
    Inner,
    Lines,
    Loaded,
    Looked,
    Passed,
    Problem,
    Reset,
    Returned,
    Step,
    Stored,
    Trace,
    Violation,
    with_dropped,
)
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

__all__ = [
    "Asked", "Computed", "Decided", "Ending", "Header", "Inner", "Loaded", "Looked", "Passed", "Problem", "Returned",
    "Step", "Stored", "Trace",
]  # fmt: skip
"""What this module gives on; its own functions are for all to use, too."""

OPERATORS = ("eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "matches", "exists")
_KINDS = ("COMPLETED", "DENIED", "REJECTED", "FAILED")
_EXIT_CODES = frozenset(ExitCode)
_UNREFUSED = ("call", "each", "wait")
_NODES = ("intent", "contract", "process", "call", "each", "wait", "undo")


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
            reading.take(Members(members_of(line, limits)), number - 1)
        except NotALine as wrong:
            raise refusal(f"Line {number} {wrong}.", f"line {number}") from wrong
    if reading.header is None:
        raise refusal("The trace has no lines.")
    return Trace(
        header=reading.header,
        passed=reading.passed(),
        loaded=tuple(reading.loaded),
        ending=reading.ending,
        lines=len(lines),
        head=reading.head,
        segments=reading.segments.told(),
        pending=reading.nest.pending,
        rests=reading.nest.rests,
        glass=reading.glass,
        erased=tuple(reading.erased),
        resets=tuple(reading.resets),
    )


class _Reading:
    """What was read so far."""

    def __init__(self) -> None:
        self.header: Header | None = None
        self.nest = Nest()
        self.segments = Segments(self.nest, "")
        self.loaded: list[Loaded] = []
        self.glass: Glass | None = None
        self.erased: list[Erased] = []
        self.resets: list[Reset] = []
        self.dropped: list[Lines] = []
        self.ending: Ending | None = None
        self.head = ""

    def take(self, line: Members, n: int) -> None:
        self.head, _, run = line.take("digest", str), line.take("prev", str), line.take("run", str)
        if line.take("n", int) != n:
            raise NotALine(f"has another number than {n}")
        kind = line.take("kind", str)
        if self.header is None:
            self.header = _header(line, kind, run)
            self.segments = Segments(self.nest, self.header.started)
        elif run != self.header.run:
            raise NotALine("belongs to another run")
        elif self.ending is not None:
            raise NotALine("stands after the end of the run")
        else:
            self._body(line, n, kind)
        line.end()

    def _drop(self, lines: Lines | None) -> None:
        if lines is not None:
            self.dropped.append(lines)

    def passed(self) -> tuple[Passed, ...]:
        """What was passed, at any time."""
        done = self.nest.done()
        return with_dropped(done, self.dropped) if self.dropped else done

    def _body(self, line: Members, n: int, kind: str) -> None:
        if kind in _NODES:
            self.segments.body()
            self.nest.take(_passed(line, n, kind), place_of(line))
        elif kind == "return":
            self.segments.body()
            workflow, place = line.take("target", str), place_of(line)
            returned = _returned(line, n)
            self.nest.close(returned, workflow, place)
            self._drop(returned.dropped)
        elif kind in EVENTS:
            self.segments.event(line, n, kind)
        elif kind in ASKS:
            self.segments.ask(line, n, kind)
        elif kind == "load":
            self.loaded.append(Loaded(n, line.take("store", str), line.count("rows")))
        elif kind == "override":
            self.glass = glass_of(line, n)
        elif kind == "erase":
            subject, runs, rows = line.take("subject", str), line.count("runs"), line.count("rows")
            self.erased.append(Erased(n, subject, runs, rows, line.take("reason", str)))
        elif kind == "reset":
            self.resets.append(Reset(n, *(line.take(name, str) for name in Reset._fields[1:])))
        elif kind in _ENDS:
            place = place_of(line)
            self.ending = _ENDS[kind](line, n)._replace(within=tuple(node for node, _ in place))
            self.segments.end(self.ending.kind)
            self.nest.end(self.ending.kind, place)
            if self.nest.abandoned:
                self.ending = self.ending._replace(name=ABANDONED)
            self._drop(self.ending.dropped)
        else:
            raise NotALine(f"is of the kind `{visible(kind[:40])}`, which {FORMAT} does not know there")


def _header(line: Members, kind: str, run: str) -> Header:
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
        started=members.moment("started"),
        actor=actor_of(members),
        authenticated_by=members.take("authenticated_by", str),
        payload=members.any("payload"),
        payload_digest=members.any("payload_digest"),
        fingerprint=members.take("fingerprint", dict),
        config=members.maybe("config", dict, {}),
        request_id=members.maybe("request_id", str, ""),
        configs=_configs(members),
        waivers=waivers_of(members),
        subjects=_subjects(members),
    )
    members.end()
    return header


def _subjects(members: Members) -> tuple[str, ...]:
    subjects = members.maybe("subjects", list, [])
    if not all(map(is_subject_id, subjects)):
        raise NotALine("has a subject that is no digest")
    return tuple(subjects)


def _configs(header: Members) -> dict[str, dict[str, Value]]:
    """Of other bindings, by binding."""
    configs = header.maybe("configs", dict, {})
    if not all(isinstance(config, dict) for config in configs.values()):
        raise NotALine("has another kind of value at `configs` than the format")
    return configs


def _passed(line: Members, n: int, kind: str) -> Passed:
    overridden = overridden_of(line) if kind == "intent" else ()
    return Passed(
        n=n,
        kind=kind,
        node=line.take("node", str),
        target=line.take("target", str) if kind not in ("each", "wait") else "",
        outcome=line.take("outcome", str),
        steps=tuple(_step(step) for step in line.each("steps")) if kind in ("contract", "process", "undo") else (),
        refused=tuple(_problem(problem) for problem in line.each("refused")) if kind not in _UNREFUSED else (),
        inputs=line.value("inputs") if kind not in ("intent", "wait") else None,
        outputs=line.value("outputs"),
        overridden=overridden,
        audit=tuple(_violation(rule) for rule in line.each("audit")) if kind == "intent" else (),
    )


def _violation(rule: Members) -> Violation:
    return Violation(
        rule=rule.take("rule", str),
        field=rule.take("field", str),
        level=rule.take("level", str),
        times=rule.count("count"),
        of=rule.count("of"),
        acts=rule.take("acts", bool),
        value=rule.value("value"),
    )


def _returned(line: Members, n: int) -> Returned:
    kind = line.take("exit", str)
    if kind not in (*_KINDS, "CANCELLED"):
        raise NotALine(f"ends at an exit that is none of {', '.join(_KINDS)}")
    return Returned(
        n=n,
        kind=kind,
        name=line.take("name", str),
        node=line.take("node", str),
        result=line.maybe("result", dict, {}),
        emitted=line.maybe("emitted", dict, {}),
        dropped=_dropped(line, n),
    )


def _problem(problem: Members) -> Problem:
    found = Problem(*(problem.maybe(name, str, "") for name in ("at", "why", "rule", "step", "name")))
    problem.end()
    return found


def _step(members: Members) -> Step:
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
        outside = members.has("side_effect")
        who, operation = members.take("side_effect" if outside else "store", str), members.take("operation", str)
        inputs, outputs = members.any("inputs"), members.take("outputs", dict)
        done = (Asked if outside else Stored)(step, outcome, who, operation, inputs, outputs)
    members.end()
    return done


def _looked(members: Members) -> Looked:
    looked = Looked(members.take("op", str), tuple(members.take("of", list)), members.take("held", bool))
    members.end()
    if looked.op not in OPERATORS or len(looked.of) != (0 if looked.op == "exists" else 2):
        raise NotALine("has a comparison that the format does not know")
    return looked


def _exit(line: Members, n: int) -> Ending:
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
        dropped=_dropped(line, n),
        why="",
        exit_code=None,
    )


def _cancelled(line: Members, n: int) -> Ending:
    return Ending(
        n=n,
        kind="CANCELLED",
        name="CANCELLED",
        node="",
        result={},
        emitted={},
        effects=_effects(line),
        lines=line.count("lines"),
        dropped=_dropped(line, n),
        why="",
        exit_code=None,
    )


def _fault(line: Members, n: int) -> Ending:
    fault = line.inner("fault")
    code = fault.count("exit_code")
    if code not in _EXIT_CODES:
        raise NotALine("has an `exit_code` that the format does not know")
    ending = Ending(
        n=n,
        kind=status_of_fault(code),
        name=fault.take("code", str),
        node=line.take("node", str),
        result={},
        emitted={},
        effects=_effects(line),
        lines=line.count("lines"),
        dropped=_dropped(line, n),
        why=fault.take("why", str),
        exit_code=code,
    )
    fault.end()
    return ending


def _effects(line: Members) -> dict[str, dict[str, int]]:
    effects: dict[str, dict[str, int]] = {}
    for store, counts in line.take("effects", dict).items():
        members = Members(counts)
        effects[store] = {operation: members.count(operation) for operation in counts}
    return effects


def _dropped(line: Members, n: int) -> Lines | None:
    """The lines of which the changes were dropped; they are all before this one."""
    rolled_back = line.maybe("rolled_back", dict, {})
    if not rolled_back:
        return None
    members = Members(rolled_back)
    first, last = members.count("from"), members.count("to")
    members.end()
    if not 0 < first <= last < n:
        raise NotALine("drops lines that are not before it")
    return first, last


_ENDS = {"exit": _exit, "fault": _fault, "cancelled": _cancelled}

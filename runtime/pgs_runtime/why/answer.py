"""why: which decisions sent a run where it went, and what of its payload would have sent it elsewhere.

Laws:
* nothing is written, nobody is asked, and no implementation of a store or of the outside is called but on a shadow;
* the decisions are told from the trace; what would have led elsewhere only where the run can be done again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pgs_runtime.examine.dealings import came, day
from pgs_runtime.examine.reasons import MOST_ITEMS, Case, Meaning, because, branching, cases
from pgs_runtime.faults import ExitCode, Refusal, hint_of_unknown
from pgs_runtime.replay.archive import known_of
from pgs_runtime.replay.replay import Snapshots
from pgs_runtime.replay.workbench import OF_THE_MACHINE, trying
from pgs_runtime.run.grounds import Diverged
from pgs_runtime.run.journal import Untold
from pgs_runtime.stores.port import Store
from pgs_runtime.trace.lines import refusal
from pgs_runtime.trace.reading import trace_of
from pgs_runtime.trace.traced import Decided, Inner, Passed, Stored, Trace
from pgs_runtime.trace.traced_outside import Abandoned, Awaited, Cancelled, Expired
from pgs_runtime.why.flow import Sources
from pgs_runtime.why.flow_words import code, source_words
from pgs_runtime.why.otherwise import Otherwise, otherwise
from pgs_runtime.why.trail import Point, admission, points
from pgs_runtime.why.trials import Trials
from pgs_snapshot import model
from pgs_snapshot.frozen import frozen
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.visible import visible

_BY_MACHINE = "Its machine ended the run, and not its protocol: no payload decided that."
_NAME_STORE = "Name the store that has the run: `--data-root`, `--store`."
_BOUND = ("ALREADY_EXISTS", "CONFLICT")
"""How a registry ends that has the key already."""


@frozen
class Decision:
    """A node at which the way parted.

    Attributes:
        path: the node, with those within which it stands and the numbers of their items before it.
        at: the author's line; "" where it is not known.
        to: where its outcome leads; "" where that is not known.
        why: sentences without a full stop; none where `cases` tell it.
        cases: of a decision, in order, up to the one that held.
        operands: by the author's words for them, what the operands come from.
        before: further sentences: who has written what was there already.
    """

    path: str
    outcome: str
    at: str
    to: str
    why: tuple[str, ...]
    cases: tuple[Case, ...] = ()
    operands: Mapping[str, Sources] | None = None
    before: tuple[str, ...] = ()


@frozen
class Why:
    """What is known of why a run went where it went.

    Attributes:
        decisions: those at which the way parted, the last one first; what decided within what it called behind it.
        earlier: pairs of a node and its outcome: where else another outcome would have led to other exits.
        ended: what ended it, if no decision did: a fault, a person.
        otherwise: what other payloads would have done; None: that cannot be told, and `untold` says why.
    """

    trace: Trace
    decisions: tuple[Decision, ...]
    earlier: tuple[tuple[str, str], ...]
    ended: tuple[str, ...]
    otherwise: Otherwise | None
    untold: str
    to: str


def why(
    lines: Sequence[bytes], snapshots: Snapshots, store: Store | None, fingerprint: Mapping[str, str], to: str = ""
) -> Why:
    """Say why a run went where it went. Whether its lines are sound was asked before, of `pgs_runtime.evidence.verify`.

    Args:
        store: the one that has the run, if it is at hand; it is only read.
        fingerprint: what this process runs on.
        to: the only exit that a change of the payload has to lead to, its node or its name.

    Raises:
        Refusal: R055, the trace does not fit its snapshot; R160, no workflow ran; R161, the workflow has no such exit.
    """
    trace = trace_of(lines)
    workflow = trace.header.workflow
    if trace.is_operators:
        acted = "loaded rows" if trace.is_load else "erased somebody" if trace.erased else "spoke about a rule"
        message = f"Somebody {acted} here: no workflow ran, and nothing was decided."
        raise Refusal("R160", message, ExitCode.USAGE)
    snapshot = snapshots(trace.header.snapshot)
    if snapshot is not None and workflow not in snapshot.workflows():
        snapshot = None
    if to and snapshot is not None:
        _demand_exit(snapshot.graph(workflow), to)
    teller = _Teller(trace, snapshot, store)
    told = tuple(teller.decisions())
    found, untold = _otherwise(trace, lines, snapshot, store, (fingerprint, to))
    return Why(trace, told, tuple(teller.earlier()), (*teller.overridden(), *_ended(trace)), found, untold, to)


def _demand_exit(graph: model.Graph, to: str) -> None:
    exits = [node for node in graph.nodes if isinstance(node, model.ExitNode)]
    names = sorted({name for node in exits for name in (node.id, *node.names)})
    if to not in names:
        message = f"`{graph.workflow}` has no exit `{visible(to)}`."
        raise Refusal("R161", message, ExitCode.USAGE, hint=hint_of_unknown(to, names))


# --- what was decided ----------------------------------------------------------------------------


class _Teller:
    def __init__(self, trace: Trace, snapshot: Snapshot | None, store: Store | None) -> None:
        self._trace = trace
        self._meaning = Meaning(snapshot, trace.header.workflow)
        self._store = store
        known: tuple[Point, ...] = ()
        if snapshot is not None:
            try:
                known = points(trace, snapshot)
            except LookupError as strange:
                message = "It tells of what the snapshot that it names does not have, so that no run has left it."
                raise refusal(message, trace.header.run) from strange
        self._points = {point.path: point for point in known}

    def decisions(self) -> Iterator[Decision]:
        ending = self._trace.ending
        if ending is not None and (ending.is_fault or ending.kind == "CANCELLED"):
            return
        yield from self._deciding(self._trace, self._meaning, "", "")

    def overridden(self) -> Iterator[str]:
        """Which rules did not hold, and were overridden."""
        for passed in self._trace.passed[:1]:
            for each in passed.overridden:
                by = code(str(each.by.get("id")))
                said = f"The rule {code(each.rule)} did not hold, and {by} had overridden it until {day(each.until)}"
                yield f"{said}, for the reason {code(each.reason)}."

    def earlier(self) -> Iterator[tuple[str, str]]:
        """The other nodes of the workflow at which the way parted."""
        ending = self._trace.ending
        last = 0 if ending is not None and (ending.is_fault or ending.kind == "CANCELLED") else 1
        parted = list(branching(self._trace, self._meaning))
        yield from ((passed.node, passed.outcome) for passed in parted[: len(parted) - last])

    def _deciding(self, run: Trace | Inner, meaning: Meaning, shown: str, bare: str) -> Iterator[Decision]:
        """The last node at which a way parted, and what decided within it.

        Args:
            shown, bare: the path of what called, with the numbers of items and without.
        """
        parted = list(branching(run, meaning))
        if not parted:
            return
        passed = parted[-1]
        point = self._points.get(bare + passed.node)
        node = meaning.node(passed.node)
        step = passed.steps[-1] if passed.steps and not passed.refused else None
        decided = cases(step, meaning.contract(passed.target)) if isinstance(step, Decided) else ()
        told = () if decided or passed.kind == "call" else tuple(because(passed, meaning, code, visible))
        told += (*self._when(passed), *(self._rules(passed) if not bare else ()))
        yield Decision(
            path=shown + passed.node,
            outcome=passed.outcome,
            at=node.at if node else "",
            to=meaning.leads(passed),
            why=told,
            cases=decided,
            operands=point.operands if point else None,
            before=tuple(self._before(passed)),
        )
        short = [inner for inner in passed.inside if passed.kind == "call" or _fell_short(inner)]
        for inner in short[:MOST_ITEMS]:
            item = "" if inner.iteration is None else f"[{inner.iteration}]"
            path = f"{passed.node}{item}/"
            yield from self._deciding(inner, meaning.inside(inner), shown + path, f"{bare}{passed.node}/")

    def _when(self, passed: Passed) -> Iterator[str]:
        """When a wait was answered, and how long it would have gone on."""
        exchange = next((one for one in passed.asks if one.events), None) if passed.kind == "wait" else None
        if exchange is not None and isinstance(exchange.ask, Awaited):
            last, due = exchange.events[-1], day(exchange.ask.due)
            that = "that was seen" if isinstance(last, Expired) else "that was"
            yield f"{that} on {day(last.time)}, and the wait was until {due}"

    def _rules(self, passed: Passed) -> Iterator[str]:
        """What the rules that do not hold look at."""
        intent = self._meaning.intent(passed.target) if passed.kind == "intent" else None
        looked = admission(intent) if intent else {}
        broken = {problem.rule: problem.name or problem.rule for problem in passed.refused if problem.rule}
        for at, name in broken.items():
            if words := source_words(looked.get(at, frozenset())):
                yield f"{'that rule' if len(broken) == 1 else f'the rule {code(name)}'} looks at {words}"

    def _before(self, passed: Passed) -> Iterator[str]:
        """Which run has written what was there already."""
        for step in passed.steps:
            inputs = step.inputs if isinstance(step, Stored) else None
            key = inputs.get("key") if isinstance(inputs, dict) else None
            if not isinstance(step, Stored) or self._store is None or not isinstance(key, str):
                continue
            cell = self._store.get("registry", step.store, key) if step.outcome in (*_BOUND, "SUCCESS") else None
            if cell is not None and cell.run != self._trace.header.run:
                yield f"{code(step.store)} has held {code(key)} since the run {code(cell.run)}, line {cell.line + 1}"


def _fell_short(inner: Inner) -> bool:
    return inner.ending is not None and inner.ending.kind != "COMPLETED"


def _ended(trace: Trace) -> Iterator[str]:
    """What ended a run that no decision ended."""
    ending = trace.ending
    if ending is not None and ending.is_fault:
        within = "".join(f" within {code(node)}" for node in reversed(ending.within))
        where = f" at {code(ending.node)}{within}" if ending.node else ""
        yield f"The run broke off{where} with the fault {code(ending.name)}: {visible(ending.why)}"
    elif ending is not None and ending.kind == "CANCELLED":
        for segment in trace.segments:
            for event in segment.events:
                said = came(event, code, visible)
                if isinstance(event, Cancelled | Abandoned) or getattr(event, "verdict", "") == "give_up":
                    yield f"On {day(segment.time)}, {said}."


# --- what would have led elsewhere ---------------------------------------------------------------


def _otherwise(
    trace: Trace,
    lines: Sequence[bytes],
    snapshot: Snapshot | None,
    store: Store | None,
    asked: tuple[Mapping[str, str], str],
) -> tuple[Otherwise | None, str]:
    fingerprint, to = asked
    ending = trace.ending
    if ending is None:
        return None, "The run has not ended, so nothing can be said of other payloads."
    if ending.kind == "CANCELLED":
        return None, "A person ended the run: no payload decided that."
    if snapshot is None:
        return None, "The snapshot that ran is not at hand, so nothing can be said of other payloads."
    if dict(trace.header.fingerprint) != dict(fingerprint):
        return None, "The run was made on another engine or Python, so that nothing can be said here of other payloads."
    by_machine = ending.is_fault and ending.name in OF_THE_MACHINE
    with trying(snapshot, store) as bench:
        try:
            known = known_of(lines, store, lambda id: bench if id == snapshot.id else None)
        except (Untold, Diverged) as untold:
            if isinstance(untold, Diverged) and by_machine:
                return None, _BY_MACHINE
            why = f"The record does not show what it takes to do the run again: {untold}."
            return None, why if store is not None and store.run(trace.header.run) else f"{why} {_NAME_STORE}"
        graph = snapshot.graph(trace.header.workflow)
        first = next(node for node in graph.nodes if isinstance(node, model.IntentNode))
        trials = Trials(bench, known, snapshot.intent(first.intent), to)
        if (trials.base.kind, trials.base.name) != (ending.kind, ending.name):
            other = "Doing the run again does not end as it did, so nothing can be said of other payloads."
            return None, _BY_MACHINE if by_machine else other
        return otherwise(trials, trace, snapshot, known.given.payload, to), ""

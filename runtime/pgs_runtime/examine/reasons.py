"""Why a run went the way it did: what its trace recorded, joined to what the sealed protocol says there.

Laws:
* the protocol only explains. What it does not know, or knows otherwise, is told by the trace alone;
* nothing is computed again: which comparison held is on record, only its place in the conditions is sought.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from pgs_runtime.examine.governed import blocked, body, violations
from pgs_runtime.examine.words import Code, words_for
from pgs_runtime.trace.traced import Asked, Computed, Decided, Inner, Looked, Passed, Problem, Stored, Trace
from pgs_runtime.trace.traced_outside import UNKNOWN, Expired, Reconciled, Sent, Spot
from pgs_snapshot import model
from pgs_snapshot.frozen import frozen
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value

MOST_ITEMS = 5
"""Items of a list within a sentence."""

OPERATORS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "eq": ("equals", "does not equal"),
        "ne": ("differs from", "does not differ from"),
        "lt": ("is less than", "is not less than"),
        "le": ("is at most", "is more than"),
        "gt": ("is more than", "is at most"),
        "ge": ("is at least", "is less than"),
        "in": ("is one of", "is none of"),
        "not_in": ("is none of", "is one of"),
        "matches": ("matches", "does not match"),
        "exists": ("is there", "is not there"),
    }
)
"""What a comparison says when it holds, and when it does not."""


class Meaning:
    """What a snapshot says about the names in a trace; silent about those that it does not know."""

    def __init__(self, snapshot: Snapshot | None, workflow: str) -> None:
        self._snapshot = snapshot
        self.graph = self._graph(workflow)
        self._nodes = {node.id: node for node in self.graph.nodes} if self.graph else {}

    def _graph(self, workflow: str) -> model.Graph | None:
        try:
            return self._snapshot.graph(workflow) if self._snapshot else None
        except KeyError:
            return None

    def inside(self, inner: Inner) -> Meaning:
        """What the snapshot says of a workflow that was called."""
        return Meaning(self._snapshot, inner.workflow or self._only(inner.node))

    def at(self, spot: Spot) -> Meaning:
        """What the snapshot says of the workflow that a spot is in, where only one can be."""
        within = self
        for node, _ in spot.place:
            within = Meaning(self._snapshot, within._only(node))
        return within

    def _only(self, id: str) -> str:
        """The workflow that a node calls, "" where it can be one of several."""
        node = self.node(id)
        called = node.call.workflows if isinstance(node, model.CallNode | model.EachNode) else ()
        return called[0] if len(called) == 1 else ""

    def signal(self, id: str, name: str) -> model.Signal | None:
        """A signal of a wait."""
        node = self.node(id)
        signals = node.signals if isinstance(node, model.WaitNode) else ()
        return next((signal for signal in signals if signal.name == name), None)

    def node(self, id: str) -> model.Node | None:
        return self._nodes.get(id)

    def contract(self, name: str) -> model.Contract | None:
        try:
            return self._snapshot.contract(name) if self._snapshot else None
        except KeyError:
            return None

    def process(self, name: str) -> model.Process | None:
        try:
            return self._snapshot.process(name) if self._snapshot else None
        except KeyError:
            return None

    def intent(self, name: str) -> model.Intent | None:
        try:
            return self._snapshot.intent(name) if self._snapshot else None
        except KeyError:
            return None

    def mode(self, step: Stored | Asked) -> Literal["read", "write"] | None:
        """Whether an operation may change its store, or something outside."""
        if self._snapshot is None:
            return None
        try:
            if isinstance(step, Stored) and step.store.partition("::")[2].startswith("CX_"):
                return "write" if step.operation == "COMMIT" else "read"
            if isinstance(step, Asked):
                return self._snapshot.side_effect(step.side_effect).operations[step.operation].mode
            return self._snapshot.store(step.store).operations[step.operation].mode
        except KeyError:
            return None

    def summary(self, passed: Passed) -> str:
        """The author's words for a node, else for what stands there."""
        node = self.node(passed.node)
        artifact: model.Intent | model.Contract | model.Process | model.Graph | None
        match passed.kind:
            case "intent":
                artifact = self.intent(passed.target)
            case "undo":
                taking = self.contract(passed.target)
                return taking.summary if taking else ""
            case "contract":
                artifact = self.contract(passed.target)
            case "process":
                artifact = self.process(passed.target)
            case _:
                artifact = self._graph(passed.target) if passed.target else None
        return (node.summary if node else "") or (artifact.summary if artifact else "")

    def leads(self, passed: Passed) -> str:
        """Where a node's outcome leads, "" where that is not known. What takes a node back leads nowhere of its own."""
        if passed.undoes:
            return ""
        edge = self.edges(passed.node).get(passed.outcome)
        return edge.to if edge else ""

    def edges(self, id: str) -> Mapping[str, model.Edge]:
        """A node's edges by outcome; none of an exit, or of a node that is not known."""
        node = self.node(id)
        return {} if node is None or isinstance(node, model.ExitNode) else node.next


# --- the decision that mattered ------------------------------------------------------------------


def deciding(trace: Trace | Inner, meaning: Meaning) -> Passed | None:
    """The last node at which another outcome would have left other exits within reach, or none.

    Without the graph, the last node that decided or refused something.
    """
    if meaning.graph is None:
        passed_by = [passed for passed in reversed(trace.passed) if not passed.undoes and passed.outcome]
        told = (passed for passed in passed_by if passed.refused or _decides(passed))
        return next(told, None)
    return next(branching(trace, meaning, last_first=True), None)


def branching(trace: Trace | Inner, meaning: Meaning, last_first: bool = False) -> Iterator[Passed]:
    """The nodes on the way at which another outcome would have left other exits within reach.

    Without the graph, the node that `deciding` finds.
    """
    if meaning.graph is None:
        found = deciding(trace, meaning)
        yield from (found,) if found else ()
        return
    ahead = _exits_ahead(meaning.graph)
    for passed in reversed(trace.passed) if last_first else trace.passed:
        taken = meaning.leads(passed)
        if taken and any(ahead[edge.to] != ahead[taken] for edge in meaning.edges(passed.node).values()):
            yield passed


def _decides(passed: Passed) -> bool:
    return passed.kind == "wait" or any(isinstance(step, Decided) for step in passed.steps)


def _exits_ahead(graph: model.Graph) -> dict[str, frozenset[str]]:
    """The exits that can be reached from each node."""
    ahead: dict[str, frozenset[str]] = {}
    for node in reversed(graph.nodes):
        if isinstance(node, model.ExitNode):
            ahead[node.id] = frozenset([node.id])
        else:
            ahead[node.id] = frozenset().union(*(ahead[edge.to] for edge in node.next.values()))
    return ahead


# --- cases of a decision -------------------------------------------------------------------------


@frozen
class Operand:
    """A value, and the reference that gave it, "" where it was written out or is not known."""

    name: str
    value: Value


@frozen
class Comparison:
    """One comparison as it was made. Of `exists` the only operand has no value."""

    op: str
    operands: tuple[Operand, ...]
    held: bool


@frozen
class Case:
    """One case as it was looked at: counted from 1, with the author's line, "" where that is not known."""

    number: int
    outcome: str
    at: str
    held: bool
    comparisons: tuple[Comparison, ...]


def cases(decided: Decided, contract: model.Contract | None) -> tuple[Case, ...]:
    """The cases of a decision up to the one that held.

    Without the protocol only that one is known; then it has all comparisons.
    """
    steps = contract.steps if contract else ()
    for step in steps:
        if step.name == decided.step and isinstance(step, model.DecideStep) and contract:
            try:
                return tuple(_joined(decided, step.cases, contract.slots))
            except _Apart:
                break
    looked = tuple(_compared(item, ("",) * max(len(item.of), 1)) for item in decided.looked)
    return (Case(decided.case + 1, decided.outcome, "", True, looked),)


class _Apart(Exception):
    """What was recorded does not fit the conditions of the protocol."""


def _joined(decided: Decided, sealed: Sequence[model.Case], slots: Sequence[str]) -> Iterator[Case]:
    looked = iter(decided.looked)
    for number, case in enumerate(sealed[: decided.case + 1], start=1):
        found: list[Comparison] = []
        held = case.when is None or _follow(case.when, looked, slots, found)
        if held is not (number == decided.case + 1):
            raise _Apart
        yield Case(number, case.outcome, case.at, held, tuple(found))
    if next(looked, None) is not None or len(sealed) <= decided.case:
        raise _Apart


def _follow(
    condition: model.Condition, looked: Iterator[Looked], slots: Sequence[str], found: list[Comparison]
) -> bool:
    """Take the comparisons that a condition made, in its order, and say whether it held."""
    match condition:
        case model.All(conditions):
            return all(_follow(inner, looked, slots, found) for inner in conditions)
        case model.Any_(conditions):
            return any(_follow(inner, looked, slots, found) for inner in conditions)
        case model.Not(inner):
            return not _follow(inner, looked, slots, found)
        case model.Compare(op, operands):
            item = next(looked, None)
            if item is None or item.op != op:
                raise _Apart
            found.append(_compared(item, tuple(reference(operand, slots) for operand in operands)))
            return item.held


def _compared(looked: Looked, names: tuple[str, ...]) -> Comparison:
    values = looked.of or (None,)
    return Comparison(
        looked.op, tuple(Operand(name, value) for name, value in zip(names, values, strict=True)), looked.held
    )


def reference(expr: model.Expr, slots: Sequence[str]) -> str:
    """`$.inputs.tool_name`; "" of what is no reference."""
    if not isinstance(expr, model.Ref) or expr.slot >= len(slots):
        return ""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in expr.path)
    return f"$.{slots[expr.slot]}{steps}"


# --- in words ------------------------------------------------------------------------------------


def sentence(comparison: Comparison, code: Code) -> str:
    """`$.inputs.n` (3) is not less than 3."""
    words = OPERATORS[comparison.op][0 if comparison.held else 1]
    left, *right = (_operand(operand, comparison.op, code) for operand in comparison.operands)
    return " ".join([left, words, *right])


def _operand(operand: Operand, op: str, code: Code) -> str:
    if op == "exists":
        return code(operand.name) if operand.name else "the value"
    value = words_for(operand.value, code)
    return f"{code(operand.name)} ({value})" if operand.name else value


def because(passed: Passed, meaning: Meaning, code: Code, prose: Code) -> list[str]:
    """Why a node ended as it did: what was refused, what was compared, or who answered so."""
    if passed.refused:
        return [_refused(problem, code, prose) for problem in passed.refused]
    if blocked(passed):
        return [f"the rule {said}" for said in violations(passed, code)]
    run = body(passed)
    if run is not None:
        return [f"{code(run.transform)} answered {code(run.outcome)}"]
    if passed.inside:
        return _called(passed, meaning, code, prose)
    if passed.kind == "wait":
        return _heard(passed, code)
    if not passed.steps:
        return []
    step = passed.steps[-1]
    match step:
        case Decided():
            looked = cases(step, meaning.contract(passed.target))
            decisive = looked[-1].comparisons or [item for case in looked for item in case.comparisons]
            return [sentence(item, code) for item in decisive]
        case Computed():
            gave = f" with {words_for(step.outputs, code)}" if step.outputs else ""
            return [f"{code(step.transform)} answered {code(step.outcome)}{gave}"]
        case Stored():
            about = f" for {named(step, code)}" if named(step, code) else ""
            return [f"{code(step.store)} answered {code(step.outcome)} to {code(step.operation)}{about}"]
        case Asked():
            return [_outside(passed, step, code)]


def _heard(passed: Passed, code: Code) -> list[str]:
    """How a wait ended: who sent what, or that its time was over."""
    last = next((exchange.events[-1] for exchange in passed.asks if exchange.events), None)
    if isinstance(last, Sent) and last.message is not None:
        return [f"the run {code(last.message.run)} of {code(last.message.workflow)} emitted {code(last.event)}"]
    if isinstance(last, Sent):
        return [f"{code(str(last.by.actor.get('id')))} sent {code(last.event)}"]
    return ["its time was over"] if isinstance(last, Expired) else []


def _outside(passed: Passed, step: Asked, code: Code) -> str:
    """How an external effect ended, and who knows that."""
    what = f"{code(step.operation)} of {code(step.side_effect)}"
    last = next((exchange.events[-1] for exchange in reversed(passed.asks) if exchange.events), None)
    if isinstance(last, Reconciled):
        return f"{code(str(last.by.actor.get('id')))} said that {what} ended as {code(step.outcome)}"
    if step.outcome == UNKNOWN:
        return f"nobody knows whether {what} took place"
    return f"{code(step.side_effect)} answered {code(step.outcome)} to {code(step.operation)}"


def _called(passed: Passed, meaning: Meaning, code: Code, prose: Code) -> list[str]:
    """How what was called ended: of a call with its own reasons, of a loop those items that did not complete."""
    if passed.kind == "call":
        inner = passed.inside[0]
        within = meaning.inside(inner)
        mattered = deciding(inner, within)
        why = because(mattered, within, code, prose) if mattered else []
        at = f" at {code(inner.ending.node)}" if inner.ending else ""
        return [f"{code(inner.workflow)} ended as {code(passed.outcome)}{at}", *why]
    short = [inner for inner in passed.inside if inner.ending and inner.ending.kind != "COMPLETED"]
    told = [
        f"item {inner.iteration} ended as {code(inner.ending.name)}" for inner in short[:MOST_ITEMS] if inner.ending
    ]
    more = [f"{len(short) - MOST_ITEMS} more did not complete"] if len(short) > MOST_ITEMS else []
    return [*told, *more]


def _refused(problem: Problem, code: Code, prose: Code) -> str:
    if problem.rule:
        name = f"{code(problem.name)} " if problem.name else ""
        return f"the rule {name}at {code(problem.rule)} does not hold"
    step = f" for the step {code(problem.step)}" if problem.step else ""
    return f"{code(problem.at or '/')}{step} {prose(problem.why)}"


def named(step: Stored, code: Code) -> str:
    """The key or stream that an operation asked for, "" if it has none."""
    inputs = step.inputs if isinstance(step.inputs, dict) else {}
    name = inputs.get("key", inputs.get("stream"))
    if name is None:
        return ""
    return code(name) if isinstance(name, str) else words_for(name, code)


def written(step: Stored | Asked) -> dict[str, Value]:
    """What an operation asked to write, beside its key or stream; of one outside, all that it was given."""
    if isinstance(step, Asked):
        return step.inputs if isinstance(step.inputs, dict) else {}
    inputs = step.inputs if isinstance(step.inputs, dict) else {}
    return {name: value for name, value in inputs.items() if name not in ("key", "stream")}

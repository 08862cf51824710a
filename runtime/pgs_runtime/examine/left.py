"""What a run has left: changes that stand, and events, its own and those of workflows that it called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgs_runtime.examine.reasons import Meaning
from pgs_runtime.trace.traced import Asked, Inner, Passed, Returned, Stored, Trace
from pgs_runtime.trace.traced_outside import UNKNOWN, UNREADABLE, Exchange, Intended, Reconciled, Replied
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Value


@frozen
class Change:
    """Something that was changed and stands.

    Attributes:
        where: the store, or the external side effect.
        step: the step that did it; None: `count` such operations, and which steps did them is not known.
        undoes: it takes back what the node did before.
        taken_back: the node that was taken back later, this one or one around it, "" if none was.
        unknown: nobody knows whether it took place.
    """

    where: str
    operation: str
    count: int
    node: str = ""
    step: Stored | Asked | None = None
    undoes: bool = False
    taken_back: str = ""
    unknown: bool = False


@frozen
class Emission:
    """An event that was emitted; `within`: where, "" by the run itself."""

    event: str
    fields: Value
    within: str


def changes(trace: Trace, meaning: Meaning) -> Iterator[Change]:
    """What stands; of a run that goes on, what stands so far by the nodes that have ended."""
    taken = dict(_taken_back(trace.passed))
    done = [
        Change(_where(step), step.operation, 1, passed.node, step, passed.undoes, taken.get(passed.n, ""))
        for passed in trace.standing
        for step in passed.steps
        if isinstance(step, Stored | Asked)
    ]
    if trace.ending is None:
        yield from (change for change in done if _changed(change, meaning))
    else:
        for where, operations in sorted(trace.ending.effects.items()):
            for operation, count in sorted(operations.items()):
                such = [each for each in done if (each.where, each.operation) == (where, operation) and _took(each)]
                yield from such if len(such) == count else (Change(where, operation, count),)
        yield from _unanswered(trace)
    for change in done:
        step = change.step
        if isinstance(step, Asked) and step.outcome in (UNKNOWN, UNREADABLE) and meaning.mode(step) != "read":
            yield Change(change.where, change.operation, 1, change.node, step, change.undoes, unknown=True)


def _where(step: Stored | Asked) -> str:
    return step.store if isinstance(step, Stored) else step.side_effect


def _took(change: Change) -> bool:
    """Whether a step can have changed anything. A store's answer alone does not tell that."""
    return isinstance(change.step, Stored) or (change.step is not None and change.step.outcome == "SUCCESS")


def _changed(change: Change, meaning: Meaning) -> bool:
    step = change.step
    return step is not None and step.outcome == "SUCCESS" and meaning.mode(step) == "write"


def _unanswered(trace: Trace) -> Iterator[Change]:
    """External effects that a run left when it ended, of which nobody knows."""
    for passed in trace.nodes:
        for exchange in passed.asks:
            ask = exchange.ask
            if isinstance(ask, Intended) and not _settled(exchange):
                step = Asked(ask.spot.step, "", ask.side_effect, ask.operation, ask.inputs, None)
                yield Change(ask.side_effect, ask.operation, 1, passed.node, step, passed.undoes, unknown=True)


def _settled(exchange: Exchange) -> bool:
    last = exchange.events[-1] if exchange.events else None
    return isinstance(last, Replied) or (isinstance(last, Reconciled) and last.verdict != "retry")


def _taken_back(passed: Sequence[Passed], around: str = "") -> Iterator[tuple[int, str]]:
    """The lines of the nodes that were taken back, and of all that was done within them, each with that node."""
    undone = {each.node for each in passed if each.took_back}
    for each in passed:
        back = each.node if each.node in undone and not each.undoes else around
        for inner in each.inside:
            yield from _taken_back(inner.passed, back)
        if back:
            yield each.n, back


# --- events --------------------------------------------------------------------------------------


def emissions(trace: Trace) -> Iterator[Emission]:
    """Events that were emitted and not dropped: by what was called, in the order in which that ended, then its own."""
    ending, failed = trace.ending, frozenset[int]()
    if ending is not None and ending.is_fault:
        failed = frozenset([trace.segment_of(ending.n)])
    elif ending is not None and ending.kind == "FAILED":
        failed = frozenset([_failed_in(trace, trace.passed, ending.n)])
    within = [pair for node in trace.passed for inner in node.inside for pair in _within(trace, inner, "", failed)]
    yield from (emission for _, emission in sorted(within, key=lambda pair: pair[0]))
    for event, fields in sorted((ending.emitted if ending else {}).items()):
        yield Emission(event, fields, "")


def _within(trace: Trace, inner: Inner, above: str, failed: frozenset[int]) -> Iterator[tuple[int, Emission]]:
    """What a workflow that was called has emitted, and those that it called, with the line that tells of it.

    Args:
        failed: the segments in which something around it failed, which dropped what was emitted there.
    """
    path = f"{above}/{inner.node}" if above else inner.node
    path = path if inner.iteration is None else f"{path}[{inner.iteration}]"
    ending: Returned | None = inner.ending
    own = failed
    if ending is not None and ending.kind == "FAILED":
        own = failed | {_failed_in(trace, inner.passed, ending.n)}
    for node in inner.passed:
        for called in node.inside:
            yield from _within(trace, called, path, own)
    if ending is not None and trace.segment_of(ending.n) not in failed:
        for event, fields in sorted(ending.emitted.items()):
            yield ending.n, Emission(event, fields, path)


def _failed_in(trace: Trace, passed: Sequence[Passed], end: int) -> int:
    """The segment in which a workflow failed: what is taken back afterwards may ask the outside."""
    first = next((each for each in passed if each.undoes), None)
    if first is None:
        return trace.segment_of(end)
    return trace.segment_of(first.asks[0].ask.n if first.asks else first.n)

"""The smallest change of a payload that would have led a run elsewhere, or why none could.

Laws:
* nothing is claimed that was not tried, by doing the recorded run again;
* that no change could is said only where no outcome on the way can depend on the payload;
* what carries a label is never part of an answer, nor what was found by comparing with it.
"""

from __future__ import annotations

from pgs_runtime.examine.reasons import Meaning, deciding
from pgs_runtime.trace.traced import Trace
from pgs_runtime.why.flow import Source, Sources
from pgs_runtime.why.flow_words import ordered
from pgs_runtime.why.nearby import schema_at
from pgs_runtime.why.searching import Elsewhere, Field, Search, path_of
from pgs_runtime.why.trail import Point, admission, points, rules_of
from pgs_runtime.why.trials import Trials
from pgs_snapshot import model
from pgs_snapshot.frozen import frozen
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value


@frozen
class Otherwise:
    """What is known of other payloads.

    Attributes:
        found: for each member the nearest, the smallest change first.
        farther: where that ends in the same kind of exit, the smallest that ends in another.
        tried: how many payloads.
        proved: no outcome on the way can depend on the payload; so nothing had to be tried.
        depends: on what the outcomes on the way depend.
        spent: more could have been tried.
    """

    found: tuple[Elsewhere, ...]
    tried: int
    proved: bool
    depends: tuple[Source, ...]
    spent: bool
    asks_admission: bool
    farther: Elsewhere | None = None


def otherwise(trials: Trials, trace: Trace, snapshot: Snapshot, payload: Value, to: str = "") -> Otherwise:
    """Look for the smallest change of the payload of a run that has ended.

    Args:
        to: the only exit that is wanted, its node or name.
    """
    graph = snapshot.graph(trace.header.workflow)
    intent = _intent(snapshot, graph)
    trials.asks_admission = trials.base.admitted and to != "" and _is_refusal(graph, to)
    way = _refusals(trace, intent) if not trials.base.admitted else points(trace, snapshot)
    if trials.asks_admission:
        way = (*way, *_rules(intent, trace.passed[0].node).values())
    depends: Sources = frozenset().union(*(point.depends for point in way))
    known = {Source(s.kind, s.path if s.kind == "run" else (), s.name) for s in depends}
    fault = trace.ending is not None and trace.ending.is_fault
    everything = trials.asks_admission or fault
    if not everything and not any(source.kind == "payload" for source in depends):
        return Otherwise((), 0, True, tuple(ordered(known)), False, False)
    decided = deciding(trace, Meaning(snapshot, trace.header.workflow))
    trials.decisive = decided.node if decided else ""
    rules: Sources = frozenset().union(*admission(intent).values())
    search = Search(trials, Field(payload, intent.payload, way, trace.header, rules, trials.decisive, everything))
    found = search.repaired(trace.passed[0].refused) if not trials.base.admitted else []
    found = found or search.singles() or search.pairs()
    farther: list[Elsewhere] = []
    if found and trials.base.admitted and not to and found[0].landing.kind == trials.base.kind:
        trials.asks_other_kind = True
        farther = search.singles() or search.pairs()
    spent = trials.spent or search.cut
    beyond = farther[0] if farther else None
    return Otherwise(tuple(found), trials.tried, False, tuple(ordered(known)), spent, trials.asks_admission, beyond)


def _intent(snapshot: Snapshot, graph: model.Graph) -> model.Intent:
    start = next(node for node in graph.nodes if isinstance(node, model.IntentNode))
    return snapshot.intent(start.intent)


def _is_refusal(graph: model.Graph, to: str) -> bool:
    """Whether an exit is one that a refused request leads to."""
    nodes = {node.id: node for node in graph.nodes}
    here = nodes[graph.start]
    ahead = [here.next["NACK"].to] if isinstance(here, model.IntentNode) else []
    for name in ahead:
        node = nodes[name]
        if isinstance(node, model.ExitNode):
            if to in (node.id, *node.names):
                return True
        else:
            ahead += [edge.to for edge in node.next.values()]
    return False


def _refusals(trace: Trace, intent: model.Intent) -> tuple[Point, ...]:
    """What each problem of a request that was not admitted depends on."""
    refused, rules = trace.passed[0], _rules(intent, trace.passed[0].node)
    found: list[Point] = []
    for problem in refused.refused:
        if problem.rule:
            found += [rules[problem.rule]] if problem.rule in rules else []
        elif problem.at.startswith("actor"):
            found.append(Point(refused.node, frozenset([Source("actor")])))
        else:
            found.append(Point(refused.node, frozenset([Source("payload", path_of(problem.at))])))
    return tuple(found)


def _rules(intent: model.Intent, node: str) -> dict[str, Point]:
    """The rules of an intent by the author's line. One that may look at a label is veiled."""
    found: dict[str, Point] = {}
    for at, looked in admission(intent).items():
        veiled = any(
            source.kind == "actor" or schema_at(intent.payload, source.path)[1]
            for source in looked
            if source.kind in ("payload", "actor") and source.path not in (("id",), ("type",))
        )
        found[at] = Point(node, looked, _operands(intent, at), veiled)
    return found


def _operands(intent: model.Intent, at: str) -> tuple[Value, ...]:
    rules = [rule for rule, line in zip(intent.requires, intent.requires_at, strict=True) if line == at]
    compares = [compare for rule in rules for compare in model.comparisons(rule)]
    limits = tuple(rule.value for rule in rules_of(intent.gate) if rule.at == at)
    return limits + tuple(
        operand.literal for compare in compares for operand in compare.operands if isinstance(operand, model.Literal_)
    )

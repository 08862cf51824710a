"""What a picture of a workflow shows, before anything is measured or drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from pgs_snapshot.drawing.kinds import Standing
from pgs_snapshot.model import (
    Callee,
    CallNode,
    ContractNode,
    EachNode,
    ExitNode,
    Graph,
    IntentNode,
    Node,
    ProcessNode,
    WaitNode,
)

MAX_NAMES = 3
"""Names of one exit, or workflows of one call, that a box lists."""
COMMITS = "◆ commits"
"""What a box says of a point of no return: what was done before it is not taken back."""


class WayNotInGraph(ValueError):
    """A run's way names a node or an outcome that the graph does not have there."""


class TooLarge(ValueError):
    """A picture of this graph would help nobody; the message says which limit it passes."""


@dataclass(frozen=True, slots=True)
class Box:
    """A node. `kind` is a key of `kinds.KINDS`; `step` is its place on the run's way, 0 if not visited."""

    id: str
    label: str
    detail: str
    kind: str
    step: int = 0
    stands: Standing = ""

    @property
    def visited(self) -> bool:
        """Whether the run came here."""
        return self.step > 0


@dataclass(frozen=True, slots=True)
class Arrow:
    """All outcomes of `source` that lead to `target`, as one arrow.

    `taken` is the outcome of the run, "" if it went elsewhere. A `main` arrow is on the longest way to
    completion: it is drawn straight down.
    """

    source: str
    target: str
    outcomes: tuple[str, ...]
    taken: str = ""
    main: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A graph to be drawn. `status` says how a run went, "" without one; every arrow's ends are boxes."""

    title: str
    subtitle: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    status: str = ""

    @property
    def shows_run(self) -> bool:
        """Whether it tells a run's way, and not the graph alone."""
        return any(box.visited for box in self.boxes)


def picture_of(
    graph: Graph,
    way: Sequence[tuple[str, str]] = (),
    run: str = "",
    taken_back: Collection[str] = (),
    state: str = "",
) -> Picture:
    """The picture of a graph and, when given, of a run's way through it.

    Args:
        way: pairs of node id and outcome in the order of the run; an exit's outcome is the name that the run
            ended under. The outcome "" says that the run stopped within the node. The node that the last
            outcome leads to counts as visited.
        run: the run's id, for the status line.
        taken_back: nodes on the way of which the run has undone what they did.
        state: how the run stands, for the status line, if it did not end at an exit.

    Raises:
        WayNotInGraph: `way` is none through this graph.
    """
    nodes = {node.id: node for node in graph.nodes}
    _follow(graph.start, nodes, way)
    visited = [node for node, _ in way]
    taken = dict(way)
    if way and (to := _target(nodes[visited[-1]], taken[visited[-1]])):
        visited.append(to)
    steps = {node: step for step, node in enumerate(visited, start=1)}
    stands: dict[str, Standing] = {node: "undone" for node in taken_back if node in steps}
    if visited and not isinstance(nodes[visited[-1]], ExitNode):
        stands[visited[-1]] = "last"
    boxes = tuple(
        replace(_box(node, graph), step=steps.get(node.id, 0), stands=stands.get(node.id, "")) for node in graph.nodes
    )
    status = _status(nodes[visited[-1]], taken, run, state) if visited else ""
    return Picture(graph.workflow, graph.summary, boxes, _arrows(graph, taken), status)


def _follow(start: str, nodes: Mapping[str, Node], way: Sequence[tuple[str, str]]) -> None:
    expected = start
    for node, outcome in way:
        if node not in nodes or node != expected:
            leads = f"leads to `{expected}`" if expected else "ends"
            raise WayNotInGraph(f"The run went on at `{node}`, where the graph {leads}.")
        known = nodes[node]
        outcomes = known.names if isinstance(known, ExitNode) else known.next
        if outcome and outcome not in outcomes:
            raise WayNotInGraph(f"`{node}` ended as `{outcome}`, which the graph does not have there.")
        expected = _target(known, outcome)


def _target(node: Node, outcome: str) -> str:
    return "" if isinstance(node, ExitNode) or not outcome else node.next[outcome].to


def _box(node: Node, graph: Graph) -> Box:
    match node:
        case IntentNode():
            detail, kind = _short(node.intent, graph.workflow), "intent"
        case ContractNode():
            detail, kind = _short(node.contract, graph.workflow), "contract"
        case ProcessNode():
            detail, kind = _short(node.process, graph.workflow), "process"
        case CallNode():
            detail, kind = _called(node.call, graph.workflow), "call"
        case EachNode():
            detail, kind = f"{_called(node.call, graph.workflow)}, up to {node.max} times", "each"
        case WaitNode():
            detail, kind = " or ".join(signal.name for signal in node.signals), "wait"
        case ExitNode():
            return Box(node.id, node.id, _named(node), node.exit)
    return Box(node.id, node.id, f"{detail} {COMMITS}" if node.id in graph.commits else detail, kind)


def _called(callee: Callee, workflow: str) -> str:
    names = [_short(name, workflow) for name in callee.workflows]
    more = len(names) - MAX_NAMES
    return " or ".join(names if more <= 0 else [*names[:MAX_NAMES], f"{more} more"])


def _short(name: str, workflow: str) -> str:
    """A name without its domain where that is the workflow's own."""
    return name.removeprefix(workflow.partition("::")[0] + "::")


def _named(node: ExitNode) -> str:
    names = [name for name in node.names if name != node.exit]
    if not names:
        return node.exit
    more = len(names) - MAX_NAMES
    listed = names if more <= 0 else [*names[:MAX_NAMES], f"{more} more"]
    return f"{node.exit}: {', '.join(listed)}"


def _status(last: Node, taken: Mapping[str, str], run: str, state: str) -> str:
    name = taken.get(last.id, "")
    if isinstance(last, ExitNode) and state and last.id not in taken:
        status = f"{state} before {last.id}"
    elif isinstance(last, ExitNode):
        reason = f", {name}" if name not in ("", last.exit) else ""
        status = f"{last.exit} at {last.id}{reason}"
    else:
        status = f"{state} at {last.id}" if state else f"Came as far as {last.id}"
    return f"{status} · run {run}" if run else status


def _arrows(graph: Graph, taken: Mapping[str, str]) -> tuple[Arrow, ...]:
    """One arrow for each pair of nodes that edges join, a main one before the others of its node."""
    outcomes: dict[tuple[str, str], list[str]] = {}
    for node in graph.nodes:
        if not isinstance(node, ExitNode):
            for outcome, edge in sorted(node.next.items()):
                outcomes.setdefault((node.id, edge.to), []).append(outcome)
    main = _main(graph, list(outcomes))
    place = {node.id: index for index, node in enumerate(graph.nodes)}
    arrows: list[Arrow] = []
    for pair in sorted(outcomes, key=lambda pair: (place[pair[0]], pair not in main)):
        came = taken.get(pair[0], "")
        chosen = came if came in outcomes[pair] else ""
        arrows.append(Arrow(*pair, tuple(outcomes[pair]), chosen, pair in main))
    return tuple(arrows)


def _main(graph: Graph, pairs: Sequence[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """The pairs on the longest way from the start to completion, where there is only one such way."""
    ends = {node.id for node in graph.nodes if isinstance(node, ExitNode) and node.exit == "COMPLETED"}
    behind = dict.fromkeys((node.id for node in graph.nodes), 0)
    for source, target in pairs:
        behind[target] = max(behind[target], behind[source] + 1)
    ahead = dict.fromkeys(ends, 0)
    for source, target in reversed(pairs):
        if target in ahead:
            ahead[source] = max(ahead.get(source, 0), ahead[target] + 1)
    longest = [
        (source, target)
        for source, target in pairs
        if target in ahead and behind[source] + 1 + ahead[target] == ahead[graph.start]
    ]
    leaving = Counter(source for source, _ in longest)
    entering = Counter(target for _, target in longest)
    return frozenset(pair for pair in longest if leaving[pair[0]] == entering[pair[1]] == 1)

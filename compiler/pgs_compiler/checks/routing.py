"""Every outcome of a node has exactly one edge, and no edge stands for one that the node cannot have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pgs_compiler.declarations import (
    CallNodeSyntax,
    Contract,
    ContractNodeSyntax,
    EachNodeSyntax,
    EdgeSyntax,
    ExitNodeSyntax,
    IntentNodeSyntax,
    Process,
    ProcessNodeSyntax,
    RoutedSyntax,
    WaitNodeSyntax,
    Workflow,
)
from pgs_compiler.elaborate.behaviour import ADMISSION
from pgs_compiler.elaborate.processes import blocked_by
from pgs_compiler.elaborate.surfaces import EMPTY_LIST, SOME_FAILED, STOPPED, TOO_MANY, Surfaces, loop_of
from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.parse.waits import EXPIRED
from pgs_compiler.program import Program
from pgs_snapshot.processes import BLOCKED
from pgs_snapshot.suggest import nearest


def check(program: Program, surfaces: Surfaces, workflow: Workflow) -> Iterator[Finding]:
    nodes = {node.id.text: node.id.place for node in workflow.nodes}
    for node in workflow.nodes:
        if isinstance(node, ExitNodeSyntax):
            continue
        yield from _targets(node.next, nodes)
        known = _declared(program, surfaces, node)
        if known is None:
            continue
        declared, disputed = known
        if node.next:
            yield from _missing(node, declared, disputed, workflow)
            yield from _impossible(node, declared, disputed)
        else:
            yield Finding(
                "F522",
                f"`{node.id.text}` leads nowhere, and it is no exit.",
                node.next_place,
                f"it ends as {', '.join(sorted(declared)) or 'nothing'}",
            )


def _declared(
    program: Program, surfaces: Surfaces, node: RoutedSyntax
) -> tuple[Mapping[str, Place], frozenset[str]] | None:
    """The outcomes that a node ends as, and those that are not judged here: its contract contradicts itself
    about them, or they depend on the list of an `each`. None where a finding leaves open how it ends."""
    match node:
        case IntentNodeSyntax():
            return dict.fromkeys(ADMISSION, node.intent.place), frozenset()
        case ContractNodeSyntax():
            contract = program.get(node.contract, Contract)
            declared = {outcome.name.text: outcome.name.place for outcome in contract.outcomes}
            return declared, surfaces.contracts[node.contract.text].disputed
        case ProcessNodeSyntax():
            process = program.get(node.process, Process)
            declared = {outcome.name.text: outcome.name.place for outcome in process.outcomes}
            # Whether it can be blocked is told of once, where it is declared.
            return declared, frozenset({BLOCKED}) & declared.keys() ^ _blocks(program, process)
        case WaitNodeSyntax():
            named = {signal.name.text: signal.name.place for signal in node.signals}
            return {**named, EXPIRED: node.deadline.place}, frozenset()
        case CallNodeSyntax():
            called = surfaces.of(node.callee)
            if called is None:
                return None
            return {name: ending.place for name, ending in called.endings.items()}, frozenset()
        case EachNodeSyntax():
            called = surfaces.of(node.callee)
            if called is None:
                return None
            stops = frozenset(word.text for word, stops in node.on_item if stops)
            found = loop_of(called, stops, node.most).outputs.keys() - {EMPTY_LIST, TOO_MANY}
            # A misspelt exit is told of: whether it stops the loop is not known.
            astray = any(word.text not in called.endings for word, _ in node.on_item)
            open_ = frozenset({SOME_FAILED, STOPPED} if astray else ())
            return dict.fromkeys(found, node.callee.place), frozenset({EMPTY_LIST, TOO_MANY}) | open_


def _blocks(program: Program, process: Process) -> frozenset[str]:
    return frozenset({BLOCKED} if blocked_by(program, process.header.name) else ())


def _targets(edges: tuple[EdgeSyntax, ...], nodes: Mapping[str, Place]) -> Iterator[Finding]:
    for edge in edges:
        if edge.to.text in nodes:
            continue
        near = nearest(edge.to.text, tuple(nodes))
        yield Finding(
            "F503",
            f"`{edge.outcome.text}` leads to `{edge.to.text}`, and there is no such node.",
            edge.to.place,
            "" if near else f"known: {', '.join(sorted(nodes))}",
            hint=f"Write `{near}`." if near else "",
        )


def _missing(
    node: RoutedSyntax, declared: Mapping[str, Place], disputed: frozenset[str], workflow: Workflow
) -> Iterator[Finding]:
    routed = {edge.outcome.text for edge in node.next}
    strangers = routed - declared.keys() - disputed
    left = sorted(declared.keys() - routed - disputed)
    for outcome in left:
        if nearest(outcome, strangers) or len(left) == len(strangers) == 1:  # the edge that means it is told of
            continue
        target = _target(outcome, workflow)
        yield Finding(
            "F501",
            f"`{node.id.text}` can end as `{outcome}`, and nothing says where that goes.",
            node.next_place,
            f"no edge for `{outcome}`",
            () if isinstance(node, IntentNodeSyntax) else (Related(declared[outcome], "declared here"),),
            f"Add `{outcome}: {target}`." if target else "",
        )


def _impossible(node: RoutedSyntax, declared: Mapping[str, Place], disputed: frozenset[str]) -> Iterator[Finding]:
    missing = declared.keys() - {edge.outcome.text for edge in node.next} - disputed
    strangers = [edge for edge in node.next if edge.outcome.text not in declared.keys() | disputed]
    for edge in strangers:
        near = nearest(edge.outcome.text, missing)
        other = "" if near or len(missing) != 1 or len(strangers) != 1 else min(missing)
        yield Finding(
            "F502",
            f"`{node.id.text}` never ends as `{edge.outcome.text}`.",
            edge.outcome.place,
            f"it ends as {', '.join(sorted(declared)) or 'nothing'}" if not near else "",
            hint=f"Write `{near}`." if near else f"Is it `{other}`?" if other else "Remove this edge.",
        )


def _target(outcome: str, workflow: Workflow) -> str | None:
    """Where an edge most likely goes: to the node of that name, else to the one that nothing leads to."""
    if outcome in ADMISSION:
        kinds = {node.exit: node.id.text for node in workflow.nodes if isinstance(node, ExitNodeSyntax)}
        return kinds.get("REJECTED") if outcome == "NACK" else None
    led_to = {edge.to.text for node in workflow.nodes if not isinstance(node, ExitNodeSyntax) for edge in node.next}
    admitted = [
        node.id.text for node in workflow.nodes if not (isinstance(node, ExitNodeSyntax) and node.exit == "REJECTED")
    ]
    idle = [id for id in admitted if id not in {*led_to, workflow.start.text}]
    near = nearest(outcome, admitted)
    return near or (idle[0] if len(idle) == 1 else None)

"""What breaks a requirement, as a finding: the way through the author's own lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pgs_compiler.declarations import Contract as ContractSyntax
from pgs_compiler.declarations import (
    ContractNodeSyntax,
    ExitNodeSyntax,
    Intent,
    IntentNodeSyntax,
    NodeSyntax,
    UndoneSyntax,
    WaitNodeSyntax,
    Workflow,
)
from pgs_compiler.findings import Finding, Place, Related
from pgs_compiler.laws import AtMostSyntax, RequirementSyntax
from pgs_compiler.names import Name
from pgs_compiler.program import Program
from pgs_compiler.prove.points import Point
from pgs_compiler.prove.requirements import Broken
from pgs_snapshot.laws import Requirement, Selector

CODES: Mapping[str, str] = {
    "every_path_to": "A830",
    "after": "A831",
    "never": "A832",
    "only_from": "A833",
    "only_actors": "A834",
    "distinct_actors": "A835",
    "label": "A842",
    "requires_event": "A836",
    "at_most": "A837",
}
_SHOWN = 8  # nodes of a way


def tell(
    program: Program, workflow: Workflow, syntax: RequirementSyntax, requirement: Requirement, broken: Broken
) -> Finding:
    """The finding on a requirement that does not hold in a workflow."""
    where = _Where(program, workflow)
    name = workflow.header.name
    code, place, label = CODES[requirement.form], syntax.place, "not so"
    of, by = spoken(requirement.of), spoken(requirement.by)
    way = _way(broken)
    match requirement.form:
        case "every_path_to":
            message = f"`{name}` can come to {of} without {by}{_same(requirement)}: {way}."
            if broken.passed:
                exit = "a FAILED exit" if where.fails(broken.way[-1]) else "behind a FAILED exit of what it calls"
                message = f"`{name}` can come to {of}, {exit}, which undoes {by}: {way}."
        case "after":
            message = f"`{name}` can end behind {of} without {by}: {way}."
        case "never":
            message = f"`{name}` can come from {of} to {by}: {way}."
        case "only_from":
            message = f"`{requirement.names[0]}` of {of} in `{name}` can come from `{broken.what}`."
        case "only_actors":
            message = f"`{_short(broken.what)}` can come to {of} in `{name}`: {way}."
        case "label":
            word = requirement.names[0]
            message = f"`{word}` from `{broken.what}` comes to {of} in `{name}`: {way}."
            if not broken.what:
                message = f"{of} is declared to take what is labelled `{word}`, and `{name}` comes to it: {way}."
            label = f"`{word}` comes to it"
        case "distinct_actors":
            later = broken.way[-1]
            message = f"One person can act at `{broken.what}` and at `{later.node}` in `{name}`: {way}."
            label = f"`{later.outcome}` takes a signal from either"
        case "requires_event":
            events = " or ".join(f"`{_short(event)}`" for event in requirement.names)
            message = f"`{name}` can end without {events}: {way}."
        case "at_most":
            limit = requirement.most[broken.what]
            message = f"`{name}` can take {broken.count} {broken.what}, and the limit is {limit}: {way}."
            place = _limit(syntax, broken.what)
            label = f"{broken.count} is possible"
    return Finding(code, message, place, label, where.related(requirement, broken))


def spoken(selectors: Sequence[Selector]) -> str:
    """`` `APPEND` of `ST_AUDIT_V0` or `CC_NOTE_V0` ``."""
    return " or ".join(dict.fromkeys(_one(selector) for selector in selectors))


def _one(selector: Selector) -> str:
    name = f"`{_short(selector.name)}`" if selector.name else f"`{selector.what}`"
    inside = selector.operation or selector.step
    usual = selector.outcomes in ((), ("SUCCESS",), ("ACK",), ("COMPLETED",))
    ended = "" if usual else f" ending as {' or '.join(f'`{outcome}`' for outcome in selector.outcomes)}"
    return f"{f'`{inside}` of ' if inside else ''}{name}{ended}"


def _short(name: str) -> str:
    return name.rpartition("::")[2]


def _same(requirement: Requirement) -> str:
    names = " and ".join(f"`{name}`" for name in requirement.names)
    return f" of the same {names}" if names else ""


def _way(broken: Broken) -> str:
    """`` `admit` → ACK → `pay` → `charge` SUCCESS ``: nodes with outcomes, and the steps that matter."""
    parts: list[str] = []
    for point in broken.way:
        path = "/".join([*(frame.node for frame in point.frames), point.node])
        if point.step:
            if point in broken.marked:
                parts.append(f"`{point.step}` {point.outcome}")
        elif point.undo:
            parts.append(point.outcome or f"undo of `{point.undo}`")
        elif point.phase:
            parts.append("next")
        elif point.outcome:
            parts.append(point.outcome)
        else:
            parts.append(f"`{path}`")
    if len(parts) > 2 * _SHOWN:
        parts[_SHOWN:-_SHOWN] = ["…"]
    return " → ".join(parts)


def _limit(syntax: RequirementSyntax, amount: str) -> Place:
    limits = syntax.most if isinstance(syntax, AtMostSyntax) else ()
    return next((place for name, _, place in limits if name == amount), syntax.place)


class _Where:
    """The author's lines for points of a workflow."""

    def __init__(self, program: Program, workflow: Workflow) -> None:
        self._program = program
        self._workflow = workflow

    def related(self, requirement: Requirement, broken: Broken) -> tuple[Related, ...]:
        found = [self._actor(requirement, broken)] if broken.what else []
        if requirement.form == "label":
            nodes = [(point, self._node(point, point.undo or point.node)) for point in broken.way]
            found += [Related(node.id.place, f"by `{point.undo or point.node}`") for point, node in nodes]
        else:
            found += [self._point(point, broken) for point in broken.way]
        shown = [item for item in found if item is not None]
        return tuple(shown[: _SHOWN // 2] + shown[-_SHOWN // 2 :] if len(shown) > _SHOWN else shown)

    def _node(self, point: Point, id: str) -> NodeSyntax:
        """The node of that name beside the point's own."""
        name = point.frames[-1].workflow if point.frames else ""
        workflow = self._program.declarations[name] if name else self._workflow
        node = workflow.node(id) if isinstance(workflow, Workflow) else None
        if node is None:
            raise AssertionError(f"{name} has no node {id}")
        return node

    def fails(self, point: Point) -> bool:
        node = self._node(point, point.node)
        return isinstance(node, ExitNodeSyntax) and node.exit == "FAILED"

    def _point(self, point: Point, broken: Broken) -> Related | None:
        node = self._node(point, point.undo or point.node)
        if point.step:
            return self._step(node, point) if point in broken.marked else None
        if len(broken.way) == 1:
            return Related(node.id.place, "at this node")
        if point.undo and point.entered:
            return Related(node.id.place, f"`{point.undo}` is undone")
        if point.outcome and not point.undo and not isinstance(node, ExitNodeSyntax):
            edge = next((edge for edge in node.next if edge.outcome.text == point.outcome), None)
            return Related(edge.to.place, f"`{point.node}` → {point.outcome} → `{edge.to.text}`") if edge else None
        return None

    def _step(self, node: NodeSyntax, point: Point) -> Related | None:
        name = None
        if point.undo and isinstance(node, UndoneSyntax) and node.undo:
            name = node.undo.contract
        elif isinstance(node, ContractNodeSyntax):
            name = node.contract
        if name is None:
            return None
        contract = self._program.get(name, ContractSyntax)
        step = next(step for step in contract.steps if step.name.text == point.step)
        return Related(step.name.place, f"in `{point.node}`, ends as {point.outcome}")

    def _actor(self, requirement: Requirement, broken: Broken) -> Related | None:
        if requirement.form != "only_actors":
            return None
        actors: list[Name] = []
        for point in broken.way:
            node = self._node(point, point.node)
            if isinstance(node, IntentNodeSyntax):
                actors += self._program.get(node.intent, Intent).actors
            elif isinstance(node, WaitNodeSyntax):
                actors += (actor for signal in node.signals for actor in signal.senders)
        return next((Related(actor.place, "admitted here") for actor in actors if actor.text == broken.what), None)

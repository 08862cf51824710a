"""One requirement in one workflow: a proof, or what breaks it. One function a form, listed in `_FORMS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import networkx as nx

from pgs_compiler.prove.amounts import longest, most_from
from pgs_compiler.prove.labels import Labels
from pgs_compiler.prove.monitors import After, EveryPathTo, Marks, Monitor, Never
from pgs_compiler.prove.origins import Here, Origins, Place, input_of, is_allowed, operands_called
from pgs_compiler.prove.paths import follow
from pgs_compiler.prove.points import Point, Unfolded
from pgs_compiler.prove.selected import Selected
from pgs_snapshot.laws import Requirement
from pgs_snapshot.model import ContractNode, ExitNode, IntentNode, ProcessNode, WaitNode


@dataclass(frozen=True, slots=True)
class Witness:
    """What a proof holds; see `pgs_snapshot.laws.Proof`."""

    reached: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    found: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    counted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Broken:
    """Why a requirement does not hold.

    Attributes:
        way: through the workflow, to where it breaks; or the one point that it is about.
        marked: the points on the way that are told with their steps.
        what: the actor, origin, event, amount or node that is not as demanded.
        count: the amount itself.
        passed: what was to be passed was, and then undone.
    """

    way: Sequence[Point]
    marked: frozenset[Point] = frozenset()
    what: str = ""
    count: int = 0
    passed: bool = False


Answer: TypeAlias = Witness | Broken


@dataclass(frozen=True, slots=True)
class Subject:
    """A workflow, with what is known about what it uses.

    Attributes:
        flat: without what it calls.
        labels: what is known of a label in the whole program.
    """

    unfolded: Unfolded
    flat: Unfolded
    selected: Selected
    origins: Origins
    labels: Callable[[str], Labels]


def subject(unfolded: Unfolded, flat: Unfolded, labels: Callable[[str], Labels]) -> Subject:
    return Subject(unfolded, flat, Selected(unfolded), Origins(unfolded), labels)


def decide(about: Subject, requirement: Requirement) -> Answer:
    """Prove a requirement of a workflow, or say what breaks it."""
    return _FORMS[requirement.form](about, requirement)


# --- paths ---------------------------------------------------------------------------------------


def _every_path_to(about: Subject, requirement: Requirement) -> Answer:
    """With `same`, one demand for each origin that the inputs have where `of` is reached."""
    first, second = about.selected.points(requirement.of), about.selected.points(requirement.by)
    reached: dict[str, Mapping[str, tuple[str, ...]]] = {}
    given = {point: _given(about, point, requirement.names) for point in first | second}
    for group in sorted({given[point] for point in first}) if requirement.names else [""]:
        wanted = frozenset(point for point in first if given[point] == group)
        passed = frozenset(point for point in second if given[point] == group and "?" not in group)
        answer = _followed(about, EveryPathTo, wanted, passed)
        if isinstance(answer, Broken):
            return answer
        reached[group] = answer.reached[""]
    return Witness(reached)


def _given(about: Subject, point: Point, names: Sequence[str]) -> str:
    """The origins of inputs at a point, as `account_id=payload.account_id`; `?` for one that has not just one.

    What begins within an item of a loop is another value for every item. No demand needs to know: whatever an item can
    do, the first one can, and before that nothing was passed with such an origin.
    """
    step, node = about.unfolded.step_at(point), about.unfolded.node_at(point)
    here = Here(point.frames, point.node, point.undo)
    spoken = []
    for name in names:
        expr, inside = input_of(step, name), True
        if expr is None and isinstance(node, ContractNode | ProcessNode):
            expr, inside = node.inputs.get(name), False
        found = about.origins.same([Place(here, inside, expr)]) if expr is not None else frozenset[str]()
        spoken.append(f"{name}={min(found) if len(found) == 1 else '?'}")
    return ", ".join(spoken)


def _after(about: Subject, requirement: Requirement) -> Answer:
    first, second = about.selected.points(requirement.of), about.selected.points(requirement.by)
    return _followed(about, After, first, second)


def _never(about: Subject, requirement: Requirement) -> Answer:
    first, second = about.selected.points(requirement.of), about.selected.points(requirement.by)
    return _followed(about, Never, first, second)


def _followed(
    about: Subject, kind: Callable[[Marks], Monitor], first: frozenset[Point], second: frozenset[Point]
) -> Answer:
    unfolded = about.unfolded
    marks = Marks(
        first,
        second,
        about.selected.undone(first, surely=True),
        about.selected.undone(second, surely=False),
        frozenset(filter(unfolded.failing, unfolded.points)),
        frozenset(filter(unfolded.ended, unfolded.points)),
        frozenset(filter(unfolded.commits, unfolded.points)),
    )
    followed = follow(unfolded, kind(marks))
    if followed.broken:
        passed = any(point in second for point in followed.broken[:-1])
        return Broken(followed.broken, first | second, passed=passed)
    states = {str(point): tuple(sorted(states)) for point, states in followed.reached.items()}
    return Witness({"": {point: states[point] for point in sorted(states)}})


# --- values, actors, events ----------------------------------------------------------------------


def _only_from(about: Subject, requirement: Requirement) -> Answer:
    places = []
    for point in about.selected.points(requirement.of):
        step = about.unfolded.step_at(point)
        operands = operands_called(step, requirement.names[0]) if step else ()
        places += [(point, Place(Here(point.frames, point.node, point.undo), True, expr)) for expr in operands]
    found = about.origins.all([place for _, place in places], requirement.by)
    for text, meant in sorted(found.items()):
        if not any(is_allowed(meant, one) for one in requirement.by):
            point = min((point for point, _ in places), key=str)
            return Broken([Point(point.node, frames=point.frames)], what=text)
    return Witness(found={"": tuple(sorted(found))})


def _only_actors(about: Subject, requirement: Requirement) -> Answer:
    """Whoever is let in on a way there: by the intent, and by the waits that lie before.

    What is called admits at least whom the caller admits, and lets in nobody else.
    """
    graph, points = about.unfolded.points, about.selected.points(requirement.of)
    found: dict[str, set[str]] = {}
    for gate, actors in _gates(about):
        behind_it = nx.descendants(graph, gate)
        there = [point for point in behind_it if point in points]
        if not there:
            continue
        name = "".join(map(str, gate.frames)) + gate.node
        found.setdefault(name, set()).update(actors)
        for actor in sorted(set(actors) - set(requirement.names)):
            behind = nx.shortest_path(graph, gate, min(there, key=str))
            return Broken([*nx.shortest_path(graph, about.unfolded.start, gate), *behind[1:]], points, what=actor)
    return Witness(found={name: tuple(sorted(actors)) for name, actors in sorted(found.items())})


def _gates(about: Subject) -> Iterator[tuple[Point, tuple[str, ...]]]:
    """The points at which the intent admits actors, or a wait takes a signal from some."""
    unfolded = about.unfolded
    for point in unfolded.points:
        match unfolded.node_at(point):
            case IntentNode(intent=intent) if point == unfolded.start:
                yield point, unfolded.linked.intents[intent].actors
            case WaitNode(signals=signals) if point.entered:
                yield point, tuple(sorted({actor for signal in signals for actor in signal.actors}))


def _label(about: Subject, requirement: Requirement) -> Answer:
    """What is handed over where data would arrive, followed back; nothing of it may carry the label."""
    labels = about.labels(requirement.names[0])
    found: dict[str, tuple[str, ...]] = {}
    for point in sorted(about.selected.points(requirement.of), key=str):
        declared, traced = labels.given(about.unfolded, point, requirement.of)
        if declared or traced.source:
            ways = traced.way or (Here(point.frames, point.node, point.undo),)
            way = [Point(here.node, frames=here.frames, undo=here.undo) for here in ways]
            return Broken(way, what=traced.source)
        name = labels.name(point)
        found[name] = tuple(sorted({*found.get(name, ()), *traced.begins}))
    return Witness(found=found)


def _distinct_actors(about: Subject, requirement: Requirement) -> Answer:
    """Of any two of the nodes, the later one takes no signal from whoever acted at the earlier one."""
    graph, nodes = about.flat.points, about.flat.linked.nodes[about.flat.graph.workflow]
    found: dict[str, tuple[str, ...]] = {}
    for later in requirement.names:
        node = nodes[later]
        for signal in node.signals if isinstance(node, WaitNode) else ():
            end = Point(later, outcome=signal.name)
            before = nx.ancestors(graph, end) if end in graph else set[Point]()
            earlier = sorted({point.node for point in before if point.outcome and _acted(about, point)})
            named = [id for id in earlier if id in requirement.names and id != later]
            for id in named:
                if id not in signal.not_actor_of:
                    acted = min(point for point in map(str, before) if point.startswith(f"{id}="))
                    there = next(point for point in before if str(point) == acted)
                    way = nx.shortest_path(graph, about.flat.start, there)
                    return Broken([*way, *nx.shortest_path(graph, there, end)[1:]], what=id, marked=frozenset({end}))
            found[str(end)] = tuple(named)
    return Witness(found=found)


def _acted(about: Subject, point: Point) -> bool:
    """Whether a person acted where a node ends so."""
    node = about.flat.node_at(point)
    signals = {signal.name for signal in node.signals} if isinstance(node, WaitNode) else set[str]()
    return isinstance(node, IntentNode) or point.outcome in signals


def _requires_event(about: Subject, requirement: Requirement) -> Answer:
    found: dict[str, tuple[str, ...]] = {}
    for point in sorted(about.selected.points(requirement.of), key=str):
        node = about.unfolded.node_at(point)
        emitted = sorted(set(requirement.names) & set(node.emit)) if isinstance(node, ExitNode) else []
        if not emitted:
            return Broken(nx.shortest_path(about.unfolded.points, about.unfolded.start, point))
        found[point.node] = tuple(emitted)
    return Witness(found=found)


# --- amounts -------------------------------------------------------------------------------------


def _at_most(about: Subject, requirement: Requirement) -> Answer:
    counted = {}
    for amount, limit in sorted(requirement.most.items()):
        most = most_from(about.flat, amount)
        if most[about.flat.start] > limit:
            return Broken(longest(about.flat, most), what=amount, count=most[about.flat.start])
        counted[amount] = {str(point): most[point] for point in sorted(most, key=str)}
    return Witness(counted=counted)


_FORMS: Mapping[str, Callable[[Subject, Requirement], Answer]] = {
    "every_path_to": _every_path_to,
    "after": _after,
    "never": _never,
    "label": _label,
    "only_from": _only_from,
    "only_actors": _only_actors,
    "requires_event": _requires_event,
    "distinct_actors": _distinct_actors,
    "at_most": _at_most,
}

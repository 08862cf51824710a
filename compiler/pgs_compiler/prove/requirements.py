"""One requirement in one workflow: a proof, or what breaks it. One function a form, listed in `_FORMS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import networkx as nx

from pgs_compiler.prove.monitors import After, EveryPathTo, Marks, Monitor, Never
from pgs_compiler.prove.origins import Origins, Place, input_of, is_allowed, operands_called
from pgs_compiler.prove.paths import follow
from pgs_compiler.prove.points import Point, Unfolded
from pgs_compiler.prove.selected import Effects, Selected
from pgs_snapshot.laws import Requirement
from pgs_snapshot.model import ContractNode, EffectStep, ExitNode, Intent, IntentNode, Node, OperationStep, WaitNode


@dataclass(frozen=True, slots=True)
class Witness:
    """What a proof holds; see `pgs_snapshot.laws.Proof`."""

    reached: Mapping[str, Mapping[str, tuple[str, ...]]]
    found: Mapping[str, tuple[str, ...]]
    counted: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Broken:
    """Why a requirement does not hold.

    Attributes:
        way: through the workflow, to where it breaks; or the one point that it is about.
        marked: the points on the way that are told with their steps.
        what: the actor, origin, event or amount that is not as demanded.
        count: the amount itself.
    """

    way: Sequence[Point]
    marked: frozenset[Point] = frozenset()
    what: str = ""
    count: int = 0


Answer: TypeAlias = Witness | Broken


@dataclass(frozen=True, slots=True)
class Subject:
    """A workflow, with what is known about what it uses."""

    unfolded: Unfolded
    selected: Selected
    origins: Origins
    intents: Mapping[str, Intent]


def subject(unfolded: Unfolded, effects: Effects, intents: Mapping[str, Intent]) -> Subject:
    return Subject(unfolded, Selected(unfolded, effects), Origins(unfolded, effects.of_store), intents)


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
    return Witness(reached, {}, {})


def _given(about: Subject, point: Point, names: Sequence[str]) -> str:
    """The origins of inputs at a point, as `account_id=payload.account_id`; `?` for one that has not just one."""
    step, node = about.unfolded.step_at(point), about.unfolded.nodes[point.node]
    spoken = []
    for name in names:
        expr, inside = input_of(step, name), True
        if expr is None and isinstance(node, ContractNode):
            expr, inside = node.inputs.get(name), False
        found = about.origins.same([Place(point.node, inside, expr)]) if expr is not None else frozenset[str]()
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
    ended = frozenset(filter(unfolded.ended, unfolded.points))
    failed = frozenset(filter(unfolded.failed, ended))
    marks = Marks(first, second, about.selected.undone(first | second), ended, failed, about.selected.commits())
    followed = follow(unfolded, kind(marks))
    if followed.broken:
        return Broken(followed.broken, first | second)
    states = {str(point): tuple(sorted(states)) for point, states in followed.reached.items()}
    return Witness({"": {point: states[point] for point in sorted(states)}}, {}, {})


# --- values, actors, events ----------------------------------------------------------------------


def _only_from(about: Subject, requirement: Requirement) -> Answer:
    places = []
    for point in about.selected.points(requirement.of):
        step = about.unfolded.step_at(point)
        operands = operands_called(step, requirement.names[0]) if step else ()
        places += [Place(point.node, True, expr) for expr in operands]
    found = about.origins.all(places, requirement.by)
    for text, meant in sorted(found.items()):
        if not any(is_allowed(meant, one) for one in requirement.by):
            return Broken([min((Point(place.node) for place in places), key=str)], what=text)
    return Witness({}, {"": tuple(sorted(found))}, {})


def _only_actors(about: Subject, requirement: Requirement) -> Answer:
    """Whoever is let in on a way there: by the intent, and by the waits that lie before."""
    graph, points = about.unfolded.points, about.selected.points(requirement.of)
    found: dict[str, tuple[str, ...]] = {}
    for node in about.unfolded.graph.nodes:
        actors = _let_in(about, node)
        gate = Point(node.id)
        behind_it = nx.descendants(graph, gate) if actors and gate in graph else set[Point]()
        there = [point for point in behind_it if point in points]
        if not there:
            continue
        found[node.id] = actors
        for actor in sorted(set(actors) - set(requirement.names)):
            behind = nx.shortest_path(graph, gate, min(there, key=str))
            return Broken([*nx.shortest_path(graph, about.unfolded.start, gate), *behind[1:]], points, what=actor)
    return Witness({}, found, {})


def _let_in(about: Subject, node: Node) -> tuple[str, ...]:
    """The actors that an intent admits, or from whom a wait takes a signal."""
    match node:
        case IntentNode(intent=intent):
            return about.intents[intent].actors
        case WaitNode(signals=signals):
            return tuple(sorted({actor for signal in signals for actor in signal.actors}))
    return ()


def _requires_event(about: Subject, requirement: Requirement) -> Answer:
    found: dict[str, tuple[str, ...]] = {}
    for point in sorted(about.selected.points(requirement.of), key=str):
        node = about.unfolded.nodes[point.node]
        emitted = sorted(set(requirement.names) & set(node.emit)) if isinstance(node, ExitNode) else []
        if not emitted:
            return Broken(nx.shortest_path(about.unfolded.points, about.unfolded.start, point))
        found[point.node] = tuple(emitted)
    return Witness({}, found, {})


# --- amounts -------------------------------------------------------------------------------------


def _at_most(about: Subject, requirement: Requirement) -> Answer:
    unfolded, counted = about.unfolded, {}
    order = list(reversed(list(nx.topological_sort(unfolded.points))))
    for amount, limit in sorted(requirement.most.items()):
        most: dict[Point, int] = {}
        for point in order:
            following = (most[after] for after in unfolded.points.successors(point))
            most[point] = _cost(unfolded, point, amount) + max(following, default=0)
        if most[unfolded.start] > limit:
            return Broken(_longest(unfolded, most), what=amount, count=most[unfolded.start])
        counted[amount] = {str(point): most[point] for point in sorted(most, key=str)}
    return Witness({}, {}, counted)


def _cost(unfolded: Unfolded, point: Point, amount: str) -> int:
    if amount == "nodes":
        return int(not point.outcome)
    step = unfolded.step_at(point)
    return int(step is not None and (amount == "steps" or isinstance(step, OperationStep | EffectStep)))


def _longest(unfolded: Unfolded, most: Mapping[Point, int]) -> list[Point]:
    """A way that takes the most."""
    way = [unfolded.start]
    while following := list(unfolded.points.successors(way[-1])):
        way.append(max(following, key=most.__getitem__))
    return way


_FORMS: Mapping[str, Callable[[Subject, Requirement], Answer]] = {
    "every_path_to": _every_path_to,
    "after": _after,
    "never": _never,
    "only_from": _only_from,
    "only_actors": _only_actors,
    "requires_event": _requires_event,
    "at_most": _at_most,
}

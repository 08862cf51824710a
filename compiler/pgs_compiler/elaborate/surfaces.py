"""What users of contracts and workflows see of them: outcomes with what they give, and what has happened by then.

Nothing else of a callee decides how its callers are typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pgs_compiler.declarations import CalleeSyntax, Workflow
from pgs_compiler.elaborate.configuration import EMPTY
from pgs_compiler.elaborate.contracts import TypedContract
from pgs_compiler.elaborate.traits import NONE, Traits, exits_of
from pgs_compiler.findings import Place
from pgs_compiler.schemas.exact import closed
from pgs_compiler.schemas.join import join, join_all
from pgs_snapshot import model
from pgs_snapshot.model import Bounds, ExitKind, Schema
from pgs_snapshot.values import Value

SUCCESS, SOME_FAILED, STOPPED, EMPTY_LIST, TOO_MANY = "SUCCESS", "SOME_FAILED", "STOPPED", "EMPTY", "TOO_MANY"


@dataclass(frozen=True, slots=True)
class Ending:
    """The exits of one name: their kinds, what they give, what has happened by then, and where one is declared."""

    kinds: frozenset[ExitKind]
    result: Schema
    traits: Traits
    place: Place


@dataclass(frozen=True, slots=True)
class Surface:
    """What a call of a workflow, or of one out of several, can end with, and the most that it does.

    `depth` counts calls within each other, its own included.
    """

    endings: Mapping[str, Ending]
    bounds: Bounds
    depth: int


@dataclass(frozen=True, slots=True)
class Surfaces:
    """Every contract, and the workflows that are typed so far and hold."""

    contracts: Mapping[str, TypedContract]
    workflows: dict[str, Surface] = field(default_factory=dict)

    def of(self, callee: CalleeSyntax) -> Surface | None:
        """What a call can end with; None where a finding leaves that open."""
        found = [self.workflows.get(name.text) for name in callee.workflows]
        known = [surface for surface in found if surface is not None]
        return _joined(known) if len(known) == len(found) else None


def surface_of(
    workflow: Workflow, graph: model.Graph, traits: Mapping[str, Mapping[str, Traits]], depth: int
) -> Surface:
    """The surface of a typed workflow; `traits` are those of its nodes' outcomes."""
    places = {node.id.text: node.id.place for node in workflow.nodes}
    by_then = exits_of(graph, traits)
    endings: dict[str, Ending] = {}
    for node in graph.nodes:
        if isinstance(node, model.ExitNode):
            for name in node.names:
                own = Ending(frozenset({node.exit}), node.result_schema, by_then[node.id], places[node.id])
                endings[name] = _both(endings[name], own) if name in endings else own
    return Surface(endings, graph.bounds, depth)


def _both(left: Ending, right: Ending) -> Ending:
    return Ending(left.kinds | right.kinds, join(left.result, right.result), left.traits | right.traits, left.place)


def _joined(surfaces: Iterable[Surface]) -> Surface:
    """What one of several workflows can end with."""
    endings: dict[str, Ending] = {}
    bounds, depth = Bounds(0, 0, 0), 0
    for surface in surfaces:
        for name, ending in surface.endings.items():
            endings[name] = _both(endings[name], ending) if name in endings else ending
        bounds = wider(bounds, surface.bounds)
        depth = max(depth, surface.depth)
    return Surface(endings, bounds, depth)


def wider(left: Bounds, right: Bounds) -> Bounds:
    """The larger of two bounds in each of their counts."""
    return Bounds(max(left.nodes, right.nodes), max(left.steps, right.steps), max(left.effects, right.effects))


# --- loops ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Loop:
    """What an `each` can end with, as far as that does not depend on the list.

    Attributes:
        outputs: the schema of what each outcome gives.
        traits: what has happened behind each outcome.
    """

    outputs: Mapping[str, Schema]
    traits: Mapping[str, Traits]


def loop_of(surface: Surface, stops: frozenset[str], most: int) -> Loop:
    """The outcomes of a loop over at most `most` items that stops behind the exits `stops`."""
    going = {name: ending for name, ending in surface.endings.items() if name not in stops}
    completing = {name: ending for name, ending in going.items() if "COMPLETED" in ending.kinds}
    behind: dict[str, Mapping[str, Ending]] = {EMPTY_LIST: {}, TOO_MANY: {}}
    if completing:
        behind[SUCCESS] = completing
    if any(ending.kinds != {"COMPLETED"} for ending in going.values()):
        behind[SOME_FAILED] = going
    if stops & surface.endings.keys():
        behind[STOPPED] = surface.endings
    return Loop(
        {outcome: _outputs(outcome, endings, most) for outcome, endings in behind.items()},
        {outcome: _traits(endings) for outcome, endings in behind.items()},
    )


def _traits(endings: Mapping[str, Ending]) -> Traits:
    found = NONE
    for ending in endings.values():
        found |= ending.traits
    return found


def _outputs(outcome: str, endings: Mapping[str, Ending], most: int) -> Schema:
    """`count`, and `items` unless none of them was looked at."""
    if outcome == TOO_MANY:
        return closed({"count": {"type": "integer", "minimum": most + 1}}, ("count",))
    if outcome == EMPTY_LIST:
        none: Schema = {"type": "array", "items": dict(EMPTY), "maxItems": 0}
        return closed({"count": {"const": 0}, "items": none}, ("count", "items"))
    kinds = sorted({kind for ending in endings.values() for kind in ending.kinds})
    if outcome == SUCCESS:
        kinds = ["COMPLETED"]
    item = closed(
        {
            "exit": {"enum": list[Value](sorted(endings))},
            "kind": {"enum": list[Value](kinds)},
            "result": join_all(ending.result for ending in endings.values()),
        },
        ("exit", "kind", "result"),
    )
    items: Schema = {"type": "array", "items": dict(item), "minItems": 1, "maxItems": most}
    count: Schema = {"type": "integer", "minimum": 1, "maximum": most}
    return closed({"count": count, "items": items}, ("count", "items"))

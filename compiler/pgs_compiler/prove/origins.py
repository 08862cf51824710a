"""Where values come from: references followed back through inputs, edges and outputs to where a value begins.

An origin is a text: `payload.account_id`, `config.cap`, `literal 5`, `quota/read.value.cap` (what the step `read` of
the node `quota` gave). In one run each of them is one value, for a run comes by a node once; so two values of one
and the same origin are the same value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import networkx as nx

from pgs_compiler.prove.deciding import operands_of
from pgs_compiler.prove.points import Unfolded
from pgs_snapshot.canonical import canonical
from pgs_snapshot.codec import encode
from pgs_snapshot.laws import Selector
from pgs_snapshot.model import (
    Contract,
    ContractNode,
    DecideStep,
    Default,
    EffectStep,
    ExitNode,
    Expr,
    IntentNode,
    Items,
    Literal_,
    OperationStep,
    Query,
    Record,
    Ref,
    Step,
    Text,
    TransformStep,
)
from pgs_snapshot.values import Value

Path: TypeAlias = tuple[str | int, ...]
Meant: TypeAlias = frozenset[tuple[str, str, str]]
"""Kind, name and operation of what an origin is."""


@dataclass(frozen=True, slots=True)
class Place:
    """A value where it is used: at a node, `inside` its contract or in the workflow; `path` leads into it."""

    node: str
    inside: bool
    expr: Expr
    path: Path = ()

    @property
    def key(self) -> tuple[str, bool, bytes, Path]:
        return self.node, self.inside, canonical(encode(self.expr)), self.path


@dataclass(frozen=True, slots=True)
class Origin:
    """`begins`: what the value is, where nothing is before it; else `before` has what it is made of.

    `copied`: it is the one value before it, or a part of that, and nothing else.
    """

    text: str
    meant: Meant
    before: tuple[Place, ...] = ()
    copied: bool = False


class Origins:
    """Answers for one workflow."""

    def __init__(self, unfolded: Unfolded, side_effects: Mapping[str, str]) -> None:
        self._unfolded = unfolded
        self._side_effects = side_effects
        self._edges: nx.DiGraph[str] = nx.DiGraph()
        self._ways_in: dict[str, list[tuple[str, Mapping[str, Expr]]]] = {}
        for node in unfolded.graph.nodes:
            for edge in () if isinstance(node, ExitNode) else node.next.values():
                self._edges.add_edge(node.id, edge.to)
                self._ways_in.setdefault(edge.to, []).append((node.id, edge.arguments))
        self._before: dict[str, frozenset[str]] = {}

    def same(self, places: Sequence[Place]) -> frozenset[str]:
        """The origins of a value, by copies alone: what is computed begins where it is computed."""
        return frozenset(self._ends(places, (), through=False))

    def all(self, places: Sequence[Place], allowed: Sequence[Selector]) -> dict[str, Meant]:
        """The origins of a value, looking through what is computed, up to what is allowed."""
        return self._ends(places, allowed, through=True)

    def _ends(self, places: Sequence[Place], allowed: Sequence[Selector], through: bool) -> dict[str, Meant]:
        found: dict[str, Meant] = {}
        seen = {place.key for place in places}
        open_ = list(places)
        while open_:
            origin = self._origin(open_.pop())
            if not origin.before or any(is_allowed(origin.meant, one) for one in allowed):
                found |= {origin.text: origin.meant} if origin.text else {}
            elif not through and not origin.copied:
                found[origin.text] = origin.meant
            else:
                fresh = [place for place in origin.before if place.key not in seen]
                seen |= {place.key for place in fresh}
                open_ += fresh
        return found

    # --- one step back ---------------------------------------------------------------------------

    def _origin(self, place: Place) -> Origin:
        here, path = place.node, place.path
        match place.expr:
            case Literal_(literal=value):
                return Origin(f"literal {canonical(_into(value, path)).decode()}", _called("literal"))
            case Ref(slot=slot, path=own):
                return self._slot(here, place.inside, slot, (*own, *path))
            case Record(members=members) if path:
                member = members.get(str(path[0]))
                found = [Place(here, place.inside, member, path[1:])] if member is not None else []
                return Origin("", frozenset(), tuple(found), copied=True)
            case Items(items=items) if path and isinstance(path[0], int) and -len(items) <= path[0] < len(items):
                return Origin("", frozenset(), (Place(here, place.inside, items[path[0]], path[1:]),), copied=True)
        parts = tuple(Place(here, place.inside, part) for part in _parts(place.expr))
        made = canonical([place.inside, encode(place.expr), *path]).decode()
        if not parts:
            return Origin("literal []", _called("literal"))
        return Origin(f"{here} makes {made}", frozenset(), parts)

    def _slot(self, here: str, inside: bool, slot: int, path: Path) -> Origin:
        unfolded = self._unfolded
        contract = unfolded.contracts[_contract_of(unfolded, here)] if inside else None
        root, _, name = (contract or unfolded.graph).slots[slot].partition(".")
        match root:
            case "with":
                ways = self._ways_in.get(here, ())
                found = [Place(node, False, expr, rest) for node, given in ways for expr, rest in _member(given, path)]
                return Origin("", frozenset(), tuple(found), copied=True)
            case "results":
                return self._result(name, here, path)
            case "inputs":
                node = unfolded.nodes[here]
                given = node.inputs if isinstance(node, ContractNode) else {}
                found = [Place(here, False, expr, rest) for expr, rest in _member(given, path)]
                return Origin("", frozenset(), tuple(found), copied=True)
            case "steps" if contract:
                return self._step(here, contract, name, path)
        start = unfolded.nodes[unfolded.graph.start]
        payload = root == "payload" and isinstance(start, IntentNode)
        meant = (
            frozenset({("intent", start.intent, "")}) if payload and isinstance(start, IntentNode) else _called(root)
        )
        return Origin(_spoken(root, path), meant)

    def _result(self, node: str, here: str, path: Path) -> Origin:
        """What a node gave, under the outcomes behind which `here` can be come to."""
        found = self._unfolded.nodes[node]
        if not isinstance(found, ContractNode):
            return Origin(_spoken(f"results.{node}", path), frozenset())
        contract = self._unfolded.contracts[found.contract]
        outcomes = (name for name, edge in found.next.items() if edge.to in self._leading_to(here))
        places = tuple(
            Place(node, True, expr, rest)
            for outcome in outcomes
            for expr, rest in _member(contract.outcomes[outcome], path)
        )
        meant = frozenset({("contract", contract.name, "")})
        return Origin(_spoken(f"results.{node}", path), meant, places, copied=True)

    def _step(self, here: str, contract: Contract, name: str, path: Path) -> Origin:
        name, _, outcome = name.partition(".")
        step = next(step for step in contract.steps if step.name == name)
        text = _spoken(f"{here}/{name}", (outcome, *path) if outcome else path)
        match step:
            case OperationStep(store=store, operation=operation):
                side_effect = self._side_effects[store]
                return Origin(text, frozenset({("store", store, operation), ("side_effect", side_effect, operation)}))
            case EffectStep(side_effect=side_effect, operation=operation):
                return Origin(text, frozenset({("side_effect", side_effect, operation)}))
            case TransformStep(transform=transform, inputs=inputs):
                places = tuple(Place(here, True, expr) for expr in inputs.values())
                return Origin(text, frozenset({("transform", transform, "")}), places)
        if outcome:
            operands = tuple(Place(here, True, expr) for case in step.cases for expr in operands_of(case.when))
            return Origin(text, frozenset(), operands)
        given = (found for case in step.cases for found in _member(case.outputs, path))
        return Origin(text, frozenset(), tuple(Place(here, True, expr, rest) for expr, rest in given), copied=True)

    def _leading_to(self, node: str) -> frozenset[str]:
        if node not in self._before:
            self._before[node] = frozenset({node, *nx.ancestors(self._edges, node)})
        return self._before[node]


def is_allowed(meant: Meant, selector: Selector) -> bool:
    return any(
        kind == selector.what and name == selector.name and selector.operation in (None, operation)
        for kind, name, operation in meant
    )


def input_of(step: Step | None, name: str) -> Expr | None:
    """An input of a step; None where it has none of that name, or it is left out."""
    return None if step is None or isinstance(step, DecideStep) else step.inputs.get(name)


def operands_called(step: Step, name: str) -> tuple[Expr, ...]:
    """The operands of a decision whose reference ends in a name, or the input of another step."""
    if not isinstance(step, DecideStep):
        found = input_of(step, name)
        return () if found is None else (found,)
    operands = (expr for case in step.cases for expr in operands_of(case.when))
    return tuple(expr for expr in operands if last_name(expr) == name)


def operand_names(step: Step) -> frozenset[str]:
    """The names by which the operands of a step can be spoken of."""
    if not isinstance(step, DecideStep):
        return frozenset(step.inputs)
    operands = (expr for case in step.cases for expr in operands_of(case.when))
    return frozenset(filter(None, map(last_name, operands)))


def last_name(expr: Expr) -> str:
    """The last name of a reference, also of one with a default; "" of anything else."""
    ref = expr.value if isinstance(expr, Default) else expr
    path = ref.path if isinstance(ref, Ref) else ()
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def _contract_of(unfolded: Unfolded, node: str) -> str:
    found = unfolded.nodes[node]
    if not isinstance(found, ContractNode):
        raise TypeError(f"{node} has no contract, so nothing is inside of it")
    return found.contract


def _called(root: str) -> Meant:
    return frozenset({(root, "", "")})


def _spoken(root: str, path: Path) -> str:
    return ".".join([root, *map(str, path)])


def _into(value: Value, path: Path) -> Value:
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
    return value


def _member(members: Mapping[str, Expr], path: Path) -> Iterator[tuple[Expr, Path]]:
    """The member that a path leads into, with the rest of it; all members without a path."""
    if not path:
        yield from ((expr, ()) for expr in members.values())
    elif str(path[0]) in members:
        yield members[str(path[0])], path[1:]


def _parts(expr: Expr) -> tuple[Expr, ...]:
    """What a value is made of."""
    match expr:
        case Default(value=value, otherwise=otherwise):
            return value, otherwise
        case Text(parts=parts):
            return parts
        case Record(members=members):
            return tuple(members.values())
        case Items(items=items):
            return items
        case Query(slot=slot, path=path):
            names = (step for step in path[:1] if isinstance(step, str | int))
            return (Ref(slot, tuple(names)),)
    return ()

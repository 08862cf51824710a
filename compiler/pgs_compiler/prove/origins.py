"""Where values come from: references followed back through inputs, edges and outputs to where a value begins.

An origin is a text: `payload.account_id`, `config.cap`, `literal 5`, `quota/read.value.cap` (what the step `read` of
the node `quota` gave), `pack(shop::WF_PACK_V0) > quota/read.value.cap` within a call. In one run each of them is one
value, for a run comes by a node once; but within an item of a loop, each is one value for every item.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import networkx as nx

from pgs_compiler.prove.deciding import operands_of
from pgs_compiler.prove.points import Frame, Unfolded
from pgs_compiler.schemas.anatomy import properties_of
from pgs_snapshot.canonical import canonical
from pgs_snapshot.codec import encode
from pgs_snapshot.laws import Selector
from pgs_snapshot.model import (
    CallNode,
    Contract,
    ContractNode,
    DecideStep,
    Default,
    EachNode,
    EffectStep,
    ExitNode,
    Expr,
    IntentNode,
    Items,
    Literal_,
    Node,
    OperationStep,
    ProcessNode,
    Query,
    Record,
    Ref,
    Step,
    Text,
    TransformStep,
    Undoable,
    WaitNode,
)
from pgs_snapshot.values import Value

Path: TypeAlias = tuple[str | int, ...]
Meant: TypeAlias = frozenset[tuple[str, str, str]]
"""Kind, name and operation of what an origin is."""


@dataclass(frozen=True, slots=True)
class Here:
    """Where a value is used: at a node, within calls, or where that is undone."""

    frames: tuple[Frame, ...]
    node: str
    undo: str = ""

    @property
    def prefix(self) -> str:
        return "".join(map(str, self.frames))

    def __str__(self) -> str:
        return f"{self.prefix}{self.node}{f'~{self.undo}' if self.undo else ''}"


@dataclass(frozen=True, slots=True)
class Place:
    """A value where it is used: `inside` a node's contract or in the workflow; `path` leads into it."""

    here: Here
    inside: bool
    expr: Expr
    path: Path = ()

    @property
    def key(self) -> tuple[Here, bool, bytes, Path]:
        return self.here, self.inside, canonical(encode(self.expr)), self.path


@dataclass(frozen=True, slots=True)
class Origin:
    """`text`: what the value is, where nothing is before it; else `before` has what it is made of.

    Attributes:
        copied: it is the one value before it, or a part of that, and nothing else.
    """

    text: str
    meant: Meant
    before: tuple[Place, ...] = ()
    copied: bool = False


class Origins:
    """Answers for one workflow."""

    def __init__(self, unfolded: Unfolded) -> None:
        self._unfolded = unfolded
        self._linked = unfolded.linked
        self._edges: dict[str, nx.DiGraph[str]] = {}
        self._into: dict[str, dict[str, list[tuple[str, Mapping[str, Expr]]]]] = {}
        self._before: dict[tuple[str, str], frozenset[str]] = {}

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
        here, path = place.here, place.path
        match place.expr:
            case Literal_(literal=value):
                return Origin(f"literal {canonical(_into(value, path)).decode()}", _called("literal"))
            case Ref(slot=slot, path=own):
                return self._slot(here, place.inside, slot, (*own, *path))
            case Record(members=members) if path:
                member = members.get(str(path[0]))
                found = [replace(place, expr=member, path=path[1:])] if member is not None else []
                return Origin("", frozenset(), tuple(found), copied=True)
            case Items(items=items) if path and isinstance(path[0], int) and -len(items) <= path[0] < len(items):
                return Origin("", frozenset(), (replace(place, expr=items[path[0]], path=path[1:]),), copied=True)
        parts = tuple(Place(here, place.inside, part) for part in _parts(place.expr))
        made = canonical([place.inside, encode(place.expr), *path]).decode()
        if not parts:
            return Origin("literal []", _called("literal"))
        return Origin(f"{here} makes {made}", frozenset(), parts)

    def _slot(self, here: Here, inside: bool, slot: int, path: Path) -> Origin:
        contract = self._unfolded.contract_of(here.frames, here.node, here.undo) if inside else None
        graph = self._linked.graphs[self._unfolded.workflow_at(here.frames)]
        root, _, name = (contract or graph).slots[slot].partition(".")
        match root:
            case "with":
                ways = self._ways_in(here)
                found = [Place(at, False, expr, rest) for at, given in ways for expr, rest in _member(given, path)]
                return Origin("", frozenset(), tuple(found), copied=True)
            case "results":
                return self._result(name, here, path)
            case "inputs":
                given = self._inputs(here)
                found = [Place(replace(here, undo=""), False, expr, rest) for expr, rest in _member(given, path)]
                return Origin("", frozenset(), tuple(found), copied=True)
            case "steps" if contract:
                return self._step(here, contract, name, path)
            case "payload" if here.frames:
                return self._handed(here, path)
            case "payload":
                return Origin(_spoken(root, path), self._asked(here))
            case "config":
                own = graph.binding == self._unfolded.graph.binding
                return Origin(_spoken(root if own else f"{root} of {graph.binding}", path), _called(root))
            case "run" if path[:1] == ("time",):
                text = f"{here}{'/' * inside} run.time"  # a run has another time behind every wait
                return Origin(text, _called(root))
            case "item" | "index":
                return self._item(here, root, path)
        return Origin(_spoken(root, path), _called(root))

    def _inputs(self, here: Here) -> Mapping[str, Expr]:
        node = self._unfolded.node(here.frames, here.undo or here.node)
        if here.undo:
            return node.undo.inputs if isinstance(node, Undoable) and node.undo else {}
        return node.inputs if isinstance(node, ContractNode) else {}

    def _asked(self, here: Here) -> Meant:
        workflow = self._unfolded.workflow_at(here.frames)
        start = self._linked.nodes[workflow][self._linked.graphs[workflow].start]
        return frozenset({("intent", start.intent, "")}) if isinstance(start, IntentNode) else _called("payload")

    def _handed(self, here: Here, path: Path) -> Origin:
        """What a caller hands over as the payload; what it leaves out has a default, which its intent writes out."""
        frame, outer = here.frames[-1], here.frames[:-1]
        node = self._unfolded.node(outer, frame.node)
        given = node.inputs if isinstance(node, CallNode | EachNode) else {}
        at = Here(outer, frame.node)
        found = [Place(at, False, expr, rest) for expr, rest in _member({**self._defaults(here), **given}, path)]
        text = _spoken(f"{here.prefix}payload", path)
        return Origin(text, self._asked(here), tuple(found), bool(path))

    def _defaults(self, here: Here) -> Mapping[str, Expr]:
        """What a workflow that is called is given unless its caller says otherwise."""
        workflow = self._unfolded.workflow_at(here.frames)
        start = self._linked.nodes[workflow][self._linked.graphs[workflow].start]
        payload = self._linked.intents[start.intent].payload if isinstance(start, IntentNode) else {}
        fields = properties_of(payload).items()
        return {name: Literal_(schema["default"]) for name, schema in fields if "default" in schema}

    def _item(self, here: Here, root: str, path: Path) -> Origin:
        """An item of the list that a loop goes over, or its number."""
        node = self._unfolded.node(here.frames, here.node)
        over = (Place(here, False, node.each),) if isinstance(node, EachNode) else ()
        return Origin(_spoken(f"{here} {root}", path), frozenset(), over)

    def _result(self, name: str, here: Here, path: Path) -> Origin:
        """What a node gave, under the outcomes behind which `here` can be come to."""
        node = self._unfolded.node(here.frames, name)
        text = _spoken(f"{here.prefix}results.{name}", path)
        if isinstance(node, ExitNode):
            return Origin(text, frozenset())
        outcomes = [end for end, edge in node.next.items() if edge.to in self._leading_to(here)]
        at = Here(here.frames, name)
        match node:
            case ContractNode(contract=name_of):
                ends = ((at, True, self._linked.contracts[name_of].outcomes[end]) for end in outcomes)
                meant = frozenset({("contract", name_of, "")})
            case ProcessNode(process=process):
                return Origin(text, frozenset({("process", process, "")}))
            case CallNode():
                ends = ((there, False, exit.result) for there, exit in self._exits(here, node, outcomes))
                meant = frozenset[tuple[str, str, str]]()
            case WaitNode(signals=signals) if path[:1] == ("event",):
                events = {signal.event for signal in signals if signal.name in outcomes}
                return Origin(text, frozenset(("event", event, "") for event in events if len(events) == 1))
            case _:
                return Origin(text, frozenset())
        places = tuple(
            Place(there, inside, expr, rest) for there, inside, given in ends for expr, rest in _member(given, path)
        )
        return Origin(text, meant, places, copied=True)

    def _exits(self, here: Here, node: CallNode, outcomes: Sequence[str]) -> Iterator[tuple[Here, ExitNode]]:
        """The exits of what a node calls under some names."""
        for workflow in node.call.workflows:
            frames = (*here.frames, Frame(node.id, workflow))
            for exit in self._linked.graphs[workflow].nodes:
                if isinstance(exit, ExitNode) and set(exit.names) & set(outcomes):
                    yield Here(frames, exit.id), exit

    def _step(self, here: Here, contract: Contract, name: str, path: Path) -> Origin:
        name, _, outcome = name.partition(".")
        step = next(step for step in contract.steps if step.name == name)
        text = _spoken(f"{here}/{name}", (outcome, *path) if outcome else path)
        match step:
            case OperationStep(store=store, operation=operation):
                side_effect = self._linked.of_store[store]
                kinds = frozenset({("store", store, operation), ("side_effect", side_effect, operation)})
                return Origin(text, kinds)
            case EffectStep(side_effect=side_effect, operation=operation):
                return Origin(text, frozenset({("side_effect", side_effect, operation)}))
            case TransformStep(transform=transform, inputs=inputs):
                places = tuple(Place(here, True, expr) for expr in inputs.values())
                return Origin(text, frozenset({("transform", transform, "")}), places)
        if outcome:
            operands = tuple(Place(here, True, expr) for case in step.cases for expr in operands_of(case.when))
            return Origin(text, frozenset(), operands)
        given = (found for case in step.cases for found in _member(case.outputs, path))
        places = tuple(Place(here, True, expr, rest) for expr, rest in given)
        return Origin(text, frozenset(), places, copied=True)

    # --- the graph around ------------------------------------------------------------------------

    def _ways_in(self, here: Here) -> Iterator[tuple[Here, Mapping[str, Expr]]]:
        """The nodes before, each with what its edge carries."""
        workflow = self._unfolded.workflow_at(here.frames)
        if workflow not in self._into:
            into = self._into[workflow] = dict[str, list[tuple[str, Mapping[str, Expr]]]]()
            for node in self._linked.graphs[workflow].nodes:
                for to, given in _next(node):
                    into.setdefault(to, []).append((node.id, given))
        return ((Here(here.frames, id), given) for id, given in self._into[workflow].get(here.node, ()))

    def _leading_to(self, here: Here) -> frozenset[str]:
        workflow = self._unfolded.workflow_at(here.frames)
        if workflow not in self._edges:
            nodes = self._linked.graphs[workflow].nodes
            self._edges[workflow] = nx.DiGraph([(node.id, to) for node in nodes for to, _ in _next(node)])
        if (workflow, here.node) not in self._before:
            before = nx.ancestors(self._edges[workflow], here.node)
            self._before[workflow, here.node] = frozenset({here.node, *before})
        return self._before[workflow, here.node]


def _next(node: Node) -> Iterator[tuple[str, Mapping[str, Expr]]]:
    if not isinstance(node, ExitNode):
        yield from ((edge.to, edge.arguments) for edge in node.next.values())


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

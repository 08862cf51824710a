"""link: a sealed graph in, closures over slots out. Done once for a workflow, before its first run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from pgs_runtime.core.expressions import Frame, Judge, Missing, Seen, getter, judge, record
from pgs_runtime.core.linked import (
    ACTOR,
    PAYLOAD,
    Build,
    Call,
    Callee,
    Contract,
    Decided,
    Decision,
    Each,
    Edge,
    Exit,
    External,
    Graph,
    Intent,
    Misfits,
    Node,
    Problem,
    Shown,
    Step,
    Storage,
    Transformation,
    Visit,
)
from pgs_runtime.link.admission import admission, checker, taken
from pgs_runtime.link.boundary import Boundary
from pgs_runtime.link.outside import UNKNOWN, linked_wait
from pgs_runtime.link.soundness import Soundness
from pgs_runtime.redaction import Redact, Veil, redact_of, redact_under, veil
from pgs_runtime.vault.labelled import takes_labels
from pgs_runtime.waivers.overrides import lookup
from pgs_snapshot import model
from pgs_snapshot.defaults import filler
from pgs_snapshot.expressions import is_labelled
from pgs_snapshot.frozen import frozen
from pgs_snapshot.model import Schema
from pgs_snapshot.problems import problems
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.validation import validator
from pgs_snapshot.values import Outcome, Value


@frozen
class _Inside:
    """What a contract is at every node where it hides the same: made once, so that a long run stays in cache."""

    sealed: model.Contract
    steps: tuple[Step, ...]
    outcomes: Mapping[str, Build]
    veil: Veil
    redact: Redact | None
    shown: Shown


class Linker:
    """Links the graphs of one snapshot; what stands behind the boundary is put there once."""

    def __init__(self, snapshot: Snapshot, boundary: Boundary) -> None:
        self._snapshot = snapshot
        self._boundary = boundary
        self._soundness = Soundness(snapshot)
        self._graphs: dict[str, Graph] = {}
        self._insides: dict[tuple[str, tuple[str, ...]], _Inside] = {}

    def graph(self, workflow: str) -> Graph:
        """Link a workflow.

        Raises:
            KeyError: the snapshot has no such workflow.
            SealBroken: Z902, a graph or a schema of it says what no compiler writes.
        """
        if workflow not in self._graphs:
            self._soundness.demand(self._snapshot.graph(workflow))
        return self._reached(workflow)

    def _reached(self, workflow: str) -> Graph:
        """A workflow that was found sound, with whatever calls it if not by itself."""
        if workflow not in self._graphs:
            self._graphs[workflow] = self._linked(self._snapshot.graph(workflow))
        return self._graphs[workflow]

    def _linked(self, sealed: model.Graph) -> Graph:
        start: Intent | None = None
        nodes: dict[str, Node] = {}
        bindings: dict[str, None] = {}
        for node in sealed.nodes:
            hidden = sealed.hidden.get(node.id, ())
            match node:
                case model.IntentNode():
                    start = self._intent(node, veil(hidden).at("payload"))
                case model.ContractNode():
                    slot = sealed.slots.index(f"results.{node.id}")
                    undo = self._undo(node, hidden)
                    nodes[node.id] = self._contract(node, slot, self._inside(node.contract, hidden), undo)
                case model.ProcessNode():
                    slot = sealed.slots.index(f"results.{node.id}")
                    nodes[node.id] = self._process(node, slot, hidden)
                case model.CallNode() | model.EachNode():
                    graphs = {callee: self._reached(callee) for callee in node.call.workflows}
                    nodes[node.id] = self._call(node, sealed.slots, graphs, hidden)
                    bindings |= dict.fromkeys(name for graph in graphs.values() for name in graph.reach)
                case model.WaitNode():
                    nodes[node.id] = linked_wait(node, sealed, _edges(node.next), self._snapshot)
                case model.ExitNode():
                    nodes[node.id] = self._exit(node, veil(hidden))
        if start is None:
            raise AssertionError(f"{sealed.workflow} starts with no intent")  # F510 of the compiler
        return Graph(
            workflow=sealed.workflow,
            start=start,
            nodes=nodes,
            slots=len(sealed.slots),
            binding=sealed.binding or "",
            bindings=tuple(bindings),
            durable=bool(sealed.commits),
            veiled=self._veiled(sealed),
            outside=frozenset(self._asked(sealed)),
            private=self._veiled(sealed) or self._private(sealed),
        )

    def _veiled(self, sealed: model.Graph) -> bool:
        """Whether a line of a run of a graph, or of what it calls, can hide something."""
        config = self._snapshot.binding(sealed.binding).config if sealed.binding else {}
        callees = (callee for node in sealed.nodes for callee in _callees(node))
        hidden = any(sealed.hidden.values()) or redact_of(config) is not None or any(self._labelled(sealed))
        return hidden or any(self._reached(callee).veiled for callee in callees)

    def _labelled(self, sealed: model.Graph) -> Iterator[bool]:
        """Of each field that a process of a graph works with, whether something in it is labelled."""
        for node in sealed.nodes:
            if isinstance(node, model.ProcessNode):
                fields = self._snapshot.context(self._snapshot.process(node.process).context).fields
                yield from (is_labelled(field.schema) for field in fields.values())

    def _private(self, sealed: model.Graph) -> bool:
        """Whether somebody can give a graph, or what it calls, something that carries a label."""
        callees = (callee for node in sealed.nodes for callee in _callees(node))
        return takes_labels(self._snapshot, sealed) or any(self._reached(callee).private for callee in callees)

    def _asked(self, sealed: model.Graph) -> Iterator[str]:
        """The external side effects that a graph, and what it calls, can ask."""
        for node in sealed.nodes:
            undo = node.undo if isinstance(node, model.ContractNode | model.ProcessNode | model.CallNode) else None
            contracts = [node.contract] if isinstance(node, model.ContractNode) else []
            for contract in (*contracts, *([undo.contract] if undo else [])):
                steps = self._snapshot.contract(contract).steps
                yield from (step.side_effect for step in steps if isinstance(step, model.EffectStep))
            for callee in _callees(node):
                yield from self._reached(callee).outside

    # --- calls -----------------------------------------------------------------------------------

    def _call(
        self,
        node: model.CallNode | model.EachNode,
        slots: Sequence[str],
        graphs: Mapping[str, Graph],
        hidden: tuple[str, ...],
    ) -> Call | Each:
        veiled = veil(hidden)
        redact = redact_under(veiled.at("inputs"))
        callee = Callee(_chosen(node.call, graphs), record(node.inputs), redact)
        slot, next, shown = slots.index(f"results.{node.id}"), _edges(node.next), self._shown(node.next, veiled)
        if isinstance(node, model.CallNode):
            return Call(node.id, slot, callee, next, shown, self._undo(node, hidden))
        return Each(
            id=node.id,
            slot=slot,
            items=getter(node.each),
            item=slots.index("item"),
            callee=callee,
            most=node.max,
            stop=frozenset(node.stop),
            next=next,
            redact=redact,
            shown=shown,
            concurrent=node.concurrent,
        )

    def _undo(
        self, node: model.ContractNode | model.ProcessNode | model.CallNode, hidden: tuple[str, ...]
    ) -> Contract | None:
        """The contract that takes a node back, at that node. It leads nowhere yet."""
        if node.undo is None:
            return None
        undo, below = node.undo, tuple(place[5:] for place in hidden if place.startswith("/undo/"))
        standing = model.ContractNode(node.id, undo.contract, undo.inputs, undo.unproven, {}, node.at)
        return replace(self._contract(standing, 0, self._inside(undo.contract, below)), undoing=True)

    # --- admission -------------------------------------------------------------------------------

    def _intent(self, node: model.IntentNode, veiled: Veil) -> Intent:
        sealed = self._snapshot.intent(node.intent)
        names = sealed.rules or ("",) * len(sealed.requires)
        named: list[Problem] = [
            {"rule": at, "name": name} if name else {"rule": at}
            for at, name in zip(sealed.requires_at, names, strict=True)
        ]
        rules = tuple(zip((judge(rule) for rule in sealed.requires), named, strict=True))
        fill, check = filler(sealed.payload), checker(sealed.payload, veiled)
        actor = admission({name: self._snapshot.actor(name).attributes for name in sealed.actors})

        def admit(frame: Frame) -> Visit:
            if fill is not None:
                frame[PAYLOAD] = fill(frame[PAYLOAD])
            frame[ACTOR], unadmitted = actor(frame[ACTOR])
            refused = [*unadmitted, *check(frame[PAYLOAD])]
            if not refused:
                refused = [{**broken} for rule, broken in rules if not rule(frame, [])]
            return Visit(intent, {}, [], "NACK" if refused else "ACK", {}, tuple(refused))

        overridable, gate = frozenset(sealed.break_glass), None
        if sealed.gate is not None:
            hides = redact_of(sealed.payload) or veiled.whole or bool(veiled.members)
            gate = self._boundary.admitting(sealed.name, sealed.gate, bool(hides))
        intent = Intent(node.id, sealed.name, admit, _edges(node.next), overridable, lookup(sealed), gate)
        return intent

    # --- contracts -------------------------------------------------------------------------------

    def _contract(self, node: model.ContractNode, slot: int, inside: _Inside, undo: Contract | None = None) -> Contract:
        sealed = inside.sealed
        unproven = [step.unproven for step in sealed.steps if not isinstance(step, model.DecideStep)]
        if sealed.on_input_failure is None and any((node.unproven, *unproven)):
            raise AssertionError(f"{sealed.name} has no outcome for inputs that may not fit")  # T414
        opening = closing = None
        if sealed.gate is not None:
            opening, closing = self._boundary.guarding(sealed.name, sealed.gate, inside.veil)
        return Contract(
            id=node.id,
            name=sealed.name,
            slot=slot,
            inputs=_inputs(node.inputs, sealed.inputs),
            misfits=_misfits(sealed.inputs, inside.veil.at("inputs"), node.unproven),
            steps=inside.steps,
            outcomes=inside.outcomes,
            failure=sealed.on_input_failure or "",
            next=_edges(node.next),
            redact=inside.redact,
            shown=inside.shown,
            undo=undo,
            opening=opening,
            closing=closing,
        )

    def _process(self, node: model.ProcessNode, slot: int, hidden: tuple[str, ...]) -> Contract:
        sealed = self._snapshot.process(node.process)
        given, undo = _inputs(node.inputs, sealed.inputs), self._undo(node, hidden)
        made = self._boundary.processes.contract(node, slot, given, _edges(node.next), veil(hidden))
        return replace(made, undo=undo) if undo else made

    def _inside(self, contract: str, hidden: tuple[str, ...]) -> _Inside:
        if (contract, hidden) not in self._insides:
            sealed, veiled = self._snapshot.contract(contract), veil(hidden)
            self._insides[contract, hidden] = _Inside(
                sealed=sealed,
                steps=tuple(self._step(step, veiled.at("steps", step.name)) for step in sealed.steps),
                outcomes={outcome: record(outputs) for outcome, outputs in sealed.outcomes.items()},
                veil=veiled,
                redact=redact_under(veiled.at("inputs")),
                shown=self._shown(sealed.outcomes, veiled),
            )
        return self._insides[contract, hidden]

    def _step(self, step: model.Step, veiled: Veil) -> Step:
        match step:
            case model.TransformStep():
                declared = self._snapshot.transform(step.transform)
                return Transformation(
                    name=step.name,
                    inputs=_inputs(step.inputs, declared.inputs),
                    misfits=_misfits(declared.inputs, veiled.at("inputs"), step.unproven),
                    call=self._boundary.transform(step.transform),
                    next=step.next,
                    transform=step.transform,
                    shown=self._shown(declared.outcomes, veiled),
                )
            case model.OperationStep():
                operation = self._snapshot.store(step.store).operations[step.operation]
                return Storage(
                    name=step.name,
                    inputs=_inputs(step.inputs, operation.inputs),
                    misfits=_misfits(operation.inputs, veiled.at("inputs"), step.unproven),
                    store=step.store,
                    operation=step.operation,
                    perform=self._boundary.operation(step.store, step.operation),
                    writes=operation.mode == "write",
                    next=step.next,
                    redact=redact_under(veiled.at("inputs")),
                    shown=self._shown(operation.outcomes, veiled),
                )
            case model.EffectStep():
                declared_outside = self._snapshot.side_effect(step.side_effect).operations[step.operation]
                return External(
                    name=step.name,
                    inputs=_inputs(step.inputs, declared_outside.inputs),
                    misfits=_misfits(declared_outside.inputs, veiled.at("inputs"), step.unproven),
                    side_effect=step.side_effect,
                    operation=step.operation,
                    send=self._boundary.outward(step.side_effect),
                    writes=declared_outside.mode == "write",
                    keyed=declared_outside.keyed,
                    outcomes={name: taken(schema) for name, schema in declared_outside.outcomes.items()},
                    next=step.next,
                    redact=redact_under(veiled.at("inputs")),
                    shown=self._shown([*declared_outside.outcomes, UNKNOWN], veiled),
                )
            case model.DecideStep():
                return Decision(step.name, _decision(step), step.next, tuple(_hidden(step, veiled.at("operands"))))

    def _shown(self, outcomes: Iterable[str], veiled: Veil) -> Shown:
        return {outcome: redact_under(veiled.at("outputs", outcome)) for outcome in outcomes}

    # --- exits -----------------------------------------------------------------------------------

    def _exit(self, node: model.ExitNode, veiled: Veil) -> Exit:
        name = node.names[0]
        reason: Callable[[Frame], Value] = getter(node.reason) if node.reason else lambda frame: name
        emit = {
            event: (record(fields), redact_under(veiled.at("emitted", event))) for event, fields in node.emit.items()
        }
        redact = redact_under(veiled.at("result"))
        return Exit(node.id, node.exit, node.names, reason, record(node.result), redact, emit)


def _callees(node: model.Node) -> tuple[str, ...]:
    """The workflows that a node may call."""
    return node.call.workflows if isinstance(node, model.CallNode | model.EachNode) else ()


def _chosen(callee: model.Callee, graphs: Mapping[str, Graph]) -> Callable[[Frame], Graph]:
    """Which graph a node calls, by the value that chooses."""
    of = {member: graphs[workflow] for member, workflow in callee.of.items()}
    otherwise = graphs[callee.otherwise] if callee.otherwise else None
    if callee.choose is None and otherwise is not None:
        return lambda frame: otherwise
    choose = getter(callee.choose or model.Literal_(None))

    def chosen(frame: Frame) -> Graph:
        member = choose(frame)
        graph = of.get(member, otherwise) if isinstance(member, str) else otherwise
        if graph is None:
            raise Missing("no workflow stands for the value that chooses one")  # F552 of the compiler
        return graph

    return chosen


def _hidden(step: model.DecideStep, veiled: Veil) -> Iterator[model.Compare]:
    """The comparisons of a decision whose operands are veiled; they are counted over its cases, from the left."""
    every = (comparison for case in step.cases if case.when for comparison in model.comparisons(case.when))
    return (comparison for number, comparison in enumerate(every) if veiled.at(str(number)).whole)


def _decision(step: model.DecideStep) -> Callable[[Frame], tuple[Outcome, Decided]]:
    first = step.cases[0]
    if first.when is None and not first.outputs:
        decided: tuple[Outcome, Decided] = (Outcome(first.outcome), (0, []))
        return lambda frame: decided
    cases: list[tuple[int, Judge | None, Outcome, Build | None]] = [
        (
            number,
            judge(case.when) if case.when else None,
            Outcome(case.outcome),
            record(case.outputs) if case.outputs else None,
        )
        for number, case in enumerate(step.cases)
    ]

    def decide(frame: Frame) -> tuple[Outcome, Decided]:
        seen: Seen = []
        for number, holds, bare, outputs in cases:
            if holds is None or holds(frame, seen):
                return (Outcome(bare.name, **outputs(frame)) if outputs else bare), (number, seen)
        raise Missing(f"no case of {step.name!r} holds")  # F536 of the compiler

    return decide


def _inputs(bound: Mapping[str, model.Expr], declared: Schema) -> Build:
    """Builds inputs with the defaults of what they are bound to, at every depth: there they are always present."""
    build, fill = record(bound), filler(declared)
    return build if fill is None else lambda frame: cast("dict[str, Value]", fill(build(frame)))


def _edges(edges: Mapping[str, model.Edge]) -> dict[str, Edge]:
    return {
        outcome: Edge(edge.to, record(edge.arguments) if edge.arguments else None) for outcome, edge in edges.items()
    }


def _misfits(schema: Schema, veiled: Veil, unproven: tuple[str, ...]) -> Misfits | None:
    """A check of the inputs that the compiler could not prove; the others need none.

    `veiled` says how much of a place may be told.
    """
    if not unproven:
        return None
    properties = cast("Mapping[str, Schema]", schema["properties"])
    required = cast("list[str]", schema.get("required", []))
    checks = tuple((name, name in required, validator(properties[name])) for name in unproven)

    def misfits(inputs: dict[str, Value]) -> tuple[Problem, ...]:
        found: list[Problem] = []
        for name, needed, check in checks:
            if name in inputs:
                inner = problems(check, inputs[name])
                found += ({**problem, "at": veiled.public(f"/{name}{problem['at']}")} for problem in inner)
            elif needed:
                found.append({"at": f"/{name}", "why": "is required, and not there"})
        return tuple(found)

    return misfits

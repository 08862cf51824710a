"""Workflows, typed: nodes in topological order, each with what is known on every way in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pgs_compiler.declarations import (
    Bindings,
    CallNodeSyntax,
    Contract,
    ContractNodeSyntax,
    EachNodeSyntax,
    EdgeSyntax,
    Event,
    ExitNodeSyntax,
    IntentNodeSyntax,
    ProcessNodeSyntax,
    UndoSyntax,
    WaitNodeSyntax,
    Word,
    Workflow,
)
from pgs_compiler.elaborate import calls, processes, waits
from pgs_compiler.elaborate.behaviour import behaviours, bounds_of
from pgs_compiler.elaborate.bound import Inputs, Written, bind_certain, bind_inputs, bind_written
from pgs_compiler.elaborate.carried import carried
from pgs_compiler.elaborate.configuration import EMPTY, Configuration
from pgs_compiler.elaborate.intents import actor_schema, admitted
from pgs_compiler.elaborate.knowledge import Knowledge, Lazy, joined
from pgs_compiler.elaborate.places import at
from pgs_compiler.elaborate.scope import RUN, Route, Scope, Slot, Variant, slot
from pgs_compiler.elaborate.surfaces import Surface, Surfaces, surface_of
from pgs_compiler.elaborate.values import Elaborator, spoken
from pgs_compiler.findings import Finding, Related
from pgs_compiler.names import OUTCOME, Name
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import members_of
from pgs_compiler.shape import Report
from pgs_compiler.ways import spoken as spoken_way
from pgs_compiler.ways import way_around
from pgs_snapshot import model
from pgs_snapshot.model import (
    CallNode,
    ContractNode,
    EachNode,
    Edge,
    ExitNode,
    Expr,
    IntentNode,
    Literal_,
    Node,
    ProcessNode,
    Undo,
    WaitNode,
)

FIRST_RESULT = 5  # the slots before: payload, actor, run, config, with
NOTHING: Mapping[Route, Slot] = {}


def elaborate_graph(
    program: Program,
    workflow: Workflow,
    order: Sequence[str],
    surfaces: Surfaces,
    configuration: Configuration,
) -> tuple[model.Graph, Surface | None, list[Finding]]:
    """Type one workflow whose structure is sound; `order` is a topological order of its nodes.

    Gives the surface, too, unless a finding leaves it open.
    """
    walk = _Walk(program, workflow, surfaces, configuration)
    nodes = tuple(walk.node(id) for id in order)
    bounds = bounds_of(nodes, walk.behaviour)
    graph = model.Graph(
        workflow=workflow.header.name,
        summary=workflow.header.summary,
        binding=workflow.binding.text if workflow.binding else None,
        start=workflow.start.text,
        slots=("payload", "actor", "run", "config", "with", *(f"results.{id}" for id in walk.results), *walk.extra),
        nodes=nodes,
        bounds=bounds or model.Bounds(0, 0, 0),
        hidden={},
        at=at(workflow.header.place),
        subdomain=workflow.header.subdomain,
        commits=tuple(sorted(id for id, found in walk.behaviour.items() if found.commits)),
    )
    sound = bounds is not None and not any(finding.severity == "error" for finding in walk.report.findings)
    traits = {id: found.traits for id, found in walk.behaviour.items()}
    depth = max(found.depth for found in walk.behaviour.values())
    return graph, surface_of(workflow, graph, traits, depth) if sound else None, walk.report.findings


class _Walk:
    def __init__(
        self,
        program: Program,
        workflow: Workflow,
        surfaces: Surfaces,
        configuration: Configuration,
    ) -> None:
        self.program = program
        self.report = Report()
        self.behaviour = behaviours(program, surfaces, workflow)
        self.results = tuple(
            node.id.text for node in workflow.nodes if not isinstance(node, IntentNodeSyntax | ExitNodeSyntax)
        )
        self.extra = _extra(workflow)
        self._start = workflow.start.text
        self._carried_here: Slot | None = None
        self._surfaces = surfaces
        self._workflow = workflow
        self._configuration = configuration
        self._nodes = {node.id.text: node for node in workflow.nodes}
        self._numbers = {id: FIRST_RESULT + index for index, id in enumerate(self.results)}
        self._in: dict[str, list[Knowledge]] = {id: [] for id in self._nodes}
        self._in[self._start].append(Knowledge(self._start, {}))
        self._fixed: dict[Route, Slot] = {("run",): slot(2, RUN), ("config",): slot(3, configuration.schema)}
        self._admitted: dict[Route, Slot] = {}
        intent = admitted(program, workflow)
        if intent is not None:
            self._admitted["payload",] = slot(0, program.fields(intent.payload))
            self._admitted["actor",] = slot(1, actor_schema(program, intent.actors))

    def node(self, id: str) -> Node:
        """Type one node, behind all that lead to it."""
        node = self._nodes[id]
        ways = self._in.pop(id)
        ended, maybe = joined(ways)
        here = Knowledge(id, ended, maybe)
        self._carried_here = carried(node, ways, self.report)
        values = Elaborator(self.program, self._scope(here, self._carried_here), self.report)
        match node:
            case IntentNodeSyntax():
                edges = self._edges(id, node.next, here)
                return IntentNode(id, node.intent.text, edges, at(node.id.place), node.summary)
            case ContractNodeSyntax():
                return self._contract(node, here, values)
            case ProcessNodeSyntax():
                return self._process(node, here, values)
            case CallNodeSyntax():
                return self._call(node, here, values)
            case EachNodeSyntax():
                return self._each(node, here, values)
            case WaitNodeSyntax():
                return self._wait(node, here, values)
            case ExitNodeSyntax():
                return self._exit(node, values)

    # --- nodes -----------------------------------------------------------------------------------

    def _contract(self, node: ContractNodeSyntax, here: Knowledge, values: Elaborator) -> Node:
        name, inputs = self._inputs(node.contract, node.inputs, values)
        edges = self._edges(node.id.text, node.next, here)
        undo = self._undo(node.id.text, node.undo, here)
        place = at(node.id.place)
        return ContractNode(node.id.text, name, inputs.values, inputs.unproven, edges, place, node.summary, undo)

    def _process(self, node: ProcessNodeSyntax, here: Knowledge, values: Elaborator) -> Node:
        id, place = node.id.text, at(node.id.place)
        session, inputs = processes.given(values, node)
        edges = self._edges(id, node.next, here)
        undo = self._undo(id, node.undo, here)
        name = node.process.text
        return ProcessNode(id, name, session, inputs.values, inputs.unproven, edges, place, node.summary, undo)

    def _inputs(self, contract: Name, bound: Bindings, values: Elaborator) -> tuple[str, Inputs]:
        """The inputs of a contract, which may fit only if it has an outcome for that."""
        declared = self.program.get(contract, Contract)
        name = declared.header.name
        inputs = bind_inputs(values, bound, self.program.fields(declared.inputs), f"`{name}`")
        if inputs.doubts and declared.on_input_failure is None:
            first, *others = inputs.doubts
            self.report.add(
                "T414",
                f"`{first.name}` of `{name}` only may fit, and it has no outcome for that: {first.why}.",
                first.place,
                "checked at run time",
                self._failure_hint(contract, declared),
                tuple(Related(doubt.place, f"so does `{doubt.name}`: {doubt.why}") for doubt in others),
            )
        return name, inputs

    def _failure_hint(self, contract: Name, declared: Contract) -> str:
        """What to state; where an outcome is declared that nothing leads to, it was meant for that."""
        disputed = self._surfaces.contracts[contract.text].disputed
        idle = [outcome.name.text for outcome in declared.outcomes if outcome.name.text in disputed]
        if len(idle) == 1:
            return f"State `on_input_failure: {idle[0]}`."
        return "State `on_input_failure: VIOLATION` in a new version of the contract."

    def _undo(self, id: str, syntax: UndoSyntax | None, here: Knowledge) -> Undo | None:
        """What compensates a node, with what is known once its effects stand."""
        if syntax is None:
            return None
        ended = {**here.ended, id: self.behaviour[id].leaving or frozenset(self.behaviour[id].outputs)}
        values = Elaborator(self.program, self._scope(Knowledge(id, ended, here.maybe), None), self.report)
        name, inputs = self._inputs(syntax.contract, syntax.inputs, values)
        return Undo(name, inputs.values, inputs.unproven)

    def _call(self, node: CallNodeSyntax, here: Knowledge, values: Elaborator) -> Node:
        id, place = node.id.text, at(node.id.place)
        callee = calls.callee(values, node.callee)
        given = calls.payload(values, node.callee, node.inputs)
        edges = self._edges(id, node.next, here)
        undo = self._undo(id, node.undo, here)
        return CallNode(id, callee, given.values, given.unproven, edges, place, node.summary, undo)

    def _each(self, node: EachNodeSyntax, here: Knowledge, values: Elaborator) -> Node:
        items = calls.over(values, node)
        if items is not None:
            calls.list_outcomes(values, node, items.schema)
        inside = calls.item_slots(FIRST_RESULT + len(self.results), items, node.most)
        scope = self._scope(here, self._carried_here, inside)
        looking = Elaborator(self.program, scope, self.report)
        given = calls.payload(looking, node.callee, node.inputs)
        return EachNode(
            id=node.id.text,
            each=items.expr if items else Literal_([]),
            call=calls.callee(looking, node.callee),
            inputs=given.values,
            unproven=given.unproven,
            max=node.most,
            stop=tuple(sorted(word.text for word, stops in node.on_item if stops)),
            next=self._edges(node.id.text, node.next, here),
            at=at(node.id.place),
            summary=node.summary,
            concurrent=node.concurrent is not None,
        )

    def _wait(self, node: WaitNodeSyntax, here: Knowledge, values: Elaborator) -> Node:
        end = waits.deadline(values, node)
        signals = []
        for signal in node.signals:
            waits.others(values, self._workflow, signal.not_actor_of, here)
            event = slot(
                FIRST_RESULT + len(self.results) + self.extra.index("event"),
                self.program.fields(self.program.get(signal.event, Event).fields),
            )
            scope = self._scope(here, self._carried_here, {("event",): event})
            signals.append(waits.signal_of(values, Elaborator(self.program, scope, self.report), signal))
        within = node.deadline.text == "within"
        return WaitNode(
            id=node.id.text,
            within=end if within else None,
            until=None if within else end,
            signals=tuple(signals),
            next=self._edges(node.id.text, node.next, here),
            at=at(node.id.place),
            summary=node.summary,
        )

    def _exit(self, node: ExitNodeSyntax, values: Elaborator) -> Node:
        result = bind_written(values, node.result)
        emit: dict[str, Mapping[str, Expr]] = {}
        for item in node.emit:
            event = self.program.get(item.event, Event)
            name = event.header.name
            bound = bind_inputs(values, item.fields, self.program.fields(event.fields), f"`{name}`")
            for doubt in bound.doubts:
                self.report.add(
                    "T415",
                    f"`{doubt.name}` of `{name}` only may fit, and an exit has no way out: {doubt.why}.",
                    doubt.place,
                    "checked at run time",
                )
            emit[name] = bound.values
        names, reason = self._reason(node, values)
        return ExitNode(
            id=node.id.text,
            exit=node.exit,
            names=names,
            reason=reason,
            result=result.exprs,
            result_schema=result.schema,
            emit=emit,
            at=at(node.id.place),
            summary=node.summary,
        )

    def _reason(self, node: ExitNodeSyntax, values: Elaborator) -> tuple[tuple[str, ...], Expr | None]:
        if node.reason is None:
            return (node.exit,), None
        if isinstance(node.reason, Word):
            return (node.reason.text,), None
        typed = values.certain(node.reason)
        if typed is None:
            return (), None
        names = [str(member) for member in members_of(typed.schema) or ()]
        unfit = next((name for name in names if not OUTCOME.accepts(name)), None)
        if not names or unfit is not None:
            message = f"`{node.reason.text}` is no enumeration, so the names of this exit are not known."
            if unfit is not None:
                message = f"`{node.reason.text}` can be `{unfit}`, which does not have the form of a reason."
            label = spoken(typed.schema) if unfit is None else OUTCOME.spoken
            self.report.add("T416", message, node.reason.place, label)
        return tuple(names), typed.expr

    # --- flow of knowledge -----------------------------------------------------------------------

    def _edges(self, id: str, edges: Iterable[EdgeSyntax], here: Knowledge) -> dict[str, Edge]:
        """Lower the edges out, and tell the nodes behind them what is known there."""
        lowered: dict[str, Edge] = {}
        for edge in edges:
            ended = {**here.ended, id: frozenset({edge.outcome.text})}
            arguments: Written | None = None
            if edge.arguments is not None:
                scope = self._scope(Knowledge(id, ended, here.maybe), None)
                arguments = bind_certain(Elaborator(self.program, scope, self.report), edge.arguments)
            lowered[edge.outcome.text] = Edge(edge.to.text, arguments.exprs if arguments else {})
            self._in[edge.to.text].append(Knowledge(id, ended, here.maybe, edge, arguments))
        return lowered

    def _scope(self, here: Knowledge, carried: Slot | None, inside: Mapping[Route, Slot] = NOTHING) -> Scope:
        """What can be referred to; `inside` is what only this part of a node has."""
        slots, absent = {**self._fixed, **inside}, dict[Route, str]()
        if "NACK" in here.ended.get(self._start, ()):
            absent |= dict.fromkeys(self._admitted, "it was not admitted")
        else:
            slots |= self._admitted
        if carried is not None:
            slots["with",] = carried
        elif self._carried_here is not None:
            absent["with",] = "it is for the node itself, and for no edge behind it"
        ended = here.ended
        return Scope(
            Lazy(
                slots,
                lambda: (id for id in self.results if id in ended),
                lambda id: self._result(id, here) if id in ended and id in self._numbers else None,
            ),
            Lazy(
                absent,
                lambda: (id for id in self.results if id not in ended),
                lambda id: None if id in ended or id not in self._numbers else _why_not(id, here),
            ),
            self._configuration,
        )

    def _result(self, id: str, here: Knowledge) -> Slot:
        outputs = self.behaviour[id].outputs
        variants = tuple(
            Variant(outputs.get(outcome, EMPTY), f"when `{id}` ended as `{outcome}`")
            for outcome in sorted(here.ended[id])
        )
        missing = ""
        if id in here.maybe:
            missing = f"`{id}` does not run on the way {spoken_way(way_around(self._workflow, id, here.node))}"
        return Slot(self._numbers[id], variants, missing, broken=not self.behaviour[id].sound)


def _why_not(id: str, here: Knowledge) -> str:
    """Why a node's result is out of reach."""
    return "it is this node itself" if id == here.node else f"`{id}` has not run on any way to here"


def _extra(workflow: Workflow) -> tuple[str, ...]:
    """The slots behind those of results: what only the inside of some nodes sees."""
    found: tuple[str, ...] = ()
    if any(isinstance(node, EachNodeSyntax) for node in workflow.nodes):
        found += ("item", "index")
    return (*found, "event") if any(isinstance(node, WaitNodeSyntax) for node in workflow.nodes) else found

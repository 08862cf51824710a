"""Workflows, typed: nodes in topological order, each with what is known on every way in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pgs_compiler.declarations import (
    Contract,
    ContractNodeSyntax,
    EdgeSyntax,
    Event,
    ExitNodeSyntax,
    IntentNodeSyntax,
    NodeSyntax,
    Word,
    Workflow,
)
from pgs_compiler.elaborate.bound import Written, bind_certain, bind_inputs, bind_written
from pgs_compiler.elaborate.configuration import EMPTY, Configuration
from pgs_compiler.elaborate.contracts import TypedContract
from pgs_compiler.elaborate.intents import actor_schema, admitted
from pgs_compiler.elaborate.knowledge import Knowledge, Lazy, joined
from pgs_compiler.elaborate.places import at
from pgs_compiler.elaborate.scope import RUN, Route, Scope, Slot, Variant, slot
from pgs_compiler.elaborate.values import Elaborator, Typed, record_of, spoken
from pgs_compiler.findings import Finding, Related
from pgs_compiler.names import OUTCOME
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import members_of
from pgs_compiler.schemas.join import join
from pgs_compiler.shape import Report
from pgs_compiler.suggest import nearest
from pgs_compiler.ways import spoken as spoken_way
from pgs_compiler.ways import way_around
from pgs_snapshot import model
from pgs_snapshot.model import Bounds, ContractNode, Edge, ExitNode, Expr, IntentNode, Node, Schema

FIRST_RESULT = 5  # the slots before: payload, actor, run, config, with
NO_OUTPUTS: Mapping[str, Schema] = {}
_NOT_RUN = "`{}` has not run on any way to here"


def elaborate_graph(
    program: Program,
    workflow: Workflow,
    order: Sequence[str],
    contracts: Mapping[str, TypedContract],
    configuration: Configuration,
) -> tuple[model.Graph, list[Finding]]:
    """Type one workflow whose structure is sound; `order` is a topological order of its nodes."""
    walk = _Walk(program, workflow, contracts, configuration)
    nodes = tuple(walk.node(id) for id in order)
    graph = model.Graph(
        workflow=workflow.header.name,
        summary=workflow.header.summary,
        binding=workflow.binding.text if workflow.binding else None,
        start=workflow.start.text,
        slots=("payload", "actor", "run", "config", "with", *(f"results.{id}" for id in walk.results)),
        nodes=nodes,
        bounds=_bounds(nodes, contracts),
        at=at(workflow.header.place),
        subdomain=workflow.header.subdomain,
    )
    return graph, walk.report.findings


class _Walk:
    def __init__(
        self,
        program: Program,
        workflow: Workflow,
        contracts: Mapping[str, TypedContract],
        configuration: Configuration,
    ) -> None:
        self.program = program
        self.report = Report()
        self.results = tuple(node.id.text for node in workflow.nodes if isinstance(node, ContractNodeSyntax))
        self._start = workflow.start.text
        self._workflow = workflow
        self._contracts = contracts
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
            self._admitted["actor",] = slot(1, actor_schema(program, intent))

    def node(self, id: str) -> Node:
        """Type one node, behind all that lead to it."""
        node = self._nodes[id]
        ways = self._in.pop(id)
        ended, maybe = joined(ways)
        here = Knowledge(id, ended, maybe)
        values = Elaborator(self.program, self._scope(here, self._carried(node, ways)), self.report)
        match node:
            case IntentNodeSyntax():
                edges = self._edges(id, node.next, here)
                return IntentNode(id, node.intent.text, edges, at(node.id.place), node.summary)
            case ContractNodeSyntax():
                return self._contract(node, here, values)
            case ExitNodeSyntax():
                return self._exit(node, values)

    # --- nodes -----------------------------------------------------------------------------------

    def _contract(self, node: ContractNodeSyntax, here: Knowledge, values: Elaborator) -> Node:
        declared = self.program.get(node.contract, Contract)
        name = declared.header.name
        inputs = bind_inputs(values, node.inputs, self.program.fields(declared.inputs), f"`{name}`")
        if inputs.doubts and declared.on_input_failure is None:
            first, *others = inputs.doubts
            self.report.add(
                "T414",
                f"`{first.name}` of `{name}` only may fit, and it has no outcome for that: {first.why}.",
                first.place,
                "checked at run time",
                "State `on_input_failure: VIOLATION` in a new version of the contract.",
                tuple(Related(doubt.place, f"so does `{doubt.name}`: {doubt.why}") for doubt in others),
            )
        edges = self._edges(node.id.text, node.next, here)
        return ContractNode(node.id.text, name, inputs.values, inputs.unproven, edges, at(node.id.place), node.summary)

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

    def _carried(self, node: NodeSyntax, ways: Sequence[Knowledge]) -> Slot | None:
        """The slot of `$.with`, if edges in carry anything: all of them the same."""
        given = [way.arguments for way in ways if way.arguments is not None]
        if not given:
            return None
        even = self._even(node, ways)
        if not even or not all(arguments.sound for arguments in given):
            return Slot(4, (), broken=True)
        first, *others = (arguments.members for arguments in given)
        members = dict(first)
        for other in others:
            for name, typed in other.items():
                members[name] = Typed(typed.expr, join(members[name].schema, typed.schema))
        return slot(4, record_of(members))

    def _even(self, node: NodeSyntax, ways: Sequence[Knowledge]) -> bool:
        """Whether all edges in carry the same names; each that does not is reported."""
        names = [frozenset(way.arguments.names if way.arguments else ()) for way in ways]
        usual = Counter(names).most_common(1)[0][0]
        pattern = next(way.edge for way, own in zip(ways, names, strict=True) if own == usual)
        for way, own in zip(ways, names, strict=True):
            if own == usual or way.edge is None or pattern is None:
                continue
            extra = (
                [bound.name for bound in way.edge.arguments.bound if bound.name.text not in usual]
                if way.edge.arguments
                else []
            )
            near = nearest(extra[0].text, usual - own) if len(extra) == 1 else None
            self.report.add(
                "T417",
                f"This edge carries {_listed(own)} to `{node.id.text}`, and another {_listed(usual)}.",
                extra[0].place if near else way.edge.to.place,
                hint=f"Write `{near}`." if near else "",
                related=(Related(pattern.to.place, f"carries {_listed(usual)}"),),
            )
        return len(set(names)) == 1

    def _scope(self, here: Knowledge, carried: Slot | None) -> Scope:
        slots, absent = dict(self._fixed), dict[Route, str]()
        if "NACK" in here.ended.get(self._start, ()):
            absent |= dict.fromkeys(self._admitted, "it was not admitted")
        else:
            slots |= self._admitted
        if carried is not None:
            slots["with",] = carried
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
                lambda id: None if id in ended or id not in self._numbers else _NOT_RUN.format(id),
            ),
            self._configuration,
        )

    def _result(self, id: str, here: Knowledge) -> Slot:
        node = self._nodes[id]
        typed = self._contracts[node.contract.text] if isinstance(node, ContractNodeSyntax) else None
        outputs = typed.outputs if typed else NO_OUTPUTS
        variants = tuple(
            Variant(outputs.get(outcome, EMPTY), f"when `{id}` ended as `{outcome}`")
            for outcome in sorted(here.ended[id])
        )
        missing = ""
        if id in here.maybe:
            missing = f"`{id}` does not run on the way {spoken_way(way_around(self._workflow, id, here.node))}"
        return Slot(self._numbers[id], variants, missing, broken=typed is None or not typed.sound)


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "nothing"


def _bounds(nodes: Sequence[Node], contracts: Mapping[str, TypedContract]) -> Bounds:
    """The longest way through the graph, counted in nodes, steps and operations."""
    after: dict[str, Bounds] = {}
    for node in reversed(nodes):
        following = [] if isinstance(node, ExitNode) else [after[edge.to] for edge in node.next.values()]
        steps = contracts[node.contract].contract.steps if isinstance(node, ContractNode) else ()
        effects = sum(isinstance(step, model.OperationStep) for step in steps)
        after[node.id] = Bounds(
            1 + max((bound.nodes for bound in following), default=0),
            len(steps) + max((bound.steps for bound in following), default=0),
            effects + max((bound.effects for bound in following), default=0),
        )
    return after[nodes[0].id]

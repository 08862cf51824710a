"""A workflow: every node with what arrives there, in topological order; what each may not show is the answer.

A new kind of node needs a case in `_Walk.node`: what it gives by outcome, what it hides, what arrives in it. Edges,
knowledge of earlier nodes and the record are the walk's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from pgs_compiler.checks import Checked
from pgs_compiler.declarations import (
    Actor,
    Binding,
    CallNodeSyntax,
    ContractNodeSyntax,
    EachNodeSyntax,
    EdgeSyntax,
    Event,
    ExitNodeSyntax,
    IntentNodeSyntax,
    ProcessNodeSyntax,
    Reference,
    UndoneSyntax,
    WaitNodeSyntax,
    Workflow,
)
from pgs_compiler.elaborate.intents import admitted
from pgs_compiler.elaborate.surfaces import EMPTY_LIST, TOO_MANY
from pgs_compiler.flows.arrivals import Arrival, Sink, arrivals
from pgs_compiler.flows.contracts import Followed, follow_contract, implicit, recorded
from pgs_compiler.flows.declared import declared
from pgs_compiler.flows.lattice import (
    CLEAN,
    Flow,
    Signature,
    along,
    flat,
    hidden,
    join,
    join_all,
    marked,
    merged,
    onward,
    record,
    sequence,
    signature,
    taken,
)
from pgs_compiler.flows.processes import run
from pgs_compiler.flows.stores import Stores
from pgs_compiler.flows.values import Reader, bound, operands
from pgs_compiler.program import Program
from pgs_snapshot import model

REQUESTED = "payload"  # what the payload is called where nobody calls the workflow
_FIRST_RESULT = 5  # the slots before: payload, actor, run, config, with
Routed: TypeAlias = "model.IntentNode | model.Undoable | model.EachNode | model.WaitNode"
_Results = Mapping[str, Mapping[str, Flow]]
"""What earlier nodes may have given, by node and by the outcome that they may have ended as."""


@dataclass(frozen=True, slots=True)
class FlowsOf:
    """What is known of one workflow, given what its payload and actor carry.

    Attributes:
        hidden: JSON Pointers into what a node's line of the trace tells, by node; nodes without any are left out.
        sinks: stores, effects, events and results that the workflow has, whatever arrives there.
        arrivals: of every mark at every sink, those in workflows that it calls included.
        results: what it gives, by the name of its exit.
    """

    hidden: Mapping[str, tuple[str, ...]]
    sinks: tuple[Sink, ...]
    arrivals: tuple[Arrival, ...]
    results: Mapping[str, Flow]


class Scene:
    """What all workflows of a program share while they are followed once.

    `hidden` is the union over every call of a workflow: its graph is sealed once.
    """

    def __init__(self, checked: Checked, stores: Stores) -> None:
        self.checked = checked
        self.program = checked.program
        self.stores = stores
        self.contracts = {name: typed.contract for name, typed in checked.contracts.items()}
        self.hidden: dict[str, dict[str, set[str]]] = {name: {} for name in checked.graphs}
        self._known: dict[tuple[str, Signature, Signature], FlowsOf] = {}

    def workflow(self, name: str) -> FlowsOf:
        """A workflow as a request starts it."""
        return self._followed(name, CLEAN, CLEAN, REQUESTED)

    def call(self, name: str, payload: Flow, actor: Flow) -> FlowsOf:
        """A workflow as another calls it. Equal calls are followed once."""
        return self._followed(name, payload, actor, f"{name.partition('::')[2]}.payload")

    def sealed(self, name: str) -> Mapping[str, tuple[str, ...]]:
        """What the nodes of a workflow hide, whoever calls it."""
        return {node: tuple(sorted(pointers)) for node, pointers in sorted(self.hidden[name].items())}

    def _followed(self, name: str, payload: Flow, actor: Flow, called: str) -> FlowsOf:
        key = (f"{name} {called}", signature(payload), signature(actor))
        if key not in self._known:
            found = _Walk(self, self.checked.graphs[name], payload, actor, called).follow()
            self._known[key] = found
            for node, pointers in found.hidden.items():
                self.hidden[name].setdefault(node, set()).update(pointers)
        return self._known[key]


class _Walk:
    def __init__(self, scene: Scene, graph: model.Graph, payload: Flow, actor: Flow, called: str) -> None:
        program = scene.program
        workflow = program.declarations[graph.workflow]
        if not isinstance(workflow, Workflow):
            raise TypeError(f"{graph.workflow} is no workflow")
        self._scene = scene
        self._program = program
        self._graph = graph
        self._workflow = workflow
        self._written_nodes = {node.id.text: node for node in workflow.nodes}
        self._called_as = called != REQUESTED
        self._payload, self._actor = _asked(program, workflow, payload, actor, called)
        binding = program.get(workflow.binding, Binding) if workflow.binding else None
        self._config = declared(program, binding.config, "config") if binding else CLEAN
        self._slots = {name: number for number, name in enumerate(graph.slots)}
        self._in: dict[str, _Results] = {}
        self._with: dict[str, Flow] = {}
        self._clean: dict[str, Followed] = {}
        self._hidden: dict[str, tuple[str, ...]] = {}
        self._sinks: list[Sink] = []
        self._arrivals: list[Arrival] = []
        self._results: dict[str, Flow] = {}

    def follow(self) -> FlowsOf:
        for node in self._graph.nodes:
            results = self._in.pop(node.id, {})
            frame = self._frame(node.id, results)
            outputs = self._node(node, frame)
            if not isinstance(node, model.ExitNode):
                self._edges(node, outputs, results)
        return FlowsOf(self._hidden, tuple(dict.fromkeys(self._sinks)), tuple(self._arrivals), self._results)

    def _node(self, node: model.Node, frame: list[Flow]) -> Mapping[str, Flow]:
        """What a node gives, by outcome."""
        syntax = self._written_nodes[node.id]
        match node, syntax:
            case model.IntentNode(), IntentNodeSyntax():
                self._admit(node)
                return {}
            case model.ContractNode(), ContractNodeSyntax():
                outputs = self._contract(node, syntax, frame)
                self._undo(node, syntax, frame, outputs)
                return outputs
            case model.ProcessNode(), ProcessNodeSyntax():
                outputs = self._process(node, syntax, frame)
                self._undo(node, syntax, frame, outputs)
                return outputs
            case model.CallNode(), CallNodeSyntax():
                outputs = self._call(node, syntax, frame)
                self._undo(node, syntax, frame, outputs)
                return outputs
            case model.EachNode(), EachNodeSyntax():
                return self._each(node, syntax, frame)
            case model.WaitNode(), WaitNodeSyntax():
                return self._wait(node, syntax, frame)
            case model.ExitNode(), ExitNodeSyntax():
                self._exit(node, syntax, frame)
                return {}
        raise AssertionError(f"{node.id} is of another kind than its declaration")

    # --- nodes -----------------------------------------------------------------------------------

    def _admit(self, node: model.IntentNode) -> None:
        intent = admitted(self._program, self._workflow)
        rules = self._scene.checked.intents[node.intent].requires
        sink = Sink("decision", f"admission by `{node.intent.partition('::')[2]}`")
        for rule, syntax in zip(rules, intent.requires if intent else (), strict=True):
            for comparison in model.comparisons(rule):
                seen = operands(comparison, (self._payload, self._actor))
                self._note(node.id, implicit(sink, onward(seen, syntax.place, "a rule asks for it").marks))
        if self._called_as:
            self._hide(node.id, hidden(self._payload, "/payload"))  # line 0 tells of a payload by its schema
        told = (self._payload, self._actor, self._config)
        self._note(node.id, recorded(flat(join_all(told))))

    def _contract(self, node: model.ContractNode, syntax: ContractNodeSyntax, frame: list[Flow]) -> Mapping[str, Flow]:
        given = record(bound(node.inputs, syntax.inputs, frame, f"`{node.id}` is given it as `{{}}`", "given"))
        found = self._inside(node.contract, given)
        self._hide(node.id, found.hidden)
        self._sinks += found.sinks
        self._note(node.id, found.arrivals)
        return found.outputs

    def _process(self, node: model.ProcessNode, syntax: ProcessNodeSyntax, frame: list[Flow]) -> Mapping[str, Flow]:
        given = record(bound(node.inputs, syntax.inputs, frame, f"`{node.id}` is given it as `{{}}`", "given"))
        session = Reader(frame, f"it names the session of `{node.id}`").read(node.session, syntax.session)
        found = run(self._program, self._scene.stores, syntax, given, session)
        self._hide(node.id, found.hidden)
        self._sinks += found.sinks
        self._note(node.id, found.arrivals)
        return found.outputs

    def _inside(self, contract: str, given: Flow) -> Followed:
        found = self._clean.get(contract) if given is CLEAN else None
        if found is None:
            lowered = self._scene.contracts[contract]
            found = follow_contract(self._program, self._scene.stores, lowered, given, self._config)
            if given is CLEAN:
                self._clean[contract] = found
        return found

    def _undo(
        self,
        node: model.Undoable,
        syntax: UndoneSyntax,
        frame: list[Flow],
        outputs: Mapping[str, Flow],
    ) -> None:
        """What compensates a node sees what the node gave."""
        if node.undo is None or syntax.undo is None:
            return
        after = list(frame)
        after[self._slots[f"results.{node.id}"]] = join_all(outputs.values())
        words = f"the undo of `{node.id}` is given it as `{{}}`"
        found = self._inside(
            node.undo.contract, record(bound(node.undo.inputs, syntax.undo.inputs, after, words, "given"))
        )
        self._hide(node.id, (f"/undo{pointer}" for pointer in found.hidden))
        self._sinks += found.sinks
        self._note(node.id, found.arrivals)

    def _call(self, node: model.CallNode, syntax: CallNodeSyntax, frame: list[Flow]) -> Mapping[str, Flow]:
        outputs = self._called(node, syntax, frame)
        for name, flow in outputs.items():
            self._hide(node.id, hidden(flow, f"/outputs/{name}"))
        return outputs

    def _each(self, node: model.EachNode, syntax: EachNodeSyntax, frame: list[Flow]) -> Mapping[str, Flow]:
        over = Reader(frame, f"`{node.id}` goes over it", "passed").read(node.each, syntax.over)
        self._hide(node.id, hidden(over, "/inputs/each"))
        looking = list(frame)
        looking[self._slots["item"]] = along(over, (0,))
        result = join_all(self._called(node, syntax, looking).values())
        items = record({"items": sequence(record({"result": result})), "count": marked(over.marks)})
        outputs = {name: items for name in node.next if name not in (EMPTY_LIST, TOO_MANY)}
        outputs |= {name: record({"count": marked(over.marks)}) for name in node.next if name not in outputs}
        self._note(node.id, implicit(Sink("decision", f"length of `{node.id}`"), over.marks))
        for name, flow in outputs.items():
            self._hide(node.id, hidden(flow, f"/outputs/{name}"))
        return outputs

    def _called(
        self, node: model.CallNode | model.EachNode, syntax: CallNodeSyntax | EachNodeSyntax, frame: list[Flow]
    ) -> dict[str, Flow]:
        """What the workflows give that a node may call, by the name of the exit."""
        given = record(bound(node.inputs, syntax.inputs, frame, f"`{node.id}` calls with it as `{{}}`", "given"))
        if isinstance(node, model.CallNode):
            self._hide(node.id, hidden(given, "/inputs"))
        if node.call.choose is not None and syntax.callee.choose is not None:
            chosen = Reader(frame, f"`{node.id}` chooses by it").read(node.call.choose, syntax.callee.choose)
            self._note(node.id, implicit(Sink("decision", f"choice of `{node.id}`"), flat(chosen)))
        gives: dict[str, Flow] = {}
        for name in node.call.workflows:
            found = self._scene.call(name, given, self._actor)
            self._sinks += found.sinks
            self._arrivals += (replace(item, node=f"{node.id}/{item.node}") for item in found.arrivals)
            for exit, flow in found.results.items():
                gives[exit] = join(gives.get(exit, CLEAN), flow)
        return gives

    def _wait(self, node: model.WaitNode, syntax: WaitNodeSyntax, frame: list[Flow]) -> Mapping[str, Flow]:
        outputs: dict[str, Flow] = {}
        for signal, written in zip(node.signals, syntax.signals, strict=True):
            event = onward(self._scene.stores.held(signal.event), written.event.place, f"`{signal.name}` brings it")
            actors = (self._program.get(name, Actor).attributes for name in written.senders)
            sender = join_all(declared(self._program, fields, f"{signal.name} actor") for fields in actors)
            outputs[signal.name] = record({"event": event, "actor": sender})
            sink = Sink("decision", f"`{signal.name}` of `{node.id}`")
            words = f"`{signal.name}` is matched with it as `{{}}`"
            for flow in bound(signal.match, written.match, frame, words).values():
                self._note(node.id, implicit(sink, flat(flow)))
            heard = list(frame)
            heard[self._slots["event"]] = event
            for number, comparison in enumerate(model.comparisons(signal.where) if signal.where else ()):
                seen = operands(comparison, heard)
                self._note(node.id, implicit(sink, seen.marks))
                self._hide(node.id, (f"/signals/{signal.name}/operands/{number}",) if seen.words else ())
            self._hide(node.id, hidden(outputs[signal.name], f"/outputs/{signal.name}"))
            self._note(node.id, recorded(flat(outputs[signal.name])))
        return outputs

    def _exit(self, node: model.ExitNode, syntax: ExitNodeSyntax, frame: list[Flow]) -> None:
        words = f"`{node.id}` gives it as `{{}}`"
        clears = frozenset(word.text for word in syntax.clears)
        result = record(bound(node.result, syntax.result, frame, words))
        sink = Sink("result", f"result of `{node.id}`", clears, f"`{node.id}`", syntax.id.place)
        if node.result:
            self._sinks.append(sink)
        self._note(node.id, arrivals(result, sink))
        for name in node.names:
            given = onward(result, syntax.id.place, f"`{name}` of `{_code(self._graph.workflow)}` gives it", "left")
            self._results[name] = join(self._results.get(name, CLEAN), given)
        told = flat(result)
        pointers = [*hidden(result, "/result")]
        for item in syntax.emit:
            event = self._program.get(item.event, Event)
            name = event.header.name
            code = name.partition("::")[2]
            fields = record(bound(node.emit[name], item.fields, frame, f"`{node.id}` emits it as `{{}}`"))
            fields = join(fields, declared(self._program, event.fields, code))
            cleared = frozenset(word.text for word in event.clears)
            sink = Sink("event", code, cleared, f"`{code}`", event.header.place)
            self._sinks.append(sink)
            self._scene.stores.write(name, fields)
            self._note(node.id, arrivals(fields, sink))
            pointers += hidden(fields, f"/emitted/{name}")
            told = merged(told, flat(fields))
        self._reason(node, syntax, frame)
        self._hide(node.id, pointers)
        self._note(node.id, recorded(told))

    def _reason(self, node: model.ExitNode, syntax: ExitNodeSyntax, frame: list[Flow]) -> None:
        """A reason names the exit wherever it is spoken of, so nothing clears it."""
        if node.reason is None or not isinstance(syntax.reason, Reference):
            return
        read = Reader(frame, "the reason is read from it").read(node.reason, syntax.reason)
        self._note(node.id, arrivals(read, Sink("reason", f"reason of `{node.id}`")))

    # --- what is known where ---------------------------------------------------------------------

    def _edges(self, node: Routed, outputs: Mapping[str, Flow], here: _Results) -> None:
        """Tell the nodes behind what is known there. Only what carries something is kept."""
        written = {edge.outcome.text: edge for edge in self._written(node.id)}
        for outcome, edge in node.next.items():
            gives = outputs.get(outcome, CLEAN)
            known = {**here, node.id: {outcome: gives}} if gives is not CLEAN else here
            self._in[edge.to] = _joined(self._in[edge.to], known) if edge.to in self._in else known
            if edge.arguments:
                frame = self._frame(node.id, known, CLEAN)
                words = "the edge carries it as `{}`"
                carried = record(bound(edge.arguments, written[outcome].arguments, frame, words))
                self._with[edge.to] = join(self._with.get(edge.to, CLEAN), carried)

    def _written(self, id: str) -> Iterable[EdgeSyntax]:
        syntax = self._written_nodes[id]
        return () if isinstance(syntax, ExitNodeSyntax) else syntax.next

    def _frame(self, id: str, results: _Results, carried: Flow | None = None) -> list[Flow]:
        frame = [self._payload, self._actor, CLEAN, self._config, CLEAN] + [CLEAN] * (len(self._slots) - _FIRST_RESULT)
        frame[4] = self._with.get(id, CLEAN) if carried is None else carried
        for name, outcomes in results.items():
            frame[self._slots[f"results.{name}"]] = join_all(outcomes.values())
        return frame

    def _hide(self, id: str, pointers: Iterable[str]) -> None:
        found = tuple(sorted({*self._hidden.get(id, ()), *pointers}))
        if found:
            self._hidden[id] = found

    def _note(self, id: str, found: Iterable[Arrival]) -> None:
        self._arrivals += (replace(arrival, node=id) for arrival in found)


def _joined(left: _Results, right: _Results) -> _Results:
    found = dict(left)
    for node, outcomes in right.items():
        known = found.get(node)
        if known is not outcomes:
            found[node] = {**known, **outcomes} if known else outcomes
    return found


def _asked(program: Program, workflow: Workflow, payload: Flow, actor: Flow, called: str) -> tuple[Flow, Flow]:
    """What the payload and the actor carry: what is given, and what the intent declares."""
    intent = admitted(program, workflow)
    if intent is None:
        return CLEAN, CLEAN
    attributes = (program.get(name, Actor).attributes for name in intent.actors)
    own = join_all(declared(program, fields, "actor") for fields in attributes)
    return taken(payload, declared(program, intent.payload, called)), taken(actor, own)


def _code(name: str) -> str:
    return name.partition("::")[2]

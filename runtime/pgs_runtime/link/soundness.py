"""soundness: that what a sealed graph names by name or number is there, asked once before a workflow is linked.

A compiler writes no other graphs. Whoever seals a changed one again gets a refusal and not a crash:

* every name stands for something that the snapshot has, every slot for one that there is;
* a workflow starts at its only intent, and an edge leads to a node further down, so every way ends; none calls
  itself, however far round;
* a step ends the contract under an outcome that it has, and the last one goes on under none.

An outcome without an edge ends the run as a fault (R026), and is not looked for here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Protocol, TypeAlias, cast

from pgs_runtime.core.durations import is_duration
from pgs_snapshot import model
from pgs_snapshot.external import NOT_FOUND
from pgs_snapshot.model import Schema
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.snapshot import Snapshot, artifact_path, graph_path
from pgs_snapshot.validation import PatternTooLarge, matcher
from pgs_snapshot.visible import visible

_Calling: TypeAlias = "model.TransformStep | model.OperationStep | model.EffectStep"
_INTENT_SLOTS = 2  # payload, actor
MAX_CALLS = 32
_GIVEN_SLOTS = 3  # of a contract: inputs, run, config; then the outputs and the outcome of each step


class Soundness:
    """What is asked of the graphs of one snapshot, of each graph once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._known = _Known(snapshot)
        self._sound: set[str] = set()

    def demand(self, graph: model.Graph) -> None:
        """Check a graph, those of the workflows that it calls, and the contracts and intents on their nodes.

        Raises:
            SealBroken: Z902, it says what no compiler writes.
        """
        known, path = self._known, graph_path(graph.workflow)
        known.calls.clear()
        try:
            _demand_no_way_back(graph, known, ())
            for workflow in sorted(known.calls.keys() - self._sound):
                path = graph_path(workflow)
                _demand_graph(known.snapshot.graph(workflow), known)
                self._sound.add(workflow)
        except _Unsound as unsound:
            path = unsound.path or path
            raise SealBroken("Z902", f"`{visible(path)}` says what no compiler writes: {unsound}.", path) from unsound


def _demand_graph(graph: model.Graph, known: _Known) -> None:
    path = ""
    try:
        _graph(graph, known)
        for node in graph.nodes:
            if isinstance(node, model.IntentNode):
                path = artifact_path("intent", node.intent)
                _intent(known.snapshot.intent(node.intent), known)
            for contract, unproven in _contracts(node):
                path = artifact_path("contract", contract)
                _contract(known.snapshot.contract(contract), known, bool(unproven))
        path = ""
    except _Unsound as unsound:
        unsound.path = path
        raise


def _contracts(node: model.Node) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The contracts that a node runs, with the inputs that only may fit."""
    if isinstance(node, model.ContractNode):
        yield node.contract, node.unproven
    if isinstance(node, model.ContractNode | model.ProcessNode | model.CallNode) and node.undo is not None:
        yield node.undo.contract, node.undo.unproven


class _Unsound(Exception):
    """What is wrong, to follow a colon; `path` is where, "" for the graph that is looked at."""

    path = ""


def _demand(holds: bool, why: str) -> None:
    if not holds:
        raise _Unsound(visible(why))


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class _Known:
    """What the snapshot has, by kind."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._by_kind: Mapping[str, Callable[[str], _Named]] = {
            "actor": snapshot.actor,
            "binding": snapshot.binding,
            "context": snapshot.context,
            "contract": snapshot.contract,
            "event": snapshot.event,
            "intent": snapshot.intent,
            "process": snapshot.process,
            "side_effect": snapshot.side_effect,
            "store": snapshot.store,
            "transform": snapshot.transform,
        }
        self.workflows = frozenset(snapshot.workflows())
        self.calls: dict[str, int] = {}  # workflows by the most calls around them that were looked at
        self._names = {kind: frozenset(snapshot.names(f"artifacts/{kind}")) for kind in self._by_kind}

    def demand(self, kind: str, name: str) -> None:
        _demand(name in self._names[kind], f"there is no {kind} `{name}`")
        _demand(self._by_kind[kind](name).name == name, f"the {kind} `{name}` calls itself otherwise")


# --- graphs --------------------------------------------------------------------------------------


def _graph(graph: model.Graph, known: _Known) -> None:
    place = {node.id: number for number, node in enumerate(graph.nodes)}
    _demand(len(place) == len(graph.nodes), "two nodes have one id")
    intents = [node for node in graph.nodes if isinstance(node, model.IntentNode)]
    _demand([node.id for node in intents] == [graph.start] and place[graph.start] == 0, "it has not one start")
    if graph.binding is not None:
        known.demand("binding", graph.binding)
        _binding(known.snapshot.binding(graph.binding), known)
    for id in (*graph.commits, *graph.hidden):
        _demand(id in place, f"there is no node `{id}`")
    for pointer in (pointer for pointers in graph.hidden.values() for pointer in pointers):
        _demand(pointer[:1] in ("", "/"), f"`{pointer}` leads to nothing that could be hidden")
    for node in graph.nodes:
        _demand_slots(node, len(graph.slots), node.id)
        _node(node, graph, known)
        for edge in () if isinstance(node, model.ExitNode) else node.next.values():
            _demand(place.get(edge.to, -1) > place[node.id], f"`{node.id}` leads to `{edge.to}`, which is not ahead")


def _node(node: model.Node, graph: model.Graph, known: _Known) -> None:
    if not isinstance(node, model.IntentNode | model.ExitNode):
        _demand(f"results.{node.id}" in graph.slots, f"`{node.id}` has no slot for its result")
    for contract, unproven in _contracts(node):
        known.demand("contract", contract)
        run = known.snapshot.contract(contract)
        _demand_inputs(node.id, unproven, run.inputs)
        _demand(not unproven or run.on_input_failure is not None, f"`{node.id}` cannot fail")
        _bound(run, graph, known)
    match node:
        case model.IntentNode():
            known.demand("intent", node.intent)
        case model.ProcessNode():
            _process(node, known)
        case model.CallNode() | model.EachNode():
            _calling(node, graph, known)
        case model.WaitNode():
            _waiting(node, graph, known)
        case model.ExitNode():
            _demand(bool(node.names), f"`{node.id}` has no name to end under")
            _demand_schema(node.result_schema, node.id)
            for event in node.emit:
                known.demand("event", event)
                _demand_schema(known.snapshot.event(event).fields, event)


def _calling(node: model.CallNode | model.EachNode, graph: model.Graph, known: _Known) -> None:
    _demand(bool(node.call.workflows), f"`{node.id}` calls nothing")
    _demand(bool(node.call.of) == (node.call.choose is not None), f"`{node.id}` does not choose what it calls")
    for workflow in node.call.workflows:
        _demand(workflow in known.workflows, f"there is no workflow `{workflow}`")
        for start in known.snapshot.graph(workflow).nodes[:1] if node.unproven else ():
            _demand(isinstance(start, model.IntentNode), f"`{workflow}` has not one start")
            known.demand("intent", cast(model.IntentNode, start).intent)
            payload = known.snapshot.intent(cast(model.IntentNode, start).intent).payload
            _demand_schema(payload, node.id)
            _demand_inputs(node.id, node.unproven, payload)
    if isinstance(node, model.EachNode):
        inside = graph.slots[graph.slots.index("item") :][:2] if "item" in graph.slots else ()
        _demand(inside == ("item", "index"), f"`{node.id}` has no slots for its items")


def _process(node: model.ProcessNode, known: _Known) -> None:
    known.demand("process", node.process)
    process = known.snapshot.process(node.process)
    known.demand("context", process.context)
    context = known.snapshot.context(process.context)
    _demand_schema(process.inputs, node.process)
    _demand(not node.unproven, f"`{node.id}` cannot fail")
    for outcome, schema in process.outcomes.items():
        _demand_schema(schema, outcome)
    for name, outcome in process.errors.items():
        _demand(outcome in process.outcomes, f"`{name}` ends `{node.process}` as `{outcome}`, which it does not have")
    for path, field in context.fields.items():
        _demand(path.partition(".")[0] in ("domain", "global"), f"`{path}` is in no layer")
        _demand_schema(field.schema, path)
    for path in (*process.reads, *process.writes, *process.signals):
        _demand(any(f"{path}.".startswith(f"{field}.") for field in context.fields), f"there is no `{path}`")


def _waiting(node: model.WaitNode, graph: model.Graph, known: _Known) -> None:
    _demand("event" in graph.slots, f"`{node.id}` has no slot for what it hears")
    _demand((node.within is None) is not (node.until is None), f"`{node.id}` has not one end")
    _demand(len({signal.name for signal in node.signals}) == len(node.signals), f"two signals of `{node.id}` are one")
    before = graph.nodes[: graph.nodes.index(node)]
    acting = {other.id for other in before if isinstance(other, model.IntentNode | model.WaitNode)}
    for signal in node.signals:
        known.demand("event", signal.event)
        fields = known.snapshot.event(signal.event).fields
        _demand_schema(fields, signal.event)
        _demand_inputs(signal.name, tuple(signal.match), fields)
        for actor in signal.actors:
            known.demand("actor", actor)
            _demand_schema(known.snapshot.actor(actor).attributes, actor)
        for other in signal.not_actor_of:
            _demand(other in acting, f"nobody has acted at `{other}` when `{signal.name}` comes")


def _binding(binding: model.Binding, known: _Known) -> None:
    _demand_schema(binding.config, "config")
    for store in binding.stores:
        known.demand("store", store)
    for name, policy in binding.effects.items():
        known.demand("side_effect", name)
        operations = known.snapshot.side_effect(name).operations
        _demand(policy.unknown != "retry" or policy.attempts is not None, f"`{name}` is tried again without an end")
        _demand(policy.unknown != "lookup" or policy.lookup is not None, f"nothing finds out about `{name}`")
        if policy.lookup is not None:
            _demand(policy.lookup in operations, f"`{name}` has no `{policy.lookup}`")
            _demand(operations[policy.lookup].mode == "read", f"`{policy.lookup}` of `{name}` does not read")


def _bound(contract: model.Contract, graph: model.Graph, known: _Known) -> None:
    """The binding of a workflow says what happens when an external effect is in doubt."""
    effects = known.snapshot.binding(graph.binding).effects if graph.binding is not None else {}
    for step in contract.steps:
        if isinstance(step, model.EffectStep):
            _demand(step.side_effect in effects, f"`{graph.workflow}` has no policy for `{step.side_effect}`")
            operations = known.snapshot.side_effect(step.side_effect).operations
            lookup, asked = operations.get(effects[step.side_effect].lookup or ""), operations.get(step.operation)
            if lookup is not None and asked is not None and asked.mode == "write":
                for outcome in sorted(lookup.outcomes.keys() - asked.outcomes.keys() - {NOT_FOUND}):
                    _demand(False, f"`{step.name}` cannot end as `{outcome}`, as its lookup may say")


def _demand_no_way_back(graph: model.Graph, known: _Known, above: tuple[str, ...]) -> None:
    """No workflow calls itself, and calls within each other have an end that a machine can hold."""
    if graph.workflow not in known.workflows:
        raise SealBroken("Z902", f"A graph calls itself `{visible(graph.workflow)}` and stands elsewhere.")
    _demand(graph.workflow not in above, f"`{graph.workflow}` calls itself")
    _demand(len(above) <= MAX_CALLS, f"more than {MAX_CALLS} calls are within each other")
    if known.calls.get(graph.workflow, MAX_CALLS) < len(above) or graph.workflow not in known.calls:
        known.calls[graph.workflow] = len(above)
        for node in graph.nodes:
            for workflow in node.call.workflows if isinstance(node, model.CallNode | model.EachNode) else ():
                _demand(workflow in known.workflows, f"there is no workflow `{workflow}`")
                callee = known.snapshot.graph(workflow)
                _demand(callee.workflow == workflow, f"the workflow `{workflow}` calls itself otherwise")
                _demand_no_way_back(callee, known, (*above, graph.workflow))


def _intent(intent: model.Intent, known: _Known) -> None:
    for actor in intent.actors:
        known.demand("actor", actor)
        _demand_schema(known.snapshot.actor(actor).attributes, actor)
    _demand_schema(intent.payload, "payload")
    _demand(len(intent.requires) == len(intent.requires_at), "a rule has no place")
    _demand(len(intent.rules) in (0, len(intent.requires)), "a name of a rule stands for none")
    for rule, allowed in intent.break_glass.items():
        _demand(intent.rules.count(rule) == 1 and rule != "", f"`{rule}` is not the name of one rule")
        _demand(is_duration(allowed.within), f"`{rule}` can be overridden without an end")
        for actor in allowed.by:
            known.demand("actor", actor)
            _demand_schema(known.snapshot.actor(actor).attributes, actor)
    _demand_slots(intent.requires, _INTENT_SLOTS, "requires")
    _demand(all(subject.slot == 0 for subject in intent.subjects), "a subject is not of the payload")


# --- contracts -----------------------------------------------------------------------------------


def _contract(contract: model.Contract, known: _Known, may_misfit: bool) -> None:
    """`may_misfit`: its own inputs may not fit, so that it can end before the first step."""
    slots = _GIVEN_SLOTS
    _demand(len(contract.slots) == slots + 2 * len(contract.steps), "its slots are not those of its steps")
    _demand(bool(contract.steps), "it has no step")
    _demand(contract.outputs.keys() == contract.outcomes.keys(), "its outputs are not those of its outcomes")
    for schema in (contract.inputs, *contract.outputs.values()):
        _demand_schema(schema, contract.name)
    failure = contract.on_input_failure
    _demand(failure is None or failure in contract.outcomes, f"`{failure}` is no outcome")
    # How much has run, at least, when the contract ends under an outcome.
    least = {failure: slots} if failure is not None and may_misfit else {}
    for step in contract.steps:
        _step(step, slots, known)
        if not isinstance(step, model.DecideStep) and step.unproven:
            _demand(failure is not None, f"`{step.name}` cannot fail")
            least.setdefault(failure or "", slots)
        slots += 2
        for ended in step.next.values():
            if ended is not None:
                _demand(ended in contract.outcomes, f"`{step.name}` ends as `{ended}`, which is no outcome")
                least.setdefault(ended, slots)
    last = contract.steps[-1]
    _demand(None not in last.next.values(), f"`{last.name}` goes on, and is the last step")
    for outcome, outputs in contract.outcomes.items():
        _demand_slots(outputs, least.get(outcome, slots), outcome, slots)


def _step(step: model.Step, slots: int, known: _Known) -> None:
    _demand_slots(step, slots, step.name)
    if isinstance(step, model.DecideStep):
        _demand(bool(step.cases), f"`{step.name}` has no case")
    else:
        _call(step, known)


def _call(step: _Calling, known: _Known) -> None:
    declared, outcomes = _called(step, known)
    for schema in (declared, *outcomes.values()):
        _demand_schema(schema, step.name)
    _demand_inputs(step.name, step.unproven, declared)


def _called(step: _Calling, known: _Known) -> tuple[Schema, Mapping[str, Schema]]:
    """The declared inputs and outcomes of what a step calls."""
    if isinstance(step, model.TransformStep):
        known.demand("transform", step.transform)
        transform = known.snapshot.transform(step.transform)
        return transform.inputs, transform.outcomes
    if isinstance(step, model.EffectStep):
        known.demand("side_effect", step.side_effect)
        name, operations = step.side_effect, known.snapshot.side_effect(step.side_effect).operations
        for operation in operations.values():
            for schema in (operation.inputs, *operation.outcomes.values()):
                _demand_schema(schema, name)
    else:
        known.demand("store", step.store)
        name, operations = step.store, known.snapshot.store(step.store).operations
        _demand_schema(known.snapshot.store(name).schema, name)
    _demand(step.operation in operations, f"`{name}` has no `{step.operation}`")
    return operations[step.operation].inputs, operations[step.operation].outcomes


# --- both ----------------------------------------------------------------------------------------


def _demand_inputs(name: str, unproven: Collection[str], declared: Schema) -> None:
    properties = declared.get("properties", {})
    known = properties if isinstance(properties, dict) else {}
    _demand(isinstance(declared.get("required", []), list), f"the inputs of `{name}` are no schema")
    for member in unproven:
        _demand(isinstance(known.get(member), dict), f"`{name}` has no input `{member}`")


def _demand_schema(schema: object, name: str) -> None:
    """What is asked of a schema besides that it can be compiled: the form that defaults and labels are read by."""
    if not isinstance(schema, Mapping):
        raise _Unsound(visible(f"a schema of `{name}` is none"))
    properties, labels = schema.get("properties", {}), schema.get("labels", [])
    if not isinstance(properties, Mapping) or not isinstance(labels, list):
        raise _Unsound(visible(f"the members or labels of a schema of `{name}` are none"))
    inner = [schema.get(part, True) for part in ("items", "additionalProperties")]
    below = [*properties.values(), *(part for part in inner if not isinstance(part, bool))]
    for inner in below:
        _demand_schema(inner, name)


def _demand_slots(item: object, count: int, name: str, later: int = 0) -> None:
    """Every reference in a part of the model, however deep, is to a slot; a comparison has its operands.

    Args:
        count: how many slots are filled, at least, when it is evaluated.
        later: how many may be; an optional reference gives nothing where fewer are.
    """
    match item:
        case model.Ref(slot) | model.Query(slot):
            count = max(count, later) if isinstance(item, model.Ref) and item.optional else count
            _demand(0 <= slot < count, f"`{name}` refers to the slot {slot}, and there are {count}")
        case model.Literal_() | str() | int() | None:
            return
        case tuple():
            for part in item:
                _demand_slots(part, count, name, later)
        case Mapping():
            for part in item.values():
                _demand_slots(part, count, name, later)
        case _:
            if isinstance(item, model.Compare):
                operands = 1 if item.op == "exists" else 2
                _demand(len(item.operands) == operands, f"`{name}` compares {len(item.operands)} values")
                if item.op == "matches":
                    _demand(_is_pattern(item.operands[1]), f"`{name}` has a pattern that is none")
            for field in cast("tuple[str, ...]", getattr(item, "__slots__", ())):
                _demand_slots(getattr(item, field), count, name, later)


def _is_pattern(operand: model.Expr) -> bool:
    if not isinstance(operand, model.Literal_) or not isinstance(operand.literal, str):
        return False
    try:
        matcher(operand.literal)
    except PatternTooLarge:
        return False
    return True

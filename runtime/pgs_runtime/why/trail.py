"""What each node's outcome on the way of a run can depend on, from the sealed protocol, down into what was called.

Law: if no outcome on the way, and no name of an exit, can depend on the payload, then every payload that is admitted
goes the same way, faults aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from pgs_runtime.examine.reasons import reference
from pgs_runtime.trace.traced import Decided, Inner, Passed, Trace
from pgs_runtime.why.flow import NOTHING, Flow, Source, Sources, compared, flow, mixed, of, record
from pgs_runtime.why.nearby import scalars
from pgs_snapshot import model
from pgs_snapshot.frozen import frozen
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value


@frozen
class Point:
    """A node on the way.

    Attributes:
        path: the node with those within which it stands before it, without the numbers of items.
        depends: what its outcome, or at an exit the name, can depend on.
        seen: values that were compared there, or are written out in the author's conditions and inputs.
        veiled: something by which it decides carries a label there.
        operands: what the references in its conditions come from, by the author's words for them.
    """

    path: str
    depends: Sources
    seen: tuple[Value, ...] = ()
    veiled: bool = False
    operands: Mapping[str, Sources] = field(default_factory=dict)


def points(trace: Trace, snapshot: Snapshot) -> tuple[Point, ...]:
    """Every node on the way of a run behind its admission, inner ones before the one that calls them.

    Raises:
        LookupError: the snapshot does not have what the trace names.
    """
    walk = _Walk(snapshot)
    graph = snapshot.graph(trace.header.workflow)
    struck = ""
    if trace.ending is not None and trace.ending.is_fault and not trace.ending.within:
        struck = trace.ending.node
    end = trace.ending.node if trace.ending and not trace.ending.is_fault else struck
    walk.workflow(graph, trace.passed, end, of(Source("payload")), "")
    return tuple(walk.points)


def admission(intent: model.Intent) -> Mapping[str, Sources]:
    """What each rule of an intent looks at, by the author's line."""
    slots = (of(Source("payload")), of(Source("actor")))
    looked = {at: compared(rule, slots) for rule, at in zip(intent.requires, intent.requires_at, strict=True)}
    given = Flow(members={"payload": slots[0], "actor": slots[1]})
    return looked | {rule.at: audited(rule, given) for rule in rules_of(intent.gate)}


def rules_of(gate: model.Gate | None) -> tuple[model.AuditRule, ...]:
    """The rules of a gate, those for what comes in first."""
    return (*gate.inputs, *gate.outputs) if gate is not None else ()


def audited(rule: model.AuditRule, given: Flow) -> Sources:
    """What a rule of a gate looks at, of what it is given by name."""
    names = [name for name in rule.field.removesuffix("()").split(".") if name != "args"]
    sources = given.at(names[0]).all if names[0] in (given.members or {}) else frozenset()
    if len(names) > 1 and sources and names[-1] not in _FUNCTIONS:
        return given.at(*names).all
    return mixed(sources)


_FUNCTIONS = frozenset({"len", "sum", "min", "max", "mean"})
"""What a rule may compute of what it looks at."""


class _Walk:
    def __init__(self, snapshot: Snapshot) -> None:
        self.points: list[Point] = []
        self._snapshot = snapshot
        self._written: dict[str, Sources] = {}  # by store, what anything written there in this run may follow from

    def workflow(self, graph: model.Graph, passed: Sequence[Passed], end: str, payload: Flow, within: str) -> Flow:
        """Walk one workflow along its way; what its exit gives."""
        slots = [NOTHING] * len(graph.slots)
        slots[:4] = payload, of(Source("actor")), of(Source("run")), of(Source("config"))
        nodes = {node.id: node for node in graph.nodes}
        for each in (one for one in passed if not one.undoes):
            node = nodes[each.node]
            if isinstance(node, model.ExitNode):
                break
            result = self._node(graph, node, each, slots, within)
            if f"results.{node.id}" in graph.slots:
                slots[graph.slots.index(f"results.{node.id}")] = result
            edge = node.next.get(each.outcome)
            slots[4] = record(edge.arguments, slots) if edge else NOTHING
        last = nodes.get(end)
        if isinstance(last, model.ExitNode):
            reason = flow(last.reason, slots).all if last.reason is not None and len(last.names) > 1 else frozenset()
            self.points.append(Point(within + last.id, reason))
            return record(last.result, slots)
        if last is not None:  # a fault struck there
            self._node(graph, last, _struck(last), slots, within)
        return NOTHING

    def _node(self, graph: model.Graph, node: model.Node, passed: Passed, slots: list[Flow], within: str) -> Flow:
        path, hidden = within + node.id, graph.hidden.get(node.id, ())
        match node:
            case model.IntentNode():
                if within:
                    self._admitted(node, slots, path, bool(hidden))
            case model.ContractNode():
                return self._contract(node, passed, slots, path, hidden)
            case model.ProcessNode():
                return self._process(node, slots, path, hidden)
            case model.CallNode():
                payload = record(node.inputs, slots)
                self.points.append(Point(path, self._chosen(node, payload, slots)))
                for inner in passed.inside:
                    return self._inner(inner, payload, path)
            case model.EachNode():
                return self._each(graph, node, passed, slots, path)
            case model.WaitNode():
                return self._wait(graph, node, slots, path, hidden)
            case model.ExitNode():
                pass
        return NOTHING

    def _admitted(self, node: model.IntentNode, slots: Sequence[Flow], path: str, veiled: bool) -> None:
        intent = self._snapshot.intent(node.intent)
        looked = (compared(rule, (slots[0], slots[1])) for rule in intent.requires)
        seen = tuple(value for rule in intent.requires for value in _written_out(rule))
        self.points.append(Point(path, frozenset().union(*looked), seen, veiled))

    def _chosen(self, node: model.CallNode | model.EachNode, payload: Flow, slots: Sequence[Flow]) -> Sources:
        """What it depends on which workflow is called, and whether that takes what it is given."""
        which = flow(node.call.choose, slots).all if node.call.choose is not None else frozenset()
        return which.union(*(payload.at(name).all for name in node.unproven))

    def _inner(self, inner: Inner, payload: Flow, path: str) -> Flow:
        if not inner.workflow:
            return NOTHING
        end = inner.ending.node if inner.ending else ""
        return self.workflow(self._snapshot.graph(inner.workflow), inner.passed, end, payload, f"{path}/")

    def _each(self, graph: model.Graph, node: model.EachNode, passed: Passed, slots: list[Flow], path: str) -> Flow:
        whole, results = flow(node.each, slots), dict[str | int, Flow]()
        item = graph.slots.index("item")
        self.points.append(Point(path, mixed(whole.all)))
        for inner in passed.inside:
            number = inner.iteration or 0
            slots[item] = whole.at(number)
            payload = record(node.inputs, slots)
            self.points.append(Point(path, self._chosen(node, payload, slots)))
            result = self._inner(inner, payload, path)
            results[number] = Flow(members={"result": result})
        slots[item] = NOTHING
        return Flow(members={"count": Flow(mixed(whole.all)), "items": Flow(members=results)})

    def _wait(
        self, graph: model.Graph, node: model.WaitNode, slots: Sequence[Flow], path: str, hidden: Sequence[str]
    ) -> Flow:
        times = [time for time in (node.within, node.until) if time is not None]
        depends: Sources = frozenset([Source("run", ("time",))]).union(*(flow(time, slots).all for time in times))
        seen: list[Value] = []
        for signal in node.signals:
            heard = of(Source("signal", name=signal.event))
            within = [*slots]
            within[graph.slots.index("event")] = heard
            depends = depends.union(heard.all, *(flow(expr, slots).all for expr in signal.match.values()))
            if signal.where is not None:
                depends |= compared(signal.where, within)
                seen += _written_out(signal.where)
        self.points.append(Point(path, depends, tuple(seen), bool(hidden)))
        return Flow(frozenset(source for source in depends if source.kind == "signal") | mixed(depends))

    # --- contracts -------------------------------------------------------------------------------

    def _contract(
        self, node: model.ContractNode, passed: Passed, slots: Sequence[Flow], path: str, hidden: Sequence[str]
    ) -> Flow:
        contract = self._snapshot.contract(node.contract)
        given = record(node.inputs, slots)
        inside = [given, of(Source("run")), of(Source("config"))]
        ran = {step.step: step for step in passed.steps}
        depends: Sources = frozenset().union(*(given.at(name).all for name in node.unproven))
        seen: list[Value] = [value for expr in node.inputs.values() for value in _literals(expr)]
        operands: dict[str, Sources] = {}
        veiled = any(place.startswith("/inputs") for place in hidden) and bool(node.unproven)
        for step in contract.steps:
            traced = ran.get(step.name)
            outputs, how = self._step(step, traced, inside)
            answers = isinstance(step, model.OperationStep | model.EffectStep)
            inside += outputs, Flow(how if answers else mixed(how))
            seen += _shown(step, traced)
            operands |= _operands(step, contract.slots, inside)
            if len(step.next) > 1 or isinstance(step, model.DecideStep) or step.unproven:
                depends |= how
                veiled |= any(place.startswith(f"/steps/{step.name}/") for place in hidden)
            if traced is None and passed.outcome:
                break  # what it was given did not fit, or the contract had ended
        result = record(contract.outcomes.get(passed.outcome, {}), inside)
        outputs = record(contract.outcomes.get("SUCCESS", {}), inside) if contract.gate else NOTHING
        for rule in rules_of(contract.gate):
            depends |= audited(rule, Flow(members={"inputs": given, "outputs": outputs}))
            seen.append(rule.value)
            veiled |= bool(hidden)
        self.points.append(Point(path, depends, tuple(seen), veiled, operands))
        return result

    def _process(self, node: model.ProcessNode, slots: Sequence[Flow], path: str, hidden: Sequence[str]) -> Flow:
        """Whatever a process is given and reads can lead to whatever it gives and writes."""
        process = self._snapshot.process(node.process)
        given = record(node.inputs, slots)
        how = mixed(given.all | flow(node.session, slots).all) | {Source("store", name=process.context)}
        how |= self._written.get(process.context, frozenset())
        self._written[process.context] = how
        seen = [value for expr in node.inputs.values() for value in _literals(expr)]
        seen += [rule.value for rule in rules_of(process.gate)]
        self.points.append(Point(path, how, tuple(seen), bool(hidden)))
        return Flow(how)

    def _step(self, step: model.Step, traced: object, slots: Sequence[Flow]) -> tuple[Flow, Sources]:
        """What a step gives, and what its outcome can depend on."""
        if isinstance(step, model.DecideStep):
            conditions = [case.when for case in step.cases if case.when is not None]
            looked: Sources = frozenset().union(*(compared(condition, slots) for condition in conditions))
            taken = step.cases[traced.case] if isinstance(traced, Decided) else None
            given = [taken] if taken else step.cases
            outputs = [record(case.outputs, slots) for case in given]
            return outputs[0] if taken else Flow(mixed(s for one in outputs for s in one.all)), looked
        inputs = record(step.inputs, slots).all
        how = mixed(inputs)
        match step:
            case model.OperationStep():
                how |= {Source("store", name=step.store)} | self._written.get(step.store, frozenset())
                if self._snapshot.store(step.store).operations[step.operation].mode == "write":
                    self._written[step.store] = self._written.get(step.store, frozenset()) | mixed(inputs)
            case model.EffectStep():
                how |= {Source("outside", name=step.side_effect)}
            case model.TransformStep():
                return Flow(how), inputs
        return Flow(how), how


def _struck(node: model.Node) -> Passed:
    """A node at which a fault struck: it has no line."""
    return Passed(-1, "contract", node.id, "", "", (), (), None, None)


def _operands(step: model.Step, names: Sequence[str], slots: Sequence[Flow]) -> dict[str, Sources]:
    """What the references in a decision come from."""
    conditions = [case.when for case in step.cases if case.when] if isinstance(step, model.DecideStep) else []
    operands = [one for condition in conditions for each in model.comparisons(condition) for one in each.operands]
    return {name: flow(one, slots).all for one in operands if (name := reference(one, names))}


def _shown(step: model.Step, traced: object) -> Iterator[Value]:
    """Values that a step compares or is given: written out by the author, and as they stand in the trace."""
    if isinstance(step, model.DecideStep):
        for case in step.cases:
            yield from _written_out(case.when) if case.when is not None else ()
        if isinstance(traced, Decided):
            yield from (value for looked in traced.looked for value in looked.of)
        return
    for expr in step.inputs.values():
        yield from _literals(expr)
    yield from scalars([getattr(traced, "outputs", None)], names=False)


def _written_out(condition: model.Condition) -> Iterator[Value]:
    for compare in model.comparisons(condition):
        for operand in compare.operands:
            yield from _literals(operand)


def _literals(expr: model.Expr) -> Iterator[Value]:
    match expr:
        case model.Literal_(literal):
            yield literal
        case model.Default(_, otherwise):
            yield from _literals(otherwise)
        case model.Record(members):
            for member in members.values():
                yield from _literals(member)
        case model.Items(items):
            for item in items:
                yield from _literals(item)
        case _:
            return

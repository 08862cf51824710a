"""Assertions as a snapshot has them: workflows selected, outcomes written out, every part of a name looked up.

Before: `{contract: CC_PAY_V0}`. After: `Selector("contract", "payments::CC_PAY_V0", outcomes=("SUCCESS",))`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import cast, get_args

import networkx as nx

from pgs_compiler.checks import Checked
from pgs_compiler.declarations import (
    Assertion,
    Contract,
    OperationSyntax,
    Process,
    SideEffect,
    Store,
    Transform,
    Word,
    Workflow,
)
from pgs_compiler.elaborate.behaviour import ADMISSION
from pgs_compiler.elaborate.places import at
from pgs_compiler.elaborate.steps import step_outcomes
from pgs_compiler.elaborate.traits import UNKNOWN
from pgs_compiler.findings import Place
from pgs_compiler.laws import (
    AfterSyntax,
    AtMostSyntax,
    DistinctActorsSyntax,
    EveryPathSyntax,
    LabelSyntax,
    NeverSyntax,
    OnlyActorsSyntax,
    OnlyFromSyntax,
    RequirementSyntax,
    RequiresEventSyntax,
    Selectors,
    SelectorSyntax,
)
from pgs_compiler.names import Name
from pgs_compiler.prove.origins import operand_names
from pgs_compiler.schemas.syntax import Property
from pgs_compiler.shape import Report, article
from pgs_compiler.ways import call_graph
from pgs_snapshot import laws
from pgs_snapshot.laws import Requirement, Selection, Selector, What
from pgs_snapshot.model import ExitKind, ExitNode, Graph, IntentNode, WaitNode
from pgs_snapshot.suggest import nearest

SUCCESS = "SUCCESS"
_USUAL = {"intent": ADMISSION[0], "workflow": "COMPLETED"}
_GIVEN_NOTHING = ("intent", "wait")
_WITH_INPUTS = ("contract", "process", "transform", "store", "side_effect")


def lower_assertion(checked: Checked, assertion: Assertion, report: Report) -> tuple[laws.Assertion, tuple[str, ...]]:
    """The assertion with everything written out, and its workflows; what it names and does not exist is reported."""
    headers = (workflow.header for workflow in checked.program.of(Workflow))
    selects = assertion.applies_to.selects
    workflows = tuple(header.name for header in headers if selects(header.name, header.subdomain, header.tags))
    if not workflows:
        report.add(
            "A839",
            f"`{assertion.header.name}` is about no workflow, so it says nothing.",
            assertion.applies_to.place,
            "selects none",
        )
    lowering = _Lowering(checked, workflows, report)
    requires = tuple(lowering.requirement(syntax) for syntax in assertion.requires)
    header, applies = assertion.header, assertion.applies_to
    selection = Selection(
        None if applies.names is None else tuple(sorted(name.text for name in applies.names)),
        *(word.text if word else None for word in (applies.tag, applies.domain, applies.subdomain)),
    )
    return laws.Assertion(header.name, header.summary, selection, requires, at(header.place)), workflows


def sides(syntax: RequirementSyntax) -> tuple[Selectors, ...]:
    """What a requirement selects points by: `of`, then `by`."""
    match syntax:
        case EveryPathSyntax(to=of, passes=by) | AfterSyntax(after=of, passes=by) | NeverSyntax(what=of, reaches=by):
            return of, by
        case LabelSyntax(reaches=of):
            return (of,)
        case OnlyActorsSyntax(of=of) | RequiresEventSyntax(at=of):
            return (of,)
        case OnlyFromSyntax(contract=contract, step=step):
            return ((SelectorSyntax("contract", contract, (), step, None, (), step.place),),)
    return ()


def places_of(selectors: Selectors) -> Iterator[Place]:
    """The place of each lowered selector."""
    for selector in selectors:
        yield from [word.place for word in selector.words] or [selector.place]


class _Lowering:
    def __init__(self, checked: Checked, workflows: Sequence[str], report: Report) -> None:
        self._program = checked.program
        self._contracts = checked.contracts
        self._report = report
        self._graphs = checked.graphs
        self._workflows = workflows
        nodes = [node for name in workflows for node in checked.graphs[name].nodes]
        self._exits = {name for node in nodes if isinstance(node, ExitNode) for name in node.names}
        self._exits.update(get_args(ExitKind))
        self._waits = {end for name in _with_called(checked, workflows) for end in _waited(checked.graphs[name])}

    def requirement(self, syntax: RequirementSyntax) -> Requirement:
        line = at(syntax.place)
        match syntax:
            case EveryPathSyntax(to=of, passes=by, same=same):
                for word in same:
                    self._input(word, (*of, *by))
                names = tuple(word.text for word in same)
                return Requirement("every_path_to", line, self._all(of), self._all(by), names)
            case AfterSyntax(after=of, passes=by):
                return Requirement("after", line, self._all(of), self._all(by))
            case NeverSyntax(what=of, reaches=by):
                return Requirement("never", line, self._all(of), self._all(by))
            case LabelSyntax(label=label, reaches=of):
                self._known(label, self._program.labels, "`pgs.yaml` has no label `{}`.")
                return Requirement("label", line, self._takers(of), names=(label.text,))
            case DistinctActorsSyntax(nodes=nodes):
                for word in nodes:
                    self._acting(word)
                return Requirement("distinct_actors", line, names=_sorted(nodes))
            case OnlyFromSyntax(contract=contract, step=step, operand=operand, sources=sources):
                self._step(contract, step)
                self._operand(contract, step, operand)
                decided = Selector("contract", contract.text, step.text)
                return Requirement("only_from", line, (decided,), self._origins(sources), (operand.text,))
            case OnlyActorsSyntax(actors=actors, of=of):
                return Requirement("only_actors", line, self._all(of), names=_sorted(actors))
            case RequiresEventSyntax(events=events, at=exits):
                return Requirement("requires_event", line, self._all(exits), names=_sorted(events))
            case AtMostSyntax(most=most):
                return Requirement("at_most", line, most={amount: limit for amount, limit, _ in most})

    # --- selectors -------------------------------------------------------------------------------

    def _all(self, selectors: Selectors) -> tuple[Selector, ...]:
        return tuple(lowered for selector in selectors for lowered in self._selector(selector))

    def _takers(self, selectors: Selectors) -> tuple[Selector, ...]:
        """Selectors of what is given data, however it ends then."""
        for selector in selectors:
            if selector.what in _GIVEN_NOTHING:
                message = f"Nothing is given to {article(selector.what)}, so no label comes to it."
                self._report.add("A840", message, selector.place, "takes no data")
            elif selector.outcomes:
                message = "What is given to something does not depend on how it ends."
                self._report.add("A840", message, selector.outcomes[0].place, "not for labels", "Leave `outcome` out.")
        lowered = self._all(tuple(replace(selector, outcomes=()) for selector in selectors))
        return tuple(replace(selector, outcomes=()) for selector in lowered)

    def _origins(self, selectors: Selectors) -> tuple[Selector, ...]:
        """Selectors of origins: a value is the same whatever the outcome under which it was given."""
        return tuple(
            Selector(
                cast(What, selector.what),
                selector.name.text if selector.name else "",
                operation=self._operation(selector),
            )
            for selector in selectors
        )

    def _selector(self, selector: SelectorSyntax) -> list[Selector]:
        if selector.name is None:
            known, message = self._exits, "No workflow that this is about ends as `{}`."
            if selector.what == "wait":
                known, message = self._waits, "No wait of the workflows that this is about ends as `{}`."
            for word in selector.words:
                self._known(word, known, message)
            return [Selector(cast(What, selector.what), word.text) for word in selector.words]
        operation = self._operation(selector)
        what = cast(What, selector.what)
        step = selector.step.text if selector.step else None
        return [Selector(what, selector.name.text, step, operation, self._outcomes(selector, selector.name))]

    def _operation(self, selector: SelectorSyntax) -> str | None:
        if selector.operation is None or selector.name is None:
            return None
        known = {operation.name.text for operation in self._operations(selector.name)}
        self._known(selector.operation, known, f"`{selector.name.text}` has no operation `{{}}`.")
        return selector.operation.text

    def _operations(self, name: Name) -> tuple[OperationSyntax, ...]:
        if name.kind == "store":
            name = self._program.get(name, Store).side_effect
        return self._program.get(name, SideEffect).operations

    def _outcomes(self, selector: SelectorSyntax, name: Name) -> tuple[str, ...]:
        known = self._ends(selector, name)
        if known is None:
            return ()
        never = f"`{selector.step.text if selector.step else name.text}` never ends as `{{}}`."
        if selector.outcomes is None:
            usual = _USUAL.get(name.kind, SUCCESS)
            self._known(Word(usual, selector.place), known, never, "Add `outcome: {}`.")
            return (usual,)
        for word in selector.outcomes:
            self._known(word, known, never)
        return tuple(sorted(word.text for word in selector.outcomes))

    def _ends(self, selector: SelectorSyntax, name: Name) -> set[str] | None:
        """Every outcome that what is selected can have; None for what has none."""
        match name.kind:
            case "contract":
                contract = self._program.get(name, Contract)
                if selector.step is None:
                    return {outcome.name.text for outcome in contract.outcomes}
                self._step(name, selector.step)
                wanted = (step for step in contract.steps if selector.step and step.name.text == selector.step.text)
                return {outcome for step in wanted for outcome in step_outcomes(self._program, step)} or None
            case "transform":
                return {outcome.name.text for outcome in self._program.get(name, Transform).outcomes}
            case "process":
                return {outcome.name.text for outcome in self._program.get(name, Process).outcomes}
            case "store" | "side_effect":
                operations = (
                    operation
                    for operation in self._operations(name)
                    if selector.operation is None or operation.name.text == selector.operation.text
                )
                found = {outcome.name.text for operation in operations for outcome in operation.outcomes}
                outside = name.kind == "side_effect" and self._program.get(name, SideEffect).semantics == "external"
                return found | ({UNKNOWN} if outside else set()) or None
            case "intent":
                return set(ADMISSION)
            case "workflow":
                exits = [node for node in self._graphs[name.text].nodes if isinstance(node, ExitNode)]
                return {end for exit in exits for end in (exit.exit, *exit.names)}
        return None

    # --- parts of names --------------------------------------------------------------------------

    def _step(self, contract: Name, step: Word) -> None:
        known = {found.name.text for found in self._program.get(contract, Contract).steps}
        self._known(step, known, f"`{contract.text}` has no step `{{}}`.")

    def _operand(self, contract: Name, step: Word, operand: Word) -> None:
        steps = self._contracts[contract.text].contract.steps
        known = {name for found in steps if found.name == step.text for name in operand_names(found)}
        if any(found.name == step.text for found in steps):
            self._known(operand, known, f"`{step.text}` of `{contract.text}` has no operand `{{}}`.")

    def _input(self, word: Word, selectors: Iterable[SelectorSyntax]) -> None:
        """Both sides have the input: what is selected, or the contract around it."""
        for selector in selectors:
            if selector.name is None or selector.name.kind not in _WITH_INPUTS:
                message = f"`same` compares inputs, and {selector.what.replace('_', ' ')}s have none."
                self._report.add("A840", message, selector.place, "has no inputs")
            elif selector.name.kind == "process" or (selector.name.kind == "contract" and selector.step is None):
                known = {field.name for field in self._fields(selector.name)}
                if not self._known(word, known, f"`{selector.name.text}` has no input `{{}}`."):
                    return

    def _fields(self, name: Name) -> tuple[Property, ...]:
        """The inputs of a process or contract."""
        if name.kind == "process":
            return self._program.get(name, Process).inputs.fields
        return self._program.get(name, Contract).inputs.fields

    def _acting(self, word: Word) -> None:
        """Each workflow has the node, and a person acts there: a node of another name would go unseen."""
        for workflow in self._workflows:
            nodes = self._graphs[workflow].nodes
            acting = {node.id for node in nodes if isinstance(node, IntentNode | WaitNode)}
            message = f"`{workflow}` has no node `{word.text}`."
            if any(node.id == word.text for node in nodes) and word.text not in acting:
                message = f"`{word.text}` of `{workflow}` is no intent and no wait, so nobody acts there."
            if not self._known(word, acting, message):
                return

    def _known(self, word: Word, known: Iterable[str], message: str, hint: str = "Write `{}`.") -> bool:
        names = sorted(known)
        if word.text in names:
            return True
        near = nearest(word.text, names) or (names[0] if len(names) == 1 else None)
        label = "" if near else f"known: {', '.join(names)}"
        self._report.add("A840", message.format(word.text), word.place, label, hint.format(near) if near else "")
        return False


def _with_called(checked: Checked, workflows: Sequence[str]) -> set[str]:
    """Some workflows, and those that they call."""
    return set(workflows).union(*(nx.descendants(call_graph(checked.program), name) for name in workflows))


def _waited(graph: Graph) -> set[str]:
    """Every outcome of the waits of a workflow."""
    return {outcome for node in graph.nodes if isinstance(node, WaitNode) for outcome in node.next}


def _sorted(names: Iterable[Name | Word]) -> tuple[str, ...]:
    return tuple(sorted(name.text for name in names))

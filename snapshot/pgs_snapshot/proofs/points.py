"""A sealed workflow unfolded into points again: what a run can come by, and what each point is.

Written apart from the compiler's own unfolding, after the text in `pgs_snapshot.laws`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from pgs_snapshot import model
from pgs_snapshot.canonical import digest
from pgs_snapshot.laws import Selector
from pgs_snapshot.processes import BLOCKED
from pgs_snapshot.proofs.cases import cases, remembered
from pgs_snapshot.proofs.parts import Parts

Meaning: TypeAlias = tuple[str, str, str | None]
"""Kind, name and operation."""
Caller: TypeAlias = model.CallNode | model.EachNode


class Call(NamedTuple):
    """A node that calls a workflow; `late`: for an item behind one that did not complete."""

    node: str
    workflow: str
    late: bool = False


class Done(NamedTuple):
    """A node that can be undone, in so many calls: whether it `wrote`, and that was committed."""

    depth: int
    node: str
    wrote: str = "no"
    committed: bool = False


class At(NamedTuple):
    """A point: in a node, within calls, behind steps whose outcomes are remembered, at the end of a step or the node.

    `word`: of a loop behind an item, `ok` or `some`; of an exit that undoes a node, its name behind a `~`.
    """

    node: str
    memory: tuple[tuple[str, str], ...] = ()
    step: str = ""
    outcome: str = ""
    calls: tuple[Call, ...] = ()
    word: str = ""
    done: tuple[Done, ...] = ()

    @property
    def undo(self) -> str:
        return self.word[1:] if self.word.startswith("~") else ""

    @property
    def enters(self) -> bool:
        return not self.step and not self.outcome and (not self.word or bool(self.undo))

    @property
    def text(self) -> str:
        word = self.word if self.undo or not self.word else f"({self.word})"
        parts = [self.node + word, *(f"{step}={outcome}" for step, outcome in self.memory), *filter(None, (self.step,))]
        done = [">" * item.depth + f"{item.node} {item.wrote}" + "*" * item.committed for item in self.done]
        tail = (f"={self.outcome}" if self.outcome else "") + (f" {{{', '.join(done)}}}" if done else "")
        return within(self.calls) + "/".join(parts) + tail

    def inside(self, item: Done) -> bool:
        """Whether the point lies in a node that can be undone."""
        return [*(call.node for call in self.calls), self.node][item.depth : item.depth + 1] == [item.node]


def within(calls: tuple[Call, ...]) -> str:
    """The calls as texts have them in front."""
    return "".join(f"{call.node}({call.workflow}){'!' if call.late else ''} > " for call in calls)


def means(kinds: list[Meaning], selector: Selector) -> bool:
    """Whether a selector means something of these kinds."""
    named = (operation for what, name, operation in kinds if (what, name) == (selector.what, selector.name))
    return any(selector.operation in (None, operation) for operation in named)


class Unfolded:
    """One workflow: `after` has every point, with what can come next. `flat`: without what it calls and undoes."""

    def __init__(self, parts: Parts, name: str, flat: bool = False) -> None:
        self.parts, self.name, self.graph, self._flat = parts, name, parts.graph(name), flat
        self.start = self._noted(At(self.graph.start))
        self.after: dict[At, list[At]] = {}
        todo = [self.start]
        while todo:
            at = todo.pop()
            if at not in self.after:
                self.after[at] = [self._noted(point) for point in self._next(at)]
                todo += self.after[at]

    def digests(self, all_data: bool) -> dict[str, str]:
        """Every file that says what the workflow can do, and with `all_data` of where data can come from."""
        sealed = self.parts.snapshot.sealed
        paths = self.parts.files(self.name) | (self.parts.data() if all_data else set())
        return {path: digest(sealed.read(path)) for path in paths}

    def node(self, calls: tuple[Call, ...], id: str) -> model.Node:
        return self.parts.nodes(calls[-1].workflow if calls else self.name)[id]

    def contract(self, calls: tuple[Call, ...], id: str, undo: str) -> model.Contract | None:
        """The contract of a node, or what undoes a node."""
        node = self.node(calls, undo or id)
        held = node.undo if undo and isinstance(node, model.Undoable) else node
        return self.parts.contract(held.contract) if isinstance(held, model.ContractNode | model.Undo) else None

    # --- what comes next -------------------------------------------------------------------------

    def _next(self, at: At) -> Iterator[At]:
        node, ended = self.node(at.calls, at.node), at.outcome and not at.step
        contract = None if ended else self.contract(at.calls, at.node, at.undo)
        if contract is not None:
            yield from self._inside(at, contract)
        elif isinstance(node, model.ExitNode):
            yield from self._returns(at, node) if ended and not at.undo else self._undoes(at, node)
        elif ended:
            yield at._replace(node=node.next[at.outcome].to, outcome="")
        elif isinstance(node, Caller) and not self._flat:
            yield from self._calls(at, node)
        else:
            yield from (at._replace(outcome=outcome) for outcome in node.next)

    def _inside(self, at: At, contract: model.Contract) -> Iterator[At]:
        names = [step.name for step in contract.steps]
        index = names.index(at.step) + 1 if at.step else 0
        to = contract.steps[index - 1].next[at.outcome] if at.step else None
        end = at._replace(memory=(), step="")
        gate = contract.gate
        if to is not None:
            yield end._replace(outcome=to)
            if to == "SUCCESS" and gate is not None and any(rule.blocks for rule in gate.outputs):
                yield end._replace(outcome=BLOCKED)
            return
        if not at.step and gate is not None and gate.blocks:
            yield end._replace(outcome=BLOCKED)
        memory, step = at.memory, contract.steps[index]
        if at.step in remembered(contract):
            memory += ((at.step, at.outcome),)
        node = self.node(at.calls, at.undo or at.node)
        given = node.undo if at.undo and isinstance(node, model.Undoable) else node
        doubted = isinstance(given, model.ContractNode | model.Undo) and given.unproven and not at.step
        if doubted or (not isinstance(step, model.DecideStep) and step.unproven):
            yield end._replace(outcome=str(contract.on_input_failure))
        known = {contract.slots.index(f"steps.{name}.outcome"): outcome for name, outcome in memory}
        ends = cases(step, known) if isinstance(step, model.DecideStep) else step.next
        yield from (at._replace(memory=memory, step=step.name, outcome=outcome) for outcome in ends)

    def _calls(self, at: At, node: Caller) -> Iterator[At]:
        if isinstance(node, model.EachNode):
            ends = {"": ("EMPTY", "TOO_MANY"), "ok": ("SUCCESS",), "some": ("SOME_FAILED",)}[at.word]
            yield from (at._replace(word="", outcome=end) for end in ends if end in node.next)
            if at.word and node.max == 1:
                return
        for name in node.call.workflows:
            calls = (*at.calls, Call(node.id, name, at.word == "some"))
            yield At(self.parts.graph(name).start, calls=calls, done=at.done)

    def _returns(self, at: At, exit: model.ExitNode) -> Iterator[At]:
        if not at.calls:
            return
        *outer, call = at.calls
        node, done = self.node(tuple(outer), call.node), [item for item in at.done if item.depth <= len(outer)]
        if exit.exit == "FAILED":
            done = [item._replace(wrote="maybe") if _doubtful(at, item) else item for item in done]
            done = [item for item in done if item[:2] != (len(outer), call.node)]
        back = At(call.node, calls=tuple(outer), done=tuple(done))
        if not isinstance(node, model.EachNode):
            yield back._replace(outcome=at.outcome)
        elif at.outcome in node.stop:
            yield back._replace(outcome="STOPPED")
        else:
            yield back._replace(word="some" if call.late or exit.exit != "COMPLETED" else "ok")

    def _undoes(self, at: At, exit: model.ExitNode) -> Iterator[At]:
        here = at._replace(word="", outcome="")
        due = [item for item in at.done[::-1] if item.committed and item.depth == len(at.calls)]
        names = [item.node for item in due]
        due = due[names.index(at.undo) + 1 :] if at.undo else due
        for item in due if exit.exit == "FAILED" else ():
            yield here._replace(word=f"~{item.node}")
            if item.wrote == "yes":
                return
        yield from (here._replace(outcome=name) for name in exit.names)

    def _noted(self, at: At) -> At:
        """The point, with what it makes of the nodes that can be undone."""
        node, done = self.node(at.calls, at.node), list(at.done)
        if self._flat:
            return at
        if at.enters and isinstance(node, model.Undoable) and node.undo:
            done.append(Done(len(at.calls), at.node))
        ran = isinstance(node, model.ProcessNode) and at.outcome != ""
        wrote = isinstance(node, model.ProcessNode) and ran and self.parts.process(node.process).leaves(at.outcome)
        if wrote or (not ran and self.parts.writes(self.step(at)) and at.outcome in model.ACTED):
            done = [item._replace(wrote="yes") if at.inside(item) else item for item in done]
        if self.commits(at):
            done = [item._replace(committed=True) for item in done]
        if at.outcome and not at.step and not isinstance(node, model.ExitNode):
            done = [item for item in done if item[:3] != (len(at.calls), at.node, "no")]
        return at._replace(done=tuple(done))

    # --- what a point is -------------------------------------------------------------------------

    def step(self, at: At) -> model.Step | None:
        """The step that has ended at a point."""
        contract = self.contract(at.calls, at.node, at.undo) if at.step else None
        return next((step for step in contract.steps if step.name == at.step), None) if contract else None

    def meant(self, at: At, selectors: tuple[Selector, ...]) -> bool:
        """Whether one of the selectors means the point."""
        return any(self._meant(at, selector) for selector in selectors)

    def _meant(self, at: At, selector: Selector) -> bool:
        node, step = self.node(at.calls, at.node), self.step(at)
        if isinstance(node, model.ExitNode) and not at.undo:
            if selector.what == "event":
                return not at.outcome and selector.name in node.emit
            ends = {node.exit, at.outcome} if at.outcome else set()
            if selector.what == "workflow":
                called = at.calls != () and at.calls[-1].workflow == selector.name
                return called and bool(ends & set(selector.outcomes) if selector.outcomes else ends)
            return selector.what == "exit" and not at.calls and selector.name in ends
        if not at.outcome or (selector.outcomes and at.outcome not in selector.outcomes):
            return False
        kinds = self.meaning(step)
        if isinstance(node, model.IntentNode):
            kinds.append(("intent", node.intent, None))
        if isinstance(node, model.ProcessNode):
            kinds.append(("process", node.process, None))
        if isinstance(node, model.WaitNode):
            kinds.append(("wait", at.outcome, None))
        contract = self.contract(at.calls, at.node, at.undo)
        if contract is not None and at.step == (selector.step or ""):
            kinds.append(("contract", contract.name, None))
        return means(kinds, selector)

    def meaning(self, step: model.Step | None) -> list[Meaning]:
        """What a step is, or what it gives."""
        match step:
            case model.TransformStep(transform=transform):
                return [("transform", transform, None)]
            case model.OperationStep(store=store, operation=operation):
                return [("store", store, operation), ("side_effect", self.parts.side_effect(store), operation)]
            case model.EffectStep(side_effect=side_effect, operation=operation):
                return [("side_effect", side_effect, operation)]
        return []

    def undone(self, at: At, surely: bool) -> bool:
        """Whether a FAILED exit undoes what has happened at the point: all of it, or a part."""
        node, contract = self.node(at.calls, at.node), self.contract(at.calls, at.node, at.undo)
        if at.undo:
            return False
        if contract is not None:
            steps = [step for step in contract.steps if at.step in ("", step.name)]
            return any(isinstance(step, model.OperationStep) and self.parts.writes(step) for step in steps)
        if isinstance(node, model.ProcessNode):
            return bool(at.outcome and self.parts.process(node.process).writes)
        if not at.calls or not isinstance(node, model.ExitNode):
            return False
        changes, commits = self.parts.changes(at.calls[-1].workflow)
        return not at.outcome or (node.exit != "FAILED" and changes and not (commits and surely))

    def commits(self, at: At) -> bool:
        """Whether everything before is committed at the point: by a wait, or by an external effect."""
        waits = isinstance(self.node(at.calls, at.node), model.WaitNode) and at.enters
        return waits or isinstance(self.step(at), model.EffectStep)

    def exits(self, at: At) -> str | None:
        """The kind of exit at which the run has ended here."""
        node = self.node(at.calls, at.node)
        return node.exit if isinstance(node, model.ExitNode) and at.outcome and not at.undo and not at.calls else None

    def fails(self, at: At) -> bool:
        """Whether a FAILED exit is entered, of the run or of a call."""
        node = self.node(at.calls, at.node)
        return at.enters and not at.undo and isinstance(node, model.ExitNode) and node.exit == "FAILED"


def _doubtful(at: At, item: Done) -> bool:
    return item.wrote == "yes" and at.inside(item)

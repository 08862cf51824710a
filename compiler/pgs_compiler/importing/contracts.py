"""Contracts: a published pipeline as steps, with what the contract takes and gives."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pgs_compiler.findings import Place
from pgs_compiler.importing.account import Keys
from pgs_compiler.importing.draft import Draft, listed, member, record, text_of
from pgs_compiler.importing.expressions import Values, split
from pgs_compiler.importing.known import HELD, PARTIAL, WRITTEN
from pgs_compiler.importing.places import Places, Store
from pgs_compiler.importing.published import Document
from pgs_compiler.importing.schemas import fields
from pgs_compiler.importing.steps import Seen, Use, entry_of, use_of
from pgs_compiler.importing.world import BACKEND_ERROR, World
from pgs_compiler.source import Entry, Mapping, Scalar, Sequence, Tree
from pgs_compiler.text import shown

PATH = re.compile(r"\$(\.[A-Za-z_][A-Za-z0-9_]*|\[(-?[0-9]{1,9}|\*)\])+")
_NODE = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(slots=True)
class Step:
    """A step that has been carried: what it uses, and what its publisher calls its outputs."""

    name: str
    use: Use
    aliases: dict[str, Tree | None] = field(default_factory=dict)
    inputs: Mapping | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What a step puts into a store, and the contract that knows of what kind it is.

    Attributes:
        partial: it is members of records that are there.
        removed: members that are taken out of such records.
    """

    store: Store
    value: Tree
    pipeline: Pipeline
    partial: bool = False
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """A member of what a store holds, as a contract reads it."""

    store: Store
    member: str
    place: Place


class Pipeline:
    """One contract on its way."""

    def __init__(self, world: World, document: Document, places: Places, name: str = "") -> None:
        self.world = world
        self.document = document
        self.places = places
        self.name = name or world.full_name(document)
        self.steps: dict[str, Step] = {}
        self.written: list[Written] = []
        self.read: list[Read] = []
        self.inputs: Mapping | None = None
        self._values = Values(world.account, self.reference)
        self._current: Step | None = None
        self._made: list[Tree] = []
        self._failure = ""
        self._keeps_backend = False

    def translate(self) -> None:
        draft, _, core = self.world.begin(self.document, "contract", self.name)
        secret = {str(word.value) for word in core.words("suppress_trace_fields")}
        self.inputs = self._fields(core, secret)
        if self.inputs is not None and self.inputs.entries:
            draft.add("inputs", self.inputs)
        status = core.keys("result_status_contract")
        violation = next((word for word in status.words("allowed") if word.value == "VIOLATION"), None)
        failure = status.text("on_input_failure") or violation
        if failure is not None:
            draft.add("on_input_failure", failure)
            self._failure = text_of(failure)
        core.idle(("error_codes",))
        codes = core.entry("error_codes")
        if codes is not None:
            message = "`error_codes` are not carried: an outcome is told by its own name."
            self.world.account.report("I960", message, codes.key.place)
        evaluation = core.keys("evaluation")
        self._steps(core, {entry.name: entry for entry in evaluation})
        draft.add("steps", listed(self._made, self.document.place))
        draft.add("outcomes", self._outcomes(core, status))
        self.world.write(self.document, draft.tree())

    # --- steps -------------------------------------------------------------------------------------

    def _steps(self, core: Keys, evaluation: dict[str, Entry]) -> None:
        items = [item for item in core.items("pipeline") if isinstance(item, Mapping)]
        if len(items) < len(core.items("pipeline")):
            self.world.account.report("I954", "A step is a mapping.", self.document.place)
        names = [text_of(item.get("step")) for item in items]
        for index, item in enumerate(items):
            follows = names[index + 1] if index + 1 < len(names) else ""
            self._step(item, names[index], follows, evaluation)
        for entry in evaluation.values():
            self.world.account.carry(entry)

    def _step(self, item: Mapping, name: str, follows: str, evaluation: dict[str, Entry]) -> None:
        keys = Keys(item, self.world.account)
        named = keys.text("step")
        place = named or Scalar(name, item.place)
        own = self._own(name, place)
        keys.carry_whole("transform", "side_effect", "store", "op", "result_surface")
        bindings = self.places.variants(self.document)[self.name]
        use = use_of(self.world, self.places, Seen(self.document, bindings, own, item, place))
        step = Step(own, use)
        self.steps[name] = self._current = step
        draft = Draft(item.place).add("step", own, place.place)
        for key, value in use.keys:
            draft.add(key, value)
        step.inputs = self._bound(item, keys, step)
        draft.add("inputs", step.inputs)
        for entry in keys.keys("outputs"):
            self.world.account.carry_whole(entry)
            step.aliases[entry.name] = self._values.value(entry.value)
        routes = self._next(keys, step, follows, evaluation)
        if routes:
            draft.add("next", routes.tree())
        self._made.append(draft.tree())
        target = keys.keys("on_result").entry("SUCCESS")
        decision = evaluation.get(text_of(target.value)) if target else None
        if decision is not None:
            self._decision(decision, last=not follows)

    def _own(self, name: str, place: Scalar) -> str:
        own = name if _NODE.fullmatch(name) else re.sub(r"[^a-z0-9_]", "_", f"s_{name}".lower())[:64]
        taken = {step.name for step in self.steps.values()}
        if own in taken:
            self.world.account.report("I954", f"A second step is called `{shown(name)}`.", place.place)
        return own if own not in taken else f"{own}_{len(taken)}"[:64]

    def _bound(self, item: Mapping, keys: Keys, step: Step) -> Mapping:
        """The inputs of a step, under the names that this language has for them."""
        entry = keys.entry("inputs")
        draft, nested = Draft(entry.value.place if entry else item.place), Draft(item.place)
        for each in keys.keys("inputs"):
            self.world.account.carry(each)
            if each.name in step.use.dropped:
                self.world.account.idle(each)
                continue
            head, _, rest = step.use.inputs.get(each.name, each.name).partition(".")
            value = self._values.value(each.value)
            if head == PARTIAL and isinstance(value, Mapping):
                value = self._parted(value, draft)
            if value is not None:
                (nested if rest else draft).add(rest or head, value, each.key.place)
        if nested:
            draft.add("value", Mapping(nested.tree().entries, entry.value.place if entry else item.place))
        self._kept(draft, step, entry)
        return draft.tree()

    def _parted(self, members: Mapping, draft: Draft) -> Mapping:
        """What is set; the members that are null are removed, which this language says apart."""
        removed = [entry for entry in members if isinstance(entry.value, Scalar) and entry.value.value is None]
        if removed:
            names = Sequence(tuple(Scalar(entry.name, entry.key.place) for entry in removed), members.place)
            draft.add("remove", names)
        return Mapping(tuple(entry for entry in members if entry not in removed), members.place)

    def _kept(self, draft: Draft, step: Step, entry: Entry | None) -> None:
        """Note what goes into a store; a log is one stream unless the publisher names several."""
        operation, store = step.use.operation, step.use.store
        if operation is None or store is None:
            return
        for name, constant in operation.given.items():
            draft.add(name, constant)
        if operation.less:
            self.world.account.report("I960", operation.less, step.use.keys[0][1].place)
        if "stream" in operation.inputs.values() and not draft.has("stream"):
            draft.add("stream", store.code[3:].rpartition("_V")[0].lower(), entry.key.place if entry else draft.place)
        written = WRITTEN.get((operation.side_effect, operation.op))
        value = entry_of(draft.tree(), written) if written else None
        if value is None:
            return
        names = member(draft.tree(), "remove")
        removed = [text_of(name) for name in names] if isinstance(names, Sequence) else []
        self.written.append(Written(store, value.value, self, written == PARTIAL, tuple(removed)))

    def _next(self, keys: Keys, step: Step, follows: str, evaluation: dict[str, Entry]) -> Draft:
        """Where a step leads, as far as it does not follow from the outcome itself."""
        surface = {}
        for entry in keys.keys("on_result"):
            self.world.account.carry(entry)
            surface[entry.name] = entry
        result = keys.keys("on_ct_result")
        result.carry_whole("on_success", "on_failure")
        failure = text_of(getattr(result.entry("on_failure"), "value", None)) or "VIOLATION"
        last = not follows and text_of(getattr(surface.get("SUCCESS"), "value", None)) not in evaluation
        routes = Draft(step.use.keys[0][1].place)
        for entry in surface.values():
            self._route(entry, routes, (follows, last), evaluation, step)
        for own in step.use.failures:
            route = surface.get(failure)
            goes_on = route is not None and text_of(route.value) in ("continue", follows) and not last
            place = route.key.place if route else routes.place
            if goes_on:
                routes.add(own, "continue", place)
            elif own != failure:
                routes.add(own, failure, place)
        for own, theirs in step.use.outcomes.items():
            route = surface.get(theirs)
            goes_on = (not theirs or (route is not None and text_of(route.value) != "exit")) and not last
            place = route.key.place if route else routes.place
            routes.add(own, "continue" if goes_on else theirs or self._failure or "VIOLATION", place)
        return routes

    def _route(
        self, entry: Entry, routes: Draft, ways: tuple[str, bool], evaluation: dict[str, Entry], step: Step
    ) -> None:
        follows, last = ways
        target, place = text_of(entry.value), entry.key.place
        if entry.name == BACKEND_ERROR:
            return
        if target in evaluation:
            same = self._always(evaluation[target])
            if entry.name != "SUCCESS" and same:
                routes.add(entry.name, same, place)
            elif entry.name != "SUCCESS":
                self.world.account.report("I955", "Only a step that succeeds is followed by a decision.", place)
        elif entry.name == "SUCCESS":
            if target == "exit" and not last:
                routes.add("SUCCESS", "SUCCESS", place)
            elif target not in ("exit", "continue", follows):
                message = f"A step leads to the next one or ends the contract, and `{shown(target)}` is neither."
                self.world.account.report("I955", message, entry.value.place)
        elif target != "exit" and not last and entry.name not in step.use.failures:
            routes.add(entry.name, "continue", place)

    # --- decisions ---------------------------------------------------------------------------------

    def _decision(self, entry: Entry, *, last: bool) -> None:
        """A decision as the step behind the one that leads to it; it ends the contract."""
        keys = Keys(entry.value, self.world.account)
        keys.carry_whole("condition", "on_true", "on_false")
        condition = keys.entry("condition")
        found = self._values.condition(condition.value) if condition else None
        place = condition.value.place if condition else entry.key.place
        if found is None:
            self.world.account.report("I955", "A condition compares a reference with a reference or a value.", place)
            return
        cases: list[Tree] = []
        for name, when in (("on_true", found), ("on_false", Scalar("otherwise", place))):
            outcome = keys.text(name)
            if outcome is not None:
                self._keeps_backend |= text_of(outcome) == BACKEND_ERROR
                cases.append(Draft(outcome.place).add(text_of(outcome), when, outcome.place).tree())
        step = Draft(entry.key.place).add("step", self._own(entry.name, entry.key))
        step.add("decide", listed(cases, place))
        if not last:
            step.add("next", record(place, SUCCESS="SUCCESS"))
        self._made.append(step.tree())

    def _always(self, entry: Entry) -> str:
        """The outcome of a decision that decides nothing."""
        keys = Keys(entry.value, self.world.account)
        keys.carry_whole("condition", "on_true", "on_false")
        both = {text_of(getattr(keys.entry(name), "value", None)) for name in ("on_true", "on_false")}
        self._keeps_backend |= both == {BACKEND_ERROR}
        return both.pop() if len(both) == 1 else ""

    # --- references --------------------------------------------------------------------------------

    def reference(self, text: str, place: Place) -> Tree | None:
        """What a reference means; what it leads to is for the compiler to judge."""
        if not PATH.fullmatch(text):
            self.world.account.report("I954", f"`{shown(text)}` is no path of names and indexes.", place)
            return None
        names = split(text)
        if names[0] in ("inputs", "payload"):
            return Scalar(text, place)
        if names[0] == "results" and len(names) > 1:
            step = self.steps.get(names[1])
            return self._of(step, names[2:], place) if step else Scalar(f"$.steps.{'.'.join(names[1:])}", place)
        if self._current is None:
            return Scalar(text, place)
        return self._of(self._current, names, place)

    def _of(self, step: Step, names: list[str], place: Place) -> Tree | None:
        """A member of what a step gave, by the publisher's name for it."""
        if names and names[0] in step.aliases:
            alias = step.aliases[names[0]]
            if isinstance(alias, Scalar) and isinstance(alias.value, str):
                return self._reading(".".join([alias.value, *names[1:]]), place)
            return alias
        own = names[1:] if names and names[0] == "capability_result" else names
        if not own:
            return Scalar(f"$.steps.{step.name}", place)
        if own[0] == "result_status":
            return None
        if own[0] in step.use.constants:
            return Scalar(step.use.constants[own[0]], place)
        path = step.use.outputs.get(own[0], own[0])
        if own[0] in step.use.lost and step.use.operation:
            here = f"`{step.use.operation.op}` of `core::{step.use.operation.side_effect}`"
            self.world.lost[place] = f"`{own[0]}` is nothing that {here} gives."
        return self._reading(".".join(["$", "steps", step.name, path, *own[1:]]), place)

    def _reading(self, text: str, place: Place) -> Scalar:
        """Note what is read of what a store holds."""
        names = split(text)
        step = next((each for each in self.steps.values() if names[:2] == ["steps", each.name]), None)
        operation = step.use.operation if step else None
        if step is None or operation is None or step.use.store is None or len(names) < 4:
            return Scalar(text, place)
        if HELD.get((operation.side_effect, operation.op)) == names[2]:
            self.read.append(Read(step.use.store, names[3].partition("[")[0], place))
        return Scalar(text, place)

    # --- what the contract takes and gives ---------------------------------------------------------

    def _fields(self, core: Keys, secret: set[str]) -> Mapping | None:
        entry = core.entry("inputs")
        core.keys("inputs")
        made = fields(entry.value, self.world.account) if entry else None
        if made is None or not secret:
            return made
        draft = Draft(made.place)
        for each in made:
            if each.name in secret and isinstance(each.value, Mapping):
                schema = Draft(each.value.place)
                for part in each.value:
                    schema.add(part.name, part.value, part.key.place)
                schema.add("labels", Sequence((Scalar("secret", each.key.place),), each.key.place))
                draft.add(each.name, schema.tree(), each.key.place)
            else:
                draft.add(each.name, each.value, each.key.place)
        return draft.tree()

    def _outcomes(self, core: Keys, status: Keys) -> Mapping:
        draft = Draft(self.document.place)
        for word in status.words("allowed"):
            name = text_of(word)
            if name == "SUCCESS":
                draft.add(name, self._outputs(core, word.place), word.place)
            elif name != BACKEND_ERROR or self._keeps_backend:
                draft.add(name, record(word.place), word.place)
        for entry in core.keys("outputs"):
            self.world.account.carry_whole(entry)
        return draft.tree()

    def _outputs(self, core: Keys, place: Place) -> Mapping:
        """Each output from the last step that gives one of its name."""
        draft = Draft(place)
        for entry in core.keys("outputs"):
            if entry.name == "result_status":
                continue
            giving = [step for step in self.steps.values() if entry.name in step.aliases]
            if giving:
                value = giving[-1].aliases[entry.name]
                draft.add(entry.name, value, value.place if value is not None else None)
            elif self._current is not None:
                sentence = f"`{shown(entry.name)}` is declared as an output, and no step gives it."
                self.world.promised[entry.key.place] = sentence
                draft.add(entry.name, f"$.steps.{self._current.name}.{entry.name}", entry.key.place)
        return draft.tree()

"""Workflows: published nodes under small names, and exits by what leads to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count

from pgs_compiler.findings import Place
from pgs_compiler.importing.account import Keys
from pgs_compiler.importing.contracts import PATH
from pgs_compiler.importing.draft import Draft, member, text_of
from pgs_compiler.importing.expressions import TIME, Values, split
from pgs_compiler.importing.places import Places
from pgs_compiler.importing.published import CODE, Document
from pgs_compiler.importing.simple import admission
from pgs_compiler.importing.world import BACKEND_ERROR, World
from pgs_compiler.names import OUTCOME
from pgs_compiler.source import Entry, Mapping, Scalar, Tree
from pgs_compiler.text import shown


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit as this language tells them apart: one that is published may be several."""

    node: str
    kind: str
    reason: str


class Graph:
    """One workflow on its way."""

    def __init__(self, world: World, document: Document, places: Places) -> None:
        self.world = world
        self._places = places
        self._bound: Document | None = None
        self.document = document
        self.payload: dict[str, bool] = {}
        self.contracts: dict[str, Document] = {}
        self._names: dict[str, str] = {}
        self._exits: dict[str, Keys] = {}
        self._made: dict[tuple[str, str], Exit] = {}
        self._broken: set[str] = set()
        self._values = Values(world.account, self._reference)

    def translate(self) -> None:
        draft, top, core = self.world.begin(self.document, "workflow")
        core.idle(("entry", "exit"))
        self._binding(draft, top.text("runtime_binding"), core.text("runtime_binding"))
        admission(self.world, core)
        nodes = {entry.name: entry for entry in core.keys("nodes")}
        self.world.account.carry(*nodes.values())
        self._know(nodes)
        start = core.text("start_node")
        if start is not None:
            draft.add("start", self._names.get(text_of(start), text_of(start).lower()), start.place)
        made = Draft(self.document.place)
        for entry in nodes.values():
            keys = Keys(entry.value, self.world.account)
            kind = text_of(keys.text("type"))
            if kind == "EXIT":
                continue
            node = self._intent(keys, entry) if kind == "IN" else self._contract(keys, entry)
            if node is not None:
                made.add(self._names[entry.name], node, entry.key.place)
        for name in self._exits:
            if name not in self._broken and not any(reached == name for reached, _ in self._made):
                self._reached(name, "SUCCESS")  # for the compiler to say that nothing leads there
        for exit in self._made.values():
            made.add(exit.node, self._exit(exit, nodes), self._place(exit, nodes))
        for keys in self._exits.values():
            keys.carry_whole("type", "reason", "emit")
        draft.add("nodes", made.tree())
        self.world.write(self.document, draft.tree())

    # --- what there is -----------------------------------------------------------------------------

    def _binding(self, draft: Draft, first: Scalar | None, second: Scalar | None) -> None:
        named = first or second
        if named is None:
            return
        self._bound = found = self.world.find(text_of(named), self.document, "RB")
        if found is None:
            self.world.unpublished(text_of(named), named.place)
        else:
            draft.add("binding", self.world.refer(found, self.document), named.place)

    def _know(self, nodes: dict[str, Entry]) -> None:
        """Small names for the nodes, and what their kinds are."""
        taken: set[str] = set()
        for name, entry in nodes.items():
            match = CODE.fullmatch(name)
            word = "admit" if text_of(member(entry.value, "type")) == "IN" else match["word"] if match else name
            small = re.sub(r"[^a-z0-9_]", "_", word.lower()).lstrip("_0123456789")[:60] or "node"
            number = next(each for each in count(1) if _numbered(small, each) not in taken)
            self._names[name] = _numbered(small, number)
            taken.add(self._names[name])
            if text_of(member(entry.value, "type")) == "EXIT":
                self._exits[name] = Keys(entry.value, self.world.account)

    # --- nodes -------------------------------------------------------------------------------------

    def _intent(self, keys: Keys, entry: Entry) -> Mapping | None:
        named = keys.text("code")
        found = self.world.find(text_of(named), self.document, "IN") if named else self._started()
        if found is None:
            self.world.unpublished(text_of(named) or f"the intent of {self.document.code}", entry.key.place)
            self._left(keys)
            return None
        schema = keys.entry("payload_schema")
        if schema is not None:
            self.world.account.idle(schema)
            message = "The payload is what the intent says; `payload_schema` is not carried."
            self.world.account.report("I960", message, schema.key.place)
        payload = member(member(found.machine, "core"), "inputs")
        self.payload = {each.name: True for each in payload} if isinstance(payload, Mapping) else {}
        draft = Draft(entry.key.place)
        draft.add("intent", self.world.refer(found, self.document), named.place if named else entry.key.place)
        return draft.add("next", self._next(keys, intent=True)).tree()

    def _left(self, keys: Keys) -> None:
        """A node that is not written, for a reason that a finding has told."""
        for entry in keys:
            self.world.account.leave(entry)

    def _started(self) -> Document | None:
        """The intent that says that it starts this workflow."""
        for each in self.world.published.of_kind("IN"):
            named = text_of(member(member(each.machine, "core"), "workflow"))
            if named and self.world.find(named, each, "WF") is self.document:
                return each
        return None

    def _contract(self, keys: Keys, entry: Entry) -> Mapping | None:
        named = keys.text("code")
        kind = keys.entry("type")
        if named is None or kind is None or text_of(kind.value) != "CC":
            what = kind.value.place if kind else entry.key.place
            self.world.account.report("I954", "A node is an IN, a CC with its `code`, or an EXIT.", what)
            self._left(keys)
            return None
        found = self.world.find(text_of(named), self.document, "CC")
        if found is None:
            self.world.unpublished(text_of(named), named.place)
            self._left(keys)
            return None
        self.contracts[entry.name] = found
        draft = Draft(entry.key.place)
        draft.add("contract", self._called(found), named.place)
        inputs = keys.entry("inputs")
        keys.keys("inputs")
        if inputs is not None and isinstance(inputs.value, Mapping) and inputs.value.entries:
            draft.add("inputs", self._values.value(inputs.value), inputs.key.place)
        return draft.add("next", self._next(keys, intent=False, found=found)).tree()

    def _called(self, contract: Document) -> str:
        name = self._places.name_under(contract, self._bound)
        own = self.world.domain(contract) == self.world.domain(self.document)
        return name.partition("::")[2] if own else name

    def _next(self, keys: Keys, *, intent: bool, found: Document | None = None) -> Mapping:
        routes = keys.entry("next")
        draft = Draft(routes.value.place if routes else self.document.place)
        for entry in keys.keys("next"):
            self.world.account.carry(entry)
            outcome = entry.name
            if outcome == BACKEND_ERROR and not (found and _decides_backend(found)):
                self._breaking(entry)
                continue
            if intent and outcome == "default":
                outcome = "ACK"
            if not OUTCOME.accepts(outcome):
                self.world.account.report("I954", f"`{shown(outcome)}` is no outcome.", entry.key.place)
                continue
            target = text_of(entry.value)
            if target in self._exits:
                draft.add(outcome, self._reached(target, outcome), entry.value.place)
            elif target in self._names:
                draft.add(outcome, self._names[target], entry.value.place)
            else:
                draft.add(outcome, re.sub(r"[^a-z0-9_]", "_", f"n_{target}".lower())[:64], entry.value.place)
        return draft.tree()

    def _breaking(self, entry: Entry) -> None:
        """Where a store that breaks would have led: here the run ends at once, with what it did undone."""
        target = text_of(entry.value)
        self._broken.add(target)
        if target in self._names and target not in self._exits:
            message = f"A store that breaks ends the run, so that `{shown(target)}` is not done then."
            self.world.account.report("I955", message, entry.value.place)

    # --- exits -------------------------------------------------------------------------------------

    def _reached(self, name: str, outcome: str) -> str:
        """The exit of this language that an edge leads to."""
        reason = text_of(member(self._entry_value(name), "reason"))
        if outcome == "NACK":
            kind, reason = "REJECTED", ""
        elif not reason:
            kind, reason = ("COMPLETED", "") if outcome in ("SUCCESS", "ACK") else ("DENIED", "EXITED")
        elif reason in ("COMPLETED", "FAILED"):
            kind, reason = reason, ""
        else:
            kind = "DENIED"
        own = "" if reason in ("",) or OUTCOME.accepts(reason) else OUTCOME.repaired(reason) or "EXITED"
        reason = own or reason
        key = (name, kind)
        if key not in self._made:
            taken = {exit.node for exit in self._made.values()} | set(self._names.values()) - {self._names[name]}
            wanted = {"REJECTED": "rejected", "DENIED": self._names[name]}.get(kind, self._names[name])
            if kind == "REJECTED" and any(exit.kind == kind for exit in self._made.values()):
                self._made[key] = next(exit for exit in self._made.values() if exit.kind == kind)
            else:
                node = wanted if wanted not in taken else f"{self._names[name]}_{kind.lower()}"[:64]
                self._made[key] = Exit(node, kind, reason)
        return self._made[key].node

    def _entry_value(self, name: str) -> Tree | None:
        keys = self._exits[name]
        return Mapping(tuple(keys), self.document.place)

    def _exit(self, exit: Exit, nodes: dict[str, Entry]) -> Mapping:
        name = self._published(exit)
        keys = self._exits[name]
        place = self._place(exit, nodes)
        reason = keys.text("reason")
        draft = Draft(place).add("exit", exit.kind, reason.place if reason else place)
        if exit.reason:
            draft.add("reason", exit.reason, reason.place if reason else place)
        emitted = keys.text("emit")
        if emitted is not None and exit.kind != "REJECTED":
            self._emit(draft, emitted)
        return draft.tree()

    def _emit(self, draft: Draft, emitted: Scalar) -> None:
        """An event with its fields, each from what is called like it: a time, the payload, or what one node gives."""
        event = self.world.find(text_of(emitted), self.document, "EV")
        if event is None:
            self.world.unpublished(text_of(emitted), emitted.place)
            return
        bound = Draft(emitted.place)
        declared = member(member(event.machine, "core"), "schema")
        for entry in declared if isinstance(declared, Mapping) else ():
            source = self._source(entry.name)
            if source:
                bound.add(entry.name, source, emitted.place)
        events = Draft(emitted.place).add(self.world.refer(event, self.document), bound.tree(), emitted.place)
        draft.add("emit", events.tree(), emitted.place)

    def _source(self, name: str) -> str:
        if name == "timestamp":
            return TIME
        if name in self.payload:
            return f"$.payload.{name}"
        giving = [node for node, contract in self.contracts.items() if _gives(contract, name)]
        return f"$.results.{self._names[giving[0]]}.{name}" if len(giving) == 1 else ""

    def _published(self, exit: Exit) -> str:
        return next(name for (name, _), made in self._made.items() if made == exit)

    def _place(self, exit: Exit, nodes: dict[str, Entry]) -> Place:
        return nodes[self._published(exit)].key.place

    # --- references --------------------------------------------------------------------------------

    def _reference(self, text: str, place: Place) -> Tree | None:
        if not PATH.fullmatch(text):
            self.world.account.report("I954", f"`{shown(text)}` is no path of names and indexes.", place)
            return None
        names = split(text)
        if names[0] == "results" and len(names) > 1 and names[1] in self._names:
            return Scalar(".".join(["$", "results", self._names[names[1]], *names[2:]]), place)
        return Scalar(text, place)


def _numbered(word: str, number: int) -> str:
    return word if number == 1 else f"{word}_{number}"


def _gives(contract: Document, name: str) -> bool:
    outputs = member(member(contract.machine, "core"), "outputs")
    return isinstance(outputs, Mapping) and outputs.get(name) is not None


def _decides_backend(contract: Document) -> bool:
    """Whether a contract ends as BACKEND_ERROR by a decision of its own, and not because a store breaks."""
    decisions = member(member(contract.machine, "core"), "evaluation")
    for entry in decisions if isinstance(decisions, Mapping) else ():
        if BACKEND_ERROR in (text_of(member(entry.value, "on_true")), text_of(member(entry.value, "on_false"))):
            return True
    return False

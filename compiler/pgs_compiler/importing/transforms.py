"""Transforms and side effects: those of `core` that behave alike, else as their publisher declares them."""

from __future__ import annotations

from pgs_compiler.importing.account import Keys
from pgs_compiler.importing.draft import Draft, record, text_of
from pgs_compiler.importing.known import NEAR, TRANSFORMS, side_effects
from pgs_compiler.importing.published import Document
from pgs_compiler.importing.schemas import fields
from pgs_compiler.importing.world import BACKEND_ERROR, World
from pgs_compiler.source import Entry, Mapping, Scalar, Tree

READING = frozenset({"COUNT", "EXISTS", "FIND", "GET", "LIST", "LOOKUP", "QUERY", "READ", "RESOLVE"})
"""How the names of operations begin that only read; the dialect does not say it otherwise."""

SEMANTICS = {"append_once": "append_only", "safe_replay": "mutable", "last_write_wins": "mutable"}


def transform(world: World, document: Document, fails: bool) -> None:
    """A transform; `fails`: some contract says what becomes of its failure."""
    draft, top, core = world.begin(document, "transform")
    machine = top.keys("machine")
    machine.idle(("ct_kind", "ct_purity", "operation"))
    inputs = fields(_whole(core, "inputs", world), world.account)
    outputs = fields(_whole(core, "outputs", world), world.account, always=True)
    if document.name in TRANSFORMS:
        machine.carry_whole("implementation")
        return
    draft.add("inputs", inputs or record(document.place))
    outcomes = Draft(document.place).add("SUCCESS", outputs or record(document.place))
    if fails:
        outcomes.add("VIOLATION", record(document.place))
    draft.add("outcomes", outcomes.tree())
    _implementation(world, draft, machine, document)
    world.write(document, draft.tree())


def side_effect(world: World, document: Document) -> None:
    """A side effect that keeps something; one that calls workflows is a node here, and refused at its steps."""
    draft, top, core = world.begin(document, "side_effect")
    more = top.keys("extensions")
    if document.name in side_effects():
        for keys in (core, more):
            for entry in keys:
                world.account.carry_whole(entry)
        top.carry_whole("implementation")
        return
    kind = text_of(_value(more, "side_effect_type")) or text_of(_value(core, "side_effect_type"))
    properties = Keys(_value(more, "properties"), world.account)
    semantics = "external" if kind == "external" else SEMANTICS.get(text_of(_value(properties, "replay_policy")))
    for entry in more:
        world.account.idle(entry)
    core.idle(("category", "policy", "durability", "idempotent", "side_effect_type", "configuration"))
    if semantics is None:
        for entry in (*core, *top):
            world.account.idle(entry)
        return
    draft.add("semantics", semantics)
    draft.add("operations", _operations(world, core, document))
    _implementation(world, draft, top, document)
    world.write(document, draft.tree())


def _operations(world: World, core: Keys, document: Document) -> Tree:
    types = {entry.name: entry for entry in core.keys("field_types")}
    world.account.carry(*types.values())
    made = Draft(document.place)
    for entry in core.keys("operations"):
        world.account.carry_whole(entry)
        keys = Keys(entry.value, world.account)
        names = {
            part: [word for word in keys.words(part) if word.value != "result_status"] for part in ("input", "output")
        }
        outcomes = Draft(entry.key.place)
        for word in keys.words("result_status_values"):
            if word.value not in ("VIOLATION", BACKEND_ERROR):
                outcomes.add(str(word.value), _typed(names["output"], types, word.value == "SUCCESS", word), word.place)
        draft = Draft(entry.key.place)
        draft.add("mode", "read" if entry.name.partition("_")[0] in READING else "write")
        draft.add("inputs", _typed(names["input"], types, True, entry.key))
        draft.add("outcomes", outcomes.tree())
        made.add(entry.name, draft.tree(), entry.key.place)
    return made.tree()


def _typed(names: list[Scalar], types: dict[str, Entry], there: bool, at: Tree) -> Mapping:
    draft = Draft(at.place)
    for word in names if there else ():
        kind = types.get(text_of(word))
        name = text_of(kind.value) if kind else ""
        schema = Draft(word.place)
        if kind and name:
            schema.add("type", name, kind.value.place)
        if name == "object":
            schema.add("additionalProperties", record(word.place))
        if name == "array":
            schema.add("items", record(word.place))
        draft.add(str(word.value), schema.tree(), word.place)
    return draft.tree()


def _implementation(world: World, draft: Draft, keys: Keys, document: Document) -> None:
    named = keys.keys("implementation")
    module, function = named.text("module"), named.text("callable")
    place = module.place if module else document.place
    path = f"{text_of(module)}:{text_of(function)}"
    draft.add("implementation", path, place)
    world.unimplemented.add(world.full_name(document))
    message = f"Nothing implements `{document.code}` here: its publisher names `{path}`."
    near = NEAR.get(document.name)
    hint = f"`core::{near}` is for the same, and takes and answers other things." if near else ""
    world.account.report("I959", message, place, hint)


def _whole(core: Keys, name: str, world: World) -> Tree | None:
    entry = core.entry(name)
    if entry is not None:
        world.account.carry(entry)
    return entry.value if entry is not None else None


def _value(keys: Keys, name: str) -> Tree | None:
    entry = keys.entry(name)
    return entry.value if entry is not None else None

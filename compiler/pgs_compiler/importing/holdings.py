"""What stores hold: the entity that a structure names, else what contracts write into them, else what they read."""

from __future__ import annotations

from pgs_compiler.findings import Place
from pgs_compiler.importing.account import entries_of
from pgs_compiler.importing.contracts import Pipeline, Read, Written
from pgs_compiler.importing.draft import Draft, member, record, text_of, words
from pgs_compiler.importing.expressions import TIME, split
from pgs_compiler.importing.places import Store
from pgs_compiler.importing.world import World
from pgs_compiler.source import Mapping, Scalar, Sequence, Tree


def hold(world: World, store: Store, written: list[Written], read: list[Read]) -> None:
    """Write a store, and its entity where nobody has declared one."""
    place = store.entry.key.place
    draft = Draft(place).add("store", store.name)
    draft.add("summary", text_of(member(store.entry.value, "description")) or f"What `{store.entry.name}` holds")
    draft.add("side_effect", store.side_effect)
    draft.add("entity", _entity(world, store, written, read))
    draft.add("operations", words(sorted(store.operations), place))
    world.write(store.document, draft.tree())


def _entity(world: World, store: Store, written: list[Written], read: list[Read]) -> str:
    if store.record_type:
        declared = world.find(store.record_type, store.document, "ENTITY")
        if declared is not None:
            return world.refer(declared, store.document)
        world.unpublished(store.record_type, store.entry.value.place)
    name = store.name.replace("::ST_", "::EN_", 1)
    if any(
        document.kind == "ENTITY" and world.full_name(document) == name
        for document in world.published.documents.values()
    ):
        name = f"{name.rpartition('_V')[0]}_RECORD_V{name.rpartition('_V')[2]}"
    place = store.entry.key.place
    fields = _merged(written, place)
    if not fields:
        fields = Draft(place)
        for each in read:
            fields.add(each.member, record(each.place), each.place)
    how = "write into it" if written else "read of it"
    message = (
        f"What `{store.entry.name}` holds is declared nowhere; `{name.partition('::')[2]}` is what contracts {how}."
    )
    world.account.report("I960", message, place)
    summary = f"What contracts {'write into' if written else 'read of'} `{store.code}`"
    made = Draft(place).add("entity", name).add("summary", summary).add("fields", fields.tree())
    world.write(store.document, made.tree())
    return name.partition("::")[2]


def _record(written: Written) -> Mapping | None:
    """The fields of one record that is written, as far as they are known."""
    schema = schema_of(written.value, written.pipeline)
    return schema if isinstance(member(schema, "properties"), Mapping) else None


def _merged(written: list[Written], place: Place) -> Draft:
    """Fields that all whole records have are there, others may be absent; of several schemas of one, any value."""
    kinds: dict[str, list[Tree]] = {}
    required: dict[str, int] = {}
    known = [(each, kind) for each in written if (kind := _record(each)) is not None]
    removed = {name for each in written for name in each.removed}
    for each, kind in known:
        listed = member(kind, "required")
        needed = {text_of(word) for word in listed} if isinstance(listed, Sequence) else set()
        for entry in entries_of(member(kind, "properties") or kind):
            kinds.setdefault(entry.name, []).append(entry.value)
            whole = entry.name in needed and not each.partial
            required[entry.name] = required.get(entry.name, 0) + whole
    most = sum(not each.partial for each, _ in known)
    fields = Draft(place)
    for name in sorted(kinds):
        found = kinds[name]
        same = {_plain(schema) for schema in found}
        at = found[0].place
        schema = Draft(at)
        if len(same) == 1:
            for part in found[0] if isinstance(found[0], Mapping) else ():
                schema.add(part.name, part.value, part.key.place)
        if required[name] < most or not most or name in removed:
            schema.add("optional", True, at)
        fields.add(name, schema.tree(), at)
    return fields


def schema_of(tree: Tree, pipeline: Pipeline) -> Mapping:
    """What kind of value a written one is; `{}` where that is not declared."""
    if isinstance(tree, Mapping):
        if tree.entries and tree.entries[0].name == "$literal":
            return record(tree.place, type="string")
        properties, required = Draft(tree.place), []
        for entry in tree:
            schema = schema_of(entry.value, pipeline)
            optional = isinstance(member(schema, "optional"), Scalar)
            properties.add(entry.name, _bare(schema), entry.key.place)
            if not optional:
                required.append(Scalar(entry.name, entry.key.place))
        draft = Draft(tree.place).add("type", "object").add("properties", properties.tree())
        return (draft.add("required", Sequence(tuple(required), tree.place)) if required else draft).tree()
    if isinstance(tree, Sequence):
        return record(tree.place, type="array", items=record(tree.place))
    if isinstance(tree.value, str):
        return (
            _referred(tree, tree.value, pipeline) if tree.value.startswith("$.") else record(tree.place, type="string")
        )
    kinds = {bool: "boolean", int: "integer", float: "number", type(None): "null"}
    return record(tree.place, type=kinds[type(tree.value)])


def _referred(tree: Scalar, text: str, pipeline: Pipeline) -> Mapping:
    if text == TIME:
        return record(tree.place, type="string", format="date-time")
    names = split(text)
    if names[0] == "inputs":
        return _below(member(pipeline.inputs, names[1]) if len(names) > 1 else None, names[2:], tree)
    step = next((each for each in pipeline.steps.values() if names[:2] == ["steps", each.name]), None)
    if step is None or len(names) < 3:
        return record(tree.place)
    fields = member(step.inputs, "fields")
    if names[2:] == ["record"] and isinstance(fields, Mapping):  # a record that is assembled is its fields
        return schema_of(fields, pipeline)
    own = {step.use.outputs.get(name, name): schema for name, schema in step.use.schemas.items()}
    kind = text_of(member(own.get(names[2]), "type"))
    simple = ("boolean", "integer", "number", "string")
    return record(tree.place, type=kind) if len(names) == 3 and kind in simple else record(tree.place)


def _below(schema: Tree | None, names: list[str], tree: Scalar) -> Mapping:
    """The schema at a path below a declared one; optional if something on the way is."""
    optional = member(schema, "optional") is not None
    for name in names:
        listed, parent = member(schema, "required"), schema
        schema = member(member(parent, "properties"), name)
        needed = {text_of(word) for word in listed} if isinstance(listed, Sequence) else set()
        optional |= name not in needed and member(schema, "default") is None
    if not isinstance(schema, Mapping):
        return record(tree.place, optional=True if optional else None)
    draft = Draft(schema.place)
    for part in schema:
        if part.name not in ("default", "description", "labels", "optional"):
            draft.add(part.name, part.value, part.key.place)
    return (draft.add("optional", True) if optional else draft).tree()


def _bare(schema: Mapping) -> Mapping:
    return Mapping(tuple(part for part in schema if part.name != "optional"), schema.place)


def _plain(tree: Tree) -> str:
    if isinstance(tree, Mapping):
        return "{" + ",".join(f"{part.name}:{_plain(part.value)}" for part in tree) + "}"
    if isinstance(tree, Sequence):
        return "[" + ",".join(_plain(item) for item in tree) + "]"
    return repr(tree.value)

"""Publications that stand for themselves: intents, actors, events, entities."""

from __future__ import annotations

from pgs_compiler.importing.account import Keys
from pgs_compiler.importing.draft import Draft, record, text_of, words
from pgs_compiler.importing.published import Document
from pgs_compiler.importing.schemas import fields
from pgs_compiler.importing.world import World
from pgs_compiler.source import Entry, Mapping, Scalar, Sequence


def intent(world: World, document: Document) -> None:
    """The payload and who may ask; what has to have happened before has no counterpart."""
    draft, top, core = world.begin(document, "intent")
    more = top.keys("extensions")
    draft.add("actors", _actors(world, document, more))
    draft.add("payload", _fields(world, core, "inputs", document))
    core.idle(("outcomes",))
    core.carry_whole("workflow")
    starts = core.entry("workflow")
    if starts is not None and world.find(text_of(starts.value), document, "WF") is None:
        world.unpublished(text_of(starts.value), starts.value.place)
    admission(world, core)
    rules = more.entry("admission_rules")
    if rules is not None:
        world.account.idle(rules)
        message = "Rules of admission in words hold nothing; `requires` of the intent takes conditions."
        world.account.report("I960", message, rules.key.place)
    world.write(document, draft.tree())


def admission(world: World, core: Keys) -> None:
    """What has to have happened, or must not have, before a request is admitted."""
    entry = core.entry("admission")
    if entry is None:
        return
    world.account.carry(entry)
    keys = Keys(entry.value, world.account)
    keys.carry_whole("bindings")
    for name in ("requires", "forbids"):
        demanded = keys.words(name)
        if demanded:
            events = ", ".join(f"`{text_of(word)}`" for word in demanded)
            how = "has taken place" if name == "requires" else "has not taken place"
            message = f"That {events} {how} is nothing that an intent can ask: it knows its payload and the actor."
            world.account.report("I955", message, demanded[0].place)


def actor(world: World, document: Document) -> None:
    draft, _, core = world.begin(document, "actor")
    kind = core.text("type")
    if kind is not None:
        draft.add("tags", words((str(kind.value).lower(),), kind.place))
    draft.add("attributes", fields(_carried(world, core.entry("attributes")), world.account))
    world.write(document, draft.tree())


def event(world: World, document: Document) -> None:
    draft, _, core = world.begin(document, "event")
    draft.add("fields", _fields(world, core, "schema", document))
    world.write(document, draft.tree())


def entity(world: World, document: Document) -> None:
    """The identity and the attributes; rules about entities in words hold nothing."""
    draft, _, core = world.begin(document, "entity")
    core.idle(("authority", "projection", "versioning", "lifecycle"))
    for name in ("invariants", "relationships"):
        entry = core.entry(name)
        if entry is not None:
            world.account.idle(entry)
            if getattr(entry.value, "items", ()):
                world.account.report("I960", f"`{name}` of an entity hold nothing here.", entry.key.place)
    semantics = {entry.name: entry for entry in core.keys("semantics")}
    world.account.carry(*semantics.values())
    made = Draft(document.place)
    identity = core.keys("identity")
    identity.idle(("unique",))
    identity.carry_whole("field", "type")
    key = identity.entry("field")
    if key is not None:
        kind = identity.entry("type")
        text = _described(semantics.get(text_of(key.value)))
        made.add(text_of(key.value), record(key.value.place, type=kind.value if kind else "string", description=text))
    for item in core.items("attributes"):
        _attribute(world, item, made, semantics)
    draft.add("fields", made.tree())
    world.write(document, draft.tree())


def _attribute(world: World, item: object, made: Draft, semantics: dict[str, Entry]) -> None:
    """`{name: …, type: …}` as a field; without `optional: true` it is there."""
    if not isinstance(item, Mapping):
        return
    keys = Keys(item, world.account)
    name = keys.text("name")
    optional = keys.entry("optional")
    if optional is not None:
        world.account.carry(optional)
    keys.idle(("cardinality",))
    if name is None:
        return
    rest = Mapping(tuple(part for part in item if part.name not in ("name", "optional", "cardinality")), item.place)
    both = fields(Mapping((Entry(name, rest),), item.place), world.account, always=True)
    schema = Draft(item.place)
    for part in both.entries[0].value if both and isinstance(both.entries[0].value, Mapping) else ():
        schema.add(part.name, part.value, part.key.place)
    described = _described(semantics.get(text_of(name)))
    if described is not None:
        schema.add("description", described)
    if optional is not None and getattr(optional.value, "value", False) is True:
        schema.add("optional", True, optional.key.place)
    made.add(text_of(name), schema.tree(), name.place)


def _fields(world: World, core: Keys, name: str, document: Document) -> Mapping:
    return fields(_carried(world, core.entry(name)), world.account) or record(document.place)


def _actors(world: World, document: Document, more: Keys) -> Sequence:
    """Who may ask, as far as a publication says so."""
    authority = more.text("authority")
    named = world.find(f"AC_{authority.value}_V0", document, "AC") if authority is not None else None
    place = authority.place if authority is not None else document.place
    return words((world.refer(named, document),) if named else (), place)


def _carried(world: World, entry: Entry | None) -> Mapping | None:
    if entry is None:
        return None
    if not isinstance(entry.value, Mapping):
        world.account.misshapen(entry, "mapping")
        return None
    world.account.carry(entry)
    return entry.value


def _described(entry: Entry | None) -> Scalar | None:
    return entry.value if entry is not None and isinstance(entry.value, Scalar) else None

"""The other kinds: actors, transforms, side effects, stores, bindings, entities, events."""

from __future__ import annotations

from typing import Literal, cast, get_args

from pgs_compiler.declarations import (
    Actor,
    Binding,
    Constant,
    Declassified,
    Entity,
    Event,
    Example,
    Header,
    OperationSyntax,
    OutcomeFields,
    PolicySyntax,
    SideEffect,
    Store,
    Transform,
    Word,
)
from pgs_compiler.names import DURATION, NODE, OUTCOME
from pgs_compiler.schemas.shape import parse_enum, parse_fields
from pgs_compiler.schemas.syntax import FieldsSyntax, Scope, record
from pgs_compiler.shape import Fields, refuse_outcome
from pgs_compiler.source import Entry, Mapping, Tree
from pgs_snapshot.model import Semantics, Unknown

MAX_ATTEMPTS = 100
SEMANTICS = (*get_args(Semantics), "external")


def _fields(fields: Fields, key: str, header: Header, required: bool = True, scope: Scope = "plain") -> FieldsSyntax:
    return parse_fields(fields.tree(key, required), header.place, fields.report, scope)


def actor(header: Header, fields: Fields) -> Actor:
    return Actor(header, _fields(fields, "attributes", header, required=False))


def transform(header: Header, fields: Fields) -> Transform | None:
    inputs = _fields(fields, "inputs", header, scope="generic")
    outcomes = _outcomes(fields, header, "generic")
    implementation = fields.word("implementation")
    sequence = fields.sequence("examples", required=False)
    examples = tuple(found for tree in sequence or () if (found := _example(tree, fields)))
    declassifies = _declassifies(fields)
    return Transform(header, inputs, outcomes, implementation, examples, declassifies) if implementation else None


def _declassifies(fields: Fields) -> tuple[Declassified, ...]:
    """`[label, …]` for all inputs, or `{label: [input, …], …}` for those that are named."""
    tree = fields.tree("declassifies", required=False)
    if not isinstance(tree, Mapping):
        words = fields.words("declassifies", required=False, grammar=NODE) if tree is not None else ()
        return tuple(Declassified(word.text, word.place) for word in words)
    found: list[Declassified] = []
    for entry in tree:
        label = fields.as_word(entry.key, "a label", NODE)
        inputs = Fields(tree, "`declassifies`", fields.report).words(entry.name)
        if label is not None:
            found.append(Declassified(label.text, label.place, inputs))
    return tuple(found)


def _example(tree: Tree, fields: Fields) -> Example | None:
    inner = Fields(tree, "this example", fields.report)
    inputs, outcome = inner.mapping("inputs"), inner.word("outcome", grammar=OUTCOME)
    outputs = inner.mapping("outputs", required=False)
    inner.done()
    if inputs is None or outcome is None:
        return None
    given = Constant(outputs or Mapping((), tree.place), outputs.place if outputs else tree.place)
    return Example(Constant(inputs, inputs.place), outcome, given, tree.place)


def side_effect(header: Header, fields: Fields) -> SideEffect | None:
    written = fields.tree("semantics")
    semantics = fields.one_of(written, "`semantics`", SEMANTICS) if written is not None else None
    operations = tuple(found for entry in fields.entries("operations") if (found := _operation(entry, header, fields)))
    implementation = fields.word("implementation")
    held = fields.name("entity", "entity", required=False)
    if written is None or semantics is None or implementation is None:
        return None
    known = cast(Literal[Semantics, "external"], semantics)
    return SideEffect(header, known, written.place, operations, implementation, held)


def _operation(entry: Entry, header: Header, fields: Fields) -> OperationSyntax | None:
    name = fields.as_word(entry.key, "an operation", OUTCOME)
    inner = Fields(entry.value, f"the operation `{entry.name}`", fields.report)
    mode = inner.choice("mode", ("read", "write"))
    inputs = _fields(inner, "inputs", header, scope="operation")
    outcomes = _outcomes(inner, header, "operation")
    clears = inner.words("clears", required=False, grammar=NODE)
    keyed = inner.flag("keyed")
    inner.done()
    if name is None or mode is None:
        return None
    return OperationSyntax(name, cast(Literal["read", "write"], mode), inputs, outcomes, clears, keyed)


def _outcomes(fields: Fields, header: Header, scope: Scope) -> tuple[OutcomeFields, ...]:
    outcomes = []
    for entry in fields.entries("outcomes"):
        name = fields.as_word(entry.key, "an outcome", OUTCOME)
        outputs = parse_fields(entry.value, header.place, fields.report, scope)
        refuse_outcome(fields, (Word(field.name, field.place) for field in outputs.fields))
        if name:
            outcomes.append(OutcomeFields(name, outputs))
    return tuple(outcomes)


def store(header: Header, fields: Fields) -> Store | None:
    side = fields.name("side_effect", "side_effect")
    held = fields.name("entity", "entity")
    operations = fields.words("operations", grammar=OUTCOME)
    clears = fields.words("clears", required=False, grammar=NODE)
    writers = fields.words("writers", required=False, grammar=NODE)
    return Store(header, side, held, operations, clears, writers) if side and held else None


def binding(header: Header, fields: Fields) -> Binding:
    stores, retention = [], []
    for entry in fields.entries("stores", required=False):
        name = fields.as_name(entry.key, "store")
        inner = Fields(entry.value, f"the store `{entry.name}`", fields.report)
        kept = inner.word("retention", required=False, grammar=DURATION)
        inner.done()
        if name:
            stores.append(name)
            retention += [(name, kept)] if kept else []
    effects = tuple(found for entry in fields.entries("effects", required=False) if (found := _policy(entry, fields)))
    config = _fields(fields, "config", header, required=False)
    return Binding(header, tuple(stores), config, tuple(retention), effects)


def _policy(entry: Entry, fields: Fields) -> PolicySyntax | None:
    """What happens when an effect is in doubt: `{unknown: retry, attempts: 3}`; `{}` suspends the run."""
    name = fields.as_name(entry.key, "side_effect")
    inner = Fields(entry.value, f"the effect `{entry.name}`", fields.report)
    unknown = inner.choice("unknown", get_args(Unknown), required=False) or "suspend"
    attempts = inner.integer("attempts", MAX_ATTEMPTS) if unknown == "retry" else None
    twice = inner.flag("at_least_once") if unknown == "retry" else None
    lookup = inner.word("lookup", grammar=OUTCOME) if unknown == "lookup" else None
    inner.done()
    return PolicySyntax(name, cast(Unknown, unknown), attempts, lookup, twice is not None) if name else None


def entity(header: Header, fields: Fields) -> Entity | None:
    if "enum" in fields and "fields" in fields:
        fields.entry("enum")
        fields.entry("fields")
        fields.report.add(
            "D216",
            f"`{header.name}` is of several kinds: `fields` makes a record, `enum` an enumeration.",
            header.place,
        )
        return None
    tree = None if "enum" in fields else fields.tree("fields", required=fields.meant(("enum",)) is None)
    members = fields.sequence("enum", required=False)
    if "enum" in fields:
        return Entity(header, parse_enum(members, fields.report)) if members else None
    return Entity(header, record(parse_fields(tree, header.place, fields.report), tree))


def event(header: Header, fields: Fields) -> Event:
    clears = fields.words("clears", required=False, grammar=NODE)
    return Event(header, _fields(fields, "fields", header), clears)

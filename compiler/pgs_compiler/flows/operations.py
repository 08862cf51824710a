"""Operations of stores: what a store takes, and what it answers with.

* The values of its entity, and of fields of it, carry what the store holds: the entity's labels, and what was ever
  written there.
* What else an operation of `core` answers (an address, a number, keys) carries what its other inputs carry, and
  what is or holds text carries what the keys carry, too: these side effects tell nothing else of a value but
  which fields of it are like those that were asked for.
* A side effect of the project may compute what it answers from whatever it sees, so that carries everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pgs_compiler.declarations import EffectStepSyntax, OperationStepSyntax, SideEffect, Store
from pgs_compiler.findings import Place
from pgs_compiler.flows.arrivals import Arrival, Sink, arrivals
from pgs_compiler.flows.declared import declared
from pgs_compiler.flows.lattice import CLEAN, Flow, Marks, flat, join, join_all, marked, merged, onward, record, taken
from pgs_compiler.flows.stores import Stores
from pgs_compiler.names import CORE
from pgs_compiler.program import Program
from pgs_compiler.schemas.syntax import Aspect, Property, SchemaSyntax, parts_of

_NO_TEXT = frozenset({"integer", "number", "boolean", "null"})


def operate(
    program: Program, stores: Stores, step: OperationStepSyntax, given: Flow
) -> tuple[Flow, Mapping[str, Flow], Sink, tuple[Arrival, ...]]:
    """What an operation takes, what it gives by outcome, and what of it arrives at the store."""
    store = program.get(step.store, Store)
    name = store.header.name
    side_effect = program.get(store.side_effect, SideEffect)
    operation = next(item for item in side_effect.operations if item.name.text == step.operation.text)
    code = f"{name.partition('::')[2]} {operation.name.text}"
    given = taken(given, declared(program, operation.inputs, f"{code} inputs"))
    keys: Marks = {}
    texts: Marks = {}
    asked: Marks = {}
    for item in operation.inputs.fields:
        flow = given.member(item.name)
        if not _of_entity(item.schema):
            keys = merged(keys, flat(flow))
            texts = merged(texts, flat(flow)) if _text(item.schema) else texts
            continue
        if any(aspect == "$part" for aspect in _aspects(item.schema)):
            asked = merged(asked, flat(flow))
        if operation.mode == "write":
            stores.write(name, _entity_part(item.schema, flow))
    if operation.mode == "write":
        stores.write_key(name, keys)
    clears = frozenset(word.text for word in store.clears)
    sink = Sink("store", code, clears, f"`{name.partition('::')[2]}`", store.header.place)
    found = tuple(arrivals(given, sink))
    if operation.mode == "write":
        # What the store does not clear is refused as that; what it clears is sealed there, but keys are not.
        cleared = {mark: trail for mark, trail in texts.items() if mark.word in clears and not mark.by}
        found += tuple(arrivals(marked(cleared), Sink("key", code)))
    if operation.mode == "read":
        found = tuple(Arrival(sink, item.mark, item.trail, "asked") for item in found if item.verdict != "declassified")
    held = onward(stores.held(name), step.name.place, f"`{code}` answers with it")
    ours = side_effect.header.domain == CORE
    seen = marked(merged(keys, asked)) if ours else join_all((marked(flat(given)), marked(flat(held))))
    answers = _Answers(program, held, seen, onward(marked(stores.keys(name)), step.name.place, f"`{code}`"))
    outputs = {
        outcome.name.text: record(
            {
                item.name: answers.output(item, f"{code} {outcome.name.text}", step.name.place)
                for item in outcome.outputs.fields
            }
        )
        for outcome in operation.outcomes
    }
    return given, outputs, sink, found


def affect(
    program: Program, step: EffectStepSyntax, given: Flow
) -> tuple[Flow, Mapping[str, Flow], Sink, tuple[Arrival, ...]]:
    """The same of an external effect: it takes all that it is given, and may answer with anything of it."""
    side_effect = program.get(step.side_effect, SideEffect)
    operation = next(item for item in side_effect.operations if item.name.text == step.operation.text)
    code = f"{side_effect.header.name.partition('::')[2]} {operation.name.text}"
    given = taken(given, declared(program, operation.inputs, f"{code} inputs"))
    clears = frozenset(word.text for word in operation.clears)
    sink = Sink("effect", code, clears, f"`{operation.name.text}`", operation.name.place)
    answers = _Answers(program, CLEAN, marked(flat(given)), CLEAN)
    outputs = {
        outcome.name.text: record(
            {
                item.name: answers.output(item, f"{code} {outcome.name.text}", step.name.place)
                for item in outcome.outputs.fields
            }
        )
        for outcome in operation.outcomes
    }
    return given, outputs, sink, tuple(arrivals(given, sink))


class _Answers:
    def __init__(self, program: Program, held: Flow, seen: Flow, keys: Flow) -> None:
        self._program = program
        self._held = held
        self._seen = seen
        self._keys = keys

    def output(self, item: Property, name: str, place: Place) -> Flow:
        own = declared(self._program, item.schema, f"{name}.{item.name}", self._held)
        if _of_entity(item.schema):
            return own
        carried = [self._seen]
        if _text(item.schema):
            carried.append(self._keys)
        return join(own, onward(join_all(carried), place, f"`{name}` follows from it"))


def _of_entity(schema: SchemaSyntax) -> bool:
    """Whether an input or output holds values of the entity, or of fields of it; their names say nothing of a value."""
    return any(aspect != "$optional" for aspect in _aspects(schema))


def _aspects(schema: SchemaSyntax) -> Iterator[Aspect]:
    if schema.variable is not None:
        yield schema.aspect
    for part in parts_of(schema):
        yield from _aspects(part)


def _text(schema: SchemaSyntax) -> bool:
    """Whether a value may hold text that nobody has listed; what has no type of its own may."""
    named = schema.members is not None or schema.constant is not None or schema.aspect == "$optional"
    return not named and (not schema.types or not set(schema.types) <= _NO_TEXT)


def _entity_part(schema: SchemaSyntax, flow: Flow) -> Flow:
    """What of an input is of the entity."""
    if schema.variable is not None:
        return flow
    parts = [
        join(_entity_part(item.schema, flow.member(item.name)), marked(flow.marks))
        for item in schema.properties
        if _of_entity(item.schema)
    ]
    for inner, part in ((schema.additional, flow.rest), (schema.items, flow.items)):
        if inner is not None and _of_entity(inner):
            parts.append(join(_entity_part(inner, part or CLEAN), marked(flow.marks)))
    return join_all(parts)

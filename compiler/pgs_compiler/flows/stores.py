"""What stores hold and events bring: what they declare, and what any workflow writes into them or emits.

A label that is written to a field without it is not lost: whoever reads the store, or waits for the event, gets it
back. As one workflow may read what another writes, all of them are followed again until nothing new is written.
"""

from __future__ import annotations

from pgs_compiler.declarations import Context, Entity, Event, Store
from pgs_compiler.flows.declared import declared
from pgs_compiler.flows.lattice import CLEAN, Flow, Mark, Marks, Trail, flat, join, marked
from pgs_compiler.processes import LAYERS
from pgs_compiler.program import Program
from pgs_compiler.schemas.syntax import SchemaSyntax, record


def field_name(context: str, path: str) -> str:
    """What a field of a context is called among what holds values: `bank::CX_BANK_V0.domain.accounts`."""
    return f"{context}.{path}"


class Stores:
    """What every store, event and field of a context holds, as far as it is known.

    `news` tells whether something was written that was not known to be held.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._entities = {store.header.name: program.get(store.entity, Entity).schema for store in program.of(Store)}
        self._entities |= {event.header.name: record(event.fields) for event in program.of(Event)}
        self._entities |= {
            field_name(context.header.name, f"{layer}.{item.name}"): item.schema
            for context in program.of(Context)
            for layer, fields in zip(LAYERS, (context.configuration, context.domain), strict=True)
            for item in fields.fields
        }
        self._held = {name: declared(program, schema, _code(name)) for name, schema in self._entities.items()}
        self._keys: dict[str, Marks] = {}
        self.news = False

    def held(self, store: str) -> Flow:
        """What the values of a store, the fields of an event, or the values of a field of a context carry."""
        return self._held[store]

    def keys(self, store: str) -> Marks:
        """What the keys carry under which a store holds its values."""
        return self._keys.get(store, {})

    def write(self, store: str, value: Flow) -> None:
        """Note what is written as a value, or emitted."""
        folded = _folded(self._program, self._entities[store], value)
        fresh = _fresh(folded, self._held[store], _code(store), frozenset())
        if fresh is not CLEAN:
            self._held[store] = join(self._held[store], fresh)
            self.news = True

    def write_key(self, store: str, marks: Marks) -> None:
        """Note what is written as a key."""
        known = self._keys.setdefault(store, {})
        name = f"{_code(store)} key"
        for mark, trail in marks.items():
            kept = Mark(name, mark.word)
            if not mark.by and kept not in known:
                known = self._keys[store] = {**known, kept: _keeps(name, mark, trail)}
                self.news = True


def _code(name: str) -> str:
    return name.partition("::")[2]


def _keeps(name: str, mark: Mark, trail: Trail) -> Trail:
    return trail.on(trail.place, f"`{name}` holds `{mark.word}` from here on", "source")


def _folded(program: Program, syntax: SchemaSyntax, flow: Flow) -> Flow:
    """A flow in the shape of what a store declares: below that, marks are those of the whole."""
    if flow is CLEAN:
        return CLEAN
    if syntax.entity is not None:
        return _folded(program, program.entity(syntax.entity.text), flow)
    members = {item.name: _folded(program, item.schema, flow.member(item.name)) for item in syntax.properties}
    others = [part for name, part in flow.members.items() if name not in members]
    others += [flow.rest] if flow.rest else []
    rest: Flow | None = None
    for part in others:
        inner = _folded(program, syntax.additional, part) if syntax.additional else marked(flat(part))
        rest = join(rest or CLEAN, inner)
    items = flow.items
    if items is not None:
        items = _folded(program, syntax.items, items) if syntax.items else marked(flat(items))
    if not syntax.properties and syntax.additional is None and syntax.items is None:
        return marked(flat(flow))
    return Flow(flow.marks, members, rest, items)


def _fresh(written: Flow, held: Flow, name: str, above: frozenset[str]) -> Flow:
    """What is written and not known to be held, as marks of the store."""
    if written is CLEAN:
        return CLEAN
    here = above | held.words
    marks = {
        Mark(name, mark.word): _keeps(name, mark, trail)
        for mark, trail in written.marks.items()
        if not mark.by and mark.word not in here
    }
    here |= {mark.word for mark in marks}
    rest = _fresh(written.rest or CLEAN, held.rest or CLEAN, f"{name}.*", here)
    members = {
        member: found
        for member, part in written.members.items()
        if (found := _fresh(part, held.member(member), f"{name}.{member}", here)) is not CLEAN or rest is not CLEAN
    }
    items = _fresh(written.items or CLEAN, held.items or CLEAN, f"{name}[*]", here)
    if not marks and not members and rest is CLEAN and items is CLEAN:
        return CLEAN
    return Flow(marks, members, None if rest is CLEAN else rest, None if items is CLEAN else items)

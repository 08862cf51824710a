"""From an author's tree to a `SchemaSyntax`: what the form of a schema alone can tell is told here."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from pgs_compiler.findings import Place, Related
from pgs_compiler.names import CODE, DOMAIN, MAX_NAME, Name, kind_of
from pgs_compiler.schemas.anatomy import TYPES, phrase
from pgs_compiler.schemas.generic import ENTITY
from pgs_compiler.schemas.keywords import BELONGS_TO, KEYWORDS, NAMING, NOTES, STRUCTURE, implied_type
from pgs_compiler.schemas.limits import plain_value, read_bounds
from pgs_compiler.schemas.syntax import Aspect, FieldsSyntax, Property, SchemaSyntax, Scope
from pgs_compiler.source import Entry, Mapping, Scalar, Sequence, Tree, to_value
from pgs_snapshot.canonical import canonical
from pgs_snapshot.suggest import nearest
from pgs_snapshot.values import Value

if TYPE_CHECKING:
    from pgs_compiler.shape import Report

_WORD = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_LABEL = re.compile("[a-z][a-z0-9_]*")


def parse_schema(tree: Tree, report: Report, scope: Scope = "plain") -> SchemaSyntax:
    """Read a schema that is no member of an object."""
    return _Reader(report, scope).schema(tree, frozenset())


def parse_fields(tree: Tree | None, place: Place, report: Report, scope: Scope = "plain") -> FieldsSyntax:
    """Read field names with their schemas: `inputs`, `payload`, `fields`, the outputs of an outcome.

    Args:
        tree: None where the author wrote none: no fields, at `place`.
    """
    if tree is None:
        return FieldsSyntax((), place)
    if not isinstance(tree, Mapping):
        report.add("T420", "Fields are a mapping of names to schemas.", tree.place, "not a mapping")
        return FieldsSyntax((), tree.place)
    reader = _Reader(report, scope)
    return FieldsSyntax(tuple(reader.field(entry) for entry in tree), tree.place)


def parse_enum(tree: Sequence, report: Report) -> SchemaSyntax:
    """Read the members of an enumeration."""
    return SchemaSyntax(tree.place, members=_Reader(report, "plain").members(tree))


class _Reader:
    def __init__(self, report: Report, scope: Scope) -> None:
        self._report = report
        self._scope = scope

    def field(self, entry: Entry) -> Property:
        if not _WORD.fullmatch(entry.name):
            self._report.add(
                "T431",
                f"`{entry.name}` cannot be a field: references could not name it.",
                entry.key.place,
                "letters, digits and underscores",
            )
        schema = self.schema(entry.value, frozenset({"default", "optional"}))
        stated = entry.value.get("optional") if isinstance(entry.value, Mapping) else None
        optional = isinstance(stated, Scalar) and stated.value is True
        if optional and schema.default is not None:
            self._report.add(
                "T424",
                f"`{entry.name}` has a default, so that it is always present.",
                stated.place if stated else entry.key.place,
                hint="Leave `optional` out.",
            )
        return Property(entry.name, schema, not optional and schema.default is None, entry.key.place)

    def schema(self, tree: Tree, allowed: frozenset[str]) -> SchemaSyntax:
        """Read one schema. `allowed`: which of `default` and `optional` mean something where it stands."""
        if not isinstance(tree, Mapping):
            written = str(tree.value) if isinstance(tree, Scalar) else ""
            hint = f"Write `{{type: {written}}}`." if written in TYPES else ""
            if kind_of(written.rpartition("::")[2]) == "entity":
                hint = f"Write `{{$ref: {written}}}`."
            self._report.add("T420", "A schema is a mapping of keywords.", tree.place, "not a mapping", hint)
            return SchemaSyntax(tree.place)
        stated = {entry.name: entry for entry in tree}
        self._check_keywords(stated, allowed)
        notes = self._notes(stated, tree.place)
        for form in NAMING:
            if form in stated:
                self._check_alone(form, stated)
                return self._reference(notes, stated[form])
        return self._typed(notes, stated)

    # --- keywords --------------------------------------------------------------------------------

    def _check_keywords(self, stated: dict[str, Entry], allowed: frozenset[str]) -> None:
        for name, entry in stated.items():
            if name not in KEYWORDS:
                near = nearest(name, KEYWORDS)
                self._report.add(
                    "T421",
                    f"A schema has no keyword `{name}`.",
                    entry.key.place,
                    hint=f"Write `{near}`." if near else "",
                )
            elif name in ("default", "optional") and name not in allowed:
                self._misplaced(name, entry, allowed)

    def _misplaced(self, name: str, entry: Entry, allowed: frozenset[str]) -> None:
        if allowed:
            why, hint = "of a member says nothing: `required` does", "Leave it out."
        else:
            why, hint = "belongs to a member, and this is none: nothing here can be absent", ""
        self._report.add("T424", f"`{name}` {why}.", entry.key.place, hint=hint)

    def _check_alone(self, form: str, stated: dict[str, Entry]) -> None:
        for name, entry in stated.items():
            beside = name in NOTES and not (form == "$var" and name == "default")
            if name != form and name in KEYWORDS and not beside:
                self._report.add(
                    "T423", f"`{name}` cannot stand beside `{form}`.", entry.key.place, hint="Leave it out."
                )

    def _notes(self, stated: dict[str, Entry], place: Place) -> SchemaSyntax:
        """A schema with nothing but its annotations."""
        description = plain_value(self._report, stated, "description")
        plain_value(self._report, stated, "optional")
        default = stated["default"].value if "default" in stated else None
        return SchemaSyntax(
            place,
            default=default,
            labels=self._labels(stated.get("labels")),
            description=description if isinstance(description, str) else "",
        )

    def _labels(self, entry: Entry | None) -> tuple[Scalar, ...]:
        if entry is None:
            return ()
        trees = entry.value.items if isinstance(entry.value, Sequence) else ()
        labels = tuple(tree for tree in trees if isinstance(tree, Scalar) and _LABEL.fullmatch(str(tree.value)))
        if not labels or len(labels) != len(trees):
            self._report.add(
                "T420", "`labels` is a list of words such as `pii`.", entry.value.place, "lower-case words"
            )
        return labels

    # --- references ------------------------------------------------------------------------------

    def _reference(self, notes: SchemaSyntax, entry: Entry) -> SchemaSyntax:
        form, tree = entry.name, entry.value
        if not isinstance(tree, Scalar) or not isinstance(tree.value, str):
            what = "an entity" if form == "$ref" else "a variable"
            self._report.add("T420", f"`{form}` is the name of {what}.", tree.place, "not a name")
            return notes
        if form == "$var":
            return self._variable(notes, entry, tree, tree.value)
        if form != "$ref":
            return self._aspect(notes, entry, tree)
        if tree.value != ENTITY:
            entity = self._entity(tree.value, tree.place)
            return replace(notes, entity=entity) if entity else notes
        if self._scope == "operation":
            return replace(notes, variable=tree)
        self._report.add(
            "T424",
            "`$entity` is the entity of a store, and only the operations of a side effect have one.",
            tree.place,
        )
        return notes

    def _variable(self, notes: SchemaSyntax, entry: Entry, tree: Scalar, name: str) -> SchemaSyntax:
        if self._scope != "generic":
            self._report.add("T424", "Only a transform has variables.", entry.key.place)
        elif not _WORD.fullmatch(name):
            self._report.add("T420", f"`{name}` is not the name of a variable.", tree.place, "a word such as `T`")
        else:
            return replace(notes, variable=tree, default=None)
        return notes

    def _aspect(self, notes: SchemaSyntax, entry: Entry, tree: Scalar) -> SchemaSyntax:
        if self._scope != "operation":
            message = (
                f"`{entry.name}` is about the entity of a store, and only the operations of a side effect have one."
            )
            self._report.add("T424", message, entry.key.place)
        elif tree.value != ENTITY:
            message = f"`{tree.value}` is not the entity of the store, and `{entry.name}` is about nothing else."
            self._report.add("T424", message, tree.place, hint=f"Write `{ENTITY}`.")
        else:
            return replace(notes, variable=tree, aspect=cast(Aspect, entry.name))
        return notes

    def _entity(self, text: str, place: Place) -> Name | None:
        domain, separator, code = text.rpartition("::")
        if (separator and not DOMAIN.fullmatch(domain)) or not CODE.fullmatch(code) or len(code) > MAX_NAME:
            self._report.add("D204", f"`{text}` does not have the form of a name.", place, "like `EN_SOMETHING_V0`")
            return None
        if kind_of(code) != "entity":
            self._report.add("D206", f"`{text}` is not the name of an entity.", place, "an entity is called `EN_…`")
            return None
        return Name(text, "entity", place)

    # --- types and what belongs to them ----------------------------------------------------------

    def _typed(self, notes: SchemaSyntax, stated: dict[str, Entry]) -> SchemaSyntax:
        types = self._types(stated)
        listed = "enum" in stated or "const" in stated
        for name in BELONGS_TO.keys() & stated.keys() if types else ():
            if not set(BELONGS_TO[name]) & set(types):
                flag = name == "required" and isinstance(to_value(stated[name].value), bool)
                self._report.add(
                    "T423",
                    f"`{name}` says nothing about {phrase(types)}: it belongs to {phrase(BELONGS_TO[name])}.",
                    stated[name].key.place,
                    hint="Leave it out: a field is required unless it says `optional: true`." if flag else "",
                )
            elif listed and name in STRUCTURE:
                self._report.add(
                    "T423",
                    f"`{name}` adds nothing to `{'enum' if 'enum' in stated else 'const'}`.",
                    stated[name].key.place,
                    hint="Leave it out.",
                )
        schema = replace(
            notes,
            types=types,
            members=self._listing(stated.get("enum")),
            constant=stated["const"].value if "const" in stated else None,
            bounds=read_bounds(self._report, stated, types),
        )
        return self._inside(schema, stated, listed)

    def _types(self, stated: dict[str, Entry]) -> tuple[str, ...]:
        """The types stated, or the one that the other keywords imply."""
        if "type" not in stated:
            implied = dict.fromkeys(implied_type(name) for name in stated if name in BELONGS_TO)
            return tuple(implied)[:1]
        tree = stated["type"].value
        trees = tree.items if isinstance(tree, Sequence) else (tree,)
        found = [to_value(item) for item in trees]
        for item, value in zip(trees, found, strict=True):
            if value not in TYPES:
                self._unknown_type(item, value)
        types = tuple(name for name in TYPES if name in found)
        if len(types) < len(found) and all(value in TYPES for value in found):
            self._report.add("T422", "A type stands twice in `type`.", tree.place)
        if not found:
            self._report.add("T422", "`type` names at least one type.", tree.place)
        return types

    def _unknown_type(self, tree: Tree, value: Value) -> None:
        near = "null" if value is None else nearest(value, TYPES) if isinstance(value, str) else None
        shown = f"`{value}`" if isinstance(value, str) else "This"
        self._report.add(
            "T422",
            f"{shown} is not a type.",
            tree.place,
            f"known: {', '.join(TYPES)}",
            f'Write `"{near}"`.' if near == "null" else f"Write `{near}`." if near else "",
        )

    # --- members and items -----------------------------------------------------------------------

    def _listing(self, entry: Entry | None) -> tuple[Tree, ...] | None:
        if entry is None:
            return None
        if isinstance(entry.value, Sequence):
            return self.members(entry.value)
        self._report.add("T420", "`enum` is a list of values.", entry.value.place, "not a list")
        return None

    def members(self, tree: Sequence) -> tuple[Tree, ...] | None:
        """The members of an enumeration, each once; None where there are none."""
        if not tree.items:
            self._report.add("T426", "An enumeration has at least one member.", tree.place, "empty")
            return None
        seen: dict[bytes, Tree] = {}
        for member in tree:
            first = seen.setdefault(canonical(to_value(member)), member)
            if first is member:
                continue
            self._report.add(
                "T426",
                "A member stands twice in this enumeration.",
                member.place,
                "again",
                related=(Related(first.place, "first here"),),
            )
        return tuple(seen.values())

    def _inside(self, schema: SchemaSyntax, stated: dict[str, Entry], listed: bool) -> SchemaSyntax:
        if "items" in stated:
            schema = replace(schema, items=self.schema(stated["items"].value, frozenset()))
        if "object" not in schema.types:
            return schema
        if any(name not in KEYWORDS and nearest(name, KEYWORDS) == "properties" for name in stated):
            return replace(schema, additional=SchemaSyntax(schema.place))  # its members are not known
        if not listed and not {"properties", "additionalProperties"} & stated.keys():
            self._report.add(
                "T432",
                "This object declares no members, so that only `{}` would fit.",
                schema.place,
                hint="Add `properties`, or `additionalProperties: true` for any members.",
            )
        properties = self._properties(stated.get("properties"), stated.get("required"))
        return replace(schema, properties=properties, additional=self._additional(stated))

    def _additional(self, stated: dict[str, Entry]) -> SchemaSyntax | None:
        entry = stated.get("additionalProperties")
        if entry is None:
            return None
        tree = entry.value
        if isinstance(tree, Scalar) and isinstance(tree.value, bool):
            return SchemaSyntax(tree.place) if tree.value else None
        return self.schema(tree, frozenset())

    def _properties(self, entry: Entry | None, required: Entry | None) -> tuple[Property, ...]:
        tree = entry.value if entry else None
        if tree is not None and not isinstance(tree, Mapping):
            self._report.add("T420", "`properties` is a mapping of names to schemas.", tree.place, "not a mapping")
        schemas = {
            item.name: (item, self.schema(item.value, frozenset({"default"})))
            for item in (tree if isinstance(tree, Mapping) else ())
        }
        needed = self._required(required, {name: schema for name, (_, schema) in schemas.items()})
        return tuple(Property(name, schema, name in needed, item.key.place) for name, (item, schema) in schemas.items())

    def _required(self, entry: Entry | None, schemas: dict[str, SchemaSyntax]) -> set[str]:
        if entry is None:
            return set()
        trees = entry.value.items if isinstance(entry.value, Sequence) else ()
        names = [tree for tree in trees if isinstance(tree, Scalar) and isinstance(tree.value, str)]
        if not isinstance(entry.value, Sequence) or len(names) != len(trees):
            self._report.add("T420", "`required` is a list of names.", entry.value.place, "not a list of names")
        needed: set[str] = set()
        for tree in names:
            name = str(tree.value)
            self._check_required(name, tree.place, schemas, again=name in needed)
            needed.add(name)
        return needed

    def _check_required(self, name: str, place: Place, schemas: dict[str, SchemaSyntax], again: bool) -> None:
        if again:
            self._report.add("T430", f"`{name}` stands twice in `required`.", place, "again")
        elif name not in schemas:
            near = nearest(name, schemas)
            self._report.add(
                "T430",
                f"`required` names `{name}`, which `properties` does not declare.",
                place,
                hint=f"Write `{near}`." if near else "",
            )
        elif schemas[name].default is not None:
            self._report.add(
                "T430",
                f"`{name}` has a default, so that a value need not bring it along.",
                place,
                hint="Leave it out of `required`.",
            )

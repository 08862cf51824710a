"""Schemas of the dialect in the words of this language."""

from __future__ import annotations

import re

from pgs_compiler.importing.account import Account, Keys
from pgs_compiler.importing.draft import Draft, record, text_of
from pgs_compiler.source import Entry, Mapping, Scalar, Sequence, Tree
from pgs_compiler.text import shown

FORMATS = frozenset(
    ["date", "time", "date-time", "duration", "decimal", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"]
)
TYPES = frozenset(["null", "boolean", "integer", "number", "string", "array", "object"])
_KEPT = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems")
_ANCHORED = re.compile(r"\^(.*)\$", re.DOTALL)
_SPECIAL = re.compile(r"\\[dDwWsSbBAZ]|\(\?")


def fields(tree: Tree | None, account: Account, *, always: bool = False) -> Mapping | None:
    """A mapping of names to schemas. `always`: every field is there, as what a transform gives."""
    if not isinstance(tree, Mapping):
        return None
    draft = Draft(tree.place)
    for entry in tree:
        account.carry(entry)
        draft.add(entry.name, field(entry, account, always), entry.key.place)
    return draft.tree()


def field(entry: Entry, account: Account, always: bool = False) -> Tree:
    """The schema of a field, with whether it may be absent."""
    if isinstance(entry.value, Scalar) and isinstance(entry.value.value, str):  # `name: string`
        short = Draft(entry.value.place)
        _type(short, (entry.value.value,), entry, account)
        return short.tree()
    if not isinstance(entry.value, Mapping):
        account.misshapen(entry, "schema")
        return record(entry.value.place)
    keys = Keys(entry.value, account)
    schema = Draft(entry.value.place)
    _keywords(schema, keys, entry, account)
    required = keys.entry("required")
    if required is not None:
        account.carry(required)
    default = keys.entry("default")
    if default is not None:
        account.carry_whole(default)
        if _is_null(default.value):
            schema.add("optional", True, default.key.place)
        else:
            schema.add("default", default.value, default.key.place)
    elif not always and not _is_true(required):
        schema.add("optional", True, required.key.place if required else None)
    return schema.tree()


def _keywords(schema: Draft, keys: Keys, entry: Entry, account: Account) -> None:
    kind = keys.entry("type")
    names: tuple[str, ...] = ()
    if kind is not None:
        account.carry(kind)
        items = kind.value.items if isinstance(kind.value, Sequence) else (kind.value,)
        names = tuple(text_of(item) for item in items)
    nullable = keys.entry("nullable")
    if nullable is not None:
        account.carry(nullable)
        names = (*names, "null") if names and _is_true(nullable) else names
    _type(schema, names, kind or entry, account)
    for name in ("enum", "allowed_values"):
        choices = keys.entry(name)
        if choices is not None:
            account.carry(choices)
            schema.add("enum", choices.value, choices.key.place)
    for name in _KEPT:
        kept = keys.entry(name)
        if kept is not None:
            account.carry(kept)
            schema.add(name, kept.value, kept.key.place)
    _text_keywords(schema, keys, account)
    _parts(schema, keys, names, account)
    described = keys.text("description")
    if described is not None:
        schema.add("description", described)


def _type(schema: Draft, names: tuple[str, ...], entry: Entry, account: Account) -> None:
    known: list[str] = []
    for name in names:
        if name == "any":
            return
        if name in TYPES:
            known.append(name)
        elif name.endswith("_string"):
            known.append("string")
            account.report("I960", f"Of `{shown(name)}` only that it is a string is carried.", entry.value.place)
        else:
            account.report(
                "I960", f"The language has no type `{shown(name)}`: any value is let through.", entry.value.place
            )
            return
    place = entry.value.place
    if len(known) == 1:
        schema.add("type", known[0], place)
    elif known:
        schema.add("type", Sequence(tuple(Scalar(name, place) for name in known), place), place)


def _text_keywords(schema: Draft, keys: Keys, account: Account) -> None:
    form = keys.entry("format")
    if form is not None:
        account.carry(form)
        if text_of(form.value) in FORMATS:
            schema.add("format", form.value, form.key.place)
        else:
            account.report("I960", f"The language has no format `{shown(text_of(form.value))}`.", form.key.place)
    prefix = keys.entry("prefix")
    if prefix is not None:
        account.carry(prefix)
        schema.add("pattern", re.escape(text_of(prefix.value)) + ".*", prefix.key.place)
    pattern = keys.entry("pattern")
    if pattern is not None:
        account.carry(pattern)
        whole = _ANCHORED.fullmatch(text_of(pattern.value))
        if whole and not _SPECIAL.search(whole[1]):
            schema.add("pattern", whole[1], pattern.key.place)
        else:
            message = f"The pattern `{shown(text_of(pattern.value))}` is none of I-Regexp that is matched whole."
            account.report("I960", message, pattern.key.place)


def _parts(schema: Draft, keys: Keys, names: tuple[str, ...], account: Account) -> None:
    """Members of an object and items of a list, of which the language wants to know something."""
    for name in ("fields", "properties"):
        entry = keys.entry(name)
        if entry is not None and isinstance(entry.value, Mapping):
            account.carry(entry)
            _members(schema, entry, keys.entry("required"), account)
    items = keys.entry("items")
    if items is not None:
        account.carry(items)
        schema.add("items", _item(items, account), items.key.place)
    kind = keys.text("item_type")
    if kind is not None:
        item = Draft(kind.place)
        _type(item, (str(kind.value),), Entry(kind, kind), account)
        schema.add("items", item.tree(), kind.place)
    if "object" in names and not schema.has("properties"):
        schema.add("additionalProperties", record(schema.place))
    if "array" in names and not schema.has("items"):
        schema.add("items", record(schema.place))


def _members(schema: Draft, entry: Entry, listed: Entry | None, account: Account) -> None:
    properties, required = Draft(entry.value.place), []
    listing = {text_of(item) for item in listed.value} if listed and isinstance(listed.value, Sequence) else None
    for each in entry.value if isinstance(entry.value, Mapping) else ():
        account.carry(each)
        made = field(each, account)
        members = made.entries if isinstance(made, Mapping) else ()
        optional = any(part.name == "optional" for part in members)
        has_default = any(part.name == "default" for part in members)
        bare = Mapping(tuple(part for part in members if part.name != "optional"), made.place)
        properties.add(each.name, bare, each.key.place)
        if not has_default and (each.name in listing if listing is not None else not optional):
            required.append(Scalar(each.name, each.key.place))
    schema.add("properties", properties.tree(), entry.key.place)
    if required:
        schema.add("required", Sequence(tuple(required), entry.value.place))


def _item(entry: Entry, account: Account) -> Tree:
    made = field(entry, account, always=True)
    members = made.entries if isinstance(made, Mapping) else ()
    return Mapping(tuple(part for part in members if part.name not in ("optional", "default")), made.place)


def _is_true(entry: Entry | None) -> bool:
    return entry is not None and isinstance(entry.value, Scalar) and entry.value.value is True


def _is_null(tree: Tree) -> bool:
    return isinstance(tree, Scalar) and tree.value is None

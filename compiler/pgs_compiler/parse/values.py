"""Value positions: constants, references, `$literal $default $text $enum`, and objects and lists of these."""

from __future__ import annotations

import re
from collections.abc import Set

from pgs_compiler.declarations import (
    Bindings,
    Bound,
    Constant,
    DefaultForm,
    EnumForm,
    ListForm,
    RecordForm,
    Reference,
    TextForm,
    ValueSyntax,
    Word,
)
from pgs_compiler.findings import Place, Related
from pgs_compiler.schemas.carets import caret
from pgs_compiler.schemas.paths import Path, parse_path
from pgs_compiler.shape import Fields
from pgs_compiler.source import Entry, Mapping, Scalar, Sequence, Tree
from pgs_snapshot.suggest import nearest

FORMS = ("$literal", "$default", "$text", "$enum")
_BARE = re.compile(r"\$?(?:\{\s*)?([A-Za-z_][^{}\s]*)(?:\s*\})?")  # `$.` forgotten, or as other languages write it
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def value(tree: Tree, fields: Fields) -> ValueSyntax | None:
    """One value position. None after a finding."""
    if isinstance(tree, Scalar):
        if isinstance(tree.value, str) and tree.value.startswith("$"):
            return reference(tree, fields)
        return Constant(tree, tree.place)
    if isinstance(tree, Sequence):
        return _list(tree, fields)
    form = next((entry for entry in tree if entry.name.startswith("$")), None)
    return _form(tree, form, fields) if form else _record(tree, fields)


def reference(tree: Tree, fields: Fields) -> Reference | None:
    """A string that starts with `$`, as a path."""
    if not isinstance(tree, Scalar) or not isinstance(tree.value, str):
        fields.report.add("D203", "A reference is written `$.root.name`.", tree.place, "not a reference")
        return None
    word = Word(tree.value, tree.place)
    path = parse_path(word.text)
    if isinstance(path, Path):
        return Reference(path, word.text, word.place)
    place, hint = caret(tree, path.offset), path.hint
    bare = _BARE.fullmatch(word.text)
    if bare and isinstance(parse_path(f"$.{bare[1]}"), Path):
        place, hint = tree.place, f"Write `$.{bare[1]}`."
    fields.report.add("T401", path.message, place, hint=hint)
    return None


def bindings(tree: Tree | None, fields: Fields, place: Place) -> Bindings:
    """`{name: value}`, `[reference, …]` under their last names, or one reference to a whole object."""
    if tree is None:
        return Bindings((), None, place, "none")
    if isinstance(tree, Mapping):
        return Bindings(_members(tree, fields), None, tree.place, "mapping")
    if isinstance(tree, Sequence):
        return Bindings(_by_last_name(tree, fields), None, tree.place, "list")
    return Bindings((), reference(tree, fields), tree.place, "whole")


def _by_last_name(tree: Sequence, fields: Fields) -> tuple[Bound, ...]:
    bound: dict[str, Bound] = {}
    for item in tree:
        if not isinstance(item, Scalar) or not isinstance(item.value, str) or _plain(item.value):
            fields.report.add(
                "D208",
                "A list binds references under their last names, and this is none.",
                item.place,
                "write a mapping: `name: value`",
            )
            continue
        found = reference(item, fields)
        if found is None:
            continue
        last = found.path.steps[-1] if found.path.steps else None
        if not isinstance(last, str):
            fields.report.add(
                "D208",
                f"`{found.text}` has no last name to bind it under.",
                item.place,
                label="write a mapping: `name: reference`",
            )
        elif last in bound:
            fields.report.add(
                "D207",
                f"`{last}` is bound twice.",
                item.place,
                "write a mapping that names both",
                related=(Related(bound[last].name.place, "first here"),),
            )
        else:
            bound[last] = Bound(Word(last, item.place), found)
    return tuple(bound.values())


def _plain(text: str) -> bool:
    """Whether a text is meant as one: a reference that lacks its `$` still has several names."""
    return not text.startswith("$") and "." not in text


def _members(tree: Mapping, fields: Fields) -> tuple[Bound, ...]:
    members = []
    for entry in tree:
        found = value(entry.value, fields)
        if found is not None:
            members.append(Bound(Word(entry.name, entry.key.place), found))
    return tuple(members)


def _record(tree: Mapping, fields: Fields) -> ValueSyntax:
    members = _members(tree, fields)
    if all(isinstance(member.value, Constant) for member in members) and len(members) == len(tree.entries):
        return Constant(tree, tree.place)
    return RecordForm(members, tree.place)


def _list(tree: Sequence, fields: Fields) -> ValueSyntax:
    items = [value(item, fields) for item in tree]
    known = tuple(item for item in items if item is not None)
    if all(isinstance(item, Constant) for item in items):
        return Constant(tree, tree.place)
    return ListForm(known, tree.place)


def _form(tree: Mapping, form: Entry, fields: Fields) -> ValueSyntax | None:
    if form.name not in FORMS:
        near = nearest(form.name, FORMS)
        fields.report.add(
            "D209",
            f"`{form.name}` is not a value form.",
            form.key.place,
            f"known: {', '.join(FORMS)}",
            f"Write `{near}`." if near else "",
        )
        return None
    inner = Fields(tree, f"the form `{form.name}`", fields.report)
    argument = inner.tree(form.name)
    if argument is None:
        return None
    if form.name == "$text":
        return _text(tree, argument, inner)
    inner.done()
    if form.name == "$literal":
        return Constant(argument, tree.place)
    if form.name == "$enum":
        entity = inner.as_name(argument, "entity")
        return EnumForm(entity, tree.place) if entity else None
    return _default(tree, argument, inner)


def _default(tree: Mapping, argument: Tree, fields: Fields) -> ValueSyntax | None:
    pair = fields.shape(argument, Sequence, "`$default`")
    if pair is None:
        return None
    if len(pair.items) != 2:
        fields.report.add("D210", "`$default` takes two values: a reference, and what stands in for it.", pair.place)
        return None
    head = pair.items[0]
    if not isinstance(head, Scalar) or not str(head.value).startswith("$"):
        fields.report.add("D210", "`$default` begins with a reference.", head.place, "not a reference")
        return None
    first, second = reference(head, fields), value(pair.items[1], fields)
    return DefaultForm(first, second, tree.place) if first and second else None


def _text(tree: Mapping, argument: Tree, fields: Fields) -> ValueSyntax | None:
    pattern = fields.as_word(argument, "`$text`")
    arguments: dict[str, ValueSyntax | None] = {}
    for entry in tree:
        if entry.name != "$text":
            arguments[entry.name] = value(entry.value, fields)
    if pattern is None:
        return None
    named = {match[1] for match in _PLACEHOLDER.finditer(pattern.text) if match[1] is not None}
    idle = arguments.keys() - named
    parts: list[str | ValueSyntax] = []
    end = 0
    for match in _PLACEHOLDER.finditer(pattern.text):
        parts.append(pattern.text[end : match.start()])
        end = match.end()
        if match[0] in ("{{", "}}"):
            parts.append(match[0][0])
        elif match[1] in arguments:
            part = arguments[match[1]]
            parts += [part] if part is not None else []
        else:
            place = caret(argument, match.start(), len(match[0])) if isinstance(argument, Scalar) else argument.place
            idle -= {_stray(match, idle, place, fields)}
    parts.append(pattern.text[end:])
    for entry in tree:
        if entry.name in idle:
            fields.report.add("D211", f"`{entry.name}` does not stand in the text.", entry.key.place)
    return TextForm(tuple(part for part in parts if part != ""), tree.place)


def _stray(match: re.Match[str], idle: Set[str], place: Place, fields: Fields) -> str | None:
    """Report a brace or a placeholder without a value; gives the idle argument that was probably meant."""
    name = match[1]
    if name is None:
        fields.report.add("D211", f"A single `{match[0]}` in `$text`.", place, hint=f"Write `{match[0] * 2}`.")
        return None
    near = nearest(name, idle)
    fields.report.add(
        "D211",
        f"`{{{name}}}` has no value in this `$text`.",
        place,
        hint=f"Write `{{{near}}}`." if near else f"Add `{name}: …` beside `$text`.",
    )
    return near

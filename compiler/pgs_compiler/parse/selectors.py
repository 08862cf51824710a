"""Selectors: which points of a run, or which origins of a value, an assertion speaks of."""

from __future__ import annotations

from pgs_compiler.declarations import Word
from pgs_compiler.laws import Selectors, SelectorSyntax
from pgs_compiler.names import NODE, OUTCOME
from pgs_compiler.shape import Fields
from pgs_compiler.source import Mapping, Scalar, Sequence, Tree
from pgs_snapshot.suggest import nearest

SELECTORS = (
    "contract", "process", "transform", "store", "side_effect", "intent", "wait", "workflow", "event", "exit", "any",
)  # fmt: skip
GIVERS = ("contract", "process", "transform", "store", "side_effect", "intent", "event")
"""What can give a value; an intent gives its payload, and an event that is waited for its fields."""

ORIGINS = ("actor", "config", "literal", "run")
"""Origins of values that no declaration names, as bare words."""

LABEL = "label"
"""What `never` follows along the data, and no other form."""

ANY_OUTCOME = "any"
_HAS_OPERATION = ("store", "side_effect")
_WORDS = ("exit", "wait")
_NO_OUTCOME = ("event",)


def selectors(tree: Tree | None, fields: Fields) -> Selectors:
    """A selector, or what `any` lists; empty after a finding."""
    if tree is None:
        return ()
    inner = Fields(tree, "this selector", fields.report)
    found = parts(inner, tree)
    if found is None:
        return ()
    inner.done()
    return found


def parts(fields: Fields, tree: Tree) -> Selectors | None:
    """What the keys of a mapping select; it may hold more keys, which others ask for.

    None after a finding about the mapping as a whole, which leaves nothing to say about its keys.
    """
    kind = _kind(fields, tree, (*SELECTORS, LABEL))
    if kind is None:
        return None
    if kind == LABEL:
        message = "A label goes where data goes, and of that only `never: {label: …, reaches: …}` speaks."
        fields.report.add("D218", message, tree.place, "no point of a run")
        return None
    if kind == "any":
        return tuple(found for item in _items(fields, kind) for found in selectors(item, fields))
    if kind in _WORDS:
        words = _words(fields, kind)
        return (SelectorSyntax(kind, None, words, None, None, None, tree.place),) if words else ()
    name = fields.name(kind, kind)
    step = fields.word("step", required=False, grammar=NODE) if kind == "contract" else None
    operation = fields.word("op", required=False, grammar=OUTCOME) if kind in _HAS_OPERATION else None
    outcomes = None if kind in _NO_OUTCOME else _outcomes(fields)
    return (SelectorSyntax(kind, name, (), step, operation, outcomes, tree.place),) if name else ()


def origins(fields: Fields, key: str) -> Selectors:
    """A list of what gives values, in which bare words stand for origins that have no name."""
    found: list[SelectorSyntax] = []
    for item in _items(fields, key):
        found += _root(item, fields) if isinstance(item, Scalar) else _giver(item, fields)
    return tuple(found)


def _giver(tree: Tree, fields: Fields) -> Selectors:
    inner = Fields(tree, "this origin", fields.report)
    kind = _kind(inner, tree, GIVERS)
    if kind is None:
        return ()
    name = inner.name(kind, kind)
    operation = inner.word("op", required=False, grammar=OUTCOME) if kind in _HAS_OPERATION else None
    inner.done()
    return (SelectorSyntax(kind, name, (), None, operation, None, tree.place),) if name else ()


def _root(item: Scalar, fields: Fields) -> Selectors:
    word = fields.as_word(item, "an origin")
    if word is None:
        return ()
    if word.text in ORIGINS:
        return (SelectorSyntax(word.text, None, (), None, None, None, word.place),)
    near = nearest(word.text, ORIGINS)
    label = "" if near else f"known: {', '.join(ORIGINS)}"
    hint = f"Write `{near}`." if near else ""
    fields.report.add("D218", f"`{word.text}` is no origin of a value.", word.place, label, hint)
    return ()


def _kind(fields: Fields, tree: Tree, known: tuple[str, ...]) -> str | None:
    """The one key of `known` that is there."""
    kinds = [kind for kind in known if kind in fields]
    if len(kinds) == 1:
        return kinds[0]
    if isinstance(tree, Mapping):  # else its shape has been told
        meant = fields.meant(known) if not kinds else None
        fields.report.add(
            "D218",
            f"{fields.what[0].upper()}{fields.what[1:]} names {'several things' if kinds else 'nothing'}.",
            meant[0].key.place if meant else tree.place,
            "" if meant else ", ".join(kinds) or f"one of {', '.join(known)}",
            f"Write `{meant[1]}`." if meant else "",
        )
    return None


def _items(fields: Fields, key: str) -> tuple[Tree, ...]:
    """The items of a list that has at least one."""
    sequence = fields.sequence(key)
    if sequence is not None and not sequence.items:
        fields.report.add("D203", f"`{key}` has at least one item.", sequence.place, "empty")
    return sequence.items if sequence is not None else ()


def _outcomes(fields: Fields) -> tuple[Word, ...] | None:
    tree = fields.tree("outcome", required=False)
    if tree is None:
        return None
    return () if isinstance(tree, Scalar) and tree.value == ANY_OUTCOME else _words(fields, "outcome")


def _words(fields: Fields, key: str) -> tuple[Word, ...]:
    """One word, or a list of at least one."""
    tree = fields.tree(key)
    items = _items(fields, key) if isinstance(tree, Sequence) else (tree,) if tree is not None else ()
    found = (fields.as_word(item, f"an item of `{key}`", OUTCOME) for item in items)
    return fields.unique(tuple(word for word in found if word), key)

"""The edges out of a node: `next`, and what they carry."""

from __future__ import annotations

from pgs_compiler.declarations import EdgeSyntax, Word
from pgs_compiler.findings import Place
from pgs_compiler.names import NODE, OUTCOME
from pgs_compiler.parse.values import bindings
from pgs_compiler.shape import Fields
from pgs_compiler.source import Entry, Mapping, Scalar, Tree


def edges(id: Word, fields: Fields) -> tuple[tuple[EdgeSyntax, ...], Place]:
    """The edges of the node `id`, and the place of its `next`."""
    entry = fields.entry("next")
    if entry is None:
        return (), id.place
    hint = _as_mapping(entry.value) if "contract" in fields else ""
    mapping = fields.shape(entry.value, Mapping, "`next`", hint)
    found = tuple(edge for item in mapping or () if (edge := _edge(item, fields)))
    return found, entry.key.place


def _as_mapping(tree: Tree) -> str:
    """A hint where `next` names a node and leaves out after which outcome."""
    target = tree.value if isinstance(tree, Scalar) else None
    return f"Write `{{SUCCESS: {target}}}`." if isinstance(target, str) and NODE.accepts(target) else ""


def _edge(entry: Entry, fields: Fields) -> EdgeSyntax | None:
    outcome = fields.as_word(entry.key, "an outcome", OUTCOME)
    if isinstance(entry.value, Scalar):
        to, arguments = fields.as_word(entry.value, "the name of a node", NODE), None
    else:
        inner = Fields(entry.value, f"the edge `{entry.name}`", fields.report)
        to = inner.word("to", grammar=NODE)
        tree = inner.tree("with", required=False)
        arguments = bindings(tree, inner, tree.place) if tree is not None else None
        inner.done()
    return EdgeSyntax(outcome, to, arguments) if outcome and to else None

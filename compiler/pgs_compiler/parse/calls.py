"""Nodes that call workflows: `call`, `each`, and what undoes a node."""

from __future__ import annotations

from pgs_compiler.declarations import (
    Arm,
    CalleeSyntax,
    CallNodeSyntax,
    EachNodeSyntax,
    NodeSyntax,
    UndoSyntax,
    Word,
)
from pgs_compiler.names import OUTCOME
from pgs_compiler.parse.edges import edges
from pgs_compiler.parse.values import bindings, reference, value
from pgs_compiler.shape import Fields
from pgs_compiler.source import Scalar

MAX_ITEMS = 10_000
"""What `max` of an `each` may be at most."""


def undo(fields: Fields) -> UndoSyntax | None:
    """`undo: {contract: …, inputs: …}`."""
    entry = fields.entry("undo", required=False)
    if entry is None:
        return None
    inner = Fields(entry.value, "`undo`", fields.report)
    contract = inner.name("contract", "contract")
    inputs = bindings(inner.tree("inputs", required=False), inner, entry.key.place)
    inner.done()
    return UndoSyntax(contract, inputs, entry.key.place) if contract else None


def call(id: Word, fields: Fields) -> NodeSyntax | None:
    """`call: WF_…` or `call: {choose: …, of: …}`."""
    callee = _callee(fields)
    inputs = bindings(fields.tree("inputs"), fields, id.place)
    undone = undo(fields)
    out, place = edges(id, fields)
    summary = fields.text("summary", required=False)
    return CallNodeSyntax(id, callee, inputs, out, place, summary, undone) if callee else None


def each(id: Word, fields: Fields) -> NodeSyntax | None:
    """`each: …`, with the workflow that is called for every item."""
    tree = fields.tree("each")
    over = value(tree, fields) if tree is not None else None
    callee = _callee(fields)
    inputs = bindings(fields.tree("inputs"), fields, id.place)
    most = fields.integer("max", MAX_ITEMS)
    order = fields.tree("order", required=False)
    chosen = fields.choice("order", ("sequential", "concurrent"), required=False)
    concurrent = Word("concurrent", order.place) if order is not None and chosen == "concurrent" else None
    on_item = []
    for entry in fields.entries("on_item", required=False):
        name = fields.as_word(entry.key, "the name of an exit", OUTCOME)
        does = fields.one_of(entry.value, f"`{entry.name}`", ("stop", "continue"))
        if name and does:
            on_item.append((name, does == "stop"))
    out, place = edges(id, fields)
    summary = fields.text("summary", required=False)
    if over is None or callee is None or most is None:
        return None
    return EachNodeSyntax(id, over, callee, inputs, most, concurrent, tuple(on_item), out, place, summary)


def _callee(fields: Fields) -> CalleeSyntax | None:
    tree = fields.tree("call")
    if tree is None:
        return None
    if isinstance(tree, Scalar):
        name = fields.as_name(tree, "workflow")
        return CalleeSyntax(name, None, (), tree.place) if name else None
    inner = Fields(tree, "the choice", fields.report)
    chosen = inner.tree("choose")
    choose = reference(chosen, inner) if chosen is not None else None
    arms = []
    of = inner.mapping("of")
    for entry in of or ():
        workflow = inner.as_name(entry.value, "workflow")
        if workflow:
            arms.append(Arm(Word(entry.name, entry.key.place), workflow))
    if of is not None and not of.entries:
        inner.report.add("D203", "`of` has at least one workflow.", tree.place)
    otherwise = inner.name("otherwise", "workflow", required=False)
    inner.done()
    return CalleeSyntax(otherwise, choose, tuple(arms), tree.place) if choose and arms else None

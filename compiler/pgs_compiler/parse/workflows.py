"""Workflows: nodes joined by outcome-named edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast, get_args

from pgs_compiler.declarations import (
    Bindings,
    ContractNodeSyntax,
    EmitSyntax,
    ExitNodeSyntax,
    Header,
    IntentNodeSyntax,
    NodeSyntax,
    Reference,
    Word,
    Workflow,
)
from pgs_compiler.names import NODE, OUTCOME
from pgs_compiler.parse import processes
from pgs_compiler.parse.calls import call, each, undo
from pgs_compiler.parse.edges import edges
from pgs_compiler.parse.values import bindings, reference
from pgs_compiler.parse.waits import wait
from pgs_compiler.shape import Fields
from pgs_compiler.source import Entry, Mapping, Scalar
from pgs_snapshot.model import ExitKind

EXIT_KINDS = get_args(ExitKind)


def workflow(header: Header, fields: Fields) -> Workflow | None:
    binding = fields.name("binding", "binding", required=False)
    start = fields.word("start", grammar=NODE)
    nodes_entry = fields.entry("nodes")
    if nodes_entry is None:
        return None
    mapping = fields.shape(nodes_entry.value, Mapping, "`nodes`")
    nodes = tuple(node for entry in mapping or () if (node := _node(entry, fields)))
    if start is None or mapping is None:
        return None
    return Workflow(header, binding, start, nodes, nodes_entry.key.place)


def _node(entry: Entry, fields: Fields) -> NodeSyntax | None:
    id = fields.as_word(entry.key, "the name of a node", NODE)
    inner = Fields(entry.value, f"the node `{entry.name}`", fields.report)
    kinds = [kind for kind in _NODES if kind in inner]
    if kinds == ["call", "each"]:
        kinds = ["each"]  # which says by `call` what it does with each item
    if id is None or not isinstance(entry.value, Mapping):
        return None
    if len(kinds) != 1:
        _unknown_node(entry, kinds, inner)
        return None
    node = _NODES[kinds[0]](id, inner)
    inner.done()
    return node


def _unknown_node(entry: Entry, kinds: list[str], fields: Fields) -> None:
    meant = fields.meant(tuple(_NODES)) if not kinds else None
    fields.report.add(
        "D216",
        f"The node `{entry.name}` is of {'no kind' if not kinds else 'several kinds: ' + ', '.join(kinds)}.",
        meant[0].key.place if meant else entry.key.place,
        f"one of {', '.join(_NODES)}" if not meant else "",
        f"Write `{meant[1]}`." if meant else "",
    )


def _intent(id: Word, fields: Fields) -> NodeSyntax | None:
    intent = fields.name("intent", "intent")
    out, place = edges(id, fields)
    summary = fields.text("summary", required=False)
    return IntentNodeSyntax(id, intent, out, place, summary) if intent else None


def _contract(id: Word, fields: Fields) -> NodeSyntax | None:
    contract = fields.name("contract", "contract")
    inputs = bindings(fields.tree("inputs", required=False), fields, id.place)
    undone = undo(fields)
    out, place = edges(id, fields)
    summary = fields.text("summary", required=False)
    return ContractNodeSyntax(id, contract, inputs, out, place, summary, undone) if contract else None


def _exit(id: Word, fields: Fields) -> NodeSyntax | None:
    kind = fields.choice("exit", EXIT_KINDS)
    reason = _reason(fields)
    result = _optional(fields, "result")
    emit = []
    for entry in fields.entries("emit", required=False):
        event = fields.as_name(entry.key, "event")
        if event:
            emit.append(EmitSyntax(event, bindings(entry.value, fields, entry.value.place)))
    clears = fields.words("clears", required=False, grammar=NODE)
    summary = fields.text("summary", required=False)
    return ExitNodeSyntax(id, cast(ExitKind, kind), reason, result, tuple(emit), summary, clears) if kind else None


def _optional(fields: Fields, key: str) -> Bindings | None:
    tree = fields.tree(key, required=False)
    return bindings(tree, fields, tree.place) if tree is not None else None


def _reason(fields: Fields) -> Word | Reference | None:
    tree = fields.tree("reason", required=False)
    if isinstance(tree, Scalar) and isinstance(tree.value, str) and tree.value.startswith("$"):
        return reference(tree, fields)
    return fields.as_word(tree, "a reason", OUTCOME) if tree is not None else None


_NODES: dict[str, Callable[[Word, Fields], NodeSyntax | None]] = {
    "intent": _intent,
    "contract": _contract,
    "process": processes.node,
    "call": call,
    "each": each,
    "wait": wait,
    "exit": _exit,
}

"""Contexts, processes and audits, and the node that runs a process."""

from __future__ import annotations

from typing import Literal, cast, get_args

from pgs_compiler.declarations import Header, ProcessNodeSyntax, Word
from pgs_compiler.findings import Place
from pgs_compiler.names import OUTCOME
from pgs_compiler.parse.calls import undo
from pgs_compiler.parse.edges import edges
from pgs_compiler.parse.values import bindings, value
from pgs_compiler.processes import (
    LAYERS,
    Audit,
    AuditRuleSyntax,
    Context,
    ErrorSyntax,
    InvariantSyntax,
    Limit,
    Process,
    ProcessOutcome,
    Target,
)
from pgs_compiler.schemas.shape import parse_fields
from pgs_compiler.shape import Fields, refuse_outcome
from pgs_compiler.source import Mapping, Tree
from pgs_process.audit.conditions import CONDITIONS
from pgs_process.audit.recipe import LEVELS, MODES
from pgs_snapshot.processes import Level

MAX_THRESHOLD = 1_000_000
"""What `threshold` of a rule may be at most."""
ABOUT = ("field", "level", "threshold", "reset_on_success", "under_threshold", "mode", "message")
"""The keys of a rule that are no conditions."""
_ALWAYS = ("conserved", "monotonic", "unchanged_unless", "field")


def context(header: Header, fields: Fields) -> Context:
    configuration, domain = (
        parse_fields(fields.tree(layer, required=False), header.place, fields.report) for layer in LAYERS
    )
    sequence = fields.sequence("invariants", required=False)
    invariants = tuple(found for tree in sequence or () if (found := _invariant(tree, fields)))
    return Context(header, configuration, domain, invariants)


def _invariant(tree: Tree, fields: Fields) -> InvariantSyntax | None:
    inner = Fields(tree, "this invariant", fields.report)
    if not isinstance(tree, Mapping):
        return None
    kinds = [kind for kind in _ALWAYS if kind in inner]
    if len(kinds) != 1:
        meant = inner.meant(_ALWAYS) if not kinds else None
        fields.report.add(
            "D216",
            f"This invariant is of {'no kind' if not kinds else 'several kinds: ' + ', '.join(kinds)}.",
            meant[0].key.place if meant else tree.place,
            f"one of {', '.join(_ALWAYS)}" if not meant else "",
            f"Write `{meant[1]}`." if meant else "",
        )
        return None
    kind = cast(Literal["conserved", "monotonic", "unchanged_unless", "field"], kinds[0])
    if kind == "unchanged_unless":
        part = Fields(inner.tree(kind), "`unchanged_unless`", fields.report)
        path, by = part.word("path"), part.names("by", "process")
        part.done()
        inner.done()
        return InvariantSyntax(kind, path, tree.place, by) if path else None
    path = inner.word(kind)
    limits = _limits(inner) if kind == "field" else ()
    inner.done()
    return InvariantSyntax(kind, path, tree.place, limits=limits) if path else None


def process(header: Header, fields: Fields) -> Process | None:
    of = fields.name("context", "context")
    reads, writes, signals = (fields.words(key, required=False) for key in ("reads", "writes", "signals"))
    inputs = parse_fields(fields.tree("inputs", required=False), header.place, fields.report)
    errors = []
    for entry in fields.entries("errors", required=False):
        error, outcome = Word(entry.name, entry.key.place), fields.as_word(entry.value, "an outcome", OUTCOME)
        if outcome:
            errors.append(ErrorSyntax(error, outcome))
    outcomes, place = _outcomes(fields, header)
    implementation = fields.word("implementation")
    if of is None or implementation is None:
        return None
    return Process(header, of, reads, writes, signals, inputs, tuple(errors), outcomes, place, implementation)


def _outcomes(fields: Fields, header: Header) -> tuple[tuple[ProcessOutcome, ...], Place]:
    entry = fields.entry("outcomes")
    if entry is None:
        return (), header.place
    found = []
    for item in fields.shape(entry.value, Mapping, "`outcomes`") or ():
        name = fields.as_word(item.key, "an outcome", OUTCOME)
        outputs = parse_fields(item.value, header.place, fields.report)
        refuse_outcome(fields, (Word(field.name, field.place) for field in outputs.fields))
        if name:
            found.append(ProcessOutcome(name, outputs))
    return tuple(found), entry.key.place


def audit(header: Header, fields: Fields) -> Audit | None:
    kinds = [kind for kind in get_args(Target) if kind in fields]
    if len(kinds) != 1:
        meant = fields.meant(get_args(Target)) if not kinds else None
        fields.report.add(
            "D216",
            f"`{header.name}` guards {'nothing' if not kinds else 'several things: ' + ', '.join(kinds)}.",
            meant[0].key.place if meant else header.place,
            f"one of {', '.join(get_args(Target))}" if not meant else "",
            f"Write `{meant[1]}`." if meant else "",
        )
        return None
    target = fields.name(kinds[0], kinds[0])
    inputs, outputs = (
        tuple(found for tree in fields.sequence(key, required=False) or () if (found := _rule(tree, fields)))
        for key in ("inputs", "outputs")
    )
    return Audit(header, target, inputs, outputs) if target else None


def _rule(tree: Tree, fields: Fields) -> AuditRuleSyntax | None:
    inner = Fields(tree, "this rule", fields.report)
    if not isinstance(tree, Mapping):
        return None
    field = inner.word("field")
    level = inner.choice("level", LEVELS, required=False) or "C"
    threshold = inner.integer("threshold", MAX_THRESHOLD, required=False) or 1
    resets = inner.flag("reset_on_success") is not None or "reset_on_success" not in inner
    under = inner.choice("under_threshold", ("commit", "reject"), required=False) or "reject"
    mode = inner.choice("mode", MODES, required=False) or "enforce"
    message = inner.text("message", required=False)
    limits = _limits(inner)
    inner.done()
    if field is None:
        return None
    return AuditRuleSyntax(
        field,
        limits,
        cast(Level, level),
        threshold,
        resets,
        cast(Literal["commit", "reject"], under),
        cast(Literal["enforce", "warn", "audit"], mode),
        message,
        tree.place,
    )


def _limits(fields: Fields) -> tuple[Limit, ...]:
    found = ((name, fields.entry(name, required=False)) for name in CONDITIONS)
    return tuple(Limit(Word(name, entry.key.place), entry.value) for name, entry in found if entry is not None)


def node(id: Word, fields: Fields) -> ProcessNodeSyntax | None:
    """`process: PC_…`, over the instance that `session` names."""
    of = fields.name("process", "process")
    tree = fields.tree("session")
    session = value(tree, fields) if tree is not None else None
    inputs = bindings(fields.tree("inputs", required=False), fields, id.place)
    undone = undo(fields)
    out, place = edges(id, fields)
    summary = fields.text("summary", required=False)
    return ProcessNodeSyntax(id, of, session, inputs, out, place, summary, undone) if of and session else None

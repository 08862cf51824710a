"""Contracts: inputs, a pipeline of steps, and the outcomes that they can end with."""

from __future__ import annotations

from pgs_compiler.declarations import (
    CaseSyntax,
    ConditionSyntax,
    Contract,
    DecideStepSyntax,
    EffectStepSyntax,
    Header,
    OperationStepSyntax,
    OutcomeSyntax,
    StepEdge,
    StepSyntax,
    TransformStepSyntax,
    Word,
)
from pgs_compiler.names import NODE, OUTCOME
from pgs_compiler.parse.conditions import condition
from pgs_compiler.parse.values import bindings
from pgs_compiler.schemas.shape import parse_fields
from pgs_compiler.shape import Fields, refuse_outcome
from pgs_compiler.source import Mapping, Scalar, Tree
from pgs_snapshot.suggest import nearest

CONTINUE = "continue"
OTHERWISE = "otherwise"
_KINDS = ("transform", "op", "decide")
_MEANT_OTHERWISE = ("else", "default", "true", "always", "none", "_")


def contract(header: Header, fields: Fields) -> Contract | None:
    inputs = parse_fields(fields.tree("inputs", required=False), header.place, fields.report)
    on_input_failure = fields.word("on_input_failure", required=False, grammar=OUTCOME)
    sequence = fields.sequence("steps")
    steps = tuple(step for tree in sequence or () if (step := _step(tree, fields)))
    fields.unique(tuple(step.name for step in steps), "steps")
    if sequence is not None and not sequence.items:
        fields.report.add("D203", "`steps` has at least one step.", sequence.place, "empty")
    entry = fields.entry("outcomes")
    if entry is None:
        return None
    outcomes = []
    for item in fields.shape(entry.value, Mapping, "`outcomes`") or ():
        name = fields.as_word(item.key, "an outcome", OUTCOME)
        if name:
            outcomes.append(OutcomeSyntax(name, bindings(item.value, fields, item.value.place)))
    return Contract(header, inputs, steps, tuple(outcomes), entry.key.place, on_input_failure)


def _step(tree: Tree, fields: Fields) -> StepSyntax | None:
    name = ""
    if isinstance(tree, Mapping):
        named = tree.get("step")
        name = str(named.value) if isinstance(named, Scalar) else ""
    inner = Fields(tree, f"the step `{name}`" if name else "this step", fields.report)
    if not isinstance(tree, Mapping):
        return None
    word = inner.word("step", grammar=NODE)
    kinds = [kind for kind in _KINDS if kind in inner]
    if len(kinds) != 1:
        meant = inner.meant(_KINDS) if not kinds else None
        fields.report.add(
            "D216",
            f"{inner.what[0].upper()}{inner.what[1:]} is of {'no kind' if not kinds else 'several kinds'}.",
            meant[0].key.place if meant else tree.place,
            "one of `transform`, `op` with `store` or `side_effect`, `decide`" if not meant else "",
            f"Write `{meant[1]}`." if meant else "",
        )
        return None
    id = word or Word("", tree.place)
    step = {"transform": _transform, "op": _operation, "decide": _decide}[kinds[0]](id, inner, tree)
    inner.done()
    return step if word else None


def _transform(name: Word, fields: Fields, tree: Tree) -> StepSyntax | None:
    transform = fields.name("transform", "transform")
    inputs = bindings(fields.tree("inputs"), fields, tree.place)
    edges = _edges(fields)
    return TransformStepSyntax(name, transform, inputs, edges) if transform else None


def _operation(name: Word, fields: Fields, tree: Tree) -> StepSyntax | None:
    operation = fields.word("op", grammar=OUTCOME)
    external = fields.name("side_effect", "side_effect", required=False)
    store = fields.name("store", "store", required="side_effect" not in fields)
    inputs = bindings(fields.tree("inputs"), fields, tree.place)
    edges = _edges(fields)
    if external and store:
        message = f"The step `{name.text}` is of several kinds: its operation has a store, or is external."
        fields.report.add("D216", message, tree.place)
        return None
    if external and operation:
        return EffectStepSyntax(name, operation, external, inputs, edges)
    return OperationStepSyntax(name, operation, store, inputs, edges) if operation and store else None


def _decide(name: Word, fields: Fields, _tree: Tree) -> StepSyntax | None:
    sequence = fields.sequence("decide")
    cases = tuple(case for item in sequence or () if (case := _case(item, fields)))
    edges = _edges(fields)
    if sequence is not None and not sequence.items:
        fields.report.add("D217", f"`{name.text}` decides between no cases.", sequence.place)
    return DecideStepSyntax(name, cases, edges)


def _case(tree: Tree, fields: Fields) -> CaseSyntax | None:
    inner = Fields(tree, "this case", fields.report)
    if not isinstance(tree, Mapping):
        return None
    outcome_entries = [entry for entry in tree if entry.name != "outputs"]
    if len(outcome_entries) != 1:
        fields.report.add(
            "D217",
            "A case is one outcome with its condition, and `outputs` if it gives any.",
            tree.place,
        )
        return None
    entry = outcome_entries[0]
    inner.entry(entry.name)
    outcome = inner.as_word(entry.key, "an outcome", OUTCOME)
    when: ConditionSyntax | None = None
    if isinstance(entry.value, Scalar):
        if entry.value.value != OTHERWISE:
            meant = str(entry.value.value).lower() in _MEANT_OTHERWISE or nearest(str(entry.value.value), (OTHERWISE,))
            fields.report.add(
                "D217",
                "A case has a condition, or `otherwise`.",
                entry.value.place,
                "a condition is like `{eq: [$.inputs.kind, NEW]}`" if not meant else "",
                f"Write `{OTHERWISE}`." if meant else "",
            )
            return None
    else:
        when = condition(entry.value, inner)
        if when is None:
            return None
    outputs = inner.tree("outputs", required=False)
    bound = bindings(outputs, inner, outputs.place) if outputs is not None else None
    refuse_outcome(inner, (item.name for item in bound.bound) if bound else ())
    inner.done()
    return CaseSyntax(outcome, when, bound, tree.place) if outcome else None


def _edges(fields: Fields) -> tuple[StepEdge, ...]:
    edges = []
    for entry in fields.entries("next", required=False):
        outcome = fields.as_word(entry.key, "an outcome", OUTCOME)
        if isinstance(entry.value, Scalar) and entry.value.value == CONTINUE:
            to: Word | None = None
        else:
            to = fields.as_word(entry.value, f"an outcome, and is not `{CONTINUE}`", OUTCOME)
            if to is None:
                continue
        if outcome:
            edges.append(StepEdge(outcome, to))
    return tuple(edges)

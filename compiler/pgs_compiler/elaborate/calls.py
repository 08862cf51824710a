"""Nodes that call workflows, typed: the callee, its payload, and what `each` goes over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pgs_compiler.declarations import Bindings, CalleeSyntax, EachNodeSyntax, Reference, Workflow
from pgs_compiler.elaborate.bound import bind_inputs, members
from pgs_compiler.elaborate.configuration import EMPTY
from pgs_compiler.elaborate.intents import admitted
from pgs_compiler.elaborate.scope import Slot, slot
from pgs_compiler.elaborate.surfaces import EMPTY_LIST, TOO_MANY
from pgs_compiler.elaborate.values import Elaborator, Typed, spoken
from pgs_compiler.findings import Related
from pgs_compiler.schemas.anatomy import count_of, items_of, members_of
from pgs_compiler.schemas.literal import listed
from pgs_snapshot import model
from pgs_snapshot.model import Expr, Schema
from pgs_snapshot.suggest import nearest


@dataclass(frozen=True, slots=True)
class Payload:
    """What a callee is given, without its defaults; `unproven` are the members that only may fit."""

    values: Mapping[str, Expr]
    unproven: tuple[str, ...]


def payload(values: Elaborator, callee: CalleeSyntax, inputs: Bindings) -> Payload:
    """The inputs of a call, each typed against the payload of every workflow that may be called."""
    bound: dict[str, Expr] = {}
    doubted: set[str] = set()
    written = {item.name.text for item in members(values.quiet(), inputs, EMPTY) or ()}
    for name in callee.workflows:
        intent = admitted(values.program, values.program.get(name, Workflow))
        if intent is None:  # a check of its own says so
            continue
        found = bind_inputs(values, inputs, values.program.fields(intent.payload), f"`{name.text}`")
        bound |= {key: expr for key, expr in found.values.items() if key in written}
        doubted |= {doubt.name for doubt in found.doubts}
    return Payload(bound, tuple(sorted(doubted)))


def callee(values: Elaborator, syntax: CalleeSyntax) -> model.Callee:
    """The callee; a choice covers the enumeration that it is made by."""
    otherwise = syntax.otherwise.text if syntax.otherwise else None
    if syntax.choose is None:
        return model.Callee(otherwise)
    of = {arm.member.text: arm.workflow.text for arm in syntax.of}
    typed = values.certain(syntax.choose)
    if typed is None:
        return model.Callee(otherwise, None, of)
    _covered(values, syntax, syntax.choose, typed)
    return model.Callee(otherwise, typed.expr, of)


def _covered(values: Elaborator, syntax: CalleeSyntax, choose: Reference, typed: Typed) -> None:
    known = members_of(typed.schema)
    words = [member for member in known or () if isinstance(member, str)]
    if known is None or len(words) < len(known):
        values.report.add(
            "T451",
            f"`{choose.text}` is no enumeration of words, so it does not choose among workflows.",
            choose.place,
            spoken(typed.schema),
        )
        return
    named = {arm.member.text: arm.member for arm in syntax.of}
    left = [word for word in words if word not in named]
    for text, member in named.items():
        if text not in words:
            near = nearest(text, left)
            values.report.add(
                "F553",
                f"`{choose.text}` is never `{text}`.",
                member.place,
                f"it is {listed(tuple(words))}" if not near else "",
                f"Write `{near}`." if near else "",
            )
            left = [word for word in left if word != near]
    if left and syntax.otherwise is None:
        values.report.add(
            "F552",
            f"This choice does not say what is called for {listed(tuple(left))}.",
            syntax.place,
            "not total",
        )
    elif not left and syntax.otherwise is not None:
        values.report.add(
            "F553",
            "`otherwise` is never called: the workflows of `of` cover everything.",
            syntax.otherwise.place,
            "dead",
        )


# --- loops ---------------------------------------------------------------------------------------


def over(values: Elaborator, node: EachNodeSyntax) -> Typed | None:
    """The list that a loop goes over; None after a finding."""
    typed = values.certain(node.over)
    if typed is not None and typed.schema.get("type") != "array":
        values.report.add("T450", "`each` goes over a list.", node.over.place, spoken(typed.schema))
        return None
    return typed


def item_slots(first: int, items: Typed | None, most: int) -> dict[tuple[str, ...], Slot]:
    """`$.item` and `$.index`, whose slots begin at `first`."""
    item = Slot(first, (), broken=True) if items is None else slot(first, items_of(items.schema))
    return {("item",): item, ("index",): slot(first + 1, {"type": "integer", "minimum": 0, "maximum": most - 1})}


def list_outcomes(values: Elaborator, node: EachNodeSyntax, schema: Schema) -> None:
    """EMPTY and TOO_MANY are outcomes exactly if the list can be so short, or so long."""
    least, most = count_of(schema, "minItems") or 0, count_of(schema, "maxItems")
    possible = {
        EMPTY_LIST: (least == 0, f"the list has at least {least} item{'s' if least > 1 else ''}"),
        TOO_MANY: (most is None or most > node.most, f"the list has at most {most} items"),
    }
    why = {
        EMPTY_LIST: "The list can be empty",
        TOO_MANY: f"Nothing says that the list has at most {node.most} items"
        if most is None
        else f"The list can have {most} items, and `max` is {node.most}",
    }
    edges = {edge.outcome.text: edge for edge in node.next}
    for outcome, (can, cannot) in possible.items():
        edge = edges.get(outcome)
        if can and edge is None:
            values.report.add(
                "F501",
                f"`{node.id.text}` can end as `{outcome}`, and nothing says where that goes.",
                node.next_place,
                f"no edge for `{outcome}`",
                related=(Related(node.over.place, why[outcome]),),
            )
        elif edge is not None and not can:
            values.report.add(
                "F502",
                f"`{node.id.text}` never ends as `{outcome}`.",
                edge.outcome.place,
                cannot,
                "Remove this edge.",
            )

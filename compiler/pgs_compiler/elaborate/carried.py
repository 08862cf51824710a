"""What `$.with` holds at a node: one variant for each edge in, and every edge brings the same names along."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pgs_compiler.declarations import EdgeSyntax, NodeSyntax, Word
from pgs_compiler.elaborate.knowledge import Knowledge
from pgs_compiler.elaborate.places import references
from pgs_compiler.elaborate.scope import Slot, Variant
from pgs_compiler.findings import Related
from pgs_compiler.shape import Report
from pgs_snapshot.suggest import nearest

SLOT = 4


def carried(node: NodeSyntax, ways: Sequence[Knowledge], report: Report) -> Slot | None:
    """The slot of `$.with`, if edges in carry anything. An edge that carries other names is reported."""
    given = [way.arguments for way in ways if way.arguments is not None]
    if not given:
        return None
    names = [frozenset(way.arguments.names if way.arguments else ()) for way in ways]
    if len(set(names)) > 1:
        _uneven(node, ways, names, report)
    elif all(arguments.sound for arguments in given):
        return Slot(SLOT, tuple(_variant(way) for way in ways))
    return Slot(SLOT, (), broken=True)


def _variant(way: Knowledge) -> Variant:
    schema = way.arguments.schema if way.arguments else {}
    when = f"on the edge `{way.edge.outcome.text}` of `{way.node}`" if way.edge else ""
    return Variant(schema, when, way.edge)


def _uneven(node: NodeSyntax, ways: Sequence[Knowledge], names: list[frozenset[str]], report: Report) -> None:
    """Report each edge that lacks what the node uses; where all have that, each that differs from most."""
    used = _used(node)
    lacking = [own for own in names if not used <= own]
    complete = [own for own in names if own not in lacking] if lacking else names
    usual = Counter(complete or [used]).most_common(1)[0][0]
    pattern = next((way.edge for way, own in zip(ways, names, strict=True) if own == usual), None)
    for way, own in zip(ways, names, strict=True):
        if way.edge is None or own not in (lacking or [other for other in names if other != usual]):
            continue
        strangers = _strangers(way.edge, usual)
        near = nearest(strangers[0].text, usual - own) if len(strangers) == 1 else None
        others = f"and another {_listed(usual)}" if pattern else f"which uses {_listed(used)}"
        report.add(
            "T417",
            f"This edge carries {_listed(own)} to `{node.id.text}`, {others}.",
            strangers[0].place if near else way.edge.to.place,
            hint=f"Write `{near}`." if near else "",
            related=(Related(pattern.to.place, f"carries {_listed(usual)}"),) if pattern else (),
        )


def _strangers(edge: EdgeSyntax, usual: frozenset[str]) -> list[Word]:
    bound = edge.arguments.bound if edge.arguments else ()
    return [item.name for item in bound if item.name.text not in usual]


def _used(node: NodeSyntax) -> frozenset[str]:
    """The names behind `$.with` in a node; none where it takes the whole."""
    paths = [reference.path for reference in references(node) if reference.path.root == "with"]
    names = [path.steps[0] if path.steps else None for path in paths]
    return frozenset(name for name in names if isinstance(name, str)) if None not in names else frozenset()


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "nothing"

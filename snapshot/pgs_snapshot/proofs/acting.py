"""Who acts in a sealed workflow: where somebody is let in, and where nobody acts twice."""

from __future__ import annotations

from collections.abc import Mapping

from pgs_snapshot import model
from pgs_snapshot.proofs.points import At, Unfolded, within


def actors_let_in(flow: Unfolded, of: frozenset[At]) -> dict[str, tuple[str, ...]]:
    """By node, the actors that the intent or a wait lets in, where one of the points lies behind it."""
    found: dict[str, set[str]] = {}
    for at in flow.after:
        node = flow.node(at.calls, at.node)
        actors: set[str] = set()
        if at == flow.start and isinstance(node, model.IntentNode):
            actors = set(flow.parts.snapshot.intent(node.intent).actors)
        elif at.enters and isinstance(node, model.WaitNode):
            actors = {actor for signal in node.signals for actor in signal.actors}
        if actors and _behind(flow.after, [at]) & of:
            found.setdefault(within(at.calls) + at.node, set()).update(actors)
    return {text: tuple(sorted(actors)) for text, actors in found.items()}


def distinct_actors(flat: Unfolded, names: tuple[str, ...]) -> dict[str, tuple[str, ...] | None]:
    """By signal of the nodes, those of them that somebody acted at before; None where one of these may send it."""
    found: dict[str, tuple[str, ...] | None] = {}
    if not flat.parts.nodes(flat.name).keys() >= set(names):
        return {"": None}
    acted: dict[str, set[At]] = {}
    for name in names:
        ends = [At(name, outcome=end) for end in _people(flat.node((), name))]
        acted[name] = _behind(flat.after, [end for end in ends if end in flat.after])
    for later in names:
        node = flat.node((), later)
        for signal in node.signals if isinstance(node, model.WaitNode) else ():
            end = At(later, outcome=signal.name)
            before = tuple(sorted(name for name in names if name != later and end in acted[name]))
            found[end.text] = before if set(before) <= set(signal.not_actor_of) else None
    return found


def _people(node: model.Node) -> list[str]:
    """The outcomes under which a person has acted at a node."""
    if isinstance(node, model.IntentNode):
        return list(node.next)
    return [signal.name for signal in node.signals] if isinstance(node, model.WaitNode) else []


def _behind(after: Mapping[At, list[At]], todo: list[At]) -> set[At]:
    """The points from which on others can be come to, with those."""
    seen: set[At] = set()
    while todo:
        at = todo.pop()
        if at not in seen:
            seen.add(at)
            todo += after[at]
    return seen

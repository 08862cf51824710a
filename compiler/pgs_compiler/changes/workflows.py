"""What differs between two versions of a workflow: its exits, its ways, what its nodes are and are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pgs_compiler.changes.change import Change
from pgs_compiler.changes.data import schema_changes
from pgs_compiler.changes.documents import Artifact, Members, by, items, members

_TOLD_OF = ("nodes", "bounds", "binding", "start")


def workflow_changes(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    nodes = by("id", old.get("nodes")), by("id", new.get("nodes"))
    yield from _exits(of, _named_exits(nodes[0]), _named_exits(nodes[1]))
    yield from _ways(of, *nodes)
    for id in sorted(nodes[0].keys() & nodes[1].keys()):
        yield from _node(of, nodes[0][id], nodes[1][id])
    yield from _bounds(of, members(old.get("bounds")), members(new.get("bounds")))
    if old.get("binding") != new.get("binding"):
        what = f"its binding is {_spoken(new.get('binding'))}, and was {_spoken(old.get('binding'))}"
        yield Change("behaviour", "stores", *of, what)
    if old.get("start") != new.get("start"):
        yield Change("behaviour", "paths", *of, f"it starts at `{new.get('start')}`, and did at `{old.get('start')}`")


def _named_exits(nodes: Mapping[str, Members]) -> dict[str, Members]:
    """Each exit by every name that a run can end under."""
    return {
        str(name): node for node in nodes.values() if node.get("kind") == "exit" for name in items(node.get("names"))
    }


def _exits(of: Artifact, old: Mapping[str, Members], new: Mapping[str, Members]) -> Iterator[Change]:
    for name in sorted(old.keys() - new.keys()):
        yield Change("breaking", "outcomes", *of, f"it no longer ends as `{name}` ({old[name].get('exit')})")
    for name in sorted(new.keys() - old.keys()):
        yield Change("breaking", "outcomes", *of, f"it can end as `{name}` ({new[name].get('exit')})")
    for name in sorted(old.keys() & new.keys()):
        kinds = old[name].get("exit"), new[name].get("exit")
        if kinds[0] != kinds[1]:
            yield Change("breaking", "outcomes", *of, f"`{name}` is {kinds[1]}, and was {kinds[0]}")
        schemas = old[name].get("result_schema"), new[name].get("result_schema")
        yield from schema_changes(of, f"the result of `{name}`", schemas, "given")


def _ways(of: Artifact, old: Mapping[str, Members], new: Mapping[str, Members]) -> Iterator[Change]:
    ways = _edges(old), _edges(new)
    for start in sorted(ways[0].keys() | ways[1].keys()):
        before, after = ways[0].get(start), ways[1].get(start)
        node, outcome = start
        if before == after:
            continue
        if after is None:
            yield Change("behaviour", "paths", *of, f"a way is gone: {_way(node, outcome, before)}")
        elif before is None:
            yield Change("behaviour", "paths", *of, f"a way is new: {_way(node, outcome, after)}")
        else:
            what = f"a way leads elsewhere: {_way(node, outcome, after)}, and not to `{before}`"
            yield Change("behaviour", "paths", *of, what)


def _edges(nodes: Mapping[str, Members]) -> dict[tuple[str, str], str]:
    return {
        (id, outcome): str(members(edge).get("to"))
        for id, node in nodes.items()
        for outcome, edge in members(node.get("next")).items()
    }


def _way(node: str, outcome: str, to: str | None) -> str:
    return f"`{node}` → {outcome} → `{to}`"


def _node(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    """What a node is and is given; where it leads and what it is called is told of already."""
    id = new.get("id")
    if old.get("kind") != new.get("kind"):
        yield Change(
            "behaviour", "paths", *of, f"`{id}` is of the kind `{new.get('kind')}`, and was `{old.get('kind')}`"
        )
        return
    told = {"next", "result_schema", "names", "exit", "kind", "id"}
    for member in sorted((old.keys() | new.keys()) - told):
        before, after = old.get(member), new.get(member)
        if before == after:
            continue
        if isinstance(before, str) and isinstance(after, str):
            yield Change("behaviour", "paths", *of, f"`{member}` of `{id}` is `{after}`, and was `{before}`")
        else:
            yield Change("behaviour", "paths", *of, f"`{member}` of `{id}` differs")
    edges = members(old.get("next")), members(new.get("next"))
    for outcome in sorted(edges[0].keys() & edges[1].keys()):
        arguments = [members(edge[outcome]).get("arguments") for edge in edges]
        if arguments[0] != arguments[1]:
            yield Change("behaviour", "paths", *of, f"what {outcome} of `{id}` hands on differs")


def _bounds(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            what = f"the most {name} of a run are {new.get(name)}, and were {old.get(name)}"
            yield Change("behaviour", "limits", *of, what)


def _spoken(name: object) -> str:
    return f"`{name}`" if name else "none"

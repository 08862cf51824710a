"""What differs between two versions of an ingress or egress. Who asks from outside sees requests and responses."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.changes.change import Change
from pgs_compiler.changes.data import schema_changes
from pgs_compiler.changes.documents import Artifact, Members, members


def ingress_changes(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    doors = _door(old), _door(new)
    if doors[0] != doors[1]:
        yield Change("breaking", "names", *of, f"it is asked as {doors[1]}, and was as {doors[0]}")
    told = members(old.get("mcp")).get("description"), members(new.get("mcp")).get("description")
    if told[0] != told[1] and doors[0] == doors[1]:
        yield Change("behaviour", "names", *of, "the tool is described otherwise")
    if old.get("actor") != new.get("actor"):
        what = f"it authenticates `{new.get('actor')}`, and did `{old.get('actor')}`"
        yield Change("breaking", "actors", *of, what)
    yield from schema_changes(of, "the request", (old.get("request"), new.get("request")), "taken")


def _door(ingress: Members) -> str:
    http, mcp = members(ingress.get("http")), members(ingress.get("mcp"))
    return f"`{http.get('method')} {http.get('path')}`" if http else f"the tool `{mcp.get('name')}`"


def egress_changes(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    responses = members(old.get("responses")), members(new.get("responses"))
    for exit in sorted(responses[0].keys() ^ responses[1].keys()):
        is_new = exit in responses[1]
        yield Change("breaking", "outcomes", *of, f"the response to `{exit}` is {'new' if is_new else 'gone'}")
    for exit in sorted(responses[0].keys() & responses[1].keys()):
        yield from _response(of, exit, members(responses[0][exit]), members(responses[1][exit]))


def _response(of: Artifact, exit: str, old: Members, new: Members) -> Iterator[Change]:
    for member in ("status", "kind"):
        if old.get(member) != new.get(member):
            said = f"{new.get(member, 'none')}, and was {old.get(member, 'none')}"
            yield Change("breaking", "outcomes", *of, f"the {member} of `{exit}` is {said}")
    schemas = old.get("body_schema"), new.get("body_schema")
    if (schemas[0] is None) != (schemas[1] is None):
        yield Change("breaking", "data", *of, f"the response to `{exit}` has {'a' if schemas[1] else 'no'} body")
        return
    yield from schema_changes(of, f"the response to `{exit}`", schemas, "given")
    if schemas[0] == schemas[1] and old.get("body") != new.get("body"):
        yield Change("behaviour", "data", *of, f"what the response to `{exit}` tells comes from somewhere else")

"""The documents of a snapshot in the form in which they compare.

A slot's number depends on what else is there, so a reference gets the slot's name; what only says where something
was written, or describes it to readers, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from pgs_snapshot.seal import Sealed
from pgs_snapshot.snapshot import PROJECT, PROOFS
from pgs_snapshot.values import Value

Members: TypeAlias = Mapping[str, Value]
Artifact: TypeAlias = tuple[str, str]
"""Kind and full name."""

_UNSAID = ("at", "requires_at", "summary", "subdomain")
_PARTS = ("nodes", "steps", "cases", "requires")
"""Members that list parts with places and summaries of their own."""


def artifacts(sealed: Sealed) -> dict[Artifact, Members]:
    """Every artifact and workflow as it compares."""
    found: dict[Artifact, Members] = {}
    for path in sealed.paths():
        folder, _, file = path.rpartition("/")
        name = file.removesuffix(".json").replace("__", "::", 1)
        if folder == "graphs":
            found["workflow", name] = comparable(sealed.value(path))
        elif folder.startswith("artifacts/"):
            found[folder.removeprefix("artifacts/"), name] = comparable(sealed.value(path))
    return found


def project(sealed: Sealed) -> Members:
    return members(sealed.value(PROJECT))


def proofs(sealed: Sealed) -> frozenset[tuple[str, str]]:
    """What was proven of which workflow."""
    proven = [members(proof) for proof in items(members(sealed.value(PROOFS)).get("assertions"))]
    return frozenset((str(proof.get("assertion")), str(proof.get("workflow"))) for proof in proven)


def comparable(document: Value) -> Members:
    """A document with named slots, without what does not count."""
    slots = [str(slot) for slot in items(members(document).get("slots"))]
    bare = {key: member for key, member in members(_bare(document)).items() if key != "slots"}
    return members(_named(bare, slots))


def _bare(item: Value) -> Value:
    if not isinstance(item, dict):
        return item
    return {key: _part(key, member) for key, member in item.items() if key not in _UNSAID}


def _part(key: str, member: Value) -> Value:
    """A member without what does not count; a gate has lists of rules, each with its place."""
    if key in _PARTS and isinstance(member, list):
        return [_bare(part) for part in member]
    if key == "gate" and isinstance(member, dict):
        return {side: [_bare(rule) for rule in items(rules)] for side, rules in member.items()}
    return member


def _named(item: Value, slots: list[str]) -> Value:
    """A copy in which references name their slots. What an author wrote as a value holds none."""
    if isinstance(item, list):
        return [_named(part, slots) for part in item]
    if not isinstance(item, dict):
        return item
    return {
        key: member
        if key == "literal"
        else _slot(member, slots)
        if key in ("ref", "query") and isinstance(member, list)
        else _named(member, slots)
        for key, member in item.items()
    }


def _slot(reference: list[Value], slots: list[str]) -> Value:
    first, *rest = reference or [None]
    known = isinstance(first, int) and not isinstance(first, bool) and first < len(slots)
    return [slots[first], *rest] if known and isinstance(first, int) else reference


def members(value: Value) -> dict[str, Value]:
    """The members of an object, none of what is no object."""
    return value if isinstance(value, dict) else {}


def items(value: Value) -> list[Value]:
    """The items of a list, none of what is no list."""
    return value if isinstance(value, list) else []


def by(key: str, value: Value) -> dict[str, dict[str, Value]]:
    """The objects of a list by one of their members."""
    return {str(members(item).get(key)): members(item) for item in items(value)}

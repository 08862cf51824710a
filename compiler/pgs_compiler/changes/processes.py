"""What differs between two versions of a context or process, and of the gate of whatever is audited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pgs_compiler.changes.change import Change
from pgs_compiler.changes.data import schema_changes
from pgs_compiler.changes.documents import Artifact, Members, items, members
from pgs_snapshot.canonical import canonical


def context_changes(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    """Fields: what an instance holds is kept, so what it holds has to fit on."""
    fields = members(old.get("fields")), members(new.get("fields"))
    for path in sorted(fields[0].keys() - fields[1].keys()):
        yield Change("breaking", "data", *of, f"the field `{path}` is gone")
    for path in sorted(fields[1].keys() - fields[0].keys()):
        yield Change("compatible", "data", *of, f"the field `{path}` is new")
    for path in sorted(fields[0].keys() & fields[1].keys()):
        before, after = members(fields[0][path]), members(fields[1][path])
        yield from schema_changes(of, f"`{path}`", (before.get("schema"), after.get("schema")), "kept")
        if before.get("default") != after.get("default"):
            yield Change("behaviour", "data", *of, f"`{path}` begins with another value")
    rules = [{canonical(rule) for rule in items(each.get("invariants"))} for each in (old, new)]
    for rule in sorted(rules[0] - rules[1]):
        yield Change("behaviour", "steps", *of, f"`{rule.decode()}` no longer always holds")
    for rule in sorted(rules[1] - rules[0]):
        yield Change("breaking", "steps", *of, f"`{rule.decode()}` always has to hold")


def grants_changes(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    """What a process may touch, and the outcomes of its errors."""
    for key in ("reads", "writes", "signals"):
        paths = [{str(path) for path in items(each.get(key))} for each in (old, new)]
        for path in sorted(paths[0] - paths[1]):
            yield Change("compatible", "stores", *of, f"`{path}` is no longer among its `{key}`")
        for path in sorted(paths[1] - paths[0]):
            yield Change("behaviour", "stores", *of, f"`{path}` is among its `{key}`")
    errors = members(old.get("errors")), members(new.get("errors"))
    for name in sorted(errors[0].keys() | errors[1].keys()):
        if errors[0].get(name) != errors[1].get(name):
            leads = f"stands for `{errors[1][name]}`" if name in errors[1] else "is a fault"
            yield Change("behaviour", "outcomes", *of, f"`{name}` {leads}")


def gate_changes(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    """Rules at the gates of what comes in and of what is proposed."""
    gates = members(old.get("gate")), members(new.get("gate"))
    for side, what in (("inputs", "for what comes in"), ("outputs", "for what it proposes")):
        rules = [_rules(gate, side) for gate in gates]
        for text in sorted(rules[0].keys() - rules[1].keys()):
            yield Change("behaviour", "steps", *of, f"the rule {text} {what} is gone")
        for text in sorted(rules[1].keys() - rules[0].keys()):
            yield Change("behaviour", "steps", *of, f"the rule {text} {what} is new")
        for text in sorted(rules[0].keys() & rules[1].keys()):
            if rules[0][text] != rules[1][text]:
                yield Change("behaviour", "steps", *of, f"the rule {text} {what} acts otherwise")


def _rules(gate: Members, side: str) -> Mapping[str, Members]:
    """Rules by how they are spoken of."""
    found = {}
    for rule in (members(item) for item in items(gate.get(side))):
        limit = canonical(rule.get("value")).decode()
        found[f"`{rule.get('field')} {rule.get('condition')}: {limit}` of `{rule.get('recipe')}`"] = rule
    return found

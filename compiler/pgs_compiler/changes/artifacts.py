"""What differs between two versions of an artifact that is no workflow: one function a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias, cast

from pgs_compiler.changes.change import Aspect, Change, Weight
from pgs_compiler.changes.data import Direction, schema_changes
from pgs_compiler.changes.documents import Artifact, Members, by, items, members
from pgs_compiler.changes.machines import machine_changes
from pgs_compiler.changes.processes import context_changes, gate_changes, grants_changes
from pgs_compiler.changes.transports import egress_changes, ingress_changes
from pgs_snapshot.values import Value

Comparison: TypeAlias = Callable[[Artifact, Members, Members], Iterator[Change]]


def artifact_changes(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    """The changes of one artifact; what its kind says nothing of has changed behaviour."""
    compared, told = _KINDS.get(of[0], (_nothing, ()))
    yield from compared(of, old, new)
    yield from gate_changes(of, old, new)
    for member in sorted((old.keys() | new.keys()) - {*told, "name", "gate"}):
        if old.get(member) != new.get(member):
            before, after = old.get(member), new.get(member)
            said = (
                f" is `{after}`, and was `{before}`"
                if isinstance(before, str) and isinstance(after, str)
                else " differs"
            )
            yield Change("behaviour", _ASPECTS.get(member, "steps"), *of, f"`{member}`{said}")


_ASPECTS: Mapping[str, Aspect] = MappingProxyType(
    {"implementation": "implementations", "clears": "labels", "stores": "stores", "side_effect": "stores"}
)


def _nothing(_of: Artifact, _old: Members, _new: Members) -> Iterator[Change]:
    yield from ()


def _contract(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    yield from schema_changes(of, "the inputs", (old.get("inputs"), new.get("inputs")), "taken")
    yield from _outcomes(of, members(old.get("outputs")), members(new.get("outputs")))
    given = members(old.get("outcomes")), members(new.get("outcomes"))
    for outcome in sorted(given[0].keys() & given[1].keys()):
        if given[0][outcome] != given[1][outcome]:
            yield Change("behaviour", "steps", *of, f"what `{outcome}` gives comes from somewhere else")
    steps = by("name", old.get("steps")), by("name", new.get("steps"))
    yield from _set(of, "steps", "step", (set(steps[0]), set(steps[1])), ("behaviour", "behaviour"))
    for name in sorted(steps[0].keys() & steps[1].keys()):
        if steps[0][name] != steps[1][name]:
            yield Change("behaviour", "steps", *of, f"the step `{name}` differs")
    kept = [[name for name in each if name in steps[0] and name in steps[1]] for each in steps]
    if kept[0] != kept[1]:
        yield Change("behaviour", "steps", *of, "its steps come in another order")


def _outcomes(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    """Outcomes with the schemas of what they give. A caller has an edge for each, and for no other."""
    yield from _set(of, "outcomes", "outcome", (set(old), set(new)), ("breaking", "breaking"))
    for name in sorted(old.keys() & new.keys()):
        yield from schema_changes(of, f"what `{name}` gives", (old[name], new[name]), "given")


def _intent(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    yield from schema_changes(of, "the payload", (old.get("payload"), new.get("payload")), "taken")
    yield from _set(of, "actors", "actor", _texts("actors", old, new), ("breaking", "behaviour"))
    rules = items(old.get("requires")), items(new.get("requires"))
    if any(rule not in rules[0] for rule in rules[1]):
        yield Change("breaking", "actors", *of, "it requires more, or something else, of a request")
    elif any(rule not in rules[1] for rule in rules[0]):
        yield Change("behaviour", "actors", *of, "it requires less of a request")
    if old.get("subjects") != new.get("subjects"):
        yield Change(
            "behaviour", "actors", *of, "labelled values of its runs belong to others, and are erased with them"
        )
    overridable = members(old.get("break_glass")), members(new.get("break_glass"))
    yield from _set(
        of, "actors", "override of the rule", (set(overridable[0]), set(overridable[1])), ("behaviour", "behaviour")
    )
    for name in sorted(overridable[0].keys() & overridable[1].keys()):
        if overridable[0][name] != overridable[1][name]:
            what = f"`{name}` may be overridden by others, or for another time"
            yield Change("behaviour", "actors", *of, what)


def _actor(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    yield from schema_changes(of, "its attributes", (old.get("attributes"), new.get("attributes")), "taken")


def _transform(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    yield from schema_changes(of, "the inputs", (old.get("inputs"), new.get("inputs")), "taken")
    yield from _outcomes(of, members(old.get("outcomes")), members(new.get("outcomes")))


def _process(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    yield from _transform(of, old, new)
    yield from grants_changes(of, old, new)


def _store(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    for member in ("side_effect", "semantics", "entity"):
        if old.get(member) != new.get(member):
            what = f"its {member.replace('_', ' ')} is `{new.get(member)}`, and was `{old.get(member)}`"
            yield Change("breaking", "stores", *of, what)
    yield from schema_changes(of, "what it keeps", (old.get("schema"), new.get("schema")), "kept")
    yield from _operations(of, old, new)


def _operations(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    operations = members(old.get("operations")), members(new.get("operations"))
    yield from _set(of, "stores", "operation", (set(operations[0]), set(operations[1])), ("breaking", "compatible"))
    for name in sorted(operations[0].keys() & operations[1].keys()):
        yield from _operation(of, name, members(operations[0][name]), members(operations[1][name]))


def _operation(of: Artifact, name: str, old: Members, new: Members) -> Iterator[Change]:
    yield from schema_changes(of, f"what `{name}` takes", (old.get("inputs"), new.get("inputs")), "taken")
    outcomes = members(old.get("outcomes")), members(new.get("outcomes"))
    if outcomes[0].keys() != outcomes[1].keys():
        yield Change("breaking", "outcomes", *of, f"`{name}` has other outcomes")
    for outcome in sorted(outcomes[0].keys() & outcomes[1].keys()):
        pair = outcomes[0][outcome], outcomes[1][outcome]
        yield from schema_changes(of, f"what `{outcome}` of `{name}` gives", pair, "given")
    if old.get("mode") != new.get("mode"):
        yield Change("behaviour", "stores", *of, f"`{name}` does {new.get('mode')}, and did {old.get('mode')}")
    if old.get("keyed") != new.get("keyed"):
        weight, now = ("compatible", "recognises its key now") if new.get("keyed") else ("breaking", _FORGETS)
        yield Change(cast(Weight, weight), "stores", *of, f"`{name}` {now}")


_FORGETS = "no longer recognises its key, so that asking again may do it twice"


def _binding(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    yield from _set(of, "stores", "store", _texts("stores", old, new), ("behaviour", "behaviour"))
    yield from schema_changes(of, "the configuration", (old.get("config"), new.get("config")), "taken")
    policies = members(old.get("effects")), members(new.get("effects"))
    yield from _set(of, "stores", "external effect", (set(policies[0]), set(policies[1])), ("behaviour", "behaviour"))
    for name in sorted(policies[0].keys() & policies[1].keys()):
        before, after = (_doubt(members(each[name])) for each in policies)
        if before != after:
            yield Change("behaviour", "stores", *of, f"in doubt about `{name}` it does {after}, and did {before}")


def _doubt(policy: Members) -> str:
    """A policy as its author writes it."""
    told = {**policy, **({"at_least_once": "true"} if policy.get("at_least_once") else {})}
    keys = ("unknown", "attempts", "at_least_once", "lookup")
    return f"`{', '.join(f'{key}: {told[key]}' for key in keys if key in told)}`"


def _one_schema(member: str, what: str, direction: Direction) -> Comparison:
    def compared(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
        yield from schema_changes(of, what, (old.get(member), new.get(member)), direction)

    return compared


def _assertion(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    rules = items(old.get("requires")), items(new.get("requires"))
    lost = sum(rule not in rules[1] for rule in rules[0])
    gained = sum(rule not in rules[0] for rule in rules[1])
    if lost:
        yield Change(
            "breaking", "assertions", *of, f"it is weaker: {lost} of its {len(rules[0])} demands are gone or others"
        )
    if gained:
        yield Change("compatible", "assertions", *of, f"it demands {gained} more, or something else")


_KINDS: Mapping[str, tuple[Comparison, tuple[str, ...]]] = MappingProxyType(
    {
        "contract": (_contract, ("inputs", "outcomes", "outputs", "steps")),
        "intent": (_intent, ("payload", "actors", "requires", "rules", "break_glass", "subjects")),
        "actor": (_actor, ("attributes",)),
        "transform": (_transform, ("inputs", "outcomes")),
        "store": (_store, ("side_effect", "semantics", "entity", "schema", "operations")),
        "side_effect": (_operations, ("operations",)),
        "binding": (_binding, ("stores", "config", "effects")),
        "event": (_one_schema("fields", "what it announces", "given"), ("fields",)),
        "entity": (_one_schema("schema", "it", "kept"), ("schema",)),
        "context": (context_changes, ("fields", "invariants")),
        "process": (_process, ("inputs", "outcomes", "reads", "writes", "signals", "errors")),
        "machine": (machine_changes, ("states", "sent", "events")),
        "ingress": (ingress_changes, ("http", "mcp", "actor", "request")),
        "egress": (egress_changes, ("responses",)),
        "assertion": (_assertion, ("requires", "workflows")),
    }
)
"""How a kind compares, and the members of which that says all."""


def _texts(member: str, old: Members, new: Members) -> tuple[set[str], set[str]]:
    def texts(value: Value) -> set[str]:
        return {str(item) for item in items(value)}

    return texts(old.get(member)), texts(new.get(member))


def _set(
    of: Artifact, aspect: Aspect, noun: str, pair: tuple[set[str], set[str]], weights: tuple[Weight, Weight]
) -> Iterator[Change]:
    """What is gone and what is new. `weights`: of the one, and of the other."""
    for name in sorted(pair[0] - pair[1]):
        yield Change(weights[0], aspect, *of, f"the {noun} `{name}` is gone")
    for name in sorted(pair[1] - pair[0]):
        yield Change(weights[1], aspect, *of, f"the {noun} `{name}` is new")

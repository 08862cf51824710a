"""Two verified snapshots in, what differs out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pgs_compiler.changes.artifacts import artifact_changes
from pgs_compiler.changes.change import Change, Weight, ordered
from pgs_compiler.changes.documents import Artifact, Members, artifacts, items, members, project, proofs
from pgs_compiler.changes.workflows import workflow_changes
from pgs_compiler.names import CORE
from pgs_snapshot.limits import Limits
from pgs_snapshot.seal import Sealed
from pgs_snapshot.values import Value

_PROJECT: Artifact = ("project", "")


def compare(old: Sealed, new: Sealed) -> tuple[Change, ...]:
    """Every change from one snapshot to another, the gravest first; none if both are the same."""
    return ordered(
        [
            *_artifacts(artifacts(old), artifacts(new)),
            *_proofs(old, new),
            *_project(project(old), project(new)),
            *_implementations(old, new),
        ]
    )


def changes_of(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    """The changes of one artifact or workflow; at least one if it is not the same."""
    if old == new:
        return
    told = [*(workflow_changes if of[0] == "workflow" else artifact_changes)(of, old, new)]
    yield from told or [Change("behaviour", "steps", *of, "what is sealed of it differs")]


def _artifacts(old: Mapping[Artifact, Members], new: Mapping[Artifact, Members]) -> Iterator[Change]:
    for of in sorted(old.keys() - new.keys()):
        if of[1].startswith(f"{CORE}::"):  # it comes with PGS, and is sealed where something uses it
            yield Change("compatible", "names", *of, "nothing uses it any more")
            continue
        yield Change("breaking", "assertions" if of[0] == "assertion" else "names", *of, "it is gone")
    for of in sorted(new.keys() - old.keys()):
        yield Change("compatible", "assertions" if of[0] == "assertion" else "names", *of, "it is new")
    for of in sorted(old.keys() & new.keys()):
        yield from changes_of(of, old[of], new[of])


def _proofs(old: Sealed, new: Sealed) -> Iterator[Change]:
    """Proofs of workflows that are still there; what is gone is told of as gone."""
    kept = artifacts(new).keys()
    for assertion, workflow in sorted(proofs(old) - proofs(new)):
        if ("workflow", workflow) in kept:
            yield Change("breaking", "assertions", "assertion", assertion, f"it is no longer proven of `{workflow}`")
    for assertion, workflow in sorted(proofs(new) - proofs(old)):
        yield Change("compatible", "assertions", "assertion", assertion, f"it is proven of `{workflow}`")


def _project(old: Members, new: Members) -> Iterator[Change]:
    if _number(new.get("version")) < _number(old.get("version")):
        what = f"its version is {new.get('version')}, and was {old.get('version')}: where the newer ran, it is refused"
        yield Change("breaking", "names", *_PROJECT, what)
    yield from _limits(members(old.get("limits")), members(new.get("limits")))
    labels = [{str(label) for label in items(each.get("labels"))} for each in (old, new)]
    for label in sorted(labels[0] ^ labels[1]):
        yield Change(
            "behaviour", "labels", *_PROJECT, f"the label `{label}` is {'new' if label in labels[1] else 'gone'}"
        )
    if old.get("actor") != new.get("actor"):
        what = f"who acts unless named is `{new.get('actor')}`, and was `{old.get('actor')}`"
        yield Change("behaviour", "actors", *_PROJECT, what)
    waivers = [_waivers(each) for each in (old, new)]
    for waiver in waivers[1]:
        if waiver not in waivers[0]:
            what = f"`{waiver.get('rule')}` is waived at `{waiver.get('at')}` until {waiver.get('until')}"
            yield Change("behaviour", "assertions", *_PROJECT, what)
    for waiver in waivers[0]:
        if waiver not in waivers[1]:
            what = f"`{waiver.get('rule')}` is no longer waived at `{waiver.get('at')}`"
            yield Change("compatible", "assertions", *_PROJECT, what)


def _waivers(project: Members) -> list[Members]:
    """The waivers as they are written; what they cover follows from that."""
    waivers = map(members, items(project.get("waivers")))
    return [{key: member for key, member in waiver.items() if key != "error"} for waiver in waivers]


def _limits(old: Members, new: Members) -> Iterator[Change]:
    for name in Limits.__dataclass_fields__:
        usual = getattr(Limits(), name)
        before, after = _number(old.get(name, usual)), _number(new.get(name, usual))
        if before != after:
            weight: Weight = "breaking" if after < before else "behaviour"
            yield Change(weight, "limits", *_PROJECT, f"`{name}` is {after}, and was {before}")


def _implementations(old: Sealed, new: Sealed) -> Iterator[Change]:
    by_reference = [{item.reference: item for item in each.manifest.implementations} for each in (old, new)]
    for reference in sorted(by_reference[0].keys() & by_reference[1].keys()):
        before, after = (each[reference] for each in by_reference)
        for what, pair in (
            ("source", (before.modules, after.modules)),
            ("version", (before.distributions, after.distributions)),
        ):
            differing = sorted(name for name in {*pair[0], *pair[1]} if pair[0].get(name) != pair[1].get(name))
            if differing:
                named = ", ".join(f"`{name}`" for name in differing)
                yield Change("behaviour", "implementations", "implementation", reference, f"another {what} of {named}")


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0

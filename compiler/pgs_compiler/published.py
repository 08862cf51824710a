"""What was published stays as it is: a name that an earlier snapshot holds means the same, and is there.

Laws:
* summaries, descriptions, owners and tags may change, and where a declaration stands;
* what only follows from a changed declaration is not told: of two that changed and of which one refers to the other,
  the one that is referred to;
* code that implements something is not part of what a name means here: `pgs_compiler diff` tells of it;
* what comes with PGS has versions of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import count

from pgs_compiler.changes.change import ordered
from pgs_compiler.changes.compare import changes_of
from pgs_compiler.changes.documents import Artifact, Members, artifacts, items, members
from pgs_compiler.declarations import Declaration
from pgs_compiler.findings import Finding, Place
from pgs_compiler.names import CORE
from pgs_snapshot.seal import Sealed
from pgs_snapshot.snapshot import INDEX


def published_names(baseline: Sealed) -> dict[Artifact, Members]:
    """Everything that a baseline has published, as it compares."""
    return {of: document for of, document in artifacts(baseline).items() if not of[1].startswith(f"{CORE}::")}


def check(baseline: Sealed, new: Sealed, declarations: Sequence[Declaration], whole: bool) -> Iterator[Finding]:
    """What of a baseline is another in a new snapshot.

    Args:
        whole: all sources were read, so that what is not there is gone.
    """
    old, now = published_names(baseline), artifacts(new)
    places = {declaration.header.name: declaration.header.place for declaration in declarations}
    differing = {of[1] for of in old.keys() & now.keys() if old[of] != now[of]}
    refers = _references(new)
    for of in sorted(old.keys() & now.keys()):
        if of[1] in differing and not _reaches(of[1], differing, refers):
            yield _changed(of, (old[of], now[of]), places[of[1]], {*places, *(name for _, name in old)})
    for kind, name in sorted(old.keys() - now.keys()) if whole else ():
        message = f"The {kind.replace('_', ' ')} `{name}` is published, and no longer declared."
        yield Finding("Z916", message, None, about=name)


def _changed(of: Artifact, pair: tuple[Members, Members], place: Place, taken: Collection[str]) -> Finding:
    name = of[1]
    changes = ordered(changes_of(of, *pair))
    more = f", and {len(changes) - 1} more" if len(changes) > 1 else ""
    differs = f": {changes[0].what}{more}" if changes else ""
    stem, _, version = name.rpartition("_V")
    following = next(found for number in count(int(version) + 1) if (found := f"{stem}_V{number}") not in taken)
    return Finding(
        "Z915",
        f"`{name}` is published, and this is another{differs}.",
        place,
        "a change is a new version",
        hint=f"Put the published one back, and declare this as `{following}`.",
    )


def _references(snapshot: Sealed) -> Mapping[str, list[str]]:
    names = members(members(snapshot.value(INDEX)).get("names"))
    return {name: [str(other) for other in items(members(entry).get("refers_to"))] for name, entry in names.items()}


def _reaches(name: str, targets: Collection[str], refers: Mapping[str, list[str]]) -> bool:
    """Whether a name refers to one of the targets, however far, itself apart."""
    waiting, seen = [*refers.get(name, ())], {name}
    while waiting:
        other = waiting.pop()
        if other in seen:
            continue
        if other in targets:
            return True
        seen.add(other)
        waiting += refers.get(other, ())
    return False

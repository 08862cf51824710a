"""What differs between two versions of a machine; what its workflows do is compared with the other workflows."""

from __future__ import annotations

from collections.abc import Iterator

from pgs_compiler.changes.change import Change
from pgs_compiler.changes.documents import Artifact, Members, items, members


def machine_changes(of: Artifact, old: Members, new: Members) -> Iterator[Change]:
    """States: an instance may be in any of them, so one that is gone strands it."""
    states = members(old.get("states")), members(new.get("states"))
    for name in sorted(states[0].keys() - states[1].keys()):
        yield Change("breaking", "paths", *of, f"the state `{name}` is gone")
    for name in sorted(states[1].keys() - states[0].keys()):
        yield Change("compatible", "paths", *of, f"the state `{name}` is new")
    for name in sorted(states[0].keys() & states[1].keys()):
        before, after = members(states[0][name]), members(states[1][name])
        for part in ("events", "ignore", "after", "final"):
            if before.get(part) != after.get(part):
                yield Change("behaviour", "paths", *of, f"`{part}` of the state `{name}` differs")
    sent = [{str(event) for event in items(each.get("sent"))} for each in (old, new)]
    for event in sorted(sent[0] - sent[1]):
        yield Change("breaking", "paths", *of, f"nobody sends `{event}` any more")
    for event in sorted(sent[1] - sent[0]):
        yield Change("compatible", "paths", *of, f"somebody may send `{event}`")

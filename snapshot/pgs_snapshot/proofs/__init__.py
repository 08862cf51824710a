"""Confirm every proof of a snapshot from its graphs and contracts alone; nothing of the compiler is used here.

For each assertion, workflow and requirement there is one proof, and its witness is checked in one pass: a set of open
points is exactly what the start and the edges give, and in none of them the demand is broken; a count is that of the
point itself and the most that can follow. So a proof that was changed is refused, and so is one of another graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import TypeAlias

from pgs_snapshot import model
from pgs_snapshot.codec import CodecRefused, decode
from pgs_snapshot.laws import Assertion, Proof, Proofs, Requirement, Selector
from pgs_snapshot.proofs.acting import actors_let_in, distinct_actors
from pgs_snapshot.proofs.amounts import at_most
from pgs_snapshot.proofs.labels import Labels
from pgs_snapshot.proofs.origins import Origins
from pgs_snapshot.proofs.parts import Parts
from pgs_snapshot.proofs.points import At, Unfolded, means
from pgs_snapshot.snapshot import INDEX, PROOFS, Snapshot
from pgs_snapshot.values import Value

Marked: TypeAlias = frozenset[At]
_ASSERTIONS = "artifacts/assertion"


class ProofRefused(Exception):
    """A proof does not show what it says."""


def confirm(snapshot: Snapshot) -> tuple[Proof, ...]:
    """Confirm all proofs of a verified snapshot, and that none is missing.

    Raises:
        ProofRefused: one does not hold, is about something else, or is missing.
    """
    try:
        proofs = decode(Proofs, snapshot.sealed.value(PROOFS))
    except CodecRefused as refused:
        raise ProofRefused(f"`{PROOFS}` holds no proofs: `{refused.pointer}` {refused.why}.") from refused
    assertions = {name: snapshot.assertion(name) for name in snapshot.names(_ASSERTIONS)}
    about = {name: tuple(_selected(assertion, snapshot)) for name, assertion in assertions.items()}
    due = [(a.name, flow, n) for a in assertions.values() for n in range(len(a.requires)) for flow in about[a.name]]
    if sorted(due) != sorted((proof.assertion, proof.workflow, proof.requirement) for proof in proofs.assertions):
        raise ProofRefused("The proofs are not those that the assertions ask for.")
    parts = Parts(snapshot)
    flows = {name: Unfolded(parts, name) for name in sorted({proof.workflow for proof in proofs.assertions})}
    by_label = {
        proof.workflow
        for proof in proofs.assertions
        if assertions[proof.assertion].requires[proof.requirement].form == "label"
    }
    if proofs.rests_on != {name: flow.digests(name in by_label) for name, flow in flows.items()}:
        raise ProofRefused("The proofs are about other files than those of this snapshot.")
    labels = cache(partial(Labels, parts))
    checkers = {name: _Checker(flow, labels) for name, flow in flows.items()}
    for proof in proofs.assertions:
        requirement = assertions[proof.assertion].requires[proof.requirement]
        if not checkers[proof.workflow].shows(requirement, proof):
            which = f"Requirement {proof.requirement + 1} of `{proof.assertion}`"
            raise ProofRefused(f"{which} is not shown of `{proof.workflow}`.")
    return proofs.assertions


def _selected(assertion: Assertion, snapshot: Snapshot) -> Iterator[str]:
    """The workflows that an assertion is about, by what the index says of them."""
    index, by = snapshot.sealed.value(INDEX), assertion.applies_to
    names = index["names"] if isinstance(index, dict) else None
    for name in snapshot.workflows():
        entry = names[name] if isinstance(names, dict) else None
        has: dict[str, Value] = entry if isinstance(entry, dict) else {}
        tags, placed = has.get("tags"), (name.partition("::")[0], has.get("subdomain"))
        if by.names is not None:
            about = name in by.names
        else:
            tagged = by.tag is None or (isinstance(tags, list) and by.tag in tags)
            about = tagged and by.domain in (None, placed[0]) and by.subdomain in (None, placed[1])
        if about:
            yield name


class _Checker:
    """Checks proofs about one workflow."""

    def __init__(self, flow: Unfolded, labels: Callable[[str], Labels]) -> None:
        self._flow, self._labels = flow, labels
        self._origins = Origins(flow)

    def shows(self, requirement: Requirement, proof: Proof) -> bool:
        """Whether the witness of a proof shows the requirement, and holds nothing else."""
        of = self._points(requirement.of)
        match requirement.form:
            case "every_path_to":
                return not proof.found and not proof.counted and self._every_path(requirement, of, proof)
            case "after" | "never":
                if proof.reached.keys() != {""} or proof.found or proof.counted:
                    return False
                by = self._points(requirement.by)
                if requirement.form == "after":
                    return self._closed("ii", proof.reached[""], partial(self._after, of, by))
                return self._closed("i", proof.reached[""], partial(self._never, of, by))
            case "at_most":
                flat = Unfolded(self._flow.parts, self._flow.name, flat=True)
                return not proof.reached and not proof.found and at_most(flat, requirement.most, proof.counted)
        return not proof.reached and not proof.counted and self._finds(requirement, of, proof.found)

    def _points(self, selectors: tuple[Selector, ...]) -> Marked:
        return frozenset(at for at in self._flow.after if self._flow.meant(at, selectors))

    # --- paths: each function gives the state at a point that is come to in a state, None where that breaks it ---

    def _closed(
        self,
        start: str,
        listed: Mapping[str, Iterable[str]],
        enter: Callable[[str, At], str | None],
    ) -> bool:
        """Whether the open points are just those that the start and the edges give; DONE, "", is not listed."""
        given = {(self._flow.start, enter(start, self._flow.start))}
        for at, following in self._flow.after.items():
            for state in filter(None, listed.get(at.text, ())):
                given |= {(point, enter(state, point)) for point in following}
        expected: dict[str, set[str]] = {}
        for point, there in given:
            if there:
                expected.setdefault(point.text, set()).add(there)
        same = {text: tuple(states) for text, states in listed.items()} == {
            text: tuple(sorted(states)) for text, states in expected.items()
        }
        return same and all(there is not None for _, there in given)

    def _moved(self, state: str, at: At) -> str:
        """The letters for the savepoints around a point; a FAILED exit takes what would stand for what stands."""
        size = len(at.calls) + 2
        state = (state + state[-1])[:size] if len(state) < size else state[: size - 1] + state[-1]
        return state[:-1] + state[-2] if self._flow.fails(at) else state

    def _marked(self, state: str, letter: str, undone: bool) -> str:
        return state[:-1] + letter if undone else letter * len(state)

    def _every_path(self, requirement: Requirement, of: Marked, proof: Proof) -> bool:
        by, names = self._points(requirement.by), requirement.names
        texts = {at: ", ".join(f"{name}={self._origins.at(at, name)}" for name in names) for at in of | by}
        if proof.reached.keys() != ({texts[at] for at in of} if names else {""}):
            return False
        for group, listed in proof.reached.items():
            first = frozenset(at for at in of if texts[at] == group)
            second = frozenset(at for at in by if texts[at] == group and "?" not in group)
            start = "oo" if any(not at.calls and self._fails(at.node) for at in first) else "po"
            if not self._closed(start, listed, partial(self._open, first, second)):
                return False
        return True

    def _fails(self, id: str) -> bool:
        node = self._flow.node((), id)
        return isinstance(node, model.ExitNode) and node.exit == "FAILED"

    def _open(self, of: Marked, by: Marked, state: str, at: At) -> str | None:
        state = self._moved(state, at)
        if at in of and state[-1] == "o":
            return None
        if at in by:
            state = self._marked(state, "p", self._flow.undone(at, surely=False))
        state = state[-1] * len(state) if self._flow.commits(at) else state
        return state if "o" in state else ""

    def _after(self, of: Marked, by: Marked, state: str, at: At) -> str | None:
        state = self._moved(state, at)
        if at in by:
            state = self._marked(state, "i", self._flow.undone(at, surely=False))
        if at in of:
            state = self._marked(state, "w", self._flow.undone(at, surely=True))
        state = state[-1] * len(state) if self._flow.commits(at) else state
        return None if self._flow.exits(at) and state[-1] == "w" else state

    def _never(self, of: Marked, by: Marked, state: str, at: At) -> str | None:
        if state == "m" and at in by:
            return None
        return "m" if at in of else state

    # --- what is found ---

    def _finds(self, requirement: Requirement, of: Marked, listed: Mapping[str, tuple[str, ...]]) -> bool:
        names = set(requirement.names)
        if requirement.form == "only_from":
            values = [value for at in of for value in self._origins.operands(at, requirement.names[0])]
            found = self._origins.of(values, requirement.by, copies=False)
            allowed = all(any(means(back.kinds, one) for one in requirement.by) for back in found.values())
            return allowed and listed == {"": tuple(sorted(found))}
        if requirement.form == "label":
            known = self._labels(requirement.names[0]) if requirement.names else None
            return known is not None and dict(listed) == known.shown(self._flow, requirement)
        if requirement.form == "only_actors":
            let_in = actors_let_in(self._flow, of)
            return listed == let_in and all(names.issuperset(actors) for actors in let_in.values())
        if requirement.form == "distinct_actors":
            flat = Unfolded(self._flow.parts, self._flow.name, flat=True)
            return dict(listed) == distinct_actors(flat, requirement.names)
        if requirement.form != "requires_event":
            return False
        nodes = {at.node: self._flow.node((), at.node) for at in of}
        emitted = {id: names & set(node.emit) for id, node in nodes.items() if isinstance(node, model.ExitNode)}
        return all(emitted.values()) and listed == {id: tuple(sorted(events)) for id, events in emitted.items()}

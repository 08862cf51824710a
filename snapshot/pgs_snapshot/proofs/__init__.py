"""Confirm every proof of a snapshot from its graphs and contracts alone; nothing of the compiler is used here.

For each assertion, workflow and requirement there is one proof, and its witness is checked in one pass: a set of open
points is exactly what the start and the edges give, and in none of them the demand is broken; a count is that of the
point itself and the most that can follow. So a proof that was changed is refused, and so is one of another graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TypeAlias

from pgs_snapshot import model
from pgs_snapshot.codec import CodecRefused, decode
from pgs_snapshot.laws import Assertion, Proof, Proofs, Requirement, Selector
from pgs_snapshot.proofs.origins import Origins
from pgs_snapshot.proofs.points import At, Unfolded, means
from pgs_snapshot.snapshot import INDEX, PROOFS, Snapshot
from pgs_snapshot.values import Value

Marked: TypeAlias = frozenset[At]
_ASSERTIONS = "artifacts/assertion"
_BROKEN_BY = {
    True: ("owed", "kept"),
    False: ("due", "owed"),
}  # states of `after` that a FAILED, or another, exit breaks


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
    flows = {name: Unfolded(snapshot, name) for name in sorted({proof.workflow for proof in proofs.assertions})}
    if proofs.rests_on != {name: flow.digests() for name, flow in flows.items()}:
        raise ProofRefused("The proofs are about other files than those of this snapshot.")
    checkers = {name: _Checker(snapshot, flow) for name, flow in flows.items()}
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

    def __init__(self, snapshot: Snapshot, flow: Unfolded) -> None:
        self._snapshot = snapshot
        self._flow = flow
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
                enter = self._after if requirement.form == "after" else self._never
                return self._closed("idle", proof.reached[""], partial(enter, of, self._points(requirement.by)))
            case "at_most":
                return not proof.reached and not proof.found and self._at_most(requirement.most, proof.counted)
        return not proof.reached and not proof.counted and self._finds(requirement, of, proof.found)

    def _points(self, selectors: tuple[Selector, ...]) -> Marked:
        return frozenset(at for at in self._flow.after if self._flow.meant(at, selectors))

    # --- paths: each function gives the state at a point that is come to in a state, None where that breaks it ---

    def _closed(self, start: str, listed: Mapping[str, Iterable[str]], enter: Callable[[str, At], str | None]) -> bool:
        """Whether the open points are just those that the start and the edges give; DONE, "", is not listed."""
        first = enter(start, self._flow.start)
        given = {(self._flow.start, first)} if first else set()
        broken = first is None
        for at, following in self._flow.after.items():
            for state in listed.get(at.text, ()):
                for point in following:
                    there = enter(state, point)
                    broken = broken or there is None
                    given |= {(point, there)} if there else set()
        expected: dict[str, list[str]] = {}
        for point, state in sorted(given, key=str):
            expected.setdefault(point.text, []).append(str(state))
        return not broken and {text: sorted(states) for text, states in listed.items()} == {
            text: sorted(states) for text, states in expected.items()
        }

    def _every_path(self, requirement: Requirement, of: Marked, proof: Proof) -> bool:
        by, names = self._points(requirement.by), requirement.names
        given = {at: ", ".join(f"{name}={self._origins.at(at, name)}" for name in names) for at in of | by}
        if proof.reached.keys() != ({given[at] for at in of} if names else {""}):
            return False
        return all(
            self._closed(
                "open",
                listed,
                partial(
                    self._open,
                    frozenset(at for at in of if given[at] == group),
                    frozenset(at for at in by if given[at] == group and "?" not in group),
                ),
            )
            for group, listed in proof.reached.items()
        )

    def _open(self, of: Marked, by: Marked, state: str, at: At) -> str | None:
        failed = self._flow.exits(at) == "FAILED"
        if at in of and (state == "open" or failed):
            return None
        if at in by and state == "open":
            state = "held" if self._flow.undone(at) and any(self._flow.exits(end) == "FAILED" for end in of) else ""
        return "" if state == "held" and self._flow.commits(at) else state

    def _after(self, of: Marked, by: Marked, state: str, at: At) -> str | None:
        exit, undone = self._flow.exits(at), self._flow.undone(at)
        if at in by:
            state = "kept" if state in ("owed", "kept") and undone else "idle"
        if at in of:
            state = "due" if undone and state in ("idle", "due") else "owed"
        if self._flow.commits(at):
            state = {"due": "owed", "kept": "idle"}.get(state, state)
        return None if exit and state in _BROKEN_BY[exit == "FAILED"] else state

    def _never(self, of: Marked, by: Marked, state: str, at: At) -> str | None:
        if state == "met" and at in by:
            return None
        return "met" if at in of else state

    # --- amounts, and what is found ---

    def _at_most(self, most: Mapping[str, int], counted: Mapping[str, Mapping[str, int]]) -> bool:
        after = self._flow.after
        return counted.keys() == most.keys() and all(
            counts.keys() == {at.text for at in after}
            and counts[self._flow.start.text] <= most[amount]
            and all(
                counts[at.text] == self._cost(at, amount) + max((counts[point.text] for point in following), default=0)
                for at, following in after.items()
            )
            for amount, counts in counted.items()
        )

    def _cost(self, at: At, amount: str) -> int:
        if amount == "nodes":
            return int(not at.outcome)
        step = self._flow.step(at)
        return int(step is not None and (amount == "steps" or isinstance(step, model.OperationStep | model.EffectStep)))

    def _finds(self, requirement: Requirement, of: Marked, listed: Mapping[str, tuple[str, ...]]) -> bool:
        names = set(requirement.names)
        if requirement.form == "only_from":
            values = [value for at in of for value in self._origins.operands(at, requirement.names[0])]
            found = self._origins.of(values, requirement.by, copies=False)
            allowed = all(any(means(kinds, one) for one in requirement.by) for kinds in found.values())
            return allowed and listed == {"": tuple(sorted(found))}
        if requirement.form == "only_actors":
            let_in = {node.id: actors for node in self._flow.graph.nodes if (actors := self._let_in(node, of))}
            return listed == let_in and all(names.issuperset(actors) for actors in let_in.values())
        nodes = {at.node: self._flow.nodes[at.node] for at in of}
        emitted = {id: names & set(node.emit) for id, node in nodes.items() if isinstance(node, model.ExitNode)}
        return all(emitted.values()) and listed == {id: tuple(sorted(events)) for id, events in emitted.items()}

    def _let_in(self, node: model.Node, of: Marked) -> tuple[str, ...]:
        """The actors that an intent or wait lets in, if one of the points lies behind it."""
        seen, todo = set[At](), [At(node.id)]
        while todo:
            at = todo.pop()
            if at not in seen:
                seen.add(at)
                todo += self._flow.after.get(at, ())
        if not seen & of:
            return ()
        if isinstance(node, model.IntentNode):
            return self._snapshot.intent(node.intent).actors
        signals = node.signals if isinstance(node, model.WaitNode) else ()
        return tuple(sorted({actor for signal in signals for actor in signal.actors}))

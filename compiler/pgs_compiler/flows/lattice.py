"""What a value carries, part by part: marks, ordered by inclusion and joined by union.

Laws:
* a mark on a value is a mark of each of its parts;
* `join` is associative, commutative and idempotent in the marks; of two ways it keeps the shorter;
* what nothing marks is `CLEAN`, and most values are.

A mark's word is a label here. Nothing below knows what a word means, so the zones of contexts can join as words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Literal, TypeAlias

from pgs_compiler.findings import Place
from pgs_snapshot.model import Slice, Wildcard

Kind: TypeAlias = Literal["source", "given", "taken", "left", "passed"]
PathStep: TypeAlias = "str | int | Slice | Wildcard"


@dataclass(frozen=True, slots=True)
class Mark:
    """A word that a value carries.

    Attributes:
        source: where the word was declared, as the author would name it: `payload.email`.
        word: the label.
        by: the transform that declassified it; "" while it is carried.
    """

    source: str
    word: str
    by: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.source, self.word, self.by


@dataclass(frozen=True, slots=True)
class Trail:
    """How a mark came here, the last hop first.

    Attributes:
        kind: `source` where the word was declared; `given` where a node hands it to a contract that does not
            declare it; `taken` where the contract does; `left` where it leaves a contract; `passed` for every other.
    """

    place: Place
    words: str
    before: Trail | None = None
    kind: Kind = "passed"
    length: int = 1

    def on(self, place: Place, words: str, kind: Kind = "passed") -> Trail:
        """The way with one more hop."""
        return Trail(place, words, self, kind, self.length + 1)

    def hops(self) -> tuple[Trail, ...]:
        """All hops, from the source on."""
        found: list[Trail] = []
        here: Trail | None = self
        while here is not None:
            found.append(here)
            here = here.before
        return tuple(reversed(found))


Marks: TypeAlias = Mapping[Mark, Trail]
_NONE: Marks = {}


@dataclass(frozen=True, slots=True)
class Flow:
    """The marks of a value, and of its parts.

    Attributes:
        members: by name.
        rest: of members that have no name here.
        items: of every item.
    """

    marks: Marks = field(default_factory=dict)
    members: Mapping[str, Flow] = field(default_factory=dict)
    rest: Flow | None = None
    items: Flow | None = None

    @property
    def words(self) -> frozenset[str]:
        """The words that the value itself carries."""
        return frozenset(mark.word for mark in self.marks if not mark.by)

    def member(self, name: str) -> Flow:
        return self.members.get(name) or self.rest or CLEAN

    def parts(self) -> Iterator[tuple[str, Flow]]:
        """The parts, each with its name; `*` for items and for members without a name."""
        yield from self.members.items()
        for part in (self.rest, self.items):
            if part is not None:
                yield "*", part


CLEAN = Flow()


def marked(marks: Marks) -> Flow:
    return Flow(marks) if marks else CLEAN


def record(members: Mapping[str, Flow]) -> Flow:
    """An object; members without marks are left out."""
    kept = {name: flow for name, flow in members.items() if flow is not CLEAN}
    return Flow(members=kept) if kept else CLEAN


def sequence(items: Flow) -> Flow:
    """A list."""
    return CLEAN if items is CLEAN else Flow(items=items)


def join_all(flows: Iterable[Flow]) -> Flow:
    return reduce(join, flows, CLEAN)


def join(left: Flow, right: Flow) -> Flow:
    """What a value carries that is one or the other."""
    if left is right or right is CLEAN:
        return left
    if left is CLEAN:
        return right
    names = [*left.members, *(name for name in right.members if name not in left.members)]
    return Flow(
        merged(left.marks, right.marks),
        {name: join(left.member(name), right.member(name)) for name in names},
        _either(left.rest, right.rest),
        _either(left.items, right.items),
    )


def _either(left: Flow | None, right: Flow | None) -> Flow | None:
    return right if left is None else left if right is None else join(left, right)


def merged(left: Marks, right: Marks) -> Marks:
    """The marks of both, each with the shorter way."""
    if not right:
        return left
    found = dict(left)
    for mark, trail in right.items():
        known = found.get(mark)
        if known is None or trail.length < known.length:
            found[mark] = trail
    return found


def along(flow: Flow, path: Iterable[PathStep]) -> Flow:
    """What a path selects, with the marks of all that it leads through."""
    carried: Marks = _NONE
    spread = 0
    for step in path:
        if flow is CLEAN:
            break
        carried = merged(carried, flow.marks)
        spread += not isinstance(step, str | int)
        flow = flow.member(step) if isinstance(step, str) else flow.items or CLEAN
    found = flow if not carried else CLEAN if flow is CLEAN and not carried else join(flow, Flow(carried))
    return sequence(found) if spread else found


def flat(flow: Flow) -> Marks:
    """Every mark on the value or on any part of it."""
    if flow is CLEAN:
        return _NONE
    return reduce(merged, (flat(part) for _, part in flow.parts()), flow.marks)


def changed(flow: Flow, change: Callable[[Mark, Trail], tuple[Mark, Trail]]) -> Flow:
    """The same with every mark changed."""
    if flow is CLEAN:
        return CLEAN
    return Flow(
        dict(change(mark, trail) for mark, trail in flow.marks.items()),
        {name: changed(part, change) for name, part in flow.members.items()},
        None if flow.rest is None else changed(flow.rest, change),
        None if flow.items is None else changed(flow.items, change),
    )


def onward(flow: Flow, place: Place, words: str, kind: Kind = "passed") -> Flow:
    """The same, one hop further."""
    return changed(flow, lambda mark, trail: (mark, trail.on(place, words, kind)))


def taken(given: Flow, declared: Flow, above: frozenset[str] = frozenset()) -> Flow:
    """What arrives at an input: what it is given, and what it declares itself.

    A mark whose word the input declares at that place is `taken`; a word that is declared and not given is a
    source of its own.
    """
    if declared is CLEAN and not above:
        return given
    here = above | declared.words
    marks = {
        mark: trail if mark.word not in here or mark.by else Trail(*_taken(trail))
        for mark, trail in given.marks.items()
    }
    brought = given.words
    marks |= {mark: trail for mark, trail in declared.marks.items() if mark.word not in brought}
    names = [*given.members, *(name for name in declared.members if name not in given.members)]
    below = Flow(
        marks,
        {name: taken(given.member(name), declared.member(name), here) for name in names},
        _taken_part(given.rest, declared.rest, here),
        _taken_part(given.items, declared.items, here),
    )
    return below if below.marks or any(True for _ in below.parts()) else CLEAN


def _taken(trail: Trail) -> tuple[Place, str, Trail | None, Kind, int]:
    return trail.place, trail.words, trail.before, "taken" if trail.kind == "given" else trail.kind, trail.length


def _taken_part(given: Flow | None, declared: Flow | None, above: frozenset[str]) -> Flow | None:
    if given is None and declared is None:
        return None
    return taken(given or CLEAN, declared or CLEAN, above)


def hidden(flow: Flow, at: str = "") -> Iterator[str]:
    """JSON Pointers to the parts that carry a word.

    `*!a!b` stands for every item, and every member but `a` and `b`: those that are named answer for themselves.
    """
    if flow.words:
        yield at
        return
    for name, part in flow.members.items():
        yield from hidden(part, f"{at}/{name}")
    others = "".join(("*", *(f"!{name}" for name in sorted(flow.members))))
    for other in (flow.rest, flow.items):
        if other is not None:
            yield from hidden(other, f"{at}/{others}")


Signature: TypeAlias = "tuple[object, ...]"


def signature(flow: Flow) -> Signature:
    """What tells flows apart that carry different marks, whatever ways these took."""
    # Beside a rest that carries something, a member that carries nothing is told apart from it.
    named = ((name, part) for name, part in flow.members.items() if part is not CLEAN or flow.rest is not None)
    parts = sorted((name, signature(part)) for name, part in named)
    others = (None if part is None else signature(part) for part in (flow.rest, flow.items))
    return (tuple(sorted(mark.key for mark in flow.marks)), tuple(parts), *others)

"""Drafts of lists and deques: cheap at the ends, a copy once something in the middle moves."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice

from pgs_process.transaction.drafts import Step


class ListDraft:
    """Of a list: its first `kept` items, of which `new` replaces some, then `back`.

    Setting an item, appending and popping at the end cost what they touch. Whatever moves items costs a copy, as it
    costs the list itself; then `items` holds everything.
    """

    __slots__ = ("back", "base", "items", "kept", "level", "new", "seen")

    def __init__(self, base: list[object]) -> None:
        self.base = base
        self.seen = self.kept = len(base)
        self.new: dict[int, object] = {}
        self.back: list[object] = []
        self.items: list[object] | None = None
        self.level = 0

    def __len__(self) -> int:
        return self.kept + len(self.back) if self.items is None else len(self.items)

    def __getitem__(self, index: int) -> object:
        if self.items is not None:
            return self.items[index]
        place = index + len(self) if index < 0 else index
        if 0 <= place < self.kept:
            return self.new[place] if place in self.new else self.base[place]
        if place < 0:
            raise IndexError("list index out of range")
        return self.back[place - self.kept]

    def __iter__(self) -> Iterator[object]:
        if self.items is not None:
            yield from self.items
            return
        for place, value in enumerate(islice(self.base, self.kept)):
            yield self.new.get(place, value)
        yield from self.back

    def put(self, place: int, value: object) -> None:
        """Replace the item at a place that is there, counted from the front."""
        if self.items is not None:
            self.items[place] = value
        elif place < self.kept:
            self.new[place] = value
        else:
            self.back[place - self.kept] = value

    def extend(self, values: Iterable[object]) -> None:
        (self.back if self.items is None else self.items).extend(values)

    def take(self, place: int) -> object:
        """Take the item at a place that is there out."""
        if self.items is None and place == len(self) - 1:
            if self.back:
                return self.back.pop()
            self.kept -= 1
            return self.new.pop(self.kept) if self.kept in self.new else self.base[self.kept]
        return self.moved().pop(place)

    def moved(self) -> list[object]:
        """Everything, in a list whose items may be moved."""
        if self.items is None:
            self.items = list(self)
        return self.items

    def snapshot(self) -> object:
        return self.kept, dict(self.new), list(self.back), None if self.items is None else list(self.items)

    def restore(self, kept: object) -> None:
        if isinstance(kept, tuple):
            self.kept, self.new, self.back = kept[0], dict(kept[1]), list(kept[2])
            self.items = None if kept[3] is None else list(kept[3])
        else:
            self.kept, self.new, self.back, self.items = self.seen, {}, [], None

    def conflict(self) -> bool:
        return len(self.base) != self.seen

    def steps(self) -> list[Step]:
        base = self.base
        if self.items is not None:
            return [partial(base.__setitem__, slice(None), self.items)]
        steps: list[Step] = [partial(base.__setitem__, place, value) for place, value in self.new.items()]
        if self.back or self.kept != self.seen:
            steps.append(partial(base.__setitem__, slice(self.kept, None), self.back))
        return steps


class DequeDraft:
    """Of a deque: `front`, then what is kept of it (`low` to `high`), then `back`; or `items`, once something in it
    moves."""

    __slots__ = ("back", "base", "front", "high", "items", "level", "low", "maxlen", "seen")

    def __init__(self, base: deque[object]) -> None:
        self.base = base
        self.maxlen = base.maxlen
        self.low, self.high = 0, len(base)
        self.seen = self.high
        self.front: list[object] = []  # from the inside out
        self.back: list[object] = []
        self.items: deque[object] | None = None
        self.level = 0

    def __len__(self) -> int:
        return len(self.front) + self.high - self.low + len(self.back) if self.items is None else len(self.items)

    def __getitem__(self, index: int) -> object:
        if self.items is not None:
            return self.items[index]
        size = len(self)
        place = index + size if index < 0 else index
        if not 0 <= place < size:
            raise IndexError("deque index out of range")
        if place < len(self.front):
            return self.front[-1 - place]
        place -= len(self.front)
        if place < self.high - self.low:
            return self.base[self.low + place]
        return self.back[place - (self.high - self.low)]

    def __iter__(self) -> Iterator[object]:
        if self.items is not None:
            yield from self.items
            return
        yield from reversed(self.front)
        yield from islice(self.base, self.low, self.high)
        yield from self.back

    def put(self, place: int, value: object) -> None:
        """Replace the item at a place that is there, counted from the front."""
        self.moved()[place] = value

    def append(self, value: object) -> None:
        """Add at the end; there has to be room."""
        (self.back if self.items is None else self.items).append(value)

    def append_left(self, value: object) -> None:
        """Add at the front; there has to be room."""
        if self.items is None:
            self.front.append(value)
        else:
            self.items.appendleft(value)

    def take(self, place: int) -> object:
        """Take the item at a place that is there out."""
        size = len(self)
        if self.items is None and place == 0:
            if self.front:
                return self.front.pop()
            if self.low < self.high:
                self.low += 1
                return self.base[self.low - 1]
            return self.back.pop(0)
        if self.items is None and place == size - 1:
            if self.back:
                return self.back.pop()
            if self.low < self.high:
                self.high -= 1
                return self.base[self.high]
            return self.front.pop(0)
        items = self.moved()
        taken = items[place]
        del items[place]
        return taken

    def moved(self) -> deque[object]:
        """Everything, in a deque whose items may be moved."""
        if self.items is None:
            self.items = deque(self, self.maxlen)
        return self.items

    def snapshot(self) -> object:
        items = None if self.items is None else self.items.copy()
        return self.low, self.high, list(self.front), list(self.back), items

    def restore(self, kept: object) -> None:
        if isinstance(kept, tuple):
            self.low, self.high, self.front, self.back = kept[0], kept[1], list(kept[2]), list(kept[3])
            self.items = None if kept[4] is None else kept[4].copy()
        else:
            self.low, self.high, self.front, self.back, self.items = 0, self.seen, [], [], None

    def conflict(self) -> bool:
        return len(self.base) != self.seen

    def steps(self) -> list[Step]:
        base = self.base
        if self.items is not None:
            return [base.clear, partial(base.extend, self.items)]
        steps: list[Step] = [base.popleft] * self.low + [base.pop] * (self.seen - self.high)
        if self.front:
            steps.append(partial(base.extendleft, self.front))
        if self.back:
            steps.append(partial(base.extend, self.back))
        return steps

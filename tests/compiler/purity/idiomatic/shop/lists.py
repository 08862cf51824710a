"""Lists: sorted, grouped, searched."""

from __future__ import annotations

import bisect
import heapq
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from graphlib import TopologicalSorter
from itertools import accumulate, chain, pairwise, zip_longest
from operator import attrgetter, itemgetter
from typing import Any

Row = dict[str, Any]

_ORDER = ("low", "medium", "high")
_BY_NAME = itemgetter("name")


def unique(values: list[str]) -> Row:
    return {"values": sorted(set(values))}


def unique_in_order(values: list[str]) -> Row:
    return {"values": list(dict.fromkeys(values))}


def by_name(rows: list[Row]) -> Row:
    return {"rows": sorted(rows, key=_BY_NAME)}


def by_two(rows: list[Row]) -> Row:
    return {"rows": sorted(rows, key=lambda row: (-row["amount"], row["name"]))}


def grouped(rows: list[Row]) -> Row:
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["kind"]].append(row)
    return {"groups": dict(groups)}


def counted(values: list[str]) -> Row:
    return {"counts": [[value, count] for value, count in sorted(Counter(values).items())]}


def flattened(lists: list[list[int]]) -> Row:
    return {"values": list(chain.from_iterable(lists))}


def nested(value: Any) -> Row:
    def walk(part: Any) -> Iterator[Any]:
        if isinstance(part, list):
            for item in part:
                yield from walk(item)
        else:
            yield part

    return {"leaves": list(walk(value))}


def running(values: list[int]) -> Row:
    return {"sums": list(accumulate(values))}


def steps(values: list[int]) -> Row:
    return {"steps": [after - before for before, after in pairwise(values)]}


def largest(values: list[int], count: int) -> Row:
    return {"largest": heapq.nlargest(count, values)}


def position(values: list[int], value: int) -> Row:
    return {"position": bisect.bisect_left(values, value)}


def merged(left: list[int], right: list[int]) -> Row:
    return {"values": [a if a is not None else b for a, b in zip_longest(left, right)]}


def chunks(values: list[int], size: int) -> Row:
    return {"chunks": [values[start : start + size] for start in range(0, len(values), size)]}


def ranked(levels: list[str]) -> Row:
    return {"levels": sorted(levels, key=_ORDER.index)}


def ordered(tasks: dict[str, list[str]]) -> Row:
    sorter = TopologicalSorter({task: sorted(needs) for task, needs in sorted(tasks.items())})
    return {"order": list(sorter.static_order())}


def reachable(edges: dict[str, list[str]], start: str) -> Row:
    seen = {start}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for target in edges.get(node, []):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return {"reachable": sorted(seen)}


def first_match(rows: list[Row], kind: str) -> Row:
    return {"row": next((row for row in rows if row["kind"] == kind), None)}


def partitioned(values: list[int]) -> Row:
    even: list[int] = []
    odd: list[int] = []
    for value in values:
        (odd if value % 2 else even).append(value)
    return {"even": even, "odd": odd}


def both(left: list[str], right: list[str]) -> Row:
    return {"both": sorted(set(left) & set(right)), "only_left": sorted(set(left) - set(right))}


def overlaps(left: list[str], right: list[str]) -> Row:
    return {"overlaps": any(value in right for value in set(left)), "count": len(set(left) | set(right))}


def transposed(rows: list[list[int]]) -> Row:
    return {"columns": [list(column) for column in zip(*rows, strict=True)]}


def applied(values: list[int]) -> Row:
    functions: tuple[Callable[[Iterable[int]], int], ...] = (min, max, sum)
    return {"results": [function(values) for function in functions]}


def recent(values: list[str]) -> Row:
    cache: OrderedDict[str, None] = OrderedDict()
    for value in values:
        cache[value] = None
        cache.move_to_end(value)
    return {"recent": [*cache][-3:]}


def removed(values: list[int], value: int) -> Row:
    copy = values.copy()
    copy.remove(value)
    copy += [0]
    copy.sort(reverse=True)
    return {"values": copy}


def upper_bound(rows: list[Row]) -> Row:
    rows = [dict(row) for row in rows]
    for row in rows:
        row["seen"] = True
    return {"rows": rows, "real": attrgetter("real")(len(rows))}

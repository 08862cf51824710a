"""diff: two recorded runs side by side. Where they first part, why, and what else is not the same.

Laws:
* the same means the same way through the same nodes to the same exit with the same result; when a run was made, its id
  and what follows from those two does not part it from another one;
* what a label hides is compared where both runs belong to the same subjects: there the same value has the same
  commitment. Else the lines cannot tell, and it parts no runs; whoever has both requests may still know that they
  differ, and only then is that the cause of what differs after it. That they are the same tells nothing where something
  else that the runs were told is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias, cast

import orjson

from pgs_runtime.faults import status_of_fault
from pgs_runtime.redaction import REDACTED
from pgs_runtime.replay.causes import CAME, Cause, cause_at, parting
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Value, same

Members: TypeAlias = dict[str, Value]
_MARK = f'"{REDACTED}":'.encode()
MOST = 5
"""Places of a payload that are told."""

_OF_THE_RUN = ("digest", "key", "message", "n", "prev", "run")
_OF_THE_WAY = ("exit", "iteration", "kind", "name", "node", "outcome", "parent", "target")
_GIVEN = ("payload_digest", "actor", "config", "configs")
_SET = ("config", "configs")
_ANSWERED = ("outputs", "fields", "counts")
_NODES = ("intent", "contract", "process", "call", "each", "wait", "undo")
_ENDS = ("exit", "fault", "cancelled")


@frozen
class Parting:
    """Where two runs first are not the same: line by line, counted from 1; a value that is not there is None.

    The cause is None where it may be something that is hidden.
    """

    line: int
    node: str
    cause: Cause | None
    at: str
    first: Value
    second: Value


@frozen
class Side:
    """One of the two: who it is, the nodes that it passed with their outcomes, and how it ended."""

    run: str
    workflow: str
    snapshot: str
    way: tuple[tuple[str, str], ...]
    kind: str
    name: str
    result: Value


@frozen
class Contrast:
    """What two runs have in common.

    Attributes:
        parting: the first difference; None: there is none but when and under which id they were made.
        ways_part: the first line, from 1, at which they go another way; 0: they go the same.
        others: what else differs, each a name with what the first and the second has.
        uncompared: something is hidden, and the two belong to others, so that nobody can tell whether it is the same.
    """

    first: Side
    second: Side
    parting: Parting | None
    ways_part: int
    others: tuple[tuple[str, Value, Value], ...]
    uncompared: bool

    @property
    def same(self) -> bool:
        """Whether they went the same way to the same end."""
        return self.ways_part == 0 and same(self.first.result, self.second.result)


def contrast(first: Sequence[bytes], second: Sequence[bytes], alike: bool | None = None) -> Contrast:
    """Compare two traces, whose lines are sound.

    `alike`: whether both were asked for the same by the same; None: nobody knows more than the lines say.
    """
    one, other = ([cast(Members, orjson.loads(line)) for line in lines] for lines in (first, second))
    uncompared = _subjects(one) != _subjects(other) and any(_MARK in line for line in (*first, *second))
    if uncompared:
        one, other = cast("list[Members]", _unmarked(one)), cast("list[Members]", _unmarked(other))
    headers = cast(Members, one[0]["header"]), cast(Members, other[0]["header"])
    ways_part = _ways_part(one, other)
    if not uncompared:
        alike = True
    elif alike and any(map(_hides_what_was_told, (*one[: ways_part or None], *other[: ways_part or None]))):
        alike = None
    deeper = _deeper(one[0], other[0], alike)
    parting = _parting(one, other, ways_part, deeper)
    return Contrast(_side(one), _side(other), parting, ways_part, tuple(_others(*headers)), uncompared)


def _subjects(lines: Sequence[Members]) -> Value:
    return cast(Members, lines[0]["header"]).get("subjects")


def _unmarked(value: object) -> object:
    """The value with every commitment replaced by one that all have."""
    if isinstance(value, dict):
        return {name: "" if name == REDACTED else _unmarked(item) for name, item in value.items()}
    return [_unmarked(item) for item in value] if isinstance(value, list) else value


def _hides_what_was_told(line: Members) -> bool:
    """Whether a label hides something in a line that neither the request nor the snapshot gave."""
    header = cast(Members, line.get("header", {}))
    steps = [step for step in cast("list[Members]", line.get("steps", [])) if "operation" in step]
    told: list[Value] = [header.get(name) for name in _SET]
    told += [step.get(name) for step in steps for name in _ANSWERED]
    told += [line] if line["kind"] in CAME else []
    return any(_MARK in canonical(each) for each in told)


def _side(lines: Sequence[Members]) -> Side:
    header, last = cast(Members, lines[0]["header"]), lines[-1]
    fault = cast(Members, last.get("fault", {}))
    ended = last["kind"] in _ENDS
    kind = (
        str(last.get("exit", status_of_fault(cast(int, fault["exit_code"])) if fault else "CANCELLED"))
        if ended
        else "LIVE"
    )
    return Side(
        run=str(lines[0]["run"]),
        workflow=str(header["workflow"]),
        snapshot=str(header["snapshot"]),
        way=way_of(lines),
        kind=kind,
        name=str(last.get("name", fault.get("code", kind))) if ended else "",
        result=last.get("result", {}) if ended else {},
    )


def way_of(lines: Sequence[Members]) -> tuple[tuple[str, str], ...]:
    """The nodes that a run passed, with their outcomes; those within another one have its name before them."""
    return tuple(
        ("/".join([*cast("list[str]", line.get("parent", [])), str(line["node"])]), str(line["outcome"]))
        for line in lines
        if line["kind"] in _NODES
    )


# --- where they part -----------------------------------------------------------------------------


def _ways_part(one: Sequence[Members], other: Sequence[Members]) -> int:
    for n in range(1, max(len(one), len(other))):
        if n >= len(one) or n >= len(other) or not same(_way(one[n]), _way(other[n])):
            return n + 1
    return 0


def _way(line: Members) -> Value:
    fault = cast(Members, line.get("fault", {}))
    return {**{name: line[name] for name in _OF_THE_WAY if name in line}, "fault": fault.get("code")}


def _parting(one: Sequence[Members], other: Sequence[Members], ways_part: int, deeper: Cause | None) -> Parting | None:
    """The first difference that is more than another time; where there is only that, the first.

    `deeper`: why the same place gives something else.
    """
    found: Parting | None = None
    last = ways_part or min(len(one), len(other))
    for n in range(1, last):
        if n >= len(one) or n >= len(other):
            there = one[n] if n < len(one) else other[n]
            return found or Parting(n + 1, str(there.get("node", "")), deeper, "", None, None)
        was, now = _bare(one[n]), _bare(other[n])
        if not same(was, now):
            at, left, right = parting(was, now)
            shallow: Cause = cause_at(was, at, now) if was.get("node") == now.get("node") else "definition"
            cause = deeper if shallow == "definition" else shallow
            found = found if found and cause == "clock" else Parting(n + 1, _node(was), cause, at, left, right)
            if cause != "clock":
                return found
    return found


def _deeper(first: Members, second: Members, alike: bool | None) -> Cause | None:
    """Why the same place gives something else, as far as the first lines and whoever has the requests tell."""
    one, other = cast(Members, first["header"]), cast(Members, second["header"])
    if one["workflow"] != other["workflow"]:
        return "definition"
    if alike is False or any(not same(one.get(name), other.get(name)) for name in _GIVEN):
        return "input"
    if one["snapshot"] != other["snapshot"]:
        return "definition"
    if not same(one["fingerprint"], other["fingerprint"]):
        return "fingerprint"
    if alike is None:
        return None
    # What is left are times, and ids: those of one run are the same, and what differs then, no run has made.
    return "definition" if first["run"] == second["run"] else "clock"


def _bare(line: Members) -> Members:
    return {name: value for name, value in line.items() if name not in _OF_THE_RUN}


def _node(line: Members) -> str:
    return str(line.get("node", ""))


# --- what else differs ---------------------------------------------------------------------------


def _others(one: Members, other: Members) -> Iterator[tuple[str, Value, Value]]:
    for name in ("workflow", "snapshot", "fingerprint", "actor", "authenticated_by", "config", "configs", "request_id"):
        if not same(one.get(name), other.get(name)):
            yield name, one.get(name), other.get(name)
    for number, (at, left, right) in enumerate(partings(one["payload"], other["payload"])):
        if number == MOST:
            return  # who wants them all has both files
        yield f"payload {at or '/'}", left, right


def partings(one: Value, other: Value, at: str = "") -> Iterator[tuple[str, Value, Value]]:
    """Every place at which two values differ, with what stands there."""
    if same(one, other):
        return
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}):
            token = name.replace("~", "~0").replace("/", "~1")
            if name in one and name in other:
                yield from partings(one[name], other[name], f"{at}/{token}")
            else:
                yield f"{at}/{token}", one.get(name), other.get(name)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for n, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from partings(left, right, f"{at}/{n}")
    else:
        yield at, one, other

"""The lines of a trace, before anybody asks what they tell (format `pgs-trace/1`, `docs/trace.md`).

A line is taken only in its canonical form, so two readers never read it differently.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar, cast

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.trace.record import FORMAT
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.jsontext import JsonLimits, JsonRefused, read_json
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

T = TypeVar("T")

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_RUN_ID = re.compile(r"[0-9a-v]{26}")
_SUBJECT = re.compile(r"[0-9a-f]{64}")


@frozen
class TraceLimits:
    """The most that is read of a file that says it is a trace. `size` in bytes; `depth` in containers."""

    size: int = 256 << 20
    lines: int = 100_000
    depth: int = 96


LIMITS = TraceLimits()


def is_run_id(text: str) -> bool:
    """Whether this is the form of a run's id: 26 characters that are safe in every path."""
    return _RUN_ID.fullmatch(text) is not None


def is_subject_id(text: object) -> bool:
    """Whether a text has the form of a subject's id."""
    return isinstance(text, str) and _SUBJECT.fullmatch(text) is not None


def no_run(id: str) -> Refusal:
    """Why a run cannot be found: R063, that is no run's id; R014, there is no such run."""
    hint = "`pgs_runtime list` lists those that there are."
    if not is_run_id(id):
        return Refusal("R063", f"`{visible(id[:80])}` is not the id of a run.", ExitCode.USAGE, hint=hint)
    return Refusal("R014", f"There is no run `{id}` in this store.", ExitCode.USAGE, hint=hint)


class NotALine(ValueError):
    """Some bytes are no line of a trace; the message follows `line 3 `."""


def split(data: bytes, limits: TraceLimits = LIMITS) -> tuple[bytes, ...]:
    """The lines of a file, without their ends.

    Raises:
        Refusal: it is beyond a limit, or its last line has no end.
    """
    if len(data) > limits.size:
        raise refusal(f"The trace has {len(data):,} bytes, where {limits.size:,} are the limit.")
    if data.count(b"\n") > limits.lines:
        raise refusal(f"The trace has more than {limits.lines:,} lines, which is the limit.")
    *lines, rest = data.split(b"\n")
    if rest or not lines:
        broken = "has no end; the file was cut" if rest else "is missing: the file is empty"
        raise refusal(f"Line {len(lines) + 1} {broken}.", f"line {len(lines) + 1}")
    return tuple(lines)


def joined(lines: Sequence[bytes]) -> bytes:
    """The file of these lines."""
    return b"".join(line + b"\n" for line in lines)


def members_of(line: bytes, limits: TraceLimits = LIMITS) -> dict[str, Value]:
    """The members of one line.

    Raises:
        NotALine: it is no JSON object in canonical form.
    """
    try:
        value = read_json(line, JsonLimits(limits.size, limits.depth))
    except JsonRefused as refused:
        raise NotALine(f"is not JSON as a trace has it: {refused.why}") from refused
    if canonical(value) != line:
        raise NotALine("is written in another form than the canonical one")
    if not isinstance(value, dict):
        raise NotALine("is no object")
    return value


def run_of(data: bytes) -> str:
    """The id of the run that a trace says it is of; "" where that cannot be read."""
    try:
        return str(members_of(data.partition(b"\n")[0]).get("run", ""))
    except NotALine:
        return ""


class Members:
    """The members of an object, each taken once and with its kind."""

    def __init__(self, members: Value) -> None:
        if not isinstance(members, dict):
            raise NotALine("holds something else where an object is due")
        self._left = dict(members)

    def take(self, name: str, kind: type[T]) -> T:
        if name not in self._left:
            raise NotALine(f"has no `{name}`")
        return self.maybe(name, kind, cast(T, None))

    def maybe(self, name: str, kind: type[T], otherwise: T) -> T:
        if name not in self._left:
            return otherwise
        value = self._left.pop(name)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise NotALine(f"has another kind of value at `{name}` than the format")
        return value

    def any(self, name: str) -> Value:
        """A value of whatever kind, that is there."""
        return cast(Value, self.take(name, object))

    def value(self, name: str) -> Value:
        return self._left.pop(name, None)

    def count(self, name: str) -> int:
        number = self.take(name, int)
        if number < 0:
            raise NotALine(f"has a number below 0 at `{name}`")
        return number

    def moment(self, name: str) -> str:
        """A time as RFC 3339 has it, in UTC, with milliseconds."""
        moment = self.take(name, str)
        if not _MOMENT.fullmatch(moment):
            raise NotALine(f"has another form of time at `{name}` than the format")
        return moment

    def inner(self, name: str) -> Members:
        return Members(self.take(name, dict))

    def each(self, name: str) -> list[Members]:
        return [Members(item) for item in self.maybe(name, list, [])]

    def has(self, name: str) -> bool:
        return name in self._left

    def end(self) -> None:
        """Refuse what was not taken."""
        if self._left:
            raise NotALine(f"has a member `{visible(min(self._left)[:40])}`, which {FORMAT} does not know")


def actor_of(line: Members) -> dict[str, Value]:
    """Who acts: an `id`, a `type`, and attributes."""
    actor = line.take("actor", dict)
    if not isinstance(actor.get("id"), str) or not isinstance(actor.get("type"), str):
        raise NotALine("has an `actor` without `id` or `type`")
    return actor


def refusal(message: str, where: str = "") -> Refusal:
    """A refusal of a trace: exit code 3."""
    return Refusal("R055", message, ExitCode.SEAL, where)

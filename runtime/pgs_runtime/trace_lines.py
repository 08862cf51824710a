"""The lines of a trace, before anybody asks what they tell (format `pgs-trace/1`, `docs/trace.md`).

A line is taken only in its canonical form, so two readers never read it differently.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pgs_runtime.faults import ExitCode, Refusal
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.jsontext import JsonLimits, JsonRefused, read_json
from pgs_snapshot.values import Value

_RUN_ID = re.compile(r"[0-9a-v]{26}")


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


def refusal(message: str, where: str = "") -> Refusal:
    """A refusal of a trace: exit code 3."""
    return Refusal("R055", message, ExitCode.SEAL, where)

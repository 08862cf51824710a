"""What `replay` says: a few lines for people, or one JSON object."""

from __future__ import annotations

import json

from pgs_runtime.replay.causes import Difference
from pgs_runtime.replay.replay import Replayed
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

SHOWN = 300  # characters of a value


def replayed_text(replayed: Replayed) -> str:
    """What came of doing a run again, on a few lines."""
    elsewhere = [f"  runtime  {name}: {was or 'none'}, here {now or 'none'}" for name, (was, now) in _else(replayed)]
    how = "as far as it has come, " if not replayed.ended else ""
    if replayed.difference is None:
        word = "same" if elsewhere else "identical"
        said = f"{replayed.run}  {word}: {how}all {replayed.lines} lines"
        unverified = ["  note     Another runtime did the same, which verifies nothing."] if elsewhere else []
        return "\n".join([visible(said), *map(visible, elsewhere), *unverified])
    difference = replayed.difference
    told = [
        f"{replayed.run}  differs at line {difference.line} of {replayed.lines}",
        *difference_text(difference),
        *elsewhere,
    ]
    return "\n".join(map(visible, told))


def difference_text(difference: Difference) -> list[str]:
    """A difference, on a few lines."""
    where = " ".join(filter(None, (f"`{difference.node}`" if difference.node else "", difference.at)))
    lines = [f"  cause    {difference.cause}: {difference.why}"]
    lines += [f"  at       {where}"] if where else []
    if difference.expected is not None or difference.actual is not None:
        lines += [f"  expected {_short(difference.expected)}", f"  actual   {_short(difference.actual)}"]
    return lines


def replayed_json(replayed: Replayed) -> str:
    """The same as one JSON object."""
    body = {
        "difference": difference_json(replayed.difference) if replayed.difference else None,
        "ended": replayed.ended,
        "lines": replayed.lines,
        "run": replayed.run,
        "runtime": {name: {"here": now, "recorded": was} for name, (was, now) in _else(replayed)},
        "same": replayed.difference is None,
        "snapshot": replayed.snapshot,
        "verified": replayed.verified,
        "workflow": replayed.workflow,
    }
    return json.dumps(body, sort_keys=True)


def difference_json(difference: Difference) -> dict[str, Value]:
    """A difference as an object."""
    return {
        "actual": difference.actual,
        "at": difference.at,
        "cause": difference.cause,
        "expected": difference.expected,
        "line": difference.line,
        "node": difference.node,
        "why": difference.why,
    }


def _else(replayed: Replayed) -> list[tuple[str, tuple[str, str]]]:
    return sorted(replayed.elsewhere.items())


def _short(value: Value) -> str:
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"

"""What `diff` says: a few lines for people, or one JSON object."""

from __future__ import annotations

import json

from pgs_runtime.replay.contrast import Contrast, Side
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

SHOWN = 200  # characters of a value
UNTOLD = "not to be told: it may be something that is hidden"


def contrast_text(found: Contrast) -> str:
    """Where two runs part, and what else differs, on a few lines."""
    one, other = found.first, found.second
    head = "The same way to the same result" if found.same else "Another way" if found.ways_part else "Another result"
    lines = [f"{head}: {_end(one)}" + ("" if _end(one) == _end(other) else f", and {_end(other)}")]
    if found.parting is not None:
        parting = found.parting
        where = " ".join(filter(None, (f"`{parting.node}`" if parting.node else "", parting.at)))
        lines.append(f"  first    line {parting.line}: {where}".rstrip(": "))
        lines.append(f"  cause    {parting.cause or UNTOLD}")
        lines += _pair(parting.first, parting.second)
    if found.ways_part:
        lines.append(f"  part     line {found.ways_part}")
        lines += [f"    1      {_way(one)}", f"    2      {_way(other)}"]
    if one.result != other.result:
        lines += ["  result", *_pair(one.result, other.result)]
    for name, left, right in found.others:
        lines += [f"  {name}", *_pair(left, right)]
    if found.uncompared:
        lines.append("  hidden   The runs belong to different subjects, so what is hidden in them was not compared.")
    return "\n".join(map(visible, lines))


def contrast_json(found: Contrast) -> str:
    """The same as one JSON object."""
    parting = found.parting
    body: dict[str, object] = {
        "others": [{"first": left, "name": name, "second": right} for name, left, right in found.others],
        "parting": None,
        "runs": [_side(found.first), _side(found.second)],
        "same": found.same,
        "uncompared": found.uncompared,
        "ways_part": found.ways_part,
    }
    if parting is not None:
        body["parting"] = {
            "at": parting.at,
            "cause": parting.cause,
            "first": parting.first,
            "line": parting.line,
            "node": parting.node,
            "second": parting.second,
        }
    return json.dumps(body, sort_keys=True)


def _side(side: Side) -> dict[str, object]:
    return {
        "kind": side.kind,
        "name": side.name,
        "result": side.result,
        "run": side.run,
        "snapshot": side.snapshot,
        "way": [list(passed) for passed in side.way],
        "workflow": side.workflow,
    }


def _end(side: Side) -> str:
    return f"{side.kind} {side.name}" if side.name not in ("", side.kind) else side.kind


def _way(side: Side) -> str:
    return " → ".join([*(f"{node} {outcome}" for node, outcome in side.way), _end(side)])


def _pair(one: Value, other: Value) -> list[str]:
    return [f"    1      {short(one)}", f"    2      {short(other)}"]


def short(value: Value) -> str:
    """A value on one line, cut where it is long."""
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"

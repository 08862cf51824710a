"""What `replay --against` says: a few lines for people, or one JSON object."""

from __future__ import annotations

import json

from pgs_runtime.replay.archive import Change, Tried, Way
from pgs_snapshot.visible import visible

LISTED = 10  # runs of a kind that are told by id; JSON has them all


def tried_text(tried: Tried) -> str:
    """How many archived runs would end otherwise, in groups of equal changes."""
    lines = [f"{tried.changes:,} of {tried.runs:,} change"]
    for change, runs in _groups(tried):
        lines.append(f"{len(runs):>6,}  {_end(change.before)} → {_end(change.after)}  {change.workflow}")
        where = f"`{change.node}` {change.at}".strip() if change.node else change.at
        lines.append(f"        line {change.line}: {where}")
        lines += [f"        was  {_way(change.way_before)}", f"        now  {_way(change.way_after)}"]
        lines.append(f"        {_ids(runs)}")
    if tried.other_way:
        lines.append(f"{tried.other_way:>6,}  another way to the same end")
    if tried.resting:
        would = sum(changes for _, changes in tried.resting.values())
        lines.append(f"{len(tried.resting):>6,}  rest on what was not recorded; {would:,} of them would change")
        lines.append(f"        {_ids(list(tried.resting))}")
    if tried.untold:
        lines.append(f"{len(tried.untold):>6,}  cannot be told")
        reasons: dict[str, list[str]] = {}
        for run, why in tried.untold.items():
            reasons.setdefault(why, []).append(run)
        lines += [f"        {why} {_ids(runs)}" for why, runs in sorted(reasons.items())]
    return "\n".join(map(visible, lines))


def tried_json(tried: Tried) -> str:
    """The same as one JSON object, with every run."""
    body = {
        "changed": [_change(change, runs) for change, runs in _groups(tried)],
        "changes": tried.changes,
        "other_way": tried.other_way,
        "rest": [
            {"changes": changes, "on": list(on), "run": run} for run, (on, changes) in sorted(tried.resting.items())
        ],
        "runs": tried.runs,
        "untold": [{"run": run, "why": why} for run, why in sorted(tried.untold.items())],
    }
    return json.dumps(body, sort_keys=True)


def _groups(tried: Tried) -> list[tuple[Change, list[str]]]:
    """The largest first."""
    return sorted(tried.changed.items(), key=lambda group: (-len(group[1]), group[0]))


def _change(change: Change, runs: list[str]) -> dict[str, object]:
    return {
        "after": {"kind": change.after[0], "name": change.after[1]},
        "at": change.at,
        "before": {"kind": change.before[0], "name": change.before[1]},
        "line": change.line,
        "node": change.node,
        "runs": runs,
        "way_after": [list(passed) for passed in change.way_after],
        "way_before": [list(passed) for passed in change.way_before],
        "workflow": change.workflow,
    }


def _end(end: tuple[str, str]) -> str:
    kind, name = end
    return f"{kind} {name}" if name != kind else kind


def _way(way: Way) -> str:
    return " → ".join(f"{node} {outcome}" for node, outcome in way)


def _ids(runs: list[str]) -> str:
    more = f" and {len(runs) - LISTED:,} more" if len(runs) > LISTED else ""
    return " ".join(runs[:LISTED]) + more

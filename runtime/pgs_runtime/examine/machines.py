"""Where instances of machines are, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pgs_runtime.ports import timestamp
from pgs_runtime.run.machines import Due, Instance, Step
from pgs_snapshot.visible import visible


def instance_text(told: Instance, steps: Sequence[Step], now: int) -> str:
    """The state, since when, the times and the last steps."""
    lines = [
        f"{told.machine}  {visible(told.instance)}",
        f"  state    {told.state}{', which is final' if told.final else ''}",
        f"  since    {told.since}",
        f"  version  {told.version}",
    ]
    lines += [f"  time     {_time(due, now)}" for due in told.times]
    lines += [f"  step     {step.at}  {step.event} → {step.state}  {step.run}" for step in steps]
    return "\n".join(lines)


def _time(due: Due, now: int) -> str:
    what = f"{due.event} → {due.to}" if due.event else due.to
    if due.run:
        when = f"was over, and run {due.run} followed"
    else:
        when = "is over: `pgs_runtime resume` lets it follow" if due.at <= now else f"at {timestamp(due.at)}"
    return f"{due.after}: {what}, {when}"


def instance_json(told: Instance, steps: Sequence[Step], now: int) -> str:
    times = [
        {
            "after": due.after,
            "at": timestamp(due.at),
            "event": due.event,
            "over": due.at <= now,
            "run": due.run,
            "to": due.to,
        }
        for due in told.times
    ]
    made = [{"at": step.at, "event": step.event, "run": step.run, "state": step.state} for step in steps]
    return json.dumps({**_of(told), "final": told.final, "steps": made, "times": times}, sort_keys=True)


def instances_text(instances: Sequence[Instance]) -> str:
    """One line an instance."""
    if not instances:
        return "Nobody has started an instance."
    width = max(len(told.state) for told in instances)
    return "\n".join(f"{told.state:<{width}}  {told.since}  {visible(told.instance)}" for told in instances)


def instances_json(instances: Sequence[Instance]) -> str:
    return json.dumps([_of(told) for told in instances], sort_keys=True)


def _of(told: Instance) -> dict[str, object]:
    return {
        "instance": told.instance,
        "machine": told.machine,
        "run": told.run,
        "since": told.since,
        "state": told.state,
        "version": told.version,
    }

"""Appeals: a request that some rules keep out, and whether all of them are overridden for it; and what audit says.

Of overrides nothing is asked where the payload or the actor is not taken, or where one rule that does not hold cannot
be overridden.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import cast

from pgs_runtime.core.expressions import Frame
from pgs_runtime.core.linked import ACTOR, PAYLOAD, RUN, Intent, Problem, Storage, Visit
from pgs_runtime.core.requests import Operation, Request
from pgs_snapshot.processes import BLOCKED
from pgs_snapshot.values import Outcome, Value


def appealed(start: Intent, visit: Visit, frame: Frame) -> Generator[Request, Outcome, Visit]:
    """The visit of an intent as it stands when overrides have been asked for."""
    rules = [str(problem.get("name", "")) for problem in visit.refused]
    if start.overrides is None or not rules or not start.overridable.issuperset(rules):
        return visit
    actor, run = cast("dict[str, Value]", frame[ACTOR]), cast("dict[str, Value]", frame[RUN])
    asked: dict[str, Value] = {"actor": actor["id"], "rules": list[Value](rules), "time": run["time"]}
    answer = yield Operation(start.overrides, asked)
    overridden = tuple(cast("list[Problem]", answer.outputs["overridden"]))
    if not overridden:
        return Visit(start, {}, [], visit.outcome, {}, visit.refused, visit.place, overridden=())
    return Visit(start, {}, [], "ACK", {}, (), visit.place, overridden=overridden)


def audited(gate: Storage, visit: Visit, frame: Frame) -> Generator[Request, Outcome, Visit]:
    """The visit of an intent that would admit, as it stands when the rules of its gate were judged."""
    answer = yield Operation(gate, {"actor": frame[ACTOR], "payload": frame[PAYLOAD]})
    found = tuple(cast("list[Problem]", answer.outputs.get("audit", [])))
    start, overridden = visit.node, visit.overridden
    if answer.name != BLOCKED:
        return Visit(start, {}, [], visit.outcome, {}, (), visit.place, overridden=overridden, audit=found)
    refused = tuple({"rule": rule["rule"]} for rule in found)
    return Visit(start, {}, [], "NACK", {}, refused, visit.place, overridden=overridden, audit=found)

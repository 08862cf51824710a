"""What a trace tells of rules and findings that were set aside, in words: nobody reads past these."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pgs_runtime.examine.dealings import day
from pgs_runtime.trace.traced import Overridden, Passed, Trace
from pgs_snapshot.values import Value

Code = Callable[[str], str]
"""Sets a piece of data off from the words around it."""


def set_aside(trace: Trace, code: Code, prose: Code) -> Iterator[str]:
    """A sentence for each rule that did not count, and for each waiver that the snapshot rests on."""
    for passed in trace.nodes:
        for each in passed.overridden:
            rule = f"{code(each.rule)} of {code(passed.target)}"
            yield f"The rule {rule} did not hold and did not count: {_by(each, code, prose)}"
    for waiver in trace.header.waivers:
        what = f"{code(waiver.rule)} at {code(waiver.at)}"
        owner = f"{code(waiver.owner)} answers for it: {prose(waiver.reason)}"
        yield f"The snapshot rests on the waiver of {what} until {waiver.until}; {owner}"


def _by(each: Overridden, code: Code, prose: Code) -> str:
    who = f"{code(str(each.by.get('id')))} as {code(str(each.by.get('type')))}"
    return f"{who} had overridden it until {day(each.until)} ({code(each.override)}): {prose(each.reason)}"


def as_items(passed: Passed, code: Code) -> Iterator[str]:
    """The rules that did not count at an intent."""
    for each in passed.overridden:
        yield f"the rule {code(each.rule)} does not hold, and is overridden by {code(each.override)}"


def glass_words(trace: Trace, code: Code, prose: Code) -> str:
    """What somebody did about a rule, to follow who it was; "" where the run is about none."""
    glass = trace.glass
    if glass is None:
        return ""
    rule = f"the rule {code(glass.rule)} of {code(glass.intent)}"
    if glass.does == "revoke":
        return f"took back the override {code(glass.override)} of {rule}: {prose(glass.reason)}"
    only = f" for {code(glass.only)} alone" if glass.only else ""
    most = f", where the protocol allows {code(glass.within)} at most"
    return f"overrode {rule}{only} until {day(glass.until)}{most}: {prose(glass.reason)}"


def as_values(trace: Trace) -> dict[str, Value]:
    """The same for programs; nothing where nothing was set aside."""
    body: dict[str, Value] = {}
    overridden = [_as_value(passed, each) for passed in trace.nodes for each in passed.overridden]
    if overridden:
        body["overridden"] = list[Value](overridden)
    if trace.header.waivers:
        body["waivers"] = [dict(waiver._asdict()) for waiver in trace.header.waivers]
    glass = trace.glass
    if glass is not None:
        told = {name: value for name, value in glass._asdict().items() if value and name not in ("n", "only")}
        body["override"] = {**told, "for": glass.only} if glass.only else told
    return body


def _as_value(passed: Passed, each: Overridden) -> dict[str, Value]:
    where: dict[str, Value] = {"intent": passed.target, "node": passed.node}
    why: dict[str, Value] = {"by": dict(each.by), "override": each.override, "reason": each.reason}
    return {**where, **why, "rule": each.rule, "until": each.until}

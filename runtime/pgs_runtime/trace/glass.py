"""The parts of a trace that tell of what was waived and of rules that were overridden."""

from __future__ import annotations

from pgs_runtime.trace.lines import Members, NotALine, is_run_id
from pgs_runtime.trace.traced import Glass, Overridden, Waived


def waivers_of(header: Members) -> tuple[Waived, ...]:
    """The waivers of errors that the snapshot rests on."""
    found: list[Waived] = []
    for members in header.each("waivers"):
        found.append(Waived(*(members.take(name, str) for name in ("rule", "at", "owner", "reason", "until"))))
        members.end()
    return tuple(found)


def overridden_of(line: Members) -> tuple[Overridden, ...]:
    """What let a request in at an intent although rules do not hold."""
    found: list[Overridden] = []
    for members in line.each("overridden"):
        override = Overridden(
            members.take("rule", str),
            members.take("override", str),
            members.take("by", dict),
            members.take("reason", str),
            members.moment("until"),
        )
        members.end()
        if not is_run_id(override.override):
            raise NotALine("has an `override` that is no run id")
        found.append(override)
    if found and line.has("refused"):
        raise NotALine("refuses what an override let in")
    return tuple(found)


def glass_of(line: Members, n: int) -> Glass:
    """What somebody did about a rule."""
    does = line.take("does", str)
    if does not in ("grant", "revoke"):
        raise NotALine("has a `does` that the format does not know")
    grants = does == "grant"
    return Glass(
        n=n,
        does=does,
        intent=line.take("intent", str),
        rule=line.take("rule", str),
        reason=line.take("reason", str),
        override="" if grants else line.take("override", str),
        until=line.moment("until") if grants else "",
        within=line.take("within", str) if grants else "",
        only=line.maybe("for", str, "") if grants else "",
    )

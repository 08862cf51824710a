"""Overrides in a trace: what the run that used one tells of it, and what the run that granted it shows.

Both are brought to one form, `[{by, override, reason, rule, until}, intent]` in canonical bytes, and compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgs_runtime.evidence.verify import Level, verify
from pgs_runtime.trace.lines import joined, members_of
from pgs_runtime.trace.record import OVERRIDE
from pgs_snapshot.canonical import canonical

_MAY_TELL = b'"overridden":'
_SAID = ("reason", "rule", "until")


def told_in(lines: Iterable[bytes]) -> tuple[bytes, ...]:
    """The overrides that let the request of a run in, as its lines tell of them, each once, in their order.

    Raises:
        NotALine: a line is none.
    """
    told: dict[bytes, None] = {}
    for line in lines:
        if _MAY_TELL in line:
            members = members_of(line)
            used = members.get("overridden")
            for each in used if isinstance(used, list) else []:
                told[canonical([each, members.get("target")])] = None
    return tuple(told)


def shown_by(lines: Sequence[bytes]) -> bytes | None:
    """The override that a run granted, if these are the lines of one, whole."""
    verdict = verify(joined(lines))
    if verdict.level < Level.COMPLETE:
        return None
    header, grant = members_of(lines[0])["header"], members_of(lines[1])
    if not isinstance(header, dict) or header.get("workflow") != OVERRIDE:
        return None
    actor = header.get("actor")
    if (grant["kind"], grant.get("does")) != ("override", "grant") or not {"intent", *_SAID} <= grant.keys():
        return None
    if not isinstance(actor, dict) or not {"id", "type"} <= actor.keys():
        return None
    by = {"id": actor["id"], "type": actor["type"]}
    said = {name: grant[name] for name in _SAID}
    return canonical([{"by": by, "override": verdict.run, **said}, grant["intent"]])

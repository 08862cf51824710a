"""What a snapshot lives with: the waivers of findings that its project was compiled with, and when each has ended.

Law: a waiver holds up to and on its last day, in UTC; a moment decides, and no clock is asked.
"""

from __future__ import annotations

import re

from pgs_snapshot.frozen import frozen
from pgs_snapshot.values import Value

_TEXTS = ("rule", "at", "owner", "reason", "until")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


@frozen
class Waiver:
    """A finding that a project lives with.

    Attributes:
        rule: the code of the rule that is broken.
        at: a source file by its path, or a declaration by its name.
        owner, reason: who answers for it, and why.
        until: its last day, `YYYY-MM-DD`.
        error: the snapshot rests on it: what it covers is an error, without which nothing would have been sealed.
    """

    rule: str
    at: str
    owner: str
    reason: str
    until: str
    error: bool

    def ended(self, moment: str) -> bool:
        """Whether it has ended at a moment, as RFC 3339 has it in UTC."""
        return moment[:10] > self.until


def waivers_of(listed: Value) -> tuple[Waiver, ...]:
    """The `waivers` of a sealed project, in their order.

    Raises:
        ValueError: they have another form.
    """
    if not isinstance(listed, list):
        raise ValueError("no list")
    return tuple(_waiver(item) for item in listed)


def _waiver(item: Value) -> Waiver:
    if not isinstance(item, dict) or not {*_TEXTS} <= item.keys() <= {*_TEXTS, "error"}:
        raise ValueError("other members")
    rule, at, owner, reason, until = (item[name] for name in _TEXTS)
    if not all(isinstance(item[name], str) for name in _TEXTS) or item.get("error", True) is not True:
        raise ValueError("other values")
    if not _DAY.fullmatch(str(until)):
        raise ValueError("no day")
    return Waiver(str(rule), str(at), str(owner), str(reason), str(until), "error" in item)

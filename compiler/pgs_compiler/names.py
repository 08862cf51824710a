"""Names of artifacts: `domain::PREFIX_NAME_V0`, the kinds they belong to, and references to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType

from pgs_compiler.findings import Place

KINDS = MappingProxyType(
    {
        "workflow": "WF",
        "intent": "IN",
        "actor": "AC",
        "contract": "CC",
        "transform": "CT",
        "side_effect": "CS",
        "store": "ST",
        "binding": "RB",
        "entity": "EN",
        "event": "EV",
        "assertion": "AS",
        "constitution": "CN",
        "context": "CX",
        "process": "PC",
        "audit": "AR",
        "machine": "SM",
        "ingress": "TI",
        "egress": "TE",
    }
)
"""The first key of a document, and the prefix that its name has."""

CORE = "core"
"""The domain of what comes with PGS."""

CODE = re.compile(r"([A-Z]{2})_[A-Z][A-Z0-9_]*_V(0|[1-9][0-9]{0,5})")
DOMAIN = re.compile(r"[a-z][a-z0-9_]{0,63}")
MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Grammar:
    """The form of a word, and how it is spoken of."""

    pattern: re.Pattern[str]
    spoken: str

    def accepts(self, text: str) -> bool:
        return self.pattern.fullmatch(text) is not None

    def repaired(self, text: str) -> str | None:
        """The same word in the right letters, where that is all that it takes."""
        joined = re.sub(r"[\s-]+", "_", text.strip())
        return next((word for word in (joined.lower(), joined.upper()) if self.accepts(word)), None)


NODE = Grammar(re.compile(r"[a-z][a-z0-9_]{0,63}"), "small letters, digits and `_`")
DURATION = Grammar(
    re.compile(r"P(?=[0-9])([0-9]{1,4}Y)?([0-9]{1,4}M)?([0-9]{1,4}W)?([0-9]{1,5}D)?"),
    "a duration of years, months, weeks and days, as `P10Y`",
)
PERIOD = Grammar(
    re.compile(r"P(?=[0-9T])([0-9]{1,2}D)?(T(?=[0-9])([0-9]{1,3}H)?([0-9]{1,5}M)?)?"),
    "a duration of days, hours and minutes, as `PT4H`",
)
ROUTE = Grammar(
    re.compile(r"/|(/([A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}|\{[A-Za-z_][A-Za-z0-9_]{0,63}\})){1,16}"),
    "up to 16 parts, each a word or a name in braces, as `/payments/{payment_id}`",
)
TOOL = Grammar(re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}"), "letters, digits, `_` and `-`")
OUTCOME = Grammar(re.compile(r"[A-Z][A-Z0-9_]{0,63}"), "capitals, digits and `_`")


@dataclass(frozen=True, slots=True)
class Name:
    """A reference to an artifact as the author wrote it; after `resolve`, `text` is the full name.

    `kind` is the kind of artifact that the position asks for.
    """

    text: str
    kind: str
    place: Place

    @property
    def domain(self) -> str:
        domain, separator, _ = self.text.partition("::")
        return domain if separator else ""

    @property
    def code(self) -> str:
        return self.text.rpartition("::")[2]


def kind_of(code: str) -> str | None:
    """The kind that a code's prefix stands for: `WF_PAY_V0` is a workflow."""
    prefix = code[:2]
    return next((kind for kind, own in KINDS.items() if own == prefix), None)

"""Diagnostics as data: what was found, where, and what to type. Text is made by `render`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pgs_compiler.rules import RULES, Rule

T = TypeVar("T")
Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A span of a source file: lines and columns from 1, columns in code points, the end exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that explains a finding, with what is to be seen there."""

    place: Place
    label: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """What a project has decided to live with, and for how long.

    Attributes:
        rule: the code of the rule.
        at: a source file by its path, or a declaration by its name, in full or without the domain.
        owner, reason: who answers for it, and why.
        until: the last day on which it holds, `YYYY-MM-DD`.
        place: where it is written.
    """

    rule: str
    at: str
    owner: str
    reason: str
    until: str
    place: Place


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        code: the rule's code, a key of `RULES`.
        message: one sentence in the author's words, names in backticks, with a full stop.
        place: where; None for what concerns no file.
        label: a few words under the caret, or "".
        related: other places that explain it.
        hint: what to type; only when it was computed.
        about: the full name of the declaration that it concerns, where its place does not say.
        waiver: the waiver that covers it.
        raised: a warning that counts as an error.
    """

    code: str
    message: str
    place: Place | None
    label: str = ""
    related: tuple[Related, ...] = ()
    hint: str = ""
    about: str = ""
    waiver: Waiver | None = None
    raised: bool = False

    @property
    def rule(self) -> Rule:
        return RULES[self.code]

    @property
    def severity(self) -> Severity:
        return "error" if self.raised else self.rule.severity

    @property
    def stops(self) -> bool:
        """Whether later phases cannot work on what has it: an error that no waiver can cover."""
        return self.rule.severity == "error" and not self.rule.waivable

    @property
    def blocks(self) -> bool:
        """Whether there is no snapshot because of it: an error that no waiver covers."""
        return self.severity == "error" and self.waiver is None


@dataclass(frozen=True, slots=True)
class Result(Generic[T]):
    """A phase's answer: a value unless errors forbid one, and the findings."""

    value: T | None
    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == "error")


def named(names: Iterable[str], most: int = 6) -> str:
    """The first few of several names, as a message lists them."""
    marked = [f"`{name}`" for name in names]
    return ", ".join([*marked[:most], "…"] if len(marked) > most else marked)


def ordered(findings: tuple[Finding, ...] | list[Finding]) -> tuple[Finding, ...]:
    """Findings by place, then code, then message, each once: the same on every machine."""
    nowhere = Place("", 0, 0, 0, 0)
    return tuple(sorted(dict.fromkeys(findings), key=lambda f: (f.place or nowhere, f.code, f.message, f.hint)))

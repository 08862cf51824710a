"""What is known of a body once it was read: what it touches, what it raises, and what it does besides."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Literal

from pgs_compiler.bodies.values import Path

Kind = Literal["reach", "read", "call", "write", "spread"]
"""`reach` goes through a part to another; `read` takes it whole; `call` calls a method of it that is not known;
`write` changes it; `spread` hands it to what cannot be followed."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A node of a source, and where the body itself calls what it stands in, if it is elsewhere."""

    module: str
    node: ast.AST
    call: tuple[str, ast.AST] | None = None
    called: str = ""


@dataclass(frozen=True, slots=True)
class Touch:
    """A part of the state that a body touches; `signals` are those that what is written depends on."""

    path: Path
    kind: Kind
    spot: Spot
    signals: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Breach:
    """What a body does that no contract grants, or grants only as a side effect.

    Attributes:
        code: the rule's code.
        does: completes "`transfer` …": a sentence without its subject and full stop.
        outside: whether it is what a contract may declare as a side effect.
    """

    code: str
    spot: Spot
    does: str
    label: str = ""
    hint: str = ""
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Raised:
    """An error that a body raises by its name; `kinds` are what it surely is, `certain` whether that is all of it."""

    name: str
    kinds: frozenset[str]
    certain: bool
    spot: Spot


@dataclass(frozen=True, slots=True)
class Body:
    """A body as it was read.

    Attributes:
        raises: errors that it raises by name, and that nothing in it catches.
        may_raise: errors that operations in it may raise without naming them; `ANY` where that cannot be followed.
        spreads: whether the context or a whole layer comes to what cannot be followed.
    """

    module: str
    function: ast.AST
    touches: tuple[Touch, ...]
    breaches: tuple[Breach, ...]
    raises: tuple[Raised, ...]
    may_raise: frozenset[str]
    spreads: bool

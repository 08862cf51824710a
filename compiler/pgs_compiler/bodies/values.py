"""What an expression of a body may stand for, as far as the guard would look at it: parts of the state, and what
leads to them."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from pgs_process.paths import render

Path: TypeAlias = tuple[str, ...]
"""The layer, then names and keys; `ANY` stands for a key that is not written out. () is the context itself."""

Held: TypeAlias = tuple[Path, int]

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

ANY = "*"
_DEEPEST = 6
_DEEPEST_HELD = 4
_MOST_PARTS = 32
_MOST_TEXTS = 16


@dataclass(slots=True, eq=False)
class Frame:
    """One activation of a function: what its names mean now, and what it has returned so far.

    Attributes:
        control: signals on which it depends whether the statement at hand runs.
        jumps: what names meant wherever the loop at hand was left or begun again.
        caught: the names of the exceptions that the handler at hand has caught.
    """

    module: str
    node: ast.AST
    outer: Frame | None
    env: dict[str, Value]
    control: frozenset[str] = frozenset()
    returned: Value | None = None
    jumps: list[dict[str, Value]] = field(default_factory=list)
    caught: tuple[str, ...] = ()
    caught_as: str = ""
    elsewhere: set[str] = field(default_factory=set)
    is_generator: bool = False


@dataclass(frozen=True, slots=True)
class Closure:
    """A function of the sources, with the activation in which it was made."""

    module: str
    node: Function
    frame: Frame | None


@dataclass(frozen=True, slots=True)
class Value:
    """What a value may be.

    Attributes:
        parts: parts of the state that it may be itself.
        holds: parts of the state that stand in it, each with how many steps lead there: 1 is a member.
        signals: signals and meta fields that it was computed from, as paths.
        codes: functions that it may be, or hold.
        methods: methods of parts of the state that it may be.
        kept: as what it outlives the run, `` `CACHE` ``; "" where it does not.
        given: whether it is the caller's.
        lazy: whether it reads the state only when it is used.
        texts: the texts that it may be; None where they are not written out.
    """

    parts: frozenset[Path] = frozenset()
    holds: frozenset[Held] = frozenset()
    signals: frozenset[str] = frozenset()
    codes: frozenset[Closure] = frozenset()
    methods: frozenset[tuple[Path, str]] = frozenset()
    kept: str = ""
    given: bool = False
    lazy: bool = False
    texts: frozenset[str] | None = None

    @property
    def held(self) -> frozenset[Path]:
        """Parts of the state that stand in it, however deep."""
        return frozenset(path for path, _ in self.holds)

    @property
    def leads(self) -> bool:
        """Whether one comes from it to the state."""
        return bool(self.parts or self.holds or self.methods)

    def join(self, other: Value) -> Value:
        """What may be either."""
        if self == other:
            return self
        texts = None if self.texts is None or other.texts is None else self.texts | other.texts
        return Value(
            _few(self.parts | other.parts),
            _few_held(self.holds | other.holds),
            self.signals | other.signals,
            self.codes | other.codes,
            self.methods | other.methods,
            self.kept or other.kept,
            self.given or other.given,
            self.lazy or other.lazy,
            texts if texts is None or len(texts) <= _MOST_TEXTS else None,
        )

    def member(self, keys: frozenset[str] | None = None) -> Value:
        """What stands in it, under one of the keys if they are written out."""
        parts = {below(path, key) for path in self.parts for key in (keys or (ANY,))}
        return Value(
            frozenset(parts) | {path for path, depth in self.holds if depth == 1},
            frozenset((path, depth - 1) for path, depth in self.holds if depth > 1),
            self.signals,
            self.codes,
            self.methods,
            self.kept,
            self.given,
            texts=self.texts if keys is None else None,
        )

    def within(self) -> Value:
        """A new container that has it as a member."""
        deeper = {(path, min(depth + 1, _DEEPEST_HELD)) for path, depth in self.holds}
        holds = frozenset((path, 1) for path in self.parts) | deeper
        return Value(holds=holds, signals=self.signals, codes=self.codes, methods=self.methods, texts=self.texts)

    def depending(self, signals: frozenset[str]) -> Value:
        """The same, where signals have decided that it is this one."""
        return replace(self, signals=self.signals | signals)

    def anew(self) -> Value:
        """Another value that was computed from it and shares nothing with it."""
        return Value(signals=self.signals)

    def copied(self) -> Value:
        """A new container with the same members."""
        inner = frozenset((below(path, ANY), 1) for path in self.parts)
        return Value(holds=inner | self.holds, signals=self.signals, codes=self.codes, texts=self.texts)


FRESH = Value()


def below(path: Path, name: str) -> Path:
    """The path of a part; what lies very deep is not told apart."""
    return (*path, name) if len(path) < _DEEPEST else path


def _few(paths: frozenset[Path]) -> frozenset[Path]:
    """The paths, or what they lie in where there are too many to tell them apart."""
    depth = _DEEPEST
    while len(paths) > _MOST_PARTS and depth > 1:
        depth -= 1
        paths = frozenset(path[:depth] for path in paths)
    return paths


def _few_held(held: frozenset[Held]) -> frozenset[Held]:
    if len(held) <= _MOST_PARTS:
        return held
    few = {depth: _few(frozenset(path for path, at in held if at == depth)) for depth in range(1, _DEEPEST_HELD + 1)}
    return frozenset((path, depth) for depth, paths in few.items() for path in paths)


def joined(*values: Value) -> Value:
    """What may be any of them; nothing if there are none."""
    if not values:
        return FRESH
    result = values[0]
    for value in values[1:]:
        result = result.join(value)
    return result


def merged(*environments: dict[str, Value]) -> dict[str, Value]:
    """What names mean where several ways meet."""
    names = {name: None for env in environments for name in env}
    return {name: joined(*(env[name] for env in environments if name in env)) for name in names}


def shown(path: Path) -> str:
    """A path as contracts write it; without what is not written out at its end."""
    if not path:
        return "the context"
    end = path.index(ANY) if ANY in path else len(path)
    return render(path[:end]) + ("[…]" if end < len(path) else "")


def meets(declared: Path, path: Path) -> bool:
    """Whether one of two paths leads to the other, keys that are not written out being any key."""
    return all(one == other or ANY in (one, other) for one, other in zip(declared, path, strict=False))

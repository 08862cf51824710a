"""A body against its contract: what it touches, does and raises beyond it, and what of it the body does not use."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as with_default

from pgs_compiler.bodies.code import Code
from pgs_compiler.bodies.touches import Body, Raised, Spot, Touch
from pgs_compiler.bodies.values import ANY, Path, meets, shown
from pgs_compiler.findings import Finding, Place, Related, ordered
from pgs_process.contract import Contract
from pgs_process.grants import NONE, Grant, granted
from pgs_process.paths import parse
from pgs_process.zones import Zone, resolve_zone

_PRECEDENCE = ("P757", "P758", "P752", "P751", "P756", "P755", "P761")
"""Which finding is told where several stand at one place."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A contract, by whatever door it came.

    Attributes:
        name: what the process is called.
        where: the place of a word of the contract by its role and itself, or of a role by itself and "".
        keys: what the parts of the contract are called where it is declared in YAML; none where it is Python.
    """

    name: str
    contract: Contract
    where: Callable[[str, str], Place]
    keys: Mapping[str, str] = with_default(default_factory=dict)

    def add(self, word: str, role: str) -> str:
        """A hint to declare a word."""
        return f"Add `{word}` to `{self.keys[role]}`." if role in self.keys else f'Add `"{word}"` to `{role}`.'


def judge(code: Code, body: Body, promise: Promise) -> tuple[Finding, ...]:
    """What is wrong with a body under its contract, which is known to be well-formed."""
    found = [
        *_breaches(code, body, promise),
        *_touches(code, body, promise),
        *_signals(code, body, promise),
        *_errors(code, body, promise),
    ]
    return ordered([*_one_each(found), *_idle(body, promise)])


def _one_each(findings: list[Finding]) -> Iterator[Finding]:
    """The weightiest finding at each place: one mistake is told once."""
    by_place: dict[object, Finding] = {}
    for finding in findings:
        where = (finding.place.path, finding.place.line, finding.place.column) if finding.place else None
        best = by_place.get(where)
        if best is None or _weight(finding) < _weight(best):
            by_place[where] = finding
    yield from by_place.values()


def _weight(finding: Finding) -> int:
    return _PRECEDENCE.index(finding.code) if finding.code in _PRECEDENCE else -1


def _finding(code: Code, rule: str, spot: Spot, message: str, label: str = "", hint: str = "") -> Finding:
    related: tuple[Related, ...] = ()
    if spot.call is not None:
        related = (Related(code.place(*spot.call), f"`{spot.called}` is called here"),)
    return Finding(rule, message, code.place(spot.module, spot.node), label, related, hint)


# --- what it does --------------------------------------------------------------------------------


def _breaches(code: Code, body: Body, promise: Promise) -> Iterator[Finding]:
    for breach in body.breaches:
        if not (breach.outside and promise.contract.side_effects):
            message = f"`{promise.name}` {breach.does}."
            yield _finding(code, breach.code, breach.spot, message, breach.label, breach.hint)


# --- what it touches -----------------------------------------------------------------------------


def _touches(code: Code, body: Body, promise: Promise) -> Iterator[Finding]:
    contract = promise.contract
    grants = granted((*contract.inputs, *contract.signals), contract.outputs)
    told: set[Path] = set()
    for touch in _by_weight(body.touches):
        grant = _grant(grants.get(touch.path[0], NONE), touch.path)
        field = _field(grants.get(touch.path[0], NONE), touch.path)
        if touch.kind == "write" and not _may_write(grants.get(touch.path[0], NONE), touch.path):
            if field not in told:
                told.add(field)
                yield _undeclared(code, touch, field, promise, "P752")
        elif touch.kind in ("reach", "read") and not grant.opens:
            if len(touch.path) > 1 and field not in told:
                told.add(field)
                yield _undeclared(code, touch, field, promise, "P751")
        elif touch.kind == "read" and not grant.reads and touch.path[-1] != ANY and field not in told:
            told.add(field)
            yield _undeclared(code, touch, field, promise, "P751")
        elif touch.kind == "call" and not grant.writes:
            why = f"`{promise.name}` may change `{shown(touch.path)}` here, which cannot be followed."
            yield _finding(code, "P761", touch.spot, why, "not followed")


def _by_weight(touches: tuple[Touch, ...]) -> list[Touch]:
    """Writes first: what is written and not declared is not told again because it is read, too."""
    return sorted(touches, key=lambda touch: touch.kind != "write")


def _undeclared(code: Code, touch: Touch, field: Path, promise: Promise, rule: str) -> Finding:
    name, text = promise.name, shown(field)
    zone = resolve_zone(field[1]) if len(field) > 1 else Zone.DATA
    if rule == "P752":
        return _finding(code, rule, touch.spot, f"`{name}` writes `{text}`, which is not among its outputs.",
                        "written here", promise.add(text, "outputs"))  # fmt: skip
    if zone is Zone.META:
        return _finding(code, rule, touch.spot, f"`{name}` reads `{text}`, and meta is never read.", "read here")
    role = "signals" if zone is Zone.SIGNAL else "inputs"
    return _finding(code, rule, touch.spot, f"`{name}` reads `{text}`, which its contract does not declare.",
                    "read here", promise.add(text, role))  # fmt: skip


def _grant(layer: Grant, path: Path) -> Grant:
    """What is granted of a part; of a key that is not written out, whatever may be granted of any."""
    grant = layer
    for depth, name in enumerate(path[1:], 1):
        if name == ANY and grant.below and not grant.reads:
            return Grant(False, any(one.writes for one in grant.below.values()), grant.below)
        grant = grant.field(name) if depth == 1 else grant.part(name)
    return grant


def _may_write(layer: Grant, path: Path) -> bool:
    if len(path) > 1 and path[-1] == ANY:
        container = _grant(layer, path[:-1])
        return container.writes or any(one.writes for one in container.below.values())
    return _grant(layer, path).writes


def _field(layer: Grant, path: Path) -> Path:
    """The part that a contract would have to name: the first one that it does not open, without keys behind it."""
    grant = layer
    for depth, name in enumerate(path[1:], 1):
        grant = grant.field(name) if depth == 1 else grant.part(name)
        if depth == 1 and not grant.below:
            return path[:2]
        if not grant.opens or name == ANY:
            return path[: depth + 1] if name != ANY else path[:depth]
    return path


# --- signals -------------------------------------------------------------------------------------


def _signals(code: Code, body: Body, promise: Promise) -> Iterator[Finding]:
    listed = {parse(text) for text in promise.contract.signals}
    told: set[tuple[Path, str]] = set()
    for touch in body.touches:
        if touch.kind not in ("write", "call") or len(touch.path) < 2:
            continue
        if resolve_zone(touch.path[1]) not in (Zone.DATA, Zone.HEAVY):
            continue
        for signal in sorted(touch.signals):
            key = (touch.path[:2], signal)
            if parse(signal) in listed or key in told:
                continue
            told.add(key)
            meta = resolve_zone(signal) is Zone.META
            why = "and meta is for people" if meta else "which its contract does not list under signals"
            message = f"`{promise.name}` computes `{shown(touch.path[:2])}` from `{signal}`, {why}."
            hint = "" if meta else promise.add(signal, "signals")
            yield _finding(code, "P755", touch.spot, message, "depends on it", hint)


# --- errors --------------------------------------------------------------------------------------


def _errors(code: Code, body: Body, promise: Promise) -> Iterator[Finding]:
    declared = set(promise.contract.errors)
    told: set[str] = set()
    for raised in body.raises:
        if declared & raised.kinds or raised.name in told:
            continue
        told.add(raised.name)
        yield _undeclared_error(code, raised, promise, bool(declared))


def _undeclared_error(code: Code, raised: Raised, promise: Promise, some: bool) -> Finding:
    if not raised.certain and some:
        why = f"`{promise.name}` raises `{raised.name}`, and what that is a kind of cannot be followed."
        return _finding(code, "P761", raised.spot, why, "not followed")
    why = f"`{promise.name}` raises `{raised.name}`, which its contract does not declare."
    return _finding(code, "P759", raised.spot, why, "raised here", promise.add(raised.name, "errors"))


# --- what is declared for nothing ----------------------------------------------------------------


def _idle(body: Body, promise: Promise) -> Iterator[Finding]:
    contract = promise.contract
    if not body.spreads:
        for role in ("inputs", "signals"):
            for text in dict.fromkeys(getattr(contract, role)):
                if text not in contract.outputs and not _is_read(body, parse(text) or ()):
                    message = f"`{promise.name}` declares `{text}`, and reads it nowhere."
                    yield Finding("P753", message, promise.where(role, text), "never read")
        for text in dict.fromkeys(contract.outputs):
            if not _is_written(body, parse(text) or ()):
                message = f"`{promise.name}` declares the output `{text}`, and writes it nowhere."
                yield Finding("P754", message, promise.where("outputs", text), "never written")
    if ANY not in body.may_raise:
        yield from _idle_errors(body, promise)


def _is_read(body: Body, declared: Path) -> bool:
    return any(
        meets(declared, touch.path) and (touch.kind != "reach" or len(touch.path) >= len(declared))
        for touch in body.touches
    )


def _is_written(body: Body, declared: Path) -> bool:
    return any(touch.kind in ("write", "call", "spread") and meets(declared, touch.path) for touch in body.touches)


def _idle_errors(body: Body, promise: Promise) -> Iterator[Finding]:
    raised = {kind for one in body.raises for kind in one.kinds}
    implied = {base.__name__ for name in body.may_raise for base in getattr(builtins, name, type(None)).__mro__}
    for name in dict.fromkeys(promise.contract.errors):
        if name not in raised and name not in body.may_raise and name not in implied:
            message = f"`{promise.name}` declares `{name}`, and raises it nowhere."
            yield Finding("P760", message, promise.where("errors", name), "never raised")

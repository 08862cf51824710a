"""Redaction: what carries a label stands in a trace as a commitment, never in clear.

A commitment is HMAC-SHA-256 (RFC 2104) over the canonical bytes under the secret of the run: the same value gives
the same commitment throughout a run, and cannot be guessed from it without the secret, which is gone when the keys of
the run's subjects are (`sealing`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import TypeAlias

from pgs_runtime.faults import BREAKS, unhidden
from pgs_snapshot.canonical import canonical
from pgs_snapshot.frozen import frozen
from pgs_snapshot.model import Schema
from pgs_snapshot.values import Value

Redact: TypeAlias = Callable[[Value, bytes], Value]
"""Gives a redacted copy of a value, under the secret of the run that it is told in."""
REDACTED = "$redacted"


@frozen
class Veil:
    """What of a value may not be shown: the whole, or parts. `others`: items, and members without a name here."""

    whole: bool = False
    members: Mapping[str, Veil] = field(default_factory=dict)
    others: Veil | None = None

    def at(self, *names: str) -> Veil:
        """What is veiled of a part."""
        here = self
        for name in names:
            if here.whole:
                break
            here = here.members.get(name, OPEN)
        return here

    def public(self, pointer: str) -> str:
        """As much of a JSON Pointer (RFC 6901) into the value as leads to nothing that is veiled whole."""
        shown, here = "", self
        for token in pointer.split("/")[1:]:
            if here.whole:
                break
            shown += f"/{token}"
            here = here.members.get(token.replace("~1", "/").replace("~0", "~")) or here.others or OPEN
        return shown


OPEN = Veil()


def veil(pointers: Iterable[str]) -> Veil:
    """What JSON Pointers lead to, veiled; a token `*!a!b` stands for every item, and every member but `a` and `b`."""
    named: dict[str, list[str]] = {}
    others: list[tuple[list[str], str]] = []  # what lies below `*`, and the members that it does not stand for
    for pointer in pointers:
        if not pointer:
            return Veil(whole=True)
        token, slash, rest = pointer[1:].partition("/")
        if token.startswith("*"):
            others.append((token.split("!")[1:], slash + rest))
        else:
            named.setdefault(token, []).append(slash + rest)
    for but, _ in others:
        for name in but:
            named.setdefault(name, [])
    return Veil(
        members={
            name: veil([*below, *(rest for but, rest in others if name not in but)]) for name, below in named.items()
        },
        others=veil(rest for _, rest in others) if others else None,
    )


def commit(value: Value, secret: bytes) -> dict[str, Value]:
    """The commitment to a value, under the secret of a run.

    Raises:
        Fault: R134, there is none; what would tell the value is not written then.
    """
    try:
        return {REDACTED: hmac.digest(secret, canonical(value), hashlib.sha256).hex()}
    except BREAKS as broken:
        raise unhidden(broken) from None


def redact_under(veil: Veil) -> Redact | None:
    """A function that redacts what is veiled, or None when nothing is.

    A value of another shape than the veil's becomes a commitment whole.
    """
    if veil.whole:
        return commit
    members = {name: redact_under(part) for name, part in veil.members.items()}
    others = redact_under(veil.others) if veil.others else None
    if others is None and not any(members.values()):
        return None

    def redact(value: Value, secret: bytes) -> Value:
        if isinstance(value, dict):
            return {
                name: inner(item, secret) if (inner := members.get(name, others)) else item
                for name, item in value.items()
            }
        if isinstance(value, list) and others is not None:
            return [others(item, secret) for item in value]
        return value if value is None else commit(value, secret)

    return redact


def redact_of(schema: Schema) -> Redact | None:
    """A function that redacts the values of a schema, or None when nothing in it carries a label.

    A value that is not of the schema is never shown where a labelled one could have been: what has
    another shape, or stands beside labelled members and is not declared, becomes a commitment as well.
    """
    if schema.get("labels"):
        return commit
    members, items = _members(schema), _inner(schema.get("items"))
    if members is None and items is None:
        return None

    def redact(value: Value, secret: bytes) -> Value:
        if isinstance(value, dict) and members is not None:
            return members(value, secret)
        if isinstance(value, list) and items is not None:
            return [items(item, secret) for item in value]
        return value if value is None else commit(value, secret)

    return redact


def _members(schema: Schema) -> Callable[[dict[str, Value], bytes], Value] | None:
    properties = schema.get("properties")
    declared: Mapping[str, Value] = properties if isinstance(properties, dict) else {}
    additional = schema.get("additionalProperties")
    own = {name: _inner(member) for name, member in declared.items()}
    others = _inner(additional)
    if others is None and not any(own.values()):
        return None
    if not isinstance(additional, dict):
        others = commit

    def inside(value: dict[str, Value], secret: bytes) -> Value:
        return {
            name: redact(item, secret) if (redact := own.get(name, others)) else item for name, item in value.items()
        }

    return inside


def _inner(schema: Value) -> Redact | None:
    return redact_of(schema) if isinstance(schema, dict) else None


def public(schema: Schema, pointer: str) -> str:
    """As much of a JSON Pointer (RFC 6901) into a value of a schema as names nothing that carries a label."""
    shown = ""
    for token in pointer.split("/")[1:]:
        if schema.get("labels"):
            break
        shown += f"/{token}"
        below = _below(schema, token)
        if below is None:
            break
        schema = below
    return shown


def _below(schema: Schema, token: str) -> Schema | None:
    properties = schema.get("properties")
    name = token.replace("~1", "/").replace("~0", "~")
    inner = properties.get(name) if isinstance(properties, dict) else None
    for stated in (inner, schema.get("additionalProperties"), schema.get("items")):
        if isinstance(stated, dict):
            return stated
    return None

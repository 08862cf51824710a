"""Values that come from outside, looked at: with the defaults of their schema, and what of them does not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from pgs_runtime.core.linked import Problem, Taken
from pgs_runtime.redaction import OPEN, Veil, public
from pgs_snapshot.defaults import filler
from pgs_snapshot.model import Schema
from pgs_snapshot.problems import problems
from pgs_snapshot.validation import validator
from pgs_snapshot.values import Value


def taken(schema: Schema, veiled: Veil = OPEN) -> Taken:
    """A value with the defaults of a schema, and what of it does not fit."""
    fill, check = filler(schema), checker(schema, veiled)

    def take(value: Value) -> tuple[Value, list[Problem]]:
        filled = fill(value) if fill else value
        return filled, check(filled)

    return take


def checker(schema: Schema, veiled: Veil = OPEN) -> Callable[[Value], list[Problem]]:
    """What of a value does not fit a schema; a place in what carries a label or is veiled is told up to there."""
    check = validator(schema)

    def checked(value: Value) -> list[Problem]:
        found = problems(check, value)
        return [{**problem, "at": veiled.public(public(schema, str(problem["at"])))} for problem in found]

    return checked


def admission(attributes: Mapping[str, Schema]) -> Taken:
    """The actor with the defaults of its type, and why it is not admitted, if it is not."""
    known = {name: (filler(schema), checker(schema)) for name, schema in attributes.items()}
    admitted = ", ".join(f"`{name}`" for name in attributes) or "nobody"

    def admit(actor: Value) -> tuple[Value, list[Problem]]:
        if not isinstance(actor, dict) or actor["type"] not in known:
            return actor, [{"at": "actor", "why": f"is not one of {admitted}"}]
        fill, check = known[str(actor["type"])]
        own: Value = {name: value for name, value in actor.items() if name not in ("id", "type")}
        own = fill(own) if fill else own
        whole = {**cast("dict[str, Value]", own), "id": actor["id"], "type": actor["type"]}
        return whole, [{**problem, "at": f"actor{problem['at']}"} for problem in check(own)]

    return admit

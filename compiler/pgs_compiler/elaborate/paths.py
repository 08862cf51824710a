"""What paths into contexts, and the fields of rules, lead to: the schema there, or why they lead nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pgs_compiler.declarations import Context
from pgs_compiler.processes import LAYERS
from pgs_compiler.program import Program
from pgs_compiler.schemas.anatomy import additional_of, is_any, items_of, properties_of, types_of, without
from pgs_process.audit.looking import FUNCTIONS
from pgs_process.paths import LAYERS as SPELLINGS
from pgs_snapshot.model import Schema
from pgs_snapshot.suggest import nearest

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CALL = re.compile(r"([a-z]+)\((.+)\)")
NUMBER: Schema = {"type": "number"}
_SIZED = {"string", "array", "object"}


@dataclass(frozen=True, slots=True)
class Astray:
    """A path that leads nowhere: why, a clause without a full stop, and how it was probably meant, or ""."""

    why: str
    meant: str = ""


def known_fields(program: Program, context: Context) -> dict[str, Schema]:
    """The fields of a context by path, with entities written out."""
    return {
        f"{layer}.{item.name}": without(program.schema(item.schema), "default")
        for layer, fields in zip(LAYERS, (context.configuration, context.domain), strict=True)
        for item in fields.fields
    }


def granted(fields: Mapping[str, Schema], text: str) -> Schema | Astray:
    """What a contract names of a context: a field, or a part that its schema declares."""
    names = text.split(".")
    if not all(_NAME.fullmatch(name) for name in names):
        return Astray("a path is a layer and names with dots between them, as `domain.accounts`")
    layer = names[0]
    if layer not in LAYERS:
        known = SPELLINGS.get(layer, "")
        near = known if known in LAYERS else nearest(layer, LAYERS)
        meant = ".".join([near, *names[1:]]) if near else ""
        if layer in {path.partition(".")[2] for path in fields}:
            meant = next(path for path in fields if path.partition(".")[2] == layer)
        return Astray("its layer is neither `domain` nor `global`", meant if meant.count(".") else "")
    if len(names) == 1:
        return Astray(f"`{layer}` is a whole layer, and its fields are named one by one")
    field = ".".join(names[:2])
    if field not in fields:
        near = nearest(field, fields)
        return Astray(f"the context has no field `{field}`", ".".join([near, *names[2:]]) if near else "")
    here = fields[field]
    for index, name in enumerate(names[2:], 2):
        members = properties_of(here)
        if name not in members:
            near = nearest(name, members)
            meant = ".".join([*names[:index], near, *names[index + 1 :]]) if near else ""
            return Astray(f"`{'.'.join(names[:index])}` declares no part `{name}`", meant)
        here = members[name]
    return here


def looked_at(roots: Mapping[str, Schema], text: str) -> Schema | Astray:
    """What a rule looks at: a path from one of `roots`, and perhaps a function of what is there.

    Args:
        roots: schemas by what a path can begin with: `domain.accounts`, `args.amount`, `payload`.
    """
    call = _CALL.fullmatch(text)
    if call is not None and call[1] in FUNCTIONS:
        inner = looked_at(roots, call[2])
        if isinstance(inner, Astray):
            return replace(inner, meant=f"{call[1]}({inner.meant})" if inner.meant else "")
        return _applied(call[1], inner, call[2])
    if call is not None:
        meant = nearest(call[1], FUNCTIONS)
        known = ", ".join(f"`{name}`" for name in sorted(FUNCTIONS))
        return Astray(f"there is no `{call[1]}`, only {known}", f"{meant}({call[2]})" if meant else "")
    names = text.removesuffix("()").split(".")
    depth = next((count for count in (2, 1) if ".".join(names[:count]) in roots), 0)
    if not depth:
        near = nearest(".".join(names[:2]), roots)
        known = ", ".join(f"`{root}`" for root in list(roots)[:6]) or "nothing"
        return Astray(f"a rule looks at {known} here", ".".join([near, *names[2:]]) if near else "")
    here = roots[".".join(names[:depth])]
    for index, name in enumerate(names[depth:], depth):
        before = ".".join(names[:index])
        there = _part(here, name)
        if there is None and index == len(names) - 1 and name in FUNCTIONS:
            return _applied(name, here, before)
        if there is None:
            near = nearest(name, [*properties_of(here), *FUNCTIONS])
            return Astray(f"`{before}` has no part `{name}`", f"{before}.{near}" if near else "")
        here = there
    return here


def _part(here: Schema, name: str) -> Schema | None:
    if name in properties_of(here):
        return properties_of(here)[name]
    if is_any(here):
        return here
    types = types_of(here)
    if name.isdecimal() and "array" in types:
        return items_of(here)
    additional = additional_of(here) if "object" in types else None
    return additional if additional is not None and name not in FUNCTIONS else None


def _applied(function: str, here: Schema, path: str) -> Schema | Astray:
    """The schema of a function of what is there."""
    types = set(types_of(here))
    if function == "len":
        return {"type": "integer"} if types & _SIZED else Astray(f"`{path}` has no length")
    if not types & {"array", "object"}:
        return Astray(f"`{path}` is neither a list nor an object, so that it has no `{function}`")
    return NUMBER if _of_numbers(here) else Astray(f"`{path}` does not hold numbers, so that it has no `{function}`")


def _of_numbers(here: Schema) -> bool:
    """Whether the items of a list, or the members of an object, can be numbers."""
    inner: Iterable[Schema] = properties_of(here).values()
    additional = additional_of(here) if "object" in types_of(here) else None
    items = [items_of(here)] if "array" in types_of(here) else []
    parts = [*inner, *items, *([additional] if additional is not None else [])]
    return all({"number", "integer"} & set(types_of(part)) or is_any(part) for part in parts)

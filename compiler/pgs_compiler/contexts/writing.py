"""A context's schema as YAML, which `load_schema` reads, and as dataclasses."""

from __future__ import annotations

import keyword
from collections.abc import Mapping

from pgs_compiler.contexts.annotations import ANNOTATION_OF, SAME
from pgs_compiler.contexts.reading import NoContext
from pgs_process.schema import ContextSchema, FieldSpec
from pgs_process.zones import Zone, resolve_zone

_ABOUT = {
    Zone.DATA: "data: stored, guarded, read as inputs",
    Zone.SIGNAL: "signals: delivered once, read only where a contract lists them",
    Zone.META: "meta: for people, never read by a process",
    Zone.HEAVY: "heavy: by reference, outside of the transaction",
}


def as_yaml(schema: ContextSchema) -> str:
    """The schema as `load_schema` takes it, the zones of each layer apart."""
    lines = ["context:"]
    for layer, fields in (("global", schema.global_fields), ("domain", schema.domain_fields)):
        lines.append(f"  {layer}:" if fields else f"  {layer}: {{}}")
        for zone in Zone:
            named = [spec for name, spec in fields.items() if resolve_zone(name) is zone]
            if named:
                lines.append(f"    # {_ABOUT[zone]}")
                lines += [f"    {_key(spec.name)}: {{{', '.join(_parts(spec))}}}" for spec in named]
    return "\n".join(lines) + "\n"


def _parts(spec: FieldSpec) -> list[str]:
    parts = ['type: "null"' if spec.type == "null" else f"type: {spec.type}"]
    if not spec.required:
        parts.append("required: false")
    if spec.default is not None:
        parts.append(f"default: {flow(spec.default)}")
    return parts


def flow(value: object) -> str:
    """A value in YAML's flow style, such that it is read as it was."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value)
        case dict():
            return "{" + ", ".join(f"{quoted(str(key))}: {flow(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(flow(item) for item in value) + "]"
    return repr(value)


def quoted(text: str) -> str:
    """A text in double quotes; what cannot be seen is written by its number."""
    escapes = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(escapes.get(c, c if c.isprintable() else f"\\U{ord(c):08x}") for c in text) + '"'


def _key(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else quoted(name)


def as_python(schema: ContextSchema) -> str:
    """The schema as a module of dataclasses.

    Raises:
        NoContext: a field has a name that Python does not take.
    """
    layers = [
        ("Global", "BaseGlobalContext", schema.global_fields),
        ("Domain", "BaseDomainContext", schema.domain_fields),
    ]
    text = (
        '"""The context: what processes read and write."""\n\nfrom __future__ import annotations\n\n'
        "from dataclasses import dataclass, field\n\n"
        "from pgs_process import BaseDomainContext, BaseGlobalContext, BaseSystemContext\n"
    )
    for name, base, fields in layers:
        body = [_field(spec) for spec in fields.values()] or ["pass"]
        text += f"\n\n@dataclass(kw_only=True)\nclass {name}({base}):\n" + "".join(f"    {line}\n" for line in body)
    whole = [
        f"{attribute}: {name}" + (f" = field(default_factory={name})" if _is_filled(fields) else "")
        for attribute, (name, _, fields) in zip(("global_ctx", "domain"), layers, strict=True)
    ]
    return (
        text
        + "\n\n@dataclass(kw_only=True)\nclass System(BaseSystemContext):\n"
        + "".join(f"    {line}\n" for line in whole)
    )


def _is_filled(fields: Mapping[str, FieldSpec]) -> bool:
    return all(spec.default is not None or not spec.required or spec.type == "null" for spec in fields.values())


def _field(spec: FieldSpec) -> str:
    taken = spec.name == "field" or spec.name.startswith("_") or keyword.iskeyword(spec.name)
    if taken or not spec.name.isidentifier():
        raise NoContext(f"`{spec.name}` is no name for a field of a class.")
    annotation = ANNOTATION_OF[spec.type] + ("" if spec.required else " | None")
    if spec.default is None:
        return f"{spec.name}: {annotation}" + ("" if spec.required and spec.type != "null" else " = None")
    if isinstance(spec.default, list | dict | set):
        return f"{spec.name}: {annotation} = field(default_factory=lambda: {spec.default!r})"
    return f"{spec.name}: {annotation} = {spec.default!r}"


def settled(schema: ContextSchema) -> ContextSchema:
    """The same schema with one word for each type."""

    def one(fields: Mapping[str, FieldSpec]) -> dict[str, FieldSpec]:
        return {
            name: FieldSpec(name, SAME.get(spec.type, spec.type), spec.required, spec.default)
            for name, spec in fields.items()
        }

    return ContextSchema(one(schema.global_fields), one(schema.domain_fields))

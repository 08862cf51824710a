"""The catalogue of `docs/library.md`, written from the declarations of `core`."""

from __future__ import annotations

import json
from typing import cast

from pgs_snapshot.values import Value
from tests.capabilities.test_declarations import FOLDER, SIDE_EFFECTS, TRANSFORMS, declared_in

Record = dict[str, Value]

START = "## Catalogue\n"
TITLES = {
    "arithmetic": "Integers",
    "decimals": "Decimal strings",
    "dates": "Times and days",
    "lists": "Lists",
    "fields": "Fields of records",
    "texts": "Texts",
    "digests": "Digests",
    "accounts": "Quotas and balances",
    "transforms": "Identifiers, records, tables, parameters",
}


def catalogue() -> str:
    """The part of the page that lists every transform and every side effect."""
    parts = [START]
    for stem, title in TITLES.items():
        parts.append(f"### {title}\n")
        parts += [_transform(name, TRANSFORMS[name]) for name in declared_in(FOLDER / f"{stem}.yaml", "transform")]
    parts += [_side_effect(name, document) for name, document in SIDE_EFFECTS.items()]
    return "\n".join(parts)


def _transform(name: str, document: Record) -> str:
    example = cast(list[Record], document["examples"])[0]
    answer = f" {_json(example['outputs'])}" if example.get("outputs") else ""
    return "\n".join(
        (
            f"**`{name.partition('::')[2]}`** {_said(document)}\n",
            f"- takes `{_fields(cast(Record, document['inputs']))}`",
            f"- ends as {_outcomes(cast(dict[str, Record], document['outcomes']))}",
            *_cleared(cast(dict[str, list[str]], document.get("declassifies", {}))),
            f"- `{_json(example['inputs'])}`: {example['outcome']}{answer and f' `{answer.strip()}`'}\n",
        )
    )


def _cleared(declassifies: dict[str, list[str]]) -> list[str]:
    told = (f"`{label}` of {' and '.join(f'`{name}`' for name in named)}" for label, named in declassifies.items())
    return [f"- declassifies {', '.join(told)}"] if declassifies else []


def _side_effect(name: str, document: Record) -> str:
    held = f" Its stores hold `{document['entity']}`." if "entity" in document else ""
    lines = [
        f"### {name.partition('::')[2]}\n",
        f"{_said(document)} Its semantics are `{document['semantics']}`.{held}\n",
    ]
    lines += ["| operation | | inputs | ends as |", "| --- | --- | --- | --- |"]
    for operation, parts in cast(dict[str, Record], document["operations"]).items():
        inputs = _fields(cast(Record, parts["inputs"]))
        cells = (
            f"`{operation}`",
            str(parts["mode"]),
            f"`{inputs}`" if inputs else "",
            _outcomes(cast(dict[str, Record], parts["outcomes"])),
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _said(document: Record) -> str:
    described = str(document.get("description", "")).strip()
    return f"{document['summary']}. {described}".strip()


def _outcomes(outcomes: dict[str, Record]) -> str:
    return ", ".join(f"{name} `{_fields(fields)}`" if fields else name for name, fields in outcomes.items())


def _fields(fields: Record) -> str:
    return ", ".join(_field(name, cast(Record, schema)) for name, schema in fields.items())


def _field(name: str, schema: Record) -> str:
    mark = "?" if schema.get("optional") else ""
    default = f" = {_json(schema['default'])}" if "default" in schema else ""
    return f"{name}{mark}: {_shape(schema)}{default}"


def _shape(schema: Record) -> str:
    """A schema in few words; the declaration has all of it."""
    if "enum" in schema:
        return " | ".join(str(member) for member in cast(list[Value], schema["enum"]))
    for word, prefix in (("$ref", ""), ("$var", "")):
        if word in schema:
            return prefix + str(schema[word]).replace("$entity", "entity")
    if "$part" in schema:
        return "fields of the entity"
    if "$optional" in schema:
        return "optional field of the entity"
    if "format" in schema:
        return str(schema["format"])
    kinds = schema.get("type", "any")
    if kinds == "array":
        return f"[{_shape(cast(Record, schema.get('items', {})))}]"
    if kinds == "object" and "properties" in schema:
        needed = cast(list[str], schema.get("required", []))
        members = cast(dict[str, Record], schema["properties"])
        named = (f"{name}{'' if name in needed else '?'}: {_shape(part)}" for name, part in members.items())
        return "{" + ", ".join(named) + "}"
    if kinds == "object":
        return "{…: " + _shape(cast(Record, schema.get("additionalProperties", {}))) + "}"
    least = f" ≥ {schema['minimum']}" if "minimum" in schema else ""
    most = f" ≤ {schema['maximum']}" if "maximum" in schema else ""
    return ("any" if isinstance(kinds, list) and len(kinds) > 3 else _kinds(kinds)) + least + most


def _kinds(kinds: Value) -> str:
    return " | ".join(map(str, kinds)) if isinstance(kinds, list) else str(kinds)


def _json(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False)

"""The schema of a context: the type of each field, held at every commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pgs_process.audit.conditions import TYPES
from pgs_process.faults import ConfigError, SchemaError
from pgs_process.transaction.journal import Entry


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field: its type, by the names that rules use too; whether it may be null; what it is at first."""

    name: str
    type: str = "string"
    required: bool = True
    default: object = None


@dataclass(frozen=True, slots=True)
class ContextSchema:
    """The fields of the layers `global` and `domain`."""

    global_fields: Mapping[str, FieldSpec] = field(default_factory=dict)
    domain_fields: Mapping[str, FieldSpec] = field(default_factory=dict)

    def check(self, journal: list[Entry], process: str) -> None:
        """See to it that the fields that a run has set are of their types.

        Raises:
            SchemaError: one is not.
        """
        fields = {"global": self.global_fields, "domain": self.domain_fields}
        for path, op, key, _, new in journal:
            spec = fields.get(str(path[0]), {}).get(str(key)) if len(path) == 1 and op == "SET" else None
            if spec is not None and not fits(spec, new):
                raise SchemaError(
                    f"`{path[0]}.{key}` is of type `{spec.type}`, and `{process}` set it to a `{type(new).__name__}`.",
                    path=f"{path[0]}.{key}",
                    process=process,
                    value=new,
                    declared=(spec.type,),
                )


def fits(spec: FieldSpec, value: object) -> bool:
    """Whether a value is of the type that a field has."""
    if value is None:
        return not spec.required or spec.type in {"null", "any"}
    return TYPES[spec.type](value) or (spec.type == "float" and TYPES["integer"](value))


def load_schema(path: str | Path) -> ContextSchema:
    """Read a schema: `context: {global: {NAME: {type, required, default}}, domain: {…}}`; `context:` may be left out.

    Raises:
        ConfigError: there is no such file, it is no YAML, or something in it is unknown; with file, line and column.
    """
    from pgs_process.yaml_text import Yaml, read_yaml  # PyYAML is needed for this alone

    def fields(node: Yaml | None) -> dict[str, FieldSpec]:
        return {name: spec(name, item) for name, item in (node.mapping() if node is not None else {}).items()}

    def spec(name: str, node: Yaml) -> FieldSpec:
        parts = node.mapping(("type", "required", "default"))
        kind = parts["type"].text() if "type" in parts else "string"
        if kind not in TYPES:
            raise ConfigError(f"{parts['type'].place}: There is no type `{kind}`.", path=name)
        required = parts["required"].plain() if "required" in parts else True
        if not isinstance(required, bool):
            raise ConfigError(f"{parts['required'].place}: `required` is `true` or `false`.", path=name)
        made = FieldSpec(name, kind, required, parts["default"].plain() if "default" in parts else None)
        if made.default is not None and not fits(made, made.default):
            raise ConfigError(f"{parts['default'].place}: The default of `{name}` is no `{kind}`.", path=name)
        return made

    root = read_yaml(path)
    layers = root.mapping(("context", "global", "domain"))
    if "context" in layers:
        layers = layers["context"].mapping(("global", "domain"))
    return ContextSchema(fields(layers.get("global")), fields(layers.get("domain")))

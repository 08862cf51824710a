"""The labels that the values of a schema carry."""

from __future__ import annotations

from pgs_compiler.schemas.anatomy import additional_of, items_of, labels_of, properties_of
from pgs_snapshot.model import Schema


def labels_in(schema: Schema) -> frozenset[str]:
    """Every label on the schema or on any part of it."""
    parts = [*properties_of(schema).values(), items_of(schema)]
    if "additionalProperties" in schema:
        parts.append(additional_of(schema) or {})
    return labels_of(schema).union(*(labels_in(part) for part in parts if part))

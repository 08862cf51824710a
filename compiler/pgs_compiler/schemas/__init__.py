"""The schema algebra: from an author's tree to a schema, and what can be decided about schemas.

`syntax` reads, `lower` writes JSON Schema, `fit` compares, `follow` walks a path through one, `join` finds
what covers both, `generic` binds variables, `literal` holds a value against a schema.
"""

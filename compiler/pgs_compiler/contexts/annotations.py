"""What types are called in schemas and rules, and how Python annotates them."""

from __future__ import annotations

import ast

TYPE_OF = {
    "int": "integer", "float": "float", "str": "string", "bool": "boolean", "Decimal": "number", "Fraction": "number",
    "list": "list", "List": "list", "tuple": "list", "Tuple": "list", "deque": "list", "Sequence": "list",
    "MutableSequence": "list", "dict": "dict", "Dict": "dict", "Mapping": "dict", "MutableMapping": "dict",
    "defaultdict": "dict", "OrderedDict": "dict", "Counter": "dict", "set": "set", "Set": "set", "frozenset": "set",
    "FrozenSet": "set", "AbstractSet": "set", "None": "null", "NoneType": "null",
}  # fmt: skip
"""What a Python type is called; what is not here may hold anything."""

ANNOTATION_OF = {
    "integer": "int", "int": "int", "float": "float", "number": "int | float", "string": "str", "str": "str",
    "boolean": "bool", "bool": "bool", "list": "list[object]", "dict": "dict[str, object]",
    "object": "dict[str, object]", "set": "set[object]", "null": "None", "any": "object",
}  # fmt: skip
"""How Python annotates what a schema calls so."""

SAME = {"int": "integer", "str": "string", "bool": "boolean", "object": "dict"}
"""Names of types that are other words for one."""

_LITERALS = {int: "integer", str: "string", bool: "boolean", float: "float"}


def type_of(annotation: ast.expr | None) -> tuple[str, bool]:
    """The type that an annotation means, and whether a value is required: null is none."""
    found = _members(annotation)
    required = "null" not in found
    kinds = list(dict.fromkeys(kind for kind in found if kind != "null"))
    if not kinds:
        return "null", len(found) < 2
    if len(kinds) == 1:
        return kinds[0], required
    return ("number" if set(kinds) <= {"integer", "float", "number"} else "any"), required


def _members(node: ast.expr | None) -> list[str]:
    """The types of which a union is one."""
    match node:
        case ast.Constant(value=None):
            return ["null"]
        case ast.Constant(value=str(text)):
            try:
                return _members(ast.parse(text, mode="eval").body)
            except SyntaxError:
                return ["any"]
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return [*_members(left), *_members(right)]
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return [TYPE_OF.get(name, "any")]
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            return _subscripted(name, inner)
    return ["any"]


def _subscripted(name: str, inner: ast.expr) -> list[str]:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    match name:
        case "Optional":
            return [*_members(inner), "null"]
        case "Union":
            return [kind for part in parts for kind in _members(part)]
        case "Annotated" | "Final" | "Required":
            return _members(parts[0])
        case "Literal":
            values = [part.value for part in parts if isinstance(part, ast.Constant)]
            return [_LITERALS.get(type(value), "any") if value is not None else "null" for value in values]
    return [TYPE_OF.get(name, "any")]

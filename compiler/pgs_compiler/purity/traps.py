"""C646: what is the same on one Python, and not on the next, or not what it seems."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pgs_compiler.purity.patterns import _TAKE_PATTERNS
from pgs_compiler.purity.source import Offence, Source

_TABLES = re.compile(r"(?<!\\)(?:\\\\)*\\[wWdDsSbB]")


def check(source: Source) -> Iterator[Offence]:
    for node in source.nodes:
        match node:
            case ast.Call(func=ast.Attribute(attr="casefold"), args=[]):
                why = "`casefold` follows Unicode's tables, which grow with Python's versions."
                yield Offence("C646", node.func, why, "by Unicode's tables", "Fold ASCII texts with `lower`.")
            case ast.Call(args=[summed]) if source.callee(node) == "builtins.sum" and _is_float(source, summed):
                why = "`sum` of floats rounds in another way from Python 3.12 on."
                yield Offence("C646", node, why, "not the same everywhere", "Use `math.fsum`, or `Decimal`.")
            case ast.Call(args=[ast.Constant(str(pattern)) as written, *flags], keywords=keywords):
                given = [*flags, *(keyword.value for keyword in keywords)]
                by_tables = source.callee(node) in _TAKE_PATTERNS and _TABLES.search(pattern)
                if by_tables and not _is_ascii(pattern, given):
                    why = "`\\w`, `\\d`, `\\s` and `\\b` follow Unicode's tables, which grow with Python's versions."
                    yield Offence("C646", written, why, "by Unicode's tables", "Add `re.ASCII`.")


def _is_float(source: Source, node: ast.expr) -> bool:
    """Whether something surely holds floats."""
    match node:
        case ast.GeneratorExp(elt=item) | ast.ListComp(elt=item):
            return _is_float(source, item)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return any(_is_float(source, item) for item in items)
        case ast.Constant(value=float()) | ast.BinOp(op=ast.Div()):
            return True
        case ast.BinOp(left=left, right=right):
            return _is_float(source, left) or _is_float(source, right)
        case ast.Call():
            return source.callee(node) == "builtins.float"
    return False


def _is_ascii(pattern: str, given: list[ast.expr]) -> bool:
    named = {node.attr if isinstance(node, ast.Attribute) else node.id for flag in given for node in ast.walk(flag)
             if isinstance(node, ast.Attribute | ast.Name)}  # fmt: skip
    return bool({"A", "ASCII"} & named) or pattern.startswith(("(?a", "(?ia", "(?xa"))

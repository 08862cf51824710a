"""Where a node of a Python source stands, in the places of findings."""

from __future__ import annotations

import ast

from pgs_compiler.findings import Place


def place_of(path: str, lines: list[bytes], node: ast.AST) -> Place:
    """Where a node stands. Python counts columns in bytes of UTF-8, we count code points."""
    if not isinstance(node, ast.expr | ast.stmt | ast.ExceptHandler | ast.alias | ast.arg | ast.pattern | ast.keyword):
        return Place(path, 1, 1, 1, 1)
    line, column = node.lineno, node.col_offset
    end_line, end_column = node.end_lineno or line, node.end_col_offset or column
    if end_line > line:  # of a block its first line says enough
        end_line, end_column = line, len(lines[line - 1].rstrip())
    text = lines[line - 1]
    return Place(path, line, points(text, column), end_line, points(text, end_column))


def points(line: bytes, column: int) -> int:
    """The column in code points, from 1, of one in bytes of UTF-8, from 0."""
    return len(line[:column].decode("utf-8", "replace")) + 1

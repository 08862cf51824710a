"""What a module imports, read off its syntax tree.

Every import statement counts, also within functions and conditions, for each may be run. The exception is
what stands under `if TYPE_CHECKING:`, which never is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from pgs_snapshot.locate import IMPORTERS


@dataclass(frozen=True, slots=True)
class Import:
    """One import of a module.

    Attributes:
        module: its absolute name; one that begins with a dot leads out of the outermost package.
        names: of `from module import names`, empty for `import module`.
        line: from 1.
    """

    module: str
    names: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class DynamicImport:
    """The use of `what`, which imports modules that no statement names."""

    what: str
    line: int


def imports(tree: ast.Module, package: str) -> tuple[Import | DynamicImport, ...]:
    """The imports of a module in the order of its lines.

    Args:
        package: what relative imports start from: the package that the module is, or is in.
    """
    found = [item for node in _executed(tree) for item in _imports(node, package)]
    return tuple(sorted(found, key=lambda item: item.line))


def _executed(tree: ast.Module) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.If(test=ast.Name("TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                waiting += node.orelse
            case _:
                yield node
                waiting += ast.iter_child_nodes(node)


def _imports(node: ast.AST, package: str) -> Iterator[Import | DynamicImport]:
    match node:
        case ast.Import():
            modules = [Import(alias.name, (), node.lineno) for alias in node.names]
        case ast.ImportFrom():
            names = tuple(alias.name for alias in node.names)
            modules = [Import(absolute(node, package), names, node.lineno)]
        case ast.Name(id="__import__"):
            yield DynamicImport("__import__", node.lineno)
            return
        case _:
            return
    for item in modules:
        outermost = item.module.partition(".")[0]
        yield DynamicImport(outermost, item.line) if outermost in IMPORTERS else item


def absolute(node: ast.ImportFrom, package: str) -> str:
    """The name of the module that `from … import` takes names from."""
    name = node.module or ""
    if node.level == 0:
        return name
    parts = package.split(".") if package else []
    if node.level > len(parts):
        return "." * node.level + name
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, name] if name else base)

"""The Python sources that a body may lead into: their functions, and what is known of the classes of the state."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pgs_compiler.findings import Place
from pgs_compiler.purity.places import place_of
from pgs_compiler.purity.source import Source

_SCALARS = frozenset({"int", "float", "str", "bool", "bytes", "None", "complex", "Decimal", "date", "datetime"})


@dataclass(frozen=True, slots=True)
class Python:
    """One module: its name, the package that relative imports start from, its tree, how reports call it, its bytes."""

    name: str
    package: str
    tree: ast.Module
    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Member:
    """A function in a class."""

    module: str
    node: ast.FunctionDef | ast.AsyncFunctionDef
    is_property: bool
    is_setter: bool
    is_static: bool
    is_class: bool


@dataclass(slots=True)
class Code:
    """Modules by name, with what their classes say.

    Attributes:
        members: the functions of classes, by their names.
        fields: how classes annotate a name.
        bases: the bases of a class, by its name.
    """

    modules: Mapping[str, Python]
    sources: dict[str, Source] = field(init=False)
    members: dict[str, list[Member]] = field(default_factory=dict)
    fields: dict[str, list[ast.expr]] = field(default_factory=dict)
    bases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _lines: dict[str, list[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = frozenset(self.modules)
        own = frozenset(name.partition(".")[0] for name in known)
        self.sources = {
            name: Source(name, module.package, module.tree, own, known, frozenset())
            for name, module in self.modules.items()
        }
        for name, source in self.sources.items():
            for node in source.nodes:
                if isinstance(node, ast.ClassDef):
                    self._class(name, node)

    def _class(self, module: str, node: ast.ClassDef) -> None:
        self.bases[node.name] = tuple(ast.unparse(base).rpartition(".")[2] for base in node.bases)
        for statement in node.body:
            match statement:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    said = [ast.unparse(decorator) for decorator in statement.decorator_list]
                    member = Member(
                        module,
                        statement,
                        "property" in said or any(word.endswith("cached_property") for word in said),
                        any(word.endswith(".setter") for word in said),
                        "staticmethod" in said,
                        "classmethod" in said,
                    )
                    self.members.setdefault(name, []).append(member)
                case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                    self.fields.setdefault(name, []).append(annotation)

    def is_scalar(self, name: str) -> bool:
        """Whether every class that has a field of this name says that it holds a number, a text or the like."""
        annotations = self.fields.get(name, [])
        return bool(annotations) and all(_is_scalar(annotation) for annotation in annotations)

    def function(self, origin: str) -> tuple[str, ast.FunctionDef | ast.AsyncFunctionDef] | None:
        """The function of a full name, with its module, however often it is handed on by imports."""
        for _ in range(_LONGEST_WAY):
            module, _, name = origin.rpartition(".")
            module = self.nearest(module)
            source = self.sources.get(module)
            if source is None:
                return None
            match source.defined(name):
                case ast.FunctionDef() | ast.AsyncFunctionDef() as found:
                    return module, found
                case ast.Assign(value=ast.Name() | ast.Attribute() as value):
                    origin = source.origin(value)
                case ast.ImportFrom():
                    origin = source.origin_of(name)
                case _:
                    return None
        return None

    def nearest(self, module: str) -> str:
        """The module that an import means: of this name, or the only one whose name ends so."""
        if module in self.sources or not module:
            return module
        ending = [name for name in self.sources if name.endswith(f".{module}")]
        return ending[0] if len(ending) == 1 else module

    def kinds(self, name: str) -> tuple[frozenset[str], bool]:
        """The names of a class of errors and of all that it is a kind of, and whether these are all."""
        kinds: set[str] = set()
        waiting, certain = [name], True
        while waiting:
            one = waiting.pop()
            if one in kinds:
                continue
            kinds.add(one)
            built_in = getattr(builtins, one, None)
            if one in self.bases:
                waiting += self.bases[one]
            elif isinstance(built_in, type):
                kinds |= {base.__name__ for base in built_in.__mro__}
            else:
                certain = False
        return frozenset(kinds), certain

    def place(self, module: str, node: ast.AST) -> Place:
        """Where a node of a module stands."""
        python = self.modules[module]
        if module not in self._lines:
            self._lines[module] = python.data.splitlines()
        return place_of(python.path, self._lines[module], node)


_LONGEST_WAY = 16


def code_of(modules: Iterable[Python]) -> Code:
    """The sources, by the names of the modules."""
    return Code({module.name: module for module in modules})


def _is_scalar(annotation: ast.expr) -> bool:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return False
    match annotation:
        case ast.Constant(value=None):
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in _SCALARS
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _is_scalar(left) and _is_scalar(right)
        case ast.Subscript(value=ast.Name("Optional"), slice=inner):
            return _is_scalar(inner)
    return False

"""Which transforms surely end, soon and in little memory: these run in the runtime's own process.

A transform is bounded when all that it can reach takes time in proportion to its inputs, which are limited. That is
shown from the source, and only by what is known to be cheap: whatever is not known goes to the worker, where a limit
stops it. So a mistake here that errs by doubt costs microseconds, and nothing else.

Laws:
* no recursion, no `while`, no function that only a run knows;
* no loop within a loop, unless the inner one goes over the items of the outer one: together they see each item once;
* within a loop, nothing takes time in proportion to what lies outside of the loop's own item;
* nothing multiplies texts or lists, or makes numbers of any length.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pgs_compiler.purity.costs import (
    BY_THE_SMALLER,
    EACH,
    EACH_METHODS,
    FLAT,
    FLAT_METHODS,
    MOST_GROWTH,
    MOST_WIDTH,
    WITH_FIXED_TEXT,
    WITH_FIXED_WIDTH,
)
from pgs_compiler.purity.reach import find_function, is_length, only_of, only_of_both, unchanged
from pgs_compiler.purity.scopes import COMPREHENSIONS
from pgs_compiler.purity.source import Source


@dataclass(frozen=True, slots=True)
class Unbounded:
    """Why a transform goes to the worker, and where that stands: the module, or its file as reports show it."""

    why: str
    module: str
    line: int


def unbounded(sources: Mapping[str, Source], module: str, function: str, numbers: Iterable[str]) -> Unbounded | None:
    """Why a transform cannot be shown to be bounded; None if it can.

    Args:
        sources: the first-party modules that it reaches, by name.
        numbers: its inputs that are surely numbers.
    """
    found = find_function(sources, module, function)
    if found is None:
        return Unbounded("it is no function that can be read off", module, 1)
    source, definition = found
    given = unchanged(source, definition, numbers)
    walk = _Walk(sources, source, (definition,), given)
    try:
        walk.block(definition.body, _Loop())
    except _Found as reason:
        return reason.unbounded
    return None


class _Found(Exception):
    def __init__(self, unbounded: Unbounded) -> None:
        super().__init__(unbounded.why)
        self.unbounded = unbounded


@dataclass(frozen=True, slots=True)
class _Loop:
    """Where one is: how many loops deep, and the names that mean the innermost loop's item, or parts of it."""

    depth: int = 0
    items: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Walk:
    """One function with what it reaches. `numbers` are names that surely mean numbers."""

    sources: Mapping[str, Source]
    source: Source
    calls: tuple[ast.AST, ...]
    numbers: frozenset[str]
    growth: list[int] = field(default_factory=lambda: [0])

    def refuse(self, node: ast.AST, why: str) -> None:
        raise _Found(Unbounded(why, self.source.name, getattr(node, "lineno", 1)))

    # --- statements ------------------------------------------------------------------------------

    def block(self, body: list[ast.stmt], loop: _Loop) -> None:
        for statement in body:
            self.statement(statement, loop)

    def statement(self, node: ast.stmt, loop: _Loop) -> None:
        match node:
            case ast.For():
                self.loop(node.iter, node.target, node.body, loop)
                self.block(node.orelse, loop)
            case ast.While():
                self.refuse(node, "it has a `while` loop")
            case ast.FunctionDef() | ast.ClassDef():
                return  # looked at where it is called
            case ast.AugAssign(op=ast.Add(), target=ast.Name(id=name)) if self._counts(name):
                self.expression(node.value, loop)
            case ast.AugAssign(target=target, op=op, value=value):
                self.operation(node, target, op, value, loop)
            case _:
                for child in ast.iter_child_nodes(node):
                    self.part(child, loop)

    def part(self, node: ast.AST, loop: _Loop) -> None:
        if isinstance(node, ast.stmt):
            self.statement(node, loop)
        elif isinstance(node, ast.expr):
            self.expression(node, loop)
        else:
            for child in ast.iter_child_nodes(node):
                self.part(child, loop)

    def loop(self, over: ast.expr, target: ast.expr, body: Iterable[ast.AST], loop: _Loop) -> None:
        self.expression(over, loop)
        inner = self.inside(over, target, loop)
        body = list(body)
        items = set(inner.items)
        for node in (each for statement in body for each in ast.walk(statement)):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if only_of(value, items, self.source):
                    items.add(name)
        for node in body:
            self.part(node, _Loop(inner.depth, frozenset(items)))

    def inside(self, over: ast.expr, target: ast.expr, loop: _Loop) -> _Loop:
        """Where one is within a loop."""
        if self.is_fixed(over):
            return loop
        if loop.depth and not only_of(over, loop.items, self.source):
            self.refuse(over, "a loop stands within a loop, and does not go over its items")
        names = frozenset(node.id for node in ast.walk(target) if isinstance(node, ast.Name))
        return _Loop(1, names)

    # --- expressions -----------------------------------------------------------------------------

    def expression(self, node: ast.expr, loop: _Loop) -> None:
        match node:
            case ast.ListComp(elt=elt) | ast.SetComp(elt=elt) | ast.GeneratorExp(elt=elt):
                self.comprehension(node.generators, [elt], loop)
            case ast.DictComp(key=key, value=value):
                self.comprehension(node.generators, [key, value], loop)
            case ast.Lambda():
                self.comprehensionless(node, loop)
            case ast.Call():
                self.call(node, loop)
            case ast.BinOp(left=left, op=op, right=right):
                self.operation(node, left, op, right, loop)
            case ast.JoinedStr(values=values):
                self.text(node, values, loop)
            case ast.Compare():
                self.compare(node, loop)
            case ast.Name() if self.has_code(node):
                self.refuse(node, f"`{node.id}` has code of its own, and is not only called")
            case ast.Subscript(slice=ast.Slice()):
                self.each(node, [node.value], loop, "a slice")
            case ast.Starred() | ast.Yield() | ast.YieldFrom() | ast.Await():
                self.each(node, [node], loop, "what is spread out")
            case _:
                pass
        if not isinstance(node, (*COMPREHENSIONS, ast.Lambda, ast.JoinedStr)):
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr | ast.keyword):
                    self.part(child, loop)

    def comprehension(self, clauses: list[ast.comprehension], parts: list[ast.expr], loop: _Loop) -> None:
        first, *more = clauses
        rest: list[ast.AST] = [*first.ifs]
        self.expression(first.iter, loop)
        inner = self.inside(first.iter, first.target, loop)
        for node in rest:
            self.part(node, inner)
        if more:
            self.comprehension(more, parts, inner)
        else:
            for part in parts:
                self.expression(part, inner)

    def comprehensionless(self, node: ast.Lambda, loop: _Loop) -> None:
        """A function that is handed on is called with items, once for each."""
        if loop.depth:
            self.refuse(node, "a function is made in a loop")
        names = frozenset(argument.arg for argument in node.args.args)
        self.expression(node.body, _Loop(1, names))

    def each(self, node: ast.AST, arguments: list[ast.expr], loop: _Loop, what: str) -> None:
        """Something takes time in proportion to its arguments."""
        if loop.depth and not all(only_of(each, loop.items, self.source) for each in arguments):
            self.refuse(node, f"{what} stands in a loop, and is about more than the loop's item")

    def compare(self, node: ast.Compare, loop: _Loop) -> None:
        """Two values compare in the time that the smaller allows; to look for one takes that of what holds it."""
        for left, op, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            if isinstance(op, ast.In | ast.NotIn):
                if not self.is_fixed(right):
                    self.each(node, [right], loop, "a search")
            elif not any(self.is_small(side, loop) for side in (left, right)):
                self.each(node, [left, right], loop, "a comparison")

    def is_small(self, node: ast.expr, loop: _Loop) -> bool:
        """Whether to look at all of a value is nothing, or to look at it for each item is to look at the items."""
        return self.is_fixed(node) or self.is_number(node) or only_of(node, loop.items, self.source)

    def text(self, node: ast.JoinedStr, values: list[ast.expr], loop: _Loop) -> None:
        for value in values:
            if isinstance(value, ast.FormattedValue):
                self.grow(node)
                self.each(node, [value.value], loop, "a text put together")
                self.expression(value.value, loop)
                self.width(node, value.format_spec)

    def width(self, node: ast.AST, spec: ast.expr | None) -> None:
        match spec:
            case None | ast.JoinedStr(values=[]):
                return
            case ast.JoinedStr(values=[ast.Constant(str(text))]):
                digits = "".join(letter if letter.isdigit() else " " for letter in text).split()
                if all(int(number) <= MOST_WIDTH for number in digits if len(number) < 9) and not any(
                    len(number) >= 9 for number in digits
                ):
                    return
        self.refuse(node, "a text is as wide as a run says")

    def grow(self, node: ast.AST) -> None:
        self.growth[0] += 1
        if self.growth[0] > MOST_GROWTH:
            self.refuse(node, f"texts or lists are put together at more than {MOST_GROWTH} places")

    def operation(self, node: ast.AST, left: ast.expr, op: ast.operator, right: ast.expr, loop: _Loop) -> None:
        numbers = self.is_number(left) and self.is_number(right)
        match op:
            case ast.Sub() | ast.Div() | ast.FloorDiv():
                pass
            case ast.Add() if numbers or self.is_number(left) or self.is_number(right):
                pass
            case ast.Add():
                self.grow(node)
                self.each(node, [left, right], loop, "a sum of texts or lists")
            case ast.Mult() if numbers and not loop.depth:
                self.grow(node)
            case ast.Mult() if loop.depth and numbers and only_of_both(left, right, loop.items, self.source):
                pass
            case ast.Mod() if self.is_number(left):
                pass
            case ast.BitAnd() | ast.BitOr() | ast.BitXor():
                self.each(node, [left, right], loop, "a set")
            case _:
                self.refuse(node, "a product, power or format can be of any size")
        if isinstance(node, ast.AugAssign):
            self.expression(left, loop)
            self.expression(right, loop)

    # --- calls -----------------------------------------------------------------------------------

    def call(self, node: ast.Call, loop: _Loop) -> None:
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        origin = self.source.callee(node)
        if origin in FLAT:
            return
        if origin == "builtins.range":
            if not all(self.is_fixed(argument) or is_length(argument) for argument in arguments):
                self.refuse(node, "`range` is as long as a run says")
        elif origin == "builtins.sum" and len(arguments) > 1:
            self.refuse(node, "`sum` with a beginning may join lists")
        elif origin in EACH:
            if origin in BY_THE_SMALLER and any(only_of(one, loop.items, self.source) for one in arguments):
                return
            generators = [one for one in arguments if not isinstance(one, ast.GeneratorExp | ast.Lambda)]
            self.each(node, generators, loop, f"`{ast.unparse(node.func)}`")
            for argument in arguments:
                self.handed_on(argument)
        elif isinstance(node.func, ast.Attribute) and self.is_data(node.func.value):
            self.method(node, node.func, arguments, loop)
        elif self.source.is_own(origin) or self._nested(node.func):
            self.own(node, origin, arguments, loop)
        elif isinstance(node.func, ast.Attribute) and not origin:
            self.method(node, node.func, arguments, loop)
        else:
            self.refuse(node, f"`{ast.unparse(node.func)}` can take any time")

    def handed_on(self, argument: ast.expr) -> None:
        """What is named as an argument may be called for each item."""
        origin = self.source.origin(argument)
        known = not origin or origin in FLAT | EACH or self.is_data(argument)
        if not known and not origin.startswith(("builtins.str.", "builtins.dict.")):
            self.refuse(argument, f"`{ast.unparse(argument)}` is handed on, and may take any time for each item")

    def is_data(self, node: ast.expr) -> bool:
        """Whether a name means a constant of the project that is written out, or takes items out."""
        module, _, name = self.source.origin(node).rpartition(".")
        source = self.sources.get(module)
        match source.defined(name) if source else None:
            case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value):
                plain = isinstance(value, ast.Constant | ast.Tuple | ast.List | ast.Dict | ast.Set)
                made = ("builtins.frozenset", "operator.itemgetter", "types.MappingProxyType", "builtins.tuple")
                return plain or (source is not None and source.callee(value) in made)
        return False

    def method(self, node: ast.Call, function: ast.Attribute, arguments: list[ast.expr], loop: _Loop) -> None:
        name = function.attr
        if name in FLAT_METHODS:
            return
        if name in WITH_FIXED_TEXT:
            fixed = function.value if name == "join" else next(iter(arguments), None)
            if isinstance(fixed, ast.Constant):
                takes = arguments if name == "join" else [function.value]
                self.each(node, [one for one in takes if not isinstance(one, ast.GeneratorExp)], loop, f"`.{name}`")
                return
        elif name in WITH_FIXED_WIDTH:
            match arguments:
                case [ast.Constant(int(width)), *_] if width <= MOST_WIDTH:
                    return
        elif name == "replace":
            match arguments:
                case [ast.Constant(str(old)), ast.Constant(str(new)), *_] if old and len(new) <= 4 * len(old):
                    self.each(node, [function.value], loop, "`.replace`")
                    return
                case [] if node.keywords:  # of a time
                    return
        elif name in EACH_METHODS:
            self.each(node, [function.value, *arguments], loop, f"`.{name}`")
            for argument in arguments:
                self.handed_on(argument)
            return
        self.refuse(node, f"`.{name}` can take any time")

    def own(self, node: ast.Call, origin: str, arguments: list[ast.expr], loop: _Loop) -> None:
        nested = self._nested(node.func)
        found = (self.source, nested) if nested else self._own(origin)
        if found is None:
            self.refuse(node, f"`{ast.unparse(node.func)}` is no function that can be read off")
            return
        source, definition = found
        if definition in self.calls:
            self.refuse(node, f"`{definition.name}` calls itself")
        of_item = all(self.is_small(one, loop) for one in arguments)
        inner = _Loop(1, frozenset()) if loop.depth and not of_item else _Loop()
        walk = _Walk(self.sources, source, (*self.calls, definition), frozenset(), self.growth)
        for default in (*definition.args.defaults, *(one for one in definition.args.kw_defaults if one)):
            walk.expression(default, _Loop())
        walk.block(definition.body, inner)

    def _own(self, origin: str) -> tuple[Source, ast.FunctionDef] | None:
        module, _, name = origin.rpartition(".")
        return find_function(self.sources, module, name)

    def _nested(self, node: ast.expr) -> ast.FunctionDef | None:
        """The function within a function that a name means."""
        scope = self.source.local(node) if isinstance(node, ast.Name) else None
        if scope is None or not isinstance(node, ast.Name):
            return None
        match scope.bound[node.id]:
            case [ast.FunctionDef() as definition]:
                return definition
        return None

    # --- what is known of values -----------------------------------------------------------------

    def is_fixed(self, node: ast.expr) -> bool:
        """Whether something is of one size, whatever the inputs are."""
        match node:
            case ast.Constant():
                return True
            case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
                return all(self.is_fixed(part) for part in parts)
            case ast.Dict(values=values, keys=keys):
                return all(key is not None for key in keys) and all(self.is_fixed(value) for value in values)
            case ast.Name() | ast.Attribute():
                origin = self.source.origin(node)
                return bool(origin) and not origin.startswith("builtins.")
            case ast.UnaryOp(operand=operand):
                return self.is_fixed(operand)
            case ast.Call(func=ast.Attribute(value=value, attr="items" | "keys" | "values"), args=[]):
                return self.is_fixed(value)
            case ast.Call(args=args):
                fixed = ("builtins.range", "builtins.enumerate", "builtins.zip", "builtins.reversed", "builtins.sorted")
                return self.source.callee(node) in fixed and all(self.is_fixed(one) for one in args)
        return False

    def is_number(self, node: ast.expr) -> bool:
        """Whether something is surely a number of no great length."""
        match node:
            case ast.Constant(value=value):
                return isinstance(value, int | float) and abs(value) < 1 << 64
            case ast.Name(id=name):
                return name in self.numbers
            case ast.UnaryOp(operand=operand):
                return self.is_number(operand)
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Div() | ast.FloorDiv(), right=right):
                return self.is_number(left) and self.is_number(right)
            case ast.BinOp(left=left, op=ast.Mult() | ast.Mod(), right=right):
                return self.is_number(left) and self.is_number(right)
            case ast.Subscript(value=value) if self.source.origin(value):
                return self.is_table_of_numbers(value)
            case ast.IfExp(body=body, orelse=orelse):
                return self.is_number(body) and self.is_number(orelse)
            case ast.Call():
                return self.source.callee(node) in ("builtins.len", "builtins.ord", "builtins.float")
        return False

    def is_table_of_numbers(self, node: ast.expr) -> bool:
        """Whether a name means a constant of the project that holds nothing but numbers."""
        module, _, name = self.source.origin(node).rpartition(".")
        defined = self.sources[module].defined(name) if module in self.sources else None
        match defined:
            case ast.Assign(value=ast.Dict(values=parts)) | ast.AnnAssign(value=ast.Dict(values=parts)):
                return all(self.is_number(part) for part in parts)
            case ast.Assign(value=ast.Tuple(elts=parts)) | ast.AnnAssign(value=ast.Tuple(elts=parts)):
                return all(self.is_number(part) for part in parts)
        return False

    def has_code(self, node: ast.Name) -> bool:
        """Whether a name means a function that is not called here, or a class whose members may be code."""
        called = self.source.scopes.parents.get(node)
        if isinstance(called, ast.Call) and called.func is node:
            return False
        module, _, name = self.source.origin(node).rpartition(".")
        defined = self.sources[module].defined(name) if module in self.sources else self._nested(node)
        if isinstance(defined, ast.ClassDef):
            return any(isinstance(part, ast.FunctionDef) for part in defined.body)
        return isinstance(defined, ast.FunctionDef)

    def _counts(self, name: str) -> bool:
        """Whether a name begins as a number: what is then added to it has to be one as well."""
        bound = [node for node in ast.walk(self.calls[-1]) if isinstance(node, ast.Name) and node.id == name]
        binders = [self.source.scopes.parents.get(node) for node in bound if isinstance(node.ctx, ast.Store)]
        begins = [one for one in binders if not isinstance(one, ast.AugAssign)]
        return bool(begins) and all(isinstance(one, ast.Assign) and self.is_number(one.value) for one in begins)

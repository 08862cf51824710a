"""C615: nothing lasts from one call of a transform to the next, and its inputs stay as they came."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pgs_compiler.purity.scopes import FUNCTIONS, Scope, parameters
from pgs_compiler.purity.source import Offence, Source, root
from pgs_snapshot.sealed_code.pure import MODULES, names

_CHANGES = names(
    "add append appendleft clear difference_update discard extend extendleft insert intersection_update move_to_end pop"
    " popitem popleft remove reverse rotate setdefault sort subtract symmetric_difference_update update"
)
_CHANGES_FIRST = names(
    "bisect.insort bisect.insort_left bisect.insort_right heapq.heapify heapq.heappop heapq.heappush heapq.heappushpop"
    " heapq.heapreplace operator.delitem operator.iadd operator.setitem"
)
_MAKES_CHANGEABLE = names(
    "builtins.bytearray builtins.dict builtins.list builtins.set collections.Counter collections.OrderedDict"
    " collections.defaultdict collections.deque"
)


def check(source: Source) -> Iterator[Offence]:
    for node in source.nodes:
        for target in _changed(source, node):
            yield from _change(source, node, target)
        if isinstance(node, FUNCTIONS):
            yield from _defaults(source, node.args)


def changeable(source: Source, node: ast.AST | None) -> bool:
    """Whether an expression surely makes something that can be changed."""
    if isinstance(node, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp):
        return True
    return isinstance(node, ast.Call) and source.callee(node) in _MAKES_CHANGEABLE


def _changed(source: Source, node: ast.AST) -> Iterator[ast.expr]:
    """What a statement or call changes, rather than binds anew."""
    match node:
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            yield from (part for target in targets for part in _parts(target))
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target) | ast.For(target=target):
            yield from _parts(target)
        case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in _CHANGES:
            origin = source.origin(value)
            # `add` of a module is a function of that name, and no change of it.
            if origin not in MODULES and origin not in source.modules:
                yield value
        case ast.Call(args=[first, *_]) if source.callee(node) in _CHANGES_FIRST:
            yield first


def _parts(target: ast.expr) -> Iterator[ast.expr]:
    match target:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _parts(part)
        case ast.Starred(value=value):
            yield from _parts(value)
        case ast.Attribute(value=value) | ast.Subscript(value=value):
            yield value


def _change(source: Source, node: ast.AST, target: ast.expr) -> Iterator[Offence]:
    owner = root(target)
    if not isinstance(owner, ast.Name):
        return
    scope = source.local(owner)
    if scope is None:
        function = source.scopes.function(node)
        if function is None or source.scopes.binder(owner.id, owner) is None:
            return  # at the module's own level it is `top` that judges; a builtin cannot be changed
        why = f"`{owner.id}` is changed, and lives longer than the call."
        yield Offence("C615", owner, why, "kept from call to call", "Make it in the function, or take it as an input.")
    elif _is_given(source, owner.id, scope, frozenset()):
        why = f"`{owner.id}` is changed, and belongs to the inputs."
        yield Offence("C615", owner, why, "an input", "Make a copy, and change that.")


def _is_given(source: Source, name: str, scope: Scope, seen: frozenset[str]) -> bool:
    """Whether a name can only mean an input of a transform, or a part of one."""
    if name in seen:
        return False
    function = source.scopes.function(scope.block) if scope.kind == "comprehension" else scope.block
    binders = scope.bound[name]
    if any(isinstance(binder, ast.arg) for binder in binders):
        return len(binders) == 1 and source.is_entry(function) and not source.is_context(function, binders[0])
    for binder in binders:
        given = _bound_to(source, binder)
        owner = root(given) if given is not None else None
        if not isinstance(owner, ast.Name):
            return False
        inner = source.local(owner)
        if inner is None or not _is_given(source, owner.id, inner, seen | {name}):
            return False
    return True


def _bound_to(source: Source, binder: ast.AST) -> ast.expr | None:
    """The expression of which a name means the value, or an item."""
    match source.scopes.parents.get(binder):
        case ast.Assign(value=value) | ast.AnnAssign(value=value) | ast.NamedExpr(value=value):
            return value
        case ast.For(iter=value) | ast.comprehension(iter=value):
            return value
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp() as block:
            return next((clause.iter for clause in block.generators if clause.target is binder), None)
    return None


def _defaults(source: Source, arguments: ast.arguments) -> Iterator[Offence]:
    defaults = [*arguments.defaults, *(default for default in arguments.kw_defaults if default)]
    for default in defaults:
        if changeable(source, default):
            named = [argument.arg for argument in parameters(arguments)]
            why = f"The default `{ast.unparse(default)}` is made once, and all calls share it."
            yield Offence("C615", default, why, f"of {', '.join(named)}", "Write `None`, and make it in the function.")

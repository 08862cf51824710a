"""Expressions of a body: which parts of the state they go through, and what they may stand for."""

from __future__ import annotations

import ast
from abc import abstractmethod
from dataclasses import replace

from pgs_compiler.bodies.looking import Looking, layer_of
from pgs_compiler.bodies.methods import CHANGE, INSIDES
from pgs_compiler.bodies.values import ANY, FRESH, Closure, Path, Value, below, joined, shown
from pgs_process.paths import LAYERS
from pgs_process.zones import Zone, resolve_zone

_LOOKUP = ("KeyError", "IndexError", "LookupError", "TypeError")
_DIVISION = ("ZeroDivisionError", "ArithmeticError")
_SHARING = (ast.Add, ast.BitOr, ast.BitAnd, ast.BitXor, ast.Sub, ast.Mult)


class Expressions(Looking):
    """The part of the walk that goes through expressions."""

    @abstractmethod
    def called_value(self, node: ast.Call) -> Value:
        """What a call may give."""

    def value(self, node: ast.expr) -> Value:
        self.step()
        match node:
            case ast.Constant(value=str(text)):
                return Value(texts=frozenset((text,)))
            case ast.Name():
                self.look_outside(node)
                return self.lookup(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.Call():
                return self.called_value(node)
            case ast.NamedExpr(target=target, value=inner):
                found = self.value(inner)
                self.bind(target.id, found)
                return found
            case ast.Lambda():
                return Value(codes=frozenset((Closure(self.frame.module, node, self.frame),)))
            case ast.Starred(value=inner) | ast.Await(value=inner):
                found = self.value(inner)
                return found.member() if isinstance(node, ast.Starred) else found
            case ast.Yield() | ast.YieldFrom():
                return self._yield(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node)
        return self._combined(node)

    def _combined(self, node: ast.expr) -> Value:
        match node:
            case ast.BinOp(left=left, op=op, right=right):
                return self._operation(self.used(left), op, self.used(right))
            case ast.UnaryOp(operand=operand):
                return self.used(operand).anew()
            case ast.BoolOp(values=values):
                return joined(*(self.used(value) for value in values))
            case ast.Compare(left=left, comparators=others):
                return joined(*(self.used(part) for part in (left, *others))).anew()
            case ast.IfExp(test=test, body=body, orelse=orelse):
                decides = self.used(test).anew()
                return self.value(body).join(self.value(orelse)).depending(decides.signals)
            case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
                return joined(*(self.value(part).within() for part in parts))
            case ast.Dict(keys=keys, values=values):
                for key in keys:
                    if key is not None:
                        self.used(key)
                return joined(*(self.value(value).within() for value in values))
        inner = [self.used(part) for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
        return joined(*inner).anew()

    def _operation(self, left: Value, op: ast.operator, right: Value) -> Value:
        if isinstance(op, ast.Div | ast.Mod | ast.FloorDiv):
            self.may_raise.update(_DIVISION)
        numbers = any(part and all(map(self.is_scalar, part)) for part in (left.parts, right.parts))
        both = left.join(right)
        shares = isinstance(op, _SHARING) and both.leads and not numbers
        # A sum with what leads nowhere, such as a number, is no container unless something in it is held.
        plain = not (left.leads and right.leads) and not both.holds
        return both.copied() if shares and not plain else both.anew()

    # --- parts of the state ------------------------------------------------------------------------------------------

    def _attribute(self, node: ast.Attribute) -> Value:
        self.look_outside(node)
        base = self.value(node.value)
        if node.attr in INSIDES and (base.leads or base.codes):
            self.past_the_guard(node, f"`.{node.attr}`")
            return base.anew()
        if base.parts:
            return self.part_of(base, frozenset((node.attr,)), node)
        if base.kept and not base.given and node.attr in LAYERS:
            self.past_the_guard(node, f"{base.kept}, where the state itself is")
        return base.member(frozenset((node.attr,)))

    def part_of(self, base: Value, keys: frozenset[str] | None, node: ast.AST) -> Value:
        """Attributes of what a value may be."""
        found = [replace(base, parts=frozenset()).member()] if base.holds else []
        for path in sorted(base.parts):
            found += [self._field(path, key, node) for key in sorted(keys or (ANY,))]
        return joined(Value(signals=base.signals), *found)

    def _field(self, path: Path, name: str, node: ast.AST) -> Value:
        if not path:
            layer = layer_of(name)
            if layer is None:
                self.breach("P751", node, f"reads `{name}` of the context, which has layers and nothing else")
                return FRESH
            self.touch(((layer,),), "reach", node)
            return Value(frozenset(((layer,),)))
        if name.startswith("_") and not self._in_member():
            self.past_the_guard(node, f"the private `{name}` of `{shown(path)}`")
            return FRESH
        members = self.code.members.get(name, [])
        if any(member.is_property for member in members) and name not in self.code.fields:
            part = Value(frozenset((path,)))
            getters = [member for member in members if member.is_property]
            return joined(*(self.run(Closure(one.module, one.node, None), [part], {}, node) for one in getters))
        if members and len(path) == 1 and name not in self.code.fields:
            return Value(methods=frozenset(((path, name),)))
        if name in CHANGE and len(path) > 1 and name not in self.code.fields:
            return Value(methods=frozenset(((path, name),)))
        return self.reached(path, name, node)

    def reached(self, path: Path, name: str, node: ast.AST) -> Value:
        """One part of a part."""
        whole = below(path, name)
        self.touch((whole,), "reach", node)
        zone = resolve_zone(name) if len(path) == 1 else Zone.DATA
        signals = frozenset((shown(whole),)) if zone in (Zone.SIGNAL, Zone.META) else frozenset[str]()
        return Value(frozenset((whole,)), signals=signals)

    def _in_member(self) -> bool:
        """Whether the code at hand is that of a class, which may see what is private to it."""
        node = self.frame.node
        return any(member.node is node for member in self.code.members.get(getattr(node, "name", ""), ()))

    def _subscript(self, node: ast.Subscript) -> Value:
        self.may_raise.update(_LOOKUP)
        base = self.value(node.value)
        if isinstance(node.slice, ast.Slice):
            self._combined(node.slice)
            self.use(base, node)
            return base.copied()
        key = self.used(node.slice)
        keys = sorted(key.texts or (ANY,))
        found = joined(*(self.reached(path, one, node) for path in sorted(base.parts) for one in keys))
        rest = replace(base, parts=frozenset()).member().depending(key.signals)
        return found.join(rest) if base.parts else rest

    def iterated(self, value: Value, node: ast.AST) -> Value:
        """One after the other of what a value goes over."""
        return self.use(value, node).member()

    # --- comprehensions ----------------------------------------------------------------------------------------------

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
        env, control = dict(self.frame.env), self.frame.control
        signals: frozenset[str] = frozenset()
        for clause in node.generators:
            items = self.iterated(self.value(clause.iter), clause.iter)
            self.assign(clause.target, items, clause.target)
            for test in clause.ifs:
                signals |= self.used(test).signals
            signals |= items.signals
        self.frame.control = control | signals
        if isinstance(node, ast.DictComp):
            self.used(node.key)
            found = self.value(node.value)
        else:
            found = self.value(node.elt)
        self.frame.control = control
        walrus = {n.target.id for n in ast.walk(node) if isinstance(n, ast.NamedExpr)}
        self.frame.env = env | {name: value for name, value in self.frame.env.items() if name in walrus}
        lazy = isinstance(node, ast.GeneratorExp) and (found.leads or bool(found.codes) or self._goes_over_state(node))
        inner = found.within().depending(signals)
        return replace(inner, lazy=True, texts=None) if lazy else inner

    def _goes_over_state(self, node: ast.GeneratorExp) -> bool:
        name = self.root_name(node.generators[0].iter)
        return bool(name) and name in self.frame.env and self.frame.env[name].leads

    def _yield(self, node: ast.Yield | ast.YieldFrom) -> Value:
        frame = self.frame
        frame.is_generator = True
        given = self.value(node.value) if node.value is not None else FRESH
        item = given.member() if isinstance(node, ast.YieldFrom) else given
        frame.returned = item if frame.returned is None else frame.returned.join(item)
        return FRESH

    @abstractmethod
    def assign(self, target: ast.expr, value: Value, node: ast.AST) -> None:
        """Bind or change what a target names."""

"""Calls of a body: what is changed by them, what comes out of them, and where the state would go with them."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from pgs_compiler.bodies.expressions import Expressions
from pgs_compiler.bodies.methods import (
    BESIDE,
    CHANGE,
    CHANGE_FIRST,
    CLASS_METHODS,
    COPY,
    HAND_OUT,
    LATER,
    PICK,
    QUIET,
    ROUND_THE_GUARD,
    SHARE,
    TELL,
    UNREADABLE,
)
from pgs_compiler.bodies.values import ANY, FRESH, Closure, Path, Value, joined, shown
from pgs_snapshot.sealed_code.pure import BUILTINS, MODULES, offers

_RUNS = frozenset({"run_process", "perform", "run", "emit"})


@dataclass(frozen=True, slots=True)
class Given:
    """What a call was given, as values.

    Attributes:
        named: by keyword; under ANY what `*` and `**` give, of which nobody knows whereto.
        told: each argument as it is written, with its value.
    """

    ordered: list[Value]
    named: dict[str, Value]
    told: tuple[tuple[ast.expr, Value], ...] = ()

    @property
    def all(self) -> Value:
        return joined(*self.ordered, *self.named.values())

    def at(self, index: int) -> Value:
        return self.ordered[index] if index < len(self.ordered) else FRESH


class Calls(Expressions):
    """The part of the walk that goes through calls and assignments."""

    def called_value(self, node: ast.Call) -> Value:
        match node.func:
            case ast.Attribute(value=owner, attr=name):
                origin = self.look_outside(node.func)
                if not origin or self._is_variable(origin):
                    return self._method(node, owner, name)
            case ast.Name():
                origin = self.look_outside(node.func)
                value = self.lookup(node.func)
                if value.codes or value.methods:
                    return self._closures(value, self._given(node), node)
                if value.leads or value.kept:
                    return self._unknown(self._given(node), node, ast.unparse(node.func))
            case _:
                value = self.value(node.func)
                if value.codes or value.methods:
                    return self._closures(value, self._given(node), node)
                origin = ""
        return self._named(node, origin)

    def _is_variable(self, origin: str) -> bool:
        """Whether a full name begins with a variable of a module, rather than with a module, class or builtin."""
        module, _, _ = origin.rpartition(".")
        while module:
            outer, _, name = module.rpartition(".")
            source = self.code.sources.get(outer)
            if source is not None:
                return isinstance(source.defined(name), ast.Assign | ast.AnnAssign | ast.AugAssign)
            module = outer
        return False

    def _given(self, node: ast.Call) -> Given:
        ordered = [self.value(argument) for argument in node.args]
        named: dict[str, Value] = {}
        told = list(zip(node.args, ordered, strict=True))
        unplaced = [value for argument, value in told if isinstance(argument, ast.Starred)]
        for keyword in node.keywords:
            value = self.value(keyword.value)
            told.append((keyword.value, value))
            if keyword.arg is None:
                unplaced.append(value.member())
            else:
                named[keyword.arg] = value
        if unplaced:
            named[ANY] = joined(*unplaced)
        return Given(ordered, named, tuple(told))

    def _closures(self, value: Value, given: Given, node: ast.Call) -> Value:
        """What may come of calling functions that are known."""
        found = [self.run(closure, given.ordered, given.named, node) for closure in sorted(value.codes, key=_where)]
        for path, name in sorted(value.methods):
            found.append(self._on_part(path, name, given, node))
        return joined(*found)

    # --- functions by name -------------------------------------------------------------------------------------------

    def _named(self, node: ast.Call, origin: str) -> Value:
        given = self._given(node)
        own = self.code.function(origin) if origin else None
        if own is not None:
            return self.run(Closure(*own, None), given.ordered, given.named, node)
        bare = origin.removeprefix("builtins.")
        if any(origin == name or origin.startswith(f"{name}.") for name in ROUND_THE_GUARD) and "weakref" not in origin:
            return self._round(node, bare, given)
        if any(origin == name or origin.startswith(f"{name}.") for name in UNREADABLE):
            self.not_followed(node, f"uses `{bare}`, which runs or names what does not stand in the source")
            self.spread(given.all, node, bare)
            self.spreads = True
            return FRESH
        if origin == "operator.methodcaller" and not (given.at(0).texts or {""}) <= TELL | COPY | HAND_OUT:
            self.not_followed(node, "calls a method by its name, which cannot be followed")
        if any(origin == name or origin.startswith(f"{name}.") for name in BESIDE):
            carried = self.carried(given.all)
            if carried:
                self.breach("P758", node.func, f"hands {carried} to `{bare}`, which runs beside it", "outlives the run")
            return FRESH
        if bare in ("getattr", "setattr", "delattr", "hasattr") and origin.startswith("builtins."):
            return self._by_name(node, bare, given)
        if origin in CHANGE_FIRST or bare in CLASS_METHODS:
            self.store(given.at(0), None, joined(FRESH, *given.ordered[1:]), node)
            return given.at(0).member()
        return self._pure(node, origin, bare, given)

    def _pure(self, node: ast.Call, origin: str, bare: str, given: Given) -> Value:
        everything = given.all
        self._call_back(given, node)
        plain = [value for value in given.ordered if value.leads or not value.codes]
        if origin in SHARE:
            self._take(given)
            named = [value.within() for name, value in given.named.items() if name != "key"]
            copied = [value.copied() for value in plain]
            # A dict is also made of pairs, and a chain of what holds the items.
            flat = [value.member().copied() for value in plain] if bare in ("dict", "itertools.chain") else []
            return joined(*copied, *flat, *named)
        if origin in LATER:
            self._take(given)
            lazy = everything.leads
            same = joined(self._results.within(), *(value.copied() for value in plain))
            inner = same.member().within().within() if bare in ("enumerate", "zip") else same
            return replace(inner, lazy=lazy)
        if origin in PICK:
            self._take(given)
            picked = joined(self._results, *plain)
            return picked.member() if len(plain) == 1 else picked.join(picked.member())
        module, _, name = origin.rpartition(".")
        pure = (bare in BUILTINS and origin == f"builtins.{bare}") or (module in MODULES and offers(module, name))
        outside = any(breach.spot.node is node.func for breach in self.breaches.values())
        if pure or origin.startswith("pgs_process.") or bare in ("print", "open", "input", "id", "hash"):
            if bare not in QUIET:
                self.may_raise.add(ANY)
            self._take(given)
            return everything.anew()
        self.may_raise.add(ANY)
        if self._is_class(node.func, origin):
            self._take(given)
            return everything.within()
        if outside:
            self._take(given)
            return everything.anew()
        return self._unknown(given, node, bare or ast.unparse(node.func))

    def _is_class(self, func: ast.expr, origin: str) -> bool:
        """Whether a class of the sources is made an object of."""
        name = origin.rpartition(".")[2] or (func.id if isinstance(func, ast.Name) else "")
        return name in self.code.bases

    def _unknown(self, given: Given, node: ast.Call, what: str) -> Value:
        self.may_raise.add(ANY)
        self._call_back(given, node)
        for argument, value in given.told:
            if value.leads or value.codes:
                self.spread(value, argument, what)
        return Value(signals=given.all.signals)

    def _take(self, given: Given) -> None:
        for argument, value in given.told:
            self.use(value, argument)

    def _call_back(self, given: Given, node: ast.Call) -> None:
        """Functions that are handed over are called with members of what is handed over with them."""
        members = joined(FRESH, *(value.member() for value in given.ordered if not value.codes))
        results = [FRESH]
        for value in (*given.ordered, *given.named.values()):
            for closure in sorted(value.codes, key=_where):
                count = len(closure.node.args.args) + len(closure.node.args.posonlyargs)
                results.append(self.run(closure, [members] * count, {}, node))
            for path, name in sorted(value.methods):
                self._on_part(path, name, Given([members], {}), node)
        self._results = joined(*results)

    _results: Value = FRESH

    def _round(self, node: ast.Call, bare: str, given: Given) -> Value:
        module = bare.partition(".")[0]
        carries = bool(self.carried(given.all))
        if module not in ("pickle", "marshal", "object", "vars") or carries:
            self.past_the_guard(node.func, f"`{bare}`")
        return FRESH

    # --- attributes by name ------------------------------------------------------------------------------------------

    def _by_name(self, node: ast.Call, what: str, given: Given) -> Value:
        owner, texts = given.at(0), given.at(1).texts
        if not owner.leads and not owner.kept:
            return given.at(2)
        if texts is None:
            spoken = {"getattr": "reads", "hasattr": "reads", "setattr": "sets", "delattr": "deletes"}[what]
            of = self.carried(owner) or "something"
            if owner.leads:
                self.touch(owner.parts, "spread", node)
                self.spreads = self.spreads or any(len(path) < 2 for path in owner.parts)
                self.not_followed(node, f"{spoken} an attribute of {of} whose name is not written out")
            return FRESH
        if what in ("setattr", "delattr"):
            self.store(owner, texts, given.at(2), node)
            return FRESH
        return self.part_of(owner, texts, node).join(given.at(2))

    # --- methods -----------------------------------------------------------------------------------------------------

    def _method(self, node: ast.Call, owner: ast.expr, name: str) -> Value:
        base = self.value(owner)
        given = self._given(node)
        if base.parts and not base.holds and all(len(path) == 0 for path in base.parts):
            return self._unknown(Given([base], {}, ((owner, base),)), node, name)
        found = []
        if base.parts:
            self._call_back(given, node)
            found += [self._on_part(path, name, given, node) for path in sorted(base.parts)]
        if base.holds or not base.parts:
            found.append(self._on_own(base, owner, name, given, node))
        return joined(*found)

    def _on_part(self, path: Path, name: str, given: Given, node: ast.Call) -> Value:
        """A method of a part of the state."""
        part = Value(frozenset((path,)))
        if len(path) == 1 or (name in self.code.members and name not in CHANGE | HAND_OUT | TELL | COPY):
            methods = [member for member in self.code.members.get(name, []) if not member.is_property]
            results = [
                self.run(
                    Closure(one.module, one.node, None),
                    given.ordered if one.is_static else [FRESH if one.is_class else part, *given.ordered],
                    given.named, node,
                )
                for one in methods
            ]  # fmt: skip
            if methods:
                return joined(*results)
            if len(path) == 1:  # a field of the layer that is called
                return self.part_of(part, frozenset((name,)), node).anew()
        everything = given.all
        if name in CHANGE:
            if name in ("pop", "remove", "popitem", "popleft"):
                self.may_raise.update(("KeyError", "IndexError", "LookupError", "ValueError"))
            self.use(everything, node)
            self.touch((path,), "write", node, everything.signals | self.control)
        elif name not in HAND_OUT | COPY | TELL:
            self.may_raise.add(ANY)
            if not self.is_scalar(path):
                self.touch((path,), "call", node, everything.signals | self.control)
            return everything.anew()
        if name in HAND_OUT:
            keys = given.at(0).texts if name in ("get", "pop", "setdefault", "__getitem__") else None
            items = joined(*(self.reached(path, key, node) for key in sorted(keys or (ANY,))))
            self.use(given.at(0), node)
            rest = given.at(1)
            if name in ("values", "items"):
                self.use(part, node)
                return items.within() if name == "values" else items.within().within()
            return items.join(rest) if len(given.ordered) > 1 else items
        self.use(everything, node)
        self.use(part, node)
        return part.copied() if name in COPY else everything.anew()

    def _on_own(self, base: Value, owner: ast.expr, name: str, given: Given, node: ast.Call) -> Value:
        """A method of what is no part of the state."""
        everything = given.all
        self._call_back(given, node)
        if name in CHANGE:
            put = _put_by(name, given)
            self.change_kept(base, put, node)
            self.put_into(owner, put, deeper=1)
            return base.member().join(given.at(1)) if name in ("setdefault", "pop") else base.member()
        if name in HAND_OUT:
            if name == "values":
                return base.copied()
            return base.member().within().within() if name == "items" else base.member().join(given.at(1))
        if name in TELL or name in COPY:
            self._take(given)
            return base if name in COPY else everything.anew()
        self.may_raise.add(ANY)
        if name in _RUNS:
            self._take(given)
            return everything.anew()
        members = [member for member in self.code.members.get(name, []) if not member.is_property]
        if members and (everything.leads or base.leads):
            runs = [
                self.run(
                    Closure(one.module, one.node, None),
                    given.ordered if one.is_static else [base, *given.ordered],
                    given.named, node,
                )
                for one in members
            ]  # fmt: skip
            return joined(*runs)
        if base.codes:
            return base.anew()
        return self._unknown(given, node, f"{ast.unparse(owner)}.{name}").join(base.anew())

    # --- assignments -------------------------------------------------------------------------------------------------

    def assign(self, target: ast.expr, value: Value, node: ast.AST) -> None:
        match target:
            case ast.Name(id=name):
                if name in self.frame.elsewhere and not self._is_ours(name):
                    self.change_kept(Value(kept=f"`{name}`"), value, target)
                else:
                    self.bind(name, value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                self.use(value, node)
                for part in parts:
                    self.assign(part, value.copied() if isinstance(part, ast.Starred) else value.member(), node)
            case ast.Starred(value=inner):
                self.assign(inner, value, node)
            case ast.Attribute(value=owner, attr=name):
                base = self.value(owner)
                self.store(base, frozenset((name,)), value, target)
                if not base.parts:
                    self.put_into(target, value)
            case ast.Subscript(value=owner, slice=key):
                base, keys = self.value(owner), self.used(key)
                if isinstance(key, ast.Slice):
                    keys = Value(signals=keys.signals)
                self.store(base, keys.texts, value.join(Value(signals=keys.signals)), target)
                if not base.parts:
                    self.put_into(target, value)

    def _is_ours(self, name: str) -> bool:
        """Whether a name that belongs elsewhere belongs to a function of the body."""
        frame = self.frame.outer
        while frame is not None:
            if name in frame.env:
                return True
            frame = frame.outer
        return False

    def store(self, base: Value, keys: frozenset[str] | None, value: Value, node: ast.AST) -> None:
        """Something is put into what may be a part of the state; without keys the part itself is changed."""
        depends = value.signals | self.control
        if base.parts:
            self.use(value, node)
        for path in sorted(base.parts):
            if not path:
                self.breach("P752", node, "replaces a layer of the context, and a contract grants only fields")
            elif isinstance(node, ast.Attribute | ast.Call) and keys is not None:
                self._set_field(path, keys, node, depends)
            elif len(path) > 0:
                self.touch([(*path, key) for key in sorted(keys or (ANY,))], "write", node, depends)
        self.change_kept(base, value, node)

    def _set_field(self, path: Path, keys: frozenset[str], node: ast.AST, depends: frozenset[str]) -> None:
        for key in sorted(keys):
            if key.startswith("_") and not self._in_member():
                self.past_the_guard(node, f"the private `{key}` of `{shown(path)}`")
                continue
            setters = [one for one in self.code.members.get(key, []) if one.is_setter]
            for setter in setters:
                self.run(Closure(setter.module, setter.node, None), [Value(frozenset((path,)))], {}, node)
            if not setters:
                self.touch(((*path, key),), "write", node, depends)

    def change_kept(self, base: Value, value: Value, node: ast.AST) -> None:
        """What outlives the run is changed."""
        if not base.kept:
            return
        carried = self.carried(value)
        if carried:
            self.breach("P758", node, f"keeps {carried} in {base.kept}", "outlives the run",
                        hint="Keep a copy of the data, or what it says.")  # fmt: skip
        elif not base.given:
            self.breach("P756", node, f"changes {base.kept}, which outlives the run", "outside of the state",
                        hint="Keep it in the context, or name it under `side_effects`.", outside=True)  # fmt: skip

    def delete(self, target: ast.expr) -> None:
        """`del` of a name, a key or an attribute."""
        match target:
            case ast.Name(id=name):
                self.frame.env.pop(name, None)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self.delete(part)
            case ast.Attribute(value=owner, attr=name):
                base = self.value(owner)
                if any(len(path) == 1 for path in base.parts):
                    self.breach("P752", target, f"deletes `{name}`, and a field of the context cannot be deleted")
                else:
                    self.store(base, frozenset((name,)), FRESH, target)
            case ast.Subscript(value=owner, slice=key):
                self.may_raise.update(("KeyError", "IndexError", "LookupError"))
                base, keys = self.value(owner), self.used(key)
                self.store(base, keys.texts, Value(signals=keys.signals), target)


def _put_by(name: str, given: Given) -> Value:
    """What a method that changes a container puts into it; keys and indexes are not told from other texts."""
    if name in ("setdefault", "insert", "__setitem__"):
        return joined(*given.ordered[1:])
    if name in ("append", "appendleft", "add"):
        return given.all
    if name in ("extend", "extendleft", "update", "__iadd__", "__ior__"):
        return joined(*(value.member() for value in given.ordered), *given.named.values())
    return FRESH


def _where(closure: Closure) -> tuple[str, int, int]:
    return closure.module, closure.node.lineno, closure.node.col_offset

"""Statements of a body: what is bound, changed, decided, raised and returned, one way after the other."""

from __future__ import annotations

import ast

from pgs_compiler.bodies.calls import Calls
from pgs_compiler.bodies.touches import Kind, Raised
from pgs_compiler.bodies.values import ANY, FRESH, Closure, Frame, Value, joined, merged
from pgs_compiler.purity.scopes import parameters

_MOST_ROUNDS = 12
_MOST_ACTIVATIONS = 3
_DEEPEST = 24


class Statements(Calls):
    """The whole walk: it also runs functions, statement by statement."""

    # --- functions ---------------------------------------------------------------------------------------------------

    def run(self, closure: Closure, given: list[Value], named: dict[str, Value], node: ast.AST) -> Value:
        active = [frame.node for frame in self.frames]
        if active.count(closure.node) >= _MOST_ACTIVATIONS or len(active) > _DEEPEST:
            return FRESH
        control = self.frame.control if self.frames else frozenset[str]()
        env = self._arguments(closure, given, named)
        frame = Frame(closure.module, closure.node, closure.frame, env, control)
        outermost = self.call is None and len(self.frames) == 1
        if outermost:
            self.call, self.called = (self.frame.module, node), getattr(closure.node, "name", "lambda")
        self.frames.append(frame)
        try:
            if isinstance(closure.node, ast.Lambda):
                frame.returned = self.value(closure.node.body)
            else:
                self.block(closure.node.body)
        finally:
            self.frames.pop()
            if outermost:
                self.call, self.called = None, ""
        found = frame.returned or FRESH
        if frame.is_generator:
            inner = found.within()
            return Value(holds=inner.holds, signals=inner.signals, codes=inner.codes, lazy=True)
        return found

    def _arguments(self, closure: Closure, given: list[Value], named: dict[str, Value]) -> dict[str, Value]:
        takes = closure.node.args
        ordered = [*takes.posonlyargs, *takes.args]
        env = {argument.arg: FRESH for argument in parameters(takes)}
        defaults = dict(zip([one.arg for one in reversed(ordered)], reversed(takes.defaults), strict=False))
        defaults |= {one.arg: value for one, value in zip(takes.kwonlyargs, takes.kw_defaults, strict=True) if value}
        for name, default in defaults.items():
            env[name] = self._default(name, default, closure)
        unplaced = named.get(ANY)
        if unplaced is not None:
            env = {name: value.join(unplaced) for name, value in env.items()}
        for argument, value in zip(ordered, given, strict=False):
            env[argument.arg] = value if unplaced is None else value.join(unplaced)
        if takes.vararg is not None:
            env[takes.vararg.arg] = joined(*(value.within() for value in given[len(ordered) :]))
        known = {argument.arg for argument in (*takes.args, *takes.kwonlyargs)}
        rest = [value for name, value in named.items() if name not in known]
        env |= {name: value for name, value in named.items() if name in known}
        if takes.kwarg is not None:
            env[takes.kwarg.arg] = joined(*(value.within() for value in rest))
        return env

    def _default(self, name: str, default: ast.expr, closure: Closure) -> Value:
        if isinstance(default, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp | ast.Call):
            return Value(kept=f"the default of `{name}`")
        if closure.frame is not None and isinstance(default, ast.Name | ast.Attribute | ast.Subscript):
            return self.value(default) if self.frames else FRESH
        return FRESH

    # --- blocks ------------------------------------------------------------------------------------------------------

    def block(self, body: list[ast.stmt]) -> bool:
        """Whether one comes to the end of it."""
        return all(map(self.statement, body))

    def statement(self, node: ast.stmt) -> bool:
        self.step()
        match node:
            case ast.Return(value=value):
                self._return(value)
                return False
            case ast.Raise():
                self._raise(node)
                return False
            case ast.Break() | ast.Continue():
                self.frame.jumps.append(dict(self.frame.env))
                return False
            case ast.If(test=test, body=body, orelse=orelse):
                return self._if(test, body, orelse)
            case ast.For() | ast.AsyncFor() | ast.While():
                return self._loop(node)
            case ast.Try() | ast.TryStar():
                return self._try(node)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                return self._with(items, body)
            case ast.Match(subject=subject, cases=cases):
                return self._match(subject, cases)
        self._simple(node)
        return True

    def _simple(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) if len(targets) == len(
                values
            ) and not any(isinstance(part, ast.Starred) for part in (*targets, *values)):
                found = [self.value(value) for value in values]
                for target, value in zip(targets, found, strict=True):
                    self.assign(target, value, target)
            case ast.Assign(targets=targets, value=value):
                found_one = self.value(value)
                for target in targets:
                    self.assign(target, found_one, target)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assign(target, self.value(value), target)
            case ast.AugAssign(target=target, value=value):
                self._augmented(target, value)
            case ast.Delete(targets=targets):
                for target in targets:
                    self.delete(target)
            case ast.Expr(value=value):
                self.value(value)
            case ast.Assert(test=test, msg=message):
                self.used(test)
                if message is not None:
                    self.used(message)
                self.may_raise.add("AssertionError")
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for default in (*node.args.defaults, *(one for one in node.args.kw_defaults if one)):
                    self.value(default)
                for decorator in node.decorator_list:
                    self.value(decorator)
                self.bind(node.name, Value(codes=frozenset((Closure(self.frame.module, node, self.frame),))))
            case ast.ClassDef():
                self._class(node)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                self.frame.elsewhere.update(names)

    def _augmented(self, target: ast.expr, value: ast.expr) -> None:
        given = self.used(value)
        if isinstance(target, ast.Name) and target.id not in self.frame.elsewhere:
            before = self.lookup(target)
            # `+=` of a list changes the list itself, and of a number it binds another one.
            changed = [path for path in before.parts if len(path) > 1 and not self.is_scalar(path)]
            if changed and not self.adds_number(value, given):
                sure = isinstance(value, ast.List | ast.ListComp | ast.Dict | ast.Set)
                for path in changed:
                    kind: Kind = "write" if sure or path[-1] in self.code.fields else "call"
                    self.touch((path,), kind, target, given.signals | self.control)
            elif before.kept:
                self.change_kept(before, given, target)
            else:
                self.use(before, target)
            self.bind(target.id, before.join(given.anew()) if changed else before.join(given).anew())
            return
        loaded = self.value(target)
        self.use(loaded, target)
        self.assign(target, loaded.anew().join(given.anew()), target)

    def adds_number(self, node: ast.expr, value: Value) -> bool:
        """Whether what is added surely is a number, so that nothing is changed in place."""
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return True
        return bool(value.parts) and all(map(self.is_scalar, value.parts))

    def _class(self, node: ast.ClassDef) -> None:
        closures = [
            Closure(self.frame.module, part, self.frame)
            for part in node.body
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        for closure in closures:
            self.run(closure, [], {}, closure.node)
        self.bind(node.name, Value(codes=frozenset(closures)))

    # --- ends --------------------------------------------------------------------------------------------------------

    def _return(self, value: ast.expr | None) -> None:
        found = self.value(value) if value is not None else FRESH
        if value is not None and len(self.frames) == 1:
            self.use(found, value)
            self.judge_returned(found, value)
        before = self.frame.returned
        self.frame.returned = found if before is None else before.join(found)

    def judge_returned(self, found: Value, node: ast.AST) -> None:
        """See to it that what the run gives is data, and nothing that leads to the state."""
        layers = sorted(path for path in found.parts | found.held if len(path) < 2)
        for closure in found.codes:
            name = self.captured(closure, set())
            if name:
                self.breach("P758", node, f"returns a function that has `{name}`", "outlives the run")
        if found.lazy:
            self.breach("P758", node, "returns what reads the state only later", "outlives the run",
                        hint="Return a list of it.")  # fmt: skip
        elif found.methods and not found.parts:
            path, name = min(found.methods)
            self.breach("P758", node, f"returns the method `{name}` of `{'.'.join(path)}`", "outlives the run")
        elif layers:
            what = f"the layer `{layers[0][0]}`" if layers[0] else "the context"
            self.breach("P758", node, f"returns {what}", "outlives the run", hint="Return the fields that are needed.")

    def _raise(self, node: ast.Raise) -> None:
        if node.cause is not None:
            self.value(node.cause)
        raised: list[str] = []
        match node.exc:
            case None:
                raised = list(self.frame.caught)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args, keywords=keywords):
                for argument in (*args, *(keyword.value for keyword in keywords)):
                    self.used(argument)
                raised = [name]
            case ast.Name(id=name) if name == self.frame.caught_as:
                raised = list(self.frame.caught)
            case ast.Name(id=name) if name not in self.frame.env:
                raised = [name]
            case ast.Attribute(attr=name) if self.source.origin(node.exc):
                raised = [name]
            case other:
                self.used(other)
                self.may_raise.add("*")
        for name in raised:
            if name in ("Exception", "BaseException") and name in self.frame.caught:
                continue  # whatever came is raised again, and where it comes from is looked at there
            kinds, certain = self.code.kinds(name)
            if not any(caught & kinds for caught in self.catching):
                self.raises.setdefault((name, id(node)), Raised(name, kinds, certain, self.spot(node)))

    # --- ways --------------------------------------------------------------------------------------------------------

    def _if(self, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt]) -> bool:
        decides = self.used(test).signals
        frame = self.frame
        control, env = frame.control, dict(frame.env)
        frame.control = control | decides
        first, after_first = self.block(body), frame.env
        frame.env = dict(env)
        second, after_second = self.block(orelse), frame.env
        ends = [after for goes_on, after in ((first, after_first), (second, after_second)) if goes_on]
        frame.env = merged(*ends) if ends else after_second
        # Where one of the ways ends here, what comes behind depends on the test as well.
        frame.control = control if first and second else control | decides
        return bool(ends)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> bool:
        frame = self.frame
        control, outer_jumps = frame.control, frame.jumps
        frame.jumps = []
        for _ in range(_MOST_ROUNDS):
            before = dict(frame.env)
            if isinstance(node, ast.While):
                frame.control |= self.used(node.test).signals
            else:
                items = self.iterated(self.value(node.iter), node.iter)
                frame.control |= items.signals
                self.assign(node.target, items, node.target)
            goes_on = self.block(node.body)
            ways = [before, *frame.jumps, *((frame.env,) if goes_on else ())]
            frame.env = merged(*ways)
            if frame.env == before:
                break
        frame.control, frame.jumps = control, outer_jumps
        self.block(node.orelse)
        return True

    def _try(self, node: ast.Try | ast.TryStar) -> bool:
        frame = self.frame
        before = dict(frame.env)
        self.catching.append(frozenset(name for handler in node.handlers for name in _caught(handler)))
        passed = self.block(node.body)
        self.catching.pop()
        after_body = dict(frame.env)
        ends = []
        if passed and self.block(node.orelse):
            ends.append(dict(frame.env))
        outer = (frame.caught, frame.caught_as)
        for handler in node.handlers:
            frame.env = merged(before, after_body)
            frame.caught, frame.caught_as = _caught(handler), handler.name or ""
            if handler.name:
                frame.env[handler.name] = FRESH
            if self.block(handler.body):
                ends.append(dict(frame.env))
        frame.caught, frame.caught_as = outer
        frame.env = merged(*ends) if ends else merged(before, after_body)
        return self.block(node.finalbody) and bool(ends)

    def _with(self, items: list[ast.withitem], body: list[ast.stmt]) -> bool:
        catches: frozenset[str] = frozenset()
        for item in items:
            found = self.value(item.context_expr)
            call = item.context_expr
            if isinstance(call, ast.Call) and self.source.callee(call) == "contextlib.suppress":
                catches |= frozenset(ast.unparse(argument).rpartition(".")[2] for argument in call.args)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, found, item.optional_vars)
        before = dict(self.frame.env)
        self.catching.append(catches)
        goes_on = self.block(body)
        self.catching.pop()
        if catches:
            self.frame.env = merged(before, self.frame.env)
        return goes_on or bool(catches)

    def _match(self, subject: ast.expr, cases: list[ast.match_case]) -> bool:
        found = self.used(subject)
        frame = self.frame
        control, env = frame.control, dict(frame.env)
        captured = found.join(found.member()).join(found.member().member())
        ends, all_ended = [env], False
        for case in cases:
            frame.env, frame.control = dict(env), control | found.signals
            for part in ast.walk(case.pattern):
                name = getattr(part, "name", None) or getattr(part, "rest", None)
                if isinstance(name, str):
                    frame.env[name] = captured
                elif isinstance(part, ast.MatchValue):
                    self.used(part.value)
            if case.guard is not None:
                frame.control |= self.used(case.guard).signals
            if self.block(case.body):
                ends.append(frame.env)
            all_ended = all_ended or (isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
                                      and case.guard is None)  # fmt: skip
        ends = ends[1:] if all_ended else ends
        frame.env, frame.control = merged(*ends) if ends else env, control | found.signals
        return bool(ends)

    def enter(self, module: str, function: ast.AST, context: Value) -> None:
        """Walk through a process whose first parameter is the context."""
        assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)  # noqa: S101
        names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
        others = (*names[1:], *(one.arg for one in function.args.kwonlyargs))
        arguments = self._arguments(Closure(module, function, None), [], {})
        env = {
            name: arguments[name] if arguments[name].kept else Value(kept=f"the argument `{name}`", given=True)
            for name in others
        }
        stars = [star.arg for star in (function.args.vararg, function.args.kwarg) if star is not None]
        env |= dict.fromkeys(stars, FRESH)
        if names:
            env[names[0]] = context
        self.frames.append(Frame(module, function, None, env))
        if isinstance(function, ast.Lambda):
            self.judge_returned(self.used(function.body), function.body)
        else:
            self.block(function.body)
        if self.frame.is_generator:
            self.breach("P758", function, "is a generator, so it runs only once its run is over", "outlives the run")
        self.frames.pop()


def _caught(handler: ast.ExceptHandler) -> tuple[str, ...]:
    """The names of the exceptions that a handler catches."""
    if handler.type is None:
        return ("BaseException",)
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return tuple(ast.unparse(kind).rpartition(".")[2] for kind in kinds)

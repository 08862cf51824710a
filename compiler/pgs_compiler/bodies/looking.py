"""What every part of the walk through a body shares: where it is, what names mean there, and what it has seen."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterable

from pgs_compiler.bodies.code import Code
from pgs_compiler.bodies.methods import HAND_OUT
from pgs_compiler.bodies.touches import Breach, Kind, Raised, Spot, Touch
from pgs_compiler.bodies.values import FRESH, Closure, Frame, Path, Value, shown
from pgs_compiler.purity.advice import advice
from pgs_compiler.purity.source import Source
from pgs_process.paths import LAYERS
from pgs_snapshot.sealed_code.pure import names

MOST_STEPS = 20_000

_OUTSIDE = (
    "reads the clock", "draws by chance", "reads the environment", "writes where nobody looks",
    "reaches outside of the run", "starts something that runs beside the transform", "asks a person",
)  # fmt: skip
_HARMLESS = names(
    "asyncio.sleep uuid.uuid3 uuid.uuid5 uuid.UUID uuid.NAMESPACE_DNS uuid.NAMESPACE_URL io.StringIO io.BytesIO"
    " pathlib.PurePath pathlib.PurePosixPath time.struct_time secrets.compare_digest random.Random os.path.join"
    " os.path.basename os.path.dirname os.path.splitext weakref asyncio.CancelledError asyncio.TimeoutError"
)


class TooLarge(Exception):
    """A body that takes too long to follow."""


class Looking(ABC):
    """The state of a walk through one body."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.touches: dict[tuple[Path, Kind, int], Touch] = {}
        self.breaches: dict[tuple[str, int, str], Breach] = {}
        self.raises: dict[tuple[str, int], Raised] = {}
        self.may_raise: set[str] = set()
        self.spreads = False
        self.frames: list[Frame] = []
        self.catching: list[frozenset[str]] = []
        self.call: tuple[str, ast.AST] | None = None
        self.called = ""
        self._steps = 0

    @abstractmethod
    def value(self, node: ast.expr) -> Value:
        """What an expression may stand for."""

    @abstractmethod
    def run(self, closure: Closure, given: list[Value], named: dict[str, Value], node: ast.AST) -> Value:
        """What a function of the sources may give."""

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    @property
    def source(self) -> Source:
        return self.code.sources[self.frame.module]

    @property
    def control(self) -> frozenset[str]:
        return self.frame.control

    def step(self) -> None:
        """Count what is looked at.

        Raises:
            TooLarge: it is too much.
        """
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise TooLarge

    # --- what is seen ------------------------------------------------------------------------------------------------

    def spot(self, node: ast.AST) -> Spot:
        return Spot(self.frame.module, node, self.call, self.called)

    def touch(self, paths: Iterable[Path], kind: Kind, node: ast.AST, signals: frozenset[str] = frozenset()) -> None:
        for path in paths:
            if path:
                key = (path, kind, id(node))
                before = self.touches.get(key)
                depends = signals | before.signals if before else signals
                self.touches[key] = Touch(path, kind, self.spot(node), depends)

    def breach(
        self, code: str, node: ast.AST, does: str, label: str = "", *, hint: str = "", outside: bool = False
    ) -> None:
        self.breaches.setdefault((code, id(node), does), Breach(code, self.spot(node), does, label, hint, outside))

    def use(self, value: Value, node: ast.AST) -> Value:
        """A value is taken whole: printed, compared, copied."""
        self.touch((path for path in value.parts if len(path) > 1), "read", node)
        return value

    def used(self, node: ast.expr) -> Value:
        return self.use(self.value(node), node)

    # --- names -------------------------------------------------------------------------------------------------------

    def lookup(self, node: ast.Name) -> Value:
        """What a name means here."""
        frame: Frame | None = self.frame
        while frame is not None:
            if node.id in frame.env and node.id not in frame.elsewhere:
                return frame.env[node.id]
            frame = frame.outer
        source = self.source
        scope = source.scopes.binder(node.id, node)
        if scope is None:
            return FRESH
        if scope.kind == "module":
            found = self.code.function(source.origin_of(node.id, node))
            if found is not None:
                return Value(codes=frozenset((Closure(*found, None),)))
            defined = source.defined(node.id)
            if isinstance(defined, ast.Import | ast.ImportFrom | ast.ClassDef | ast.FunctionDef):
                return FRESH
            return Value(kept=f"`{node.id}`", texts=_constant(defined))
        bound = scope.bound[node.id][-1]
        if isinstance(bound, ast.FunctionDef | ast.AsyncFunctionDef):
            return Value(codes=frozenset((Closure(self.frame.module, bound, None),)))
        if isinstance(bound, ast.ClassDef | ast.Import | ast.ImportFrom) or scope.block is self.frame.node:
            return FRESH
        return Value(kept=f"`{node.id}`")

    def root_name(self, node: ast.expr) -> str:
        """The name that an expression begins with, "" if it begins with something else."""
        return self.rooted(node)[0]

    def rooted(self, node: ast.expr) -> tuple[str, int]:
        """The name that an expression begins with, and how many steps it goes into what that means."""
        steps = 0
        while True:
            match node:
                case ast.Call(func=ast.Attribute(value=inner, attr=attr)) if attr in HAND_OUT:
                    node, steps = inner, steps + 1
                case ast.Attribute(value=inner) | ast.Subscript(value=inner):
                    node, steps = inner, steps + 1
                case ast.Starred(value=inner):
                    node = inner
                case ast.Name(id=name):
                    return name, steps
                case _:
                    return "", 0

    def bind(self, name: str, value: Value) -> None:
        """Let a name mean something else from here on."""
        frame: Frame | None = self.frame
        if name in self.frame.elsewhere:
            frame = self.frame.outer
            while frame is not None and name not in frame.env:
                frame = frame.outer
        if frame is not None:
            frame.env[name] = value

    def put_into(self, target: ast.expr, value: Value, deeper: int = 0) -> None:
        """What a name means holds something more now: where a target lies in it, or so much deeper."""
        name, steps = self.rooted(target)
        inner = value
        for _ in range(steps + deeper):
            inner = inner.within()
        frame: Frame | None = self.frame
        while frame is not None:
            if name in frame.env:
                before = frame.env[name]
                frame.env[name] = Value(
                    before.parts, before.holds | inner.holds, before.signals | inner.signals,
                    before.codes | inner.codes, before.methods | inner.methods,
                    before.kept, before.given, before.lazy, None,
                )  # fmt: skip
                return
            frame = frame.outer

    # --- what leads out ----------------------------------------------------------------------------------------------

    def is_scalar(self, path: Path) -> bool:
        """Whether a part of the state surely is a number, a text or the like."""
        return len(path) > 1 and self.code.is_scalar(path[-1])

    def carried(self, value: Value) -> str:
        """What of the state a value would carry elsewhere, as a message names it; "" if nothing."""
        for path in sorted((*value.parts, *value.held, *(path for path, _ in value.methods))):
            if not self.is_scalar(path):
                return f"`{shown(path)}`" if path else "the context"
        for closure in value.codes:
            name = self.captured(closure, set())
            if name:
                return f"a function that has `{name}`"
        return ""

    def captured(self, closure: Closure, seen: set[int]) -> str:
        """The name by which a function has the state from around it, "" if it has it not."""
        if closure.frame is None or id(closure.node) in seen:
            return ""
        seen.add(id(closure.node))
        for node in ast.walk(closure.node):
            if not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)):
                continue
            frame: Frame | None = closure.frame
            while frame is not None and node.id not in frame.env:
                frame = frame.outer
            if frame is None:
                continue
            value = frame.env[node.id]
            if any(not self.is_scalar(path) for path in (*value.parts, *value.held)) or value.methods:
                return node.id
            if any(self.captured(inner, seen) for inner in value.codes):
                return node.id
        return ""

    def look_outside(self, node: ast.expr) -> str:
        """The full name of what an expression names, noting what is outside of the state."""
        origin = self.source.origin(node)
        if not origin or self.code.function(origin) is not None or isinstance(self._parent(node), ast.Attribute):
            return origin
        if any(origin == name or origin.startswith(f"{name}.") for name in _HARMLESS):
            return origin
        does = advice(origin).does
        if does in _OUTSIDE:
            what = does.replace("the transform", "the run")
            self.breach(
                "P756", node, f"uses `{origin.removeprefix('builtins.')}`, which {what}", "outside of the state",
                hint="Take what it gives as an argument, or name it under `side_effects`.", outside=True,
            )  # fmt: skip
        return origin

    def _parent(self, node: ast.AST) -> ast.AST | None:
        return self.source.scopes.parents.get(node)

    def past_the_guard(self, node: ast.AST, what: str) -> None:
        self.breach("P757", node, f"goes round the guard by {what}", "no guard stands here")

    def not_followed(self, node: ast.AST, why: str) -> None:
        self.breach("P761", node, why, "not followed")

    def spread(self, value: Value, node: ast.AST, what: str) -> None:
        """A value comes to what cannot be followed."""
        carried = self.carried(value)
        if not carried:
            self.use(value, node)
            return
        paths = value.parts | value.held
        self.touch(paths, "spread", node)
        self.spreads = self.spreads or any(len(path) < 2 for path in paths) or bool(value.codes)
        self.not_followed(node, f"hands {carried} to `{what}`, which cannot be followed")


def _constant(node: ast.AST | None) -> frozenset[str] | None:
    match node:
        case ast.Assign(value=ast.Constant(value=str(text))) | ast.AnnAssign(value=ast.Constant(value=str(text))):
            return frozenset((text,))
    return None


def layer_of(name: str) -> str | None:
    """The layer of which a name of the context is one."""
    return LAYERS.get(name)

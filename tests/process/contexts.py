"""Contexts that the tests of processes run over."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum

from pgs_process import BaseDomainContext, BaseGlobalContext, BaseSystemContext, ProcessEngine, process


class Color(Enum):
    RED = 1
    BLUE = 2


class Thing:
    """An object of a plain class, with a list, a private attribute and methods."""

    label = "thing"

    def __init__(self, value: int = 1) -> None:
        self.value = value
        self.secret = 7
        self.items = [1]
        self._hidden = [0]

    def push(self, value: int) -> None:
        self.items.append(value)
        self._hidden.append(value)

    def itself(self) -> Thing:
        return self

    @property
    def double(self) -> int:
        return self.value * 2

    @double.setter
    def double(self, value: int) -> None:
        self.value = value // 2

    def __len__(self) -> int:
        return len(self.items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thing) and (self.value, self.items) == (other.value, other.items)

    __hash__ = None  # type: ignore[assignment]


class Net:
    """A model: an object that is called."""

    def __init__(self) -> None:
        self.w = 1

    def __call__(self, x: int) -> int:
        return self.w * x


class Grid:
    """Stands for an array: it keeps its numbers where nobody but itself can look, as C code does."""

    def __new__(cls, *numbers: int) -> Grid:
        made = super().__new__(cls)
        made.numbers = list(numbers)
        return made

    def __init__(self, *numbers: int) -> None:
        pass

    def __setitem__(self, at: int, value: int) -> None:
        self.numbers[at] = value


@dataclass
class Settings(BaseGlobalContext):
    limit: int = 10


@dataclass
class Domain(BaseDomainContext):
    x: int = 1
    y: int = 2
    count: int = 0
    ratio: float = 0.5
    name: str = "a"
    maybe: int | None = None
    items: list = field(default_factory=lambda: [1, 2, 3])
    matrix: list = field(default_factory=lambda: [[1], [2], [3]])
    d: dict = field(default_factory=lambda: {"a": 1, "n": [1], "b": 2})
    tags: set = field(default_factory=lambda: {"p", "q"})
    queue: deque = field(default_factory=lambda: deque([1, 2, 3]))
    tup: tuple = ([1], 2)
    frozen: frozenset = frozenset({1, 2})
    obj: Thing = field(default_factory=Thing)
    objects: list = field(default_factory=lambda: [Thing(1), Thing(2)])
    net: Net = field(default_factory=Net)
    raw: bytearray = field(default_factory=lambda: bytearray(b"abc"))
    color: Color = Color.RED
    accounts: dict = field(default_factory=lambda: {"Alice": 100, "Bob": 0})
    sig_go: bool = False
    cmd_do: str = ""
    meta_t: int = 0
    heavy_blob: bytearray = field(default_factory=lambda: bytearray(b"heavy"))


@dataclass
class System(BaseSystemContext):
    domain_ctx: Domain = field(default_factory=Domain)
    global_ctx: Settings = field(default_factory=Settings)


def raw(system: System, name: str) -> object:
    """A field as the caller's objects have it, past the lock."""
    return object.__getattribute__(object.__getattribute__(system, "domain_ctx"), name)


def ran(
    body: Callable[..., object],
    inputs: Iterable[str] = (),
    outputs: Iterable[str] = (),
    system: System | None = None,
    **more: object,
) -> tuple[object, System]:
    """Run a body once under a contract; what it returned, and the context."""
    system = system or System()
    options = {key: more.pop(key) for key in ("signals", "errors") if key in more}
    engine = ProcessEngine(system, **{"strict_mode": True, **more})  # type: ignore[arg-type]
    engine.register_process("body", process(list(inputs), list(outputs), **options)(body))  # type: ignore[arg-type]
    return engine.run_process("body"), system

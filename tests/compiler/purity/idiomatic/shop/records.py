"""Records: dataclasses, enumerations, dispatch."""

from __future__ import annotations

import copy
import json
from collections import ChainMap, namedtuple
from dataclasses import asdict, dataclass, field, replace
from enum import Enum, IntEnum, StrEnum, auto, unique
from functools import total_ordering
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, NamedTuple, TypedDict

from pgs_snapshot.values import Outcome, Value, same

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Address", "Level"]

MOST: Final = 3
Kind = Literal["card", "cash"]
LABELS: dict[str, str] = {"card": "Card", "cash": "Cash"}
WEIGHTS = MappingProxyType({label: len(label) for label in LABELS})
_MISSING = object()
Point = namedtuple("Point", "x y")


class RefusedError(Exception):
    """A record that makes no sense."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@unique
class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Status(StrEnum):
    OPEN = auto()
    CLOSED = auto()

    @property
    def label(self) -> str:
        return self.name.title()


class Colour(Enum):
    RED = "r"
    GREEN = "g"


class Line(TypedDict):
    name: str
    amount: int


class Money(NamedTuple):
    amount: int
    currency: str = "EUR"


@dataclass(frozen=True, slots=True)
class Address:
    street: str
    city: str
    lines: tuple[str, ...] = ()
    most: ClassVar[int] = 5

    def __post_init__(self) -> None:
        if not self.city:
            raise RefusedError("NO_CITY")
        object.__setattr__(self, "city", self.city.strip())

    @classmethod
    def of(cls, record: dict[str, Any]) -> Address:
        return cls(record["street"], record["city"], tuple(record.get("lines", ())))

    @staticmethod
    def is_known(city: str) -> bool:
        return city in ("Graz", "Wien")


@dataclass
class Basket:
    lines: list[Line] = field(default_factory=list)

    def add(self, line: Line) -> None:
        self.lines.append(line)

    def total(self) -> int:
        return sum(line["amount"] for line in self.lines)


@total_ordering
@dataclass(frozen=True)
class Version:
    major: int
    minor: int

    def __lt__(self, other: Version) -> bool:
        return (self.major, self.minor) < (other.major, other.minor)


def address(record: dict[str, Any]) -> dict[str, Any]:
    return asdict(Address.of(record))


def address_or_reason(record: dict[str, Any]) -> dict[str, Any] | Outcome:
    try:
        return {"city": Address.of(record).city}
    except RefusedError as refused:
        return Outcome("REFUSED", reason=refused.reason)


def moved(record: dict[str, Any], city: str) -> dict[str, Any]:
    return asdict(replace(Address.of(record), city=city))


def level(name: str) -> dict[str, int]:
    return {"level": Level[name].value}


def status(name: str) -> dict[str, str]:
    return {"label": Status(name).label}


def colours() -> dict[str, list[str]]:
    return {"names": [colour.name for colour in Colour], "known": sorted(Colour.__members__)}


def basket(lines: list[Line]) -> dict[str, int]:
    filled = Basket()
    for line in lines:
        filled.add(line)
    return {"total": filled.total()}


def newest(versions: list[list[int]]) -> dict[str, list[int]]:
    found = max(Version(major, minor) for major, minor in versions)
    return {"version": [found.major, found.minor]}


def label(kind: Kind) -> dict[str, str]:
    return {"label": LABELS.get(kind, "?")}


def weight(name: str) -> dict[str, int]:
    return {"weight": WEIGHTS[name]}


def money(amount: int) -> dict[str, Any]:
    return Money(amount)._asdict()


def point(x: int, y: int) -> dict[str, int]:
    return {"sum": Point(x, y).x + Point(x, y).y}


def matched(command: list[str]) -> dict[str, str]:
    match command:
        case ["go", direction]:
            return {"does": f"goes {direction}"}
        case ["take", *things]:
            return {"does": f"takes {', '.join(things)}"}
        case []:
            return {"does": "nothing"}
        case _:
            raise ValueError(f"no command: {command!r}")


def matched_record(record: dict[str, Any]) -> dict[str, str]:
    match record:
        case {"kind": "card", "number": str(number)}:
            return {"shown": number[-4:]}
        case {"kind": "cash" | "coins"}:
            return {"shown": "cash"}
        case _:
            return {"shown": "unknown"}


def described(value: Value) -> dict[str, str]:
    if isinstance(value, bool):
        return {"kind": "boolean"}
    return {"kind": type(value).__name__}


def merged(record: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    return {"record": defaults | record}


def layered(record: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    return {"record": dict(sorted(ChainMap(record, defaults).items()))}


def without(record: dict[str, Any], names: list[str]) -> dict[str, Any]:
    rest = copy.deepcopy(record)
    for name in names:
        rest.pop(name, None)
    return {"record": rest}


def member(record: dict[str, Any], name: str) -> dict[str, Any] | Outcome:
    found = record.get(name, _MISSING)
    return Outcome("NOT_FOUND") if found is _MISSING else {"value": found}


def changed(before: dict[str, Value], after: dict[str, Value]) -> dict[str, list[str]]:
    names = sorted({*before, *after})
    return {"changed": [name for name in names if not same(before.get(name), after.get(name))]}


def written(record: dict[str, Any]) -> dict[str, str]:
    return {"text": json.dumps(record, sort_keys=True, separators=(",", ":"))}


def read(text: str) -> dict[str, Any]:
    try:
        return {"value": json.loads(text)}
    except json.JSONDecodeError as error:
        return {"value": None, "at": error.pos}


def suffix(path: str, _unused: Path | None = None) -> dict[str, str]:
    return {"suffix": path.rpartition(".")[2]}


def validated(amount: Any) -> dict[str, bool]:
    if not isinstance(amount, int) or amount > MOST * 100:
        raise TypeError(f"amount is a {type(amount).__name__}")
    assert amount >= 0
    return {"ok": True}


if __name__ == "__main__":
    print(label("card"))

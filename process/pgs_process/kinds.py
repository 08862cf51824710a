"""How a value of each type is guarded: passed as it is, wrapped, or copied.

A type is looked at once. What cannot be changed (an atom) passes; the built-in containers and plain objects are
wrapped; everything else, of whose inside nothing is known, is opaque: it is handed out as a copy.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import pathlib
import re
import types
import uuid
from collections import deque
from enum import Enum

ATOMS: frozenset[type] = frozenset({int, str, bool, float, type(None), bytes, complex, type(Ellipsis), range})
"""Types whose values can be handed out as they are: looked up on every read, so only the usual ones."""

_UNCHANGEABLE = (
    int, str, float, bytes, complex, enum.Enum, datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo,
    decimal.Decimal, fractions.Fraction, uuid.UUID, pathlib.PurePath, re.Pattern, types.FunctionType,
    types.BuiltinFunctionType, types.ModuleType, type, types.GenericAlias, types.UnionType, type(NotImplemented),
)  # fmt: skip


class Kind(Enum):
    """The ways of guarding a value."""

    ATOM = "atom"
    DICT = "dict"
    LIST = "list"
    SET = "set"
    DEQUE = "deque"
    TUPLE = "tuple"
    FROZENSET = "frozenset"
    OBJECT = "object"
    OPAQUE = "opaque"


_EXACT: dict[type, Kind] = {
    dict: Kind.DICT,
    list: Kind.LIST,
    set: Kind.SET,
    deque: Kind.DEQUE,
    tuple: Kind.TUPLE,
    frozenset: Kind.FROZENSET,
    **dict.fromkeys(ATOMS, Kind.ATOM),
}
_MADE_BY_A_CLASS_STATEMENT = 1 << 9  # Py_TPFLAGS_HEAPTYPE


def kind_of(cls: type) -> Kind:
    """How values of this type are guarded."""
    kind = _EXACT.get(cls)
    if kind is None:
        kind = _EXACT[cls] = _classified(cls)
    return kind


def _classified(cls: type) -> Kind:
    if issubclass(cls, _UNCHANGEABLE):
        return Kind.ATOM
    if issubclass(cls, tuple) and hasattr(cls, "_fields") and "__dict__" not in dir(cls):
        return Kind.TUPLE
    return Kind.OBJECT if _is_plain(cls) else Kind.OPAQUE


def _is_plain(cls: type) -> bool:
    """Whether all that instances hold are attributes: no ancestor is written in C, and none makes instances its own
    way."""
    if not all(base is object or base.__flags__ & _MADE_BY_A_CLASS_STATEMENT for base in cls.__mro__):
        return False
    makes: object = cls.__new__
    return makes is object.__new__ or isinstance(makes, types.FunctionType)

"""A transform that does what it is told, be it what no transform should."""

from __future__ import annotations

from collections.abc import Callable

from pgs_snapshot.values import Outcome


def behave(how: str) -> object:
    """Answer, deny, fail, or break the contract in the way that `how` names."""
    return _BAD[how]() if how in _BAD else _GOOD.get(how, {"value": how})


def _raise() -> object:
    raise ValueError("the secret is 0451")


def _recurse() -> object:
    return _recurse()


def _spin() -> object:
    while _GOOD:
        pass


_GOOD: dict[str, object] = {"deny": Outcome("DENIED"), "fail": Outcome("FAILED")}
_BAD: dict[str, Callable[[], object]] = {
    "raise": _raise,
    "recurse": _recurse,
    "spin": _spin,
    "undeclared outcome": lambda: Outcome("OTHER"),
    "undeclared output": lambda: {"value": 1, "more": 2},
    "missing output": dict,
    "nothing": lambda: None,
    "not a number": lambda: {"value": float("nan")},
    "an object": lambda: {"value": object()},
    "large": lambda: {"value": "x" * (1 << 20)},
}

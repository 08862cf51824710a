"""`@process`: what a function reads, sets, does and raises, said next to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Contract:
    """What a process declares: paths that it reads and writes, signals that it reads, side effects, errors by name."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    signals: tuple[str, ...] = ()
    side_effects: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def declared(self) -> tuple[str, ...]:
        """Every path of the contract, in the order in which it was written."""
        return tuple(dict.fromkeys((*self.inputs, *self.signals, *self.outputs)))

    def lists(self, error: BaseException) -> bool:
        """Whether an error, or one that it is a kind of, is among the declared ones."""
        kind = type(error)
        return kind.__name__ in self.errors or any(base.__name__ in self.errors for base in kind.__mro__)


def process(
    inputs: Iterable[str],
    outputs: Iterable[str],
    signals: Iterable[str] | None = None,
    side_effects: Iterable[str] | None = None,
    errors: Iterable[str | type[BaseException]] | None = None,
) -> Callable[[F], F]:
    """Declare the contract of a function whose first parameter is the context.

    Paths name fields of layers: `domain.accounts`, or a part of one, `domain.owner.name`. Who may write may read. The
    function stays what it is; its contract is at `contract`, and an engine keeps its own copy once it is registered.
    """
    contract = Contract(
        _texts(inputs),
        _texts(outputs),
        _texts(signals or ()),
        _texts(side_effects or ()),
        tuple(error if isinstance(error, str) else error.__name__ for error in errors or ()),
    )

    def declare(function: F) -> F:
        function.contract = contract  # type: ignore[attr-defined]  # a function takes attributes
        return function

    return declare


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


def contract_of(function: object) -> Contract | None:
    """The contract that a function carries, if it carries one."""
    found = getattr(function, "contract", None)
    return found if isinstance(found, Contract) else None

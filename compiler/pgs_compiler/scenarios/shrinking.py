"""A run that fails is made small: what it can do without is left out, and what is left is made simpler."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar, cast

from pgs_compiler.scenarios.scenario import Scenario
from pgs_compiler.scenarios.staging import Answer
from pgs_snapshot.values import Value

T = TypeVar("T")
_ROUNDS = 40
_TRIED = 300
"""In each round."""


def smallest(
    scenario: Scenario, answer: Answer, same: Callable[[Answer], bool], staged: Callable[[list[Scenario]], list[Answer]]
) -> tuple[Scenario, Answer]:
    """The smallest scenario found that still ends the same, and its answer.

    Args:
        same: whether an answer fails as the first does.
        staged: runs scenarios.
    """
    unused = cast("list[int]", answer.get("unused", []))
    tried = [replace(scenario, doubles=tuple(each for n, each in enumerate(scenario.doubles) if n not in unused))]
    for _ in range(_ROUNDS):
        found = zip(tried, staged(tried), strict=True)
        better = next(((each, told) for each, told in found if same(told)), None)
        if better is None:
            break
        scenario, answer = better
        tried = list(islice(_smaller(scenario), _TRIED))
        if not tried:
            break
    heard = cast("list[str]", answer.get("heard", []))
    refused = [bool(why) for why in heard] + [False] * (len(scenario.signals) - len(heard))
    signals = tuple(replace(each, refused=no) for each, no in zip(scenario.signals, refused, strict=True))
    return replace(scenario, signals=signals), answer


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    if scenario.state:
        yield replace(scenario, state={})
    if scenario.config:
        yield replace(scenario, config={})
    for number in range(len(scenario.signals)):
        yield replace(scenario, signals=_without(scenario.signals, number))
    for number in range(len(scenario.doubles)):
        yield replace(scenario, doubles=_without(scenario.doubles, number))
    for payload in _simpler(scenario.payload):
        yield replace(scenario, payload=payload)
    for actor in _simpler(scenario.actor):
        if isinstance(actor, dict) and actor.get("type") == cast("dict[str, Value]", scenario.actor)["type"]:
            yield replace(scenario, actor=actor)
    yield from (replace(scenario, config=config) for config in _simpler(scenario.config))
    yield from (replace(scenario, state=state) for state in _simpler(scenario.state))
    for number, signal in enumerate(scenario.signals):
        for fields in _simpler(signal.fields):
            changed = (*scenario.signals[:number], replace(signal, fields=fields), *scenario.signals[number + 1 :])
            yield replace(scenario, signals=changed)


def _without(items: Sequence[T], number: int) -> tuple[T, ...]:
    return (*items[:number], *items[number + 1 :])


def _simpler(value: Value) -> Iterator[Value]:
    """Values with less in them, the smallest first: members and items left out, numbers nearer 0, texts cut."""
    match value:
        case dict():
            for name in value:
                yield {other: inner for other, inner in value.items() if other != name}
            for name in value:
                yield from ({**value, name: inner} for inner in _simpler(value[name]))
        case list():
            for number in range(len(value)):
                yield value[:number] + value[number + 1 :]
            for number, item in enumerate(value):
                yield from ([*value[:number], inner, *value[number + 1 :]] for inner in _simpler(item))
        case bool():
            if value:
                yield False
        case int():
            nearer = (0, 1, int(value / 2), value - 1 if value > 0 else value + 1)
            yield from (each for each in dict.fromkeys(nearer) if abs(each) < abs(value))
        case str():
            plain = "a" * len(value)
            shorter = ("", "a", value[: len(value) // 2], value[:-1])
            yield from (each for each in dict.fromkeys(shorter) if len(each) < len(value))
            if value != plain:
                yield plain

"""The probe: the examples of transforms are run, in processes that differ as machines do.

Three processes differ in the seed of hashes, the time zone, the locale, the working directory and in where things lie
in memory; they run the examples in different orders. A pure transform does not notice: all answers agree with each
other, and with what the example says. Nothing of it is imported here.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pgs_snapshot
from pgs_compiler.declarations import Transform
from pgs_compiler.findings import Finding, Place
from pgs_compiler.verdicts import Verdicts
from pgs_snapshot.canonical import canonical, digest, digest_of
from pgs_snapshot.sealed_code.answers import Broken
from pgs_snapshot.sealed_code.caller import Budget, Caller, NotStarted, Surroundings, Told
from pgs_snapshot.values import Outcome, Value, same

LEAST_EXAMPLES = 3
_SHOWN = 60
# Zones as POSIX writes them, which need no tables: 14 hours ahead, and nine and a half behind.
SURROUNDINGS = (
    Surroundings({"PYTHONHASHSEED": "1", "TZ": "UTC0", "LC_ALL": "C"}, "/", 0, True),
    Surroundings({"PYTHONHASHSEED": "77", "TZ": "AHEAD-14", "LC_ALL": "C.UTF-8", "PYTHONMALLOC": "malloc"},
                 tempfile.gettempdir(), 1_009, True),
    Surroundings({"PYTHONHASHSEED": "4242", "TZ": "BEHIND9:30", "LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "1"},
                 os.path.dirname(os.path.abspath(sys.executable)), 50_021, True),
)  # fmt: skip
_OVER = {"time": "processor time", "memory": "memory"}


@dataclass(frozen=True, slots=True)
class Trial:
    """An example, ready to be run.

    Attributes:
        inputs: with their defaults.
        fill: puts the defaults of the outcome into outputs, as the runtime does with what a transform gives.
    """

    inputs: dict[str, Value]
    outcome: str
    outputs: dict[str, Value]
    fill: Callable[[Value], Value]
    place: Place


@dataclass(frozen=True, slots=True)
class Probed:
    """A transform, its examples, and what it runs: sources by sealed name."""

    transform: Transform
    trials: tuple[Trial, ...]
    modules: Mapping[str, bytes]

    @property
    def reference(self) -> str:
        return self.transform.implementation.text


def probe(all_: Sequence[Probed], budget: Budget, verdicts: Verdicts) -> tuple[Finding, ...]:
    """Try what has not passed before. Each transform has at least one example."""
    digests = {probed.transform.header.name: _digest(probed, budget) for probed in all_}
    new = [probed for probed in all_ if not verdicts.passed(digests[probed.transform.header.name])]
    if not new:
        return ()
    try:
        answers = _answers(new, budget)
    except NotStarted as refused:
        place = new[0].transform.implementation.place
        return (Finding("C645", f"The examples cannot be run: {refused}.", place, "not tried"),)
    findings: list[Finding] = []
    for probed in new:
        found = list(_judge(probed, [answers[probed.reference, number] for number in range(len(probed.trials))]))
        findings += found
        if not found:
            verdicts.keep(digests[probed.transform.header.name])
    return tuple(findings)


# --- running -------------------------------------------------------------------------------------


def _answers(all_: Sequence[Probed], budget: Budget) -> dict[tuple[str, int], list[Told]]:
    """What each process answered to each example, by reference and number."""
    modules = {name: source for probed in all_ for name, source in probed.modules.items()}
    calls = {(probed.reference, number): trial.inputs for probed in all_ for number, trial in enumerate(probed.trials)}
    keys = list(calls)
    half = len(keys) // 2
    orders = (keys, keys[::-1], [*keys[half:], *keys[:half], *keys])

    def run(surroundings: Surroundings, order: list[tuple[str, int]]) -> list[tuple[tuple[str, int], Told]]:
        caller = Caller(modules, budget, surroundings)
        told: list[tuple[tuple[str, int], Told]] = []
        over: set[str] = set()  # what takes too much once is refused, and to wait for it again says no more
        try:
            for key in order:
                if key[0] not in over:
                    answered = caller.call(key[0], calls[key])
                    told.append((key, answered))
                    over |= {key[0]} if _over(answered) else set()
            return told
        finally:
            caller.close()

    with ThreadPoolExecutor(len(SURROUNDINGS)) as pool:
        runs = list(pool.map(run, SURROUNDINGS, orders))
    answers: dict[tuple[str, int], list[Told]] = {key: [] for key in keys}
    for key, told in (each for one in runs for each in one):
        answers[key].append(told)
    return answers


# --- judging -------------------------------------------------------------------------------------


def _judge(probed: Probed, answers: list[list[Told]]) -> Iterator[Finding]:
    """What is wrong with one transform. What differs is told once; so is what is changed, kept or too much."""
    name = probed.transform.header.name
    for trial, told in zip(probed.trials, answers, strict=True):
        over = next(filter(None, map(_over, told)), "")
        if over:
            message = f"`{name}` takes more {over} than a transform may."
            yield Finding("C644", message, trial.place, "at this example")
            return
        if not all(_agree(told[0], one) for one in told):
            yield Finding("C642", f"`{name}` answers {_differently(told)}.", trial.place, "here they differ")
            return
        if any(one.kept for one in told):
            message = f"`{name}` leaves something behind in its modules, which the next call meets."
            yield Finding("C642", message, trial.place, "at this example")
            return
        if any(one.changed for one in told):
            yield Finding("C643", f"`{name}` changes its inputs.", trial.place, "at this example")
            return
    for trial, told in zip(probed.trials, answers, strict=True):
        wrong = _wrong(trial, told[0])
        if wrong:
            yield Finding("C641", f"`{name}` {wrong}.", trial.place, "says otherwise")


def _over(told: Told) -> str:
    """Of what an example took too much, "" if of nothing."""
    return _OVER.get(told.answer.why, "") if isinstance(told.answer, Broken) else ""


def _agree(left: Told, right: Told) -> bool:
    """Whether two answers are the same one. Outcomes compare as JSON values, the rest by what was told."""
    return left.answer == right.answer


def _differently(told: Sequence[Told]) -> str:
    shown = list(dict.fromkeys(_shown(one) for one in told))
    if len(shown) > 1:
        return f"{shown[0]} in one process and {shown[1]} in another"
    return "in one process otherwise than in another"


def _shown(told: Told) -> str:
    match told.answer:
        case Broken(why, text):
            return f"by `{text}`" if text else f"with no end ({why})"
        case Outcome(name=name, outputs=outputs):
            return f"`{name}` with `{_short(outputs)}`" if outputs else f"`{name}`"
    raise AssertionError(told)


def _short(value: Value) -> str:
    text = canonical(value).decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _wrong(trial: Trial, told: Told) -> str:
    """How an answer is another than the example's; "" if it is the same."""
    answer = told.answer
    if isinstance(answer, Broken):
        return _failed(answer)
    if answer.name != trial.outcome:
        return f"answers `{answer.name}` to this example, not `{trial.outcome}`"
    given, said = (cast("dict[str, Value]", trial.fill(outputs)) for outputs in (answer.outputs, trial.outputs))
    for name in sorted({*given, *said}):
        if name not in given:
            return f"gives no `{name}` for this example"
        if name not in said:
            return f"gives `{name}` for this example, which says nothing of it"
        if not same(given[name], said[name]):
            return f"gives `{_short(given[name])}` as `{name}` for this example, not `{_short(said[name])}`"
    return ""


def _failed(broken: Broken) -> str:
    match broken.why:
        case "load":
            return f"cannot be loaded: {broken.text}"
        case "raised":
            return f"raises {broken.text} at this example" if " at " not in broken.text else f"raises {broken.text}"
        case "recursion":
            return "calls itself without end at this example"
        case "returned":
            return f"returns a Python {broken.text} for this example, not its outputs"
        case "outcome":
            return "answers with an outcome that has no name"
        case "json":
            return f"gives no JSON for this example: at `{broken.pointer or '/'}` {broken.text}"
        case "size":
            return f"gives more as `{broken.text}` than a value may hold"
    return "ended its process at this example"


# --- what a verdict speaks of --------------------------------------------------------------------


def _digest(probed: Probed, budget: Budget) -> str:
    trials: list[Value] = [[trial.inputs, trial.outcome, trial.outputs] for trial in probed.trials]
    modules: Value = {name: digest(source) for name, source in probed.modules.items()}
    return digest_of(
        [
            *_python(),
            probed.reference,
            modules,
            trials,
            [budget.seconds, budget.memory, budget.value],
        ]
    )


def _python() -> list[Value]:
    engine = Path(pgs_snapshot.__file__).parent
    code = [digest(file.read_bytes()) for file in sorted(engine.glob("*.py")) + sorted(engine.glob("sealed_code/*.py"))]
    return [
        pgs_snapshot.__version__,
        digest_of(list[Value](code)),
        sys.version,
        platform.machine(),
        sys.platform,
        unicodedata.unidata_version,
    ]

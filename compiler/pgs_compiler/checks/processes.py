"""P710–P716: what the contract of a process names is there, and it can end as it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pgs_compiler.declarations import Context, Process, Word
from pgs_compiler.elaborate.paths import Astray, granted, known_fields
from pgs_compiler.elaborate.processes import blocked_by, zone_of
from pgs_compiler.findings import Finding, Related
from pgs_compiler.program import Program
from pgs_process.zones import Zone
from pgs_snapshot.model import Schema
from pgs_snapshot.processes import BLOCKED
from pgs_snapshot.suggest import nearest

_WRITTEN = "`reads`, `writes` and `signals` name fields, or declared parts of them, one by one"


def check(program: Program) -> Iterator[Finding]:
    for process in program.of(Process):
        context = program.get(process.context, Context)
        yield from _paths(process, context, known_fields(program, context))
        yield from _outcomes(program, process)


def _paths(process: Process, context: Context, fields: Mapping[str, Schema]) -> Iterator[Finding]:
    for key, words in (("reads", process.reads), ("writes", process.writes), ("signals", process.signals)):
        for word in words:
            found = granted(fields, word.text)
            if isinstance(found, Astray):
                yield Finding(
                    "P710",
                    f"`{word.text}` is nothing of `{context.header.name}`: {found.why}.",
                    word.place,
                    "" if found.meant else _WRITTEN,
                    (Related(context.header.place, "the context"),),
                    f"Write `{found.meant}`." if found.meant else "",
                )
            else:
                yield from _zone(key, word)


def _zone(key: str, word: Word) -> Iterator[Finding]:
    if key == "writes" and word.text.startswith("global."):
        message = f"`{word.text}` is configuration, which is only read."
        yield Finding("P711", message, word.place, "keep what changes in `domain`")
    signal = zone_of(word.text) is Zone.SIGNAL
    if key == "reads" and signal:
        message = f"`{word.text}` is a signal, and a signal that is read is listed under `signals`."
        yield Finding("P712", message, word.place, "not data", hint=f"Add `{word.text}` to `signals`.")
    if key == "signals" and not signal:
        message = f"`{word.text}` is no signal."
        yield Finding("P712", message, word.place, "data", hint=f"Add `{word.text}` to `reads`.")


def _outcomes(program: Program, process: Process) -> Iterator[Finding]:
    name = process.header.name
    declared = {outcome.name.text: outcome for outcome in process.outcomes}
    if "SUCCESS" not in declared:
        message = f"`{name}` cannot end as SUCCESS, and that is how it ends when nothing is in its way."
        yield Finding("P716", message, process.outcomes_place, "no `SUCCESS`", hint="Add `SUCCESS: {}`.")
    for error in process.errors:
        outcome = error.outcome
        if outcome.text not in declared:
            near = nearest(outcome.text, declared)
            yield Finding(
                "P713",
                f"`{error.error.text}` stands for `{outcome.text}`, which `{name}` does not declare.",
                outcome.place,
                f"no `{outcome.text}`",
                hint=f"Write `{near}`." if near else f"Add `{outcome.text}: {{}}` to `outcomes`.",
            )
        elif outcome.text in ("SUCCESS", BLOCKED):
            message = f"`{error.error.text}` cannot stand for `{outcome.text}`: what an error has done is taken back."
            yield Finding("P713", message, outcome.place, "an outcome of its own")
        elif declared[outcome.text].outputs.fields:
            message = f"`{outcome.text}` gives something, and `{error.error.text}` brings nothing along."
            given = Related(declared[outcome.text].name.place, "gives something")
            yield Finding("P713", message, outcome.place, "an error gives nothing", (given,))
    yield from _blocked(program, process)


def _blocked(program: Program, process: Process) -> Iterator[Finding]:
    name, rule = process.header.name, blocked_by(program, process.header.name)
    declared = next((outcome for outcome in process.outcomes if outcome.name.text == BLOCKED), None)
    if rule is not None and declared is None:
        yield Finding(
            "P715",
            f"`{name}` can end as {BLOCKED}, and its outcomes do not say so.",
            process.outcomes_place,
            f"no `{BLOCKED}`",
            (Related(rule.place, "this rule can refuse it"),),
            f"Add `{BLOCKED}: {{}}`.",
        )
    if rule is None and declared is not None:
        message = f"`{name}` never ends as {BLOCKED}: no rule refuses it."
        yield Finding("P715", message, declared.name.place, "no audit leads here", hint="Remove it.")
    if declared is not None and declared.outputs.fields:
        message = f"`{name}` gives something as {BLOCKED}, and a gate gives nothing."
        yield Finding("P715", message, declared.name.place, "gives nothing", hint=f"Write `{BLOCKED}: {{}}`.")

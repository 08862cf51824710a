"""Which mutants of a program no scenario notices, and how that is told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pgs_compiler.scenarios.judging import judged
from pgs_compiler.scenarios.mutating import Mutant, mutants
from pgs_compiler.scenarios.scenario import Scenario, Verdict
from pgs_compiler.scenarios.sites import come_by
from pgs_compiler.scenarios.staging import Variant, stage_variants
from pgs_compiler.scenarios.testing import read_scenarios
from pgs_compiler.source import SourceFile
from pgs_snapshot.canonical import canonical
from pgs_snapshot.seal import MANIFEST, SIGNATURE, Sealed, build_manifest, verify
from pgs_snapshot.snapshot import Snapshot, graph_path
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

T = TypeVar("T")
FORMAT = "pgs-mutants/1"
MOST = 200
_NAMED = ("artifacts/", "graphs/")


@dataclass(frozen=True, slots=True)
class Survivors:
    """What was tried: `of` mutants there are, `tried` were run; `failed`: scenarios that fail without any change.

    `unrun`: those of the survivors where no scenario comes by, which nobody could notice.
    """

    of: int
    tried: int
    survivors: tuple[Mutant, ...]
    unrun: tuple[Mutant, ...]
    failed: tuple[Verdict, ...]
    required: float | None

    @property
    def percent(self) -> float:
        """How many of those tried were noticed; 100 where there are none."""
        return 100 * (self.tried - len(self.survivors)) / self.tried if self.tried else 100.0

    @property
    def falls_short(self) -> bool:
        return bool(self.failed) or (self.required is not None and self.percent < self.required)


def survivors(files: Mapping[str, bytes], sources: Iterable[SourceFile], required: float | None) -> Survivors:
    """Run mutants of a snapshot, at most `MOST` and evenly chosen, each over the scenarios whose workflow reaches it.

    Raises:
        NotStaged: the runtime broke.
    """
    sealed = verify(files)
    scenarios, verdicts = read_scenarios(Snapshot(sealed), sources)
    documents = {path: sealed.value(path) for path in sealed.paths() if path.startswith(_NAMED)}
    every = tuple(mutants(documents))
    tried = evenly(every, MOST)
    reached = _reached(documents, scenarios)
    variants = [
        Variant(_resealed(sealed, each), tuple(n for n, paths in enumerate(reached) if each.path in paths))
        for each in tried
    ]
    answers, varied = stage_variants(files, scenarios, variants)
    asked = zip(scenarios, answers, strict=True)
    verdicts += [Verdict(each.name, each.place, judged(each, answer)) for each, answer in asked]
    failed = tuple(sorted((each for each in verdicts if each.misses), key=lambda verdict: verdict.place))
    if failed:  # they would notice everything
        return Survivors(len(every), 0, (), (), failed, required)
    run, alive = 0, []
    for mutant, variant, told in zip(tried, variants, varied, strict=True):
        if told is None:
            continue
        run += 1
        if not any(judged(scenarios[n], answer) for n, answer in zip(variant.scenarios, told, strict=True)):
            alive.append(mutant)
    alive.sort(key=_line)
    sites = come_by(answers)
    unrun = tuple(each for each in alive if each.site not in sites)
    return Survivors(len(every), run, tuple(alive), unrun, (), required)


def evenly(every: tuple[T, ...], most: int) -> tuple[T, ...]:
    """At most so many, in their order, with as many between any two."""
    return every if len(every) <= most else tuple(every[number * len(every) // most] for number in range(most))


def _line(mutant: Mutant) -> tuple[str, int, str]:
    path, _, line = mutant.at.rpartition(":")
    return path, int(line), mutant.change


def _resealed(sealed: Sealed, mutant: Mutant) -> dict[str, bytes]:
    """The files that differ: the document, and the manifest."""
    changed = {mutant.path: canonical(mutant.document)}
    files = {path: text for path, text in sealed.files().items() if path not in (MANIFEST, SIGNATURE)} | changed
    manifest = sealed.manifest
    return changed | {
        MANIFEST: build_manifest(manifest.name, manifest.version, manifest.compiler, files, manifest.implementations)
    }


def _reached(documents: Mapping[str, Value], scenarios: Sequence[Scenario]) -> list[frozenset[str]]:
    """For each scenario the documents that its workflow names, and those that they name."""
    named: dict[str, list[str]] = {}
    for path in documents:
        name = re.sub("__(?=[A-Z])", "::", path.rpartition("/")[2].removesuffix(".json"), count=1)
        named.setdefault(name, []).append(path)
    texts = {path: frozenset(_texts(document)) & named.keys() for path, document in documents.items()}
    found: list[frozenset[str]] = []
    for scenario in scenarios:
        seen, open_ = set[str](), [graph_path(scenario.workflow)]
        while open_:
            path = open_.pop()
            if path not in seen:
                seen.add(path)
                open_ += [each for name in texts[path] for each in named[name]]
        found.append(frozenset(seen))
    return found


def _texts(value: Value) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)


def as_text(told: Survivors) -> str:
    """Each survivor at the author's line, the totals last."""
    if told.failed:
        names = ", ".join(f"`{visible(each.name)}`" for each in told.failed)
        return f"Without any change, {names} fails: see `pgs_compiler test`.\n"
    lines = [_survivor(each, each in told.unrun) for each in told.survivors]
    if told.tried < told.of:
        lines.append(f"{told.tried} of {told.of} changes were tried, evenly chosen.")
    if told.falls_short:
        lines.append(f"{told.percent:.1f} % is noticed, and {told.required:g} % is required.")
    run = len(told.survivors) - len(told.unrun)
    counts = f"{told.tried - len(told.survivors)} noticed, {run} not noticed, {len(told.unrun)} not run"
    return "\n".join([*lines, f"{counts} ({told.percent:.1f} %)"]) + "\n"


def _survivor(mutant: Mutant, unrun: bool) -> str:
    why = "and no scenario runs that" if unrun else "and no scenario noticed"
    return f"{visible(mutant.at)}: {visible(mutant.change)}, {why}."


def as_json(told: Survivors) -> str:
    """One object, `pgs-mutants/1`: the survivors, each with whether a scenario comes by there, and the totals."""
    alive: list[Value] = [
        {"path": path, "line": line, "change": change, "run": each not in told.unrun}
        for each in told.survivors
        for path, line, change in [_line(each)]
    ]
    whole: dict[str, Value] = {
        "format": FORMAT,
        "survivors": alive,
        "failed": [each.name for each in told.failed],
        "counts": {
            "of": told.of,
            "tried": told.tried,
            "noticed": told.tried - len(told.survivors),
            "not_run": len(told.unrun),
        },
        "percent": round(told.percent, 1),
        "required": told.required,
    }
    return json.dumps(whole, indent=2) + "\n"

"""Scenario files of a workspace: found, read, staged and judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pgs_compiler.findings import Place
from pgs_compiler.read import read
from pgs_compiler.scenarios.coverage import coverage
from pgs_compiler.scenarios.judging import judged
from pgs_compiler.scenarios.reading import read_scenario, title
from pgs_compiler.scenarios.scenario import Miss, Scenario, Verdict
from pgs_compiler.scenarios.staging import stage
from pgs_compiler.scenarios.telling import Report
from pgs_compiler.source import SourceFile
from pgs_compiler.workspace import MAX_READ, SUFFIXES
from pgs_snapshot.seal import verify
from pgs_snapshot.snapshot import Snapshot

FOLDER = "tests"


class NoScenarios(Exception):
    """There is nothing to test, or it cannot be read."""


def scenario_files(root: Path, paths: Iterable[Path]) -> tuple[SourceFile, ...]:
    """The files at `paths`, those of a folder with all below it; else those that lie in `tests` of the workspace.

    Raises:
        NoScenarios: there are none, or one cannot be read.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise NoScenarios(f"There is no `{path}`.")
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        found |= dict.fromkeys(each for each in inside if each == path or each.suffix in SUFFIXES)
    if not paths and (root / FOLDER).is_dir():
        found = dict.fromkeys(each for each in sorted((root / FOLDER).iterdir()) if each.suffix in SUFFIXES)
    if not found:
        raise NoScenarios(f"There are no scenarios in {', '.join(f'`{path}`' for path in paths) or f'`{FOLDER}`'}.")
    return tuple(_file(root, path) for path in found)


def _file(root: Path, path: Path) -> SourceFile:
    absolute = path.absolute()
    label = absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else str(path)
    if path.exists() and not path.is_file():  # to open a pipe would wait for its other end
        raise NoScenarios(f"`{path}` is no file.")
    try:
        with path.open("rb") as opened:
            return SourceFile(label, opened.read(MAX_READ))
    except OSError as error:
        raise NoScenarios(f"`{path}` cannot be read: {error.strerror}.") from error


def run_scenarios(
    files: Mapping[str, bytes], sources: Iterable[SourceFile], required: float | None, shows_coverage: bool
) -> Report:
    """Run every scenario of the sources over a snapshot; what cannot be read is a scenario that failed.

    Args:
        files: of the snapshot, bytes by path.

    Raises:
        NotStaged: the runtime broke.
    """
    snapshot = Snapshot(verify(files))
    scenarios, verdicts = read_scenarios(snapshot, sources)
    answers = stage(files, scenarios) if scenarios else []
    verdicts += [
        Verdict(scenario.name, scenario.place, judged(scenario, answer))
        for scenario, answer in zip(scenarios, answers, strict=True)
    ]
    ordered = tuple(sorted(verdicts, key=lambda verdict: verdict.place))
    return Report(ordered, coverage(snapshot, answers), required, shows_coverage)


def read_scenarios(snapshot: Snapshot, sources: Iterable[SourceFile]) -> tuple[list[Scenario], list[Verdict]]:
    """The scenarios of the sources, and a verdict on each that cannot be read."""
    scenarios: list[Scenario] = []
    verdicts: list[Verdict] = []
    for source in sources:
        found = read(source)
        for finding in found.findings:
            place = finding.place or Place(source.path, 1, 1, 1, 2)
            verdicts.append(Verdict(source.path, place, (Miss(place, finding.message, finding.hint),)))
        for tree in found.value or ():
            made = read_scenario(tree, snapshot)
            if isinstance(made, Scenario):
                scenarios.append(made)
            else:
                verdicts.append(Verdict(title(tree), tree.place, made))
    return scenarios, verdicts

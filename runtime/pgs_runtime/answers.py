"""What `run` and `verify` say: a few lines for people, or one JSON object."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pgs_runtime.export import Exported
from pgs_runtime.runtime import Outcome
from pgs_runtime.stores.port import Run
from pgs_snapshot.visible import visible

if TYPE_CHECKING:  # `run` answers without loading what `verify` needs
    from pgs_runtime.verify import Level, Verdict


def told(outcome: Outcome, exported: Exported | None, error: dict[str, str] | None = None) -> str:
    """One JSON object, its members sorted; `error` says why a run that stands has no files."""
    body: dict[str, object] = {
        "effects": outcome.effects,
        "exit": outcome.exit,
        "exit_code": int(outcome.exit_code),
        "kind": outcome.kind,
        "message": outcome.message,
        "path": [list(passed) for passed in exported.way] if exported else [],
        "repeated": outcome.repeated,
        "result": outcome.result,
        "trace": [str(path) for path in exported.paths] if exported else [],
        "trace_id": outcome.trace_id,
    }
    if error is not None:
        body["error"] = error
    return json.dumps(body, sort_keys=True)  # in ASCII, which every terminal shows and none obeys


def shown(outcome: Outcome, exported: Exported | None) -> str:
    """How it ended, what it gave, what it changed, and where to read more."""
    name = "" if outcome.exit == outcome.kind else f" {outcome.exit}"
    lines = [f"{outcome.kind}{name}{' (answered before)' if outcome.repeated else ''}"]
    if outcome.message:
        lines.append(f"  why      {visible(outcome.message)}")
    if outcome.result:
        text = json.dumps(outcome.result, ensure_ascii=False, sort_keys=True)
        lines.append(f"  result   {visible(text)}")
    lines += [
        f"  changed  {store} {operation} × {count}"
        for store, operations in sorted(outcome.effects.items())
        for operation, count in sorted(operations.items())
    ]
    for path in exported.paths if exported else ():
        lines.append(f"  trace    {_short(path)}")
    for note in exported.notes if exported else ():
        lines.append(f"  note     {visible(note)}")
    return "\n".join(lines)


def listed(run: Run) -> str:
    """A run on one line: its id, how it ended, and of which workflow it was."""
    return f"{run.id}  {run.status:<9}  {visible(run.exit or '')}  {visible(run.request.workflow)}"


def listing(runs: Iterable[Run]) -> str:
    """One JSON object with all runs."""
    body = [
        {
            "exit": run.exit,
            "id": run.id,
            "request_id": run.request.key,
            "snapshot": run.request.snapshot,
            "status": run.status,
            "workflow": run.request.workflow,
        }
        for run in runs
    ]
    return json.dumps({"runs": body}, sort_keys=True)


def written(exported: Exported, as_json: bool) -> str:
    """The files that were written of a run."""
    if as_json:
        return json.dumps({"notes": exported.notes, "trace": [str(path) for path in exported.paths]}, sort_keys=True)
    return "\n".join([*map(_short, exported.paths), *(f"note: {visible(note)}" for note in exported.notes)])


def judgement(verdict: Verdict, asked: Level) -> str:
    """One JSON object about a trace."""
    body = {
        "asked": asked.label,
        "broken": verdict.broken,
        "checks": [{"found": check.found, "name": check.name, "says": check.says} for check in verdict.checks],
        "head": verdict.head,
        "level": verdict.level.label,
        "lines": verdict.lines,
        "run": verdict.run,
    }
    return json.dumps(body, ensure_ascii=False, sort_keys=True)


def judged(verdict: Verdict, asked: Level, name: str) -> str:
    """The level that was reached, and what was found; `name` is the file's, for lines that name no run."""
    marks = {"held": "✓", "failed": "✗", "not possible": "–"}
    reached = verdict.level.label if verdict.level >= asked else f"{verdict.level.label}; asked: {asked.label}"
    lines = [f"{visible(verdict.run or name)}  {reached}"]
    lines += [
        f"  {marks[check.found]} {check.name:<9} {visible(check.says)}"
        for check in verdict.checks
        if verdict.broken == 0 or check.found == "failed"
    ]
    return "\n".join(lines)


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)

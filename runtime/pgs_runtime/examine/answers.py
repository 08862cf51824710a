"""What `run` and `verify` say: a few lines for people, or one JSON object."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pgs_runtime.examine.export import Exported
from pgs_runtime.run.outcomes import cannot_be_read, standing
from pgs_runtime.run.rehearsal import Rehearsal
from pgs_runtime.run.tally import Effects
from pgs_runtime.runtime import Outcome
from pgs_runtime.stores.port import LIVE, Run
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

if TYPE_CHECKING:  # `run` answers without loading what `verify` needs
    from pgs_runtime.evidence.verify import Level, Verdict


def told(outcome: Outcome, exported: Exported | None, error: dict[str, str] | None = None) -> str:
    """One JSON object, its members sorted; `error` says why a run that stands has no files."""
    body: dict[str, object] = {
        "effects": outcome.effects,
        "exit": outcome.exit,
        "doubts": outcome.doubts,
        "exit_code": int(outcome.exit_code),
        "kind": outcome.kind,
        "message": outcome.message,
        "path": [list(passed) for passed in exported.way] if exported else [],
        "repeated": outcome.repeated,
        "result": outcome.result,
        "trace": [str(path) for path in exported.paths] if exported else [],
        "trace_id": outcome.trace_id,
        "waits": outcome.waits,
    }
    if error is not None:
        body["error"] = error
    return json.dumps(body, sort_keys=True)  # in ASCII, which every terminal shows and none obeys


def shown(outcome: Outcome, exported: Exported | None) -> str:
    """How it ended, what it gave, what it changed, and where to read more."""
    name = "" if outcome.exit in ("", outcome.kind) else f" {outcome.exit}"
    lines = [f"{outcome.kind}{name}{' (answered before)' if outcome.repeated else ''}"]
    if outcome.message:
        lines.append(f"  why      {visible(outcome.message)}")
    if outcome.result:
        text = json.dumps(outcome.result, ensure_ascii=False, sort_keys=True)
        lines.append(f"  result   {visible(text)}")
    lines += _changes("changed", outcome.effects)
    lines += [f"  waits    {visible(_pending(wait))}" for wait in outcome.waits]
    lines += [f"  in doubt {visible(_pending(doubt))}" for doubt in outcome.doubts]
    if outcome.kind in LIVE and exported:
        lines.append(f"  next     pgs_runtime show {outcome.trace_id}")
    for path in exported.paths if exported else ():
        lines.append(f"  trace    {_short(path)}")
    for note in exported.notes if exported else ():
        lines.append(f"  note     {visible(note)}")
    return "\n".join(lines)


def told_of(outcome: Outcome) -> dict[str, object]:
    """How a run stands, in a few members."""
    return {"exit": outcome.exit, "kind": outcome.kind, "trace_id": outcome.trace_id}


def told_on_a_line(outcome: Outcome) -> str:
    """How a run stands, on one line."""
    return f"{outcome.trace_id}  {outcome.kind:<9}  {visible(outcome.exit)}".rstrip()


def rehearsed_json(rehearsal: Rehearsal) -> str:
    """One JSON object about a run that nobody has made."""
    body = {
        "asks": rehearsal.asks,
        "dry_run": True,
        "effects": rehearsal.effects,
        "exit": rehearsal.exit,
        "exit_code": int(rehearsal.exit_code),
        "kind": rehearsal.kind,
        "message": rehearsal.message,
        "path": _path(rehearsal.lines),
        "result": rehearsal.result,
    }
    return json.dumps(body, sort_keys=True)


def answered_json(outcome: Outcome) -> str:
    """One JSON object about a request that was made before, when it was only rehearsed."""
    body: dict[str, object] = json.loads(told(outcome, None))
    return json.dumps({**body, "dry_run": True}, sort_keys=True)


def answered_text(outcome: Outcome) -> str:
    """The same on a few lines."""
    told = f"It would be answered as before, by the run {outcome.trace_id}"
    return "\n".join([told, shown(outcome, None), NOTHING_DONE])


NOTHING_DONE = "Nothing was written, and nobody was asked."


def rehearsed_text(rehearsal: Rehearsal) -> str:
    """What a run would do, on a few lines."""
    ends = {"WAITING": "It would wait here", "RUNNING": "It would ask the outside here"}
    name = "" if rehearsal.exit in ("", rehearsal.kind) else f" {rehearsal.exit}"
    lines = [ends.get(rehearsal.kind) or f"It would end {rehearsal.kind}{name}"]
    if rehearsal.message:
        lines.append(f"  why      {visible(rehearsal.message)}")
    if rehearsal.result:
        lines.append(f"  result   {visible(json.dumps(rehearsal.result, ensure_ascii=False, sort_keys=True))}")
    lines += _changes("would do", rehearsal.effects)
    lines += [f"  {'asks' if 'operation' in ask else 'waits':<8} {visible(_pending(ask))}" for ask in rehearsal.asks]
    way = " → ".join(f"{node} {outcome}" for node, outcome in _path(rehearsal.lines))
    return "\n".join([*lines, f"  way      {visible(way)}", NOTHING_DONE])


def _path(lines: tuple[bytes, ...]) -> list[list[str]]:
    """The nodes that were passed, outside of every call, with their outcomes."""
    passed = (json.loads(line) for line in lines)
    told = [(each.get("node"), each.get("outcome") or each.get("name")) for each in passed if "parent" not in each]
    return [[str(node), str(outcome)] for node, outcome in told if node and outcome]


def _changes(verb: str, effects: Effects) -> list[str]:
    return [
        f"  {verb:<8} {store} {operation} × {count}"
        for store, operations in sorted(effects.items())
        for operation, count in sorted(operations.items())
    ]


def _pending(asked: Mapping[str, Value]) -> str:
    """What a run waits for, or an effect in doubt, on one line."""
    where = "/".join(map(str, [*cast("list[str]", asked.get("parent", [])), asked["node"]]))
    if "operation" in asked:
        told = f"key {asked['key']}" if "key" in asked else json.dumps(asked.get("inputs"), ensure_ascii=False)
        return f"{where}: {asked['operation']} of {asked['side_effect']}, {told}"
    signals = cast("list[dict[str, str]]", asked["signals"])
    names = ", ".join(f"{signal['name']} ({signal['event']})" for signal in signals)
    return f"{where}: {names}, until {asked['due']}"


def listed(run: Run) -> str:
    """A run on one line: its id, how it ended, of which workflow it was, and whether it was erased."""
    erased = "  ERASED" if cannot_be_read(run) else ""
    return f"{run.id}  {run.status:<9}  {visible(run.exit or '')}  {visible(run.request.workflow)}{erased}"


def standing_text(run: Run, following: Sequence[str], signers: Sequence[str]) -> str:
    """How a run stands, on a few lines.

    `following`: what can be done next; `signers`: the ids of the keys that its snapshot's signatures name.
    """
    outcome = standing(run)
    lines = [shown(outcome, None), f"  run      {run.id}", f"  of       {visible(run.request.workflow)}"]
    if run.request.key is not None:
        lines.append(f"  asked as {visible(run.request.key)}")
    lines.append(f"  snapshot {run.request.snapshot}")
    lines += [f"  key      {visible(each)} is named by a signature of the snapshot" for each in signers]
    lines += [f"  next     {visible(each)}" for each in following]
    return "\n".join(lines)


def standing_json(run: Run, following: Sequence[str], signers: Sequence[str]) -> str:
    """How a run stands, as one JSON object; the arguments are those of `standing_text`."""
    outcome = standing(run)
    body = {
        **_of(run),
        "doubts": outcome.doubts,
        "effects": outcome.effects,
        "exit_code": int(outcome.exit_code),
        "lines": run.head.line + 1,
        "message": outcome.message,
        "next": list(following),
        "result": outcome.result,
        "snapshot_keys": list(signers),
        "waits": outcome.waits,
    }
    return json.dumps(body, sort_keys=True)


def listing(runs: Iterable[Run]) -> str:
    """One JSON object with all runs."""
    return json.dumps({"runs": [_of(run) for run in runs]}, sort_keys=True)


def _of(run: Run) -> dict[str, object]:
    return {
        "erased": cannot_be_read(run),
        "exit": run.exit,
        "id": run.id,
        "request_id": run.request.key,
        "snapshot": run.request.snapshot,
        "status": run.status,
        "workflow": run.request.workflow,
    }


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
    reached = verdict.level.label if verdict.level >= asked else f"{verdict.level.label}, not {asked.label}"
    lines = [f"{visible(verdict.run or name)}  {reached}"]
    said = {check.says: check for check in reversed(verdict.checks) if verdict.broken == 0 or check.found == "failed"}
    lines += [f"  {marks[each.found]} {each.name:<10} {visible(each.says)}" for each in reversed(said.values())]
    return "\n".join(lines)


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)

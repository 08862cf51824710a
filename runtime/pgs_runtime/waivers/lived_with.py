"""What is lived with: findings that a snapshot was compiled in spite of, and rules that somebody overrode.

Nothing of this is stored. Whether something has ended is computed from the moment that is asked about, and who used an
override is read from the traces.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal, TypeAlias, cast

import orjson

from pgs_runtime.stores.port import Store
from pgs_runtime.trace.record import OVERRIDE
from pgs_runtime.waivers.overrides import Override, Said, all_overrides
from pgs_snapshot.frozen import frozen
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible
from pgs_snapshot.waived import Waiver

_USED = b'"overridden":[{'
State: TypeAlias = Literal["in force", "ended", "revoked"]


@frozen
class Use:
    """A run that an override let in, and how that run stands."""

    run: str
    workflow: str
    status: str
    actor: str


@frozen
class Overridden:
    """An override as it stands at a moment, and the runs that used it."""

    override: Override
    state: State
    used: tuple[Use, ...]


@frozen
class LivedWith:
    """What is lived with at a moment, as a trace has times. `waivers`: those that the snapshot was sealed with."""

    at: str
    waivers: tuple[Waiver, ...]
    overrides: tuple[Overridden, ...]


def lived_with(snapshot: Snapshot, store: Store | None, at: str) -> LivedWith:
    """What is lived with at a moment.

    Raises:
        StoreBusy, StoreUnusable: by the store.
    """
    overrides = all_overrides(store) if store is not None else ()
    uses = _uses(store) if store is not None and overrides else {}
    found = (Overridden(each, _state(each, at), tuple(uses.get(each.id, ()))) for each in overrides)
    return LivedWith(at, snapshot.waivers(), tuple(found))


def _state(override: Override, at: str) -> State:
    if override.revoked is not None:
        return "revoked"
    return "in force" if override.in_force(at) else "ended"


def _uses(store: Store) -> dict[str, list[Use]]:
    """The runs that were let in by each override."""
    found: dict[str, list[Use]] = {}
    for id in store.telling(_USED):
        run, lines = store.run(id), store.lines(id)
        if run is None or run.request.workflow == OVERRIDE:
            continue
        for used in dict.fromkeys(used for line in lines if _USED in line for used in _ids(line)):
            actor = str(orjson.loads(lines[0])["header"]["actor"]["id"])
            found.setdefault(used, []).append(Use(run.id, run.request.workflow, run.status, actor))
    return found


def _ids(line: bytes) -> Iterator[str]:
    members = cast("dict[str, Value]", orjson.loads(line))
    for used in cast("list[dict[str, Value]]", members.get("overridden", [])):
        yield str(used["override"])


# --- for people ----------------------------------------------------------------------------------


def as_text(lived: LivedWith) -> str:
    """Plain lines, without a line end after the last."""
    findings = list(_columns([_finding(waiver, lived.at) for waiver in lived.waivers]))
    overrides = [line for each in lived.overrides for line in _overridden(each)]
    sections = [
        ["Findings that the snapshot lives with", *(findings or ["  none"])],
        ["Rules that were overridden", *(overrides or ["  none"])],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections)


def _finding(waiver: Waiver, at: str) -> tuple[str, ...]:
    kind = "error" if waiver.error else "warning"
    ended = "" if not waiver.ended(at) else "ENDED, no run begins" if waiver.error else "ended"
    holds = f"until {waiver.until}"
    return (waiver.rule, waiver.at, kind, holds, ended, f"{waiver.owner}: {waiver.reason}")


def _columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    shown = [tuple(visible(cell) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width]
        yield f"  {'  '.join(cells).rstrip()}"


def _overridden(each: Overridden) -> Iterator[str]:
    override = each.override
    only = f", for {visible(override.only)} alone" if override.only else ""
    yield f"  {override.id}  {each.state}, until {override.until}{only}"
    yield f"    {visible(override.rule)} of {visible(override.intent)}"
    yield from _said("granted", override.said)
    if override.revoked is not None:
        yield from _said("revoked", override.revoked)
    for use in each.used:
        yield f"    used by  {use.run}  {use.status}  {visible(use.workflow)}, asked by {visible(use.actor)}"
    if not each.used:
        yield "    used by  no run"


def _said(verb: str, said: Said) -> Iterator[str]:
    who = f"{visible(str(said.by['id']))} as {visible(str(said.by['type']))} ({said.authenticated_by})"
    yield f"    {verb}  {said.at} by {who}"
    yield f"             {visible(said.reason)}"


# --- for programs --------------------------------------------------------------------------------


def as_json(lived: LivedWith) -> str:
    """The same as one JSON object of ASCII characters, its members sorted."""
    body: dict[str, Value] = {
        "at": lived.at,
        "overrides": [_override_json(each) for each in lived.overrides],
        "waivers": [
            {
                "at": waiver.at,
                "ended": waiver.ended(lived.at),
                "error": waiver.error,
                "owner": waiver.owner,
                "reason": waiver.reason,
                "rule": waiver.rule,
                "until": waiver.until,
            }
            for waiver in lived.waivers
        ],
    }
    return json.dumps(body, sort_keys=True)


def _override_json(each: Overridden) -> Value:
    override = each.override
    told: dict[str, Value] = {
        "granted": _said_json(override.said),
        "id": override.id,
        "intent": override.intent,
        "rule": override.rule,
        "snapshot": override.snapshot,
        "state": each.state,
        "until": override.until,
        "used_by": [
            {"actor": use.actor, "run": use.run, "status": use.status, "workflow": use.workflow} for use in each.used
        ],
    }
    if override.only:
        told["for"] = override.only
    if override.revoked is not None:
        told["revoked"] = {**_said_json(override.revoked), "run": override.revoked.run}
    return told


def _said_json(said: Said) -> dict[str, Value]:
    return {"at": said.at, "authenticated_by": said.authenticated_by, "by": said.by, "reason": said.reason}

"""Commands for the interlock, which a rule of level S engages."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pgs_runtime import options
from pgs_runtime.commands.surface import data_of, refuse, reporting, root_of, say, who
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.options import Setting


@click.group()
def interlock() -> None:
    """Say whether everything is stopped, and let it run again."""


@interlock.command("show")
@options.place
@options.as_json
@reporting
def show(workspace: Path | None, data_root: Path | None, as_json: bool) -> None:
    """Say whether the interlock is engaged, by which rule, and who has reset it before.

    Ends with 7 while it is engaged.
    """
    from pgs_runtime.link.interlock import history
    from pgs_runtime.workspace.accept import kept_in

    store = kept_in(data_of(root_of(workspace), data_root), options.address())
    try:
        records = history(store) if store is not None else ()
    finally:
        if store is not None:
            store.close()
    engaged = bool(records) and records[-1].does == "engage"
    if as_json:
        parts = ("run", "does", "target", "rule", "by", "reason", "at")
        told = [{part: value for part in parts if (value := getattr(record, part))} for record in records]
        say(json.dumps({"engaged": engaged, "history": told}, sort_keys=True))
    else:
        say("ENGAGED: nothing runs" if engaged else "released")
        for record in records:
            if record.does == "engage":
                say(f"  engaged  {record.run}  {record.target} broke the rule at {record.rule}")
            else:
                say(f"  reset    {record.run}  by {record.by} at {record.at}: {record.reason}")
    if engaged:
        raise click.exceptions.Exit(ExitCode.STOPPED)


@interlock.command("reset")
@click.option("--by", required=True, cls=Setting, help="Who answers for it.")
@click.option("--reason", required=True, cls=Setting, help="Why, for the record.")
@options.place
@options.actor
@options.pin
@options.trust
@options.as_json
@reporting
def reset_it(
    by: str,
    reason: str,
    workspace: Path | None,
    data_root: Path | None,
    actor: str | None,
    pin: str | None,
    trust: Path | None,
    as_json: bool,
) -> None:
    """Let everything run again that a rule of level S has stopped.

    The reset leaves a trace like any run.
    """
    from pgs_runtime.examine.export import export
    from pgs_runtime.operate.resetting import reset
    from pgs_runtime.runtime import Runtime

    root = root_of(workspace)
    with Runtime.open(root, data_of(root, data_root), pin, address=options.address(), trust=trust) as runtime:
        id, record = reset(runtime, who(runtime.snapshot, actor, ""), by, reason)
        if as_json:
            say(json.dumps({"rule": record.rule, "stopped": record.run, "trace_id": id}, sort_keys=True))
        else:
            say(f"released  {id}")
            say(f"  stopped by  {record.run}, by the rule at {record.rule}")
        try:
            export(runtime, root / "traces", id, False)
        except Refusal as refused:
            refuse(refused, as_json=False)

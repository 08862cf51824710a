"""The command that erases a subject."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pgs_runtime import options
from pgs_runtime.commands.surface import data_of, refuse, reporting, root_of, say, who
from pgs_runtime.faults import Refusal
from pgs_runtime.options import Setting


@click.command("erase")
@click.argument("subject")
@click.option("--reason", required=True, cls=Setting, help="Why, for the record.")
@options.place
@options.actor
@options.pin
@options.trust
@options.as_json
@reporting
def erase(
    subject: str,
    reason: str,
    workspace: Path | None,
    data_root: Path | None,
    actor: str | None,
    pin: str | None,
    trust: Path | None,
    as_json: bool,
) -> None:
    """Erase whatever is labelled of a subject, for good.

    SUBJECT is what its runs were given, as their intents name it, or run:ID. Traces stay as they are, and verify.
    """
    from pgs_runtime.examine.export import export
    from pgs_runtime.runtime import Runtime

    root = root_of(workspace)
    with Runtime.open(root, data_of(root, data_root), pin, address=options.address(), trust=trust) as runtime:
        erased = runtime.erase(subject, who(runtime.snapshot, actor, ""), reason)
        if as_json:
            body = {"at": erased.at, "rows": erased.rows, "runs": erased.runs, "subject": erased.subject}
            say(json.dumps({**body, "trace_id": erased.trace_id}, sort_keys=True))
        elif erased.trace_id:
            say(f"ERASED  {erased.subject}")
            say(f"  runs     {erased.runs}")
            say(f"  rows     {erased.rows}")
            say(f"  trace    {erased.trace_id}")
        else:
            say(f"ERASED  {erased.subject}, at {erased.at} already")
        try:
            if erased.trace_id:
                export(runtime, root / "traces", erased.trace_id, False)
        except Refusal as refused:
            refuse(refused, as_json=False)

"""Commands for what a protocol lets be set aside for a while: override, waivers."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pgs_runtime import options
from pgs_runtime.commands.surface import data_of, refuse, reporting, root_of, say, who
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.options import Setting


@click.command()
@click.argument("intent", required=False, default="", cls=options.Given)
@click.option("--rule", cls=Setting, help="The name of the rule that does not count.")
@click.option("--until", cls=Setting, metavar="TIME", help="When it counts again: 2027-01-31T18:00:00Z.")
@click.option("--for", "only", cls=Setting, metavar="ACTOR_ID", help="The only actor who may use it; all unless given.")
@click.option("--revoke", cls=Setting, metavar="ID", help="Take back the override of this id instead.")
@click.option("--reason", cls=Setting, help="Why, for the record.")
@options.place
@options.actor
@options.pin
@options.trust
@options.as_json
@reporting
def override(
    intent: str,
    workspace: Path | None,
    data_root: Path | None,
    as_json: bool,
    actor: str | None,
    pin: str | None,
    trust: Path | None,
    reason: str | None,
    **what: str | None,
) -> None:
    """Override a rule of INTENT for a while.

    Only one that its protocol lets be overridden, by whom and for as long as it says. Nobody uses what they have
    granted. It ends by itself. The override leaves a trace like any run; `waivers` lists it with the runs that used it.
    """
    from pgs_runtime.examine.export import export
    from pgs_runtime.runtime import Grant, Runtime

    root, revoked = root_of(workspace), what["revoke"]
    if bool(intent) is bool(revoked) or (revoked and (what["rule"] or what["until"] or what["only"])):
        message = "Either an intent with `--rule` and `--until`, or `--revoke` with an id."
        raise Refusal("R001", message, ExitCode.USAGE)
    if not revoked and not (what["rule"] and what["until"]):
        raise Refusal("R001", f"`{'--until' if what['rule'] else '--rule'}` is missing.", ExitCode.USAGE)
    with Runtime.open(root, data_of(root, data_root), pin, address=options.address(), trust=trust) as runtime:
        says = who(runtime.snapshot, actor, intent)
        if revoked:
            id = runtime.revoke(revoked, says, reason or "")
        else:
            grant = Grant(intent, what["rule"] or "", what["until"] or "", what["only"] or "")
            id = runtime.override(grant, says, reason or "")
        say(json.dumps({"trace_id": id}) if as_json else f"{'revoked' if revoked else 'granted'}  {id}")
        try:
            export(runtime, root / "traces", id, False)
        except Refusal as refused:
            refuse(refused, as_json=False)


@click.command()
@options.place
@options.pin
@options.trust
@options.as_json
@reporting
def waivers(workspace: Path | None, data_root: Path | None, pin: str | None, trust: Path | None, as_json: bool) -> None:
    """List what is waived and overridden.

    Who answers for it, why and until when, what has ended, and which runs used an override.
    """
    from pgs_runtime.ports import Ports, timestamp
    from pgs_runtime.runtime import verified
    from pgs_runtime.waivers.lived_with import as_json as told
    from pgs_runtime.waivers.lived_with import as_text as shown
    from pgs_runtime.waivers.lived_with import lived_with
    from pgs_runtime.workspace.accept import kept_in

    root = root_of(workspace)
    snapshot = verified(root, pin, trust)
    store = kept_in(data_of(root, data_root), options.address())
    try:
        lived = lived_with(snapshot, store, timestamp(Ports().clock()))
    finally:
        if store is not None:
            store.close()
    say(told(lived) if as_json else shown(lived))

"""Commands that move runs: run, resume, signal, cancel, abandon, reconcile."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

import click

from pgs_runtime import options
from pgs_runtime.commands.desk import Desk, at_a_desk
from pgs_runtime.commands.surface import SIZE, error_of, json_file, refuse, say, who
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.options import Setting
from pgs_snapshot.streams import complain, output_to_error

if TYPE_CHECKING:
    from pgs_runtime.run.rehearsal import Rehearsal
    from pgs_runtime.runtime import Outcome, Runtime


@click.command()
@click.option(
    "--wf",
    "workflow",
    cls=Setting,
    required=True,
    envvar="PGS_WF",
    help="The workflow's full name.  [PGS_WF]",
)
@click.option(
    "--payload",
    cls=Setting,
    required=True,
    envvar="PGS_PAYLOAD",
    metavar="FILE",
    help="A JSON file; - reads standard input.  [PGS_PAYLOAD]",
)
@options.actor
@click.option(
    "--request-id",
    cls=Setting,
    envvar="PGS_REQUEST_ID",
    help="The same id gives the same run and its recorded answer.  [PGS_REQUEST_ID]",
)
@click.option(
    "--config",
    cls=Setting,
    metavar="FILE",
    envvar="PGS_CONFIG",
    help="A JSON file: the binding's configuration by name.  [PGS_CONFIG]",
)
@click.option("--dry-run", is_flag=True, help="Tell what would be done; write nothing, and ask nobody outside.")
@at_a_desk
def run(
    desk: Desk,
    workflow: str,
    payload: str,
    actor: str | None,
    request_id: str | None,
    config: str | None,
    dry_run: bool,
) -> None:
    """Run a workflow, and write its trace to traces/ID/.

    One that waits, or asks the outside, is left where it waits: list, show, signal and resume go on from there.
    """
    from pgs_runtime.operate.opening import rehearsing
    from pgs_runtime.run.intake import configuration
    from pgs_runtime.runtime import Runtime

    snapshot = desk.snapshot()
    given = json_file(payload, size=max(SIZE, snapshot.limits().payload_bytes))
    stated = configuration(json_file(config)) if config else None
    address = options.address()
    if dry_run:
        with rehearsing(snapshot, desk.data, address, desk.settings, desk.judge(snapshot)) as runtime:
            asks = who(snapshot, actor, workflow)
            with output_to_error():
                rehearsed = runtime.dry_run(workflow, given, asks, request_id, stated)
            _tell_rehearsed(rehearsed, desk.as_json)
    judge = desk.judge(snapshot)
    with Runtime.over(snapshot, desk.data, address=address, settings=desk.settings, trust=judge) as runtime:
        asks = who(snapshot, actor, workflow)
        with output_to_error():  # what a capability writes there is not our answer
            outcome = runtime.run(workflow, given, asks, request_id, stated)
        answer(desk, runtime, outcome)


@click.command()
@click.argument("id", required=False, default="", cls=options.Given)
@at_a_desk
def resume(desk: Desk, id: str) -> None:
    """Go on with runs that were left in the middle.

    With the run ID, whose process has ended or whose wait is over; without ID, with every such run.
    """
    if not id:
        _resume_all(desk)
    with desk.opened(id) as runtime:
        with output_to_error():
            outcome = runtime.resume(id)
        answer(desk, runtime, outcome)


@click.command("signal")
@click.argument("id")
@click.option("--event", required=True, cls=Setting, help="The event's name; in full, or as the run's domain has it.")
@click.option("--payload", cls=Setting, metavar="FILE", help="Its fields: a JSON file; - is stdin.")
@options.actor
@at_a_desk
def send(
    desk: Desk,
    id: str,
    event: str,
    payload: str | None,
    actor: str | None,
) -> None:
    """Send an event to a run that waits."""
    fields = json_file(payload) if payload else {}
    with desk.opened(id) as runtime:
        workflow, snapshot = runtime.origin(id)
        named = event if "::" in event else f"{workflow.partition('::')[0]}::{event}"
        with output_to_error():
            outcome, why = runtime.signal(id, named, fields, who(snapshot, actor, workflow))
        if why:
            refused = Refusal("R083", f"The signal was refused: {why}", ExitCode.REJECTED)
            _export(desk, runtime, outcome, refused)
            refuse(refused, as_json=False)
        answer(desk, runtime, outcome)


@click.command()
@click.argument("id")
@click.option("--reason", required=True, cls=Setting, help="Why, for the record.")
@options.actor
@at_a_desk
def cancel(
    desk: Desk,
    id: str,
    reason: str,
    actor: str | None,
) -> None:
    """End a run that waits or is in doubt.

    What the run ID did is undone as its protocol says of one that fails.
    """
    with desk.opened(id) as runtime:
        workflow, snapshot = runtime.origin(id)
        says = who(snapshot, actor, workflow)
        with output_to_error():
            outcome = runtime.cancel(id, says, reason)
        answer(desk, runtime, outcome, done="CANCELLED")


@click.command()
@click.argument("id")
@click.option("--reason", required=True, cls=Setting, help="Why, for the record.")
@options.actor
@at_a_desk
def abandon(desk: Desk, id: str, reason: str, actor: str | None) -> None:
    """End a run as it stands.

    Only where nobody can go on with the run ID or cancel it. Nothing is done again, and nothing is taken back.
    """
    with desk.opened(id) as runtime:
        workflow, snapshot = runtime.known(id)
        outcome = runtime.abandon(id, who(snapshot, actor, workflow), reason)
        answer(desk, runtime, outcome, done="CANCELLED")


@click.command()
@click.argument("id")
@click.option("--done", cls=Setting, metavar="OUTCOME", help="It took place, and ended so.")
@click.option("--outputs", cls=Setting, metavar="FILE", help="With --done: what it gave, a JSON file.")
@click.option("--retry", is_flag=True, help="It did not take place: ask again under the same key.")
@click.option("--give-up", is_flag=True, help="It did not take place, and nobody wants it: as if cancelled.")
@click.option("--key", cls=Setting, help="Of the effect, where several are in doubt; `show` lists them.")
@click.option("--reason", required=True, cls=Setting, help="How that is known, for the record.")
@options.actor
@at_a_desk
def reconcile(
    desk: Desk,
    id: str,
    done: str | None,
    outputs: str | None,
    retry: bool,
    give_up: bool,
    key: str | None,
    reason: str,
    actor: str | None,
) -> None:
    """Say what became of an effect in doubt.

    The run ID, which it belongs to, then goes on.
    """
    from pgs_snapshot.values import Outcome as Told

    if (done is not None) + retry + give_up != 1:
        raise Refusal("R001", "One of `--done`, `--retry` and `--give-up` says what became of it.", ExitCode.USAGE)
    if outputs is not None and done is None:
        raise Refusal("R001", "`--outputs` says what it gave, and goes with `--done`.", ExitCode.USAGE)
    gave = json_file(outputs) if outputs else {}
    if not isinstance(gave, dict):
        raise Refusal("R085", "The outputs of an effect are an object.", ExitCode.REJECTED)
    told = Told(done, **gave) if done is not None else None
    with desk.opened(id) as runtime:
        workflow, snapshot = runtime.origin(id)
        says = who(snapshot, actor, workflow)
        with output_to_error():
            outcome = runtime.reconcile(
                id, "done" if told else "retry" if retry else "give_up", says, reason, key or "", told
            )
        answer(desk, runtime, outcome, done="CANCELLED" if give_up else "")


# --- what they share -------------------------------------------------------------------------------


def _tell_rehearsed(rehearsed: Rehearsal | Outcome, as_json: bool) -> NoReturn:
    from pgs_runtime.examine.answers import answered_json, answered_text, rehearsed_json, rehearsed_text
    from pgs_runtime.run.rehearsal import Rehearsal

    if isinstance(rehearsed, Rehearsal):
        say(rehearsed_json(rehearsed) if as_json else rehearsed_text(rehearsed))
    else:
        say(answered_json(rehearsed) if as_json else answered_text(rehearsed))
    sys.exit(rehearsed.exit_code)


def answer(desk: Desk, runtime: Runtime, outcome: Outcome, done: str = "") -> NoReturn:
    """Write the files of a run, say how it stands, and end as it did; with 0 where it is what was asked for."""
    _export(desk, runtime, outcome)
    sys.exit(ExitCode.DONE if outcome.kind == done else outcome.exit_code)


def _export(desk: Desk, runtime: Runtime, outcome: Outcome, error: Refusal | None = None) -> None:
    """Write the files of a run, and say how it stands."""
    from pgs_runtime.examine.answers import shown, told
    from pgs_runtime.examine.export import export

    wrong = error_of(error) if error else None
    try:
        exported = export(runtime, desk.root / "traces", outcome.trace_id, desk.picture)
    except KeyboardInterrupt:
        complain(f"Interrupted. Run `{outcome.trace_id}` stands: it is {outcome.kind}.")
        sys.exit(ExitCode.INTERRUPTED)
    except Refusal as refused:
        say(told(outcome, None, error_of(refused)) if desk.as_json else shown(outcome, None))
        refuse(refused, as_json=False)
    say(told(outcome, exported, wrong) if desk.as_json else shown(outcome, exported))
    try:
        for id in runtime.reached():
            export(runtime, desk.root / "traces", id, desk.picture)
    except Refusal as refused:
        refuse(refused, as_json=False)


def _resume_all(desk: Desk) -> NoReturn:
    from pgs_runtime.commands.resuming import resume_all, tell

    runtime = desk.found()
    if runtime is None:
        tell([], [], desk.as_json)
        sys.exit(ExitCode.DONE)
    with runtime:
        sys.exit(resume_all(runtime, desk))

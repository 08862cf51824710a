"""Commands that move runs: run, resume, signal, cancel, reconcile."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

import click

from pgs_runtime import options
from pgs_runtime.commands.surface import SIZE, data_of, error_of, json_file, refuse, reporting, root_of, say, who
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.options import Setting
from pgs_snapshot.streams import complain, output_to_error
from pgs_snapshot.values import Value

if TYPE_CHECKING:
    from pgs_runtime.rehearsal import Rehearsal
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
@options.place
@options.actor
@options.pin
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
@options.settings
@click.option("--dry-run", is_flag=True, help="Tell what would be done; write nothing, and ask nobody outside.")
@options.picture
@options.as_json
@reporting
def run(
    workflow: str,
    payload: str,
    workspace: Path | None,
    data_root: Path | None,
    actor: str | None,
    pin: str | None,
    request_id: str | None,
    config: str | None,
    settings: Path | None,
    dry_run: bool,
    picture: bool,
    as_json: bool,
) -> None:
    """Run a workflow, and write its trace to traces/ID/.

    One that waits, or asks the outside, is left where it waits: list, show, signal and resume go on from there.
    """
    from pgs_runtime.opening import rehearsing
    from pgs_runtime.runtime import Runtime, verified

    root = root_of(workspace)
    snapshot = verified(root, pin)
    given = json_file(payload, size=max(SIZE, snapshot.limits().payload_bytes))
    stated = cast("dict[str, Value]", json_file(config)) if config else None
    data, address = data_of(root, data_root), options.address()
    if dry_run:
        with rehearsing(snapshot, data, address, settings) as runtime:
            asks = who(snapshot, actor, workflow)
            with output_to_error():
                rehearsed = runtime.dry_run(workflow, given, asks, request_id, stated)
            _tell_rehearsed(rehearsed, as_json)
    with Runtime.over(snapshot, data, address=address, settings=settings) as runtime:
        asks = who(snapshot, actor, workflow)
        with output_to_error():  # what a capability writes there is not our answer
            outcome = runtime.run(workflow, given, asks, request_id, stated)
        _answer(runtime, root, outcome, picture, as_json)


@click.command()
@click.argument("id", required=False, default="")
@options.place
@options.pin
@options.settings
@options.picture
@options.as_json
@reporting
def resume(
    id: str,
    workspace: Path | None,
    data_root: Path | None,
    pin: str | None,
    settings: Path | None,
    picture: bool,
    as_json: bool,
) -> None:
    """Go on with runs that were left in the middle.

    With the run ID, whose process has ended or whose wait is over; without ID, with every such run.
    """
    if not id:
        _resume_all(workspace, data_root, pin, settings, picture, as_json)
    with _opened(id, workspace, data_root, pin, settings) as (root, runtime):
        with output_to_error():
            outcome = runtime.resume(id)
        _answer(runtime, root, outcome, picture, as_json)


@click.command("signal")
@click.argument("id")
@click.option("--event", required=True, cls=Setting, help="The event's name; in full, or as the run's domain has it.")
@click.option("--payload", cls=Setting, metavar="FILE", help="Its fields: a JSON file; - is stdin.")
@options.place
@options.actor
@options.pin
@options.settings
@options.picture
@options.as_json
@reporting
def send(
    id: str,
    event: str,
    payload: str | None,
    workspace: Path | None,
    data_root: Path | None,
    actor: str | None,
    pin: str | None,
    settings: Path | None,
    picture: bool,
    as_json: bool,
) -> None:
    """Send an event to a run that waits."""
    fields = json_file(payload) if payload else {}
    with _opened(id, workspace, data_root, pin, settings) as (root, runtime):
        workflow, snapshot = runtime.origin(id)
        named = event if "::" in event else f"{workflow.partition('::')[0]}::{event}"
        with output_to_error():
            outcome, why = runtime.signal(id, named, fields, who(snapshot, actor, workflow))
        if why:
            refused = Refusal("R083", f"The signal was refused: {why}", ExitCode.REJECTED)
            _export(runtime, root, outcome, picture, as_json, refused)
            refuse(refused, as_json=False)
        _answer(runtime, root, outcome, picture, as_json)


@click.command()
@click.argument("id")
@click.option("--reason", required=True, cls=Setting, help="Why, for the record.")
@options.place
@options.actor
@options.pin
@options.settings
@options.picture
@options.as_json
@reporting
def cancel(
    id: str,
    reason: str,
    workspace: Path | None,
    data_root: Path | None,
    actor: str | None,
    pin: str | None,
    settings: Path | None,
    picture: bool,
    as_json: bool,
) -> None:
    """End a run that waits or is in doubt.

    What the run ID did is undone as its protocol says of one that fails.
    """
    with _opened(id, workspace, data_root, pin, settings) as (root, runtime):
        workflow, snapshot = runtime.origin(id)
        says = who(snapshot, actor, workflow)
        with output_to_error():
            outcome = runtime.cancel(id, says, reason)
        _answer(runtime, root, outcome, picture, as_json, done="CANCELLED")


@click.command()
@click.argument("id")
@click.option("--done", cls=Setting, metavar="OUTCOME", help="It took place, and ended so.")
@click.option("--outputs", cls=Setting, metavar="FILE", help="With --done: what it gave, a JSON file.")
@click.option("--retry", is_flag=True, help="It did not take place: ask again under the same key.")
@click.option("--give-up", is_flag=True, help="It did not take place, and nobody wants it: as if cancelled.")
@click.option("--key", cls=Setting, help="Of the effect, where several are in doubt; `show` lists them.")
@click.option("--reason", required=True, cls=Setting, help="How that is known, for the record.")
@options.place
@options.actor
@options.pin
@options.settings
@options.picture
@options.as_json
@reporting
def reconcile(
    id: str,
    done: str | None,
    outputs: str | None,
    retry: bool,
    give_up: bool,
    key: str | None,
    reason: str,
    workspace: Path | None,
    data_root: Path | None,
    actor: str | None,
    pin: str | None,
    settings: Path | None,
    picture: bool,
    as_json: bool,
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
    with _opened(id, workspace, data_root, pin, settings) as (root, runtime):
        workflow, snapshot = runtime.origin(id)
        says = who(snapshot, actor, workflow)
        with output_to_error():
            outcome = runtime.reconcile(
                id, "done" if told else "retry" if retry else "give_up", says, reason, key or "", told
            )
        _answer(runtime, root, outcome, picture, as_json, done="CANCELLED" if give_up else "")


# --- what they share -------------------------------------------------------------------------------


def _tell_rehearsed(rehearsed: Rehearsal | Outcome, as_json: bool) -> NoReturn:
    from pgs_runtime.answers import answered_json, answered_text, rehearsed_json, rehearsed_text
    from pgs_runtime.rehearsal import Rehearsal

    if isinstance(rehearsed, Rehearsal):
        say(rehearsed_json(rehearsed) if as_json else rehearsed_text(rehearsed))
    else:
        say(answered_json(rehearsed) if as_json else answered_text(rehearsed))
    sys.exit(rehearsed.exit_code)


def _answer(runtime: Runtime, root: Path, outcome: Outcome, picture: bool, as_json: bool, done: str = "") -> NoReturn:
    """Write the files of a run, say how it stands, and end as it did; with 0 where it is what was asked for."""
    _export(runtime, root, outcome, picture, as_json)
    sys.exit(ExitCode.DONE if outcome.kind == done else outcome.exit_code)


def _export(
    runtime: Runtime, root: Path, outcome: Outcome, picture: bool, as_json: bool, error: Refusal | None = None
) -> None:
    """Write the files of a run, and say how it stands."""
    from pgs_runtime.answers import shown, told
    from pgs_runtime.export import export

    try:
        exported = export(runtime, root / "traces", outcome.trace_id, picture)
    except KeyboardInterrupt:
        complain(f"Interrupted. Run `{outcome.trace_id}` stands: it is {outcome.kind}.")
        sys.exit(ExitCode.INTERRUPTED)
    except Refusal as refused:
        say(told(outcome, None, error_of(refused)) if as_json else shown(outcome, None))
        refuse(refused, as_json=False)
    wrong = error_of(error) if error else None
    say(told(outcome, exported, wrong) if as_json else shown(outcome, exported))


@contextmanager
def _opened(
    id: str, workspace: Path | None, data_root: Path | None, pin: str | None, settings: Path | None
) -> Iterator[tuple[Path, Runtime]]:
    """The workspace, and the runtime over the store that has a run."""
    from pgs_runtime.trace_lines import no_run

    root, runtime = _found(workspace, data_root, pin, settings)
    if runtime is None:
        raise no_run(id)
    with runtime:
        yield root, runtime


def _resume_all(
    workspace: Path | None, data_root: Path | None, pin: str | None, settings: Path | None, picture: bool, as_json: bool
) -> NoReturn:
    from pgs_runtime.commands.resuming import resume_all, tell

    root, runtime = _found(workspace, data_root, pin, settings)
    if runtime is None:
        tell([], [], as_json)
        sys.exit(ExitCode.DONE)
    with runtime:
        sys.exit(resume_all(runtime, root, picture, as_json))


def _found(
    workspace: Path | None, data_root: Path | None, pin: str | None, settings: Path | None
) -> tuple[Path, Runtime | None]:
    """The workspace, and the runtime over its store, if there is one."""
    from pgs_runtime.opening import found
    from pgs_runtime.runtime import verified

    root = root_of(workspace)
    return root, found(verified(root, pin), data_of(root, data_root), options.address(), settings)

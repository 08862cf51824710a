"""The command `pgs_runtime`. Every command is a few lines over the library."""

from __future__ import annotations

import signal

# An interrupt of the imports below ends the program as the system does it, without a traceback.
_INTERRUPT = signal.signal(signal.SIGINT, signal.SIG_DFL)

import json
import os
import pwd
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, ParamSpec, cast

import click

import pgs_snapshot
from pgs_runtime import options
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.options import Setting, asks_for_json, said
from pgs_snapshot.streams import complain, give_up_output, hold_standard_streams, output_to_error
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

if TYPE_CHECKING:
    from pgs_runtime.runtime import Actor, Runtime
    from pgs_runtime.stores.port import Status

signal.signal(signal.SIGINT, _INTERRUPT)

P = ParamSpec("P")

# Of a file with JSON. A lower limit of payloads is held by the canonical form, which has no white space.
SIZE = 1 << 20

EXIT_CODES = """
\b
Exit codes:
  0   done; the run COMPLETED       8   the state store is unusable
  1   the run ended FAILED          10  a limit was exceeded
  2   the command line              11  busy: try again
  3   seal or trace does not hold   14  output could not be written; the run stands
  4   the run ended DENIED
  5   the run was REJECTED, or the request refused
  6   fault: a capability broke its contract
  70  a mistake of ours             130 interrupted
"""


@click.group(epilog=EXIT_CODES, no_args_is_help=False, context_settings={"max_content_width": 100})
@click.version_option(pgs_snapshot.__version__, package_name="pgs-python")
def cli() -> None:
    """Run workflows of a sealed snapshot, and look into what they left."""


def reporting(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what the library raises into a message, an error object and an exit code."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        from pgs_runtime.refusals import HANDLED, refusal_of

        try:
            command(*args, **kwargs)
        except HANDLED as error:
            _refuse(refusal_of(error), bool(kwargs.get("as_json")))

    return wrapped


@cli.command()
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
@options.workspace
@options.data_root
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
@click.option("--picture/--no-picture", default=True, help="Draw the way taken beside the trace.")
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
    picture: bool,
    as_json: bool,
) -> None:
    """Run a workflow once, and write its trace to traces/ID/."""
    from pgs_runtime.answers import shown, told
    from pgs_runtime.export import export
    from pgs_runtime.runtime import Runtime, verified

    root = _root(workspace)
    snapshot = verified(root, pin)
    given = _json_file(payload, size=max(SIZE, snapshot.limits().payload_bytes))
    settings = cast("dict[str, Value]", _json_file(config)) if config else None
    with Runtime.over(snapshot, _data(root, data_root), address=options.address()) as runtime:
        who = _who(runtime, actor, workflow)
        with output_to_error():  # what a capability writes there is not our answer
            outcome = runtime.run(workflow, given, who, request_id, settings)
        try:
            exported = export(runtime, root / "traces", outcome.trace_id, picture)
        except KeyboardInterrupt:
            complain(f"Interrupted. Run `{outcome.trace_id}` stands: it ended {outcome.kind}.")
            sys.exit(ExitCode.INTERRUPTED)
        except Refusal as refused:
            _say(told(outcome, None, _error(refused)) if as_json else shown(outcome, None))
            _refuse(refused, as_json=False)
    _say(told(outcome, exported) if as_json else shown(outcome, exported))
    sys.exit(outcome.exit_code)


@cli.command()
@click.argument("trace", type=click.Path(path_type=Path))
@options.workspace
@options.data_root
@options.as_json
@reporting
def examine(trace: Path, workspace: Path | None, data_root: Path | None, as_json: bool) -> None:
    """Explain a run: its way, the decision that mattered, what it changed, how long it took.

    TRACE is a .jsonl file, or the folder that holds it. One that is not sound is explained all the same; the
    first line says what is wrong with it, and the exit code is 3.
    """
    from pgs_runtime.evidence import Evidence
    from pgs_runtime.examine import as_json as told
    from pgs_runtime.examine import as_text as shown
    from pgs_runtime.traces import read_trace
    from pgs_runtime.verify import verify as judge

    root = _root(workspace)
    data = _trace_file(trace)
    read = read_trace(data)
    with Evidence(root, _data(root, data_root), options.address()) as evidence:
        snapshot = evidence.snapshot(read.header.snapshot)
        timing = evidence.timing(read.header.run)
        doubt = judge(data, store=evidence.witness(read.header.run)).doubt
    _say(told(read, snapshot, timing, doubt) if as_json else shown(read, snapshot, timing, doubt))
    sys.exit(ExitCode.SEAL if doubt else ExitCode.DONE)


@cli.command()
@click.argument("trace", type=click.Path(path_type=Path))
@options.workspace
@options.data_root
@click.option(
    "--level",
    type=click.Choice(("self-consistent", "complete", "anchored")),
    default="anchored",
    show_default=True,
    help="How much has to be known.",
)
@options.as_json
@reporting
def verify(trace: Path, workspace: Path | None, data_root: Path | None, level: str, as_json: bool) -> None:
    """Check a trace: its chain, its end, the snapshot, and the store's own record.

    TRACE is a .jsonl file, or the folder that holds it. The exit code is 0 only at the level asked for.
    """
    from pgs_runtime.answers import judged, judgement
    from pgs_runtime.evidence import Evidence
    from pgs_runtime.verify import LEVELS
    from pgs_runtime.verify import verify as judge

    root = _root(workspace)
    data = _trace_file(trace)
    with Evidence(root, _data(root, data_root), options.address()) as evidence:
        verdict = judge(data, evidence.knows, evidence.store)
    asked = LEVELS[level]
    _say(judgement(verdict, asked) if as_json else judged(verdict, asked, _trace_path(trace).stem))
    sys.exit(verdict.exit_code(asked))


@cli.command()
@options.workspace
@options.data_root
@click.option(
    "--status",
    type=click.Choice(("COMPLETED", "DENIED", "REJECTED", "FAILED", "FAULTED")),
    help="Only the runs that ended so.",
)
@options.as_json
@reporting
def runs(workspace: Path | None, data_root: Path | None, status: Status | None, as_json: bool) -> None:
    """List the runs of the store by id: how each ended, and of which workflow it was."""
    from pgs_runtime.answers import listed, listing
    from pgs_runtime.evidence import Evidence

    root = _root(workspace)
    with Evidence(root, _data(root, data_root), options.address()) as evidence:
        if as_json:
            _say(listing(evidence.runs(status)))
        else:
            for run in evidence.runs(status):
                _say(listed(run))


@cli.command("export")
@click.argument("id", metavar="ID")
@options.workspace
@options.data_root
@click.option("--picture/--no-picture", default=True, help="Draw the way taken beside the trace.")
@options.as_json
@reporting
def export_run(id: str, workspace: Path | None, data_root: Path | None, picture: bool, as_json: bool) -> None:
    """Write the files of the run ID of the store to traces/ID/, as `run` did or could not."""
    from pgs_runtime.answers import written
    from pgs_runtime.evidence import Evidence
    from pgs_runtime.export import write
    from pgs_runtime.traces import trace_of

    root = _root(workspace)
    with Evidence(root, _data(root, data_root), options.address()) as evidence:
        lines = evidence.lines(id)
        snapshot = evidence.snapshot(trace_of(lines).header.snapshot)
    _say(written(write(root / "traces", lines, snapshot, picture), as_json))


@cli.group()
def state() -> None:
    """Look after the state behind the workflows."""


@state.command("load")
@click.argument("file")
@options.workspace
@options.data_root
@options.actor
@options.pin
@options.as_json
@reporting
def state_load(
    file: str,
    workspace: Path | None,
    data_root: Path | None,
    actor: str | None,
    pin: str | None,
    as_json: bool,
) -> None:
    """Write the rows of FILE, a JSON object of stores, or nothing; - reads standard input.

    A store's rows are values by key, or lists of records by stream. The load leaves a trace like any run.
    """
    from pgs_runtime.export import export
    from pgs_runtime.runtime import Runtime
    from pgs_runtime.state import load_state

    document = _json_file(file, size=64 << 20)
    root = _root(workspace)
    with Runtime.open(root, _data(root, data_root), pin, address=options.address()) as runtime:
        loaded = load_state(runtime, document, _who(runtime, actor, ""))
        if as_json:
            _say(json.dumps({"rows": loaded.rows, "trace_id": loaded.trace_id}, sort_keys=True))
        else:
            for store, rows in sorted(loaded.rows.items()):
                _say(f"{rows:>6}  {store}")
            _say(f"trace   {loaded.trace_id}")
        try:
            export(runtime, root / "traces", loaded.trace_id, False)
        except Refusal as refused:
            _refuse(refused, as_json=False)


# --- what the commands share -----------------------------------------------------------------------


def _root(workspace: Path | None) -> Path:
    if workspace is not None:
        return workspace.absolute()
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "pgs.yaml").is_file()), here)


def _data(root: Path, data_root: Path | None) -> Path:
    return (data_root or root / "data").absolute()


def _json_file(name: str, size: int = SIZE) -> Value:
    """The value in a file of so many bytes at most; that holds before anything is parsed."""
    from pgs_snapshot.jsontext import JsonLimits, read_json

    try:
        if name == "-":
            data = sys.stdin.buffer.read(size + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(size + 1)
    except OSError as error:
        raise Refusal("R019", f"`{visible(name)}` cannot be read: {error.strerror}.", ExitCode.USAGE) from error
    return read_json(data, JsonLimits(size=size))


def _trace_path(trace: Path) -> Path:
    """The file of a trace that is named by its file or its folder."""
    return trace / f"{trace.absolute().name}.jsonl" if trace.is_dir() else trace


def _trace_file(trace: Path) -> bytes:
    """The bytes of a trace, by its file or its folder."""
    from pgs_runtime.trace_lines import LIMITS

    file = _trace_path(trace)
    try:
        with file.open("rb") as opened:
            return opened.read(LIMITS.size + 1)
    except OSError as error:
        raise Refusal("R019", f"`{visible(str(file))}` cannot be read: {error.strerror}.", ExitCode.USAGE) from error


def _who(runtime: Runtime, text: str | None, workflow: str) -> Actor:
    """The actor of a local command line: the operating system's user, in the role that was named."""
    from pgs_runtime.actors import local_actor

    name, separator, file = (text or "").partition("=")
    attributes = _json_file(file) if separator else {}
    return local_actor(runtime.snapshot, name, attributes, _user(), workflow.partition("::")[0])


def _user() -> str:
    """The operating system's name of the user, or the number of one without a name, as in containers."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _say(text: str) -> None:
    click.echo(text)


def _error(refused: Refusal) -> dict[str, str]:
    return {
        "code": refused.code,
        "hint": refused.hint,
        "message": refused.message,
        "where": refused.where,
    }


def _refuse(refused: Refusal, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps({"error": _error(refused)}, sort_keys=True))
    told = not refused.where or f"`{refused.where}`" in refused.message
    where = "" if told else f" ({visible(refused.where)})"
    complain(f"error[{refused.code}]{where}: {visible(refused.message)}")
    if refused.hint:
        complain(f"  hint: {visible(refused.hint)}")
    sys.exit(refused.exit_code)


def _misused(error: click.ClickException) -> NoReturn:
    """A command line that is none, said as everything else is said."""
    context = getattr(error, "ctx", None)
    hint = f"Type `{context.command_path} --help`." if context else ""
    _refuse(Refusal("R001", said(error), ExitCode.USAGE, hint=hint), asks_for_json(sys.argv))


def main() -> None:
    """Run the command line; no failure shows a traceback unless `PGS_DEBUG` is set."""
    hold_standard_streams()
    try:
        try:
            # Not `cli.main`, which ends with 1 when output is broken, and 1 says that a run FAILED.
            with cli.make_context("pgs_runtime", sys.argv[1:]) as context:
                cli.invoke(context)
            sys.stdout.flush()
        except click.exceptions.Exit as done:
            sys.exit(done.exit_code)
        except click.ClickException as error:
            _misused(error)
    except KeyboardInterrupt:
        complain("Interrupted.")
        sys.exit(ExitCode.INTERRUPTED)
    except OSError as error:
        complain(f"error[R061]: {give_up_output(error)}")
        sys.exit(ExitCode.OUTPUT)
    except Exception as error:
        if "PGS_DEBUG" in os.environ:
            raise
        complain(f"error[R070]: A mistake of ours ({type(error).__name__}). PGS_DEBUG=1 shows more.")
        sys.exit(ExitCode.BUG)


if __name__ == "__main__":
    main()

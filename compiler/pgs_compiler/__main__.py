"""The command `pgs_compiler`. What only some commands need is imported by them: help comes at once."""

from __future__ import annotations

import signal

# An interrupt of the imports below ends the program as the system does it, without a traceback.
_INTERRUPT = signal.signal(signal.SIGINT, signal.SIG_DFL)

import gc
import os
import shlex
import shutil
import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

import pgs_snapshot
from pgs_compiler import options
from pgs_compiler.commands.audits import audit
from pgs_compiler.commands.fuzzing import fuzz
from pgs_compiler.commands.importing import import_
from pgs_compiler.commands.keys import keys
from pgs_compiler.commands.processes import process
from pgs_compiler.commands.schemas import schema
from pgs_compiler.commands.signing import sign
from pgs_compiler.commands.testing import scenarios
from pgs_compiler.commands.verifying import verify
from pgs_compiler.surface import BUG, FINDINGS, INTERRUPTED, OUTPUT, SEAL, USAGE, misuse, write
from pgs_compiler.surface import relative as _relative
from pgs_compiler.surface import root_of as _root
from pgs_compiler.surface import stop as _stop
from pgs_snapshot.streams import give_up_output, hold_standard_streams

if TYPE_CHECKING:
    from datetime import datetime

    from pgs_compiler.compiler import Compilation
    from pgs_compiler.waivers import Policy

signal.signal(signal.SIGINT, _INTERRUPT)

EXIT_CODES = """
\b
Exit codes:
  0   nothing is wrong
  1   findings; with diff --exit-code, changes that are not compatible
  2   the command line, or an output folder that holds something else
  3   a snapshot is not what was sealed
  14  output could not be written
  70  a mistake of ours
  130 interrupted
"""


@click.group(epilog=EXIT_CODES, no_args_is_help=False, context_settings={"max_content_width": 100})
@click.version_option(pgs_snapshot.__version__, package_name="pgs-python")
def cli() -> None:
    """Check declarations and compile them to a sealed snapshot."""


@cli.command()
@options.paths
@options.workspace
@options.report
@options.strict
@options.today
@options.baseline
def check(
    paths: tuple[Path, ...],
    workspace: Path | None,
    format_: str,
    strict: bool,
    today: datetime | None,
    baseline: Path | None,
) -> None:
    """Report everything that is wrong with the declarations at PATHS.

    Without PATHS the sources of the project are checked.
    """
    compilation = _compile(_root(paths, workspace), paths, _policy(strict, today, baseline))
    _report(compilation, format_, sys.stdout)
    _stop_at_errors(compilation)


@cli.command("compile")
@options.paths
@options.workspace
@options.report
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The snapshot's folder; protocol_snapshot in the workspace unless given.",
)
@options.strict
@options.today
@options.baseline
def compile_(
    paths: tuple[Path, ...],
    workspace: Path | None,
    format_: str,
    out: Path | None,
    strict: bool,
    today: datetime | None,
    baseline: Path | None,
) -> None:
    """Compile the declarations at PATHS to a sealed snapshot.

    Nothing is written if there is any error.
    """
    from pgs_compiler.unchanged import standing
    from pgs_snapshot.exchange import NotReplaceable, write_snapshot

    root = _root(paths, workspace)
    folder, policy = out or root / "protocol_snapshot", _policy(strict, today, baseline)
    before = standing(root, paths, policy, folder) if format_ == "text" else None
    if before and (stands := before.root()):
        click.echo(f"{stands}  {_relative(folder)}")
        return
    compilation = _compile(root, paths, policy)
    if format_ != "text":
        _report(compilation, format_, sys.stdout)
    elif compilation.findings:
        _report(compilation, format_, sys.stderr)
    _stop_at_errors(compilation)
    try:
        write_snapshot(folder, compilation.files or {})
    except NotReplaceable as refused:
        _stop(USAGE, str(refused))
    except OSError as error:
        _stop(OUTPUT, f"`{folder}` cannot be written: {error.strerror}. What was there before is as it was.")
    if before and not compilation.findings:
        before.keep(compilation.root)
    if format_ == "text":
        click.echo(f"{compilation.root}  {_relative(folder)}")


@cli.command()
@options.paths
@options.workspace
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", help="How they are listed.")
def rules(paths: tuple[Path, ...], workspace: Path | None, format_: str) -> None:
    """List every rule, with how much it looked at.

    For a workspace it says what each rule looked at there and found. A rule that had nothing to look at has found
    nothing for that reason alone, and is marked.
    """
    from pgs_compiler.census import examined
    from pgs_compiler.project import FILE
    from pgs_compiler.render.rules import as_json, as_text
    from pgs_compiler.rules import RULES

    root = _root(paths, workspace)
    there = paths or workspace or (root / FILE).is_file()
    counted = examined(_compile(root, paths, _policy())) if there else None
    click.echo((as_json if format_ == "json" else as_text)(tuple(RULES.values()), counted), nl=False)


@cli.command()
@click.argument("code")
@options.workspace
def explain(code: str, workspace: Path | None) -> None:
    """Explain a rule by its CODE, or a transform by its name.

    The page of a rule says what it demands, why, and how to mend what it refuses. Of a transform it is said where it is
    called: in the runtime's own process, or in the worker, and then why. What comes with PGS is shown as it is
    declared, side effects too.
    """
    from pgs_compiler.explain import page
    from pgs_compiler.library import entry, names
    from pgs_compiler.project import FILE
    from pgs_compiler.render.transforms import NoTransform, told
    from pgs_compiler.rules import RULES
    from pgs_snapshot.suggest import nearest

    if code.upper() in RULES:
        click.echo(page(code.upper()), nl=False)
        return
    kept = entry(code)
    if not code.rpartition("::")[2].startswith("CT_") and kept is None:
        near = nearest(code.upper(), (*RULES, *names()))
        _stop(USAGE, f"No rule has the code `{code}`." + (f" Is it `{near}`?" if near else ""))
    root = _root((), workspace)
    if kept is not None and ("CS_" in code or not (root / FILE).is_file()):
        click.echo(kept, nl=False)
        return
    compilation = _compile(root, (), _policy())
    if compilation.checked is None or compilation.worker is None:
        _report(compilation, "text", sys.stderr)
        sys.exit(FINDINGS)
    try:
        said = told(code, compilation.checked.program, compilation.worker)
    except NoTransform as unknown:
        if kept is None:
            _stop(USAGE, str(unknown))
        said = f"core::{code.rpartition('::')[2]} is used by nothing in this workspace.\n"
    click.echo(f"{said}\n{kept}" if said.startswith("core::") else said, nl=False)


@cli.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@options.workspace
def proofs(folder: Path | None, workspace: Path | None) -> None:
    """Confirm every proof in the snapshot at FOLDER.

    Its graphs and contracts alone show them. Without FOLDER that is protocol_snapshot in the workspace. Exit code 1:
    the folder holds no whole snapshot, or a proof does not show what it says.
    """
    from pgs_snapshot.folder import open_snapshot
    from pgs_snapshot.proofs import ProofRefused, confirm
    from pgs_snapshot.seal import SealBroken
    from pgs_snapshot.snapshot import Snapshot

    try:
        snapshot = Snapshot(open_snapshot(folder or _root((), workspace) / "protocol_snapshot"))
        confirmed = confirm(snapshot)
    except SealBroken as broken:
        _stop(FINDINGS, f"{broken.code}: {broken.message}")
    except ProofRefused as refused:
        _stop(FINDINGS, str(refused))
    for proof in confirmed:
        requirement = snapshot.assertion(proof.assertion).requires[proof.requirement]
        click.echo(f"proven  {proof.workflow}  {proof.assertion}  {requirement.form}  {requirement.at}")


@cli.command()
@click.argument("workflow")
@options.paths
@options.workspace
@click.option("--format", "format_", type=click.Choice(options.PICTURES), help="By the ending of --out, else mermaid.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; standard output unless given.")
@click.option(
    "--engine",
    type=click.Choice(("own", "dot")),
    default="own",
    help="Who lays out svg and png: PGS, or Graphviz where it is installed, also above 300 nodes.",
)
def graph(
    workflow: str,
    paths: tuple[Path, ...],
    workspace: Path | None,
    format_: str | None,
    out: Path | None,
    engine: str,
) -> None:
    """Draw the graph of WORKFLOW, or the states of a machine."""
    from pgs_compiler.pictures import DotFailed, NoFormat, draw, draw_with_dot, format_of, pictures_of, write_picture
    from pgs_snapshot.drawing.picture import TooLarge

    try:
        kind = format_of(format_, out, engine)
    except NoFormat as refused:
        _stop(USAGE, str(refused))
    compilation = _compile(_root(paths, workspace), paths, _policy())
    if compilation.checked is None:
        _report(compilation, "text", sys.stderr)
        sys.exit(FINDINGS)
    pictures = pictures_of(compilation.checked.program, compilation.checked.graphs)
    shown = pictures[_named(workflow, pictures, "workflow or machine", "workflows or machines")]()
    try:
        picture = draw_with_dot(shown, kind) if engine == "dot" else draw(shown, kind)
    except (TooLarge, DotFailed) as refused:
        _stop(FINDINGS, str(refused))
    if out is None:
        sys.stdout.buffer.write(picture)
        return
    try:
        write_picture(out, picture)
    except OSError as error:
        _stop(OUTPUT, f"`{out}` cannot be written: {error.strerror}. What was there before is as it was.")


@cli.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", help="How they are listed.")
@click.option("--exit-code", is_flag=True, help="End with 1 where a change is breaking or changes behaviour.")
def diff(old: Path, new: Path, format_: str, exit_code: bool) -> None:
    """Say what differs from the snapshot OLD to NEW.

    It says whom each change concerns. A change is breaking, changes behaviour, or is compatible. Both seals are
    verified first.
    """
    from pgs_compiler.changes.compare import compare
    from pgs_compiler.render.changes import as_json, as_text
    from pgs_snapshot.folder import open_snapshot
    from pgs_snapshot.seal import SealBroken

    try:
        before, after = open_snapshot(old), open_snapshot(new)
    except SealBroken as broken:
        _stop(SEAL, f"error[{broken.code}]: {broken.message}")
    changes = compare(before, after)
    text = as_text(changes) if format_ == "text" else as_json(changes, before.manifest, after.manifest)
    click.echo(text, nl=False)
    if exit_code and any(change.weight != "compatible" for change in changes):
        sys.exit(FINDINGS)


@cli.command()
@click.argument("name", type=click.Path(path_type=Path))
@click.option(
    "--template",
    type=click.Choice(("agent", "bank", "minimal", "payments", "theus")),
    default="minimal",
    help="What the project begins with.",
)
def init(name: Path, template: str) -> None:
    """Make a new project in the folder NAME.

    It runs at once, and so do its scenarios. A folder that holds something is left alone.

    \b
    minimal   a limit on what is spent, written down once
    agent     a gate for the tools of an agent, with a budget and a person's leave
    payments  accounts that money is put into and paid out of
    bank      accounts that processes share, under rules
    theus     a program with processes in the shape of theus, and a protocol over one
    """
    from pgs_compiler.templates import PROGRAMS, WORKFLOWS, NoName, domain_of, project

    try:
        files = project(name.absolute().name, template)
    except NoName as refused:
        _stop(USAGE, str(refused))
    if os.path.lexists(name) and not (name.is_dir() and not any(name.iterdir())):
        _stop(USAGE, f"`{name}` is there already, and nothing in it is touched. Name a new folder.")
    write(name, files)
    if template in PROGRAMS:
        typed = "".join(f"  {line}\n" for line in (f"cd {shlex.quote(str(name))}", *PROGRAMS[template]))
        click.echo(f"\nType:\n{typed}", nl=False)
        return
    workflow = f"{domain_of(name.absolute().name)}::{WORKFLOWS[template]}"
    place, payload = shlex.quote(str(name)), shlex.quote(str(name / "payload.json"))
    click.echo(f"\nType:\n  pgs_compiler compile --workspace {place}")
    click.echo(f"  pgs_runtime run --workspace {place} --wf {workflow} --payload {payload}")
    click.echo(f"  pgs_compiler test --workspace {place}")


@cli.command()
@click.argument("workflow")
@options.paths
@options.workspace
@options.flows
def flows(
    workflow: str, paths: tuple[Path, ...], workspace: Path | None, format_: str, source: str, sink: str, ways: bool
) -> None:
    """Show where the labelled data of WORKFLOW goes.

    Sources stand by sinks, with what becomes of the data in each cell. What is refused is shown as well.
    """
    from pgs_compiler.render.flows import NothingFlows, answer

    compilation = _compile(_root(paths, workspace), paths)
    if compilation.checked is None or compilation.flows is None:
        _report(compilation, "text", sys.stderr)
        sys.exit(FINDINGS)
    name = _named(workflow, compilation.checked.graphs)
    width = 0 if format_ == "json" else max(shutil.get_terminal_size((80, 24)).columns, 40)
    try:
        click.echo(answer(name, compilation.flows.workflows[name], (source, sink), width, ways), nl=False)
    except NothingFlows as nothing:
        _stop(USAGE, str(nothing))


# --- what the commands share -----------------------------------------------------------------------


def _policy(strict: bool = False, today: datetime | None = None, baseline: Path | None = None) -> Policy:
    from pgs_compiler.waivers import Policy

    policy = Policy(strict, baseline=baseline)
    return replace(policy, today=today.date()) if today else policy


def _compile(root: Path, paths: tuple[Path, ...], policy: Policy | None = None) -> Compilation:
    from pgs_compiler.compiler import compile_workspace

    gc.set_threshold(100_000, 50, 50)  # what is compiled stays to the end, and to go through it again takes long
    return compile_workspace(root, paths, policy)


def _report(compilation: Compilation, format_: str, stream: TextIO) -> None:
    from pgs_compiler.render import Style, render

    color = stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    style = Style(color, max(shutil.get_terminal_size((100, 24)).columns, 40))
    report = render(compilation.findings, {**compilation.sources, **compilation.code}, format_, style)
    click.echo(report, file=stream, nl=False, color=color)


def _stop_at_errors(compilation: Compilation) -> None:
    if any(finding.blocks for finding in compilation.findings):
        sys.exit(FINDINGS)


def _named(given: str, names: Collection[str], one: str = "workflow", several: str = "workflows") -> str:
    """The full name of what is named in full, or by what stands behind the domain where that is enough."""
    found = [name for name in names if given in (name, name.partition("::")[2])]
    if len(found) != 1:
        from pgs_snapshot.suggest import unknown

        wrong = f"several {several}" if found else f"no {one}"
        hint = unknown(given, tuple(names), "an `index.json` that is compiled lists them")
        _stop(USAGE, f"The workspace has {wrong} `{given}`. {hint}")
    return found[0]


for _command in (audit, fuzz, import_, keys, process, schema, scenarios, sign, verify):
    cli.add_command(_command)


def main() -> None:
    """Run the command line; no failure shows a traceback unless `PGS_DEBUG` is set."""
    hold_standard_streams()
    try:
        with cli.make_context("pgs_compiler", sys.argv[1:]) as context:
            cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as refused:
        where = getattr(refused, "ctx", None)
        _stop(USAGE, misuse(refused), f"Type `{where.command_path} --help`." if where else "")
    except KeyboardInterrupt:
        _stop(INTERRUPTED, "Interrupted.")
    except OSError as error:
        _stop(OUTPUT, give_up_output(error))
    except Exception as error:
        if "PGS_DEBUG" in os.environ:
            raise
        _stop(BUG, f"A mistake of ours ({type(error).__name__}). PGS_DEBUG=1 shows more.")


if __name__ == "__main__":
    main()

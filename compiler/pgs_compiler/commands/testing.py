"""`pgs_compiler test`: scenarios of runs, with what is expected of them."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import click

from pgs_compiler import options
from pgs_compiler.surface import BUG, FINDINGS, USAGE, root_of, stop

_FIRST = "Write `tests/first.yaml` with `scenario:`, `workflow:`, `payload:` and `expect: {exit: COMPLETED}`."


@click.command("test")
@options.paths
@options.workspace
@click.option(
    "--format", "format_", type=click.Choice(("text", "json", "junit")), default="text", help="How it is told."
)
@click.option("--coverage", "shows", is_flag=True, help="Show which edges and cases of decisions no scenario takes.")
@click.option(
    "--require",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="How much of them the scenarios take at least.",
)
@click.option("--mutate", is_flag=True, help="Show which changes of the rules no scenario notices.")
@click.option(
    "--require-killed",
    "killed",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="How many of those changes the scenarios notice at least.",
)
def scenarios(
    paths: tuple[Path, ...],
    workspace: Path | None,
    format_: str,
    shows: bool,
    require: float | None,
    mutate: bool,
    killed: float | None,
) -> None:
    """Run scenarios, and say what is not as they expect.

    Those in the files at PATHS; without PATHS those in tests/*.yaml of the workspace. Each runs in memory, with its
    own clock, and with doubles for all that is outside. With --mutate they run over the program with one rule changed,
    for at most 200 changes. Exit code 1: something is not as expected, the declarations have an error, or less than
    --require is taken or --require-killed noticed.
    """
    from pgs_compiler.compiler import compile_workspace
    from pgs_compiler.render import Style, render
    from pgs_compiler.scenarios.staging import NotStaged
    from pgs_compiler.scenarios.surviving import as_json as mutants_json
    from pgs_compiler.scenarios.surviving import as_text as mutants_text
    from pgs_compiler.scenarios.surviving import survivors
    from pgs_compiler.scenarios.telling import as_json, as_junit, as_text
    from pgs_compiler.scenarios.testing import NoScenarios, run_scenarios, scenario_files

    if (mutate and (format_ == "junit" or shows or require is not None)) or (killed is not None and not mutate):
        stop(USAGE, "`--mutate` goes with `--require-killed` and `--format text` or `json`.")
    gc.set_threshold(100_000, 50, 50)  # what is compiled stays to the end, and to go through it again takes long
    root = root_of(paths, workspace)
    compilation = compile_workspace(root)
    if compilation.files is None:
        shown = {**compilation.sources, **compilation.code}
        click.echo(render(compilation.findings, shown, "text", Style(False, 100)), file=sys.stderr, nl=False)
        sys.exit(FINDINGS)
    try:
        sources = scenario_files(root, paths)
    except NoScenarios as none:
        stop(USAGE, str(none), "" if paths else _FIRST)
    try:
        if mutate:
            survived = survivors(compilation.files, sources, killed)
            click.echo({"json": mutants_json, "text": mutants_text}[format_](survived), nl=False)
            sys.exit(FINDINGS if survived.falls_short else 0)
        report = run_scenarios(compilation.files, sources, require, shows or require is not None)
    except NotStaged as broken:
        stop(BUG, str(broken))
    tell = {"json": as_json, "junit": as_junit, "text": as_text}[format_]
    click.echo(tell(report), nl=False)
    if report.failed or report.falls_short:
        sys.exit(FINDINGS)

"""`pgs_compiler test`: scenarios of runs, with what is expected of them."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import click

from pgs_compiler import options
from pgs_compiler.surface import BUG, FINDINGS, USAGE, root_of, stop


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
def scenarios(
    paths: tuple[Path, ...], workspace: Path | None, format_: str, shows: bool, require: float | None
) -> None:
    """Run scenarios, and say what is not as they expect.

    Those in the files at PATHS; without PATHS those in tests/*.yaml of the workspace. Each runs in memory, with its
    own clock, and with doubles for all that is outside. Exit code 1: something is not as expected, the declarations
    have an error, or less than --require is taken.
    """
    from pgs_compiler.compiler import compile_workspace
    from pgs_compiler.render import Style, render
    from pgs_compiler.scenarios.staging import NotStaged
    from pgs_compiler.scenarios.telling import as_json, as_junit, as_text
    from pgs_compiler.scenarios.testing import NoScenarios, run_scenarios, scenario_files

    gc.set_threshold(100_000, 50, 50)  # what is compiled stays to the end, and to go through it again takes long
    root = root_of(paths, workspace)
    try:
        sources = scenario_files(root, paths)
    except NoScenarios as none:
        stop(USAGE, str(none))
    compilation = compile_workspace(root)
    if compilation.files is None:
        shown = {**compilation.sources, **compilation.code}
        click.echo(render(compilation.findings, shown, "text", Style(False, 100)), file=sys.stderr, nl=False)
        sys.exit(FINDINGS)
    try:
        report = run_scenarios(compilation.files, sources, require, shows or require is not None)
    except NotStaged as broken:
        stop(BUG, str(broken))
    tell = {"json": as_json, "junit": as_junit, "text": as_text}[format_]
    click.echo(tell(report), nl=False)
    if report.failed or report.falls_short:
        sys.exit(FINDINGS)

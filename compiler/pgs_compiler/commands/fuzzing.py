"""`pgs_compiler fuzz`: runs by chance, and the smallest that goes wrong."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import click

from pgs_compiler import options
from pgs_compiler.surface import FINDINGS, USAGE, root_of, stop


@click.command("fuzz")
@click.argument("workflow", required=False)
@options.workspace
@click.option("--seed", type=click.IntRange(0), default=0, help="Another one gives other runs; 0 unless given.")
@click.option("--runs", type=click.IntRange(1, 10_000), default=100, help="Of each workflow; 100 unless given.")
def fuzz(workflow: str | None, workspace: Path | None, seed: int, runs: int) -> None:
    """Run workflows with what their intents admit, made by chance.

    WORKFLOW, or every one. Each run is in memory, on stores that are empty, made up or left by earlier runs, with
    doubles for all that is outside, that end in any way; while it waits, signals come, or time passes. A run that ends
    as a fault, is stopped by a rule, or differs when it is done again is made small and written as a scenario to
    tests/fuzz-SEED.yaml. Exit code 1: there is one, or the declarations have an error.
    """
    from pgs_compiler.compiler import compile_workspace
    from pgs_compiler.render import Style, render
    from pgs_compiler.scenarios.fuzzing import Fuzzed, fuzzed
    from pgs_compiler.scenarios.keeping import as_scenario
    from pgs_compiler.scenarios.testing import FOLDER
    from pgs_snapshot.seal import verify
    from pgs_snapshot.snapshot import Snapshot
    from pgs_snapshot.suggest import nearest

    gc.set_threshold(100_000, 50, 50)  # what is compiled stays to the end, and to go through it again takes long
    root = root_of((), workspace)
    file = root / FOLDER / f"fuzz-{seed}.yaml"
    if file.exists():
        stop(USAGE, f"`{FOLDER}/{file.name}` is there already.", "Give another `--seed`, or another name to the file.")
    compilation = compile_workspace(root)
    if compilation.files is None:
        shown = {**compilation.sources, **compilation.code}
        click.echo(render(compilation.findings, shown, "text", Style(False, 100)), file=sys.stderr, nl=False)
        sys.exit(FINDINGS)
    known = Snapshot(verify(compilation.files)).workflows()
    chosen = [name for name in known if workflow in (None, name, name.partition("::")[2])]
    if not chosen:
        near = nearest(str(workflow), [*known, *(name.partition("::")[2] for name in known)])
        stop(USAGE, f"There is no workflow `{workflow}`.", f"Is `{near}` meant?" if near else "")
    written: list[str] = []

    def tell(found: Fuzzed) -> None:
        click.echo(f"{found.workflow}: {', '.join(f'{end} {count}' for end, count in found.ends.items())}")
        if found.failure:
            click.echo(f"  {found.failure.code}: {found.failure.message}")
            written.append(as_scenario(found.failure, seed))

    fuzzed(compilation.files, chosen, seed, runs, tell)
    if written:
        file.parent.mkdir(exist_ok=True)
        with file.open("x", encoding="utf-8") as opened:
            opened.write("---\n".join(written))
        click.echo(f"The smallest {'is' if len(written) == 1 else 'are'} in {FOLDER}/{file.name}.")
        sys.exit(FINDINGS)
    click.echo("No run went wrong.")

"""`python -m benchmarks [register nodes cli open compiling processes]`: measure, and print a table or two for each.

How to read them: `docs/benchmarks.md`.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from benchmarks import cli, compiling, nodes, open, processes, register
from benchmarks.protocols import ROOT

BENCHMARKS = {
    "register": register.benchmark,
    "nodes": nodes.benchmark,
    "cli": cli.benchmark,
    "open": open.benchmark,
    "compiling": compiling.benchmark,
    "processes": processes.benchmark,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(tuple(BENCHMARKS)))
@click.option("--turns", type=click.IntRange(1), default=9, show_default=True, help="Measurements of each.")
def main(names: tuple[str, ...], turns: int) -> None:
    """Measure, against the same work written by hand."""
    # Beside the code, because the folder for temporary files may be in memory, where nothing is ever synced.
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    for name in names or tuple(BENCHMARKS):
        with TemporaryDirectory(prefix=f"bench-{name}-", dir=build) as folder:
            for table in BENCHMARKS[name](Path(folder), turns):
                click.echo(f"{table}\n")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")

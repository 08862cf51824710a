"""`pgs_compiler process`: processes in Python sources, held against the contracts beside them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from pgs_compiler import options
from pgs_compiler.surface import FINDINGS, USAGE, stop


@click.group()
def process() -> None:
    """Look at processes: functions under contracts over a shared state."""


@process.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.report
@options.strict
def lint(paths: tuple[Path, ...], format_: str, strict: bool) -> None:
    """Report what the processes at PATHS do beyond their contracts.

    PATHS are Python files, or folders with all that is below them. They are read, and nothing in them is run. A body is
    followed into the functions and classes of all sources that are named; what cannot be followed is said.
    """
    from pgs_compiler.bodies.linting import NoSource, strictly
    from pgs_compiler.bodies.linting import lint as linted
    from pgs_compiler.render import Style, render

    try:
        found = linted(paths, Path.cwd())
    except NoSource as refused:
        stop(USAGE, str(refused))
    except OSError as error:
        stop(USAGE, f"`{error.filename}` cannot be read: {error.strerror}.")
    if strict:
        found = strictly(found)
    if not found.processes and not found.findings:
        stop(USAGE, f"There is no process in {', '.join(f'`{path}`' for path in paths)}.")
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    style = Style(color, max(shutil.get_terminal_size((100, 24)).columns, 40))
    click.echo(render(found.findings, found.sources, format_, style), nl=False, color=color)
    if any(finding.blocks for finding in found.findings):
        sys.exit(FINDINGS)

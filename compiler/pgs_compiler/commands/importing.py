"""`pgs_compiler import`: declarations that were published as Markdown, as declarations of this language."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pgs_compiler import options
from pgs_compiler.surface import FINDINGS, OUTPUT, USAGE, relative, stop

if TYPE_CHECKING:
    from pgs_compiler.importing.importer import Imported
    from pgs_compiler.importing.outcome import State


@click.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder for the workspace.")
@options.report
def import_(folder: Path, out: Path, format_: str) -> None:
    """Make a workspace of what is published as Markdown in FOLDER.

    Whatever cannot be carried is reported at its line there, and so is what the compiler finds wrong with what was
    written. The workspace is written all the same: `pgs_compiler check --workspace` goes on from there.
    """
    from pgs_compiler.importing.importer import bring_in

    if not folder.is_dir():
        stop(USAGE, f"There is no folder `{folder}`.")
    if os.path.lexists(out) and not (out.is_dir() and not any(out.iterdir())):
        stop(USAGE, f"`{out}` is there already, and nothing in it is touched. Name a new folder.")
    imported = bring_in(folder)
    if not imported.published.sources and not imported.published.findings:
        stop(USAGE, f"There is no Markdown file below `{folder}`, so there is nothing to import.")
    _write(out, imported)
    _report(imported, format_)
    if format_ == "text":
        _summarize(imported, out)
    if any(finding.blocks for finding in imported.findings):
        sys.exit(FINDINGS)


def _write(out: Path, imported: Imported) -> None:
    for path, text in imported.files.items():
        file = out / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        except OSError as error:
            stop(OUTPUT, f"`{file}` cannot be written: {error.strerror}.")


def _report(imported: Imported, format_: str) -> None:
    from pgs_compiler.render import Style, render

    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    style = Style(color, max(shutil.get_terminal_size((100, 24)).columns, 40))
    sources = {**imported.compilation.sources, **imported.published.sources}
    click.echo(render(imported.findings, sources, format_, style), nl=False, color=color)


def _summarize(imported: Imported, out: Path) -> None:
    """How much was read and written, and what has become of the workflows."""
    from pgs_compiler.importing.outcome import verdicts

    keys, published = imported.keys, imported.published
    click.echo(f"read     {len(published.sources)} files, {len(published.documents)} declarations")
    click.echo(f"keys     {keys['carried']} carried, {keys['idle']} mean nothing here, {keys['found']} named above")
    found = verdicts(imported)
    states = Counter(verdict.state for verdict in found)
    told = ", ".join(f"{states[state]} {word}" for state, word in _STATES.items() if states[state]) or "none"
    click.echo(f"flows    {told}")
    for verdict in found:
        kinds = Counter(finding.code for finding in verdict.findings)
        why = ", ".join(f"{code} ×{number}" if number > 1 else code for code, number in sorted(kinds.items()))
        click.echo(f"  {verdict.state:15}{imported.world.full_name(verdict.workflow)}" + (f"  {why}" if why else ""))
    click.echo(f"written  {len(imported.files)} files  {relative(out)}")


_STATES: dict[State, str] = {"compiles": "compiling", "waits for code": "waiting for code", "refused": "refused"}

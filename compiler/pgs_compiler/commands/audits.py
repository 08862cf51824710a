"""`pgs_compiler audit`: recipes for the processes of Python sources."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pgs_compiler.surface import FINDINGS, USAGE, stop, write

if TYPE_CHECKING:
    from pgs_compiler.bodies.code import Code
    from pgs_compiler.bodies.contracts import Declared

_paths = click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))


@click.group()
def audit() -> None:
    """Begin a recipe from contracts, and show what judges a process."""


@audit.command("gen-spec")
@_paths
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="A new file; standard output unless given."
)
def gen_spec(paths: tuple[Path, ...], out: Path | None) -> None:
    """Write a recipe to begin with for the processes at PATHS.

    It names what each of them takes and proposes. Conditions are commented out, for whoever knows what is meant to
    choose from. A file that is there is left alone.
    """
    from pgs_compiler.audits.skeleton import skeleton

    code, declared = _read(paths)
    text = skeleton(code, declared.values())
    if out is None:
        click.echo(text, nl=False)
        return
    if os.path.lexists(out):
        stop(USAGE, f"`{out}` is there already, and is left as it is. Name a new file.")
    write(out.parent, {out.name: text})


@audit.command()
@click.argument("process")
@_paths
@click.option(
    "--recipe",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The recipe that an engine is given.",
)
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", help="How it is told.")
def inspect(process: str, paths: tuple[Path, ...], recipe: Path, format_: str) -> None:
    """Show what judges PROCESS of the sources at PATHS.

    Its rules for inputs and outputs, those that it inherits among them, with what happens when they are not met; its
    side effects and errors. Exit code 1: there is no such process, or the recipe names what there is not.
    """
    from pgs_compiler.audits.effective import UnknownName, as_data, as_text, effective
    from pgs_process import ConfigError, load_recipe

    code, declared = _read(paths)
    try:
        judged = effective(code, declared, load_recipe(recipe), process)
    except (ConfigError, UnknownName) as wrong:
        stop(FINDINGS, str(wrong))
    if format_ == "json":
        click.echo(json.dumps(as_data(judged), ensure_ascii=False, indent=2))
    else:
        click.echo(as_text(judged), nl=False)


def _read(paths: tuple[Path, ...]) -> tuple[Code, dict[str, Declared]]:
    """The sources, and their processes by name."""
    from pgs_compiler.bodies.contracts import contracts_in
    from pgs_compiler.bodies.linting import NoSource, parsed, read_files

    try:
        code, findings = parsed(read_files(paths, Path.cwd()))
    except NoSource as refused:
        stop(USAGE, str(refused))
    except OSError as error:
        stop(USAGE, f"`{error.filename}` cannot be read: {error.strerror}.")
    if findings:
        stop(FINDINGS, f"{findings[0].place}: {findings[0].message}")
    declared: dict[str, Declared] = {}
    for one in contracts_in(code):
        if one.unread:
            stop(FINDINGS, f"{code.place(one.module, one.unread[0][0])}: {one.unread[0][1]}.")
        if one.name in declared:
            other = code.place(declared[one.name].module, declared[one.name].function)
            stop(FINDINGS, f"{code.place(one.module, one.function)}: There is a process `{one.name}` at {other}, too.")
        declared[one.name] = one
    if not declared:
        stop(USAGE, f"There is no process in {', '.join(f'`{path}`' for path in paths)}.")
    return code, declared

"""Options that several commands share, and those of `flows`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])
PICTURES = ("dot", "mermaid", "svg", "png")
REPORTS = ("text", "json", "sarif", "github", "junit")

paths = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
workspace = click.option(
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="PGS_WORKSPACE",
    help="The folder that holds pgs.yaml; the nearest above unless given.",
)
report = click.option(
    "--format", "format_", type=click.Choice(REPORTS), default="text", help="How findings are reported."
)
strict = click.option("--strict", is_flag=True, help="Count every warning as an error.")
today = click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day that the project's waivers are compared with; the system's unless given.",
)


baseline = click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    help="A published snapshot, from which no name may differ; that of pgs.yaml unless given.",
)


_FLOWS = (
    click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", help="How it is told."),
    click.option("--from", "source", default="", metavar="SOURCE", help="Only what begins there, with its ways."),
    click.option("--to", "sink", default="", metavar="SINK", help="Only what arrives there, with its ways."),
    click.option("--ways", is_flag=True, help="Every hop of every flow."),
)


def flows(command: F) -> F:
    """What `flows` takes beside the options above."""
    for option in reversed(_FLOWS):
        command = option(command)
    return command


def moment(text: str) -> datetime:
    """A day, 2026-01-31, or a moment of it, 2026-01-31T08:00:00Z, in UTC."""
    try:
        found = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ" if "T" in text else "%Y-%m-%d")
    except ValueError:
        message = f"`{text}` is neither a day, 2026-01-31, nor a moment of it, 2026-01-31T08:00:00Z."
        raise click.BadParameter(message) from None
    return found.replace(tzinfo=UTC)


trust = click.option(
    "--trust",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="PGS_TRUST",
    help="The trust directory; that of pgs.yaml unless given.  [PGS_TRUST]",
)
key = click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="PGS_KEY",
    required=True,
    help="The file with the private key.  [PGS_KEY]",
)


def trust_folder(given: Path | None, workspace: Path | None) -> Path:
    """The trust directory that a command names, or the project file.

    Raises:
        click.UsageError: neither does.
    """
    from pgs_compiler.project import FILE, read_project
    from pgs_compiler.source import SourceFile
    from pgs_compiler.surface import root_of
    from pgs_compiler.workspace import MAX_READ

    if given is not None:
        return given
    root = root_of((), workspace)
    file = root / FILE
    if file.is_file():
        with file.open("rb") as opened:
            project = read_project(SourceFile(FILE, opened.read(MAX_READ))).value
        if project is not None and project.trust:
            return root / project.trust
    raise click.UsageError("Name a trust directory: `--trust DIR`.")

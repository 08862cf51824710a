"""Options that several commands share, and those of `flows`."""

from __future__ import annotations

from collections.abc import Callable
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

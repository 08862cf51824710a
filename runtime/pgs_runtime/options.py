"""What the commands share of options: one that is set and empty is refused, as by an unset variable in a script."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

_ROOT = re.compile("[0-9a-f]{64}")


class Setting(click.Option):
    """An option that has a value or is not there; click takes an empty variable for none."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        name = self.envvar
        if isinstance(name, str) and os.environ.get(name) == "":
            raise click.BadParameter(f"`{name}` is set and empty. Give it a value, or unset it.", ctx, self)
        return super().resolve_envvar_value(ctx)

    def type_cast_value(self, ctx: click.Context, value: object) -> object:
        if value == "":
            raise click.BadParameter("An empty value stands for nothing.", ctx, self)
        return super().type_cast_value(ctx, value)


def root(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """The id of a snapshot, if it has the form of one; any other would be told as a broken seal."""
    if value is None or _ROOT.fullmatch(value):
        return value
    why = "The id of a snapshot is 64 small hex digits, as `pgs_compiler compile` prints them."
    raise click.BadParameter(why, ctx, param)


workspace = click.option(
    "--workspace",
    cls=Setting,
    type=click.Path(file_okay=False, path_type=Path),
    envvar="PGS_WORKSPACE",
    help="The folder with pgs.yaml and protocol_snapshot; the nearest above unless given.  [PGS_WORKSPACE]",
)
data_root = click.option(
    "--data-root",
    cls=Setting,
    type=click.Path(file_okay=False, path_type=Path),
    envvar="PGS_DATA_ROOT",
    help="The folder of the state store; data in the workspace unless given.  [PGS_DATA_ROOT]",
)
pin = click.option(
    "--pin",
    cls=Setting,
    callback=root,
    envvar="PGS_PIN",
    metavar="ID",
    help="The only snapshot id that may run.  [PGS_PIN]",
)
actor = click.option(
    "--actor",
    cls=Setting,
    envvar="PGS_ACTOR",
    metavar="AC_NAME[=FILE]",
    help="Who acts: the type, and a JSON file with attributes. The trace says so.  [PGS_ACTOR]",
)
as_json = click.option(
    "--json", "as_json", is_flag=True, envvar="PGS_JSON", help="Answer with one JSON object.  [PGS_JSON]"
)


def said(error: click.ClickException) -> str:
    """What is wrong with a command line, in our words."""
    if isinstance(error, click.BadParameter) and error.param is not None:
        wrong = re.sub("is not a valid boolean.*", "is neither true nor false.", error.message, flags=re.DOTALL)
        name = error.param.opts[0] if isinstance(error.param, click.Option) else error.param.human_readable_name
        text = f"`{name}` is missing." if isinstance(error, click.MissingParameter) else f"`{name}`: {wrong}"
    else:
        text = error.format_message()
    return re.sub(r"'([^'`]*)'", r"`\1`", " ".join(text.split()))


def asks_for_json(arguments: list[str]) -> bool:
    """Whether a command line that cannot be read asks for JSON."""
    return "--json" in arguments or os.environ.get("PGS_JSON", "").strip().lower() in {
        "1",
        "true",
        "t",
        "yes",
        "y",
        "on",
    }

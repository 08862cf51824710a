"""What the commands share of options: one that is set and empty is refused, as by an unset variable in a script."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import click
from click.core import ParameterSource

from pgs_runtime.stores.postgres_address import Address, NoAddress, address_of

_ROOT = re.compile("[0-9a-f]{64}")
_STORE = "pgs_runtime.store"

Command = TypeVar("Command", bound=Callable[..., object])


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


class Given(click.Argument):
    """An argument that has a value or is not there; `resume "$ID"` without an ID must not mean every run."""

    def consume_value(self, ctx: click.Context, opts: Mapping[str, click.Parameter]) -> tuple[object, ParameterSource]:
        value, source = super().consume_value(ctx, opts)
        if value == "" and source is ParameterSource.COMMANDLINE:
            raise click.BadParameter("An empty value stands for nothing.", ctx, self)
        return value, source


def root(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """The id of a snapshot, if it has the form of one; any other would be told as a broken seal."""
    if value is None or _ROOT.fullmatch(value):
        return value
    why = "The id of a snapshot is 64 small hex digits, as `pgs_compiler compile` prints them."
    raise click.BadParameter(why, ctx, param)


def _keep_address(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """Read the address of a store for `address`. What it is refused with never repeats it: it may hold a password."""
    if value is None:
        return
    try:
        found = address_of(value)
    except NoAddress as error:
        raise click.BadParameter(str(error), ctx, param) from None
    if found.password is not None and ctx.get_parameter_source("store") is ParameterSource.COMMANDLINE:
        why = "Every user of this machine can read a password on a command line. Put it, or all of this, elsewhere:"
        raise click.BadParameter(f"{why} `PGPASSWORD`, `PGS_STORE`, or a password file.", ctx, param)
    ctx.meta[_STORE] = found


workspace = click.option(
    "--workspace",
    cls=Setting,
    type=click.Path(file_okay=False, path_type=Path),
    envvar="PGS_WORKSPACE",
    help="The folder with pgs.yaml and protocol_snapshot; the nearest above unless given.  [PGS_WORKSPACE]",
)
_data_root = click.option(
    "--data-root",
    cls=Setting,
    type=click.Path(file_okay=False, path_type=Path),
    envvar="PGS_DATA_ROOT",
    help="The folder of the state store; data in the workspace unless given.  [PGS_DATA_ROOT]",
)
_store = click.option(
    "--store",
    cls=Setting,
    callback=_keep_address,
    expose_value=False,
    envvar="PGS_STORE",
    metavar="URL",
    help="A store in PostgreSQL, postgresql://USER@HOST/DATABASE, in place of a file there.  [PGS_STORE]",
)


def data_root(command: Command) -> Command:
    """`--data-root`, and `--store`, which `address` gives: whatever opens a store takes both."""
    return _data_root(_store(command))


def address() -> Address | None:
    """Where the command's store is, if that is no file in the data root."""
    found: Address | None = click.get_current_context().meta.get(_STORE)
    return found


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
settings = click.option(
    "--settings",
    cls=Setting,
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="PGS_SETTINGS",
    help="What is said about the outside: a JSON file; settings.json in the data root unless given.  [PGS_SETTINGS]",
)
trust = click.option(
    "--trust",
    cls=Setting,
    type=click.Path(file_okay=False, path_type=Path),
    envvar="PGS_TRUST",
    help="The folder that says whose signatures count.  [PGS_TRUST]",
)
kept = click.option(
    "--kept",
    cls=Setting,
    multiple=True,
    metavar="PLACE",
    help="Where checkpoints are kept: a folder, or git:FOLDER; may stand more than once.",
)
picture = click.option("--picture/--no-picture", default=True, help="Draw the way taken beside the trace.")
as_json = click.option(
    "--json", "as_json", is_flag=True, envvar="PGS_JSON", help="Answer with one JSON object.  [PGS_JSON]"
)


def place(command: Command) -> Command:
    """The workspace and the data root, and where the store is if not there."""
    return workspace(data_root(command))


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

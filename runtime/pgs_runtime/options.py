"""What the commands share of options: one that is set and empty is refused, as by an unset variable in a script."""

from __future__ import annotations

import os
import re

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

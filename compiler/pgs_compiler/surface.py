"""What the commands share: exit codes, the workspace, and how something is refused."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import NoReturn, ParamSpec

import click

from pgs_snapshot.streams import complain
from pgs_snapshot.visible import visible

P = ParamSpec("P")

FINDINGS, USAGE, SEAL, OUTPUT, BUG, INTERRUPTED = 1, 2, 3, 14, 70, 130


def stop(code: int, message: str, hint: str = "") -> NoReturn:
    """Say what is wrong, and end with an exit code."""
    bare = code == INTERRUPTED or message.startswith("error[")
    complain(visible(message if bare else f"error: {message}"))
    if hint:
        complain(f"  hint: {visible(hint)}")
    sys.exit(code)


def misuse(refused: click.ClickException) -> str:
    """What is wrong with a command line, in our words."""
    match refused:
        case click.MissingParameter(param=click.Parameter() as param):
            text = f"`{_written(param)}` is missing."
        case click.BadParameter(param=click.Parameter() as param):
            text = f"`{_written(param)}`: {refused.message}"
        case _:
            text = refused.format_message()
    return re.sub(r"'([^'`]*)'", r"`\1`", " ".join(text.split()))


def _written(param: click.Parameter) -> str:
    return param.opts[0] if isinstance(param, click.Option) else param.human_readable_name


def root_of(paths: tuple[Path, ...], workspace: Path | None) -> Path:
    """The workspace: the one that is named, else the nearest above what is."""
    from pgs_compiler.workspace import find_root

    return workspace.absolute() if workspace else find_root(paths[0] if paths else Path.cwd())


def relative(path: Path) -> str:
    """A path as it is said: from here, if it lies below."""
    return os.path.relpath(path) if path.absolute().is_relative_to(Path.cwd()) else str(path)


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write texts by path below a folder, and say each on a line."""
    for path, text in files.items():
        file = folder / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            stop(OUTPUT, f"`{file}` cannot be written: {error.strerror}.")
        click.echo(str(file))


def refusing(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what is refused about snapshots, keys and trust into a message and an exit code."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        from pgs_snapshot.seal import SealBroken
        from pgs_snapshot.signing import KeyRefused
        from pgs_snapshot.trust_files import TrustRefused

        try:
            command(*args, **kwargs)
        except (SealBroken, TrustRefused) as refused:
            stop(SEAL, f"error[{refused.code}]: {refused.message}")
        except KeyRefused as refused:
            stop(USAGE, f"error[{refused.code}]: {refused.message}", refused.hint)

    return wrapped

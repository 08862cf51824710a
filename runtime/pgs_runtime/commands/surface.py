"""What the commands share: places, files, who acts, and how something is said or refused."""

from __future__ import annotations

import json
import os
import pwd
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, ParamSpec

import click

from pgs_runtime.faults import ExitCode, Refusal
from pgs_snapshot.streams import complain
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

if TYPE_CHECKING:
    from pgs_runtime.runtime import Actor
    from pgs_snapshot.snapshot import Snapshot

P = ParamSpec("P")

# Of a file with JSON. A lower limit of payloads is held by the canonical form, which has no white space.
SIZE = 1 << 20


def reporting(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what the library raises into a message, an error object and an exit code."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        from pgs_runtime.refusals import HANDLED, refusal_of

        try:
            command(*args, **kwargs)
        except HANDLED as error:
            refuse(refusal_of(error), bool(kwargs.get("as_json")))

    return wrapped


def root_of(workspace: Path | None) -> Path:
    """The workspace: the one that is named, else the nearest above."""
    if workspace is not None:
        return workspace.absolute()
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "pgs.yaml").is_file()), here)


def data_of(root: Path, data_root: Path | None) -> Path:
    """The folder of the state store."""
    return (data_root or root / "data").absolute()


def json_file(name: str, size: int = SIZE) -> Value:
    """The value in a file of so many bytes at most; that holds before anything is parsed."""
    from pgs_snapshot.jsontext import JsonLimits, read_json

    try:
        if name == "-":
            data = sys.stdin.buffer.read(size + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(size + 1)
    except OSError as error:
        raise Refusal("R019", f"`{visible(name)}` cannot be read: {error.strerror}.", ExitCode.USAGE) from error
    return read_json(data, JsonLimits(size=size))


def trace_path(trace: Path) -> Path:
    """The file of a trace that is named by its file or its folder."""
    return trace / f"{trace.absolute().name}.jsonl" if os.path.isdir(trace) else trace  # `is_dir` may raise


def trace_file(trace: Path) -> bytes:
    """The bytes of a trace, by its file or its folder."""
    from pgs_runtime.files import read_file
    from pgs_runtime.trace.lines import LIMITS, is_run_id

    file = trace_path(trace)
    try:
        return read_file(file, LIMITS.size)
    except OSError as error:
        hint = f"Its file is in `traces/{trace}`; `pgs_runtime export {trace}` writes it again."
        message = f"`{visible(str(file))}` cannot be read: {error.strerror}."
        raise Refusal("R019", message, ExitCode.USAGE, hint=hint if is_run_id(str(trace)) else "") from error


def who(snapshot: Snapshot, text: str | None, workflow: str) -> Actor:
    """The actor of a local command line: the operating system's user, in the role that was named."""
    from pgs_runtime.operate.actors import local_actor

    name, separator, file = (text or "").partition("=")
    attributes = json_file(file) if separator else {}
    return local_actor(snapshot, name, attributes, _user(), workflow.partition("::")[0])


def _user() -> str:
    """The operating system's name of the user, or the number of one without a name, as in containers."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def say(text: str) -> None:
    click.echo(text)


def error_of(refused: Refusal) -> dict[str, str]:
    """A refusal as an object."""
    return {
        "code": refused.code,
        "hint": refused.hint,
        "message": refused.message,
        "where": refused.where,
    }


def refuse(refused: Refusal, as_json: bool) -> NoReturn:
    """Say what is wrong, and end with its exit code."""
    if as_json:
        click.echo(json.dumps({"error": error_of(refused)}, sort_keys=True))
    complain_of(refused)
    sys.exit(refused.exit_code)


def complain_of(refused: Refusal, within: str = "") -> None:
    """Say what is wrong, and what to do; `within` is of what many things are wrong with."""
    places = [place for place in (within, refused.where) if place and f"`{place}`" not in refused.message]
    where = f" ({visible(', '.join(places))})" if places else ""
    complain(f"error[{refused.code}]{where}: {visible(refused.message)}")
    if refused.hint:
        complain(f"  hint: {visible(refused.hint)}")

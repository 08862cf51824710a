"""Pictures of a typed graph or a machine, in the four formats of `pgs_compiler graph`."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import graphviz

from pgs_compiler.declarations import Machine
from pgs_compiler.made.picture import picture_of_machine, unrolled
from pgs_compiler.program import Program
from pgs_snapshot import model
from pgs_snapshot.drawing import dot, mermaid, svg
from pgs_snapshot.drawing.picture import Picture, picture_of

DOT_SECONDS = 30
ENDINGS = {"dot": "dot", "gv": "dot", "mermaid": "mermaid", "mmd": "mermaid", "svg": "svg", "png": "png"}
LAID_OUT = ("svg", "png")


class NoFormat(Exception):
    """What is asked for has no format, or two; the text says which."""


class DotFailed(Exception):
    """Graphviz is not installed, takes too long, or gives up; the text says which."""


def format_of(format_: str | None, out: Path | None, engine: str) -> str:
    """The format of a picture, which the ending of its file does not contradict.

    Raises:
        NoFormat: it does, or nothing names one.
    """
    ending = out.suffix.lstrip(".").lower() if out else ""
    meant = ENDINGS.get(ending)
    if out and not format_ and not meant:
        raise NoFormat(f"`{out}` does not end in .{', .'.join(ENDINGS)}. Name its format with `--format`.")
    if format_ and meant not in (None, format_):
        raise NoFormat(f"`{out}` is the name of {meant}, and `--format` says {format_}.")
    kind = format_ or meant or "mermaid"
    if engine == "dot" and kind not in LAID_OUT:
        raise NoFormat(f"`--engine dot` lays out {' and '.join(LAID_OUT)}, and this is {kind}.")
    return kind


def pictures_of(program: Program, graphs: Mapping[str, model.Graph]) -> Mapping[str, Callable[[], Picture]]:
    """What makes the picture of each workflow and machine, by its full name."""
    of_graphs = {name: partial(picture_of, graph) for name, graph in graphs.items()}
    machines = [each for each in program.declarations.values() if isinstance(each, Machine)]
    return {**of_graphs, **{each.header.name: partial(picture_of_machine, each) for each in machines}}


def draw(picture: Picture, format_: str) -> bytes:
    """A picture as `dot`, `mermaid`, `svg` or `png`, laid out by ourselves.

    Raises:
        TooLarge: it has more nodes than a picture can show.
    """
    if format_ in LAID_OUT and picture.boxes[0].kind in ("state", "final"):
        picture = unrolled(picture)
    if format_ == "png":
        from pgs_snapshot.drawing import png  # Pillow is slow to load

        return png.draw(picture)
    return {"dot": dot.draw, "mermaid": mermaid.draw, "svg": svg.draw}[format_](picture).encode()


def draw_with_dot(picture: Picture, format_: str) -> bytes:
    """A picture as `svg` or `png`, laid out by Graphviz, which also draws graphs that are too large for us.

    Raises:
        DotFailed: there is no picture.
    """
    text = dot.draw(picture)
    line = [str(graphviz.DOT_BINARY), f"-T{format_}"]
    try:
        # The text is escaped, and the process gets no shell and is killed when its time is over.
        done = subprocess.run(line, input=text.encode(), capture_output=True, timeout=DOT_SECONDS, check=False)  # noqa: S603
    except FileNotFoundError:
        raise DotFailed("`dot` is not installed. Install Graphviz, or draw without `--engine dot`.") from None
    except subprocess.TimeoutExpired:
        raise DotFailed(f"`dot` took longer than {DOT_SECONDS} s and was stopped.") from None
    if done.returncode:
        raise DotFailed(f"`dot` gave up with status {done.returncode}.")
    return done.stdout


def write_picture(path: Path, picture: bytes) -> None:
    """Put a picture in its place at once, or leave what is there; a device or a pipe is written into.

    Raises:
        OSError: it cannot be written.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(picture)
        return
    whole = Path(os.path.realpath(path))  # a link stays one
    passing = whole.with_name(f".{whole.name}.{os.getpid()}.new")
    try:
        with passing.open("xb") as file:
            file.write(picture)
            file.flush()
            os.fsync(file.fileno())
        if whole.exists():
            shutil.copymode(whole, passing)
        passing.replace(whole)
    except OSError:
        passing.unlink(missing_ok=True)
        raise

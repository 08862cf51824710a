"""The standard streams of a program, when they are closed, full, broken, or know too few characters."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import TextIOWrapper
from typing import TextIO

_STANDARD = (
    (0, "stdin", "r", os.O_WRONLY),
    (1, "stdout", "w", os.O_RDONLY),
    (2, "stderr", "w", os.O_RDONLY),
)


def hold_standard_streams() -> None:
    """Put a stream that refuses to be used in the place of each standard one that is closed.

    Otherwise the next file to be opened, perhaps the store, gets its descriptor, and whoever prints writes
    into that file. A character that standard output cannot encode is written as an escape.
    """
    for number, name, mode, refusing in _STANDARD:
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, refusing)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            setattr(sys, name, os.fdopen(number, mode, closefd=False))
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


@contextmanager
def output_to_error() -> Iterator[None]:
    """Within, whatever is written to standard output goes to standard error, also by other programs.

    For code that is not the program's own: what it writes must not come into an answer that is data.
    """
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if sys.__stdout__ is not None:
            sys.__stdout__.flush()
        os.dup2(kept, 1)
        os.close(kept)


def complain(text: str) -> None:
    """Write a line to standard error; where that cannot be written, the exit code speaks alone."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        _discard(sys.stderr)


def give_up_output(error: OSError) -> str:
    """Stop writing to standard output, which is full or closed, and say why."""
    _discard(sys.stdout)
    return f"The output could not be written: {error.strerror}."


def _discard(stream: TextIO) -> None:
    """Let go of what is left in a stream's buffer, or the interpreter fails over it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)

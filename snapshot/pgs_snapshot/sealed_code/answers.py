"""What an implementation answered, as far as that can be told without looking at its declaration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pgs_snapshot.values import NotPlain, Outcome, Value, plain

Why: TypeAlias = Literal[
    "load",  # the module raised, or has nothing callable there
    "raised",
    "recursion",
    "memory",
    "time",
    "died",  # the process ended, and nobody knows why
    "returned",  # something else than outputs
    "outcome",  # its name is no text
    "json",  # outputs that JSON does not have
    "size",  # outputs that are larger than one value may be
]


@dataclass(frozen=True, slots=True)
class Broken:
    """There is no answer.

    Attributes:
        text: an exception's class and sealed line, or a Python class; never a value, nor the text of an exception.
        pointer: JSON Pointer (RFC 6901) into the outputs.
        outcome: under which these outputs were given.
    """

    why: Why
    text: str = ""
    pointer: str = ""
    outcome: str = ""


Answer: TypeAlias = "Outcome | Broken"


def answer(function: Callable[..., object], inputs: dict[str, Value]) -> Answer:
    """Call a transform with inputs that are its own, and take what it gives as far as it is outputs."""
    try:
        found = function(**inputs)
        # What is read here may run an author's code as well.
        name, outputs = (found.name, found.outputs) if type(found) is Outcome else ("SUCCESS", found)
        if not isinstance(outputs, dict):
            return Broken("returned", class_of(found))
        outputs = dict(outputs)
    except RecursionError:
        return Broken("recursion")
    except MemoryError:
        return Broken("memory")
    except BaseException as cause:  # noqa: BLE001 (`SystemExit` among it: an author must not end the program)
        return Broken("raised", sealed_line(cause))
    if type(name) is not str:
        return Broken("outcome")
    try:
        copy = plain(outputs)
    except NotPlain as refused:
        return Broken("json", refused.why, refused.pointer, name)
    except (MemoryError, RecursionError):
        return Broken("memory")
    return Outcome(name, **copy) if isinstance(copy, dict) else Broken("returned", class_of(found))


def sealed_line(cause: BaseException) -> str:
    """The exception's class and the sealed line that raised it; never its text, which may hold a value."""
    trace, line = cause.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith("sealed:"):
            line = f" at {file.removeprefix('sealed:')}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{class_of(cause)}{line}"


def class_of(value: object) -> str:
    """The name of a value's class, unless it could be another text than a name."""
    name = type(value).__name__
    return name if name.isascii() and name.isidentifier() else "object"

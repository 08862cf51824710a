"""Whether a value is valid for a schema, as run time asks it: jsonschema-rs with our patterns and formats."""

from __future__ import annotations

from collections.abc import Callable

from jsonschema_rs import Draft202012Validator, RegexOptions

from pgs_snapshot.formats import FORMATS
from pgs_snapshot.model import Schema
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.visible import visible

MAX_COMPILED_PATTERN = 10_000_000  # bytes; `\p{L}{1,200}` takes about eight of the ten


class PatternTooLarge(ValueError):
    """A pattern compiles to more than `MAX_COMPILED_PATTERN` bytes."""


def validator(schema: Schema) -> Draft202012Validator:
    """A compiled validator that asserts formats and matches patterns in linear time.

    Values are filled with defaults first (`pgs_snapshot.defaults`).

    Raises:
        SealBroken: Z902, it is no schema: a compiler writes none that is not.
    """
    try:
        return _compiled(schema)
    except ValueError as error:
        why = visible(str(error).partition("\n")[0][:200])
        raise SealBroken("Z902", f"The snapshot holds a schema that is none: {why}.") from error


def _compiled(schema: Schema) -> Draft202012Validator:
    return Draft202012Validator(
        dict(schema),
        validate_formats=True,
        offline=True,
        formats=dict(FORMATS),
        pattern_options=RegexOptions(size_limit=MAX_COMPILED_PATTERN),
    )


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a string matches the `pattern` of a lowered schema, in time linear in the string.

    Raises:
        PatternTooLarge: its counted repetitions unroll to too much.
    """
    try:
        compiled = _compiled({"pattern": pattern})
    except ValueError:
        raise PatternTooLarge(pattern) from None
    return compiled.is_valid

"""Data in Markdown (CommonMark 0.31 with GitHub's extensions), so that it is read and never obeyed.

Laws:
* data stands in a code span or a fence that it cannot end, or it is a sentence of harmless characters only;
* so nothing in it becomes a link, an image, HTML or a heading, and no terminal obeys it either.
"""

from __future__ import annotations

import json
import re

from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

# Letters and digits of any script, and marks that mean nothing to a Markdown reader within a line. A dot ends
# a word or stands between digits: elsewhere some readers take what is around it for an address.
_PLAIN = re.compile(r"(?:[^\W_]|[,;?!’“”–—…'%()-]|:\Z|\.\Z|(?<=[0-9])\.(?=[0-9])|(?<=[^\W_])/(?=[^\W_]))*")
_ENDED = re.compile(r"(.*?)([.,:;]?)", re.DOTALL)
# What stands between two backticks, with what may lean on them, or else a word; after each comes a space or the end.
_TOKEN = re.compile(r"(\(?)`([^`]+)`([.,:;)]*)(?![^ ])|[^ ]+")
_TICKS = re.compile("`+")


def code(text: str) -> str:
    """A code span."""
    shown = visible(text) or " "
    ticks = "`" * (_longest(shown) + 1)
    # A reader takes one space off both sides of a span that has them; so they are there to be taken.
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def prose(text: str) -> str:
    """A sentence within a line: words as they are, and as code spans where they could mean anything else."""
    return _TOKEN.sub(_token, visible(text))


def _token(found: re.Match[str]) -> str:
    before, span, after = found.groups()
    if span:
        return f"{before}{code(span)}{after}"
    if _PLAIN.fullmatch(found[0]):
        return found[0]
    inner, end = _ENDED.fullmatch(found[0]).groups()  # type: ignore[union-attr]
    return code(inner) + end


def fence(text: str, language: str = "", indent: str = "") -> list[str]:
    """The lines of a fenced block, each shown as it is."""
    lines = [visible(line) for line in text.split("\n")]
    ticks = "`" * max(3, _longest(text) + 1)
    return [indent + line for line in (ticks + language, *lines, ticks)]


def json_fence(value: Value, indent: str = "", most: int = 20_000) -> list[str]:
    """A value over as many lines as it has members, up to `most` characters."""
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
    if len(text) <= most:
        return fence(text, "json", indent)
    rest = len(text) - most
    return [
        *fence(text[:most], "", indent),
        "",
        f"{indent}{rest:,} more characters stand in the trace itself.",
    ]


def _longest(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)

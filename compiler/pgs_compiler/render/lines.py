"""The source lines that findings point at."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pgs_compiler.findings import Finding, Place

_BREAK = re.compile("\r\n|\r|\n")


def source_lines(findings: Sequence[Finding], sources: Mapping[str, bytes]) -> dict[str, list[str]]:
    """The lines, by path, of each source that a finding points into."""
    places = [finding.place for finding in findings if finding.place]
    places += [other.place for finding in findings for other in finding.related]
    paths = {place.path for place in places}
    return {path: split_lines(sources[path]) for path in sorted(paths) if path in sources}


def split_lines(data: bytes) -> list[str]:
    """Split a source into lines as YAML 1.2 does, at LF, CR LF and CR.

    Bytes that are not UTF-8 become U+FFFD, so a file that is refused for them still has an excerpt.
    """
    return _BREAK.split(data.decode("utf-8", "replace"))


def line_at(lines: Mapping[str, Sequence[str]], place: Place) -> str | None:
    """The first line of a place, or None where the source is not at hand or ends before it."""
    source = lines.get(place.path, ())
    return source[place.line - 1] if 1 <= place.line <= len(source) else None

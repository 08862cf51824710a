"""Findings become text here and nowhere else: one file a format, listed in `FORMATS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from pgs_compiler.findings import Finding, ordered
from pgs_compiler.render import as_json, github, junit, sarif, text
from pgs_compiler.render.style import Style

__all__ = ["FORMATS", "Style", "render"]

FORMATS: Mapping[str, Callable[[Sequence[Finding], Mapping[str, bytes], Style], str]] = MappingProxyType(
    {
        "text": text.render,
        "json": as_json.render,
        "sarif": sarif.render,
        "github": github.render,
        "junit": junit.render,
    }
)


def render(findings: Sequence[Finding], sources: Mapping[str, bytes], format: str, style: Style) -> str:
    """Render findings as a report, ordered by place, each once.

    Args:
        findings: what was found, in any order.
        sources: the bytes of each source by `Place.path`; a place without one is shown without an excerpt.
        format: a key of `FORMATS`.
        style: the terminal's colour and width; only formats for people look at it.

    Raises:
        KeyError: `format` is not a key of `FORMATS`.
    """
    return FORMATS[format](ordered(tuple(findings)), sources, style)

"""Rebuilding: a sealed snapshot beside the files that its declarations give now, and the first byte that differs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import orjson

from pgs_snapshot.seal import MANIFEST, SIGNATURE, Sealed, read_manifest
from pgs_snapshot.values import Value, escape
from pgs_snapshot.visible import visible

_AROUND = 24


def first_difference(sealed: Sealed, rebuilt: Mapping[str, bytes]) -> str | None:
    """What differs first, by path and byte, in words; None: nothing does.

    The manifest comes last: it has the digests of all others, so it differs with each of them.
    """
    there = {path: data for path, data in sealed.files().items() if path != SIGNATURE}
    if there == dict(rebuilt):
        return None
    for path in sorted(there.keys() | rebuilt.keys(), key=lambda each: (each == MANIFEST, each)):
        if path not in rebuilt:
            return f"`{path}` is in the snapshot, and nothing declares it.{_versions(sealed, rebuilt)}"
        if path not in there:
            return f"`{path}` is declared, and not in the snapshot.{_versions(sealed, rebuilt)}"
        if there[path] != rebuilt[path]:
            return _told(path, there[path], rebuilt[path]) + _versions(sealed, rebuilt)
    raise AssertionError("the files differ and none of them does")


def _told(path: str, sealed: bytes, rebuilt: bytes) -> str:
    both = enumerate(zip(sealed, rebuilt, strict=False))
    index = next((at for at, (one, other) in both if one != other), min(len(sealed), len(rebuilt)))
    place = _pointer(orjson.loads(sealed), orjson.loads(rebuilt)) if path.endswith(".json") else None
    where = f" (at `{visible(place or '/')}`)" if place is not None else ""
    return (
        f"`{path}` differs from byte {index} on{where}: sealed `{_excerpt(sealed, index)}`, "
        f"rebuilt `{_excerpt(rebuilt, index)}`."
    )


def _versions(sealed: Sealed, rebuilt: Mapping[str, bytes]) -> str:
    now = read_manifest(rebuilt[MANIFEST]).compiler
    if now == sealed.manifest.compiler:
        return ""
    return f" It was sealed by version {visible(sealed.manifest.compiler)} of the compiler, and this is {now}."


def _excerpt(data: bytes, index: int) -> str:
    return visible(data[max(index - _AROUND, 0) : index + _AROUND].decode("utf-8", "replace"))


def _pointer(one: Value, other: Value) -> str | None:
    """The JSON Pointer to the first place, in canonical order, at which two values differ; None: they do not."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            if name not in one or name not in other:
                return f"/{escape(name)}"
            if (below := _pointer(one[name], other[name])) is not None:
                return f"/{escape(name)}{below}"
        return None
    if isinstance(one, list) and isinstance(other, list):
        for index, (left, right) in enumerate(zip(one, other, strict=False)):
            if (below := _pointer(left, right)) is not None:
                return f"/{index}{below}"
        return None if len(one) == len(other) else f"/{min(len(one), len(other))}"
    return None if cast("object", one) == other and type(one) is type(other) else ""

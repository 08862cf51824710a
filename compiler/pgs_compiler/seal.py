"""seal: the contents of a snapshot in, its files with their manifest out. The same in, the same bytes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pgs_snapshot
from pgs_compiler.lower import Contents
from pgs_snapshot.canonical import canonical
from pgs_snapshot.seal import MANIFEST, SOURCES, build_manifest, verify


@dataclass(frozen=True, slots=True)
class SealedFiles:
    """Bytes by path, and the snapshot's id."""

    files: Mapping[str, bytes]
    root: str


def seal(contents: Contents) -> SealedFiles:
    """Write out and seal; what comes out has passed the verification that the runtime will do."""
    files = {path: canonical(value) for path, value in contents.documents.items()}
    files |= {SOURCES + digest: source for digest, source in contents.bound.sources.items()}
    files[MANIFEST] = build_manifest(
        contents.name,
        contents.version,
        pgs_snapshot.__version__,
        files,
        contents.bound.implementations,
    )
    return SealedFiles(files, verify(files).root)

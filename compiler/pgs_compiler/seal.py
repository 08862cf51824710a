"""seal: the contents of a snapshot in, its files with their manifest out. The same in, the same bytes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pgs_snapshot
from pgs_compiler.lower import Contents
from pgs_snapshot.canonical import canonical
from pgs_snapshot.proofs import confirm
from pgs_snapshot.seal import MANIFEST, SOURCES, build_manifest, verify
from pgs_snapshot.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class SealedFiles:
    """Bytes by path, and the snapshot's id."""

    files: Mapping[str, bytes]
    root: str


def seal(contents: Contents) -> SealedFiles:
    """Write out and seal; what comes out has passed the verification that the runtime will do.

    Raises:
        ProofRefused: the compiler has given a proof that does not show what it says.
    """
    files = {path: canonical(value) for path, value in contents.documents.items()}
    files |= {SOURCES + digest: source for digest, source in contents.bound.sources.items()}
    files[MANIFEST] = build_manifest(
        contents.name,
        contents.version,
        pgs_snapshot.__version__,
        files,
        contents.bound.implementations,
    )
    sealed = verify(files)
    confirm(Snapshot(sealed))
    return SealedFiles(files, sealed.root)

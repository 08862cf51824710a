"""Snapshots that were changed and sealed again, so that only their proofs can show it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pgs_compiler.compiler import Compilation, compile_workspace
from pgs_snapshot.canonical import canonical, digest
from pgs_snapshot.codec import decode
from pgs_snapshot.laws import Proof
from pgs_snapshot.model import Manifest
from pgs_snapshot.proofs import confirm
from pgs_snapshot.seal import MANIFEST, build_manifest, verify
from pgs_snapshot.snapshot import PROOFS, Snapshot

PROGRAM = Path(__file__).parents[1] / "programs" / "proven"
WORKFLOW = "proven::WF_ORDER_V0"
GRAPH = "graphs/proven__WF_ORDER_V0.json"


@cache
def proven() -> Compilation:
    return compile_workspace(PROGRAM)


def sealed_files() -> dict[str, bytes]:
    files = proven().files
    assert files is not None
    return dict(files)


def confirmed(files: Mapping[str, bytes]) -> tuple[Proof, ...]:
    """What the checker confirms of files, under a seal of their own."""
    manifest = decode(Manifest, json.loads(files[MANIFEST]))
    listed = {path: data for path, data in files.items() if path != MANIFEST}
    seal = build_manifest("proven", 1, "0.1.0", listed, manifest.implementations)
    return confirm(Snapshot(verify({**listed, MANIFEST: seal})))


def with_value(files: dict[str, bytes], path: str, value: Any) -> dict[str, bytes]:
    """The files with another value at a path, on which the proofs say that they rest."""
    data = canonical(value)
    proofs = json.loads(files[PROOFS])
    for rests in proofs["rests_on"].values():
        if path in rests:
            rests[path] = digest(data)
    return {**files, PROOFS: canonical(proofs), path: data}

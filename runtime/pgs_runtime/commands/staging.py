"""`python -m pgs_runtime.commands.staging`: run scenes of a snapshot for another program. Nobody types this.

Standard input is one JSON object: `format`, `pgs-staging/1`; `snapshot`, a folder; `scenes`, a list of what
`staging.Scene` has; `variants`, each with `files` that stand in the place of those of the snapshot, and the numbers of
its `scenes`. Standard output is another: `answers`, one for each scene, as `staging.staged` gives them; `variants`, for
each its answers, or null where it cannot be loaded. Exit code 3: the snapshot is not what was sealed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import orjson

from pgs_runtime.faults import ExitCode
from pgs_runtime.operate.staging import Object, Scene, scene_of, staged
from pgs_snapshot.folder import open_snapshot
from pgs_snapshot.seal import SealBroken, Sealed, verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.streams import complain, output_to_error

FORMAT = "pgs-staging/1"


def main() -> None:
    """Answer one request."""
    asked: Object = orjson.loads(sys.stdin.buffer.read())
    if asked.get("format") != FORMAT:
        complain(f"error: This speaks {FORMAT}.")
        sys.exit(ExitCode.USAGE)
    try:
        sealed = open_snapshot(Path(str(asked["snapshot"])))
        snapshot = Snapshot(sealed)
        with output_to_error():  # what a capability writes there is not our answer
            scenes = [scene_of(scene) for scene in cast("list[Object]", asked["scenes"])]
            answers = [staged(snapshot, scene) for scene in scenes]
            variants = [_varied(sealed, each, scenes) for each in cast("list[Object]", asked.get("variants", []))]
    except SealBroken as broken:
        complain(f"error[{broken.code}]: {broken.message}")
        sys.exit(ExitCode.SEAL)
    sys.stdout.buffer.write(orjson.dumps({"answers": answers, "variants": variants}))


def _varied(sealed: Sealed, variant: Object, scenes: Sequence[Scene]) -> list[Object] | None:
    changed = {path: text.encode() for path, text in cast("dict[str, str]", variant["files"]).items()}
    try:
        snapshot = Snapshot(verify({**sealed.files(), **changed}))
        return [staged(snapshot, scenes[number]) for number in cast("list[int]", variant["scenes"])]
    except SealBroken:
        return None


if __name__ == "__main__":
    main()

"""`python -m pgs_runtime.commands.staging`: run scenes of a snapshot for another program. Nobody types this.

Each line of standard input is one JSON object: `format`, `pgs-staging/1`; `files`, those of the snapshot, base64 by
path, which later lines leave out; `scenes`, a list of what `staging.Scene` has; `variants`, each with `files` that
stand in the place of those, and the numbers of its `scenes`. Each line of standard output is another: `answers`, one
for each scene, as `staging.staged` gives them; `variants`, for each its answers, or null where it cannot be loaded.
Exit code 3: the snapshot is not what was sealed.
"""

from __future__ import annotations

import sys
from base64 import b64decode
from collections.abc import Sequence
from typing import cast

import orjson

from pgs_runtime.faults import ExitCode
from pgs_runtime.operate.staging import Object, Scene, scene_of, staged
from pgs_snapshot.seal import SealBroken, Sealed, verify
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.streams import complain, output_to_error
from pgs_snapshot.values import Value

FORMAT = "pgs-staging/1"


def main() -> None:
    """Answer requests until there are no more."""
    sealed: Sealed | None = None
    for line in sys.stdin.buffer:
        asked: Object = orjson.loads(line)
        if asked.get("format") != FORMAT:
            complain(f"error: This speaks {FORMAT}.")
            sys.exit(ExitCode.USAGE)
        try:
            sealed = verify(_decoded(asked)) if "files" in asked or sealed is None else sealed
            with output_to_error():  # what a capability writes there is not our answer
                answer = _answered(sealed, asked)
        except SealBroken as broken:
            complain(f"error[{broken.code}]: {broken.message}")
            sys.exit(ExitCode.SEAL)
        sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
        sys.stdout.buffer.flush()


def _answered(sealed: Sealed, asked: Object) -> Object:
    snapshot = Snapshot(sealed)
    scenes = [scene_of(scene) for scene in cast("list[Object]", asked["scenes"])]
    answers = [staged(snapshot, scene) for scene in scenes]
    variants = [_varied(sealed, each, scenes) for each in cast("list[Object]", asked.get("variants", []))]
    return {"answers": cast(Value, answers), "variants": cast(Value, variants)}


def _decoded(given: Object) -> dict[str, bytes]:
    return {path: b64decode(text) for path, text in cast("dict[str, str]", given["files"]).items()}


def _varied(sealed: Sealed, variant: Object, scenes: Sequence[Scene]) -> list[Object] | None:
    try:
        snapshot = Snapshot(verify({**sealed.files(), **_decoded(variant)}))
        return [staged(snapshot, scenes[number]) for number in cast("list[int]", variant["scenes"])]
    except SealBroken:
        return None


if __name__ == "__main__":
    main()

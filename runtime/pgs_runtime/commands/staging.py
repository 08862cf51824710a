"""`python -m pgs_runtime.commands.staging`: run scenes of a snapshot for another program. Nobody types this.

Standard input is one JSON object: `format`, `pgs-staging/1`; `snapshot`, a folder; `scenes`, a list of what
`staging.Scene` has. Standard output is another: `answers`, one for each scene, as `staging.staged` gives them. Exit
code 3: the snapshot is not what was sealed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import orjson

from pgs_runtime.faults import ExitCode
from pgs_runtime.operate.staging import Object, scene_of, staged
from pgs_snapshot.folder import open_snapshot
from pgs_snapshot.seal import SealBroken
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
        snapshot = Snapshot(open_snapshot(Path(str(asked["snapshot"]))))
        with output_to_error():  # what a capability writes there is not our answer
            answers = [staged(snapshot, scene_of(scene)) for scene in cast("list[Object]", asked["scenes"])]
    except SealBroken as broken:
        complain(f"error[{broken.code}]: {broken.message}")
        sys.exit(ExitCode.SEAL)
    sys.stdout.buffer.write(orjson.dumps({"answers": answers}))


if __name__ == "__main__":
    main()

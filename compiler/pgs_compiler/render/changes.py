"""What differs between two snapshots, for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from pgs_compiler.changes.change import WEIGHTS, Change
from pgs_snapshot.model import Manifest
from pgs_snapshot.values import Value
from pgs_snapshot.visible import visible

FORMAT = "pgs-changes/1"


def as_text(changes: Sequence[Change]) -> str:
    """Each weight, below it what differs by artifact, and the totals last."""
    lines: list[str] = []
    for weight, heavy in groupby(changes, key=lambda change: change.weight):
        lines.append(weight)
        for (kind, name), each in groupby(heavy, key=lambda change: (change.kind, change.name)):
            lines.append(f"  {kind} {name}".rstrip())
            lines += _of_one(each)
        lines.append("")
    counts = Counter(change.weight for change in changes)
    totals = ", ".join(f"{counts[weight]} {weight}" for weight in WEIGHTS if counts[weight])
    return "".join(f"{visible(line)}\n" for line in [*lines, totals or "no changes"])


def _of_one(changes: Iterator[Change]) -> list[str]:
    return [f"    {change.aspect}: {change.what}" for change in changes]


def as_json(changes: Sequence[Change], old: Manifest, new: Manifest) -> str:
    """One object, format `pgs-changes/1`, in ASCII."""
    counts = Counter(change.weight for change in changes)
    report: dict[str, Value] = {
        "format": FORMAT,
        "old": _snapshot(old),
        "new": _snapshot(new),
        "changes": [
            {
                "weight": change.weight,
                "aspect": change.aspect,
                "kind": change.kind,
                "name": change.name,
                "what": change.what,
            }
            for change in changes
        ],
        "counts": {weight: counts[weight] for weight in WEIGHTS},
    }
    return json.dumps(report, indent=2) + "\n"


def _snapshot(manifest: Manifest) -> dict[str, Value]:
    return {"root": manifest.root, "name": manifest.name, "version": manifest.version, "compiler": manifest.compiler}

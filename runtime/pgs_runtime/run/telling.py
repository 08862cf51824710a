"""What processes tell machines: the signals that they have set, once that is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from pgs_runtime.core.linked import Storage
from pgs_snapshot.values import Value


def told_by(step: Storage, inputs: dict[str, Value]) -> Iterator[tuple[str, Value]]:
    """A workflow and its payload for each machine that hears of a signal: the instance is called as the session is."""
    for path in cast("list[str]", inputs.get("heard", [])):
        for workflow in step.tells[path]:
            yield workflow, {"instance": inputs["session"]}

"""How much of everything is allowed. A project may set its own in `pgs.yaml`; these are the defaults."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds.

    Attributes:
        payload_bytes, payload_depth: of a request; beyond them it is refused (exit 5).
        value_bytes: of what one capability gives; beyond it the run ends (exit 10), as with all below.
        run_lines: trace lines of one run.
        run_bytes: trace bytes of one run.
        run_seconds: wall time of one run, between two points at which it waits for the outside.
        effect_seconds: wall time of one try of an external effect; beyond it the effect is in doubt.
        transform_seconds, transform_bytes: processor time and memory of one call of a transform.
    """

    payload_bytes: int = 1 << 20
    payload_depth: int = 64
    value_bytes: int = 256 << 10
    run_lines: int = 25_000
    run_bytes: int = 64 << 20
    run_seconds: int = 3600
    effect_seconds: int = 30
    transform_seconds: int = 1
    transform_bytes: int = 256 << 20


LIMIT_NAMES = tuple(field.name for field in fields(Limits))

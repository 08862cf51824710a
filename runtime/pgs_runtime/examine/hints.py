"""What to do next about a run, by how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pgs_runtime.examine.dealings import steps
from pgs_runtime.examine.reasons import Meaning
from pgs_runtime.trace.record import ABANDONED
from pgs_runtime.trace.traced import Trace

_AGAIN = "Nothing was changed, so the same request can be sent again."
_STANDS = "What was committed before stands; look at that before the same request is sent again."
_BY_HAND = "Nothing more was taken back: what the protocol would undo of what stands is to be undone by hand."
_BY_FAULT: Mapping[str, str] = MappingProxyType(
    {
        "R030": "Set `run_lines` under `limits` in pgs.yaml higher, compile, and run again.",
        "R031": "Mend the implementation that recursed without end, compile, and run again.",
        "R032": "Set `run_bytes` under `limits` in pgs.yaml higher, compile, and run again.",
        "R033": "Set `run_seconds` under `limits` in pgs.yaml higher, compile, and run again.",
        "R034": "Set `value_bytes` under `limits` in pgs.yaml higher, compile, and run again.",
        "R035": "Mend the implementation that took all memory, compile, and run again.",
        "R036": "Give the capability values that nest less deeply, compile, and run again.",
        "R026": "The snapshot promised a value that is not there: report it with trace and snapshot.",
        "R173": "Look at what the rule says first: somebody may have tried what nobody should.",
        "R174": "Mend the cause, then: pgs_runtime interlock reset --by WHO --reason TEXT",
        "R134": "What hides labelled values broke, so nothing of this stands: report it with trace and snapshot.",
    }
)
_BY_CODE: Mapping[int, str] = MappingProxyType(
    {
        6: "Mend the implementation that broke its contract or declare what it does, compile, and run again.",
        8: "Mend the store first.",
    }
)
_BY_KIND: Mapping[str, str] = MappingProxyType(
    {
        "DENIED": "The protocol decided so on these facts; while they stand, so will the answer.",
        "REJECTED": "Mend the payload or the actor as the reasons say, and send the request again.",
        "FAILED": "Look at what the reason says first.",
        "CANCELLED": "Nobody wanted it any more. If it is wanted after all, send the request again.",
    }
)


def hints(trace: Trace, meaning: Meaning | None = None) -> tuple[str, ...]:
    """What to do next, after anything but success; of a run that goes on, the commands."""
    ending = trace.ending
    if ending is None:
        if trace.state == "CUT":
            return ("The trace stops before the end: compare it with the store, `pgs_runtime verify`.",)
        found = steps(trace, meaning or Meaning(None, ""))
        return tuple(f"{step.says}: {step.command}" for step in found)
    if ending.name == ABANDONED:
        return (_BY_HAND,)
    again = _STANDS if ending.effects else _AGAIN
    if ending.exit_code is None:
        told = [_BY_KIND.get(ending.kind, "")]
        if ending.kind == "FAILED" or (ending.kind == "CANCELLED" and ending.effects):
            told.append(again)
        return (" ".join(told),) if told[0] else ()
    found_by_fault = _BY_FAULT.get(ending.name) or _BY_CODE.get(ending.exit_code)
    return (found_by_fault, again) if found_by_fault else (again,)

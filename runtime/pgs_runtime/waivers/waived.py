"""Waived findings at run time: what a run says of those that its snapshot rests on, and that none begins after them."""

from __future__ import annotations

from collections.abc import Iterable

from pgs_runtime.faults import ExitCode, Refusal
from pgs_snapshot.values import Value
from pgs_snapshot.waived import Waiver


def told(waiver: Waiver) -> Value:
    """What line 0 of a trace has of a waiver."""
    return {
        "at": waiver.at,
        "owner": waiver.owner,
        "reason": waiver.reason,
        "rule": waiver.rule,
        "until": waiver.until,
    }


def demand_lasting(rests_on: Iterable[Waiver], started: str) -> None:
    """Refuse to begin a run on a snapshot that has lost what it rests on.

    Args:
        rests_on: the waivers of errors.
        started: when the run begins, as its trace has it.

    Raises:
        Refusal: R150.
    """
    for waiver in rests_on:
        if waiver.ended(started):
            raise Refusal(
                "R150",
                f"The snapshot rests on the waiver of `{waiver.rule}` at `{waiver.at}`, which ended on {waiver.until}; "
                f"`{waiver.owner}` answers for it. No run begins on it any more.",
                ExitCode.STOPPED,
                hint=f"Mend what `pgs_compiler explain {waiver.rule}` says, or agree on another `until`, and compile.",
            )

"""What a report says of a waiver."""

from __future__ import annotations

from pgs_compiler.findings import Waiver


def spoken(waiver: Waiver) -> str:
    """Who answers for a waiver, until when, and why, on one line."""
    return f"Waived until {waiver.until} by {waiver.owner}: {waiver.reason}"

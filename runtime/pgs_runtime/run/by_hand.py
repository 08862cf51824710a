"""Runs by hand: what somebody did past every protocol, recorded as a run that has completed."""

from __future__ import annotations

from collections.abc import Mapping

from pgs_runtime.redaction import REDACTED
from pgs_runtime.stores.port import Head, Request, Run
from pgs_runtime.trace.record import Chain
from pgs_snapshot.canonical import canonical
from pgs_snapshot.values import Value


def completed(header: Mapping[str, Value], chain: Chain) -> Run:
    """The run whose lines are all in the chain. `header`: what its first one tells."""
    told = header["payload_digest"]
    request = Request(
        workflow=str(header["workflow"]),
        snapshot=str(header["snapshot"]),
        fingerprint=canonical(header["fingerprint"]).decode(),
        key=None,
        payload=canonical(header["payload"]),
        payload_digest=str(told[REDACTED] if isinstance(told, dict) else told),
        actor=canonical(header["actor"]),
    )
    return Run(chain.run, request, "COMPLETED", Head(len(chain.lines) - 1, chain.head), exit="COMPLETED")

"""The snapshot of a workspace, before anything of it runs: whole, as installed, and signed by who is trusted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pgs_runtime.workspace.installed import verify_installed
from pgs_snapshot.folder import open_snapshot
from pgs_snapshot.locate import search_path
from pgs_snapshot.seal import Sealed
from pgs_snapshot.snapshot import Snapshot


def verified(workspace: Path, pin: str | None = None, trust: Path | None = None) -> Snapshot:
    """The snapshot of a workspace, verified with the modules that it binds; nothing is written.

    Args:
        trust: the trust directory that judges it; the one that the project names, if any, unless given.

    Raises:
        SealBroken: the snapshot, or a module that it binds, is not what was sealed, or not signed as it has to be.
        TrustRefused: the trust directory cannot be read, so nobody is trusted.
    """
    sealed = open_snapshot(workspace / "protocol_snapshot", pin=pin)
    snapshot = Snapshot(sealed)
    folder = trust or (workspace / named if (named := snapshot.trust()) else None)
    if folder is not None:
        _demand_trusted(sealed, folder)
    own = [str(workspace / folder) for folder in sorted(set(snapshot.packages().values())) if folder]
    verify_installed(sealed, [*own, *search_path()])
    return snapshot


def _demand_trusted(sealed: Sealed, folder: Path) -> None:
    """Refuse a snapshot that a trust directory does not let run now, by the system's clock."""
    from pgs_snapshot.endorsed import judge  # what reads signatures is loaded where somebody is to be trusted
    from pgs_snapshot.trust import read_trust

    judge(sealed, read_trust(folder), datetime.now(UTC))

"""The snapshot of a workspace, before anything of it runs: whole, as installed, and signed by who is trusted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.workspace.accept import accepted, copy_of
from pgs_runtime.workspace.installed import verify_installed
from pgs_snapshot.folder import open_snapshot
from pgs_snapshot.locate import search_path
from pgs_snapshot.seal import SealBroken, Sealed
from pgs_snapshot.snapshot import Snapshot
from pgs_snapshot.visible import visible


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
    folder = trust_of(workspace, snapshot, trust)
    if folder is not None:
        _demand_trusted(sealed, folder)
    own = [str(workspace / folder) for folder in sorted(set(snapshot.packages().values())) if folder]
    verify_installed(sealed, [*own, *search_path()])
    return snapshot


def trust_of(workspace: Path, snapshot: Snapshot, trust: Path | None = None) -> Path | None:
    """The trust directory that judges what a workspace runs: the one that is named, else that of the project."""
    return trust or (workspace / named if (named := snapshot.trust()) else None)


def going_on(data_root: Path, trust: Path | None) -> Callable[[str], Snapshot]:
    """Gives a snapshot that runs of a data root began with, by id, judged by who is trusted at the moment.

    Raises, where it is called:
        SealBroken: it is not there, or not what it was.
        Refusal: R115, it is not signed by who is trusted.
        TrustRefused: the trust directory cannot be read.
    """

    def known(id: str) -> Snapshot:
        snapshot = accepted(data_root, id)
        if trust is not None:
            _demand_begun(snapshot, data_root, trust)
        return snapshot

    return known


def _demand_begun(snapshot: Snapshot, data_root: Path, trust: Path) -> None:
    from pgs_snapshot.endorsed import judge_begun
    from pgs_snapshot.trust import read_trust

    try:
        judge_begun(snapshot.sealed, read_trust(trust), datetime.now(UTC))
    except SealBroken as broken:
        message = f"Runs that began with the snapshot `{snapshot.id}` do not go on with it [{broken.code}]: "
        copy = visible(str(copy_of(data_root, snapshot.id)))
        hint = f"Once who is trusted has looked at it: `pgs_compiler sign --anew --key FILE {copy}`."
        hint += " To end a run as it stands: `pgs_runtime abandon ID`."
        raise Refusal("R115", message + broken.message, ExitCode.SEAL, hint=hint) from broken


def _demand_trusted(sealed: Sealed, folder: Path) -> None:
    """Refuse a snapshot that a trust directory does not let run now, by the system's clock."""
    from pgs_snapshot.endorsed import judge  # what reads signatures is loaded where somebody is to be trusted
    from pgs_snapshot.trust import read_trust

    judge(sealed, read_trust(folder), datetime.now(UTC))

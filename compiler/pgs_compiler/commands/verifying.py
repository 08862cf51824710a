"""`pgs_compiler verify`: whether a snapshot is whole, who signed it, and whether its declarations give it again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pgs_compiler import options
from pgs_compiler.surface import FINDINGS, SEAL, refusing, relative, root_of, stop

if TYPE_CHECKING:
    from pgs_snapshot.seal import Sealed


@click.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@options.workspace
@options.trust
@click.option("--rebuild", is_flag=True, help="Compile the workspace again, and compare every byte.")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", help="How it is told.")
@refusing
def verify(folder: Path | None, workspace: Path | None, trust: Path | None, rebuild: bool, format_: str) -> None:
    """Verify the snapshot at FOLDER and who signed it.

    Without FOLDER that is protocol_snapshot in the workspace. Signatures are judged by the trust directory, if one is
    named here, by PGS_TRUST or by pgs.yaml; else it is only said which keys they name. Exit code 3: it is not what was
    sealed, is not signed as the trust directory demands, or was made of something else.
    """
    from pgs_snapshot.folder import open_snapshot

    root = root_of((), workspace)
    place = folder or root / "protocol_snapshot"
    sealed = open_snapshot(place)
    found = trust or _named(sealed, root)
    signatures = _judged(sealed, found) if found else _claimed(sealed)
    told: dict[str, object] = {
        "compiler": sealed.manifest.compiler,
        "name": sealed.manifest.name,
        "root": sealed.root,
        "signatures": signatures,
        "trust": str(found) if found else None,
        "version": sealed.manifest.version,
    }
    differs = _rebuilt(sealed, root) if rebuild else None
    if rebuild:
        told["rebuilt"] = differs is None
        told["differs"] = differs
    click.echo(json.dumps(told, sort_keys=True) if format_ == "json" else _text(told, signatures, place))
    if differs is not None:
        stop(SEAL, f"The declarations give another snapshot: {differs}")


def _named(sealed: Sealed, root: Path) -> Path | None:
    from pgs_snapshot.snapshot import Snapshot

    named = Snapshot(sealed).trust()
    return root / named if named else None


def _judged(sealed: Sealed, trust: Path) -> list[dict[str, str]]:
    """The keys that signed and count."""
    from pgs_snapshot.endorsed import judge
    from pgs_snapshot.trust import read_trust

    return [
        {"id": key.key.id, "name": key.name, "owner": key.owner}
        for key in judge(sealed, read_trust(trust), datetime.now(UTC))
    ]


def _claimed(sealed: Sealed) -> list[dict[str, str]]:
    """The ids of the keys that the signatures say they are by, if any; nothing shows that they are."""
    from pgs_snapshot.endorsed import claimed, signed_statement

    if sealed.signature is not None:
        signed_statement(sealed.manifest, sealed.signature)  # what is beside the manifest speaks of it, or is refused
    return [{"id": id} for id in claimed(sealed)]


def _rebuilt(sealed: Sealed, root: Path) -> str | None:
    """What differs, if anything, when the workspace is compiled again."""
    from pgs_compiler.compiler import compile_workspace
    from pgs_compiler.rebuilding import first_difference

    compilation = compile_workspace(root, ())
    if compilation.files is None:
        wrong = next((finding for finding in compilation.findings if finding.blocks), None)
        why = f" {wrong.code}: {wrong.message}" if wrong else ""
        stop(FINDINGS, f"The declarations at `{relative(root)}` do not compile.{why}")
    return first_difference(sealed, compilation.files)


def _text(told: dict[str, object], signatures: list[dict[str, str]], place: Path) -> str:
    lines = [f"whole    {told['root']}  {told['name']} {told['version']}  {relative(place)}"]
    for each in signatures:
        if told["trust"]:
            lines.append(f"signed   {each['id']}  {each['name']}, {each['owner']}")
        else:
            lines.append(f"unjudged {each['id']}  a signature says that it is by this key; `--trust DIR` judges it")
    if not signatures:
        lines.append("unsigned")
    if told.get("rebuilt"):
        lines.append("rebuilt  the declarations give the same bytes")
    return "\n".join(lines)

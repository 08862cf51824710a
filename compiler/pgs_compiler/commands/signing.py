"""`pgs_compiler sign`: a signature more on the snapshot of a workspace."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pgs_compiler import options
from pgs_compiler.commands.secrets import given
from pgs_compiler.surface import OUTPUT, USAGE, refusing, relative, root_of, stop

if TYPE_CHECKING:
    from pgs_snapshot.dsse import Envelope
    from pgs_snapshot.seal import Sealed
    from pgs_snapshot.signing import PublicKey


@click.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@options.workspace
@options.key
@click.option("--not-after", type=options.moment, help="From when on it is not run any more, where a policy asks that.")
@click.option("--anew", is_flag=True, help="Take away the signatures that are there.")
@refusing
def sign(folder: Path | None, workspace: Path | None, key: Path, not_after: datetime | None, anew: bool) -> None:
    """Sign the snapshot at FOLDER.

    Without FOLDER that is protocol_snapshot in the workspace. The signature stands beside the manifest, with those that
    are there; to compile other content takes them away.
    """
    from pgs_snapshot.dsse import written
    from pgs_snapshot.exchange import put_signature
    from pgs_snapshot.signing import read_key

    place = folder or root_of((), workspace) / "protocol_snapshot"
    signer = read_key(key, given)
    try:
        begun = partial(_begun, signer=signer.public, not_after=not_after, anew=anew)
        sealed = put_signature(place, lambda found: written(begun(found).signed(signer)))
    except OSError as error:
        stop(OUTPUT, f"`{place}` cannot be written: {error.strerror}. What was there before is as it was.")
    click.echo(f"{sealed.root}  {relative(place)}  signed by {signer.public.id}")


def _begun(sealed: Sealed, signer: PublicKey, not_after: datetime | None, anew: bool) -> Envelope:
    """The envelope that a signature is added to: the one that is there if it says the same, else a new one."""
    from pgs_snapshot.dsse import MAX_SIGNATURES
    from pgs_snapshot.endorsed import last_moment, signed_statement, statement_of
    from pgs_snapshot.seal import SealBroken

    fresh = statement_of(sealed.manifest, not_after)
    if anew or sealed.signature is None:
        return fresh
    try:
        there = signed_statement(sealed.manifest, sealed.signature)
    except SealBroken as broken:
        stop(USAGE, f"The signatures that are there are not for this snapshot: {broken.message}", _ANEW)
    if not_after is None:
        fresh = statement_of(sealed.manifest, last_moment(there))
    if there.payload != fresh.payload:
        stop(USAGE, "The signatures that are there are over a statement with another last moment.", _ANEW)
    if len(there.signatures) >= MAX_SIGNATURES and not there.signers([signer]):
        stop(USAGE, f"There are {len(there.signatures)} signatures, and no more are read.", _ANEW)
    return there


_ANEW = "Type it again with `--anew`, which takes them away."

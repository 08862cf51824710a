"""`pgs_compiler keys`: the keys of a trust directory, made, followed by others, ended and listed."""

from __future__ import annotations

import getpass
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from pgs_compiler import options
from pgs_compiler.commands.secrets import asked, given
from pgs_compiler.surface import USAGE, refusing, stop

if TYPE_CHECKING:
    from pgs_snapshot.rotation import Role
    from pgs_snapshot.trust import TrustedKey

_ROLES = click.Choice(("snapshot", "checkpoint", "witness"))
_private = click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="The new file that the private key goes to."
)
_passphrase = click.option("--passphrase", is_flag=True, help="Ask for a passphrase to encrypt the private key with.")
_until = click.option("--until", type=options.moment, help="When the key ends; never unless given.")


@click.group()
def keys() -> None:
    """Make, rotate, revoke and list the keys of a trust directory."""


@keys.command()
@click.argument("name")
@options.trust
@options.workspace
@click.option(
    "--role", "roles", type=_ROLES, multiple=True, required=True, help="What it may sign; several may be given."
)
@click.option("--owner", help="Who holds it; of a new key, the system's user unless given.")
@click.option("--since", type=options.moment, help="When the key begins to count; now unless given.")
@_until
@_private
@click.option("--public", metavar="BASE64", help="A public key that somebody else has made, in place of a new one.")
@_passphrase
@refusing
def new(
    name: str,
    trust: Path | None,
    workspace: Path | None,
    roles: tuple[str, ...],
    owner: str | None,
    since: datetime | None,
    until: datetime | None,
    out: Path | None,
    public: str | None,
    passphrase: bool,
) -> None:
    """Make a key, and trust it under NAME.

    The private key goes to the file --out, which only you can read. The trust directory is made if there is none.
    """
    from pgs_compiler.keyring import Entry, NotWritten, add, prepare
    from pgs_snapshot.signing import new_key, public_key, write_key

    if (out is None) == (public is None):
        hint = f"Type `--out ~/{name}.pem`, or another file that there is not yet." if out is None else ""
        stop(USAGE, "One of `--out`, for a new key, and `--public`, for one that somebody has made, is given.", hint)
    if owner is None and public is not None:
        stop(USAGE, "`--owner` says who holds a key that somebody has made.")
    folder = options.trust_folder(trust, workspace)
    unique = cast("tuple[Role, ...]", tuple(sorted(set(roles))))
    entry = Entry(name, owner or _user(), unique, since or _now(), until)
    try:
        key = new_key() if public is None else None
        made = public_key(public or "") if key is None else key.public
        prepare(folder, entry, made)
        if key is not None and out is not None:
            write_key(out, key, asked() if passphrase else given(ask=False))
        add(folder, entry, made)
        click.echo(f"{made.id}  {name}")
    except ValueError as wrong:
        stop(USAGE, f"The text behind `--public` {wrong}.")
    except NotWritten as refused:
        stop(USAGE, str(refused))


@keys.command()
@click.argument("name")
@options.trust
@options.workspace
@options.key
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The new private key's file."
)
@_until
@_passphrase
@refusing
def rotate(
    name: str,
    trust: Path | None,
    workspace: Path | None,
    key: Path,
    out: Path,
    until: datetime | None,
    passphrase: bool,
) -> None:
    """Make the next key, NAME, and let the old one vouch for it.

    Whoever trusts the old key, which is in the file --key, comes to trust the new one by the statement that is written
    to rotations/ of the trust directory. For a threshold both have one holder.
    """
    from pgs_compiler.keyring import Entry, NotWritten, follow, prepare, vouching
    from pgs_snapshot.signing import new_key, read_key, write_key
    from pgs_snapshot.trust import read_trust

    folder, now = options.trust_folder(trust, workspace), _now()
    try:
        old = read_key(key, given)
        known = vouching(read_trust(folder), old.public, now)
        entry = Entry(name, known.owner, known.roles, now, until)
        made = new_key()
        prepare(folder, entry, made.public)
        write_key(out, made, asked() if passphrase else given(ask=False))
        follow(folder, old, made, entry)
    except NotWritten as refused:
        stop(USAGE, str(refused))
    click.echo(f"{made.public.id}  {name}, vouched for by {known.name}")


@keys.command()
@click.argument("name")
@options.trust
@options.workspace
@click.option("--reason", required=True, help="Why, for the record.")
@click.option("--by", help="Who says so; the system's user unless given.")
@click.option("--since", type=options.moment, help="From when on it counts no more; now unless given.")
@refusing
def revoke(
    name: str, trust: Path | None, workspace: Path | None, reason: str, by: str | None, since: datetime | None
) -> None:
    """End a key, by NAME or id.

    It counts no more, under whatever name it stands, and the keys that it vouches for only if they stand in keys/.
    """
    from pgs_compiler.keyring import NotWritten, named
    from pgs_compiler.keyring import revoke as end
    from pgs_snapshot.statements import moment_text
    from pgs_snapshot.trust import read_trust

    if not reason.strip():
        stop(USAGE, "A revocation has no reason.", "Say why the key counts no more: `--reason TEXT`.")
    folder, now = options.trust_folder(trust, workspace), _now()
    try:
        key = named(read_trust(folder), name)
        end(folder, key, (since or now, reason, by or _user()))
    except NotWritten as refused:
        stop(USAGE, str(refused))
    later = f" from {moment_text(since)} on, and counts until then" if since and since > now else ""
    click.echo(f"{key.key.id}  {key.name} is revoked{later}")


@keys.command("list")
@options.trust
@options.workspace
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", help="How they are listed.")
@refusing
def list_keys(trust: Path | None, workspace: Path | None, format_: str) -> None:
    """List the keys of a trust directory, and how each stands now."""
    from pgs_snapshot.trust import read_trust
    from pgs_snapshot.visible import visible

    now, found = datetime.now(UTC), read_trust(options.trust_folder(trust, workspace)).keys
    if format_ == "json":
        click.echo(json.dumps([_as_json(key, now) for key in found], sort_keys=True))
        return
    for key in found:
        told = _as_json(key, now)
        span = f"{told['since']} to {told['until'] or 'no end'}"
        span += f", revoked as of {told['revoked']}" if told["revoked"] else ""
        line = f"{told['standing']:<8} {key.name}  {','.join(key.roles)}  {key.owner}  {span}  {key.key.id}"
        click.echo(visible(line))


def _as_json(key: TrustedKey, at: datetime) -> dict[str, object]:
    from pgs_snapshot.statements import moment_text

    return {
        "holder": key.origin,
        "id": key.key.id,
        "key": key.key.text,
        "name": key.name,
        "owner": key.owner,
        "revoked": moment_text(key.revoked) if key.revoked else None,
        "roles": list(key.roles),
        "since": moment_text(key.since),
        "standing": key.standing(at),
        "until": moment_text(key.until) if key.until else None,
    }


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _user() -> str:
    """The system's name of the user, or the number of one without a name, as in containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())

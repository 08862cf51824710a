"""Commands that keep a record out of the reach of whoever owns the store: checkpoint, witness, casefile, doctor."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pgs_runtime import options
from pgs_runtime.commands.surface import data_of, reporting, root_of, say
from pgs_runtime.faults import ExitCode, Refusal
from pgs_snapshot.visible import visible

if TYPE_CHECKING:
    from pgs_runtime.evidence.custody import Signed
    from pgs_runtime.evidence.doctor import Remark
    from pgs_runtime.stores.port import Store
    from pgs_snapshot.signing import SigningKey

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@options.place
@click.option(
    "--key",
    "keys",
    cls=options.Setting,
    multiple=True,
    type=_FILE,
    metavar="FILE",
    help="The private key that signs; may stand more than once.",
)
@click.option(
    "--to",
    cls=options.Setting,
    multiple=True,
    metavar="PLACE",
    help="Where it is kept: a folder, git:FOLDER, or command:PROGRAM ARGUMENT; may stand more than once.",
)
@click.option("--quick", is_flag=True, help="Read only what came after the last checkpoint.")
@click.option("--proof-from", type=click.IntRange(0), metavar="SIZE", help="Write what a witness needs that saw SIZE.")
@options.as_json
@reporting
def checkpoint(
    workspace: Path | None,
    data_root: Path | None,
    keys: tuple[Path, ...],
    to: tuple[str, ...],
    quick: bool,
    proof_from: int | None,
    as_json: bool,
) -> None:
    """Sign how far the log of the store has come, and keep that elsewhere.

    A log that has shrunk, or of which anything was changed since the last checkpoint or the newest at a place, is
    not signed; the exit code is 3. With --proof-from the proof for a witness goes to the standard output.
    """
    from contextlib import closing

    from pgs_runtime.evidence.custody import bundle, sign_and_keep
    from pgs_runtime.evidence.keeping import place_of

    places = [place_of(text) for text in to]
    if bool(keys) is not bool(to) or (not keys and proof_from is None):
        hint = "Type `pgs_runtime checkpoint --key FILE --to PLACE`."
        raise Refusal("R001", "A checkpoint takes a key that signs and a place that keeps.", ExitCode.USAGE, hint=hint)
    root = root_of(workspace)
    with closing(_store(data_of(root, data_root))) as store:
        if keys:
            made, kept = sign_and_keep(store, list(map(_key, keys)), places, _now, quick=quick)
        proof = bundle(store, proof_from) if proof_from is not None else None
    if proof is not None:
        sys.stdout.buffer.write(proof)
    else:
        say(_kept_json(made, kept, to) if as_json else _kept_text(made, kept, to))


@click.command()
@click.argument("proof", type=click.Path(path_type=Path, allow_dash=True), cls=options.Given)
@click.option(
    "--key", cls=options.Setting, required=True, type=_FILE, metavar="FILE", help="The private key of the witness."
)
@options.trust
@click.option(
    "--seen", cls=options.Setting, required=True, metavar="DIR", help="The witness's own folder for this log."
)
@options.as_json
@reporting
def witness(proof: Path, key: Path, trust: Path | None, seen: str, as_json: bool) -> None:
    """Cosign a checkpoint of somebody else's log.

    PROOF is what `checkpoint --proof-from` wrote, or `-`. The cosigned checkpoint goes to the standard output and
    to the folder of --seen. What contradicts a checkpoint in that folder is not signed; the exit code is 3.
    """
    from datetime import UTC, datetime

    from pgs_runtime.evidence.keeping import Folder
    from pgs_runtime.evidence.witness import read_bundle, witnessed
    from pgs_snapshot.trust import read_trust

    if trust is None:
        hint = "Name the folder that says whose checkpoints count: `--trust DIR`."
        raise Refusal("R001", "A witness has to know whose checkpoints it cosigns.", ExitCode.USAGE, hint=hint)
    given = read_bundle(_read(proof))
    note = witnessed(given, read_trust(trust), _key(key), Folder(seen, Path(seen)), datetime.now(UTC))
    text = note.data().decode()
    say(json.dumps({"checkpoint": text, "size": given.checkpoint.size}) if as_json else text.removesuffix("\n"))


@click.command()
@click.argument("id", metavar="ID")
@options.place
@click.option("--out", cls=options.Setting, required=True, type=_FILE, metavar="FILE", help="The file; a new one.")
@click.option("--with-snapshot", is_flag=True, help="With the files of the snapshot, so that it can be done again.")
@options.trust
@options.kept
@options.as_json
@reporting
def casefile(
    id: str,
    workspace: Path | None,
    data_root: Path | None,
    out: Path,
    with_snapshot: bool,
    trust: Path | None,
    kept: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write all that shows what a run was to one file.

    The trace of the run ID, the manifest of its snapshot, checkpoints with proofs, and what all that states and does
    not. With --trust the public keys of witnesses are put in, too. `verify FILE.casefile` needs nothing else.
    """
    from pgs_runtime.evidence.at_hand import Evidence
    from pgs_runtime.evidence.casefile import sentences
    from pgs_runtime.evidence.casefile_make import make_casefile, without_files, write_casefile
    from pgs_runtime.evidence.keeping import source_of
    from pgs_snapshot.trust import read_trust

    if out.suffix != ".casefile":
        hint = f"Type `--out {visible(str(out.with_suffix('.casefile')))}`."
        raise Refusal("R001", "`--out`: The name of a case file ends with `.casefile`.", ExitCode.USAGE, hint=hint)
    root = root_of(workspace)
    with Evidence(root, data_of(root, data_root), options.address(), of_runs=True) as evidence:
        store, run = evidence.within(id)
        snapshot = evidence.snapshot(run.request.snapshot)
        places, trusted = [source_of(text) for text in kept], read_trust(trust) if trust is not None else None
        case = make_casefile(store, run, snapshot, places, trusted)
    case = case if with_snapshot else without_files(case)
    write_casefile(case, out)
    stated, unstated = sentences(case)
    if as_json:
        say(json.dumps({"casefile": str(out), "does_not_state": unstated, "states": stated}, sort_keys=True))
    else:
        say("\n".join([visible(str(out)), *(f"  + {each}" for each in stated), *(f"  – {each}" for each in unstated)]))


def _key(file: Path) -> SigningKey:
    from pgs_snapshot.signing import PASSPHRASE, read_key

    word = os.environ.get(PASSPHRASE, "")
    return read_key(file, lambda: word.encode() or None)


def _now() -> int:
    return int(time.time())


def _read(proof: Path) -> bytes:
    from pgs_runtime.files import read_file
    from pgs_snapshot.notes import SIZE

    try:
        return sys.stdin.buffer.read(SIZE + 1) if str(proof) == "-" else read_file(proof, SIZE)
    except OSError as error:
        raise Refusal("R019", f"`{visible(str(proof))}` cannot be read: {error.strerror}.", ExitCode.USAGE) from error


def _store(data: Path) -> Store:
    from pgs_runtime.workspace.accept import kept_in

    store = kept_in(data, options.address())
    if store is None:
        raise _no_store(data)
    return store


def _no_store(data: Path) -> Refusal:
    where = "at that address" if options.address() is not None else f"in `{visible(str(data))}`"
    hint = "Name the one that you mean: `--data-root DIR`, or `--store URL`."
    return Refusal("R125", f"There is no store {where}.", ExitCode.USAGE, hint=hint)


def _kept_text(made: Signed, kept: Sequence[bool], to: Sequence[str]) -> str:
    from pgs_runtime.counted import counted

    lines = [f"checkpoint of {counted(made.checkpoint.size, 'commit')}", f"  log      {made.checkpoint.origin}"]
    lines += [f"  signed   by the key {key.id[:16]}…" for key in made.keys]
    for place, new in zip(to, kept, strict=True):
        lines.append(f"  {'kept at' if new else 'is at':<8} {visible(place)}{'' if new else ' already'}")
    return "\n".join(lines)


def _kept_json(made: Signed, kept: Sequence[bool], to: Sequence[str]) -> str:
    body = {
        "checkpoint": made.note.data().decode(),
        "keys": [key.id for key in made.keys],
        "kept": [{"new": new, "place": place} for place, new in zip(to, kept, strict=True)],
        "origin": made.checkpoint.origin,
        "size": made.checkpoint.size,
    }
    return json.dumps(body, ensure_ascii=False, sort_keys=True)


@click.command()
@options.place
@options.trust
@options.kept
@options.as_json
@reporting
def doctor(
    workspace: Path | None, data_root: Path | None, trust: Path | None, kept: tuple[str, ...], as_json: bool
) -> None:
    """Say what needs somebody.

    The store and its room, runs that stand still, snapshots, the last checkpoint and what it does not cover, keys with
    --trust, places with --kept, and the level of evidence of the newest runs; nothing is changed. The exit code is 0
    where all is well, 1 where something was found, 8 where the store is unusable.
    """
    from datetime import UTC, datetime

    from pgs_runtime.evidence.at_hand import Evidence
    from pgs_runtime.evidence.doctor import Bench, examined
    from pgs_runtime.evidence.keeping import source_of
    from pgs_runtime.evidence.storehouse import housed
    from pgs_runtime.workspace.accept import STATE
    from pgs_snapshot.trust import read_trust

    root = root_of(workspace)
    data = data_of(root, data_root)
    places, trusted = [source_of(text) for text in kept], read_trust(trust) if trust is not None else None
    with Evidence(root, data, options.address(), of_runs=True) as evidence:
        store = evidence.store
        if store is None:
            raise _no_store(data)
        remarks = list(examined(Bench(store, evidence, trusted, places, datetime.now(UTC))))
        remarks[:0] = housed(data / STATE, options.address())
    say(_remarks_json(remarks) if as_json else _remarks_text(remarks))
    if any(each.fatal for each in remarks):
        sys.exit(ExitCode.STORE)
    sys.exit(ExitCode.FAILED if any(each.wrong for each in remarks) else ExitCode.DONE)


def _remarks_text(remarks: Sequence[Remark]) -> str:
    lines = []
    for each in remarks:
        lines.append(f"{'✗' if each.wrong else '–' if each.unseen else '✓'} {each.topic:<10} {each.says}")
        if each.do:
            lines.append(f"  {'':<10} → {each.do}")
    found = sum(each.wrong for each in remarks)
    return "\n".join([*lines, "Nothing needs you." if not found else f"{found} found."])


def _remarks_json(remarks: Sequence[Remark]) -> str:
    said = [{"do": each.do, "says": each.says, "topic": each.topic, "wrong": each.wrong} for each in remarks]
    return json.dumps(
        {"found": sum(each.wrong for each in remarks), "remarks": said}, ensure_ascii=False, sort_keys=True
    )

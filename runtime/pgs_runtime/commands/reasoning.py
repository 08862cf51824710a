"""The command that says why a run went where it went: why."""

from __future__ import annotations

from pathlib import Path

import click

from pgs_runtime import options
from pgs_runtime.commands.replaying import evidence_of, sound_lines
from pgs_runtime.commands.surface import data_of, reporting, root_of, say


@click.command()
@click.argument("trace", type=click.Path(path_type=Path), cls=options.Given)
@options.place
@click.option(
    "--to",
    cls=options.Setting,
    metavar="EXIT",
    help="Look for a change of the payload that leads to this exit, by its node or its name.",
)
@options.as_json
@reporting
def why(trace: Path, workspace: Path | None, data_root: Path | None, to: str | None, as_json: bool) -> None:
    """Say why a run went where it went.

    Which decision, the author's line, the values that it saw, and the smallest change of the payload that would have
    led elsewhere, found by doing the run again over its record: nothing is written, and nobody is asked. TRACE is the
    id of a run of the store, a .jsonl file, or the folder that holds it.
    """
    from pgs_runtime.ports import fingerprint
    from pgs_runtime.why.answer import why as reason
    from pgs_runtime.why.texts import why_json, why_text

    root = root_of(workspace)
    with evidence_of(trace, root, data_of(root, data_root)) as evidence:
        found = reason(sound_lines(trace, evidence), evidence.snapshot, evidence.store, fingerprint(), to or "")
    say(why_json(found) if as_json else why_text(found))

"""Commands that do runs again and compare them: replay, diff."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from pgs_runtime import options
from pgs_runtime.commands.surface import data_of, reporting, root_of, say, trace_file
from pgs_runtime.faults import ExitCode, Refusal
from pgs_snapshot.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pgs_runtime.evidence.at_hand import Evidence
    from pgs_runtime.replay.replay import Replayed


@click.command()
@click.argument("trace", type=click.Path(path_type=Path), cls=options.Given)
@options.place
@click.option(
    "--allow-other-runtime",
    is_flag=True,
    help="On another engine or Python, say whether it does the same; that is never called verified.",
)
@click.option(
    "--against",
    cls=options.Setting,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="SNAPSHOT",
    help="Another snapshot's folder: try the runs of the folder TRACE on it, and tell which would end otherwise.",
)
@options.as_json
@reporting
def replay(
    trace: Path,
    workspace: Path | None,
    data_root: Path | None,
    allow_other_runtime: bool,
    against: Path | None,
    as_json: bool,
) -> None:
    """Do a run again, and compare every line.

    Over the answers that were recorded: nothing is written, and nobody is asked. TRACE is the id of a run of the store,
    a .jsonl file, or the folder that holds it. The exit code is 0 where every byte is the same, and 9 where one is not.

    With --against, TRACE is a folder of traces or a data root. Then the exit code is 1 if a run would end otherwise.
    """
    from pgs_runtime.replay.replay_texts import replayed_json, replayed_text

    root = root_of(workspace)
    if against is not None:
        _try(against, trace, root, data_of(root, data_root), as_json)
    with evidence_of(trace, root, data_of(root, data_root)) as evidence:
        replayed = _replayed(sound_lines(trace, evidence), evidence, allow_other_runtime)
    say(replayed_json(replayed) if as_json else replayed_text(replayed))
    sys.exit(replayed.exit_code)


@click.command()
@click.argument("first", metavar="TRACE", type=click.Path(path_type=Path), cls=options.Given)
@click.argument("second", metavar="OTHER", type=click.Path(path_type=Path), cls=options.Given)
@options.place
@options.as_json
@reporting
def diff(first: Path, second: Path, workspace: Path | None, data_root: Path | None, as_json: bool) -> None:
    """Compare two runs.

    Where they first part and why, and what else differs. Each is the id of a run of the store, a .jsonl file, or the
    folder that holds it. The exit code is 0 if they went the same way to the same result, and 1 if not.
    """
    from pgs_runtime.replay.contrast import contrast
    from pgs_runtime.replay.diff_texts import contrast_json, contrast_text
    from pgs_runtime.trace.lines import run_of

    root = root_of(workspace)
    with evidence_of(first if _is_id(first) else second, root, data_of(root, data_root)) as evidence:
        one, other = sound_lines(first, evidence), sound_lines(second, evidence)
        found = contrast(one, other, evidence.asked_alike(run_of(one[0]), run_of(other[0])))
    say(contrast_json(found) if as_json else contrast_text(found))
    sys.exit(ExitCode.DONE if found.same else ExitCode.FAILED)


def _try(against: Path, folder: Path, root: Path, data: Path, as_json: bool) -> NoReturn:
    """Try the runs of an archive on another snapshot."""
    from contextlib import ExitStack

    from pgs_runtime.evidence.at_hand import Evidence
    from pgs_runtime.replay.against_texts import tried_json, tried_text
    from pgs_runtime.replay.archive import HOLDS, filed_in, is_data_root
    from pgs_runtime.replay.archive import against as tried_on
    from pgs_runtime.replay.workbench import Workbench, trying
    from pgs_snapshot.folder import open_snapshot
    from pgs_snapshot.snapshot import Snapshot

    whole = is_data_root(folder)
    with ExitStack() as stack:
        evidence = stack.enter_context(Evidence(root, folder.absolute() if whole else data, options.address()))
        bench = stack.enter_context(trying(Snapshot(open_snapshot(against)), evidence.store))
        benches: dict[str, Workbench | None] = {}

        def of(id: str) -> Workbench | None:
            if id not in benches:
                found = evidence.snapshot(id)
                benches[id] = stack.enter_context(Workbench(found, evidence.store)) if found else None
            return benches[id]

        tried = tried_on(bench, filed_in(folder, evidence.store if whole else None, evidence.witness), of)
    if not tried.runs:
        raise Refusal("R104", f"`{visible(str(folder))}` holds no run that could be tried.", ExitCode.USAGE, hint=HOLDS)
    say(tried_json(tried) if as_json else tried_text(tried))
    sys.exit(tried.exit_code)


def sound_lines(trace: Path, evidence: Evidence) -> tuple[bytes, ...]:
    """The lines of a trace that is named by a run's id, its file or its folder.

    Raises:
        Refusal: R014, R019; R055, it is not what was written.
    """
    from pgs_runtime.evidence.verify import verify
    from pgs_runtime.trace.lines import joined, refusal, run_of, split
    from pgs_runtime.trace.reading import trace_of

    data = joined(evidence.lines(str(trace))) if _is_id(trace) else trace_file(trace)
    verdict = verify(data, store=evidence.witness(run_of(data)))
    if verdict.doubt:
        raise refusal(verdict.doubt, str(trace))
    lines = split(data)
    trace_of(lines)  # what is chained well may still be no trace
    return lines


def _replayed(lines: Sequence[bytes], evidence: Evidence, allow_other_runtime: bool) -> Replayed:
    from pgs_runtime.ports import fingerprint
    from pgs_runtime.replay.replay import replay as do_again

    return do_again(lines, evidence.snapshot, evidence.store, fingerprint(), allow_other_runtime)


def evidence_of(trace: Path, root: Path, data: Path) -> Evidence:
    from pgs_runtime.evidence.at_hand import Evidence

    return Evidence(root, data, options.address(), of_runs=_is_id(trace))


def _is_id(trace: Path) -> bool:
    """Whether this is the id of a run; a file or folder of that name goes before."""
    from pgs_runtime.trace.lines import is_run_id

    return is_run_id(str(trace)) and not trace.exists()

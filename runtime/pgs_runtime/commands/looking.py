"""Commands that look at runs: list, show, examine, verify, export."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from pgs_runtime import options
from pgs_runtime.commands.surface import data_of, reporting, root_of, say, trace_file, trace_path
from pgs_runtime.faults import ExitCode

if TYPE_CHECKING:
    from pgs_runtime.evidence.at_hand import Evidence
    from pgs_runtime.evidence.keeping import Place
    from pgs_runtime.evidence.verify import Verdict
    from pgs_runtime.stores.port import Run, Status
    from pgs_snapshot.trust import Trust

STATUSES = (
    "RUNNING", "WAITING", "IN_DOUBT", "COMPLETED", "DENIED", "REJECTED", "FAILED", "FAULTED", "STOPPED", "CANCELLED"
)  # fmt: skip


@click.command("list")
@options.place
@click.option("--status", type=click.Choice(STATUSES), help="Only the runs that stand so.")
@options.as_json
@reporting
def list_runs(workspace: Path | None, data_root: Path | None, status: str | None, as_json: bool) -> None:
    """List the runs of the store.

    By id: how each stands, and of which workflow it is.
    """
    from pgs_runtime.evidence.at_hand import Evidence
    from pgs_runtime.examine.answers import listed, listing

    wanted = cast("Status | None", status)
    root = root_of(workspace)
    with Evidence(root, data_of(root, data_root), options.address(), of_runs=True) as evidence:
        if as_json:
            say(listing(evidence.runs(wanted)))
        else:
            for run in evidence.runs(wanted):
                say(listed(run))


@click.command()
@click.argument("id", cls=options.Given)
@options.place
@options.as_json
@reporting
def show(id: str, workspace: Path | None, data_root: Path | None, as_json: bool) -> None:
    """Tell how a run stands.

    What the run ID waits for and until when, what is in doubt, how it ended.
    """
    from pgs_runtime.evidence.at_hand import Evidence
    from pgs_runtime.examine.answers import standing_json, standing_text

    root = root_of(workspace)
    with Evidence(root, data_of(root, data_root), options.address(), of_runs=True) as evidence:
        run = evidence.run(id)
        following = _following(evidence, run)
        signers = _signers(evidence, run)
    say((standing_json if as_json else standing_text)(run, following, signers))


@click.command()
@click.argument("trace", type=click.Path(path_type=Path), cls=options.Given)
@options.place
@options.as_json
@reporting
def examine(trace: Path, workspace: Path | None, data_root: Path | None, as_json: bool) -> None:
    """Explain a run from its trace.

    Its way, the decision that mattered, what it changed, how long it took. TRACE is a .jsonl file, or the folder that
    holds it. One that is not sound is explained all the same; the first line says what is wrong with it, and the
    exit code is 3.
    """
    from pgs_runtime.evidence.at_hand import Evidence
    from pgs_runtime.evidence.verify import verify as judge
    from pgs_runtime.examine.text import as_json as told
    from pgs_runtime.examine.text import as_text as shown
    from pgs_runtime.trace.reading import read_trace

    root = root_of(workspace)
    data = trace_file(trace)
    read = read_trace(data)
    with Evidence(root, data_of(root, data_root), options.address()) as evidence:
        snapshot = evidence.snapshot(read.header.snapshot)
        timing = evidence.timing(read.header.run)
        doubt = judge(data, store=evidence.witness(read.header.run)).doubt
    say(told(read, snapshot, timing, doubt) if as_json else shown(read, snapshot, timing, doubt))
    sys.exit(ExitCode.SEAL if doubt else ExitCode.DONE)


@click.command()
@click.argument("trace", type=click.Path(path_type=Path), cls=options.Given)
@options.place
@options.trust
@options.kept
@click.option(
    "--level",
    type=click.Choice(("self-consistent", "complete", "anchored", "authentic", "witnessed")),
    default="anchored",
    show_default=True,
    help="How much has to be known.",
)
@options.as_json
@reporting
def verify(
    trace: Path,
    workspace: Path | None,
    data_root: Path | None,
    trust: Path | None,
    kept: tuple[str, ...],
    level: str,
    as_json: bool,
) -> None:
    """Check that nothing of a trace was changed.

    Its chain, its end, the snapshot, the store's own record; with --trust what keys have signed, with --kept what is
    kept elsewhere. TRACE is a .jsonl file, the folder that holds it, or a .casefile, which takes no store and no
    workspace. The exit code is 0 only at the level asked for.
    """
    from pgs_runtime.evidence.verify import LEVELS
    from pgs_runtime.examine.answers import judged, judgement

    if trace.suffix == ".casefile":
        verdict = _judged_alone(trace, trust, kept)
    else:
        root = root_of(workspace)
        verdict = _judged(trace, root, data_of(root, data_root), trust, kept)
    asked = LEVELS[level]
    say(judgement(verdict, asked) if as_json else judged(verdict, asked, trace_path(trace).stem))
    sys.exit(verdict.exit_code(asked))


@click.command("export")
@click.argument("id", metavar="ID")
@options.place
@options.picture
@options.as_json
@reporting
def export_run(id: str, workspace: Path | None, data_root: Path | None, picture: bool, as_json: bool) -> None:
    """Write the files of a run again.

    Those of the run ID of the store, to traces/ID/, as `run` did or could not.
    """
    from pgs_runtime.evidence.at_hand import Evidence
    from pgs_runtime.examine.answers import written
    from pgs_runtime.examine.export import write
    from pgs_runtime.trace.reading import trace_of

    root = root_of(workspace)
    with Evidence(root, data_of(root, data_root), options.address(), of_runs=True) as evidence:
        lines = evidence.lines(id)
        snapshot = evidence.snapshot(trace_of(lines).header.snapshot)
    say(written(write(root / "traces", lines, snapshot, picture), as_json))


def _judged(trace: Path, root: Path, data_root: Path, trust: Path | None, kept: tuple[str, ...]) -> Verdict:
    """What a workspace and its store know of a trace, and what keys and checkpoints tell."""
    from datetime import UTC, datetime

    from pgs_runtime.evidence.at_hand import Evidence
    from pgs_runtime.evidence.verify import verify

    data = trace_file(trace)
    with Evidence(root, data_root, options.address()) as evidence:
        if trust is None and not kept:
            return verify(data, evidence.knows, evidence.store)
        from pgs_runtime.evidence.covering import StoreCustody  # with what reads keys and checkpoints

        custody = StoreCustody(evidence.store, *_others(trust, kept), datetime.now(UTC))
        return verify(data, evidence.knows, evidence.store, custody=custody)


def _judged_alone(file: Path, trust: Path | None, kept: tuple[str, ...]) -> Verdict:
    """What a case file proves."""
    from datetime import UTC, datetime

    from pgs_runtime.evidence.casefile_judge import judge_casefile

    return judge_casefile(trace_file(file), *_others(trust, kept), datetime.now(UTC))


def _others(trust: Path | None, kept: tuple[str, ...]) -> tuple[Trust | None, list[Place]]:
    """Who is trusted, and where others keep checkpoints."""
    from pgs_runtime.evidence.keeping import source_of
    from pgs_snapshot.trust import read_trust

    return read_trust(trust) if trust is not None else None, [source_of(place) for place in kept]


def _signers(evidence: Evidence, run: Run) -> tuple[str, ...]:
    """The keys that the signatures of a run's snapshot say they are by."""
    snapshot = evidence.snapshot(run.request.snapshot)
    if snapshot is None or snapshot.sealed.signature is None:
        return ()
    from pgs_snapshot.endorsed import claimed  # with what reads signatures

    return claimed(snapshot.sealed)


def _following(evidence: Evidence, run: Run) -> tuple[str, ...]:
    """What can be done so that a live run goes on."""
    from pgs_runtime.examine.hints import hints
    from pgs_runtime.examine.reasons import Meaning
    from pgs_runtime.stores.port import LIVE
    from pgs_runtime.trace.reading import trace_of

    if run.status not in LIVE:
        return ()
    meaning = Meaning(evidence.snapshot(run.request.snapshot), run.request.workflow)
    return hints(trace_of(evidence.lines(run.id)), meaning)

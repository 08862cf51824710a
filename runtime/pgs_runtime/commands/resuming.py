"""`resume` without an id: every run that was left in the middle, one after the other; one in trouble keeps no other."""

from __future__ import annotations

import json
from pathlib import Path

from pgs_runtime.commands.surface import complain_of, error_of, say
from pgs_runtime.examine.answers import told_of, told_on_a_line
from pgs_runtime.examine.export import export
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.refusals import refusal_of
from pgs_runtime.runtime import Outcome, Runtime
from pgs_snapshot.seal import SealBroken
from pgs_snapshot.streams import output_to_error

ELSEWHERE = "R082"


def resume_all(runtime: Runtime, root: Path, picture: bool, as_json: bool) -> ExitCode:
    """Go on with every run that nobody moves, and tell of each that has moved or cannot.

    The exit code is that of the first that cannot. A store that breaks or stays busy ends it all.
    """
    code, moved, refused = ExitCode.DONE, list[dict[str, object]](), list[dict[str, object]]()
    for id in list(runtime.interrupted()):
        try:
            outcome = _resumed(runtime, id)
            if outcome is None:
                continue
            moved.append(told_of(outcome))
            if not as_json:
                say(told_on_a_line(outcome))
            export(runtime, root / "traces", id, picture)
        except (Refusal, SealBroken) as error:
            why = refusal_of(error)
            code = code or why.exit_code
            refused.append({"error": error_of(why), "trace_id": id})
            complain_of(why, within=id)
    with output_to_error():
        runtime.deliver()
    for id in runtime.reached():
        try:
            export(runtime, root / "traces", id, picture)
        except Refusal as unwritten:
            code = code or unwritten.exit_code
            refused.append({"error": error_of(unwritten), "trace_id": id})
            complain_of(unwritten, within=id)
    tell(moved, refused, as_json)
    return code


def tell(moved: list[dict[str, object]], refused: list[dict[str, object]], as_json: bool) -> None:
    """Say at the end what was not said of each run."""
    if as_json:
        say(json.dumps({"refused": refused, "runs": moved}, sort_keys=True))
    elif not moved and not refused:
        say("There is nothing to go on with.")


def _resumed(runtime: Runtime, id: str) -> Outcome | None:
    """How a run stands that was gone on with; None: there was nothing to do, or another process does it."""
    before = runtime.head(id)
    try:
        with output_to_error():
            outcome = runtime.resume(id)
    except Refusal as refused:
        if refused.code == ELSEWHERE:
            return None
        raise
    return outcome if runtime.head(id) != before else None

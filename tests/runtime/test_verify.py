"""What verify knows about a trace, and which change is seen at which level."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_runtime.evidence.verify import LEVELS, Level, Verdict, verify
from pgs_runtime.faults import ExitCode
from pgs_runtime.runtime import Runtime
from pgs_runtime.stores.memory import MemoryStore
from pgs_runtime.trace.lines import joined
from pgs_runtime.trace.record import FORMAT
from pgs_snapshot.values import Value
from tests.runtime.till import PAID, TOO_MUCH, left_by, open_till, paid, rechained

LINES = left_by(open_till(), "paid")
OTHER = left_by(open_till(), "twice")
FILE = joined(LINES)
SNAPSHOT = json.loads(LINES[0])["header"]["snapshot"]


def known(till: Runtime) -> Callable[[str], bool]:
    return lambda id: id == till.snapshot.id


UNASKED = ("log", "checkpoint", "witness")
"""The checks that take keys, or a place that keeps checkpoints."""


def found(verdict: Verdict) -> dict[str, str]:
    """What was found by the checks that take neither."""
    assert {check.found for check in verdict.checks if check.name in UNASKED} == {"not possible"}
    return {check.name: check.found for check in verdict.checks if check.name not in UNASKED}


def says(verdict: Verdict, name: str) -> str:
    (check,) = (check for check in verdict.checks if check.name == name)
    return check.says


# --- levels --------------------------------------------------------------------------------------


def test_an_untouched_trace_is_anchored_in_its_store() -> None:
    till = open_till()
    outcome = paid(till, PAID)
    verdict = verify(joined(till.trace(outcome.trace_id)), known(till), till.store)
    assert verdict.level is Level.ANCHORED
    assert set(found(verdict).values()) == {"held"}
    assert (verdict.run, verdict.lines, verdict.broken) == (outcome.trace_id, 6, 0)
    assert verdict.exit_code(Level.ANCHORED) == ExitCode.DONE


def test_without_a_store_a_trace_is_complete_at_most_and_says_what_was_not_asked() -> None:
    verdict = verify(FILE, lambda id: True)
    assert verdict.level is Level.COMPLETE
    assert found(verdict) == {"lines": "held", "end": "held", "snapshot": "held", "store": "not possible"}
    assert says(verdict, "store") == "No store was at hand to compare with."
    assert verdict.exit_code(Level.COMPLETE) == ExitCode.DONE
    assert verdict.exit_code(Level.ANCHORED) == ExitCode.SEAL


@pytest.mark.parametrize("knows", [None, lambda id: False])
def test_a_snapshot_that_is_not_known_keeps_a_trace_from_being_anchored(
    knows: Callable[[str], bool] | None,
) -> None:
    till = open_till()
    lines = till.trace(paid(till, PAID).trace_id)
    verdict = verify(joined(lines), knows, till.store)
    assert verdict.level is Level.COMPLETE
    assert (found(verdict)["snapshot"], found(verdict)["store"]) == ("not possible", "held")
    assert SNAPSHOT in says(verdict, "snapshot")


def test_a_run_that_the_store_does_not_know_is_not_anchored() -> None:
    verdict = verify(FILE, lambda id: True, MemoryStore())
    assert (verdict.level, found(verdict)["store"]) == (Level.COMPLETE, "failed")
    assert says(verdict, "store") == f"The store has no run `{verdict.run}`."


def test_levels_are_asked_for_by_name() -> None:
    assert list(LEVELS) == ["self-consistent", "complete", "anchored", "authentic", "witnessed"]


# --- what is seen without a store ----------------------------------------------------------------


def lines(change: Callable[[list[bytes]], object]) -> bytes:
    changed = list(LINES)
    change(changed)
    return joined(changed)


def replaced(number: int, old: bytes, new: bytes) -> bytes:
    assert old in LINES[number - 1]
    return lines(lambda all: all.__setitem__(number - 1, all[number - 1].replace(old, new, 1)))


def reordered(line: bytes) -> bytes:
    members = list(json.loads(line).items())
    return json.dumps(dict(reversed(members)), separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("data", "broken", "why"),
    [
        (replaced(3, b'"SUCCESS"', b'"FAILURE"'), 3, "was changed: its `digest` is that of another line"),
        (replaced(3, b'"digest":"', b'"digest":"0'), 3, "was changed: its `digest` is that of another line"),
        (lines(lambda all: all.pop(2)), 3, "does not have the number 2"),
        (lines(lambda all: all.pop(0)), 1, "does not have the number 0"),
        (lines(lambda all: all.insert(2, all.pop(3))), 3, "does not have the number 2"),
        (lines(lambda all: all.insert(3, all[2])), 4, "does not have the number 3"),
        (lines(lambda all: all.insert(3, OTHER[3])), 4, "belongs to another run"),
        (lines(lambda all: all.__setitem__(3, OTHER[3])), 4, "belongs to another run"),
        (lines(lambda all: all.append(b"{}")), 7, "does not have the number 6"),
        (lines(lambda all: all.__setitem__(2, reordered(all[2]))), 3, "another form than the canonical one"),
        (replaced(3, b'":"', b'": "'), 3, "another form than the canonical one"),
        (replaced(3, b'{"digest"', b'{"digest":"","digest"'), 3, "a key that its object holds twice"),
        (FILE.replace(b"\n", b"\r\n"), 1, "another form than the canonical one"),
        (FILE.replace(b"\n", b"\n\n"), 2, "is not JSON"),
        (b"\xef\xbb\xbf" + FILE, 1, "a byte order mark"),
        (FILE[:-1], 6, "has no end; the file was cut"),
        (FILE[:-40], 6, "has no end; the file was cut"),
        (b"", 1, "the file is empty"),
        (b"[1]\n", 1, "is no object"),
        (b'{"n":true}\n', 1, "does not have the number 0"),
    ],
)
def test_the_first_line_that_is_wrong_is_told_with_the_reason(data: bytes, broken: int, why: str) -> None:
    verdict = verify(data, lambda id: True, MemoryStore())
    assert (verdict.level, verdict.broken) == (Level.BROKEN, broken)
    assert found(verdict) == {
        "lines": "failed",
        "end": "not possible",
        "snapshot": "not possible",
        "store": "not possible",
    }
    assert says(verdict, "lines").startswith(f"Line {broken} ")
    assert why in says(verdict, "lines")
    assert verdict.exit_code(Level.SELF_CONSISTENT) == ExitCode.SEAL


@given(st.integers(0, len(FILE) * 8 - 1))
def test_no_flipped_bit_goes_unseen(bit: int) -> None:
    data = bytearray(FILE)
    data[bit // 8] ^= 1 << bit % 8
    assert verify(bytes(data)).level is Level.BROKEN


@pytest.mark.parametrize("left", range(1, 6))
def test_a_tail_that_was_cut_between_lines_leaves_a_trace_that_is_consistent_and_not_complete(
    left: int,
) -> None:
    verdict = verify(joined(LINES[:left]))
    assert (verdict.level, found(verdict)["end"]) == (Level.SELF_CONSISTENT, "failed")
    assert verdict.exit_code(Level.COMPLETE) == ExitCode.SEAL


@pytest.mark.parametrize("count", [5, 7, True, None])
def test_an_end_that_counts_other_lines_than_there_are_is_not_complete(count: Value) -> None:
    forged = rechained(LINES, lambda bodies: bodies[-1].update(lines=count))
    assert verify(joined(forged)).level is Level.SELF_CONSISTENT


@pytest.mark.parametrize(
    ("number", "members", "why"),
    [
        (1, {"format": "pgs-trace/9"}, f"has the format `pgs-trace/9`; this version reads `{FORMAT}`"),
        (1, {"run": "short"}, "is no header of a run"),
        (1, {"kind": "exit"}, "is of a kind that does not stand there"),
        (3, {"kind": "run"}, "is of a kind that does not stand there"),
        (4, {"kind": "exit"}, "stands after the end of the run"),
    ],
)
def test_lines_that_are_chained_and_still_no_trace_are_refused(
    number: int, members: dict[str, Value], why: str
) -> None:
    forged = rechained(LINES, lambda bodies: bodies[number - 1].update(members))
    verdict = verify(joined(forged))
    assert verdict.level is Level.BROKEN
    assert why in says(verdict, "lines")


# --- what only the store tells -------------------------------------------------------------------


def shorter(bodies: list[dict[str, Value]]) -> None:
    del bodies[2:4]
    bodies[-1]["lines"] = len(bodies)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda bodies: bodies[0]["header"].update(started="2020-01-01T00:00:00.000Z"),
            "has another line 1.",
        ),
        (lambda bodies: bodies[2].update(outcome="TOO_MUCH"), "has another line 3."),
        (shorter, "has another line 3."),
    ],
)
def test_an_edit_that_was_chained_again_is_complete_and_only_the_store_sees_it(
    change: Callable[[list[dict[str, Value]]], None], why: str
) -> None:
    till = open_till()
    genuine = till.trace(paid(till, PAID).trace_id)
    forged = joined(rechained(genuine, change))
    assert verify(forged).level is Level.COMPLETE
    verdict = verify(forged, known(till), till.store)
    assert (verdict.level, found(verdict)["store"]) == (Level.COMPLETE, "failed")
    assert says(verdict, "store") == f"The store {why}"
    assert verdict.exit_code(Level.ANCHORED) == ExitCode.SEAL


def test_a_trace_that_is_shorter_than_the_stores_is_told_by_its_count() -> None:
    till = open_till()
    genuine = till.trace(paid(till, TOO_MUCH).trace_id)
    verdict = verify(joined(genuine[:-1]), known(till), till.store)
    assert verdict.level is Level.SELF_CONSISTENT
    assert says(verdict, "store") == "The store has 4 lines of this run, and here are 3."


@given(st.binary(max_size=300))
def test_any_bytes_get_a_verdict(data: bytes) -> None:
    assert verify(data).level is Level.BROKEN

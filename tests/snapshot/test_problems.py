"""Why a value does not fit, in words that follow its place."""

from __future__ import annotations

from pgs_snapshot.problems import MAX_PROBLEMS, problems
from pgs_snapshot.validation import validator
from pgs_snapshot.values import Value

CLOSED = validator({"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": False})


def test_as_many_problems_as_may_be_told_are_told() -> None:
    stated: Value = {f"k{number:02}": 1 for number in range(MAX_PROBLEMS)}
    told = problems(CLOSED, stated)
    assert told == [{"at": f"/k{number:02}", "why": "is not declared"} for number in range(MAX_PROBLEMS)]


def test_beyond_that_it_is_said_how_many_more_there_are() -> None:
    stated: Value = {f"k{number:05}": 1 for number in range(50_000)}
    told = problems(CLOSED, stated)
    assert len(told) == MAX_PROBLEMS + 1
    assert told[-1] == {"at": "", "why": "has 49980 more that do not fit"}

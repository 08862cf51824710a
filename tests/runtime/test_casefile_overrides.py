"""A run that an override let in is shown by a case file only together with what granted the override."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from pgs_runtime.evidence.casefile import DOES_NOT_STATE, STATES, CaseFile, Granted, read_casefile, sentences, written
from pgs_runtime.evidence.casefile_judge import judge_casefile
from pgs_runtime.evidence.casefile_make import make_casefile, without_files
from pgs_runtime.evidence.custody import sign
from pgs_runtime.evidence.verify import LEVELS, Level
from pgs_runtime.runtime import Actor
from pgs_runtime.stores.port import Run, Store
from pgs_snapshot.canonical import canonical
from pgs_snapshot.trust import read_trust
from tests.runtime import second_verifier
from tests.runtime.custodian import NOW, OPERATOR, SECONDS, trust_in
from tests.runtime.test_casefile import flips
from tests.runtime.test_overrides import HEAD, Desk
from tests.runtime.till import rechained

OLGA = Actor(HEAD, "olga", {"floor": "first"})


@cache
def desk() -> tuple[Desk, dict[str, str]]:
    """A desk with its runs by name, and a checkpoint of all of them."""
    desk = Desk()
    gone = desk.grant(who=OLGA)
    runs = {
        "revoked": desk.runtime.revoke(gone, OLGA, "Enough"),
        "first": desk.grant(),
        "other": desk.grant("FEW", who=OLGA),
        "both": desk.ask(100, 100).trace_id,
        "small": desk.ask(100, 1).trace_id,
        "plain": desk.ask(1, 1).trace_id,
    }
    sign(desk.runtime.store, [OPERATOR], lambda: SECONDS)
    return desk, runs


def case_of(name: str) -> CaseFile:
    found, runs = desk()
    run = found.runtime.store.run(runs[name])
    assert run is not None
    return without_files(make_casefile(found.runtime.store, run, found.runtime.snapshot))


def granted_by(name: str) -> Granted:
    """What a run of the desk would show if it stood for a grant."""
    found, runs = desk()
    case = case_of(name)
    return Granted(found.runtime.store.lines(runs[name]), case.commit, case.points[0].inclusion)


def shown(*names: str) -> bytes:
    """The file of the run `both`, with these runs as what granted its overrides."""
    return written(replace(case_of("both"), overrides=tuple(map(granted_by, names))))


def body(change: Callable[[dict[str, Any]], object]) -> bytes:
    members = json.loads(written(case_of("both")))
    change(members)
    return canonical(members)


def forged(change: Callable[[list[dict[str, Any]]], None]) -> bytes:
    """The file with its first grant changed and chained again."""
    case = case_of("both")
    first = replace(case.overrides[0], lines=rechained(case.overrides[0].lines, change))
    return written(replace(case, overrides=(first, *case.overrides[1:])))


def told_otherwise() -> bytes:
    """The file of a run that names a grant under another rule, chained again; its own proof is lost with that."""
    case = case_of("both")
    lines = rechained(case.lines, lambda all: all[1]["overridden"][0].update(rule="OTHERS"))
    return written(replace(case, lines=lines))


def proofless() -> bytes:
    case = case_of("both")
    first = replace(case.overrides[0], inclusion=case.overrides[0].inclusion[1:])
    return written(replace(case, overrides=(first, *case.overrides[1:])))


CASES: dict[str, tuple[bytes, str, str]] = {
    "as it is": (written(case_of("both")), "authentic", "held"),
    "one override": (written(case_of("small")), "authentic", "held"),
    "none was used": (written(case_of("plain")), "authentic", ""),
    "of a grant itself": (written(case_of("first")), "authentic", ""),
    "what granted them is left out": (written(replace(case_of("both"), overrides=())), "complete", "not possible"),
    "one of two is left out": (shown("first"), "complete", "failed"),
    "one more": (shown("first", "other", "revoked"), "complete", "failed"),
    "one twice": (shown("first", "first"), "complete", "failed"),
    "in another order": (shown("other", "first"), "complete", "failed"),
    "a revocation in its place": (shown("revoked", "other"), "complete", "failed"),
    "a run in its place": (shown("small", "other"), "broken", ""),
    "of a run that used none": (
        written(replace(case_of("plain"), overrides=(granted_by("first"),))), "complete", "failed"
    ),
    "another reason": (forged(lambda all: all[1].update(reason="Because")), "complete", "failed"),
    "another rule": (forged(lambda all: all[1].update(rule="FEW")), "complete", "failed"),
    "another intent": (forged(lambda all: all[1].update(intent="desk::IN_OTHER_V0")), "complete", "failed"),
    "by another": (forged(lambda all: all[0]["header"]["actor"].update(id="ada")), "complete", "failed"),
    "another workflow": (forged(lambda all: all[0]["header"].update(workflow="pgs::X")), "complete", "failed"),
    "the header says more": (forged(lambda all: all[0]["header"].update(config={})), "complete", "failed"),
    "without end": (
        body(lambda all: all["overrides"][0].update(trace=all["overrides"][0]["trace"][:-1])), "complete", "failed"
    ),
    "a line of it is changed": (
        body(lambda all: all["overrides"][0]["trace"].__setitem__(1, all["overrides"][1]["trace"][1])),
        "complete",
        "failed",
    ),
    "told otherwise": (told_otherwise(), "complete", "failed"),
    "a proof is cut": (proofless(), "complete", "failed"),
    "another commit": (body(lambda all: all["overrides"][0].update(commit=1)), "complete", "failed"),
    "after the run": (body(lambda all: all["overrides"][0].update(commit=4)), "broken", ""),
    "a commit below 0": (body(lambda all: all["overrides"][0].update(commit=-1)), "broken", ""),
    "a commit that is none": (body(lambda all: all["overrides"][0].update(commit=False)), "broken", ""),
    "no lines": (body(lambda all: all["overrides"][0].update(trace=[])), "broken", ""),
    "two lines in one": (
        body(lambda all: all["overrides"][0].update(trace=["\n".join(all["overrides"][0]["trace"])])), "broken", ""
    ),
    "an unknown member": (body(lambda all: all["overrides"][0].update(more=1)), "broken", ""),
    "an empty list": (body(lambda all: all.update(overrides=[])), "broken", ""),
    "no list": (body(lambda all: all.update(overrides=1)), "broken", ""),
    "a hash that is none": (body(lambda all: all["overrides"][0].update(inclusion=["AAAA"])), "broken", ""),
    "without log": (body(lambda all: [all.pop("log"), all.update(keys=[])]), "broken", ""),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trust_in(tmp_path_factory.mktemp("trust") / "trust")


@pytest.mark.parametrize("name", CASES)
def test_no_file_is_authentic_that_does_not_show_the_overrides_of_its_run(name: str, folder: Path) -> None:
    data, level, found = CASES[name]
    verdict = judge_casefile(data, read_trust(folder), (), NOW)
    assert verdict.level.label == level
    if verdict.level is not Level.BROKEN:
        assert [check.found for check in verdict.checks if check.name == "override"] == ([found] if found else [])


@pytest.mark.parametrize("name", CASES)
def test_a_second_verifier_finds_the_same(name: str, folder: Path) -> None:
    data, level, _ = CASES[name]
    assert second_verifier.verdict(data, second_verifier.Trust(folder), NOW.timestamp()) == level


def test_two_verifiers_agree_about_flipped_bits(folder: Path) -> None:
    data, level, _ = CASES["as it is"]
    trust, known = read_trust(folder), second_verifier.Trust(folder)
    for flipped in flips(data, Random(1), 80):  # noqa: S311 no secret
        first = judge_casefile(flipped, trust, (), NOW).level.label
        assert first == second_verifier.verdict(flipped, known, NOW.timestamp())
        assert LEVELS.get(first, Level.BROKEN) <= LEVELS[level]


def test_what_is_shown_of_overrides_is_said_and_what_is_not(folder: Path) -> None:
    whole, bare = read_casefile(CASES["as it is"][0]), read_casefile(CASES["what granted them is left out"][0])
    assert len(whole.overrides) == 2
    assert written(whole) == CASES["as it is"][0]
    shown, not_shown = dict(STATES)["overrides"], dict(DOES_NOT_STATE)
    assert shown in sentences(whole)[0]
    assert not_shown["overrides"] in sentences(whole)[1]
    assert shown not in sentences(bare)[0]
    assert not_shown["no overrides"] in sentences(bare)[1]
    assert not {shown, *(not_shown[fact] for fact in ("overrides", "no overrides"))} & {
        *sentences(case_of("plain"))[0],
        *sentences(case_of("plain"))[1],
    }
    verdict = judge_casefile(written(bare), read_trust(folder), (), NOW)
    (check,) = (check for check in verdict.checks if check.name == "override")
    assert check.says == "What granted the overrides that let the request in is not in the file."


def test_no_override_comes_into_a_file_where_the_store_has_lost_it() -> None:
    found, runs = desk()
    run = found.runtime.store.run(runs["both"])
    assert run is not None
    lost = cast("Store", _Without(found.runtime.store, runs["other"]))
    assert make_casefile(lost, run, found.runtime.snapshot).overrides == ()


class _Without:
    """A store that has lost a run."""

    def __init__(self, store: Store, lost: str) -> None:
        self._store = store
        self._lost = lost

    def run(self, id: str) -> Run | None:
        return None if id == self._lost else self._store.run(id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

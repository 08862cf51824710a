"""Case files: what each level takes, every change of one, and a second verifier that finds the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pgs_runtime.evidence.casefile import (
    DOES_NOT_STATE,
    STATES,
    CaseFile,
    NotACaseFile,
    read_casefile,
    sentences,
    written,
)
from pgs_runtime.evidence.casefile_judge import judge_casefile
from pgs_runtime.evidence.casefile_make import make_casefile, write_casefile
from pgs_runtime.evidence.custody import sign
from pgs_runtime.evidence.verify import LEVELS, Level, Verdict
from pgs_runtime.faults import ExitCode, Refusal
from pgs_runtime.stores.port import Head, LogEntry
from pgs_snapshot.notes import cosigned, read_note
from pgs_snapshot.trust import Trust, read_trust
from tests.runtime import second_judge, second_verifier
from tests.runtime.casefiles import Kept, Shelf, corpus, endorsed, envelopes, grown, signed_by, unsigned
from tests.runtime.custodian import AUTHOR, NOTARY, NOW, OPERATOR, SECONDS, trust_in, trusted
from tests.runtime.till import PAID, open_till, paid
from tests.snapshot.trusted import write_policy

CORPUS, ENVELOPES = corpus(), envelopes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trust_in(tmp_path_factory.mktemp("custody") / "trust")


@pytest.fixture(scope="module")
def trust(folder: Path) -> Trust:
    return read_trust(folder)


def judged(data: bytes, trust: Trust | None, kept: Kept = ()) -> Verdict:
    places = [Shelf(read_note(text.encode())) for text in kept]
    return judge_casefile(data, trust, places, NOW)


def found(verdict: Verdict, name: str) -> tuple[str, str]:
    (check,) = (check for check in verdict.checks if check.name == name)
    return check.found, check.says


@pytest.mark.parametrize("name", CORPUS)
def test_trc_01_to_04_every_change_is_found_at_the_level_that_promises_it(name: str, trust: Trust) -> None:
    data, kept, level = CORPUS[name]
    verdict = judged(data, trust, kept)
    assert verdict.level.label == level
    asked = Level.WITNESSED
    assert (verdict.exit_code(asked) == ExitCode.DONE) == (level == "witnessed")


@pytest.mark.parametrize("name", CORPUS)
def test_a_second_verifier_that_was_written_from_the_documents_finds_the_same(name: str, folder: Path) -> None:
    data, kept, level = CORPUS[name]
    assert second_verifier.verdict(data, second_verifier.Trust(folder), NOW.timestamp(), kept) == level


@pytest.mark.parametrize("name", ["cosigned", "two checkpoints", "with the files of the snapshot", "no checkpoint"])
def test_two_verifiers_agree_about_flipped_bits(name: str, trust: Trust, folder: Path) -> None:
    data, kept, level = CORPUS[name]
    known = second_verifier.Trust(folder)
    for flipped in flips(data, Random(name), 60):  # noqa: S311 no secret
        first = judged(flipped, trust, kept).level.label
        assert first == second_verifier.verdict(flipped, known, NOW.timestamp(), kept)
        assert LEVELS.get(first, Level.BROKEN) <= LEVELS[level]


def flips(data: bytes, random: Random, count: int) -> Iterator[bytes]:
    for bit in (random.randrange(len(data) * 8) for _ in range(count)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def test_the_second_verifier_is_small_and_takes_the_standard_library_alone() -> None:
    text = Path(second_verifier.__file__).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    assert not re.search(r"^\s*(?:import|from) (?:pgs|cryptography)", text, re.MULTILINE)
    assert re.findall(r"^\s*(?:import|from) tests\.(\S+)", text, re.MULTILINE) == ["runtime.rfc8032"]
    judge = Path(second_judge.__file__).read_text(encoding="utf-8")
    assert len(judge.splitlines()) <= 40
    assert re.findall(r"^(?:import|from) (\S+)", judge, re.MULTILINE) == [
        "json",
        "tests.runtime.rfc8032",
        "tests.runtime.second_verifier",
    ]


def test_trc_03_without_keys_no_file_is_more_than_complete(trust: Trust) -> None:
    for name, (data, kept, level) in CORPUS.items():
        verdict = judged(data, None, kept)
        assert verdict.level <= Level.COMPLETE, name
        assert (verdict.level < Level.COMPLETE) == (level in ("broken", "self-consistent")), name
    assert found(judged(CORPUS["signed"][0], None), "checkpoint") == (
        "not possible",
        "No keys were at hand to judge signatures with: `--trust DIR` names them.",
    )


@pytest.mark.parametrize(
    ("name", "check", "says"),
    [
        ("wrong key", "checkpoint", "The checkpoint of 2 commits is signed by no key that is trusted here."),
        ("a key of another role", "checkpoint", "`author`, which is not trusted for checkpoints"),
        ("expired key", "checkpoint", "by `retired` after its time, which ended at 2026-01-01T00:00:00Z"),
        ("revoked key", "checkpoint", "by `lost`, which was revoked as of 2026-01-01T00:00:00Z"),
        ("all signed at a time to come", "checkpoint", "says that it was signed at a time that is still to come"),
        ("re-chained", "log", "The proof does not show this last line to be commit 1 of 3."),
        ("no proof of growth", "log", "The proof does not show that the log only grew from 3 commits to 5."),
        ("forked from what is kept elsewhere", "log", "Another log of 5 commits is kept at `shelf`: it has forked."),
        ("the manifest of another snapshot", "snapshot", "The manifest is that of another snapshot"),
        ("a file of the snapshot is dropped", "snapshot", "`project.json` is missing"),
        ("a sentence is added", "file", "The file says other than what it holds."),
    ],
)
def test_what_is_wrong_is_said(name: str, check: str, says: str, trust: Trust) -> None:
    data, kept, _ = CORPUS[name]
    outcome, told = found(judged(data, trust, kept), check)
    assert outcome == "failed"
    assert says in told


def test_what_holds_is_said(trust: Trust) -> None:
    verdict = judged(*(CORPUS["kept elsewhere"][0], trust, CORPUS["kept elsewhere"][1]))
    assert found(verdict, "log") == (
        "held",
        "Commit 1 of 3 is this run's with this last line, and the log only grew from 3 to 5.",
    )
    assert found(verdict, "witness") == ("held", "The checkpoint of 3 commits is kept at `shelf`.")
    cosigned = judged(CORPUS["cosigned"][0], trust)
    assert found(cosigned, "witness") == ("held", "The checkpoint of 2 commits is cosigned by `notary`.")
    assert (verdict.run, verdict.lines) == (grown().run, 6)


# --- the signatures of the snapshot ---------------------------------------------------------------


@pytest.mark.parametrize("name", ENVELOPES)
def test_the_signatures_of_the_snapshot_are_a_check_of_their_own_and_decide_no_level(
    name: str, trust: Trust, folder: Path
) -> None:
    data, outcome, says = ENVELOPES[name]
    verdict = judged(data, trust)
    assert found(verdict, "signature") == (outcome, says)
    assert second_judge.signature(data, second_verifier.Trust(folder), NOW.timestamp()) == outcome
    snapshot, _ = found(verdict, "snapshot")
    assert verdict.level is (Level.WITNESSED if snapshot == "held" else Level.COMPLETE)


def test_without_keys_a_signature_of_another_snapshot_is_told_and_no_other_is_judged() -> None:
    alone = {name: found(judged(data, None), "signature")[0] for name, (data, _, _) in ENVELOPES.items()}
    assert {name for name, outcome in alone.items() if outcome == "failed"} == {
        "none at all",
        "of another snapshot",
        "with another compiler",
    }
    assert "held" not in alone.values()


@pytest.mark.parametrize(
    ("policy", "outcome", "says"),
    [
        ({"roles": {}}, "not possible", "`policy.json` says nothing about the role `snapshot`."),
        (
            {"roles": {"snapshot": {"not_after": "ignored", "required": True, "threshold": 2}}},
            "failed",
            "1 of the 2 holders that the policy demands have signed: `author`.",
        ),
        (
            {"roles": {"snapshot": {"not_after": "required", "required": True, "threshold": 1}}},
            "failed",
            "The statement has no last moment, and the policy demands one.",
        ),
        ({"versions": {"till": 2}}, "failed", "Version 1 of `till` is older than the policy lets run: 2 or later."),
        ({"pins": {"till": ["0" * 64]}}, "failed", "`till` is none of the snapshots that the policy pins: found "),
    ],
)
def test_the_policy_of_whoever_reads_a_case_file_is_kept_to(
    policy: dict[str, Any], outcome: str, says: str, tmp_path: Path
) -> None:
    folder = trust_in(tmp_path / "trust")
    write_policy(folder, **policy)
    data = written(endorsed(AUTHOR))
    first, told = found(judged(data, read_trust(folder)), "signature")
    assert (first, told[: len(says)]) == (outcome, says)
    assert second_judge.signature(data, second_verifier.Trust(folder), NOW.timestamp()) == outcome


# --- what is in it -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [name for name, (_, _, level) in CORPUS.items() if level in ("authentic", "witnessed")]
)
def test_what_was_written_is_read_again(name: str) -> None:
    data = CORPUS[name][0]
    assert written(read_casefile(data)) == data


@pytest.mark.parametrize(
    ("case", "facts"),
    [
        (unsigned(), {"ended", "manifest", "no files", "no envelope", "no checkpoint", "not cosigned"}),
        (
            grown(with_files=True),
            {"ended", "manifest", "files", "no envelope", "checkpoint", "checkpoints", "not cosigned"},
        ),
        (signed_by(witness=NOTARY), {"ended", "manifest", "no files", "no envelope", "checkpoint", "cosigned"}),
        (endorsed(AUTHOR), {"ended", "manifest", "no files", "envelope", "checkpoint", "cosigned"}),
        (
            CaseFile(unsigned().lines[:-1], unsigned().run, 0, (), None, None, {}, ()),
            {"open", "no manifest", "no files", "no envelope", "no checkpoint", "not cosigned"},
        ),
    ],
)
def test_what_a_file_states_and_does_not_is_computed_from_what_is_in_it(case: CaseFile, facts: set[str]) -> None:
    stated, unstated = sentences(case)
    assert stated == [says for fact, says in STATES if fact in {"always", *facts}]
    assert unstated == [says for fact, says in DOES_NOT_STATE if fact in {"always", *facts}]
    said = json.loads(written(case))
    assert (said["states"], said["does_not_state"]) == (stated, unstated)


def test_a_file_without_signature_states_nothing_about_signatures_or_witnesses() -> None:
    stated, _ = sentences(unsigned())
    assert not re.search("key|checkpoint|witness|log|signed", " ".join(stated))


def test_the_sentences_are_those_of_the_document() -> None:
    page = (Path(__file__).parents[2] / "docs" / "custody.md").read_text(encoding="utf-8")
    for head, table in (("| states, if | |", STATES), ("| does not state, if | |", DOES_NOT_STATE)):
        part = page.partition(head)[2].partition("\n\n")[0]
        assert tuple(re.findall(r"^\| ([a-z ]+) \| (.+) \|$", part, re.MULTILINE)) == table


def test_cosignatures_that_are_kept_elsewhere_come_into_the_file_with_their_keys(tmp_path: Path) -> None:
    till = open_till()
    run = till.store.run(paid(till, PAID).trace_id)
    assert run is not None
    note = sign(till.store, [OPERATOR], lambda: SECONDS).note
    shelf = Shelf(cosigned(note, NOTARY, SECONDS))
    case = make_casefile(till.store, run, till.snapshot, [shelf], trusted(tmp_path / "trust"))
    assert [(role, key.id) for role, key in case.keys] == [
        ("checkpoint", OPERATOR.public.id),
        ("witness", NOTARY.public.id),
    ]
    assert len(case.points) == 1
    assert read_casefile(written(case)) == case


def test_no_file_is_made_of_a_log_that_contradicts_a_checkpoint() -> None:
    till = open_till()
    run = till.store.run(paid(till, PAID).trace_id)
    paid(till, PAID)
    sign(till.store, [OPERATOR], lambda: SECONDS)
    entry = till.store.inner._log[1]  # type: ignore[attr-defined]
    till.store.inner._log[1] = LogEntry(1, entry.run, Head(9, "0" * 64))  # type: ignore[attr-defined]
    assert run is not None
    with pytest.raises(Refusal) as caught:
        make_casefile(till.store, run, till.snapshot)
    assert (caught.value.code, caught.value.exit_code) == ("R121", ExitCode.SEAL)


def test_a_case_file_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "one.casefile"
    write_casefile(unsigned(), file)
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Refusal) as caught:
        write_casefile(grown(), file)
    assert (caught.value.code, caught.value.exit_code) == ("R129", ExitCode.OUTPUT)
    assert file.read_bytes() == written(unsigned())
    with pytest.raises(Refusal):
        write_casefile(grown(), tmp_path / "none" / "one.casefile")


def test_a_line_is_no_two_lines() -> None:
    members = json.loads(written(unsigned()))
    members["trace"] = ["\n".join(members["trace"])]
    with pytest.raises(NotACaseFile):
        read_casefile(json.dumps(members, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode())

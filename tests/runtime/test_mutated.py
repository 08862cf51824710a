"""What was written is changed in its structure, and written again as if it had been so: never a way up, never a crash.

Whatever comes of it is a verdict or a refusal; no verdict is better than that of what was changed; and two verifiers
agree about case files.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgs_runtime.evidence.casefile import DOES_NOT_STATE, STATES, written
from pgs_runtime.evidence.casefile_judge import judge_casefile
from pgs_runtime.evidence.verify import Level, verify
from pgs_runtime.evidence.witness import read_bundle
from pgs_runtime.faults import Refusal
from pgs_runtime.refusals import HANDLED
from pgs_runtime.replay.against_texts import tried_json, tried_text
from pgs_runtime.replay.archive import Filed, against
from pgs_runtime.replay.contrast import contrast
from pgs_runtime.replay.diff_texts import contrast_json, contrast_text
from pgs_runtime.replay.replay import replay
from pgs_runtime.replay.replay_texts import replayed_json, replayed_text
from pgs_runtime.replay.workbench import trying
from pgs_runtime.runtime import Runtime
from pgs_runtime.trace.lines import joined
from pgs_runtime.trace.reading import trace_of
from pgs_snapshot.canonical import canonical
from pgs_snapshot.dsse import EnvelopeRefused, read_envelope
from pgs_snapshot.endorsed import judge
from pgs_snapshot.notes import NotANote, checkpoint_of, cosigned_at, is_signed, read_note
from pgs_snapshot.seal import SIGNATURE, SealBroken
from pgs_snapshot.seal import verify as sealed
from pgs_snapshot.trust import TrustRefused, read_trust
from tests.durable.ward import ward_of
from tests.runtime import second_judge, second_verifier, till
from tests.runtime.casefiles import corpus, endorsed, grown, signed_by, unsigned
from tests.runtime.custodian import AUTHOR, NOTARY, NOW, OPERATOR, trust_in
from tests.runtime.desk import desk, order, place
from tests.runtime.mutated import Step, changed, steps
from tests.snapshot.trusted import rotate


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trust_in(tmp_path_factory.mktemp("mutated") / "trust")


# --- traces --------------------------------------------------------------------------------------


@cache
def recorded() -> list[tuple[Runtime, str]]:
    """Runs of every kind, by the runtime that made them."""
    runtime, made = till.open_till(), desk()
    runs = [(runtime, till.paid(runtime, payment).trace_id) for name in till.RUNS for payment in till.RUNS[name]]
    payloads = [order("a", 4), order("b", 101), order("c", -1), order("d", how="fail"), {"id": "e"}]
    runs += [(made, place(made, payload).trace_id) for payload in payloads]
    for name in ("treated", "taken_back", "round_ended", "cancelled", "told_by_a_run"):
        runs.append((ward_of(name).runtime, ward_of(name).run))
    return runs


@given(st.integers(0, 2**16), steps())
def test_trc_01_a_trace_that_was_changed_and_chained_again_is_refused_or_judged_by_every_command(
    which: int, made: list[Step]
) -> None:
    runtime, run = recorded()[which % len(recorded())]
    lines = runtime.trace(run)
    mutated = rechained(changed([json.loads(line) for line in lines], made))
    data = joined(mutated)
    alone = verify(data, lambda id: True)
    assert alone.level <= Level.COMPLETE
    beside = verify(data, lambda id: True, runtime.store)
    assert mutated == lines or beside.level <= Level.COMPLETE
    if alone.level is Level.BROKEN:
        return
    with trying(runtime.snapshot, runtime.store) as bench:
        for store in (None, runtime.store):
            tried = against(bench, iter([Filed(data, store)]), lambda id: bench)
            assert tried_text(tried)
            assert tried_json(tried)
    with suppress(Refusal):
        fingerprint = trace_of(mutated).header.fingerprint
        found = [contrast(lines, mutated), contrast(mutated, lines)]
        assert all(contrast_text(each) and contrast_json(each) for each in found)
        for store in (None, runtime.store):
            with suppress(*HANDLED):
                again = replay(mutated, lambda id: runtime.snapshot, store, fingerprint)
                assert replayed_text(again)
                assert replayed_json(again)


def rechained(bodies: Any) -> tuple[bytes, ...]:
    """As the lines of one run, with numbers and digests that fit, as far as these are lines."""
    with suppress(AttributeError, IndexError, KeyError, TypeError):
        return till.rechained([canonical(body) for body in bodies], lambda all: None)
    return (canonical(bodies),)


# --- case files ----------------------------------------------------------------------------------


@cache
def cases() -> list[bytes]:
    kept = [grown(with_files=True), grown(), unsigned(), signed_by(witness=NOTARY), endorsed(AUTHOR)]
    return [*map(written, kept), corpus()["two keys"][0]]


@given(st.integers(0, 2**16), steps(), st.booleans())
def test_trc_04_two_verifiers_agree_about_every_case_file_that_was_changed(
    folder: Path, which: int, made: list[Step], fitting: bool
) -> None:
    data = cases()[which % len(cases())]
    mutated = folded(changed(unfolded(data), made), fitting)
    first = judge_casefile(mutated, read_trust(folder), [], NOW)
    trust = second_verifier.Trust(folder)
    assert second_verifier.verdict(mutated, trust, NOW.timestamp()) == first.level.label
    assert first.level <= judge_casefile(data, read_trust(folder), [], NOW).level
    if first.level is not Level.BROKEN:
        (signature,) = (check.found for check in first.checks if check.name == "signature")
        assert second_judge.signature(mutated, trust, NOW.timestamp()) == signature


def unfolded(data: bytes) -> Any:
    """A case file with what stands in it as text laid open."""
    case = json.loads(data)
    case["trace"] = [json.loads(line) for line in case["trace"]]
    case["snapshot"]["manifest"] = json.loads(case["snapshot"]["manifest"])
    if "envelope" in case["snapshot"]:
        case["snapshot"]["envelope"] = json.loads(case["snapshot"]["envelope"])
    for point in case.get("log", {"checkpoints": []})["checkpoints"]:
        point["note"] = point["note"].split("\n")
    return case


def folded(case: Any, fitting: bool) -> bytes:
    """The file again; `fitting`: chained again, and with the sentences that its members call for."""
    with suppress(AttributeError, IndexError, KeyError, TypeError):
        lines = rechained(case["trace"]) if fitting else map(canonical, case["trace"])
        case["trace"] = [line.decode() for line in lines]
        for name in {"manifest", "envelope"} & case.get("snapshot", {}).keys():
            case["snapshot"][name] = canonical(case["snapshot"][name]).decode()
        for point in case.get("log", {"checkpoints": []})["checkpoints"]:
            point["note"] = "\n".join(point["note"])
        if fitting:
            facts = facts_of(case)
            for member, table in (("states", STATES), ("does_not_state", DOES_NOT_STATE)):
                case[member] = [says for fact, says in table if fact in facts]
    return canonical(case)


def facts_of(case: Any) -> set[str]:
    ended = json.loads(case["trace"][-1])["kind"] in ("exit", "fault", "cancelled")
    points, snapshot = case.get("log", {"checkpoints": []})["checkpoints"], case.get("snapshot", {})
    held = {name: name in snapshot for name in ("manifest", "files", "envelope")} | {"checkpoint": bool(points)}
    facts = {name if there else f"no {name}" for name, there in held.items()}
    cosigned = any("pgs-witness" in point["note"] for point in points)
    more = {"checkpoints"} if len(points) > 1 else set[str]()
    return {"always", "ended" if ended else "open", "cosigned" if cosigned else "not cosigned", *facts, *more}


# --- envelopes, notes, trust directories, proofs --------------------------------------------------


@given(steps())
def test_seal_09_an_envelope_that_was_changed_is_refused_or_counts_for_no_more(folder: Path, made: list[Step]) -> None:
    good = endorsed(AUTHOR)
    assert good.envelope is not None
    envelope = json.loads(good.envelope)
    mutated = canonical(changed(envelope, made))
    files = {**till.open_till().snapshot.sealed.files(), SIGNATURE: mutated}
    with suppress(EnvelopeRefused):
        read_envelope(mutated)
    with suppress(SealBroken):
        signers = judge(sealed(files), read_trust(folder), NOW)
        assert [key.name for key in signers] == ["author"]
        # What stays is the signature and what it is over; the rest of the list, and every `keyid`, is a hint.
        assert json.loads(mutated)["payload"] == envelope["payload"]


@given(steps())
def test_trc_04_a_checkpoint_that_was_changed_is_none_or_is_signed_by_nobody(made: list[Step]) -> None:
    (point,) = signed_by(OPERATOR, witness=NOTARY).points
    lines = changed(point.note.data().decode().split("\n"), made)
    mutated = "\n".join(map(str, lines)).encode()
    with suppress(NotANote):
        note = read_note(mutated)
        assert note.data() == mutated
        for origin in {point.checkpoint.origin, checkpoint_of(note.text).origin}:
            assert note.text == point.note.text or not is_signed(note, origin, OPERATOR.public)
        assert note.text == point.note.text or not cosigned_at(note, NOTARY.public)
    with suppress(Refusal):
        assert read_bundle(b"old 0\n\n" + mutated).note.data() == mutated


_NUMBERS = count()


@given(st.integers(0, 2**16), steps())
def test_seal_09_a_trust_directory_that_was_changed_is_refused_or_trusts_what_it_says(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, which: int, made: list[Step]
) -> None:
    place = tmp_path_factory.getbasetemp() / f"trust-{next(_NUMBERS)}"
    shutil.copytree(folder, place)
    rotate(place, OPERATOR, NOTARY, ("checkpoint",), since="2025-01-01")
    files = sorted(path for path in place.rglob("*.json"))
    file = files[which % len(files)]
    mutated = changed(json.loads(file.read_bytes()), made)
    file.write_bytes(canonical(mutated))
    with suppress(TrustRefused):
        level = judge_casefile(cases()[3], read_trust(place), [], NOW).level
        assert Level.COMPLETE <= level <= Level.WITNESSED
    shutil.rmtree(place)

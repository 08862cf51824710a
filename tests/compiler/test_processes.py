"""Contexts, processes and audits in a compiled snapshot: what they lower to, hide, prove, and how versions differ.

The cases CTX-07, CTX-08 and GATE-05 of the reliability list are here by their numbers.
"""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from pgs_compiler.changes.compare import compare
from pgs_compiler.compiler import Compilation, compile_workspace
from pgs_compiler.findings import Finding
from pgs_snapshot.model import ProcessNode
from pgs_snapshot.proofs import confirm
from pgs_snapshot.seal import Sealed, verify
from pgs_snapshot.sealed_code.modules import SealedModules
from pgs_snapshot.snapshot import Snapshot

BANK = Path(__file__).parents[1] / "bank"
CASES = Path(__file__).parent / "cases"
TILL = Path(__file__).parent / "programs" / "till"


@cache
def compiled(folder: Path) -> Compilation:
    return compile_workspace(folder)


def sealed(folder: Path) -> Sealed:
    files = compile_workspace(folder).files
    assert files is not None
    return verify(files)


def snapshot(folder: Path) -> Snapshot:
    files = compiled(folder).files
    assert files is not None
    return Snapshot(verify(files))


def finding(case: str) -> Finding:
    (found,) = compile_workspace(CASES / case, (CASES / case / "input.yaml",)).findings
    return found


def changed(tmp_path: Path, old: str, new: str) -> list[tuple[str, str]]:
    """What differs once a text of the till's declarations is another, by weight."""
    copy = tmp_path / "till"
    shutil.copytree(TILL, copy, ignore=shutil.ignore_patterns("__pycache__"))
    file = copy / "declarations.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return [(change.weight, f"{change.name}: {change.what}") for change in compare(sealed(TILL), sealed(copy))]


# --- what is sealed ------------------------------------------------------------------------------


def test_the_bank_of_the_tests_compiles_without_a_finding() -> None:
    assert compiled(BANK).findings == ()


def test_a_process_node_has_its_session_its_inputs_and_an_edge_for_each_outcome() -> None:
    node = next(node for node in snapshot(BANK).graph("bank::WF_TRANSFER_V0").nodes if node.id == "transfer")
    assert isinstance(node, ProcessNode)
    assert node.process == "bank::PC_TRANSFER_V0"
    assert sorted(node.inputs) == ["amount", "from_user", "to_user"]
    assert {outcome: edge.to for outcome, edge in node.next.items()} == {
        "SUCCESS": "look",
        "VIOLATION": "impossible",
        "BLOCKED": "blocked",
    }


def test_a_process_is_one_step_and_as_many_effects_as_it_writes_fields() -> None:
    bounds = snapshot(BANK).graph("bank::WF_TRANSFER_V0").bounds
    assert (bounds.nodes, bounds.steps, bounds.effects) == (4, 2, 3)


def test_audits_add_up_in_the_order_of_their_names() -> None:
    gate = snapshot(TILL).process("till::PC_TAKE_BACK_V0").gate
    assert gate is not None
    assert [(rule.field, rule.condition, rule.value) for rule in gate.inputs] == [
        ("args.price", "min", 0),
        ("args.price", "max", 100),
    ]
    assert [(rule.recipe, rule.level) for rule in gate.outputs] == [
        ("till::AR_TAKE_BACK_V0", "C"),
        ("till::AR_TAKE_BACK_V1", "A"),
    ]
    assert [rule.blocks for rule in (*gate.inputs, *gate.outputs)] == [True, True, False, False]


def test_contracts_and_intents_have_their_gates() -> None:
    till = snapshot(TILL)
    contract, intent = till.contract("till::CC_NOTE_V0"), till.intent("till::IN_CORRECT_V0")
    assert contract.gate is not None
    assert intent.gate is not None
    assert contract.gate.blocks
    assert "BLOCKED" in contract.outcomes
    assert [rule.field for rule in intent.gate.inputs] == ["actor.id"]


@pytest.mark.parametrize("reference", ["bank.processes:transfer", "bank.processes:balance"])
def test_the_sealed_function_of_a_process_can_be_loaded_where_only_what_computes_is_reached(reference: str) -> None:
    files = compiled(BANK).files
    assert files is not None
    assert callable(SealedModules.of(verify(files), pure=True).load(reference))


def test_a_field_a_part_and_a_signal_stand_as_they_were_declared() -> None:
    process = snapshot(TILL).process("till::PC_RING_UP_V0")
    assert process.reads == ("domain.cashier.name", "global.most")
    assert process.written == ("domain.lines", "domain.sig_full", "domain.total")
    assert process.seen == (*("domain.cashier", "domain.lines", "domain.sig_full", "domain.total"), "global.most")
    zones = {path: field.zone for path, field in snapshot(TILL).context("till::CX_TILL_V0").fields.items()}
    assert zones["domain.sig_full"] == "signal"
    assert set(zones.values()) == {"data", "signal"}


# --- labels and proofs ---------------------------------------------------------------------------


def test_what_a_process_sees_is_hidden_in_all_that_it_changes_and_gives() -> None:
    hidden = snapshot(TILL).graph("till::WF_OPEN_V0").hidden
    assert hidden["sign_in"] == ("/delta/domain.cashier", "/hydrate/domain.cashier", "/inputs/name")
    assert "/outputs/SUCCESS" in hidden["ring_up"]
    assert "/delta/domain.total" in hidden["ring_up"]


def test_what_is_proven_of_processes_is_confirmed_from_the_snapshot_alone() -> None:
    confirmed = confirm(snapshot(TILL))
    assert [proof.requirement for proof in confirmed] == [0, 1, 2, 3, 4]


# --- versions ------------------------------------------------------------------------------------


def test_a_rule_that_moves_to_another_line_changes_nothing(tmp_path: Path) -> None:
    assert changed(tmp_path, "audit: till::AR_TAKE_BACK_V0", "# a remark\naudit: till::AR_TAKE_BACK_V0") == []


def test_another_limit_of_a_rule_is_told(tmp_path: Path) -> None:
    found = changed(tmp_path, "max: 100,", "max: 200,")
    rule = "till::PC_TAKE_BACK_V0: the rule `args.price max: {}` of `till::AR_TAKE_BACK_V0` for what comes in is {}"
    assert found == [("behaviour", rule.format(100, "gone")), ("behaviour", rule.format(200, "new"))]


def test_another_default_of_a_field_is_told(tmp_path: Path) -> None:
    found = changed(tmp_path, "most: {type: integer, default: 1000}", "most: {type: integer, default: 900}")
    assert found == [("behaviour", "till::CX_TILL_V0: `global.most` begins with another value")]


def test_a_field_of_another_type_breaks_what_is_kept(tmp_path: Path) -> None:
    found = changed(
        tmp_path, "most: {type: integer, default: 1000}", "most: {type: integer, maximum: 1000, default: 1000}"
    )
    assert [weight for weight, _ in found] == ["breaking"]


# --- the reliability list ------------------------------------------------------------------------


def test_ctx_07_a_process_without_a_contract_cannot_be_compiled() -> None:
    assert finding("D202-process-without-a-context").message == "This process lacks `context`."
    named = finding("P752-what-is-not-declared-to-be-written")
    assert (named.code, named.severity) == ("P752", "error")


@pytest.mark.parametrize("case", ["P710-everything", "P710-all-but-one", "P710-whole-layer", "D203-path-of-nothing"])
def test_ctx_08_no_contract_grants_what_nobody_has_named(case: str) -> None:
    found = finding(case)
    assert (found.code, found.severity) == (case.partition("-")[0], "error")
    assert found.place is not None
    assert found.place.line == 16


def test_gate_05_an_unknown_level_is_refused_with_its_place() -> None:
    found = finding("D205-level-of-an-audit")
    assert found.message == "`level` is one of S, A, B, C, not `D`."
    assert found.place is not None
    assert (found.place.line, found.place.column) == (32, 45)


def test_gate_05_a_level_without_a_rule_is_refused() -> None:
    assert finding("P720-nothing-is-asked").message == "Nothing is asked of `args.name`."

"""What differs between two snapshots, and what each change means, told for one change at a time."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pgs_compiler.__main__ import cli
from pgs_compiler.changes.artifacts import artifact_changes
from pgs_compiler.changes.compare import changes_of, compare
from pgs_compiler.compiler import compile_workspace
from pgs_compiler.templates import project
from pgs_snapshot.exchange import write_snapshot
from pgs_snapshot.seal import Sealed, verify
from pgs_snapshot.values import Value

FILES = project("shop", "minimal")
SOURCE = "protocols/spend.yaml"
PARCELS = Path(__file__).parent / "programs/parcels"


def sealed(root: Path, *edits: tuple[str, str], file: str = SOURCE) -> Sealed:
    """The template's project with some texts replaced, compiled."""
    text = FILES[file]
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    for path, content in {**FILES, file: text}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    compilation = compile_workspace(root)
    assert compilation.files is not None, [finding.message for finding in compilation.findings]
    return verify(compilation.files)


def changes(root: Path, *edits: tuple[str, str], file: str = SOURCE) -> list[str]:
    """Every change from the template to the edited one, each on a line."""
    found = compare(sealed(root / "old"), sealed(root / "new", *edits, file=file))
    return [f"{each.weight} {each.kind} {each.name.partition('::')[2]} {each.aspect}: {each.what}" for each in found]


def test_a_snapshot_has_no_changes_from_itself(tmp_path: Path) -> None:
    assert changes(tmp_path) == []


def test_what_is_only_for_readers_is_no_change(tmp_path: Path) -> None:
    edits = [
        ("summary: Nothing above the limit is spent", "# moved down by a line\nsummary: Not above the limit"),
        ("done: {exit: COMPLETED,", "done: {summary: It is spent, exit: COMPLETED,"),
    ]
    assert changes(tmp_path, *edits) == []


def test_a_renamed_exit_is_one_that_is_gone_and_one_that_callers_do_not_know(tmp_path: Path) -> None:
    assert changes(tmp_path, ("reason: TOO_MUCH}", "reason: ABOVE}")) == [
        "breaking workflow WF_SPEND_V0 outcomes: it can end as `ABOVE` (DENIED)",
        "breaking workflow WF_SPEND_V0 outcomes: it no longer ends as `TOO_MUCH` (DENIED)",
    ]


def test_what_comes_with_pgs_breaks_nobody_by_being_used_or_not(tmp_path: Path) -> None:
    known = "contract: shop::CC_DECIDE_V0"
    step = "{step: hand_on, transform: CT_PASSTHROUGH_V0, inputs: {value: $.inputs.value}}"
    more = (
        "contract: shop::CC_HAND_ON_V0\nsummary: Hand on\ninputs: {value: {type: string}}\n"
        f"steps: [{step}]\noutcomes: {{SUCCESS: {{}}}}\n---\n"
    )
    used, unused = sealed(tmp_path / "used", (known, more + known)), sealed(tmp_path / "unused")
    ours = "core::CT_PASSTHROUGH_V0"
    assert [(each.weight, each.what) for each in compare(used, unused) if each.name == ours] == [
        ("compatible", "nothing uses it any more")
    ]
    assert [each.weight for each in compare(unused, used) if each.name == ours] == ["compatible"]


def test_another_kind_of_exit_is_breaking(tmp_path: Path) -> None:
    assert changes(tmp_path, ("{exit: DENIED, reason: TOO_MUCH}", "{exit: FAILED, reason: TOO_MUCH}")) == [
        "breaking workflow WF_SPEND_V0 outcomes: `TOO_MUCH` is FAILED, and was DENIED"
    ]


def test_a_way_that_leads_elsewhere_is_told_with_both_ends(tmp_path: Path) -> None:
    assert changes(tmp_path, ("ALREADY_EXISTS: done, CONFLICT", "ALREADY_EXISTS: spent_before, CONFLICT")) == [
        "behaviour workflow WF_SPEND_V0 paths: "
        "a way leads elsewhere: `record` → ALREADY_EXISTS → `spent_before`, and not to `done`"
    ]


def test_an_outcome_of_a_contract_changes_its_callers_and_their_ways(tmp_path: Path) -> None:
    edits = [
        ("      - TOO_MUCH: otherwise", "      - UNCLEAR: {eq: [$.inputs.amount, 101]}\n      - TOO_MUCH: otherwise"),
        ("  TOO_MUCH: {}\n", "  TOO_MUCH: {}\n  UNCLEAR: {}\n"),
        ("TOO_MUCH: too_much}", "TOO_MUCH: too_much, UNCLEAR: too_much}"),
    ]
    assert changes(tmp_path, *edits) == [
        "breaking contract CC_DECIDE_V0 outcomes: the outcome `UNCLEAR` is new",
        "behaviour contract CC_DECIDE_V0 steps: the step `within_limit` differs",
        "behaviour workflow WF_SPEND_V0 paths: a way is new: `decide` → UNCLEAR → `too_much`",
    ]


def test_a_node_more_moves_slots_and_changes_nothing_else(tmp_path: Path) -> None:
    edits = [
        ("next: {SUCCESS: record, TOO", "next: {SUCCESS: again, TOO"),
        ("  record:\n", "  again: {contract: CC_DECIDE_V0, inputs: [$.payload.amount], "
         "next: {SUCCESS: record, TOO_MUCH: too_much}}\n  record:\n"),
    ]  # fmt: skip
    assert changes(tmp_path, *edits) == [
        "behaviour workflow WF_SPEND_V0 paths: a way is new: `again` → SUCCESS → `record`",
        "behaviour workflow WF_SPEND_V0 paths: a way is new: `again` → TOO_MUCH → `too_much`",
        "behaviour workflow WF_SPEND_V0 paths: "
        "a way leads elsewhere: `decide` → SUCCESS → `again`, and not to `record`",
        "behaviour workflow WF_SPEND_V0 limits: the most nodes of a run are 5, and were 4",
        "behaviour workflow WF_SPEND_V0 limits: the most steps of a run are 3, and were 2",
    ]


def test_a_node_that_is_given_something_else_is_told(tmp_path: Path) -> None:
    assert changes(tmp_path, ("inputs: [$.payload.amount]", "inputs: {amount: 7}")) == [
        "behaviour workflow WF_SPEND_V0 paths: `inputs` of `decide` differs"
    ]


def test_a_payload_that_takes_less_is_breaking_and_one_that_takes_more_is_not(tmp_path: Path) -> None:
    narrower, wider = ("maxLength: 200}", "maxLength: 100}"), ("{type: integer, minimum: 1}", "{type: integer}")
    assert changes(tmp_path / "1", narrower) == [
        "breaking intent IN_SPEND_V0 data: fewer values fit the payload: what fitted the old may fit the new, "
        "and the other way round it fits (at `/purpose` `maxLength: 100` is not stated)"
    ]
    assert changes(tmp_path / "2", wider) == [
        "compatible intent IN_SPEND_V0 data: more values fit the payload: what fitted the old fits the new, "
        "and the other way round it may fit (at `/amount` `minimum: 1` is not stated)"
    ]


def test_a_result_with_a_member_less_cannot_fit_and_is_breaking(tmp_path: Path) -> None:
    found = changes(
        tmp_path, ("done: {exit: COMPLETED, result: [$.results.record.address]}", "done: {exit: COMPLETED}")
    )
    assert found[0] == (
        "breaking workflow WF_SPEND_V0 data: less is promised of the result of `COMPLETED`: what fitted the old "
        "cannot fit the new, and the other way round it cannot fit (at `/address` not declared in the target)"
    )
    assert found[1:] == ["behaviour workflow WF_SPEND_V0 paths: `result` of `done` differs"]


def test_an_actor_less_is_breaking_and_an_actor_more_is_behaviour(tmp_path: Path) -> None:
    edits = [
        ("actors: [AC_OPERATOR_V0]", "actors: [AC_BUYER_V0]"),
        ("intent: shop::", "actor: shop::AC_BUYER_V0\nsummary: Who buys\n---\nintent: shop::"),
    ]
    assert changes(tmp_path, *edits) == [
        "breaking intent IN_SPEND_V0 actors: the actor `core::AC_OPERATOR_V0` is gone",
        "behaviour intent IN_SPEND_V0 actors: the actor `shop::AC_BUYER_V0` is new",
        "compatible actor AC_BUYER_V0 names: it is new",
    ]


def test_a_condition_more_of_a_request_is_breaking(tmp_path: Path) -> None:
    edit = ("  amount: {type: integer, minimum: 1}\n", "  amount: {type: integer, minimum: 1}\n"
            "requires: [{lt: [$.payload.amount, 1000]}]\n")  # fmt: skip
    assert changes(tmp_path, edit) == [
        "breaking intent IN_SPEND_V0 actors: it requires more, or something else, of a request"
    ]


def test_what_a_store_keeps_has_to_take_what_it_holds(tmp_path: Path) -> None:
    edit = ("fields:\n  amount: {type: integer}", "fields:\n  amount: {type: integer, maximum: 1000}")
    more = ("inputs:\n  purpose: {type: string}\n  amount: {type: integer}", "inputs:\n  purpose: {type: string}\n"
            "  amount: {type: integer, maximum: 1000}")  # fmt: skip
    cap = ("{type: integer, minimum: 1}", "{type: integer, minimum: 1, maximum: 1000}")
    weights = {(line.split()[0], line.split()[2]) for line in changes(tmp_path, edit, more, cap)}
    assert weights == {
        ("breaking", "EN_SPENDING_V0"),
        ("breaking", "ST_SPENDING_V0"),
        ("breaking", "CC_RECORD_V0"),
        ("breaking", "IN_SPEND_V0"),
    }


def test_labels_are_told_wherever_they_appear(tmp_path: Path) -> None:
    edits = [
        ("fields:\n  amount: {type: integer}", "fields:\n  amount: {type: integer, labels: [pii]}"),
        ("operations: [REGISTER]", "operations: [REGISTER]\nclears: [pii]"),
    ]
    assert changes(tmp_path, *edits) == [
        "behaviour entity EN_SPENDING_V0 labels: the label `pii` is new on it",
        "behaviour store ST_SPENDING_V0 labels: `clears` differs",
        "behaviour store ST_SPENDING_V0 labels: the label `pii` is new on what `REGISTER` takes",
        "behaviour store ST_SPENDING_V0 labels: the label `pii` is new on what it keeps",
    ]


def parcels(root: Path, *edits: tuple[str, str]) -> Sealed:
    """The machine of the programs with some texts replaced, compiled."""
    text = (PARCELS / "parcels.yaml").read_text(encoding="utf-8")
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    root.mkdir()
    (root / "pgs.yaml").write_bytes((PARCELS / "pgs.yaml").read_bytes())
    (root / "parcels.yaml").write_text(f"# moved down by a line\n{text}" if not edits else text, encoding="utf-8")
    compilation = compile_workspace(root)
    assert compilation.files is not None, [finding.message for finding in compilation.findings]
    return verify(compilation.files)


def test_a_machine_that_was_moved_is_the_same_and_one_with_other_states_is_not(tmp_path: Path) -> None:
    compilation = compile_workspace(PARCELS)
    assert compilation.files is not None
    old = verify(compilation.files)
    assert compare(old, parcels(tmp_path / "moved")) == ()
    edits = (("after: {P1D: REMIND, P3D: GONE}", "after: {P1D: REMIND}"), ("ignore: [HAND_IN]", "ignore: []"))
    found = compare(old, parcels(tmp_path / "edited", *edits))
    assert [f"{each.weight}: {each.what}" for each in found if each.kind == "machine"] == [
        "behaviour: `after` of the state `STORED` differs",
        "behaviour: `ignore` of the state `STORED` differs",
    ]


def test_an_operation_more_is_compatible(tmp_path: Path) -> None:
    assert changes(tmp_path, ("operations: [REGISTER]", "operations: [REGISTER, RESOLVE]")) == [
        "compatible store ST_SPENDING_V0 stores: the operation `RESOLVE` is new"
    ]


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ("version: 0", "breaking project  names: its version is 0, and was 1: where the newer ran, it is refused"),
        ("version: 2", ""),
        ("version: 1\nlimits: {run_seconds: 60}", "breaking project  limits: `run_seconds` is 60, and was 3600"),
        ("version: 1\nlimits: {run_lines: 50000}", "behaviour project  limits: `run_lines` is 50000, and was 25000"),
        ("version: 1\nlabels: [pii, secret, trade]", "behaviour project  labels: the label `trade` is new"),
    ],
)
def test_what_the_project_says_is_compared(tmp_path: Path, edit: str, told: str) -> None:
    assert changes(tmp_path, ("version: 1", edit), file="pgs.yaml") == ([told] if told else [])


def test_another_implementation_is_behaviour(tmp_path: Path) -> None:
    own = ("packages: [tools]", "packages: [{tools: src}]")
    transform = """
---
transform: shop::CT_ROUND_V0
summary: A price without cents
inputs: {cents: {type: integer}}
outcomes: {SUCCESS: {price: {type: integer}}}
implementation: tools.prices:rounded
examples:
  - {inputs: {cents: 150}, outcome: SUCCESS, outputs: {price: 1}}
  - {inputs: {cents: 0}, outcome: SUCCESS, outputs: {price: 0}}
  - {inputs: {cents: 99}, outcome: SUCCESS, outputs: {price: 0}}
"""
    snapshots = []
    for number, body in enumerate(("cents // 100", "int(cents / 100)")):
        root = tmp_path / str(number)
        (root / "src/tools").mkdir(parents=True)
        (root / "src/tools/__init__.py").touch()
        code = f"def rounded(cents: int) -> dict[str, int]:\n    return {{'price': {body}}}\n"
        (root / "src/tools/prices.py").write_text(code, encoding="utf-8")
        text = FILES["pgs.yaml"] + own[1] + "\n"
        for path, content in {**FILES, "pgs.yaml": text, SOURCE: FILES[SOURCE] + transform}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content, encoding="utf-8")
        compilation = compile_workspace(root)
        assert compilation.files is not None, [finding.message for finding in compilation.findings]
        snapshots.append(verify(compilation.files))
    (change,) = compare(*snapshots)
    assert (change.weight, change.name, change.what) == (
        "behaviour",
        "tools.prices:rounded",
        "another source of `tools.prices`",
    )


def test_there_and_back_names_the_same_artifacts(tmp_path: Path) -> None:
    old = sealed(tmp_path / "old")
    new = sealed(tmp_path / "new", ("maxLength: 200}", "maxLength: 100}"), ("reason: TOO_MUCH}", "reason: ABOVE}"))
    there, back = compare(old, new), compare(new, old)
    assert {change.name for change in there} == {change.name for change in back}


@pytest.mark.parametrize("kind", ["workflow", "binding", "machine"])
def test_what_nobody_knows_how_to_compare_is_still_told(kind: str) -> None:
    old: dict[str, Value] = {"name": "shop::XX_Y_V0", "stores": ["shop::ST_A_V0"]}
    new: dict[str, Value] = {"name": "shop::XX_Y_V0", "stores": {"shop::ST_A_V0": {}}}
    (change, *_) = changes_of((kind, "shop::XX_Y_V0"), old, new)
    assert change.weight == "behaviour"


# --- the command ---------------------------------------------------------------------------------


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def snapshots(tmp_path: Path) -> Path:
    """Three snapshots: `old`, `moved` with another way, and `more` with an operation more."""
    edits = {
        "old": (),
        "moved": (("ALREADY_EXISTS: done, CONFLICT", "ALREADY_EXISTS: spent_before, CONFLICT"),),
        "more": (("operations: [REGISTER]", "operations: [REGISTER, RESOLVE]"),),
    }
    for name, edit in edits.items():
        write_snapshot(tmp_path / name, sealed(tmp_path / f"{name}-workspace", *edit).files())
    return tmp_path


def test_the_report_for_people_groups_by_weight_and_ends_with_totals(snapshots: Path) -> None:
    result = run("diff", snapshots / "old", snapshots / "moved")
    assert result.exit_code == 0
    assert result.stdout == (
        "behaviour\n"
        "  workflow shop::WF_SPEND_V0\n"
        "    paths: a way leads elsewhere: `record` → ALREADY_EXISTS → `spent_before`, and not to `done`\n"
        "\n"
        "1 behaviour\n"
    )
    assert run("diff", snapshots / "old", snapshots / "old").stdout == "no changes\n"


@pytest.mark.parametrize(("new", "code"), [("old", 0), ("more", 0), ("moved", 1)])
def test_asked_for_an_exit_code_it_is_1_unless_all_is_compatible(snapshots: Path, new: str, code: int) -> None:
    assert run("diff", snapshots / "old", snapshots / new).exit_code == 0
    assert run("diff", snapshots / "old", snapshots / new, "--exit-code").exit_code == code


def test_the_report_for_programs_names_both_snapshots(snapshots: Path) -> None:
    report = json.loads(run("diff", snapshots / "old", snapshots / "more", "--format", "json").stdout)
    root = json.loads((snapshots / "old" / "manifest.json").read_bytes())["root"]
    assert (report["format"], report["old"]["root"]) == ("pgs-changes/1", root)
    assert report["counts"] == {"breaking": 0, "behaviour": 0, "compatible": 1}
    assert report["changes"] == [
        {
            "weight": "compatible",
            "aspect": "stores",
            "kind": "store",
            "name": "shop::ST_SPENDING_V0",
            "what": "the operation `RESOLVE` is new",
        }
    ]


def test_a_snapshot_that_was_changed_is_not_compared(snapshots: Path) -> None:
    file = snapshots / "more" / "project.json"
    file.write_bytes(file.read_bytes().replace(b'"version":1', b'"version":2'))
    result = run("diff", snapshots / "old", snapshots / "more")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("error[Z908]: `project.json` was changed")
    assert run("diff", snapshots / "nowhere", snapshots / "old").exit_code == 3


def test_what_recognises_keys_and_what_is_done_in_doubt_are_told_as_their_authors_write_them() -> None:
    pay = {"mode": "write", "inputs": {}, "outcomes": {"SUCCESS": {}}}
    effect = ("side_effect", "shop::CS_PAYMENT_V0")
    forgetful, keyed = {"operations": {"PAY": pay}}, {"operations": {"PAY": {**pay, "keyed": True}}}
    assert [(each.weight, each.what) for each in artifact_changes(effect, keyed, forgetful)] == [
        ("breaking", "`PAY` no longer recognises its key, so that asking again may do it twice")
    ]
    assert [(each.weight, each.what) for each in artifact_changes(effect, forgetful, keyed)] == [
        ("compatible", "`PAY` recognises its key now")
    ]
    told = []
    for old, new in pairwise(
        (
            {"unknown": "suspend"},
            {"unknown": "retry", "attempts": 3},
            {"unknown": "retry", "attempts": 3, "at_least_once": True},
            {"unknown": "lookup", "lookup": "FIND"},
        )
    ):
        before, after = ({"effects": {"shop::CS_PAYMENT_V0": policy}} for policy in (old, new))
        told += [
            f"{each.weight}: {each.what}" for each in artifact_changes(("binding", "shop::RB_SHOP_V0"), before, after)
        ]
    about = "behaviour: in doubt about `shop::CS_PAYMENT_V0` it does"
    assert told == [
        f"{about} `unknown: retry, attempts: 3`, and did `unknown: suspend`",
        f"{about} `unknown: retry, attempts: 3, at_least_once: true`, and did `unknown: retry, attempts: 3`",
        f"{about} `unknown: lookup, lookup: FIND`, and did `unknown: retry, attempts: 3, at_least_once: true`",
    ]

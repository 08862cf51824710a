"""What must happen with what authors get wrong: the cases CMP of the reliability list, by their numbers.

CMP-06 is in `test_determinism`, CMP-07 with the tests of the snapshot.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pgs_compiler.compiler import Compilation, compile_program, compile_workspace
from pgs_compiler.findings import Finding
from pgs_compiler.project import Project
from pgs_compiler.render import Style, render
from pgs_compiler.source import SourceFile
from pgs_compiler.workspace import open_workspace
from tests.compiler.chain import chain

CASES = Path(__file__).parent / "cases"


def case(name: str) -> Finding:
    """The one finding of a case."""
    (finding,) = compile_workspace(CASES / name, (CASES / name / "input.yaml",)).findings
    return finding


def compiled(root: Path, *files: SourceFile) -> Compilation:
    """Files together with those of `core`."""
    core = open_workspace(CASES, (CASES / "D201-misspelt-key" / "input.yaml",)).value
    assert core is not None
    shipped = [file for file in core.files if file.path.startswith("<core>")]
    return compile_program(Project(), root, [*files, *shipped])


def test_cmp_01_an_edge_to_a_missing_node_names_outcome_target_and_the_nearest_node() -> None:
    finding = case("F503-misspelt")
    assert finding.message == "`SUCCESS` leads to `doen`, and there is no such node."
    assert finding.place is not None
    assert (finding.place.line, finding.place.column) == (6, 74)
    assert finding.hint == "Write `done`."


def test_cmp_02_a_cycle_is_shown_as_a_way_with_an_edge_at_each_turn() -> None:
    finding = case("F520-back-to-an-earlier-node")
    assert "`look` → `again` → `look`" in finding.message
    assert [related.label for related in finding.related] == ["`UNKNOWN`"]


def test_cmp_03_every_declared_outcome_has_one_edge_and_every_edge_a_declared_outcome() -> None:
    missing = case("F501-outcome-of-a-contract")
    assert missing.message == "`look` can end as `UNKNOWN`, and nothing says where that goes."
    assert missing.related[0].label == "declared here"
    extra = case("F502-never-ends-so")
    assert extra.message == "`look` never ends as `VIOLATION`."
    assert extra.label == "it ends as SUCCESS, UNKNOWN"


def test_cmp_04_a_value_that_some_way_does_not_write_is_refused_with_that_way() -> None:
    finding = case("T408-node-that-some-ways-leave-out")
    assert finding.message.endswith("`again` does not run on the way `admit` → `look` → `last`.")


def test_cmp_05_a_transform_that_reads_the_clock_is_told_by_the_words_that_do_and_what_to_declare_instead() -> None:
    finding = case("C610-clock")
    assert finding.message == "`time.time` reads the clock."
    assert finding.place is not None
    assert str(finding.place) == "shop/fees.py:7:40"
    assert finding.related[0].label == "`shop::CT_FEE_V0` runs it"
    assert finding.hint == "Take the time as an input, and bind it to `$.run.time`."


def test_ct_11_what_a_module_two_imports_away_keeps_is_told_with_the_imports_that_lead_there() -> None:
    finding = case("C615-cache-two-imports-away")
    assert finding.message == "`KNOWN` is changed, and lives longer than the call."
    assert str(finding.place) == "shop/memory.py:7:12"
    assert [(str(related.place), related.label) for related in finding.related] == [
        ("input.yaml:6:17", "`shop::CT_FEE_V0` runs it"),
        ("shop/fees.py:3:1", "imports `shop.rates`"),
        ("shop/rates.py:3:1", "imports `shop.memory`"),
    ]


def test_cmp_08_a_chain_of_as_many_nodes_as_are_allowed_compiles(tmp_path: Path) -> None:
    compilation = compiled(tmp_path, chain(4997))
    assert compilation.findings == ()
    assert compilation.checked is not None
    assert compilation.checked.graphs["chain::WF_CHAIN_V0"].bounds.nodes == 4999


def test_cmp_08_what_is_larger_is_refused_before_it_is_looked_into(tmp_path: Path) -> None:
    (finding,) = compiled(tmp_path, chain(4998)).findings
    assert finding.message == "`chain::WF_CHAIN_V0` has 5001 nodes; the limit is 5000."


def test_cmp_09_an_unknown_key_is_refused_with_the_keys_that_are_known() -> None:
    unknown = case("D201-key-of-another-language")
    assert unknown.message == "The step `name` has no key `retries`."
    assert unknown.label == "known: step, transform, inputs, next"
    assert case("D201-misspelt-key").hint == "Write `fields`."


@pytest.mark.parametrize("source", ["../elsewhere", "/etc", "protocols/../../elsewhere"])
def test_cmp_10_a_source_outside_of_the_workspace_is_refused(source: str, tmp_path: Path) -> None:
    project = f"format: pgs-project/1\nname: x\nversion: 1\nsources: ['{source}']\n"
    (tmp_path / "pgs.yaml").write_text(project, encoding="utf-8")
    (finding,) = compile_workspace(tmp_path).findings
    assert (finding.code, finding.label) == ("D204", "a path inside of the workspace")


def test_cmp_10_a_link_out_of_the_workspace_is_refused_and_what_it_leads_to_not_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text("not_to_be_read: 1\n", encoding="utf-8")
    root = tmp_path / "workspace"
    (root / "protocols").mkdir(parents=True)
    (root / "protocols" / "file.yaml").symlink_to(outside / "secret.yaml")
    (root / "protocols" / "folder").symlink_to(outside)
    compilation = compile_workspace(root)
    assert [finding.message for finding in compilation.findings] == [
        "`protocols/file.yaml` is a link that leads out of `protocols`.",
        "`protocols/folder` is a link that leads out of `protocols`.",
    ]
    assert b"not_to_be_read" not in b"".join(compilation.sources.values())


def test_cmp_10_the_folder_of_sources_is_no_link_out_of_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "protocols").symlink_to(tmp_path / "outside")
    (finding,) = compile_workspace(tmp_path / "workspace").findings
    assert finding.message == "`protocols` leads out of the workspace."


def test_cmp_11_a_hundred_mistakes_are_all_told_in_the_order_of_their_places(tmp_path: Path) -> None:
    fields = "".join(f"  field_{number}: {{type: strin}}\n" for number in range(100))
    text = f"entity: shop::EN_ITEM_V0\nsummary: A hundred mistakes\nfields:\n{fields}"
    compilation = compiled(tmp_path, SourceFile("a.yaml", text.encode()))
    report = json.loads(render(compilation.findings, compilation.sources, "json", Style()))
    assert report["counts"]["errors"] == 100
    assert [finding["line"] for finding in report["findings"]] == list(range(4, 104))


@pytest.mark.parametrize(
    ("keyed", "policy", "refused"),
    [
        ("", "{unknown: retry, attempts: 3}", ["C629"]),
        ("", "{unknown: retry, attempts: 3, at_least_once: false}", ["C629"]),
        ("", "{unknown: retry, attempts: 3, at_least_once: true}", []),
        (", keyed: true", "{unknown: retry, attempts: 3}", []),
        (", keyed: false", "{unknown: retry, attempts: 3}", ["C629"]),
        ("", "{unknown: lookup, lookup: FIND}", []),
        ("", "{unknown: suspend}", []),
        ("", "{}", []),
    ],
)
def test_cs_07_what_may_happen_twice_is_asked_again_only_where_that_is_accepted(
    tmp_path: Path, keyed: str, policy: str, refused: list[str]
) -> None:
    text = (CASES / "C629-payment" / "input.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("DECLINED: {}}}\n", f"DECLINED: {{}}}}{keyed}}}\n"),
        ("outcomes: {SUCCESS: {}, NOT_FOUND: {}}", "outcomes: {SUCCESS: {receipt: {type: string}}, NOT_FOUND: {}}"),
        ("{unknown: retry, attempts: 3}", policy),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    found = compiled(tmp_path, SourceFile("input.yaml", text.encode())).findings
    assert [finding.code for finding in found if finding.code[:3] == "C62"] == refused

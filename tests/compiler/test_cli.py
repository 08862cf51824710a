"""The command `pgs_compiler`: its exit codes, what it writes where, and that no input makes it stumble."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pgs_compiler.__main__ import EXIT_CODES
from pgs_compiler.options import REPORTS
from pgs_compiler.rules import RULES
from tests.compiler.command import ENTITY, call, run

# --- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "compile", "rules", "explain", "graph", "diff", "schema", "init"])
def test_every_command_has_help(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Usage: cli {command}" in result.output


def test_no_summary_of_a_command_is_cut_short() -> None:
    assert "..." not in call("--help", COLUMNS="80").stdout.partition("Commands:")[2]


def test_help_lists_the_exit_codes() -> None:
    output = run("--help").output
    for line in EXIT_CODES.splitlines()[2:]:
        assert line.strip() in output


def test_help_and_the_version_come_without_what_compiles() -> None:
    probe = "import sys, pgs_compiler.__main__ as m; print({'yaml', 'networkx', 'jsonschema'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_an_unknown_option_is_a_misuse() -> None:
    done = call("check", "--wrong")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--wrong" in done.stderr


# --- check ---------------------------------------------------------------------------------------


def test_a_sound_workspace_is_checked_with_exit_code_0(shop: Path) -> None:
    result = run("check")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "no findings\n", "")


def test_findings_are_on_standard_output_with_exit_code_1(broken: Path) -> None:
    result = run("check")
    assert result.exit_code == 1
    assert "error[D201] unknown-key" in result.stdout
    assert "--> protocols/item.yaml:3:1" in result.stdout
    assert result.stderr == ""


def test_a_warning_alone_is_told_with_exit_code_0(shop: Path) -> None:
    (shop / "protocols" / "item.yaml").write_text(ENTITY.replace("summary: An item\n", ""), encoding="utf-8")
    result = run("check")
    assert result.exit_code == 0
    assert "warning[D215]" in result.stdout


def test_a_file_that_is_named_is_checked_by_itself(broken: Path) -> None:
    assert run("check", "protocols/order.yaml").exit_code == 0
    assert run("check", broken / "protocols" / "item.yaml").exit_code == 1


def test_the_workspace_is_the_nearest_folder_with_a_project_file(broken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(broken / "protocols")
    assert "--> protocols/item.yaml:3:1" in run("check").stdout
    monkeypatch.chdir("/")
    assert "--> protocols/item.yaml:3:1" in run("check", "--workspace", broken).stdout


@pytest.mark.parametrize("format_", REPORTS)
def test_every_format_tells_the_finding(broken: Path, format_: str) -> None:
    result = run("check", "--format", format_)
    assert result.exit_code == 1
    assert "D201" in result.stdout
    if format_ in ("json", "sarif"):
        json.loads(result.stdout)
    if format_ == "junit":
        ET.fromstring(result.stdout)  # noqa: S314 - of our own making


def test_a_report_that_is_no_terminals_has_no_colour(broken: Path) -> None:
    done = call("check", FORCE_COLOR="1")
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_a_terminal_has_colour_unless_its_owner_says_no(
    broken: Path, environment: dict[str, str], coloured: bool
) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pgs_compiler", "check"]
    subprocess.run(command, env={**clean, "TERM": "xterm", **environment}, stdout=theirs, check=False)
    os.close(theirs)
    with open(ours, "rb", buffering=0) as terminal:
        shown = terminal.read(1 << 16)
    assert b"D201" in shown
    assert (b"\x1b[" in shown) == coloured


# --- what is no declaration ----------------------------------------------------------------------


def test_an_empty_folder_has_no_declarations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("check")
    assert result.exit_code == 1
    assert "There is no `pgs.yaml` here or above, and no folder `protocols`." in result.stdout
    assert "There are no declarations in `.`." in run("check", tmp_path).stdout


def test_a_folder_of_the_workspace_cannot_pass_for_what_comes_with_pgs(shop: Path) -> None:
    (shop / "<core>").mkdir()
    (shop / "<core>" / "actors.yaml").write_text("actor: core::AC_CLERK_V0\nsummary: A clerk\n", encoding="utf-8")
    result = run("check", ".")
    assert result.exit_code == 1
    assert "lies in a folder that is called like that of what comes with PGS" in result.stdout


def test_a_path_that_does_not_exist_is_named(shop: Path) -> None:
    result = run("check", "protocls")
    assert result.exit_code == 1
    assert "There is no `protocls`." in result.stdout


def test_the_project_file_is_no_declaration_of_the_folder_that_holds_it(shop: Path) -> None:
    assert run("check", ".").exit_code == 0
    (shop / "protocols" / "pgs.yaml").write_text("format: pgs-project/1\n", encoding="utf-8")
    assert "D214" in run("check", ".").output


def test_a_folder_called_like_a_file_is_walked_into(shop: Path) -> None:
    (shop / "protocols" / "folder.yaml").mkdir()
    (shop / "protocols" / "folder.yaml" / "item.yaml").write_text(ENTITY, encoding="utf-8")
    assert run("check").exit_code == 0


def test_a_pipe_is_refused_without_waiting_for_it(shop: Path) -> None:
    os.mkfifo(shop / "protocols" / "pipe.yaml")
    assert "`protocols/pipe.yaml` is no file." in run("check").stdout


@pytest.mark.parametrize("data", [b"\x7fELF\x00\x01", b"\x00" * 100, b"\xff\xfe", b"%PDF-1.7", b"{", b"-" * 1000])
def test_garbage_gives_findings(shop: Path, data: bytes) -> None:
    (shop / "protocols" / "garbage.yaml").write_bytes(data)
    assert run("check").exit_code == 1


def test_a_broken_project_file_is_told_at_its_place(shop: Path) -> None:
    (shop / "pgs.yaml").write_text("format: pgs-project/1\nname: shop\nverson: 1\n", encoding="utf-8")
    result = run("check")
    assert result.exit_code == 1
    assert "--> pgs.yaml:3:1" in result.stdout
    assert "Write `version`." in result.stdout


def test_hidden_files_and_other_files_are_left_alone(shop: Path) -> None:
    (shop / "protocols" / ".hidden.yaml").write_text("x", encoding="utf-8")
    (shop / "protocols" / ".git").mkdir()
    (shop / "protocols" / ".git" / "config.yaml").write_text("x", encoding="utf-8")
    (shop / "protocols" / "README.md").write_text("x", encoding="utf-8")
    assert run("check").exit_code == 0


# --- strictness, waivers, the list of rules ------------------------------------------------------


def test_a_strict_check_ends_with_1_where_there_are_only_warnings(shop: Path) -> None:
    (shop / "protocols" / "item.yaml").write_text(ENTITY.replace("summary: An item\n", ""), encoding="utf-8")
    result = run("check", "--strict")
    assert result.exit_code == 1
    assert "error[D215]" in result.stdout
    assert run("compile", "--strict").exit_code == 1
    assert not (shop / "protocol_snapshot").exists()


def test_waivers_are_compared_with_the_day_that_the_command_names(shop: Path) -> None:
    (shop / "protocols" / "item.yaml").write_text(ENTITY.replace("summary: An item\n", ""), encoding="utf-8")
    waiver = '{rule: D215, at: EN_ITEM_V0, owner: dora, reason: It is plain, until: "2030-06-30"}'
    with (shop / "pgs.yaml").open("a", encoding="utf-8") as project:
        project.write(f"waivers: [{waiver}]\n")
    before = run("check", "--strict", "--today", "2030-06-30")
    assert (before.exit_code, before.stdout) == (0, "no findings, 1 waived\n")
    after = run("check", "--today", "2030-07-01")
    assert after.exit_code == 1
    assert "error[D221] expired-waiver: The waiver of `D215` at `EN_ITEM_V0` ended on 2030-06-30." in after.stdout
    assert run("compile", "--today", "2030-07-01").exit_code == 1
    assert run("check", "--today", "tomorrow").exit_code == 2


def test_the_rules_are_listed_with_what_each_looked_at(shop: Path) -> None:
    result = run("rules")
    assert result.exit_code == 0
    lines = {line.split(" ")[0]: line for line in result.stdout.splitlines()}
    assert lines["F501"].split()[:5] == ["F501", "error", "unhandled-outcome", "3", "nodes"]
    assert "! 0 contracts" in lines["F530"]
    assert "F530" in lines["!"]


def test_the_rules_are_listed_without_counts_where_there_is_no_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("rules", "--format", "json")
    listed = {rule["code"]: rule for rule in json.loads(result.stdout)["rules"]}
    assert set(listed) == set(RULES)
    assert set(listed["F501"]) == {"code", "rule", "severity", "title", "waivable"}
    assert listed["F501"]["waivable"] is None


def test_a_program_reads_what_was_looked_at_and_found(broken: Path) -> None:
    listed = {rule["code"]: rule for rule in json.loads(run("rules", "--format", "json").stdout)["rules"]}
    assert {key: listed["D201"][key] for key in ("examines", "examined", "findings", "waived")} == {
        "examines": "document",
        "examined": 3,
        "findings": 1,
        "waived": 0,
    }
    assert listed["F501"]["examined"] is None


# --- compile -------------------------------------------------------------------------------------


def test_compile_writes_the_snapshot_and_says_its_id(shop: Path) -> None:
    result = run("compile")
    assert result.exit_code == 0
    manifest = json.loads((shop / "protocol_snapshot" / "manifest.json").read_bytes())
    assert result.stdout == f"{manifest['root']}  protocol_snapshot\n"


def test_compiling_again_changes_nothing(shop: Path) -> None:
    run("compile")
    before = {file: file.stat().st_mtime_ns for file in (shop / "protocol_snapshot").rglob("*")}
    assert run("compile").exit_code == 0
    assert {file: file.stat().st_mtime_ns for file in (shop / "protocol_snapshot").rglob("*")} == before


def test_with_an_error_nothing_is_written_and_the_report_is_on_standard_error(broken: Path) -> None:
    result = run("compile")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[D201]" in result.stderr
    assert not (broken / "protocol_snapshot").exists()


def test_a_report_for_a_program_is_on_standard_output_when_compiling_too(shop: Path) -> None:
    result = run("compile", "--format", "json")
    assert json.loads(result.stdout)["findings"] == []


def test_a_folder_that_holds_something_else_is_not_replaced(shop: Path) -> None:
    (shop / "out").mkdir()
    (shop / "out" / "letter.txt").write_text("dear", encoding="utf-8")
    result = run("compile", "--out", "out")
    assert result.exit_code == 2
    assert (shop / "out" / "letter.txt").read_text(encoding="utf-8") == "dear"
    assert "out" in result.stderr


def test_a_file_in_the_place_of_the_folder_is_not_replaced(shop: Path) -> None:
    (shop / "out").write_text("dear", encoding="utf-8")
    assert run("compile", "--out", "out").exit_code in (2, 14)
    assert (shop / "out").read_text(encoding="utf-8") == "dear"


def test_a_place_that_cannot_be_written_has_an_exit_code_of_its_own(shop: Path) -> None:
    result = run("compile", "--out", "/proc/snapshot")
    assert result.exit_code == 14
    assert "`/proc/snapshot` cannot be written" in result.stderr


# --- explain -------------------------------------------------------------------------------------


def test_explain_shows_the_page_of_a_rule_in_either_case() -> None:
    assert run("explain", "f501").stdout == run("explain", "F501").stdout
    assert run("explain", "F501").stdout.startswith("# F501 unhandled-outcome\n")


def test_a_code_that_no_rule_has_is_a_misuse() -> None:
    result = run("explain", "F5O1")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: No rule has the code `F5O1`. Is it `F5")


# --- mistakes of ours ----------------------------------------------------------------------------


def test_a_mistake_of_ours_is_said_without_a_traceback(shop: Path) -> None:
    program = (
        "import sys, pgs_compiler.compiler as c, pgs_compiler.__main__ as m\n"
        "c.compile_workspace = lambda *_: 1 / 0\n"
        "sys.argv = ['pgs_compiler', 'check']\nm.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr == "error: A mistake of ours (ZeroDivisionError). PGS_DEBUG=1 shows more.\n"


def test_a_reader_that_goes_away_ends_the_program_quietly(broken: Path) -> None:
    command = f"{sys.executable} -m pgs_compiler explain F501 | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.returncode in (0, 14)
    assert "Traceback" not in done.stderr

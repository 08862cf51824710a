"""What was published stays: compared with a baseline, by the command line or by the project file."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pgs_compiler.__main__ import cli
from pgs_compiler.rules import RULES
from pgs_compiler.templates import project
from pgs_snapshot.seal import CODES

FILES = project("shop", "minimal")


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose first snapshot lies in `published`; the working directory."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run("compile", "--out", "published").exit_code == 0
    return tmp_path


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_what_is_as_it_was_has_no_findings(shop: Path) -> None:
    assert run("check", "--baseline", "published").stdout == "no findings\n"


def test_what_readers_are_told_may_change(shop: Path) -> None:
    source = shop / "protocols" / "spend.yaml"
    edit(source, "summary: Nothing above the limit is spent", "summary: Not above the limit\nowner: dora\ntags: [a]")
    assert run("check", "--baseline", "published").stdout == "no findings\n"


def test_something_new_beside_it_is_welcome(shop: Path) -> None:
    new = "entity: shop::EN_SPENDING_V1\nsummary: What was spent\nfields: {cents: {type: integer}}\n"
    (shop / "protocols" / "new.yaml").write_text(new, encoding="utf-8")
    assert run("check", "--baseline", "published").exit_code == 0


def test_a_changed_contract_is_told_and_what_follows_from_it_is_not(shop: Path) -> None:
    source = shop / "protocols" / "spend.yaml"
    edit(
        source,
        "      - TOO_MUCH: otherwise",
        "      - UNCLEAR: {eq: [$.inputs.amount, 101]}\n      - TOO_MUCH: otherwise",
    )
    edit(source, "  TOO_MUCH: {}\n", "  TOO_MUCH: {}\n  UNCLEAR: {}\n")
    edit(source, "TOO_MUCH: too_much}", "TOO_MUCH: too_much, UNCLEAR: too_much}")
    result = run("compile", "--baseline", "published")
    assert result.exit_code == 1
    assert (
        "`shop::CC_DECIDE_V0` is published, and this is another: the outcome `UNCLEAR` is new, and 1 more."
        in result.stderr
    )
    assert "declare this as `shop::CC_DECIDE_V1`" in result.stderr
    assert result.stderr.count("error[Z915]") == 1
    assert not (shop / "protocol_snapshot").exists()


def test_the_next_version_is_the_first_that_is_free(shop: Path) -> None:
    edit(shop / "protocols" / "spend.yaml", "amount, 100]", "amount, 200]")
    more = FILES["protocols/spend.yaml"].split("---\n")[2].replace("CC_DECIDE_V0", "CC_DECIDE_V1")
    (shop / "protocols" / "more.yaml").write_text(more, encoding="utf-8")
    assert "declare this as `shop::CC_DECIDE_V2`" in run("check", "--baseline", "published").stdout


def test_the_project_can_name_the_baseline_and_the_command_another(shop: Path) -> None:
    edit(shop / "protocols" / "spend.yaml", "amount, 100]", "amount, 200]")
    assert run("check").exit_code == 0
    run("compile", "--out", "later")
    edit(shop / "pgs.yaml", "version: 1", "version: 1\nbaseline: published")
    assert run("check").exit_code == 1
    assert run("check", "--baseline", "later").exit_code == 0


def test_a_name_that_is_gone_is_told_unless_an_owner_answers_for_it(shop: Path) -> None:
    source = shop / "protocols" / "spend.yaml"
    extra = "entity: shop::EN_EXTRA_V0\nsummary: Not used\nfields: {name: {type: string}}\n"
    (shop / "protocols" / "extra.yaml").write_text(extra, encoding="utf-8")
    run("compile", "--out", "published")
    (shop / "protocols" / "extra.yaml").unlink()
    gone = run("check", "--baseline", "published")
    assert "error[Z916] published-gone: The entity `shop::EN_EXTRA_V0` is published" in gone.stdout
    assert run("check", source, "--baseline", "published").exit_code == 0  # not all sources were read
    waiver = '{rule: Z916, at: EN_EXTRA_V0, owner: dora, reason: Nobody used it, until: "9999-12-31"}'
    edit(shop / "pgs.yaml", "version: 1", f"version: 1\nwaivers: [{waiver}]")
    assert run("check", "--baseline", "published").stdout == "no findings, 1 waived\n"


@pytest.mark.parametrize("broken", ["nowhere", "published"])
def test_a_baseline_that_is_none_is_an_error(shop: Path, broken: str) -> None:
    (shop / "published" / "more.json").touch()
    result = run("check", "--baseline", broken)
    assert result.exit_code == 1
    assert f"error[Z917] no-baseline: The baseline `{broken}` is no snapshot as it was sealed (Z90" in result.stdout


def test_the_rules_count_what_was_published(shop: Path) -> None:
    edit(shop / "pgs.yaml", "version: 1", "version: 1\nbaseline: published")
    line = next(line for line in run("rules").stdout.splitlines() if line.startswith("Z915"))
    assert " 7 published names " in line


def test_the_codes_of_the_compiler_and_of_the_seal_are_apart() -> None:
    assert not RULES.keys() & CODES.keys()

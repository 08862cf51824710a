"""The page about moving over from theus: each line of what is stricter is so, and its commands do what it says."""

from __future__ import annotations

import logging
import re
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pgs_process import (
    AuditBlockError,
    ConfigError,
    ContractViolationError,
    DetachedError,
    LockViolationError,
    ProcessEngine,
    UndeclaredError,
    load_recipe,
    process,
)
from tests.architecture.tree import ROOT
from tests.process.contexts import System, raw

PAGE = (ROOT / "docs" / "how-to" / "from-theus.md").read_text(encoding="utf-8")
LINES = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", PAGE.partition("## What is stricter")[2], re.MULTILINE)[2:]
Body = Callable[..., object]


def engine(body: Body, inputs: list[str], outputs: list[str], **more: object) -> ProcessEngine:
    """An engine with the process `p`."""
    declared = process(inputs, outputs, errors=["KeyError"])(body)
    made = ProcessEngine(System(), **more)  # type: ignore[arg-type]  # as the engine takes them
    made.register_process("p", declared)
    return made


def recipe(folder: Path, text: str) -> Path:
    file = folder / "recipe.yaml"
    file.write_text(f"process_recipes:\n  p:\n{text}", encoding="utf-8")
    return file


def test_every_line_of_the_table_has_a_test_of_its_name() -> None:
    named = [re.sub(r"[^a-z]+", "_", line.lower()).strip("_") for line in LINES]
    assert len(named) == 16
    assert [name for name in named if f"test_{name}" not in globals()] == []


def test_the_command_of_the_page_changes_the_imports_of_every_program(tmp_path: Path) -> None:
    command = re.findall(r"sed -i (-E '[^']+')", PAGE)[0]
    for program in (ROOT / "tests" / "process" / "moved").glob("*.py"):
        text = program.read_text(encoding="utf-8")
        done = subprocess.run(["bash", "-c", f"sed {command}"], input=text, capture_output=True, text=True, check=True)
        assert done.stdout == re.sub(r"^from theus[.\w]* import", "from pgs_process import", text, flags=re.MULTILINE)
        assert "theus" not in "".join(line for line in done.stdout.splitlines() if line.startswith("from "))


# --- the lines of the table ----------------------------------------------------------------------


def test_a_process_has_a_contract() -> None:
    with pytest.raises(ConfigError, match="`p` has no contract"):
        ProcessEngine(System()).register_process("p", lambda ctx: None)


def test_a_name_is_registered_once() -> None:
    made = engine(lambda ctx: 1, [], [])
    with pytest.raises(ConfigError, match="There already is a process `p`"):
        made.register_process("p", process([], [])(lambda ctx: 2))


def test_a_path_of_a_contract_leads_somewhere() -> None:
    with pytest.raises(ConfigError, match=r"has no `domain\.account`; perhaps `domain\.accounts` is meant"):
        engine(lambda ctx: 1, ["domain.account"], [])


@pytest.mark.parametrize("path", ["domain.sig_go", "domain.meta_t"])
def test_signals_and_meta_are_no_inputs(path: str) -> None:
    with pytest.raises(ContractViolationError, match="among its inputs"):
        engine(lambda ctx: 1, [path], [])


def test_a_contract_grants_of_a_path_what_lies_below_it_and_nothing_beside_it() -> None:
    made = engine(lambda ctx: ctx.domain.d["n"][0], ["domain.d"], [])
    assert made.run_process("p") == 1
    with pytest.raises(ContractViolationError):
        engine(lambda ctx: ctx.domain.obj.secret, ["domain.obj.value"], []).run_process("p")


def test_a_breach_fails_the_run_even_where_the_body_catches_it() -> None:
    def body(ctx):  # type: ignore[no-untyped-def]
        try:
            return ctx.domain.y
        except ContractViolationError:
            return 0

    with pytest.raises(ContractViolationError):
        engine(body, [], []).run_process("p")


def test_an_error_that_is_not_declared_becomes_an_undeclarederror() -> None:
    def body(ctx, kind):  # type: ignore[no-untyped-def]
        raise kind("why")

    made = engine(body, [], [])
    with pytest.raises(KeyError, match="why"):
        made.run_process("p", kind=KeyError)
    with pytest.raises(UndeclaredError) as undeclared:
        made.run_process("p", kind=ValueError)
    assert isinstance(undeclared.value.__cause__, ValueError)


def test_what_a_body_returns_goes_to_its_caller_and_to_no_output() -> None:
    made = engine(lambda ctx: ctx.domain.count + 1, [], ["domain.count"])
    assert (made.run_process("p"), raw(made.system, "count")) == (1, 0)


def test_what_is_assigned_is_copied() -> None:
    mine = [1]

    def body(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.items = mine
        mine.append(2)

    made = engine(body, [], ["domain.items"])
    made.run_process("p")
    mine.append(3)
    assert (raw(made.system, "items"), mine) == ([1], [1, 2, 3])


def test_what_a_run_handed_out_is_dead_when_it_is_over() -> None:
    kept: list[list[int]] = []
    engine(lambda ctx: kept.append(ctx.domain.items), ["domain.items"], []).run_process("p")
    with pytest.raises(DetachedError):
        kept[0].append(1)


def test_runs_over_one_context_follow_one_another() -> None:
    def body(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.count += 1

    made = engine(body, [], ["domain.count"])
    threads = [threading.Thread(target=lambda: [made.run_process("p") for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raw(made.system, "count") == 200


@pytest.mark.parametrize(("more", "count"), [("", 0), (", under_threshold: commit", 5)])
def test_under_a_threshold_a_run_is_rejected(more: str, count: int, tmp_path: Path) -> None:
    def body(ctx):  # type: ignore[no-untyped-def]
        ctx.domain.count = 5

    text = f"    outputs:\n      - {{field: domain.count, max: 1, level: B, threshold: 3{more}}}\n"
    made = engine(body, [], ["domain.count"], audit_recipe=recipe(tmp_path, text))
    if not count:
        with pytest.raises(AuditBlockError):
            made.run_process("p")
    else:
        made.run_process("p")
    assert raw(made.system, "count") == count


def test_strict_mode_is_the_default(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("THEUS_STRICT_MODE", "POP_STRICT_MODE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(LockViolationError):
        engine(lambda ctx: 1, [], []).system.domain_ctx.x = 2  # type: ignore[attr-defined]
    lax = engine(lambda ctx: 1, [], [], strict_mode=False)
    with caplog.at_level(logging.WARNING, "pgs_process"):
        lax.system.domain_ctx.x = 2  # type: ignore[attr-defined]
    assert (raw(lax.system, "x"), "domain.x" in caplog.text) == (2, True)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{field: domain.count, maximum: 1}", "recipe.yaml:4:31: A rule has no `maximum`; perhaps `max` is meant."),
        ("{field: domain.cuont, max: 1}", "domain.cuont"),
        ("{field: amount, max: 1}", "there is no argument `amount`"),
    ],
)
def test_what_a_recipe_names_is_there(rule: str, message: str, tmp_path: Path) -> None:
    file = recipe(tmp_path, f"    inputs:\n      - {rule}\n")
    with pytest.raises(ConfigError) as refused:
        engine(lambda ctx: 1, [], [], audit_recipe=file).run_process("p")
    assert message in str(refused.value)


def test_a_regular_expression_of_a_recipe_takes_linear_time(tmp_path: Path) -> None:
    file = recipe(tmp_path, "    inputs:\n      - {field: domain.name, regex: '(a)\\1'}\n")
    with pytest.raises(ConfigError, match="matched in linear time"):
        load_recipe(file)


def test_nothing_is_written_to_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = engine(lambda ctx: 1, [], [])
    made.run_process("p")
    assert list(tmp_path.iterdir()) == []

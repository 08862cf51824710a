"""Rules over what comes in and over what is proposed: levels, thresholds, conditions."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from pgs_process import (
    AuditBlockError,
    AuditInterlockError,
    AuditRecipe,
    ConfigError,
    FileLedger,
    ProcessEngine,
    ProcessError,
    ProcessRecipe,
    RuleSpec,
    process,
)
from pgs_process.audit.patterns import Pattern
from tests.process.audits import audited
from tests.process.contexts import System, raw


@pytest.mark.parametrize(
    ("level", "error"), [("S", AuditInterlockError), ("A", AuditInterlockError), ("B", AuditBlockError)]
)
def test_tb091_levels_that_refuse_do_so_after_rollback(level: str, error: type[ProcessError]) -> None:
    system = System()
    engine = audited(system, [RuleSpec("domain.x", "max", 10, level)])
    with pytest.raises(error) as caught:
        engine.run_process("set", value=11)
    assert raw(system, "x") == 1
    assert (caught.value.path, caught.value.process, caught.value.rule, caught.value.value) == (
        "domain.x",
        "set",
        "domain.x max 10",
        11,
    )
    assert caught.value.level == level  # type: ignore[attr-defined]


def test_tb091_level_c_notes_and_commits(caplog: pytest.LogCaptureFixture) -> None:
    system = System()
    with caplog.at_level(logging.WARNING, "pgs_process"):
        audited(system, [RuleSpec("domain.x", "max", 10, "C", message="too much")]).run_process("set", value=11)
    assert raw(system, "x") == 11
    assert "too much" in caplog.text


def test_tb091_an_unknown_level_is_no_rule() -> None:
    with pytest.raises(ConfigError, match="`level` is one of"):
        RuleSpec("domain.x", "max", 10, "Z")


def test_tb092_level_s_stops_everything_until_somebody_resets_it(tmp_path: Path) -> None:
    system, ledger = System(), FileLedger(tmp_path / "ledger.json")
    rules = [RuleSpec("domain.x", "max", 10, "S")]
    engine = audited(system, rules, ledger=ledger)
    with pytest.raises(AuditInterlockError):
        engine.run_process("set", value=11)
    for again in (engine, audited(system, rules, ledger=ledger)):
        with pytest.raises(AuditInterlockError, match="interlock is engaged"):
            again.run_process("free", value=1)
    assert raw(system, "x") == 1
    with pytest.raises(ConfigError):
        engine.reset_interlock(by="", reason="")
    engine.reset_interlock(by="Ada", reason="looked at it")
    engine.run_process("free", value=2)
    assert raw(system, "x") == 2
    assert ledger.load().resets[0]["by"] == "Ada"


def test_tb095_the_effective_value_of_an_argument_is_checked() -> None:
    engine = audited(System(), inputs=[RuleSpec("value", "max", 10, "B")])
    with pytest.raises(AuditBlockError):
        engine.run_process("set")
    engine.run_process("set", value=10)
    with pytest.raises(AuditBlockError):
        audited(System(), inputs=[RuleSpec("args.value", "max", 10, "B")]).run_process("set")


def test_tb097_a_rule_may_look_at_what_the_process_may_not() -> None:
    system = System()
    recipe = AuditRecipe({"p": ProcessRecipe("p", [], [RuleSpec("domain_ctx.y", "max", 1, "B")])})
    engine = ProcessEngine(system, audit_recipe=recipe)
    engine.register_process("p", process([], ["domain.x"])(lambda ctx: setattr(ctx.domain, "x", 5)))
    with pytest.raises(AuditBlockError):
        engine.run_process("p")
    assert raw(system, "x") == 1


@pytest.mark.parametrize(
    ("field", "condition", "value"),
    [
        ("domain_ctx.d.a", "min", 2),
        ("domain.items.len", "max", 2),
        ("domain.items.len()", "max", 2),
        ("domain.items.sum", "max", 5),
        ("domain.items.mean()", "max", 1),
        ("domain.items.max", "max", 2),
        ("domain.items.min", "min", 2),
        ("domain.d.n.len", "min", 2),
        ("domain.accounts.sum", "eq", 5),
        ("domain.obj.value", "min", 2),
        ("domain.matrix.0.len", "min", 2),
    ],
)
@pytest.mark.parametrize("side", ["inputs", "outputs"])
def test_tb098_keys_and_computed_properties_are_looked_at_alike_at_both_gates(
    field: str, condition: str, value: object, side: str
) -> None:
    engine = audited(System(), **{side: [RuleSpec(field, condition, value, "B")]})
    with pytest.raises(AuditBlockError):
        engine.run_process("set", value=1)


def test_tb098_at_the_output_gate_it_is_the_proposed_state() -> None:
    system = System()
    engine = audited(system, [RuleSpec("domain.items.len", "max", 3, "B"), RuleSpec("domain.d.a", "max", 1, "B")])
    engine.register_process("grow", process([], ["domain.items"])(lambda ctx: ctx.domain.items.append(4)))
    engine.run_process("grow")
    with pytest.raises(AuditBlockError, match=r"domain\.items\.len` is 4"):
        engine.run_process("set", value=1)
    with engine.edit() as c:
        c.domain.items.pop()
    engine.run_process("set", value=1)


@pytest.mark.parametrize(
    "field", ["domain.items.clear()", "domain.items.append(1)", "items.pop()", "domain.items.len().x", "a b"]
)
def test_tb099_a_rule_calls_nothing_but_pure_functions(field: str) -> None:
    engine = audited(System(), [RuleSpec(field, "max", 1)])
    with pytest.raises(ConfigError):
        engine.start()


HOLDS: list[tuple[str, object, list[object], list[object]]] = [
    ("min", 10, [10, 11, 10.0, 2**70], [9, 9.99, "10", None, True, [11]]),
    ("max", 10, [10, 9, -5], [11, 10.01, "1", None, False]),
    ("max", 2**53, [2**53], [2**53 + 1]),
    ("min_len", 2, [[1, 2], "ab", {"a": 1, "b": 2}], [[1], "a", {}, 5, None]),
    ("max_len", 2, [[1, 2], "ab", {}], [[1, 2, 3], "abc", 5, None]),
    ("eq", 5, [5, 5.0], [4, "5", None, True]),
    ("eq", True, [True], [1, False, None]),
    ("eq", None, [None], [0, False, ""]),
    ("neq", 5, [4, "5", None], [5]),
    ("ne", None, [0, False], [None]),
    ("ne", True, [1, False], [True]),
    ("in", ["a", 1], ["a", 1], ["b", True, None]),
    ("not_in", ["a", 1], ["b", True], ["a", 1]),
    ("regex", "[A-Z]{2}[0-9]+", ["AB1", "XY123"], ["AB", "ab1", "AB1x", 5, None]),
    ("type", "integer", [1], [1.0, True, "1", None]),
    ("type", "list", [[1]], [{}, "ab"]),
    ("exists", True, [0, "", []], [None]),
    ("exists", False, [None], [0]),
    ("unique", True, [[1, 2], [1, True], []], [[1, 1], 5, None]),
    ("sum", 5, [[2, 3], {"a": 5}], [[2, 2], ["5"], 5, None]),
]


@pytest.mark.parametrize(("condition", "limit", "good", "bad"), HOLDS, ids=[f"{row[0]}-{row[1]}" for row in HOLDS])
def test_tb100_tb101_tb102_tb103_tb104_each_condition_holds_of_what_meets_it_and_fails_closed(
    condition: str, limit: object, good: list[object], bad: list[object]
) -> None:
    system = System()
    engine = audited(system, [RuleSpec("domain.maybe", condition, limit, "B")])
    for value in good:
        engine.run_process("set", name="maybe", value=value)
        assert raw(system, "maybe") == value
    with engine.edit() as c:
        c.domain.maybe = "before"
    for value in bad:
        with pytest.raises(AuditBlockError):
            engine.run_process("set", name="maybe", value=value)
        assert raw(system, "maybe") == "before"


@pytest.mark.parametrize(
    ("condition", "limit"),
    [
        ("exist", True),
        ("maximum", 1),
        ("min", "1"),
        ("max", None),
        ("min_len", -1),
        ("in", 5),
        ("exists", "yes"),
        ("type", "interger"),
        ("regex", "("),
        ("regex", "(a)\\1"),
        ("regex", "(?=a)"),
        ("regex", 5),
        ("sum", True),
    ],
)
def test_tb102_an_unknown_condition_or_limit_is_no_rule(condition: str, limit: object) -> None:
    with pytest.raises(ConfigError):
        RuleSpec("domain.x", condition, limit)


@pytest.mark.parametrize(
    ("field", "condition", "limit"),
    [
        ("domain.name", "min", 1),
        ("domain.x", "min_len", 1),
        ("domain.x", "regex", "a"),
        ("domain.nosuch", "min", 1),
        ("args.nosuch", "min", 1),
    ],
)
def test_a_rule_that_can_never_be_met_or_looks_nowhere_is_refused_before_anything_runs(
    field: str, condition: str, limit: object
) -> None:
    system = System()
    engine = audited(system, [RuleSpec(field, condition, limit, "C")])
    with pytest.raises(ConfigError):
        engine.run_process("free", value=5)
    assert raw(system, "x") == 1


def test_patterns_take_time_linear_in_the_text() -> None:
    assert not Pattern("(a*)*b").matches("a" * 5000)
    assert not Pattern("(a|aa)+$").matches("a" * 5000 + "b")
    assert Pattern("(x+x+)+y").matches("x" * 2000 + "y")
    assert Pattern(r"\d{4}-\d\d(-\d\d)?|never").matches("2024-01-31")
    assert Pattern(r"[^a-c\s]+").matches("xyz")
    assert not Pattern(r"[^a-c\s]+").matches("xaz")
    assert Pattern(r"\w+\W?.").matches("ab!c")
    assert not Pattern("a").matches("a" * 20_000)


@pytest.mark.parametrize(("reset", "fires"), [(True, [6]), (False, [4, 7])])
def test_tb105_a_threshold_counts_and_the_count_returns_to_nothing_when_it_acts(reset: bool, fires: list[int]) -> None:
    system = System()
    rule = RuleSpec("domain.x", "max", 10, "B", max_threshold=3, reset_on_success=reset, under_threshold="commit")
    engine = audited(system, [rule])
    fired = []
    for run, value in enumerate([11, 12, 1, 13, 14, 15, 16], 1):
        try:
            engine.run_process("set", value=value)
        except AuditBlockError:
            fired.append(run)
        else:
            assert raw(system, "x") == value
    assert fired == fires


def test_tb106_under_the_threshold_a_run_is_rejected_unless_the_rule_lets_it_through() -> None:
    system = System()
    engine = audited(system, [RuleSpec("domain.x", "max", 10, "S", max_threshold=2)])
    with pytest.raises(AuditBlockError, match="1 of 2"):
        engine.run_process("set", value=11)
    assert engine.interlock is None
    with pytest.raises(AuditInterlockError, match="2 of 2"):
        engine.run_process("set", value=11)
    assert engine.interlock is not None
    assert raw(system, "x") == 1


def test_counters_survive_a_restart(tmp_path: Path) -> None:
    rule = RuleSpec("domain.x", "max", 10, "A", max_threshold=2)
    for expected in (AuditBlockError, AuditInterlockError, AuditBlockError):
        engine = audited(System(), [rule], ledger=FileLedger(tmp_path / "ledger.json"))
        with pytest.raises(expected):
            engine.run_process("set", value=11)


def test_a_ledger_that_cannot_be_kept_stops_the_run(tmp_path: Path) -> None:
    system = System()
    engine = audited(system, [RuleSpec("domain.x", "max", 10, "C")], ledger=FileLedger(tmp_path / "no" / "ledger.json"))
    with pytest.raises(ProcessError) as caught:
        engine.run_process("set", value=11)
    assert isinstance(caught.value.__cause__, OSError)
    assert raw(system, "x") == 1
    (tmp_path / "bad.json").write_text("[]")
    with pytest.raises(ConfigError, match="no audit ledger"):
        audited(System(), ledger=FileLedger(tmp_path / "bad.json"))


def test_tb107_what_a_rule_is_if_nothing_else_is_said() -> None:
    rule = RuleSpec("domain.x", "max", 10)
    assert (rule.level, rule.min_threshold, rule.max_threshold, rule.reset_on_success) == ("C", 0, 1, True)
    assert (rule.mode, rule.under_threshold) == ("enforce", "reject")


def test_tb108_rules_with_other_limits_count_apart() -> None:
    rules = [RuleSpec("domain.x", "max", limit, "B", max_threshold=2, under_threshold="commit") for limit in (10, 20)]
    engine = audited(System(), rules)
    engine.run_process("set", value=15)
    with pytest.raises(AuditBlockError, match="max: 10"):
        engine.run_process("set", value=25)
    with pytest.raises(AuditBlockError, match="max: 20"):
        engine.run_process("set", value=25)


@pytest.mark.parametrize("mode", ["warn", "audit"])
def test_a_rule_that_only_watches_refuses_nothing(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    system = System()
    with caplog.at_level(logging.WARNING, "pgs_process"):
        audited(system, [RuleSpec("domain.x", "max", 10, "S", mode=mode)]).run_process("set", value=11)
    assert raw(system, "x") == 11
    assert bool(caplog.text) is (mode == "warn")

"""Waivers and strictness: what they cover, for how long, and that nothing else gets past an error."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from pgs_compiler.compiler import Compilation, compile_workspace
from pgs_compiler.rules import RULES
from pgs_compiler.waivers import Policy

INTENT = """\
intent: shop::IN_ORDER_V0
summary: Ask for an order
actors: []
payload: {item: {type: string}}
---
intent: shop::IN_RETURN_V0
summary: Ask to give something back
actors: []
payload: {item: {type: string}}
"""
LABELLED = """\
event: shop::EV_ORDERED_V0
summary: An order was taken
fields: {name: {type: string, labels: [pii]}}
"""
ON_THE_LAST_DAY = Policy(today=date(2027, 1, 31))
ON_THE_DAY_AFTER = Policy(today=date(2027, 2, 1))


def waiver(rule: str, at: str) -> str:
    return f'  - {{rule: {rule}, at: "{at}", owner: dora, reason: Opens in spring, until: "2027-01-31"}}\n'


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "protocols").mkdir()
    (tmp_path / "protocols" / "order.yaml").write_text(INTENT, encoding="utf-8")
    write_project(tmp_path)
    return tmp_path


def write_project(root: Path, *waivers: str) -> None:
    listed = f"waivers:\n{''.join(waivers)}" if waivers else ""
    (root / "pgs.yaml").write_text(f"format: pgs-project/1\nname: shop\nversion: 1\n{listed}", encoding="utf-8")


def told(compilation: Compilation) -> list[tuple[str, int, str, bool]]:
    """Code, line, severity, and whether it is waived, of each finding."""
    return [
        (found.code, found.place.line if found.place else 0, found.severity, found.waiver is not None)
        for found in compilation.findings
    ]


@pytest.mark.parametrize("at", ["shop::IN_RETURN_V0", "IN_RETURN_V0"])
def test_a_waiver_of_a_declaration_covers_that_one_alone(shop: Path, at: str) -> None:
    write_project(shop, waiver("F513", at))
    compilation = compile_workspace(shop, policy=ON_THE_LAST_DAY)
    assert told(compilation) == [("F513", 1, "warning", False), ("F513", 6, "warning", True)]


def test_a_waiver_of_a_file_covers_all_of_it(shop: Path) -> None:
    write_project(shop, waiver("F513", "protocols/order.yaml"))
    compilation = compile_workspace(shop, policy=ON_THE_LAST_DAY)
    assert told(compilation) == [("F513", 1, "warning", True), ("F513", 6, "warning", True)]


def test_a_waiver_covers_its_own_rule_alone(shop: Path) -> None:
    write_project(shop, waiver("A801", "protocols/order.yaml"))
    found = told(compile_workspace(shop, policy=ON_THE_LAST_DAY))
    assert found == [("D222", 5, "warning", False), ("F513", 1, "warning", False), ("F513", 6, "warning", False)]


def test_a_waived_error_lets_a_snapshot_be_made_and_the_snapshot_says_so(shop: Path) -> None:
    (shop / "protocols" / "order.yaml").write_text(LABELLED, encoding="utf-8")
    refused = compile_workspace(shop)
    assert (told(refused), refused.files) == ([("A801", 1, "error", False)], None)

    write_project(shop, waiver("A801", "EV_ORDERED_V0"))
    waived = compile_workspace(shop, policy=ON_THE_LAST_DAY)
    assert told(waived) == [("A801", 1, "error", True)]
    assert waived.files is not None
    assert json.loads(waived.files["project.json"])["waivers"] == [
        {
            "at": "EV_ORDERED_V0",
            "error": True,
            "owner": "dora",
            "reason": "Opens in spring",
            "rule": "A801",
            "until": "2027-01-31",
        }
    ]


def test_the_day_after_its_last_a_waiver_covers_nothing_and_forbids_the_snapshot(shop: Path) -> None:
    write_project(shop, waiver("F513", "IN_ORDER_V0"))
    compilation = compile_workspace(shop, policy=ON_THE_DAY_AFTER)
    assert told(compilation) == [
        ("D221", 5, "error", False),
        ("F513", 1, "warning", False),
        ("F513", 6, "warning", False),
    ]
    assert compilation.files is None


def test_the_day_is_not_in_the_snapshot(shop: Path) -> None:
    write_project(shop, waiver("F513", "protocols/order.yaml"))
    days = (date(2020, 1, 1), date(2026, 11, 21), date(2027, 1, 31))
    assert len({compile_workspace(shop, policy=Policy(today=day)).root for day in days}) == 1


def test_an_expired_waiver_cannot_be_waived() -> None:
    assert not any(RULES[code].waivable for code in ("D220", "D221"))


def test_a_strict_compilation_takes_every_warning_for_an_error(shop: Path) -> None:
    compilation = compile_workspace(shop, policy=Policy(strict=True))
    assert told(compilation) == [("F513", 1, "error", False), ("F513", 6, "error", False)]
    assert compilation.files is None


def test_what_is_waived_is_waived_strictly_too(shop: Path) -> None:
    write_project(shop, waiver("F513", "protocols/order.yaml"))
    compilation = compile_workspace(shop, policy=Policy(strict=True, today=ON_THE_LAST_DAY.today))
    assert told(compilation) == [("F513", 1, "error", True), ("F513", 6, "error", True)]
    assert compilation.files is not None


def test_a_waiver_of_a_file_that_was_not_read_is_not_called_idle(shop: Path) -> None:
    (shop / "protocols" / "event.yaml").write_text(LABELLED, encoding="utf-8")
    write_project(shop, waiver("A801", "protocols/event.yaml"), waiver("F513", "protocols/order.yaml"))
    only = (shop / "protocols" / "order.yaml",)
    assert [code for code, *_ in told(compile_workspace(shop, only, ON_THE_LAST_DAY))] == ["F513", "F513"]


def test_where_checks_did_not_run_no_waiver_is_called_idle(shop: Path) -> None:
    write_project(shop, waiver("A801", "protocols/order.yaml"))
    broken = INTENT.replace("AC_", "").replace("actors: []", "actors: [AC_NOBODY_V0]")
    (shop / "protocols" / "order.yaml").write_text(broken, encoding="utf-8")
    assert [code for code, *_ in told(compile_workspace(shop, policy=ON_THE_LAST_DAY))] == ["N302", "N302"]


def test_an_idle_waiver_with_a_slip_is_told_what_to_name(shop: Path) -> None:
    write_project(shop, waiver("F513", "IN_ORDERS_V0"))
    idle = compile_workspace(shop, policy=ON_THE_LAST_DAY).findings[0]
    assert (idle.message, idle.hint) == (
        "There is no source file and no declaration `IN_ORDERS_V0`.",
        "Name `IN_ORDER_V0`.",
    )


def test_only_what_no_run_depends_on_can_be_waived() -> None:
    errors = {code for code, rule in RULES.items() if rule.waivable and rule.severity == "error"}
    assert not {code for code in errors if code[0] in "SDNTF"}
    assert not {code for code in errors if code.startswith("C60")}
    assert all(rule.waivable for rule in RULES.values() if rule.severity == "warning")

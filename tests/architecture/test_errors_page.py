"""The table of the runtime's codes is complete, and each code stands there with its exit code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import get_args

from pgs_runtime.faults import ExitCode
from pgs_runtime.stores.errors import Cause
from pgs_snapshot.jsontext import REASONS
from pgs_snapshot.seal import CODES
from tests.architecture.pages import page, rows
from tests.architecture.tree import MODULES, ROOT

SOURCES = [
    module for module in MODULES if module.is_relative_to(ROOT / "runtime") or module.is_relative_to(ROOT / "snapshot")
]
PAGE = page("errors.md")
TABLE = {row[0]: int(row[2]) for row in rows(PAGE) if re.fullmatch(r"[RJZ][0-9]{3}", row[0])}
CAUSES = [row[0].strip("`") for row in rows(PAGE) if row[0].startswith("`")]

# An exit code that stands not beside its code, but where exceptions of one class become refusals.
BY_FAMILY = {"J": ExitCode.REJECTED, "Z": ExitCode.SEAL}
AT_THE_END = {"R061": ExitCode.OUTPUT, "R070": ExitCode.BUG}


def test_the_table_names_every_code_and_no_other() -> None:
    found = {
        code for module in SOURCES for code in re.findall(r"\b[RJZ][0-9]{3}\b", module.read_text(encoding="utf-8"))
    }
    assert sorted(TABLE) == sorted(found)


def test_a_code_stands_once_and_in_order_of_its_family() -> None:
    listed = [row[0] for row in rows(PAGE) if row[0] in TABLE]
    assert len(listed) == len(TABLE)
    assert all(listed.index(a) < listed.index(b) for a in listed for b in listed if a[0] == b[0] and a < b)


def test_the_codes_of_json_and_of_the_seal_are_complete() -> None:
    assert {code for code in TABLE if code[0] == "J"} == set(REASONS)
    assert {code for code in TABLE if code[0] == "Z"} == set(CODES)


def test_the_exit_codes_are_those_of_the_code() -> None:
    raised = dict(raisings()) | AT_THE_END
    assert {code: TABLE[code] for code in raised} == raised
    for family, exit in BY_FAMILY.items():
        assert {found for code, found in TABLE.items() if code[0] == family} == {exit}


def test_the_causes_of_an_unusable_store_are_complete() -> None:
    assert sorted(CAUSES) == sorted(get_args(Cause))


def raisings() -> Iterator[tuple[str, ExitCode]]:
    """Every code that stands in a call of `Refusal` or `Fault`, with the exit code of that call."""
    for module in SOURCES:
        for node in ast.walk(ast.parse(module.read_bytes())):
            match node:
                case ast.Call(func=ast.Name("Refusal" | "Fault" as kind), args=[ast.Constant(str(code)), *rest]):
                    names = [
                        item.attr
                        for item in rest
                        if isinstance(item, ast.Attribute) and item.attr in ExitCode.__members__
                    ]
                    yield code, ExitCode[names[0]] if names else ExitCode.FAULT
                    assert names or kind == "Fault"

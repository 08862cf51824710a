"""The page about processes: its program runs as it says, and no behaviour is forgotten."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT


@pytest.mark.parametrize("page", ["processes.md", "how-to/bank.md"])
def test_the_bank_of_a_page_prints_what_the_page_says(page: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    program, output = re.findall(r"```(?:python|text)\n(.*?)```", text, re.DOTALL)[:2]
    (tmp_path / "bank.py").write_text(program, encoding="utf-8")
    done = subprocess.run([sys.executable, "bank.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == output
    assert [path.name for path in tmp_path.iterdir()] == ["bank.py"]


def test_every_behaviour_is_held_by_a_test_of_its_id() -> None:
    cases = json.loads((ROOT / "tests" / "data" / "processes.json").read_bytes())["behaviours"]
    folders = (Path(__file__).parent, ROOT / "tests" / "compiler")  # the command line is the compiler's
    tests = "".join(path.read_text(encoding="utf-8") for folder in folders for path in sorted(folder.glob("test_*.py")))
    held = {
        f"TB{number}" for name in re.findall(r"def (test_\w+)\(", tests) for number in re.findall(r"tb(\d{3})", name)
    }
    assert len(cases) == 102
    assert held == {case["id"] for case in cases}


def test_the_library_loads_nothing_but_the_standard_library() -> None:
    code = (
        "import sys; before = set(sys.modules); import pgs_process;"
        " print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) - set(sys.stdlib_module_names) == {"pgs_process"}

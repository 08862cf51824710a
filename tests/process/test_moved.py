"""Programs that were written for theus 2.2.6 run here with other imports, and print what they printed there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PRINTED = {
    "bank": [
        "Success",
        "Failed: Insufficient Funds",
        "Blocked",
        "transfer refused True",
        "steal refused False",
        "{'Alice': 400, 'Bob': 150} 550 True",
    ],
    "robot": [*["MOVING", "EVT_CHAIN_DONE"] * 3, "IDLE [[2, 0], [4, 0], [6, 0]]"],
    "stock": ["took 100 left 20", "blocked 101", "blocked 30", "took 20 left 0", "0 [100, 20, 5]"],
}


@pytest.mark.parametrize("name", sorted(PRINTED))
def test_a_program_moves_by_changing_its_imports(name: str, tmp_path: Path) -> None:
    written = (Path(__file__).parent / "moved" / f"{name}.py").read_text(encoding="utf-8")
    moved, imports = re.subn(r"^from theus[.\w]* import", "from pgs_process import", written, flags=re.MULTILINE)
    assert imports
    (tmp_path / "program.py").write_text(moved, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.splitlines() == PRINTED[name]
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]

"""Declarations that were imported are run like any others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "tests/compiler/importing/library"


def command(program: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", program, *map(str, words)], capture_output=True, text=True, check=False
    )


def test_an_imported_library_lends_a_book_once(tmp_path: Path) -> None:
    out = tmp_path / "lending"
    assert command("pgs_compiler", "import", LIBRARY, "--out", out).returncode == 0
    assert command("pgs_compiler", "compile", "--workspace", out).returncode == 0
    given = {
        "readers": {"library::ST_READERS_V0": {"R1": {"reader_id": "R1", "tier": "READER", "lent": 0}}},
        "payload": {"reader_id": "R1", "book": {"shelf_mark": "A 12"}},
        "stranger": {"reader_id": "R2", "book": {"shelf_mark": "A 13"}},
        "actor": {"branch": "main"},
    }
    files = {name: tmp_path / f"{name}.json" for name in given}
    for name, file in files.items():
        file.write_text(json.dumps(given[name]), encoding="utf-8")
    loaded = command("pgs_runtime", "state", "load", "--workspace", out, files["readers"])
    assert loaded.returncode == 0, loaded.stderr
    actor = f"library::AC_LIBRARIAN_V0={files['actor']}"
    run = ("run", "--workspace", out, "--wf", "library::WF_LEND_V0", "--actor", actor, "--payload")
    ends = [command("pgs_runtime", *run, files[payload]) for payload in ("payload", "payload", "stranger")]
    said = [(done.returncode, done.stdout.splitlines()[0]) for done in ends]
    assert said == [(0, "COMPLETED"), (4, "DENIED LENT_ALREADY"), (4, "DENIED EXITED")]

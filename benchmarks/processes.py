"""Processes under contracts, beside the two libraries that `pgs_process` follows, each against the plain function.

Each library runs in a Python of its own, which is made once under `build/peers`; where that cannot be done, only ours
is measured. A ratio is taken within one turn of one program; what is compared across libraries are these ratios.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Series
from benchmarks.table import Row, table

PEERS = (("theus", "theus==2.2.6"), ("pop", "pop-sdk==0.1.1"))
AIMS = {
    "a transfer": "≤ 10",
    "a transfer among 100,000 accounts": "≤ 10",
    "a rollback": "≤ 10",
    "a rollback among 100,000 accounts": "≤ 10",
    "a process that does nothing": "≤ 2",
    "reading one of 100,000 accounts": "≤ 8",
}
_WORK = Path(__file__).with_name("process_work.py")


def benchmark(build: Path, turns: int) -> Iterator[str]:
    """The table of ours, and one for each peer that can be installed."""
    yield report("pgs_process", sys.executable, turns, AIMS)
    for library, requirement in PEERS:
        python = installed(build.parent / "peers" / library, requirement)
        yield report(requirement, python, turns, {}) if python else f"{requirement} could not be installed."


def report(name: str, python: str, turns: int, aims: dict[str, str]) -> str:
    """What one library takes."""
    library = name.partition("==")[0].removesuffix("-sdk")
    done = subprocess.run([python, str(_WORK), library, str(turns)], capture_output=True, text=True, check=True)
    rows: list[Row] = []
    for line in map(json.loads, done.stdout.splitlines()):
        own, plain = (Series(tuple(pair[side] for pair in line["pairs"])) for side in (0, 1))
        rows.append(Row(line["what"], own, "µs", aims.get(line["what"], "")))
        rows.append(
            Row("  ÷ the plain function", own.over(plain), "×", "≤ 4" if aims and "reads" in line["what"] else "")
        )
        rows.append(Row("  the most memory of one run", Series((line["peak"] / 1024,)), "KiB"))
    return table(f"Processes: {name}", rows)


def installed(folder: Path, requirement: str) -> str | None:
    """The Python of an environment with a library, or None where there is no way to it."""
    python = folder / "bin" / "python"
    if not python.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    wanted = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement, "pyyaml"]
    done = subprocess.run(wanted, capture_output=True, check=False)
    return str(python) if done.returncode == 0 else None
